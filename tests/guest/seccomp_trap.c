// SECCOMP_RET_TRAP: what the handler is told, what it may change, and what becomes of a SIGSYS that nobody handles.
#include "seccomp.h"

static struct stat st;
static volatile long answer;
extern char after_call[];

// A system call whose end has a name.
__asm__(".text\n"
        "named_call: mov %rdi, %rax; mov %rsi, %rdi; mov %rdx, %rsi; mov %rcx, %rdx; xor %r10d, %r10d; xor %r8d, %r8d\n"
        "  xor %r9d, %r9d; syscall\n"
        "after_call: ret\n");
long named_call(long nr, long a, long b, long c);

static void handler(int signal, siginfo_t *info, void *context) {
    ucontext_t *uc = context;
    dprintf(1, "SIGSYS %d code %d errno %d syscall %d arch %d at the call %d, rax is the number %d, rip %d\n",
            signal == SIGSYS, info->si_code, info->si_errno, info->si_syscall, info->si_arch == AUDIT_ARCH_X86_64,
            info->si_call_addr == (void *)after_call, (int)uc->uc_mcontext.gregs[REG_RAX] == info->si_syscall,
            uc->uc_mcontext.gregs[REG_RIP] == (long)after_call);
    dprintf(1, "first argument kept %d\n", uc->uc_mcontext.gregs[REG_RDI] == answer);
    uc->uc_mcontext.gregs[REG_RAX] = 4711;
}

static void handle(void) {
    struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGSYS, &sa, 0);
}

static void block(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGSYS);
    sigprocmask(SIG_BLOCK, &set, 0);
}

static void call(long nr, long a, long b, long c) {
    answer = a;
    printf("= %ld\n", named_call(nr, a, b, c));
}

static void calls(void) {
    call(SYS_stat, (long)A("file"), (long)&st, 0);
    call(SYS_getppid, 12, 0, 0);
    call(SYS_mkdir, (long)A("new"), 0700, 0);
    call(SYS_mount, 0, 0, 0);
    call(SYS_execve, (long)A("file"), 0, 0);
    t(access, A("new"), 0);
}

static void trap(unsigned data) {
    const int numbers[] = {SYS_stat, SYS_getppid, SYS_mkdir, SYS_mount, SYS_execve};
    for (size_t i = 0; i < LENGTH(numbers); i++)
        filter(numbers[i], SECCOMP_RET_TRAP | data);
}

int main(void) {
    mkfile("file", "x");
    CHILD("handled", handle(), trap(0), calls());
    CHILD("with data", handle(), trap(1234), calls());
    CHILD("default", trap(0), calls());
    CHILD("ignored", signal(SIGSYS, SIG_IGN), trap(0), calls());
    CHILD("blocked", block(), trap(0), calls());
    CHILD("handled and blocked", handle(), block(), trap(0), calls());
    CHILD("sent", handle(), trap(0), signal(SIGSYS, SIG_IGN), raise(SIGSYS), printf("still here\n"));
    CHILD("blocked and sent", {
        handle();
        block();
        raise(SIGSYS);
        trap(0);
        printf("not yet\n");
        calls();
    });
}
