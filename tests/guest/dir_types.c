// Listings: the type and the inode that each entry tells are those of stat, in the root, in /proc and in every kind of place.
#include "paths.h"

struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

// Mount points keep the inode that they cover.
static void check(const char *path, bool inodes, bool print) {
    char buffer[32768];
    int fd = open(path, O_RDONLY | O_DIRECTORY), entries = 0, wrong = 0, dots = 0, twice = 0;
    static char seen[2000][64];
    for (long n; (n = sys(SYS_getdents64, fd, buffer, sizeof buffer)) > 0;)
        for (char *at = buffer; at < buffer + n; at += ((struct entry *)at)->length) {
            struct entry *e = (void *)at;
            struct stat st;
            if (!strcmp(e->name, ".") || !strcmp(e->name, "..")) {
                dots++;
                continue;
            }
            for (int i = 0; i < entries && i < 2000; i++)
                twice += !strcmp(seen[i], e->name);
            snprintf(seen[entries++ % 2000], 64, "%s", e->name);
            // A process may have ended.
            if (fstatat(fd, e->name, &st, AT_SYMLINK_NOFOLLOW))
                continue;
            wrong += e->type != DT_UNKNOWN && e->type != IFTODT(st.st_mode);
            wrong += inodes && e->inode != st.st_ino;
            wrong += !e->inode;
        }
    printf("%s: %d dots, %d twice, %d wrong", path, dots, twice, wrong);
    if (print)
        printf(", %d entries", entries);
    printf("\n");
    close(fd);
}

int main(void) {
    kinds();
    check(".", true, true);
    check("dir", true, true);
    check("empty", true, true);
    check("nowrite", true, true);
    check("/", false, false);
    check("/proc", false, false);
    check("/proc/self", true, false);
    check("/proc/self/task", true, true);
    check("/proc/self/ns", true, false);
    check("/proc/self/root", false, false);
    check("/proc/self/cwd", true, true);
    check("/dev", false, false);
    check("/dev/fd/", true, false);
    dup2(open("dir", O_RDONLY), 25);
    check("/proc/self/fd/25", true, true);
    list("closed");
    list("nosearch");
    list("nowrite");
    list("file");
    list("loop");
    list("dangling");
    list("to_dir");
    list("missing");
    // The old call has the type behind the name.
    char buffer[4096];
    int fd = open("dir", O_RDONLY);
    long n = sys(SYS_getdents, fd, buffer, sizeof buffer);
    int types = 0;
    for (char *at = buffer; at < buffer + n;) {
        unsigned short length = *(unsigned short *)(at + 16);
        struct stat st;
        types += !fstatat(fd, at + 18, &st, AT_SYMLINK_NOFOLLOW) && (at[length - 1] == (char)IFTODT(st.st_mode));
        at += length;
    }
    p(types);
    // By a stream of the C library over a descriptor that has been read from.
    fd = open("dir", O_RDONLY);
    while (sys(SYS_getdents64, fd, buffer, sizeof buffer) > 0)
        ;
    DIR *dir = fdopendir(fd);
    p(readdir(dir) == 0);
    rewinddir(dir);
    p(readdir(dir) != 0);
    t(fcntl, dirfd(dir), F_GETFD);
}
