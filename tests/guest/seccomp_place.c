// Where in a page a call is made makes no difference to a filter that does not ask.
#include "seccomp.h"

// The system call instruction at each offset of a page in turn; then `ret`.
typedef long call_t(long nr, long a, long b, long c);
static unsigned char *page;
static struct stat st;

static call_t *call_at(unsigned offset) {
    // mov rax, rdi; mov rdi, rsi; mov rsi, rdx; mov rdx, rcx; syscall; ret
    static const unsigned char code[] = {0x48, 0x89, 0xf8, 0x48, 0x89, 0xf7, 0x48, 0x89, 0xd6, 0x48, 0x89, 0xca, 0x0f, 0x05, 0xc3};
    unsigned char *start = page + 4096 + offset - 12;
    memcpy(start, code, sizeof code);
    return (call_t *)start;
}

static volatile int traps;
static void handler(int signal, siginfo_t *info, void *context) {
    (void)signal;
    ucontext_t *uc = context;
    traps += info->si_call_addr == (void *)uc->uc_mcontext.gregs[REG_RIP];
}

int main(void) {
    mkfile("file", "x");
    page = mmap(0, 3 * 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        die("mmap");
    char *path = A("file");
    const unsigned actions[] = {SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | 9, SECCOMP_RET_TRAP, SECCOMP_RET_TRACE};
    for (size_t a = 0; a < LENGTH(actions); a++)
        CHILD("at each place", {
            struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
            sigaction(SIGSYS, &sa, 0);
            const int numbers[] = {SYS_stat, SYS_mmap, SYS_mkdir, SYS_getppid};
            for (size_t i = 0; i < LENGTH(numbers); i++)
                filter(numbers[i], actions[a]);
            long results[4] = {0};
            for (unsigned offset = 0; offset < 512; offset += 2) {
                results[0] += call_at(offset)(SYS_stat, (long)path, (long)&st, 0);
                results[1] += call_at(offset)(SYS_mmap, 1, 0, 0);
                results[2] += call_at(offset)(SYS_mkdir, (long)path, 0, 0);
                results[3] += call_at(offset)(SYS_getppid, 0, 0, 0) > 0;
            }
            printf("%ld %ld %ld %ld, %d traps\n", results[0], results[1], results[2], results[3], traps);
        });
    const unsigned deadly[] = {SECCOMP_RET_KILL_THREAD, SECCOMP_RET_KILL_PROCESS, 0x12340000};
    for (size_t a = 0; a < LENGTH(deadly); a++)
        for (unsigned offset = 0; offset < 256; offset += 16)
            CHILD("deadly", filter(SYS_mkdir, deadly[a]), call_at(offset)(SYS_mkdir, (long)path, 0, 0));
}
