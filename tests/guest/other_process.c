// A process's attributes seen and set by its parent: limits, priorities, memory, descriptors, names, while it runs and after.
#include "check.h"
#include <sys/prctl.h>

static volatile char *shared;

int main(void) {
    // A group of its own, whoever started it.
    setpgid(0, 0);
    shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int told[2], go[2];
    char byte;
    pipe(told);
    pipe(go);
    static char text[64] = "of the parent";
    pid_t pid = fork();
    if (!pid) {
        strcpy(text, "of the child");
        prctl(PR_SET_NAME, "a child");
        write(told[1], "x", 1);
        read(go[0], &byte, 1);
        struct rlimit limit;
        getrlimit(RLIMIT_FSIZE, &limit);
        printf("  limit %ld, nice %d, text \"%s\"\n", (long)limit.rlim_cur, getpriority(PRIO_PROCESS, 0), text);
        _exit(0);
    }
    read(told[0], &byte, 1);
    struct rlimit old, limit = {1 << 20, 1 << 21};
    p(prlimit(pid, RLIMIT_FSIZE, &limit, &old));
    p(prlimit(pid, RLIMIT_FSIZE, 0, &old) ?: (long)old.rlim_cur);
    limit.rlim_max = RLIM_INFINITY;
    pe(prlimit(pid, RLIMIT_FSIZE, &limit, 0));
    pe(prlimit(999999999, RLIMIT_FSIZE, 0, &old));
    pe(prlimit(pid, 99, 0, &old));
    p(setpriority(PRIO_PROCESS, pid, 4));
    pe(setpriority(PRIO_PROCESS, pid, 1) < 0 ? (errno = errno == EPERM ? EACCES : errno, -1) : 0);
    p(getpriority(PRIO_PROCESS, pid));
    cpu_set_t cpus;
    p(sched_getaffinity(pid, sizeof cpus, &cpus));
    p(sched_setaffinity(pid, sizeof cpus, &cpus));
    pe(sched_setaffinity(999999999, sizeof cpus, &cpus));
    struct sched_param param = {0};
    p(sched_setscheduler(pid, SCHED_BATCH, &param));
    p(sched_getscheduler(pid));
    param.sched_priority = 5;
    pe(sched_setscheduler(pid, SCHED_FIFO, &param));
    char copy[64] = "", mine[64] = "rewritten";
    struct iovec local = {copy, 20}, remote = {text, 20}, out = {mine, 10};
    p(process_vm_readv(pid, &local, 1, &remote, 1, 0));
    printf("  \"%s\"\n", copy);
    p(process_vm_writev(pid, &out, 1, &remote, 1, 0));
    remote.iov_base = (void *)16;
    pe(process_vm_readv(pid, &local, 1, &remote, 1, 0));
    pe(process_vm_readv(999999999, &local, 1, &remote, 1, 0));
    pe(process_vm_readv(pid, &local, 1, &remote, 1, 1));
    p(syscall(SYS_kcmp, getpid(), pid, 0 /* KCMP_FILE */, 1, 1) == 0);
    p(syscall(SYS_kcmp, getpid(), pid, 1 /* KCMP_VM */, 0, 0) != 0);
    clockid_t clock;
    struct timespec now;
    p(clock_getcpuclockid(pid, &clock));
    p(clock_gettime(clock, &now));
    p(getpgid(pid) == getpgrp());
    p(getsid(pid) == getsid(0));
    char path[64], line[64];
    snprintf(path, sizeof path, "/proc/%d/comm", pid);
    int fd = open(path, O_RDWR);
    line[read(fd, line, 63)] = 0;
    printf("  %s", line);
    p(write(fd, "named", 5) < 0 ? -errno : 5);
    close(fd);
    snprintf(path, sizeof path, "/proc/%d/oom_score_adj", pid);
    fd = open(path, O_RDWR);
    p(write(fd, "300", 3));
    line[pread(fd, line, 63, 0)] = 0;
    printf("  %s", line);
    close(fd);
    write(go[1], "x", 1);
    show_end("child", pid);
    pe(prlimit(pid, RLIMIT_FSIZE, 0, &old));
    pe(sched_getscheduler(pid));
    pe(process_vm_readv(pid, &local, 1, &remote, 1, 0));
    // Priorities by group and user.
    p(setpriority(PRIO_PGRP, 0, 3));
    p(getpriority(PRIO_PGRP, 0));
    pe(getpriority(PRIO_PROCESS, 999999999));
    pe(getpriority(7, 0));
}
