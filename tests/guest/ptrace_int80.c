// Calls of the i386 ABI while one process traces another: of the tracer, of one that nobody traces, of the tracee.
#include "trace.h"

static long int80(long nr, long a, long b, long c) {
    long ret;
    __asm__ volatile("int $0x80" : "=a"(ret) : "a"(nr), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
    return ret;
}

static char *low(void) {
    char *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    if (page == MAP_FAILED)
        die("mmap");
    return page;
}

static void some(const char *who) {
    char *page = low();
    strcpy(page, "there");
    printf("%s: %ld %ld %ld\n", who, int80(20, 0, 0, 0) == getpid() ? 1L : 0L, int80(33, (long)page, 0, 0),
           int80(6, 99, 0, 0));
    strcpy(page, "nowhere");
    printf("%s: %ld\n", who, int80(33, (long)page, 0, 0));
}

static void as_tracee(void) { some("tracee"); }

int main(void) {
    mkfile("there", "");
    some("alone");
    pid_t pid = traced(as_tracee);
    next("stopped", pid);
    some("tracer");
    fflush(stdout);
    pid_t other = fork();
    if (!other) {
        some("another");
        _exit(0);
    }
    next("another", other);
    ptr(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD);
    // It prints now.
    tr(PTRACE_CONT, pid, 0, 0);
    next("tracee", pid);
}
