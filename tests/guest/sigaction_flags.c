// SA_NODEFER, SA_RESETHAND, SA_ONSTACK, sa_mask, SA_NOCLDSTOP and SA_NOCLDWAIT, a process that ignores SIGCHLD.
#include "check.h"
#include <ucontext.h>

static volatile int depth, deepest, runs;
static char *volatile other_stack;

static void nests(int signal) {
    depth++;
    runs++;
    if (depth > deepest)
        deepest = depth;
    if (runs < 3)
        raise(signal);
    depth--;
}

static void where(int signal) {
    int here;
    stack_t now;
    sigaltstack(0, &now);
    printf("  on the other stack: %d, flags %d\n", (char *)&here >= other_stack && (char *)&here < other_stack + 65536, now.ss_flags);
    stack_t again = {malloc(65536), 0, 65536};
    pe(sigaltstack(&again, 0));
}

static volatile sig_atomic_t chlds;
static void chld(int signal) { chlds++; }

static void masked(int signal, siginfo_t *info, void *context) {
    sigset_t now;
    sigprocmask(SIG_BLOCK, 0, &now);
    printf("  in the handler:");
    for (int s = 1; s < 32; s++)
        if (sigismember(&now, s))
            printf(" %d", s);
    printf("; before:");
    for (int s = 1; s < 32; s++)
        if (sigismember(&((ucontext_t *)context)->uc_sigmask, s))
            printf(" %d", s);
    printf("\n");
    // What the context holds is what counts afterwards.
    sigaddset(&((ucontext_t *)context)->uc_sigmask, SIGWINCH);
}

static void use(int signal, void *handler, int flags) {
    struct sigaction sa = {.sa_handler = handler, .sa_flags = flags};
    sigaction(signal, &sa, 0);
    depth = deepest = runs = 0;
}

int main(void) {
    use(SIGUSR1, nests, 0);
    raise(SIGUSR1);
    printf("plain: %d deep, %d runs\n", deepest, runs);
    use(SIGUSR1, nests, SA_NODEFER);
    raise(SIGUSR1);
    printf("SA_NODEFER: %d deep, %d runs\n", deepest, runs);
    use(SIGUSR1, nests, SA_RESETHAND);
    runs = 5;
    raise(SIGUSR1);
    struct sigaction now;
    sigaction(SIGUSR1, 0, &now);
    printf("SA_RESETHAND: default again %d, flags %#x\n", now.sa_handler == SIG_DFL, now.sa_flags & 0xffffffff);
    other_stack = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    stack_t ss = {other_stack, 0, 65536};
    pe(sigaltstack(&ss, 0));
    use(SIGUSR1, where, SA_ONSTACK);
    raise(SIGUSR1);
    use(SIGUSR1, where, 0);
    raise(SIGUSR1);
    ss.ss_size = 100;
    pe(sigaltstack(&ss, 0));
    ss.ss_size = 65536;
    ss.ss_flags = 0x40;
    pe(sigaltstack(&ss, 0));
    ss.ss_flags = 1u << 31; // SS_AUTODISARM
    pe(sigaltstack(&ss, 0));
    use(SIGUSR1, where, SA_ONSTACK);
    raise(SIGUSR1);
    sigaltstack(0, &ss);
    printf("flags %#x\n", ss.ss_flags);
    struct sigaction sa = {.sa_sigaction = masked, .sa_flags = SA_SIGINFO};
    sigaddset(&sa.sa_mask, SIGHUP);
    sigaddset(&sa.sa_mask, SIGKILL);
    sigaction(SIGUSR2, &sa, 0);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, 0);
    raise(SIGUSR2);
    sigprocmask(SIG_BLOCK, 0, &set);
    p(sigismember(&set, SIGWINCH));
    p(sigismember(&set, SIGHUP));
    // Flags that are unknown are dropped, so that programs can ask.
    sa.sa_flags = 0x400 | 0x800 | 0x1000;
    sigaction(SIGUSR2, &sa, 0);
    sigaction(SIGUSR2, 0, &now);
    printf("kept flags %#x\n", now.sa_flags & ~0x04000000);

    // Children.
    use(SIGCHLD, chld, SA_NOCLDSTOP);
    pid_t pid = fork();
    if (!pid) {
        raise(SIGSTOP);
        _exit(1);
    }
    int s;
    waitpid(pid, &s, WUNTRACED);
    p(chlds);
    kill(pid, SIGCONT);
    while (!chlds)
        usleep(1000);
    waitpid(pid, &s, 0);
    p(chlds);
    for (int way = 0; way < 2; way++) {
        if (way)
            use(SIGCHLD, SIG_IGN, 0);
        else
            use(SIGCHLD, chld, SA_NOCLDWAIT | SA_RESTART);
        chlds = 0;
        for (int i = 0; i < 3; i++)
            if (!fork()) {
                usleep(10000 * i);
                _exit(i);
            }
        // Nothing is left to wait for, but the wait lasts until the last has gone.
        p(waitpid(-1, &s, 0));
        p(errno);
        p(way ? chlds == 0 : chlds > 0);
        pid = fork();
        if (!pid)
            _exit(0);
        while (!kill(pid, 0))
            usleep(1000);
        siginfo_t info;
        pe(waitid(P_PID, pid, &info, WEXITED));
    }
}
