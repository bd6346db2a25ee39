// Every action of a filter, for calls that have a path, calls that have none, and one that does not exist.
#include "seccomp.h"

static struct stat st;
static volatile sig_atomic_t caught;
static void handler(int signal) { caught = signal; }

static void calls(void) {
    t(stat, A("file"), &st);
    tv(getppid);
    t(openat, AT_FDCWD, A("missing"), O_RDONLY);
    p(sys(1000));
    t(chdir, A("dir"));
    tv(fcntl, 0, F_GETFD);
    tv(unshare, 0);
    printf("done\n");
}

static void *thread(void *nr) {
    if ((long)nr == SYS_stat)
        sys(SYS_stat, A("file"), &st);
    else
        sys((long)nr);
    printf("thread goes on\n");
    return 0;
}

static void in_thread(long nr) {
    static char stack[1 << 16];
    volatile int tid = 1;
    int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_CHILD_CLEARTID | CLONE_SYSVSEM;
    if (clone((int (*)(void *))thread, stack + sizeof stack, flags, (void *)nr, 0, 0, &tid) < 0)
        die("clone");
    while (tid)
        sched_yield();
    printf("the other goes on\n");
}

int main(void) {
    mkfile("file", "x");
    mkdirs("dir");
    const int numbers[] = {SYS_stat, SYS_getppid, SYS_openat, 1000, SYS_chdir, SYS_fcntl, SYS_unshare};
    const struct {
        const char *name;
        unsigned action;
    } actions[] = {
        {"allow", SECCOMP_RET_ALLOW},
        {"log", SECCOMP_RET_LOG},
        {"trace", SECCOMP_RET_TRACE},
        {"trace 9", SECCOMP_RET_TRACE | 9},
        {"notify nobody", 0x7fc00000},
        {"errno 0", SECCOMP_RET_ERRNO},
        {"errno 18", SECCOMP_RET_ERRNO | EXDEV},
        {"errno 5000", SECCOMP_RET_ERRNO | 5000},
        {"trap", SECCOMP_RET_TRAP},
        {"kill thread", SECCOMP_RET_KILL_THREAD},
        {"kill process", SECCOMP_RET_KILL_PROCESS},
        {"unknown action", 0x12340000},
    };
    for (size_t a = 0; a < LENGTH(actions); a++)
        for (size_t n = 0; n < LENGTH(numbers); n++) {
            printf("-- %s for %zu\n", actions[a].name, n);
            CHILD("child", filter(numbers[n], actions[a].action), calls());
        }
    CHILD("trap handled", {
        signal(SIGSYS, handler);
        filter(SYS_stat, SECCOMP_RET_TRAP);
        sys(SYS_stat, A("file"), &st);
        printf("caught %d\n", caught == SIGSYS);
    });
    CHILD("only the thread, without a path", filter(SYS_getppid, SECCOMP_RET_KILL_THREAD), in_thread(SYS_getppid));
    CHILD("only the thread", filter(SYS_stat, SECCOMP_RET_KILL_THREAD), in_thread(SYS_stat));
    CHILD("the process", filter(SYS_stat, SECCOMP_RET_KILL_PROCESS), in_thread(SYS_stat));
}
