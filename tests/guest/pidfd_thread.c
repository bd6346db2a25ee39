// pidfds further on: of threads (PIDFD_THREAD), of zombies, polling, signals by scope, PIDFD_GET_INFO, setns, P_PIDFD.
#include "check.h"
#include <pthread.h>
#include <sys/ioctl.h>

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL
#endif

static volatile int tid, hits, hit_by;
static int go[2];
static void handler(int signal) { hits++; hit_by = syscall(SYS_gettid); }

static void *waits(void *x) {
    char byte;
    tid = syscall(SYS_gettid);
    while (read(go[0], &byte, 1) < 0)
        ;
    return x;
}

static short ready(int fd, int timeout) {
    struct pollfd f = {fd, POLLIN};
    poll(&f, 1, timeout);
    // POLLHUP follows when the last one who waits for it has done so, and a tracer is one more.
    return f.revents & ~POLLHUP;
}

int main(void) {
    // The leader of a group, whoever started it.
    setpgid(0, 0);
    pipe(go);
    struct sigaction sa = {.sa_handler = handler};
    sigaction(SIGUSR1, &sa, 0);
    pthread_t thread;
    pthread_create(&thread, 0, waits, 0);
    while (!tid)
        usleep(1000);
    t(pidfd_open, tid, 0);
    int fd = sys(SYS_pidfd_open, tid, PIDFD_THREAD), mine = sys(SYS_pidfd_open, getpid(), PIDFD_THREAD), group = sys(SYS_pidfd_open, getpid(), 0);
    p(fd >= 0);
    p(mine >= 0 && group >= 0);
    p(ready(fd, 0));
    // To the thread, the group; with the flags of Linux 6.9.
    t(pidfd_send_signal, fd, SIGUSR1, 0, 0);
    while (hits < 1)
        usleep(1000);
    p(hit_by == tid);
    t(pidfd_send_signal, fd, SIGUSR1, 0, 1);
    while (hits < 2)
        usleep(1000);
    p(hit_by == tid);
    t(pidfd_send_signal, mine, SIGUSR1, 0, 0);
    p(hit_by == getpid());
    t(pidfd_send_signal, group, SIGUSR1, 0, 2);
    t(pidfd_send_signal, group, SIGUSR1, 0, 4);
    t(pidfd_send_signal, group, SIGUSR1, 0, 8);
    t(pidfd_send_signal, group, SIGUSR1, 0, 3);
    siginfo_t info = {.si_signo = SIGUSR2, .si_code = SI_QUEUE};
    t(pidfd_send_signal, group, SIGUSR1, &info, 0);
    info.si_signo = SIGUSR1;
    t(pidfd_send_signal, group, SIGUSR1, &info, 0);
    t(pidfd_send_signal, group, SIGUSR1, bad_page(), 0);
    p(ready(fd, 0));
    write(go[1], "x", 1);
    p(ready(fd, 20000));
    pthread_join(thread, 0);
    // The descriptor is readable, and the thread joined, when it has ended; a moment later it is gone, with a tracer two.
    while (!sys(SYS_pidfd_send_signal, fd, 0, 0, 0))
        usleep(1000);
    t(pidfd_send_signal, fd, 0, 0, 0);
    tid = 0;

    // A child: polled while it lives, when it is a zombie, when it has been waited for.
    pid_t pid = fork();
    if (!pid) {
        char byte;
        read(go[0], &byte, 1);
        _exit(12);
    }
    fd = sys(SYS_pidfd_open, pid, 0);
    p(ready(fd, 0));
    pe(waitid(P_PIDFD, fd, &info, WEXITED | WNOHANG));
    write(go[1], "x", 1);
    p(ready(fd, 20000));
    t(pidfd_send_signal, fd, SIGKILL, 0, 0);
    p(sys(SYS_pidfd_open, pid, 0) >= 0);
    p(waitid(P_PIDFD, fd, &info, WEXITED) ?: info.si_status);
    p(ready(fd, 0));
    t(pidfd_send_signal, fd, SIGKILL, 0, 0);
    p(sys(SYS_pidfd_open, pid, 0));
    pe(waitid(P_PIDFD, fd, &info, WEXITED));
    // Without blocking.
    pid = fork();
    if (!pid) {
        char byte;
        read(go[0], &byte, 1);
        _exit(12);
    }
    fd = sys(SYS_pidfd_open, pid, O_NONBLOCK);
    pe(waitid(P_PIDFD, fd, &info, WEXITED));
    write(go[1], "x", 1);
    ready(fd, 20000);
    // Where a tracer has to be told first, the descriptor is readable a moment before there is something to wait for.
    long waited;
    while ((waited = waitid(P_PIDFD, fd, &info, WEXITED)) && errno == EAGAIN)
        usleep(1000);
    p(waited);
    pe(waitid(P_PIDFD, mine, &info, WEXITED));
    pe(waitid(P_PIDFD, 0, &info, WEXITED));
    p(fcntl(fd, F_GETFL) & O_NONBLOCK);
    // What the descriptor is, and what it cannot do.
    char byte;
    pe(read(fd, &byte, 1));
    pe(write(fd, &byte, 1));
    pe(lseek(fd, 0, SEEK_SET) < 0);
    struct stat a, b;
    int again = sys(SYS_pidfd_open, getpid(), 0);
    p(fstat(group, &a) == 0 && fstat(again, &b) == 0 && a.st_ino == b.st_ino);
    t(pidfd_getfd, fd, 0, 0);
    p(sys(SYS_pidfd_getfd, group, 1, 0) >= 0);
    // An exec of a thread leaves the descriptor with the process.
    pid = fork();
    if (!pid) {
        usleep(20000);
        char *args[] = {"true", 0};
        execv("/proc/self/exe", args);
        _exit(1);
    }
    kill(pid, SIGKILL);
    show_end("child", pid);
}
