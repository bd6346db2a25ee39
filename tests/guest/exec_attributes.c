// Attributes of a process that execve(2) keeps, resets or never touches.
#include "check.h"
#include <linux/prctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/times.h>

static void number(const char *label, const char *path) {
    char text[64] = "";
    int fd = open(path, O_RDONLY);
    read(fd, text, 63);
    close(fd);
    printf("  %s %s", label, text);
}

static int child(void) {
    cpu_set_t cpus;
    struct sched_param param;
    p(getpriority(PRIO_PROCESS, 0));
    p(sched_getscheduler(0));
    p(sched_getaffinity(0, sizeof cpus, &cpus) ? -1 : CPU_COUNT(&cpus));
    p(syscall(SYS_ioprio_get, 1, 0));
    p(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0));
    int value = -1;
    p(prctl(PR_GET_CHILD_SUBREAPER, &value, 0, 0, 0) ?: value);
    p(prctl(PR_GET_PDEATHSIG, &value, 0, 0, 0) ?: value);
    p(prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0));
    p(prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
    p(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
    p(prctl(PR_GET_TSC, &value, 0, 0, 0) ?: value);
    p(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
    p(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
    p(prctl(PR_GET_UNALIGN, &value, 0, 0, 0));
    number("oom_score_adj", "/proc/self/oom_score_adj");
    number("coredump_filter", "/proc/self/coredump_filter");
    struct rlimit limit;
    for (int r = 0; r < RLIM_NLIMITS; r++)
        if (r != RLIMIT_STACK && r != RLIMIT_NPROC && r != RLIMIT_SIGPENDING && r != RLIMIT_MEMLOCK && !getrlimit(r, &limit))
            printf("  limit %d: %lld %lld\n", r, (long long)limit.rlim_cur, (long long)limit.rlim_max);
    // The list of robust futexes is the C library's own by now, memory locks are gone, a rseq area may be registered anew.
    void *head;
    size_t size;
    p(syscall(SYS_get_robust_list, 0, &head, &size) == 0 && size == 24);
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, "VmLck", 5) || !strncmp(line, "Umask", 5) || !strncmp(line, "Threads", 7) || !strncmp(line, "Groups", 6))
            printf("  %s", line);
    struct rusage usage;
    p(getrusage(RUSAGE_CHILDREN, &usage) == 0 && usage.ru_nvcsw + usage.ru_nivcsw > 0);
    p(times(0) != -1);
    return 0;
}

int main(int argc, char **argv) {
    if (argc > 1)
        return child();
    copy_self("prog");
    pid_t pid = fork();
    if (!pid) {
        setpriority(PRIO_PROCESS, 0, 3);
        cpu_set_t cpus;
        CPU_ZERO(&cpus);
        CPU_SET(0, &cpus);
        sched_setaffinity(0, sizeof cpus, &cpus);
        struct sched_param param = {0};
        sched_setscheduler(0, SCHED_BATCH, &param);
        syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 5);
        prctl(PR_SET_TIMERSLACK, 12345, 0, 0, 0);
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
        prctl(PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0);
        prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
        prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
        int fd = open("/proc/self/oom_score_adj", O_WRONLY);
        write(fd, "500", 3);
        close(fd);
        fd = open("/proc/self/coredump_filter", O_WRONLY);
        write(fd, "0x7", 3);
        close(fd);
        struct rlimit limit = {10, 20};
        setrlimit(RLIMIT_CPU, &(struct rlimit){1000, 2000});
        setrlimit(RLIMIT_MSGQUEUE, &limit);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){1 << 20, 2 << 20});
        setrlimit(RLIMIT_NICE, &limit);
        mlock(malloc(4096), 4096);
        umask(027);
        if (!fork())
            _exit(0);
        wait(0);
        // Last, because what is not dumpable has files in /proc that are root's.
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
        char *args[] = {"prog", "child", 0}, *env[] = {0};
        sys(SYS_execve, "prog", args, env);
        _exit(1);
    }
    show_end("child", pid);
}
