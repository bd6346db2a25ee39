// int 0x80 in a 64-bit program: the i386 calls whose arguments look the same are made, registers and signals included.
#include "check.h"
#include <sys/epoll.h>

static char *low;
#define P(n) ((long)(uint32_t)(uintptr_t)(low + (n)))
static char *at(int n, const char *text) { return strcpy(low + n, text); }

// Makes the call with known values in the other registers; counts those that it changed. It clears r8 to r11.
struct frame {
    long nr, arg[6], ret, wrong;
};
void i386_entry(struct frame *frame);
__asm__(".text\n"
        "i386_entry:\n"
        "  push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15; push %rdi\n"
        "  mov %rdi, %r15\n"
        "  mov 0(%r15), %rax; mov 8(%r15), %rbx; mov 16(%r15), %rcx; mov 24(%r15), %rdx; mov 32(%r15), %rsi\n"
        "  mov 40(%r15), %rdi; mov 48(%r15), %rbp\n"
        "  mov $0x1212121212, %r12; mov $0x1313131313, %r13; mov $0x1414141414, %r14\n"
        "  int $0x80\n"
        "  mov %rax, 56(%r15)\n"
        "  xor %r8d, %r8d; xor %r9d, %r9d\n"
        "  cmp 8(%r15), %rbx; setne %r9b; add %r9, %r8\n"
        "  cmp 16(%r15), %rcx; setne %r9b; add %r9, %r8\n"
        "  cmp 24(%r15), %rdx; setne %r9b; add %r9, %r8\n"
        "  cmp 32(%r15), %rsi; setne %r9b; add %r9, %r8\n"
        "  cmp 40(%r15), %rdi; setne %r9b; add %r9, %r8\n"
        "  cmp 48(%r15), %rbp; setne %r9b; add %r9, %r8\n"
        "  mov $0x1212121212, %r9; cmp %r9, %r12; mov $0, %r9d; setne %r9b; add %r9, %r8\n"
        "  mov $0x1414141414, %r9; cmp %r9, %r14; mov $0, %r9d; setne %r9b; add %r9, %r8\n"
        "  mov %r8, 64(%r15)\n"
        "  pop %rdi; pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
        "  ret\n");

static long i386(long nr, long a, long b, long c, long d, long e) {
    struct frame frame = {nr, {a, b, c, d, e, 0}};
    i386_entry(&frame);
    if (frame.wrong)
        printf("call %ld changed %ld registers\n", nr, frame.wrong);
    return frame.ret;
}

#define c(nr, ...) c5(nr, ##__VA_ARGS__, 0, 0, 0, 0, 0)
#define c5(nr, a, b, cc, d, e, ...) i386(nr, a, b, cc, d, e)
#define s(label, nr, ...) show(label, c(nr, ##__VA_ARGS__), AS_NUMBER)

static volatile int hits;
static void handler(int signal) { hits++; }

int main(void) {
    low = mmap(0, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    pid_t probe = fork();
    if (!probe)
        _exit(c(20) != getpid());
    int status;
    waitpid(probe, &status, 0);
    if (WIFSIGNALED(status)) {
        printf("no such entry\n");
        return 0;
    }
    p(c(20) == getpid());
    p(c(64) == getppid());
    p(c(199) == getuid());
    p(c(224) == syscall(SYS_gettid));
    p(c(60, 022));
    at(0, "file");
    at(64, "dir");
    at(128, "dir/../file");
    at(192, "/nowhere");
    at(256, A("file"));
    s("open", 5, P(0), O_RDONLY);
    // O_LARGEFILE, which 64-bit programs do not know because all their files have it.
    long fd = c(5, P(0), O_RDWR | O_CREAT | O_EXCL | 0100000, 0640);
    p(fd >= 0);
    s("open again", 5, P(0), O_RDWR | O_CREAT | O_EXCL, 0640);
    at(1024, "twelve bytes");
    s("write", 4, fd, P(1024), 12);
    s("lseek", 19, fd, -4, SEEK_END);
    s("read", 3, fd, P(2048), 100);
    printf("  \"%s\"\n", low + 2048);
    s("lseek before the start", 19, fd, -100, SEEK_SET);
    s("write, bad address", 4, fd, 16, 12);
    s("open, bad address", 5, 16, 0);
    s("mkdir", 39, P(64), 0755);
    s("access", 33, P(128), R_OK);
    s("access, absolute", 33, P(256), W_OK);
    s("access, missing", 33, P(192), R_OK);
    s("openat", 295, -100, P(192), 0);
    s("chdir", 12, P(64));
    s("chdir, file", 12, P(0));
    char *cwd = low + 4096;
    p(c(183, P(4096), 4096) == strlen(A("dir")) + 1);
    printf("  %s\n", shown(cwd));
    p(chdir(".."));
    s("chmod", 15, P(0), 0600);
    show_path("file");
    at(320, "link");
    s("symlink", 83, P(0), P(320));
    s("readlink", 85, P(320), P(2048), 64);
    at(384, "hard");
    s("link", 9, P(0), P(384));
    s("rename", 38, P(384), P(320));
    s("unlink", 10, P(320));
    s("rmdir", 40, P(64));
    s("rmdir again", 40, P(64));
    s("ftruncate64", 194, fd, 5, 1);
    show_path("file");
    s("truncate", 92, P(0), 3);
    show_path("file");
    s("truncate, negative", 92, P(0), -3);
    s("unlinkat", 301, -100, P(192), 0);
    s("statx", 383, -100, P(0), 0, STATX_BASIC_STATS);
    // A mapping is where it can be reached.
    long map = c(192, 0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    p(map > 0 && map + 8192 < 1l << 32);
    s("munmap", 91, map, 8192);
    s("socket", 359, 99, 1, 0);
    s("pipe", 42, P(2048));
    int *pair = (int *)(low + 2048);
    s("kill", 37, 0x7ffffffe, 0);
    p(c(37, getpid(), 0));
    s("not a call", 9999);
    s("close", 6, fd);
    s("close again", 6, fd);
    // Interrupted and restarted.
    struct sigaction sa = {.sa_handler = handler};
    sigaction(SIGALRM, &sa, 0);
    setitimer(ITIMER_REAL, &(struct itimerval){{0}, {0, 20000}}, 0);
    s("read, interrupted", 3, pair[0], P(3000), 1);
    sa.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &sa, 0);
    pid_t pid = fork();
    if (!pid) {
        usleep(100000);
        write(pair[1], "z", 1);
        _exit(0);
    }
    setitimer(ITIMER_REAL, &(struct itimerval){{0}, {0, 20000}}, 0);
    s("read, restarted", 3, pair[0], P(3000), 1);
    p(hits);
    waitpid(pid, 0, 0);
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 700}, {0, 700}}, 0);
    long wrong = 0;
    for (int i = 0; i < 3000; i++)
        wrong += c(20) != getpid() || c(33, P(128), R_OK) != -ENOENT || c(33, P(0), R_OK) != 0;
    setitimer(ITIMER_REAL, &(struct itimerval){0}, 0);
    p(wrong);
    pid = fork();
    if (!pid)
        c(252, 21);
    show_end("exit_group", pid);
    pid = fork();
    if (!pid) {
        c(37, getpid(), SIGKILL);
        _exit(1);
    }
    show_end("kill", pid);
}
