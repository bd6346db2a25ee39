// What a child has of its parent and what not: signals, timers, locks, usage, alternate stack, limits, offsets.
#include "check.h"
#include <linux/prctl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>

static void handler(int signal) {}
static char stack[65536] __attribute__((aligned(16)));

static int looks(void *unused) {
    sigset_t set, pending;
    sigprocmask(SIG_BLOCK, 0, &set);
    sigpending(&pending);
    printf("  blocked %d, pending %d %d", sigismember(&set, SIGUSR1), sigismember(&pending, SIGUSR1), sigismember(&pending, SIGRTMIN));
    struct sigaction sa;
    sigaction(SIGHUP, 0, &sa);
    printf(", handler %d", sa.sa_handler == handler);
    stack_t ss;
    sigaltstack(0, &ss);
    printf(", alternate stack %d", ss.ss_flags != SS_DISABLE);
    struct itimerval timer;
    getitimer(ITIMER_REAL, &timer);
    printf(", timer %d", timer.it_value.tv_sec != 0);
    struct itimerspec spec;
    printf(", POSIX timer %ld", sys(SYS_timer_gettime, 0, &spec));
    struct flock lock = {.l_type = F_WRLCK};
    int fd = open("file", O_RDWR);
    fcntl(fd, F_GETLK, &lock);
    printf(", record lock %s", lock.l_type == F_WRLCK ? "another's" : "none");
    printf(", flock %d", flock(40, LOCK_EX | LOCK_NB));
    printf(", offset %ld", (long)lseek(40, 1, SEEK_CUR));
    int value = 9;
    prctl(PR_GET_PDEATHSIG, &value);
    printf(", death signal %d", value);
    prctl(PR_GET_CHILD_SUBREAPER, &value);
    printf(", subreaper %d", value);
    char name[16];
    prctl(PR_GET_NAME, name);
    printf(", name %s, slack %d, nice %d", name, prctl(PR_GET_TIMERSLACK), getpriority(PRIO_PROCESS, 0));
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    printf(", descriptors %ld", (long)limit.rlim_cur);
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    printf(", children's time %d", usage.ru_utime.tv_sec + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec > 0);
    struct timespec cpu;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    printf(", own time small %d\n", cpu.tv_sec == 0 && cpu.tv_nsec < 50000000);
    _exit(0);
}

int main(void) {
    mkfile("file", "0123456789");
    int fd = open("file", O_RDWR);
    dup2(fd, 40);
    close(fd);
    for (volatile long i = 0; i < 100000000; i++)
        ;
    pid_t busy = fork();
    if (!busy) {
        for (volatile long i = 0; i < 30000000; i++)
            ;
        _exit(0);
    }
    waitpid(busy, 0, 0);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &set, 0);
    signal(SIGHUP, handler);
    raise(SIGUSR1);
    sigqueue(getpid(), SIGRTMIN, (union sigval){1});
    stack_t ss = {malloc(65536), 0, 65536};
    sigaltstack(&ss, 0);
    alarm(1000);
    int id;
    struct sigevent event = {.sigev_notify = SIGEV_NONE};
    syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id);
    prctl(PR_SET_PDEATHSIG, SIGUSR2);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_NAME, "parent");
    prctl(PR_SET_TIMERSLACK, 77777);
    setpriority(PRIO_PROCESS, 0, 2);
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){200, 300});
    struct flock lock = {.l_type = F_WRLCK};
    // Record locks fall with any close: after the last one.
    printf("fork\n");
    flock(40, LOCK_EX);
    fcntl(40, F_SETLK, &lock);
    pid_t pid = fork();
    if (!pid)
        looks(0);
    waitpid(pid, 0, 0);
    printf("vfork\n");
    pid = vfork();
    if (!pid)
        looks(0);
    waitpid(pid, 0, 0);
    fcntl(40, F_SETLK, &lock);
    printf("CLONE_VM\n");
    pid = clone(looks, stack + sizeof stack, CLONE_VM | SIGCHLD, 0);
    waitpid(pid, 0, 0);
    printf("CLONE_FILES\n");
    pid = clone(looks, stack + sizeof stack, CLONE_FILES | SIGCHLD, 0);
    waitpid(pid, 0, 0);
    p(lseek(40, 0, SEEK_CUR));
    // The parent still has its own.
    sigset_t pending;
    sigpending(&pending);
    p(sigismember(&pending, SIGUSR1) + sigismember(&pending, SIGRTMIN));
    p(alarm(0) > 900);
}
