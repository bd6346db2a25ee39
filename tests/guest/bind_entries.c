// What the tracer says of bound names in a listing agrees with what stat(2) says of them. Prints what does not.
#include "check.h"

struct entry {
    uint64_t ino;
    int64_t off;
    unsigned short len;
    unsigned char type;
    char name[];
};

int main(void) {
    static const char *const dirs[] = {"/", "/par", "/par/ent", "/etc", "/dir", "/odd names"};
    for (unsigned i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        char block[32768];
        long fd = open(dirs[i], O_RDONLY | O_DIRECTORY), size;
        int seen = 0;
        while ((size = sys(SYS_getdents64, fd, block, sizeof block)) > 0)
            for (long at = 0; at < size; at += ((struct entry *)(block + at))->len) {
                struct entry *e = (struct entry *)(block + at);
                struct stat st;
                if (!strcmp(e->name, ".."))
                    continue;
                seen++;
                long ret = sys(SYS_newfstatat, fd, e->name, &st, AT_SYMLINK_NOFOLLOW);
                if (ret || st.st_ino != e->ino || DTTOIF(e->type) != (st.st_mode & S_IFMT))
                    printf("%s in %s: %s, inode %s, type %s\n", e->name, dirs[i], ret ? errno_name(-ret) : "found",
                           st.st_ino == e->ino ? "equal" : "differs",
                           DTTOIF(e->type) == (st.st_mode & S_IFMT) ? "equal" : "differs");
            }
        printf("%s: %d\n", dirs[i], seen);
    }
}
