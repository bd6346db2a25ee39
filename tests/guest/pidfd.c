// pidfd_open(2), pidfd_send_signal(2), pidfd_getfd(2).
#include "check.h"

int main(void) {
    mkfile("file", "of the child");
    t(pidfd_open, -1, 0);
    t(pidfd_open, 0, 0);
    t(pidfd_open, 999999999, 0);
    p(sys(SYS_pidfd_open, getpid(), 0x10000000));
    int ready[2];
    pipe(ready);
    pid_t pid = fork();
    if (!pid) {
        dup2(open("file", O_RDONLY), 77);
        write(ready[1], "x", 1);
        for (;;)
            pause();
    }
    char byte;
    read(ready[0], &byte, 1);
    long fd = sys(SYS_pidfd_open, pid, 0);
    p(fd >= 0);
    p(fcntl(fd, F_GETFD));
    struct pollfd poll_ = {fd, POLLIN, 0};
    t(poll, &poll_, 1, 0);
    long got = sys(SYS_pidfd_getfd, fd, 77, 0);
    p(got >= 0);
    char text[16] = "";
    t(read, got, text, 15);
    printf("  %s\n", text);
    t(pidfd_getfd, fd, 78, 0);
    t(pidfd_getfd, fd, 77, 1);
    t(pidfd_getfd, 0, 77, 0);
    t(pidfd_send_signal, fd, 0, 0, 0);
    t(pidfd_send_signal, fd, 65, 0, 0);
    t(pidfd_send_signal, 0, SIGTERM, 0, 0);
    t(pidfd_send_signal, 999, SIGTERM, 0, 0);
    t(pidfd_send_signal, fd, SIGTERM, 0, 0);
    t(poll, &poll_, 1, 20000);
    t(pidfd_getfd, fd, 77, 0);
    t(pidfd_send_signal, fd, SIGTERM, 0, 0);
    show_end("child", pid);
    t(pidfd_send_signal, fd, SIGTERM, 0, 0);

    // A directory of /proc serves as a pidfd for signals too.
    pid = fork();
    if (!pid)
        for (;;)
            pause();
    snprintf(text, sizeof text, "/proc/%d", pid);
    int proc = open(text, O_RDONLY | O_DIRECTORY);
    t(pidfd_send_signal, proc, SIGKILL, 0, 0);
    show_end("child", pid);
}
