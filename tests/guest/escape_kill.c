// Tries to end or disturb the tracer. Run by tests/escape.rs, under xroot only: natively it would hit the test.
//
// Argument: what to try. The exit status is 7 where the attempt leaves this process alive.
#include "check.h"
#include <sys/ptrace.h>

static int tracer(void) {
    char status[4096] = "";
    int fd = open("/proc/self/status", O_RDONLY);
    read(fd, status, sizeof status - 1);
    close(fd);
    char *at = strstr(status, "TracerPid:");
    int pid = at ? atoi(at + 10) : 0;
    return pid ? pid : getppid();
}

static void result(const char *call, long ret) { printf("%s: %s\n", call, ret < 0 ? "refused" : "accepted"); }

// Still able to do what needs the tracer?
static void alive(void) {
    struct stat st;
    usleep(20000);
    mkfile("after", "x");
    if (sys(SYS_stat, A("after"), &st) || sys(SYS_stat, A("missing"), &st) != -ENOENT)
        die("path calls");
    pid_t pid = fork();
    if (!pid)
        _exit(3);
    int s;
    if (waitpid(pid, &s, 0) != pid || WEXITSTATUS(s) != 3)
        die("fork");
    printf("alive\n");
}

static void by_pid(int pid) {
    static const int signals[] = {SIGKILL, SIGSTOP, SIGTERM, SIGSEGV, SIGXCPU};
    siginfo_t info = {.si_code = SI_QUEUE};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        result("kill", sys(SYS_kill, pid, signals[i]));
        result("tkill", sys(SYS_tkill, pid, signals[i]));
        result("tgkill", sys(SYS_tgkill, pid, pid, signals[i]));
        result("rt_sigqueueinfo", sys(SYS_rt_sigqueueinfo, pid, signals[i], &info));
        result("rt_tgsigqueueinfo", sys(SYS_rt_tgsigqueueinfo, pid, pid, signals[i], &info));
        long fd = sys(SYS_pidfd_open, pid, 0);
        result("pidfd_send_signal", sys(SYS_pidfd_send_signal, fd, signals[i], 0, 0));
        char path[64];
        snprintf(path, sizeof path, "/proc/%d", pid);
        fd = sys(SYS_openat, AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
        result("pidfd_send_signal by /proc", sys(SYS_pidfd_send_signal, fd, signals[i], 0, 0));
    }
    struct rlimit none = {0, 0};
    result("prlimit64 CPU", sys(SYS_prlimit64, pid, RLIMIT_CPU, &none, 0));
    result("prlimit64 NOFILE", sys(SYS_prlimit64, pid, RLIMIT_NOFILE, &none, 0));
    result("prlimit64 AS", sys(SYS_prlimit64, pid, RLIMIT_AS, &none, 0));
    char byte = 0;
    struct iovec mine = {&byte, 1}, theirs = {(void *)0x400000, 1};
    result("process_vm_writev", sys(SYS_process_vm_writev, pid, &mine, 1, &theirs, 1, 0));
    // An owner of descriptors gets signals too: SIGKILL as the one that data ready sends.
    int pair[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    fcntl(pair[0], F_SETOWN, pid);
    fcntl(pair[0], F_SETSIG, SIGKILL);
    fcntl(pair[0], F_SETFL, O_ASYNC);
    write(pair[1], "x", 1);
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGKILL};
    event._sigev_un._tid = pid;
    timer_t timer;
    result("timer_create", sys(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer));
    pid_t child = fork();
    if (!child)
        _exit(sys(SYS_ptrace, PTRACE_SEIZE, pid, 0, 0) == 0 ? 1 : sys(SYS_ptrace, PTRACE_ATTACH, pid, 0, 0) == 0);
    int s;
    waitpid(child, &s, 0);
    result("ptrace", s ? 0 : -1);
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    signal(SIGTERM, SIG_IGN);
    if (!strcmp(what, "tracer"))
        by_pid(tracer());
    else if (!strcmp(what, "parent"))
        by_pid(getppid());
    else if (!strcmp(what, "everybody")) {
        pid_t pid = fork();
        if (!pid)
            for (;;)
                pause();
        result("kill(-1, 0)", sys(SYS_kill, -1, 0));
        result("kill(-1, SIGKILL)", sys(SYS_kill, -1, SIGKILL));
        kill(pid, SIGKILL);
        show_end("child", pid);
    } else if (!strcmp(what, "own group")) {
        signal(SIGUSR1, SIG_IGN);
        result("kill(0, SIGUSR1)", sys(SYS_kill, 0, SIGUSR1));
        alive();
        // This is the end of this process, and of no other that matters.
        sys(SYS_kill, 0, SIGKILL);
    } else if (!strcmp(what, "own group by number")) {
        sys(SYS_kill, -getpgrp(), SIGKILL);
    } else {
        die("what");
    }
    alive();
    return 7;
}
