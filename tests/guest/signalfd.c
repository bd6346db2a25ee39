// signalfd(2): what it reads, merges, polls and inherits; errors.
#include "check.h"
#include <sys/signalfd.h>

static struct signalfd_siginfo info[8];

static long take(int fd, int room) {
    long n = read(fd, info, room * sizeof *info);
    if (n < 0) {
        printf("  %s\n", errno_name(errno));
        return -1;
    }
    n /= sizeof *info;
    for (int i = 0; i < n; i++)
        printf("  signal %d, code %d, value %d, from %s, status %d\n", info[i].ssi_signo > 32 ? info[i].ssi_signo - SIGRTMIN + 100 : info[i].ssi_signo,
               info[i].ssi_code, info[i].ssi_signo == SIGCHLD ? 0 : info[i].ssi_int, info[i].ssi_pid == getpid() ? "itself" : "another", info[i].ssi_status);
    return n;
}

int main(void) {
    sigset_t set, more;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGRTMIN + 1);
    sigaddset(&set, SIGKILL);
    sigprocmask(SIG_BLOCK, &set, 0);
    int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    p(fcntl(fd, F_GETFD));
    p(take(fd, 1));
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGUSR1);
    for (int i = 0; i < 3; i++)
        sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = i});
    struct pollfd f = {fd, POLLIN};
    p(poll(&f, 1, 0));
    p(take(fd, 2));
    p(take(fd, 8));
    p(poll(&f, 1, 0));
    pid_t pid = fork();
    if (!pid)
        _exit(44);
    waitid(P_PID, pid, &(siginfo_t){0}, WEXITED | WNOWAIT);
    p(take(fd, 8));
    waitpid(pid, 0, 0);
    // Another set for the same descriptor.
    sigemptyset(&more);
    sigaddset(&more, SIGUSR2);
    sigprocmask(SIG_BLOCK, &more, 0);
    p(signalfd(fd, &more, 0) == fd);
    raise(SIGUSR1);
    raise(SIGUSR2);
    p(take(fd, 8));
    // It reads the signals of whoever reads.
    pid = fork();
    if (!pid) {
        raise(SIGUSR2);
        p(take(fd, 8));
        p(take(fd, 8));
        _exit(0);
    }
    show_end("child", pid);
    p(take(fd, 8));
    // Blocking, until a signal comes.
    int waits = signalfd(-1, &more, 0);
    pid_t me = getpid();
    pid = fork();
    if (!pid) {
        usleep(20000);
        kill(me, SIGUSR2);
        _exit(0);
    }
    p(take(waits, 1));
    waitpid(pid, 0, 0);
    pe(read(fd, info, 10));
    t(signalfd4, -1, &set, 8, 0x1234);
    t(signalfd4, -1, &set, 4, 0);
    t(signalfd4, -1, bad_page(), 8, 0);
    t(signalfd4, 0, &set, 8, 0);
    t(signalfd4, 999, &set, 8, 0);
}
