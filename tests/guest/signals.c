// Signals: handlers, masks, siginfo, interrupted and restarted calls, signals that arrive during path calls.
#include "check.h"
#include <sys/ucontext.h>

static volatile int count, last_signal, last_code;
static volatile pid_t sender;
static volatile long value;

static void note(int signal, siginfo_t *info, void *context) {
    (void)context;
    count++;
    last_signal = signal;
    last_code = info->si_code;
    sender = info->si_pid;
    value = (long)info->si_value.sival_ptr;
}

static const char *there, *missing;

static void path_calls(int signal) {
    // A handler may make any path call, on top of the one it interrupted. It must not call A(): on a busy machine
    // four handlers run between two instructions of main, and only eight results live at once.
    struct stat st;
    count += !sys(SYS_stat, there, &st) && sys(SYS_access, missing, F_OK) == -ENOENT;
    (void)signal;
}

static void on(int signal, void (*handler)(int, siginfo_t *, void *), int flags) {
    struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
    sigaction(signal, &sa, 0);
}

int main(void) {
    mkfile("file", "x");
    pid_t me = getpid();
    on(SIGUSR1, note, 0);
    on(SIGUSR2, note, 0);
    on(SIGRTMIN + 1, note, 0);

    t(kill, getpid(), SIGUSR1);
    printf("  %d times, code %d, from %s\n", count, last_code, sender == me ? "me" : "another");
    t(tgkill, getpid(), sys(SYS_gettid), SIGUSR2);
    printf("  %d times, signal %d, code %d\n", count, last_signal, last_code);
    union sigval v = {.sival_int = 42};
    pe(sigqueue(me, SIGRTMIN + 1, v));
    printf("  %d times, code %d, value %ld\n", count, last_code, value);

    // Blocked signals wait; standard ones merge, real-time ones queue.
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGRTMIN + 1);
    sigprocmask(SIG_BLOCK, &set, &old);
    count = 0;
    for (int i = 0; i < 3; i++)
        kill(me, SIGUSR1), sigqueue(me, SIGRTMIN + 1, v);
    p(count);
    struct stat st;
    t(stat, A("file"), &st);
    sigset_t pending;
    sigpending(&pending);
    p(sigismember(&pending, SIGUSR1));
    sigprocmask(SIG_SETMASK, &old, 0);
    p(count);

    // sigtimedwait, sigwaitinfo, signalfd-free.
    sigprocmask(SIG_BLOCK, &set, 0);
    kill(me, SIGUSR1);
    siginfo_t info;
    struct timespec soon = {1, 0}, now = {0, 0};
    p(sigtimedwait(&set, &info, &soon) == SIGUSR1);
    pe(sigtimedwait(&set, &info, &now));
    sigprocmask(SIG_SETMASK, &old, 0);

    // A sleeping call is interrupted.
    count = 0;
    struct itimerval timer = {.it_value = {0, 20000}};
    on(SIGALRM, note, 0);
    setitimer(ITIMER_REAL, &timer, 0);
    t(pause);
    setitimer(ITIMER_REAL, &timer, 0);
    struct timespec lengthy = {30, 0};
    t(nanosleep, &lengthy, &lengthy);
    int pipes[2];
    if (pipe(pipes))
        die("pipe");
    setitimer(ITIMER_REAL, &timer, 0);
    char byte;
    t(read, pipes[0], &byte, 1);
    setitimer(ITIMER_REAL, &timer, 0);
    t(poll, 0, 0, 10000);
    p(count);

    // With SA_RESTART the read goes on; a child writes later.
    on(SIGALRM, note, SA_RESTART);
    setitimer(ITIMER_REAL, &timer, 0);
    pid_t pid = fork();
    if (!pid) {
        usleep(60000);
        write(pipes[1], "x", 1);
        _exit(0);
    }
    t(read, pipes[0], &byte, 1);
    show_end("writer", pid);
    p(count);

    // A storm of signals during path calls: every call gives its own result.
    struct sigaction sa = {.sa_handler = path_calls, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &sa, 0);
    timer = (struct itimerval){{0, 0}, {0, 500}};
    count = 0;
    there = strdup(A("file")), missing = strdup(A("missing"));
    int wrong = 0, begun = -1;
    for (int i = 0; i < 20000 || count < 20; i++) {
        // The next begins only when the last is over, or on a slow machine nothing but handlers would run.
        if (count != begun) {
            begun = count;
            setitimer(ITIMER_REAL, &timer, 0);
        }
        wrong += sys(SYS_stat, A("file"), &st) != 0;
        wrong += sys(SYS_stat, A("absent"), &st) != -ENOENT;
        long fd = sys(SYS_openat, AT_FDCWD, A("file"), O_RDONLY);
        wrong += fd < 0;
        close(fd);
    }
    timer = (struct itimerval){{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &timer, 0);
    p(wrong);
    p(count >= 20);

    // Handlers see faults with the address.
    on(SIGSEGV, note, SA_RESETHAND);
    pid = fork();
    if (!pid) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        *(volatile char *)bad_page() = 1;
        _exit(0);
    }
    show_end("fault again after the handler", pid);
    t(rt_sigaction, SIGKILL, &sa, 0, 8);
    t(rt_sigaction, 65, &sa, 0, 8);
    t(rt_sigaction, SIGUSR1, &sa, 0, 4);
    t(rt_sigprocmask, 9, &set, 0, 8);
    t(rt_sigsuspend, 0, 8);
}
