// PTRACE_SINGLESTEP: one instruction at a time, over calls of every kind.
#include "trace.h"

// Two instructions in front of each call and one behind: marks by which the tracer knows where it is.
__attribute__((noinline)) static long call(long nr, const void *a, long b, long c) {
    long ret;
    register const void *first __asm__("rdi") = a;
    register long second __asm__("rsi") = b, third __asm__("rdx") = c;
    __asm__ volatile("nop\n\tsyscall\n\tnop\n\tnop" : "=a"(ret) : "a"(nr), "r"(first), "r"(second), "r"(third) : "rcx", "r11", "memory");
    return ret;
}

static char buffer[300];
static struct stat st;

static void calls(void) {
    call(SYS_getppid, NULL, 0, 0);
    call(SYS_open, "file", O_CREAT | O_RDWR, 0600);
    call(SYS_stat, "file", (long)&st, 0);
    call(SYS_open, "/nowhere/file", O_RDONLY, 0);
    call(SYS_getcwd, buffer, sizeof buffer, 0);
    call(SYS_unlink, "file", 0, 0);
    call(SYS_chdir, "/", 0, 0);
    call(SYS_kill, (void *)0, 99, 0);
    call(7777, NULL, 0, 0);
}

int main(void) {
    pid_t pid = traced(calls);
    int status = next("child", pid), steps = 0, after = 0;
    for (;;) {
        struct user_regs_struct r;
        siginfo_t si = {0};
        tr(PTRACE_GETREGS, pid, 0, &r);
        errno = 0;
        long word = ptrace(PTRACE_PEEKTEXT, pid, (void *)r.rip, NULL);
        int at_call = (word & 0xffff) == 0x050f;
        tr(PTRACE_GETSIGINFO, pid, 0, &si);
        if (after) {
            printf("behind: %s, result %s, registers %s, code %d, address %s, next %#lx\n", words(status),
                   (long)r.rax < 0 ? errno_name(-(long)r.rax) : "ok", (long)r.rdi == (long)buffer ? "buffer" : "kept",
                   si.si_code, si.si_addr == (void *)r.rip ? "here" : "elsewhere", (unsigned long)word & 0xff);
        }
        after = at_call;
        if (at_call && r.rax == SYS_exit_group)
            break;
        if (tr(PTRACE_SINGLESTEP, pid, 0, 0))
            die("step");
        if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
            break;
        if (WSTOPSIG(status) != SIGTRAP)
            printf("%s\n", words(status));
        steps++;
    }
    printf("%s\n", steps > 60 ? "many steps" : "few steps");
    tr(PTRACE_CONT, pid, 0, 0);
    next("end", pid);

    printf("-- breakpoint\n");
    pid = traced(calls);
    next("child", pid);
    errno = 0;
    long code = ptrace(PTRACE_PEEKTEXT, pid, (void *)calls, NULL);
    ptr(PTRACE_POKETEXT, pid, calls, (code & ~0xffL) | 0xcc);
    tr(PTRACE_CONT, pid, 0, 0);
    next("breakpoint", pid);
    struct user_regs_struct r;
    siginfo_t si = {0};
    tr(PTRACE_GETREGS, pid, 0, &r);
    tr(PTRACE_GETSIGINFO, pid, 0, &si);
    printf("at +%ld, code %#x\n", (long)r.rip - (long)calls, si.si_code);
    ptr(PTRACE_POKETEXT, pid, calls, code);
    r.rip--;
    ptr(PTRACE_SETREGS, pid, 0, &r);
    ptr(PTRACE_CONT, pid, 0, 0);
    next("end", pid);
}
