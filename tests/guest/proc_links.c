// readlink of the links of /proc with buffers of every size, stat and open of the links themselves, and calls that want
// no link.
#include "paths.h"

int main(void) {
    kinds();
    dup2(open("dir", O_RDONLY), 30);
    dup2(open("file", O_RDONLY), 31);
    int pipes[2];
    pipe(pipes);
    dup2(pipes[0], 32);
    static const char *const links[] = {"/proc/self/cwd", "/proc/self/root", "/proc/self/fd/30", "/proc/self/fd/31"};
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        char whole[PATH_MAX] = "";
        long n = sys(SYS_readlink, links[i], whole, sizeof whole);
        for (long size = n - 2; size <= n + 2; size++) {
            char text[PATH_MAX + 8];
            memset(text, '#', sizeof text);
            long got = size > 0 ? sys(SYS_readlink, links[i], text, size) : 0;
            if (size > 0)
                printf("%s into %+ld: %+ld, %s, behind '%c'\n", links[i], size - n, got - n, memcmp(text, whole, got) ? "another" : "its beginning", text[got]);
        }
        t(readlink, links[i], some_text, 0);
        t(readlink, links[i], some_text, -1);
        t(readlink, links[i], bad_page(), 100);
    }
    static const char *const all[] = {"self", "thread-self", "self/cwd", "self/root", "self/exe", "self/fd/30", "self/fd/31", "self/fd/32",
                                      "self/fd/999", "self/ns/mnt", "self/ns/user", "self/task/../cwd", "mounts", "net", "self/fd", "self/comm", "self/"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%s", all[i]);
        struct stat st, l;
        long a = sys(SYS_stat, path, &st), b = sys(SYS_lstat, path, &l);
        printf("%s: stat %s, lstat %s %o\n", path, a ? errno_name(-a) : file_type(st.st_mode), b ? errno_name(-b) : file_type(l.st_mode), b ? 0 : l.st_mode & 07777);
        topen(AT_FDCWD, path, O_PATH);
        topen(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW);
        topen(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
        topen(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        int fd = open(path, O_PATH | O_NOFOLLOW);
        if (fd >= 0) {
            fstat(fd, &st);
            printf("  O_PATH|O_NOFOLLOW: %s\n", file_type(st.st_mode));
            char text[PATH_MAX];
            long n = sys(SYS_readlinkat, fd, "", text, sizeof text);
            long m = sys(SYS_readlink, path, some_text, sizeof some_text);
            printf("  readlinkat: %s\n", n < 0 ? errno_name(-n) : n == m && !memcmp(text, some_text, n) ? "the same" : "another text");
            close(fd);
        }
        t(faccessat2, AT_FDCWD, path, R_OK, AT_SYMLINK_NOFOLLOW);
        t(statx, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_TYPE, some_text);
        t(unlink, path);
        t(rename, path, "here");
        t(rename, "file", path);
        t(symlink, "x", path);
        t(mkdir, path, 0700);
        t(rmdir, path);
        t(lchown, path, -1, -1);
        // The program and the root may be the caller's own.
        if (!strstr(path, "exe") && !strstr(path, "root"))
            t(setxattr, path, "user.x", "", 0, 0);
        t(utimensat, AT_FDCWD, path, some_times, AT_SYMLINK_NOFOLLOW);
        topen(AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL, 0600);
    }
    // A slash behind a link that leads to a directory, and to none.
    t(stat, "/proc/self/cwd/", &some_stat);
    t(lstat, "/proc/self/fd/30/", &some_stat);
    t(lstat, "/proc/self/fd/31/", &some_stat);
    t(lstat, "/proc/self/exe/", &some_stat);
    t(readlink, "/proc/self/cwd/", some_text, 9);
    t(readlink, "/proc/self/fd/31/", some_text, 9);
    t(readlink, "/proc/self/fd/30/.", some_text, 9);
    // Links to links.
    ln("/proc/self/fd/30", "to_fd");
    ln("to_fd", "to_to_fd");
    t(stat, "to_to_fd/inner", &some_stat);
    t(readlink, "to_to_fd", some_text, 99);
    topen(AT_FDCWD, "to_fd", O_RDONLY | O_NOFOLLOW);
    topen(AT_FDCWD, "to_to_fd/new", O_RDWR | O_CREAT, 0600);
    t(rename, "to_fd/new", "to_to_fd/newer");
    t(unlink, "/proc/self/fd/30/newer");
    t(mkdir, "/proc/self/cwd/made", 0700);
    t(rename, "/proc/self/cwd/made", "/proc/self/fd/30/made");
    t(rmdir, "/proc/thread-self/fd/30/made");
    list("dir");
}
