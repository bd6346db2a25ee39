// Signals across execve(2): dispositions, mask, pending ones, alternate stack, timers of every kind.
#include "check.h"
#include <sys/timerfd.h>

static volatile int hits;
static void handler(int signal) { hits++; }

static int child(void) {
    stack_t ss;
    sigaltstack(0, &ss);
    p(ss.ss_flags == SS_DISABLE);
    struct sigaction sa;
    for (int s = 1; s <= 64; s++) {
        if (syscall(SYS_rt_sigaction, s, 0, &sa, 8) && s != 32 && s != 33)
            continue;
        if (sa.sa_handler != SIG_DFL)
            printf("  signal %d: %s\n", s, sa.sa_handler == SIG_IGN ? "ignored" : "handled");
    }
    sigset_t set, pending;
    sigprocmask(SIG_BLOCK, 0, &set);
    sigpending(&pending);
    for (int s = 1; s <= 64; s++)
        if (sigismember(&set, s) == 1 || sigismember(&pending, s) == 1)
            printf("  signal %d:%s%s\n", s, sigismember(&set, s) ? " blocked" : "", sigismember(&pending, s) ? " pending" : "");
    // Queued values come along, in order.
    siginfo_t info;
    struct timespec none = {0};
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 3);
    while (sigtimedwait(&set, &info, &none) > 0)
        printf("  queued %d, code %d\n", info.si_value.sival_int, info.si_code);
    struct itimerval timer;
    for (int which = ITIMER_REAL; which <= ITIMER_PROF; which++) {
        getitimer(which, &timer);
        printf("  timer %d: %s, interval %ld\n", which, timer.it_value.tv_sec || timer.it_value.tv_usec ? "runs" : "stands", (long)timer.it_interval.tv_sec);
    }
    // A POSIX timer is gone, a timer descriptor is not.
    struct itimerspec spec;
    t(timer_gettime, 0, &spec);
    t(timer_delete, 0);
    p(timerfd_gettime(40, &spec) == 0 && spec.it_value.tv_sec > 0);
    // Nobody's handler ran here; the ignored ones are ignored.
    raise(SIGUSR1);
    raise(SIGPIPE);
    p(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR2));
    signal(SIGUSR2, handler);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_UNBLOCK, &set, 0);
    p(hits);
    return 0;
}

int main(int argc, char **argv) {
    if (argc > 1)
        return child();
    copy_self("prog");
    pid_t pid = fork();
    if (!pid) {
        stack_t ss = {malloc(SIGSTKSZ), 0, SIGSTKSZ};
        sigaltstack(&ss, 0);
        struct sigaction sa = {.sa_handler = handler, .sa_flags = SA_ONSTACK | SA_RESTART};
        sigaction(SIGHUP, &sa, 0);
        sigaction(SIGRTMIN + 1, &sa, 0);
        sigaction(SIGCHLD, &(struct sigaction){.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT}, 0);
        signal(SIGUSR1, SIG_IGN);
        signal(SIGPIPE, SIG_IGN);
        signal(SIGTTOU, SIG_IGN);
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGUSR2);
        sigaddset(&set, SIGRTMIN + 3);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGKILL);
        sigprocmask(SIG_BLOCK, &set, 0);
        raise(SIGUSR2);
        for (int i = 1; i < 4; i++)
            sigqueue(getpid(), SIGRTMIN + 3, (union sigval){i * 10});
        struct itimerval timer = {{7, 0}, {1000, 0}};
        setitimer(ITIMER_REAL, &timer, 0);
        setitimer(ITIMER_VIRTUAL, &timer, 0);
        struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
        int id;
        struct itimerspec spec = {{0}, {1000, 0}};
        if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id) || syscall(SYS_timer_settime, id, 0, &spec, 0))
            die("timer");
        int fd = timerfd_create(CLOCK_MONOTONIC, 0);
        timerfd_settime(fd, 0, &spec, 0);
        dup2(fd, 40);
        char *args[] = {"prog", "child", 0}, *env[] = {0};
        sys(SYS_execve, "prog", args, env);
        _exit(1);
    }
    show_end("child", pid);
}
