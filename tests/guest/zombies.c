// Ends of processes and threads: codes, the leader that goes first, children of threads, waits that leave things.
#include "check.h"
#include <pthread.h>

static int go[2];
static void *pauses(void *x) { for (;;) pause(); return x; }
static void *ends_group(void *code) { usleep(5000); syscall(SYS_exit_group, (int)(long)code); return 0; }
static void *ends_thread(void *code) { syscall(SYS_exit, (int)(long)code); return 0; }
static void *late(void *code) { usleep(30000); syscall(SYS_exit, (int)(long)code); return 0; }
static void *faults(void *x) { usleep(5000); *(volatile int *)8 = 1; return x; }
static void *kills(void *x) { usleep(5000); raise(SIGTERM); return x; }
static void *returns(void *x) { return x; }

static void in_threads(const char *label, void *(*one)(void *), void *argument, int leader) {
    pid_t pid = fork();
    if (!pid) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        pthread_t thread;
        pthread_create(&thread, 0, one, argument);
        if (leader == 1)
            syscall(SYS_exit, 77);
        if (leader == 2)
            pthread_exit(0);
        if (leader == 3)
            return (void)exit(78);
        pauses(0);
    }
    show_end(label, pid);
}

static void *forks(void *out) {
    pid_t pid = fork();
    if (!pid)
        _exit(61);
    *(pid_t *)out = pid;
    return 0;
}

static void *waits_own(void *pid) {
    printf("  __WNOTHREAD elsewhere: %s\n", waitpid(*(pid_t *)pid, 0, __WNOTHREAD) < 0 ? errno_name(errno) : "ok");
    return 0;
}

// In microseconds. A clock tick may find all of a short time in the kernel's part, or in the program's.
static long time_of(const struct rusage *usage) {
    return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000 + usage->ru_utime.tv_usec +
           usage->ru_stime.tv_usec;
}

int main(void) {
    static const int codes[] = {0, 1, 127, 128, 255, 256, -1, 511, 0x7fffffff};
    for (unsigned i = 0; i < sizeof codes / sizeof *codes; i++) {
        pid_t pid = fork();
        if (!pid)
            syscall(i & 1 ? SYS_exit : SYS_exit_group, codes[i]);
        int s;
        waitpid(pid, &s, 0);
        printf("%d: status %#x\n", codes[i], s);
    }
    in_threads("exit_group of a thread", ends_group, (void *)21, 0);
    in_threads("exit_group of a thread, the leader gone", ends_group, (void *)22, 1);
    in_threads("exit of the last thread, the leader gone", late, (void *)23, 1);
    in_threads("exit of the last thread, the leader returned", late, (void *)24, 2);
    in_threads("exit of the leader beside a thread", pauses, 0, 3);
    in_threads("a thread faults", faults, 0, 0);
    in_threads("a thread faults, the leader gone", faults, 0, 1);
    in_threads("a thread raises SIGTERM", kills, 0, 0);
    in_threads("a thread raises SIGTERM, the leader gone", kills, 0, 1);
    // While the leader is a zombie, the process is not: it cannot be waited for, but killed.
    pid_t pid = fork();
    if (!pid) {
        pthread_t thread;
        pthread_create(&thread, 0, pauses, 0);
        syscall(SYS_exit, 5);
    }
    char path[64], text[512] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    for (int i = 0; i < 3000; i++) {
        int fd = open(path, O_RDONLY);
        text[read(fd, text, sizeof text - 1)] = 0;
        close(fd);
        if (strrchr(text, ')')[2] == 'Z')
            break;
        usleep(1000);
    }
    printf("leader's state %c\n", strrchr(text, ')')[2]);
    p(waitpid(pid, 0, WNOHANG));
    p(kill(pid, 0));
    kill(pid, SIGKILL);
    show_end("killed", pid);
    // Children of a thread are the process's, unless one asks for the thread's own.
    pthread_t thread;
    pthread_create(&thread, 0, forks, &pid);
    pthread_join(thread, 0);
    show_end("child of a thread that is gone", pid);
    forks(&pid);
    pthread_create(&thread, 0, waits_own, &pid);
    pthread_join(thread, 0);
    p(waitpid(pid, 0, __WNOTHREAD) == pid);
    // A zombie can be looked at.
    pid = fork();
    if (!pid)
        _exit(9);
    siginfo_t info;
    p(waitid(P_PID, pid, &info, WEXITED | WNOWAIT) ?: info.si_status);
    p(kill(pid, SIGKILL));
    p(sched_getscheduler(pid));
    p(getpriority(PRIO_PROCESS, pid));
    snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
    int fd = open(path, O_RDONLY);
    p(read(fd, text, 10));
    close(fd);
    snprintf(path, sizeof path, "/proc/%d/exe", pid);
    pe(readlink(path, text, 10));
    snprintf(path, sizeof path, "/proc/%d/cwd", pid);
    pe(readlink(path, text, 10));
    show_end("looked at", pid);
    pe(waitpid(pid, 0, 0));
    // Usage of those that were waited for.
    pid = fork();
    if (!pid) {
        for (volatile long i = 0; i < 30000000; i++)
            ;
        _exit(0);
    }
    struct rusage usage, total;
    p(wait4(pid, 0, 0, &usage) == pid && time_of(&usage) > 0);
    getrusage(RUSAGE_CHILDREN, &total);
    p(time_of(&total) >= time_of(&usage));
    p(total.ru_maxrss > 0);
}
