// A signal every millisecond during path calls, with and without SA_RESTART, in every thread: results, registers and
// the interrupted program counter are what they are natively, and no call fails that would not fail by itself.
#include "check.h"
#include <pthread.h>
#include <sys/ucontext.h>

extern char __executable_start, etext;

static long outside, handled;
static int wrong[8];

// Code runs in this program and in the vdso only. It is static, so nothing else is mapped executable by the kernel.
static uintptr_t vdso_start, vdso_end;

static void handler(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info;
    uintptr_t ip = ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    int mine = (ip >= (uintptr_t)&__executable_start && ip < (uintptr_t)&etext) || (ip >= vdso_start && ip < vdso_end);
    __atomic_add_fetch(&outside, !mine, __ATOMIC_RELAXED);
    __atomic_add_fetch(&handled, 1, __ATOMIC_RELAXED);
    // Path calls on top of the one that was interrupted.
    struct stat st;
    int *own = context ? &wrong[7] : 0;
    if (handled % 16 == 0) {
        *own += sys(SYS_stat, A("file"), &st) != 0;
        long fd = sys(SYS_openat, AT_FDCWD, A("file"), O_RDONLY);
        *own += fd < 0;
        close((int)fd);
    }
}

static void find_vdso(void) {
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && fgets(line, sizeof line, maps))
        if (strstr(line, "[vdso]"))
            sscanf(line, "%lx-%lx", &vdso_start, &vdso_end);
    if (maps)
        fclose(maps);
}

static void *work(void *arg) {
    long me = (long)arg;
    char name[32], target[64];
    struct stat st;
    for (int i = 0; i < 1000; i++) {
        wrong[me] += sys(SYS_stat, A("file"), &st) != 0 || st.st_size != 5;
        wrong[me] += sys(SYS_stat, "absent", &st) != -ENOENT;
        long fd = sys(SYS_openat, AT_FDCWD, i & 1 ? A("file") : "link", O_RDONLY);
        char text[8] = "";
        wrong[me] += fd < 0 || read((int)fd, text, 8) != 5 || strcmp(text, "hello");
        wrong[me] += sys(SYS_close, fd) != 0;
        wrong[me] += sys(SYS_readlink, A("link"), target, sizeof target) != 4;
        wrong[me] += sys(SYS_access, A("file"), X_OK) != -EACCES;
        snprintf(name, sizeof name, "new%ld", me);
        wrong[me] += sys(SYS_mkdir, A(name), 0700) != 0;
        wrong[me] += sys(SYS_mkdir, A(name), 0700) != -EEXIST;
        wrong[me] += sys(SYS_rmdir, name) != 0;
    }
    return 0;
}

static void storm(const char *label, int flags, int threads) {
    memset(wrong, 0, sizeof wrong);
    outside = handled = 0;
    struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
    sigaction(SIGALRM, &sa, 0);
    sigaction(SIGPROF, &sa, 0);
    struct itimerval timer = {{0, 1000}, {0, 1000}}, off = {0};
    setitimer(ITIMER_REAL, &timer, 0);
    setitimer(ITIMER_PROF, &timer, 0);
    pthread_t thread[4];
    for (long i = 1; i < threads; i++)
        pthread_create(&thread[i], 0, work, (void *)i);
    work(0);
    for (long i = 1; i < threads; i++)
        pthread_join(thread[i], 0);
    setitimer(ITIMER_REAL, &off, 0);
    setitimer(ITIMER_PROF, &off, 0);
    int sum = 0;
    for (int i = 0; i < 8; i++)
        sum += wrong[i];
    printf("%s: %d wrong, signals %s, %ld with a foreign program counter\n", label, sum, handled > 3 ? "came" : "missed", outside);
}

int main(void) {
    find_vdso();
    mkfile("file", "hello");
    ln("file", "link");
    static char alternate[65536];
    stack_t ss = {alternate, 0, sizeof alternate};
    storm("plain", 0, 1);
    storm("restarting", SA_RESTART, 1);
    storm("threads", 0, 4);
    sigaltstack(&ss, 0);
    storm("restarting, on another stack", SA_RESTART | SA_ONSTACK, 1);
    storm("not deferred", SA_RESTART | SA_NODEFER, 1);
}
