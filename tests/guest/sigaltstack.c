// sigaltstack(2): handlers on a stack of their own, path calls from there, overflow of the main stack.
#include "check.h"
#include <setjmp.h>

static char *alternate;
static volatile int on_alternate, path_result;
static sigjmp_buf back;

static void handler(int signal) {
    char here;
    (void)signal;
    on_alternate = &here >= alternate && &here < alternate + 65536;
    struct stat st;
    path_result = (int)sys(SYS_stat, A("file"), &st);
    long fd = sys(SYS_openat, AT_FDCWD, A("file"), O_RDONLY);
    path_result += fd < 0;
    close(fd);
}

static void overflow(int signal) {
    handler(signal);
    siglongjmp(back, 1);
}

static __attribute__((noinline)) int deeper(int n) {
    volatile char block[4096];
    block[0] = (char)n;
    return n > 1000000 ? block[0] : deeper(n + 1) + block[0];
}

int main(void) {
    mkfile("file", "x");
    alternate = malloc(65536);
    stack_t ss = {alternate, 0, 65536}, old;
    t(sigaltstack, 0, &old);
    p(old.ss_flags == SS_DISABLE);
    t(sigaltstack, &ss, 0);
    t(sigaltstack, 0, &old);
    p(old.ss_sp == alternate && old.ss_size == 65536 && !old.ss_flags);
    struct sigaction sa = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    sigaction(SIGUSR1, &sa, 0);
    t(kill, getpid(), SIGUSR1);
    p(on_alternate);
    p(path_result);
    sa.sa_flags = 0;
    sigaction(SIGUSR1, &sa, 0);
    t(kill, getpid(), SIGUSR1);
    p(on_alternate);
    ss.ss_size = 100;
    t(sigaltstack, &ss, 0);
    ss.ss_flags = 0x99;
    t(sigaltstack, &ss, 0);
    t(sigaltstack, bad_page(), 0);

    struct rlimit small = {1 << 20, 1 << 20};
    setrlimit(RLIMIT_STACK, &small);
    sa = (struct sigaction){.sa_handler = overflow, .sa_flags = SA_ONSTACK};
    sigaction(SIGSEGV, &sa, 0);
    on_alternate = 0;
    if (!sigsetjmp(back, 1))
        deeper(0);
    printf("back from the overflow\n");
    p(on_alternate);
    p(path_result);
}
