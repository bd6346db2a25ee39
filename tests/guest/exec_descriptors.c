// Descriptors and locks across execve(2): close-on-exec of every kind, a shared table, locks that stay and go.
#include "check.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

static int child(void) {
    printf("  open:");
    for (int fd = 0; fd < 200; fd++) {
        int flags = fcntl(fd, F_GETFD);
        if (flags >= 0 && fd > 2)
            printf(" %d%s", fd, flags ? "*" : "");
    }
    printf("\n");
    // The record lock belongs to the process, the other one to the description: both are still held.
    int fd = open("file", O_RDWR);
    pid_t pid = fork();
    if (!pid) {
        struct flock lock = {.l_type = F_WRLCK};
        p(fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type == F_WRLCK && lock.l_pid == getppid());
        p(flock(fd, LOCK_EX | LOCK_NB) ? -errno : 0);
        _exit(0);
    }
    waitpid(pid, 0, 0);
    // Closing any descriptor of the file ends the record lock, not the other.
    close(fd);
    fd = open("file", O_RDWR);
    pid = fork();
    if (!pid) {
        struct flock lock = {.l_type = F_WRLCK};
        p(fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type == F_UNLCK);
        p(flock(fd, LOCK_EX | LOCK_NB) ? -errno : 0);
        _exit(0);
    }
    waitpid(pid, 0, 0);
    p(lseek(50, 0, SEEK_CUR));
    p(fcntl(50, F_GETFL) & O_APPEND);
    return 0;
}

static char stack[65536] __attribute__((aligned(16)));

static int sharer(void *path) {
    char *args[] = {"prog", "child", 0}, *env[] = {0};
    sys(SYS_execve, path, args, env);
    _exit(9);
}

int main(int argc, char **argv) {
    if (argc > 1)
        return child();
    copy_self("prog");
    mkfile("file", "0123456789");
    int pair[2];
    pid_t pid = fork();
    if (!pid) {
        int file = open("file", O_RDWR | O_APPEND);
        lseek(file, 4, SEEK_SET);
        dup2(file, 50);
        struct flock lock = {.l_type = F_WRLCK};
        fcntl(50, F_SETLK, &lock);
        flock(50, LOCK_EX);
        fcntl(file, F_SETFD, FD_CLOEXEC);
        // Close-on-exec by each call that can say so.
        open("file", O_RDONLY | O_CLOEXEC);
        dup3(50, 60, O_CLOEXEC);
        fcntl(50, F_DUPFD_CLOEXEC, 61);
        pipe2(pair, O_CLOEXEC);
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
        socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        epoll_create1(EPOLL_CLOEXEC);
        eventfd(0, EFD_CLOEXEC);
        timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC);
        inotify_init1(IN_CLOEXEC);
        sigset_t set;
        sigemptyset(&set);
        signalfd(-1, &set, SFD_CLOEXEC);
        memfd_create("x", MFD_CLOEXEC);
        syscall(SYS_pidfd_open, getpid(), 0);
        dup2(50, 100);
        dup2(50, 101);
        dup2(50, 102);
        syscall(SYS_close_range, 100, 101, 4 /* CLOSE_RANGE_CLOEXEC */);
        ioctl(102, 0x5451 /* FIOCLEX */);
        dup2(50, 103);
        ioctl(103, 0x5451);
        ioctl(103, 0x5450 /* FIONCLEX */);
        // A duplicate is not close-on-exec even of one that is.
        dup2(60, 104);
        // A record lock falls with any descriptor of the file that is closed, close-on-exec ones included.
        for (int fd = 3; fd < 110; fd++)
            if (fcntl(fd, F_GETFD) == 1 && fd != 60 && fd != 61)
                close(fd);
        close(60), close(61), close(100), close(101), close(102);
        fcntl(50, F_SETLK, &lock);
        char *args[] = {"prog", "child", 0}, *env[] = {0};
        sys(SYS_execve, A("prog"), args, env);
        _exit(1);
    }
    show_end("child", pid);

    // A table that two processes share is the caller's alone after execve: what that closes stays open here.
    int kept = open("file", O_RDONLY | O_CLOEXEC);
    pid = clone(sharer, stack + sizeof stack, CLONE_FILES | SIGCHLD, "./prog");
    waitpid(pid, 0, 0);
    p(fcntl(kept, F_GETFD));
    // So is the working directory.
    mkdirs("dir");
    pid = clone(sharer, stack + sizeof stack, CLONE_FS | CLONE_FILES | CLONE_VM | CLONE_VFORK | SIGCHLD, A("prog"));
    waitpid(pid, 0, 0);
    p(fcntl(kept, F_GETFD));
}
