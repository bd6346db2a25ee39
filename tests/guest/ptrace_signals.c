// Signals of a traced process: what the tracer is told of them, and what it makes of them.
#include "trace.h"

static volatile int handled, sender, value;
static void handler(int signal, siginfo_t *info, void *context) {
    (void)context;
    handled = signal;
    sender = info->si_code == SI_QUEUE ? 1 : info->si_code == SI_USER ? 2 : info->si_code == SI_TKILL ? 3 : 4;
    value = info->si_code == SI_QUEUE ? info->si_value.sival_int : 0;
}

static void told(void) {
    printf("handled %d, sender %d, value %d\n", handled, sender, value);
    fflush(stdout);
    handled = sender = value = 0;
}

static void signals(void) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGALRM, &action, NULL);
    for (int i = 0; i < 6; i++) {
        union sigval v = {.sival_int = 40 + i};
        sigqueue(getpid(), SIGUSR1, v);
        told();
    }
    raise(SIGUSR2);
    told();
    signal(SIGCHLD, SIG_IGN);
    raise(SIGCHLD);
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGRTMIN + 3);
    sigprocmask(SIG_BLOCK, &set, &old);
    union sigval v = {.sival_int = 5};
    sigqueue(getpid(), SIGRTMIN + 3, v);
    sigqueue(getpid(), SIGUSR1, v);
    raise(SIGSTOP);
    sigprocmask(SIG_SETMASK, &old, NULL);
    told();
    nanosleep(&(struct timespec){0, 1000}, NULL);
    *(volatile int *)8 = 1;
}

static void info(pid_t pid) {
    siginfo_t si = {0};
    if (tr(PTRACE_GETSIGINFO, pid, 0, &si)) {
        printf("siginfo: %s\n", errno_name(errno));
        return;
    }
    printf("signo %d code %d pid %s uid %s\n", si.si_signo, si.si_code,
           si.si_code > 0 ? "-" : si.si_pid == pid ? "own" : "other", si.si_code > 0 || si.si_uid == getuid() ? "own" : "other");
}

static void peek(pid_t pid, unsigned flags) {
    struct __ptrace_peeksiginfo_args args = {0, flags, 8};
    siginfo_t list[8];
    long got = tr(PTRACE_PEEKSIGINFO, pid, &args, list);
    printf("pending %ld:", got);
    for (long i = 0; i < got; i++)
        printf(" %d", list[i].si_signo);
    printf("\n");
    args.nr = -1;
    ptr(PTRACE_PEEKSIGINFO, pid, &args, list);
}

int main(void) {
    pid_t pid = traced(signals);
    int status = next("child", pid), count = 0;
    info(pid);
    tr(PTRACE_CONT, pid, 0, 0);
    for (;;) {
        status = next("child", pid);
        if (!WIFSTOPPED(status))
            break;
        info(pid);
        int deliver = WSTOPSIG(status);
        if (deliver == SIGUSR1)
            switch (count++) {
            case 1:
                deliver = 0;
                break;
            case 2:
                deliver = SIGUSR2;
                break;
            case 3: {
                siginfo_t si;
                tr(PTRACE_GETSIGINFO, pid, 0, &si);
                si.si_value.sival_int = 77;
                ptr(PTRACE_SETSIGINFO, pid, 0, &si);
                break;
            }
            case 4:
                ptr(PTRACE_CONT, pid, 0, 65);
                ptr(PTRACE_CONT, pid, 0, -1);
                break;
            }
        if (deliver == SIGSTOP) {
            unsigned long mask = 0;
            peek(pid, 0);
            peek(pid, 1);
            peek(pid, 4);
            ptr(PTRACE_GETSIGMASK, pid, 8, &mask);
            printf("mask %#lx\n", mask);
            ptr(PTRACE_GETSIGMASK, pid, 4, &mask);
            ptr(PTRACE_SETSIGMASK, pid, 16, &mask);
            mask |= 1UL << (SIGUSR2 - 1);
            ptr(PTRACE_SETSIGMASK, pid, 8, &mask);
            ptr(PTRACE_GETSIGMASK, pid, 8, &mask);
            printf("mask %#lx\n", mask);
            deliver = 0;
        }
        if (deliver == SIGSEGV) {
            siginfo_t si;
            tr(PTRACE_GETSIGINFO, pid, 0, &si);
            printf("address %p\n", si.si_addr);
            deliver = SIGTERM;
        }
        tr(PTRACE_CONT, pid, 0, deliver);
    }
}
