// getdents64(2): whole directories, small buffers, seeking, changes while reading, errors.
#include "check.h"

struct entry {
    uint64_t ino;
    int64_t off;
    uint16_t reclen;
    uint8_t type;
    char name[];
};
static _Alignas(8) char buffer[65536];
static char *names[4096];
static int count;

static void collect(int fd, size_t room) {
    count = 0;
    for (long n; (n = sys(SYS_getdents64, fd, buffer, room)) > 0;)
        for (long at = 0; at < n;) {
            struct entry *e = (void *)(buffer + at);
            if (asprintf(&names[count++], "%s:%s", e->name, file_type(DTTOIF(e->type))) < 0)
                die("asprintf");
            if (e->reclen % 8 || e->reclen < 19 + strlen(e->name) + 1)
                printf("  entry %s of %d bytes\n", e->name, e->reclen);
            at += e->reclen;
        }
    qsort(names, count, sizeof *names, by_name);
}

static void print(const char *label) {
    printf("%s:", label);
    for (int i = 0; i < count; i++)
        printf(" %s", names[i]);
    printf("\n");
}

int main(void) {
    mkdirs("dir");
    mkdirs("dir/sub");
    mkfile("dir/file", "x");
    ln("x", "dir/link");
    mkfifo("dir/fifo", 0600);
    mknod("dir/socket", S_IFSOCK | 0600, 0);
    int fd = open("dir", O_RDONLY | O_DIRECTORY), file = open("dir/file", O_RDONLY);

    collect(fd, sizeof buffer);
    print("all at once");
    t(getdents64, fd, buffer, sizeof buffer);
    t(lseek, fd, 0, SEEK_SET);
    collect(fd, 40);
    print("one by one");
    t(lseek, fd, 0, SEEK_SET);
    t(getdents64, fd, buffer, 16);
    t(getdents64, fd, buffer, 0);
    t(getdents64, fd, buffer, 23);
    t(getdents64, fd, 0, 4096);
    t(getdents64, fd, bad_page(), 4096);
    collect(fd, sizeof buffer);
    print("after errors");
    t(getdents64, file, buffer, sizeof buffer);
    t(getdents64, 999, buffer, sizeof buffer);
    int path = open("dir", O_PATH);
    t(getdents64, path, buffer, sizeof buffer);

    // d_ino is st_ino, and "." and ".." are there.
    t(lseek, fd, 0, SEEK_SET);
    int right = 0;
    for (long n; (n = sys(SYS_getdents64, fd, buffer, sizeof buffer)) > 0;)
        for (long at = 0; at < n;) {
            struct entry *e = (void *)(buffer + at);
            struct stat st;
            right += !fstatat(fd, e->name, &st, AT_SYMLINK_NOFOLLOW) && st.st_ino == e->ino;
            at += e->reclen;
        }
    p(right);

    // Seeking to d_off continues after that entry.
    mkdirs("many");
    for (int i = 0; i < 1000; i++) {
        char name[64];
        snprintf(name, sizeof name, "many/a-somewhat-long-name-%04d", i);
        mkfile(name, "");
    }
    int many = open(A("many"), O_RDONLY | O_DIRECTORY);
    collect(many, 1024);
    p(count);
    int unique = 1;
    for (int i = 1; i < count; i++)
        unique &= strcmp(names[i - 1], names[i]) != 0;
    p(unique);
    t(lseek, many, 0, SEEK_SET);
    long n = sys(SYS_getdents64, many, buffer, 1024);
    struct entry *second = (void *)(buffer + ((struct entry *)buffer)->reclen);
    char expected[300];
    strcpy(expected, second->name);
    p(n > 0 && lseek(many, ((struct entry *)buffer)->off, SEEK_SET) >= 0);
    n = sys(SYS_getdents64, many, buffer, 1024);
    p(n > 0 && !strcmp(((struct entry *)buffer)->name, expected));

    // Deleted while open.
    mkdirs("gone");
    int gone = open("gone", O_RDONLY | O_DIRECTORY);
    rmdir("gone");
    t(getdents64, gone, buffer, sizeof buffer);

    // Two descriptors of one open share the position; two opens do not.
    int dup_fd = dup(fd), again = open("dir", O_RDONLY | O_DIRECTORY);
    t(getdents64, dup_fd, buffer, sizeof buffer);
    collect(again, sizeof buffer);
    p(count);
    list("/proc/self/task/self");
}
