// The descriptor table is the program's alone: which are open at the start, and that the lowest free one is given.
#include "check.h"

int main(void) {
    printf("open at the start:");
    for (int fd = 0; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            printf(" %d", fd);
    printf("\n");
    syscall(SYS_close_range, 3, ~0u, 0);
    mkfile("file", "x");
    t(openat, AT_FDCWD, "file", O_RDONLY);
    t(openat, AT_FDCWD, A("file"), O_RDONLY);
    t(openat, AT_FDCWD, A("."), O_RDONLY | O_DIRECTORY);
    t(open, A("file"), O_PATH);
    t(openat, AT_FDCWD, A("missing"), O_RDONLY);
    t(creat, A("new"), 0600);
    t(close, 4);
    t(openat, AT_FDCWD, A("file"), O_RDONLY);
    t(dup, 3);
    t(dup2, 3, 20);
    t(dup3, 3, 21, O_CLOEXEC);
    t(dup3, 3, 3, 0);
    t(dup2, 3, 3);
    t(dup2, 999, 3);
    t(dup2, 3, -1);
    t(close_range, 4, 10, 0);
    t(close_range, 10, 4, 0);
    t(close_range, 3, 30, 4);
    t(socket, AF_UNIX, SOCK_STREAM, 0);
    t(epoll_create1, 0);
    t(eventfd2, 0, 0);
    t(memfd_create, "x", 0);
    int pair[2];
    t(pipe2, pair, 0);
    printf("%d %d\n", pair[0], pair[1]);
    struct stat st;
    t(stat, A("file"), &st);
    t(chdir, A("."));
    t(socketpair, AF_UNIX, SOCK_STREAM, 0, pair);
    printf("%d %d\n", pair[0], pair[1]);
    list("/proc/self/fd");
    pid_t pid = fork();
    if (!pid) {
        t(close_range, 3, ~0u, 0);
        t(openat, AT_FDCWD, A("file"), O_RDONLY);
        _exit(0);
    }
    show_end("child", pid);
    // All that the limit allows, and one more.
    struct rlimit limit = {64, 64};
    setrlimit(RLIMIT_NOFILE, &limit);
    long fd, last = 0;
    while ((fd = sys(SYS_openat, AT_FDCWD, A("file"), O_RDONLY)) >= 0)
        last = fd;
    printf("last %ld, then %s\n", last, errno_name(-fd));
    t(stat, A("file"), &st);
    t(mkdir, A("dir"), 0700);
    t(access, "file", R_OK);
    t(chdir, A("dir"));
    t(getcwd, &st, 1);
    t(readlink, A("file"), &st, 10);
}
