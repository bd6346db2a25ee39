// Real-time signals: order, queueing, limits, waiting for them; standard signals that merge.
#include "check.h"

static int order[64], count;
static void handler(int signal, siginfo_t *info, void *context) { order[count++] = (signal - SIGRTMIN) * 100 + info->si_value.sival_int; }

int main(void) {
    sigset_t all, old;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &old);
    struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigfillset(&sa.sa_mask);
    for (int s = SIGRTMIN; s <= SIGRTMAX; s++)
        sigaction(s, &sa, 0);
    // Lower numbers first, each in the order of sending.
    for (int i = 0; i < 3; i++)
        for (int s = 5; s >= 1; s--)
            sigqueue(getpid(), SIGRTMIN + s, (union sigval){i});
    kill(getpid(), SIGRTMIN + 2);
    sigset_t pending;
    sigpending(&pending);
    for (int s = 0; s < 8; s++)
        printf("%d", sigismember(&pending, SIGRTMIN + s));
    printf("\n");
    siginfo_t info;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 3);
    sigaddset(&set, SIGRTMIN + 4);
    struct timespec none = {0, 0}, soon = {0, 1000000};
    for (int i = 0; i < 7; i++) {
        long r = sys(SYS_rt_sigtimedwait, &set, &info, &none, 8);
        if (r > 0)
            printf("waited for %ld: value %d, code %d\n", r - SIGRTMIN, info.si_value.sival_int, info.si_code);
        else
            printf("waited: %s\n", errno_name(-r));
    }
    t(rt_sigtimedwait, &set, &info, &soon, 8);
    t(rt_sigtimedwait, &set, &info, &soon, 4);
    t(rt_sigtimedwait, bad_page(), &info, &soon, 8);
    t(rt_sigtimedwait, &set, &info, bad_page(), 8);
    struct timespec bad = {0, 1000000000};
    t(rt_sigtimedwait, &set, &info, &bad, 8);
    // Handlers run on unblocking: the lowest number's is delivered first.
    sigprocmask(SIG_SETMASK, &old, 0);
    for (int i = 0; i < count; i++)
        printf(" %d", order[i]);
    printf("\n");
    // A standard signal is pending once, however often it was sent.
    signal(SIGUSR1, SIG_IGN);
    sa.sa_flags = SA_SIGINFO;
    sigaction(SIGUSR1, &sa, 0);
    sigprocmask(SIG_BLOCK, &all, 0);
    count = 0;
    for (int i = 0; i < 5; i++)
        sigqueue(getpid(), SIGUSR1, (union sigval){i});
    sigprocmask(SIG_SETMASK, &old, 0);
    p(count);
    // The queue has a limit, which kill(2) does not mind.
    sigprocmask(SIG_BLOCK, &all, 0);
    struct rlimit limit = {0, 0};
    setrlimit(RLIMIT_SIGPENDING, &limit);
    pe(sigqueue(getpid(), SIGRTMIN, (union sigval){1}));
    pe(kill(getpid(), SIGRTMIN));
    pe(kill(getpid(), SIGUSR1));
    p(sigtimedwait(&all, &info, &none));
    printf("code %d\n", info.si_code);
    // Errors.
    pe(sigqueue(getpid(), 65, (union sigval){0}));
    pe(sigqueue(getpid(), -1, (union sigval){0}));
    pe(sigqueue(999999999, SIGUSR1, (union sigval){0}));
    t(rt_sigqueueinfo, getpid(), SIGUSR1, bad_page());
    t(rt_tgsigqueueinfo, getpid(), -1, SIGUSR1, &info);
    info.si_code = SI_TKILL;
    pe(syscall(SYS_rt_tgsigqueueinfo, getppid(), getppid(), SIGUSR1, &info) && errno == EPERM);
    t(rt_sigpending, &pending, 16);
    t(rt_sigprocmask, 7, &set, 0, 8);
    t(rt_sigprocmask, SIG_BLOCK, &set, 0, 4);
    t(rt_sigaction, SIGKILL, &sa, 0, 8);
    t(rt_sigaction, 65, &sa, 0, 8);
}
