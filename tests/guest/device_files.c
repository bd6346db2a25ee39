// The devices every program counts on, by their names, by links and by descriptors: null, zero, full, random, fd, stdin, tty.
#include "paths.h"

int main(void) {
    kinds();
    static const char *const names[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/fd", "/dev/stdin",
                                        "/dev/stdout", "/dev/stderr", "/dev/../dev/null", "/dev/fd/0", "/dev/fd/999", "/dev/missing"};
    ln("/dev/null", "to_null");
    ln("../../../../../../../../../../../../dev/zero", "to_zero");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct stat st;
        char text[64];
        long s = sys(SYS_stat, names[i], &st);
        printf("%s: stat %s %lx\n", names[i], s ? errno_name(-s) : S_ISCHR(st.st_mode) || S_ISDIR(st.st_mode) ? file_type(st.st_mode) : "something", s || !S_ISCHR(st.st_mode) || strstr(names[i], "std") || strstr(names[i], "/fd/") ? 0 : (long)st.st_rdev);
        long fd = sys(SYS_openat, AT_FDCWD, names[i], O_RDONLY | O_NONBLOCK);
        printf("  open %s", fd < 0 ? errno_name(-fd) : "ok");
        if (fd >= 0 && !strstr(names[i], "std") && !strstr(names[i], "/fd/")) {
            ssize_t n = read((int)fd, text, 8);
            printf(", read %s %zd", n < 0 ? errno_name(errno) : "", n);
            close((int)fd);
        }
        fd = strstr(names[i], "std") ? -EAGAIN : sys(SYS_openat, AT_FDCWD, names[i], O_WRONLY | O_CREAT | O_NONBLOCK, 0600);
        if (fd >= 0 && !strstr(names[i], "/fd/0")) {
            ssize_t n = write((int)fd, "x", 1);
            printf(", write %s %zd", n < 0 ? errno_name(errno) : "", n);
            close((int)fd);
        }
        printf("\n");
    }
    topen(AT_FDCWD, "to_null", O_RDWR | O_CREAT | O_TRUNC, 0600);
    topen(AT_FDCWD, "to_zero", O_RDONLY);
    topen(AT_FDCWD, "to_null", O_RDONLY | O_NOFOLLOW);
    topen(AT_FDCWD, "/dev/null", O_RDWR | O_CREAT | O_EXCL, 0600);
    topen(AT_FDCWD, "/dev/null/x", O_RDONLY);
    topen(AT_FDCWD, "/dev/null/", O_RDONLY);
    topen(AT_FDCWD, "/dev/null", O_RDONLY | O_DIRECTORY);
    t(truncate, "/dev/null", 5);
    t(rename, "/dev/null", "null");
    t(link, "/dev/null", "file");
    t(statfs, "/dev/null", some_text);
    t(readlink, "/dev/null", some_text, 5);
    t(chdir, "/dev/null");
    t(mkdir, "/dev/null", 0700);
    t(execve, "/dev/null", 0, 0);
    void *map = mmap(0, 4096, PROT_READ, MAP_PRIVATE, open("/dev/zero", O_RDONLY), 0);
    p(map == MAP_FAILED ? -1 : *(char *)map);
    // A new terminal and its other end.
    int master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
    p(master >= 0);
    p(grantpt(master) | unlockpt(master));
    char *other = ptsname(master);
    int slave = other ? open(other, O_RDWR | O_NOCTTY) : -1;
    p(slave >= 0);
    p(isatty(slave));
    p(!strcmp(ttyname(slave) ? ttyname(slave) : "none", other ? other : "?"));
    // Nodes of one's own are refused, but for what needs no privilege.
    t(mknod, "c", S_IFCHR | 0600, 0x103);
    t(mknod, "b", S_IFBLK | 0600, 0x700);
    t(mknod, "whiteout", S_IFCHR | 0600, 0);
    show_path("whiteout");
    topen(AT_FDCWD, "whiteout", O_RDONLY);
}
