// int 0x80 in a 64-bit program that traces another, and in the one that is traced.
#include "check.h"
#include <sys/ptrace.h>

static long i386(int nr, long a, long b) {
    int ret;
    __asm__ volatile("int $0x80" : "=a"(ret) : "0"(nr), "b"(a), "c"(b) : "memory", "r8", "r9", "r10", "r11");
    return ret;
}

static void calls(void) {
    p(i386(20, 0, 0) == getpid());
    p(i386(64, 0, 0) == getppid());
    show("access, bad address", i386(33, 16, 0), AS_NUMBER);
    show("close", i386(6, 99, 0), AS_NUMBER);
    fflush(stdout);
}

int main(void) {
    int status;
    pid_t probe = fork();
    if (!probe)
        _exit(i386(20, 0, 0) != getpid());
    waitpid(probe, &status, 0);
    if (WIFSIGNALED(status)) {
        printf("no such entry\n");
        return 0;
    }
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        calls();
        _exit(3);
    }
    waitpid(pid, &status, 0);
    p(WIFSTOPPED(status));
    calls();
    // What both print now would come in any order.
    if (ptrace(PTRACE_CONT, pid, 0, 0))
        die("PTRACE_CONT");
    show_end("traced", pid);
    calls();
}
