// Opening again by /proc/self/fd/N, /dev/fd/N and /proc/thread-self: the file is meant, whatever has become of its name.
#include "paths.h"

static void again(const char *label, int fd) {
    static const char *const ways[] = {"/proc/self/fd/%d", "/dev/fd/%d", "/proc/thread-self/fd/%d",
                                       "/proc/self/fd/../fd/%d", "/proc/self/task/../fd/%d"};
    static const int flags[] = {O_RDONLY, O_WRONLY, O_RDWR | O_TRUNC, O_PATH, O_PATH | O_NOFOLLOW, O_RDONLY | O_NOFOLLOW,
                                O_RDONLY | O_DIRECTORY, O_RDWR | O_CREAT, O_RDWR | O_CREAT | O_EXCL, O_RDWR | O_TMPFILE};
    char path[64];
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        sprintf(path, ways[i], fd);
        for (size_t j = 0; j < sizeof flags / sizeof *flags; j++) {
            long ret = sys(SYS_openat, AT_FDCWD, path, flags[j] | O_NONBLOCK, 0600);
            printf("%s, way %zu, flags %#x: ", label, i, flags[j]);
            if (ret < 0) {
                printf("%s\n", errno_name(-ret));
                continue;
            }
            struct stat a, b;
            fstat(fd, &a);
            fstat((int)ret, &b);
            printf("%s, %s file\n", file_type(b.st_mode), a.st_ino == b.st_ino && a.st_dev == b.st_dev ? "the same" : "another");
            close((int)ret);
        }
    }
    struct stat st;
    sprintf(path, "/proc/self/fd/%d", fd);
    t(stat, path, &st);
    t(chmod, path, 0600);
    t(truncate, path, 1);
    t(access, path, W_OK);
    t(faccessat, fd, path, X_OK);
    t(chdir, path);
    fchdir(start_fd);
}

int main(void) {
    kinds();
    again("file for reading", open("file", O_RDONLY));
    again("file by O_PATH", open("file", O_PATH));
    again("dir", open("dir", O_RDONLY));
    dup2(open("dir", O_RDONLY), 60);
    dup2(open("file", O_RDONLY), 61);
    struct stat st;
    t(stat, "/proc/self/fd/60/inner", &st);
    t(stat, "/proc/self/fd/60/inner/..", &st);
    t(stat, "/proc/self/fd/60/../file", &st);
    t(stat, "/proc/self/fd/60/./sub/../inner", &st);
    t(stat, "/proc/self/fd/61/inner", &st);
    t(stat, "/proc/self/fd/61/", &st);
    t(lstat, "/proc/self/fd/61/", &st);
    t(lstat, "/proc/self/fd/60/", &st);
    again("fifo", open("fifo", O_RDONLY | O_NONBLOCK));
    again("link by O_PATH", open("link", O_PATH | O_NOFOLLOW));
    again("socket by O_PATH", open("socket", O_PATH));
    again("secret by O_PATH", open("secret", O_PATH));
    mkfile("gone", "x");
    int fd = open("gone", O_RDONLY);
    unlink("gone");
    again("deleted file", fd);
    fd = open("file", O_RDONLY);
    rename("file", "renamed");
    mkfile("file", "another");
    again("renamed file", fd);
    mkdirs("gone");
    fd = open("gone", O_RDONLY);
    rmdir("gone");
    again("deleted dir", fd);
    again("memfd", (int)syscall(SYS_memfd_create, "x", 0));
    mkfile("file (deleted)", "looks like it");
    again("a name that looks deleted", open("file (deleted)", O_RDONLY));
    again("nothing", 999);
    int pair[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    topen(AT_FDCWD, ({ static char l[64]; sprintf(l, "/proc/self/fd/%d", pair[0]); l; }), O_RDWR);
    // As programs write to their own output.
    fd = open("out", O_RDWR | O_CREAT, 0600);
    dup2(fd, 9);
    int out = open("/dev/fd/9", O_WRONLY | O_APPEND);
    t(write, out, "by /dev/fd", 10);
    cat("out");
}
