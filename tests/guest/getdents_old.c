// getdents(2), the old call: the type is the last byte of each entry.
#include "check.h"

struct entry {
    unsigned long ino, off;
    unsigned short reclen;
    char name[];
};

int main(void) {
    mkdirs("dir");
    mkdirs("dir/sub");
    mkfile("dir/file", "x");
    ln("x", "dir/link");
    int fd = open(A("dir"), O_RDONLY | O_DIRECTORY), file = open("dir/file", O_RDONLY);
    static _Alignas(8) char buffer[4096];
    char *names[16];
    for (size_t room = 4096; room >= 32; room = room == 4096 ? 32 : 0) {
        int count = 0;
        lseek(fd, 0, SEEK_SET);
        for (long n; (n = sys(SYS_getdents, fd, buffer, room)) > 0;)
            for (long at = 0; at < n;) {
                struct entry *e = (void *)(buffer + at);
                if (asprintf(&names[count++], "%s:%s", e->name, file_type(DTTOIF(buffer[at + e->reclen - 1]))) < 0)
                    die("asprintf");
                at += e->reclen;
            }
        qsort(names, count, sizeof *names, by_name);
        printf("room %zu:", room);
        for (int i = 0; i < count; i++)
            printf(" %s", names[i]);
        printf("\n");
    }
    t(getdents, fd, buffer, 4096);
    lseek(fd, 0, SEEK_SET);
    t(getdents, fd, buffer, 8);
    t(getdents, file, buffer, 4096);
    t(getdents, 999, buffer, 4096);
    t(getdents, fd, bad_page(), 4096);
}
