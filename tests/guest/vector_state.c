// Registers that no system call touches: vectors, x87, control words, thread pointers; over trapped calls and signals.
#include "check.h"
#include <asm/prctl.h>
#include <immintrin.h>

static struct stat st;
static volatile int hits;

static void handler(int signal) {
    hits++;
    // A path call in a handler, with the registers in a mess.
    __asm__ volatile("pxor %%xmm3, %%xmm3; fninit; fld1; fld1" : : : "xmm3");
    sys(SYS_stat, "file", &st);
}

// 1 if all of xmm0 to xmm15, MXCSR and the x87 state are as before after call `nr`.
static int kept(long nr, long a, long b, long c) {
    static unsigned char before[512] __attribute__((aligned(16))), after[512] __attribute__((aligned(16)));
    long ret;
    register long r10 __asm__("r10") = 0;
    __asm__ volatile(
        "movl $0x3f80, -4(%%rsp); ldmxcsr -4(%%rsp)\n"
        "fninit; fldpi; fld1; fldl2e\n"
        "movq %%rax, %%xmm0; movq %%rsi, %%xmm1; movq %%rdi, %%xmm2\n"
        "pcmpeqd %%xmm3, %%xmm3; pcmpeqd %%xmm7, %%xmm7; pslldq $3, %%xmm7\n"
        "movdqa %%xmm3, %%xmm11; psrldq $5, %%xmm11; movdqa %%xmm7, %%xmm15; movdqa %%xmm0, %%xmm8\n"
        "fxsave64 %[before]\n"
        "syscall\n"
        "fxsave64 %[after]\n"
        "movl $0x1f80, -4(%%rsp); ldmxcsr -4(%%rsp); fninit\n"
        : "=a"(ret), [before] "=m"(before), [after] "=m"(after)
        : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10)
        : "rcx", "r11", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm7", "xmm8", "xmm11", "xmm15");
    // Reserved bytes at the end are anybody's.
    return !memcmp(before, after, 416);
}

// The flags after a call: those that a program can set and does not get back are a difference.
static long flags_after(long nr, long a, long b, long flags) {
    long out, ret = nr;
    __asm__ volatile("push %3; popfq; syscall; pushfq; pop %1; cld"
                     : "+a"(ret), "=&r"(out)
                     : "D"(a), "r"(flags), "S"(b)
                     : "rcx", "r11", "memory", "cc");
    return out & 0x244cd5;
}

int main(void) {
    mkfile("file", "x");
    p(kept(SYS_getpid, 0, 0, 0));
    p(kept(SYS_stat, (long)"file", (long)&st, 0));
    p(kept(SYS_stat, (long)A("missing"), (long)&st, 0));
    p(kept(SYS_open, (long)"missing", O_RDONLY, 0));
    p(kept(SYS_open, (long)A("file"), O_RDONLY, 0));
    p(kept(SYS_access, (long)"file", R_OK, 0));
    p(kept(SYS_chdir, (long)".", 0, 0));
    p(kept(SYS_rename, (long)"file", (long)"file2", 0));
    p(kept(SYS_rename, (long)"file2", (long)"file", 0));
    p(kept(SYS_execve, (long)"missing", 0, 0));
    p(kept(777, 0, 0, 0));
    static const long flags[] = {0x202, 0x202 | 0x400, 0x202 | 0x8d5, 0x202 | 0x40000, 0x202 | 0x200000};
    for (int i = 0; i < 5; i++)
        printf("flags %#lx: %#lx %#lx %#lx\n", flags[i], flags_after(SYS_getpid, 0, 0, flags[i]), flags_after(SYS_stat, (long)"file", (long)&st, flags[i]),
               flags_after(SYS_chmod, (long)"file", 0600, flags[i]));
    // Under a storm of signals.
    struct sigaction sa = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &sa, 0);
    struct itimerval timer = {{0, 300}, {0, 300}};
    setitimer(ITIMER_REAL, &timer, 0);
    int wrong = 0;
    for (int i = 0; i < 5000; i++)
        wrong += !kept(i & 1 ? SYS_stat : SYS_chmod, (long)"file", i & 1 ? (long)&st : 0600, 0);
    timer = (struct itimerval){0};
    setitimer(ITIMER_REAL, &timer, 0);
    p(wrong);
    p(hits > 0);
    // GS is the program's own.
    static long own[4] = {11, 22, 33, 44};
    t(arch_prctl, ARCH_SET_GS, own);
    long seen;
    sys(SYS_stat, "file", &st);
    sys(SYS_chmod, "file", 0644);
    __asm__ volatile("mov %%gs:8, %0" : "=r"(seen));
    p(seen);
    unsigned long base;
    t(arch_prctl, ARCH_GET_GS, &base);
    p(base == (unsigned long)own);
    t(arch_prctl, ARCH_SET_GS, 1ul << 63);
    t(arch_prctl, 0x9999, 0);
    pid_t pid = fork();
    if (!pid) {
        sys(SYS_chmod, "file", 0600);
        __asm__ volatile("mov %%gs:16, %0" : "=r"(seen));
        _exit(seen);
    }
    show_end("child", pid);
}
