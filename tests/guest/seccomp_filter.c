// The program's own seccomp filters judge the calls it makes, and nothing that happens behind its back.
#include "check.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

static volatile int trapped;
static void handler(int signal, siginfo_t *info, void *context) {
    (void)signal;
    (void)context;
    trapped = info->si_syscall;
}

// Answers `action` for system call `nr`, allows the rest.
static void filter(unsigned nr, unsigned action) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {4, code};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (sys(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program))
        die("seccomp");
}

static struct stat st;

static void calls(void) {
    t(stat, A("file"), &st);
    t(access, A("file"), R_OK);
    topen(AT_FDCWD, A("file"), O_RDONLY);
    t(mkdir, A("dir"), 0700);
    t(rename, A("dir"), A("dir2"));
    t(rmdir, A("dir2"));
    t(chmod, A("file"), 0600);
}

#define CHILD(label, ...)                                                                                          \
    do {                                                                                                           \
        pid_t pid_ = fork();                                                                                       \
        if (!pid_) {                                                                                               \
            struct rlimit none_ = {0, 0};                                                                          \
            setrlimit(RLIMIT_CORE, &none_);                                                                        \
            __VA_ARGS__;                                                                                           \
            _exit(0);                                                                                              \
        }                                                                                                          \
        show_end(label, pid_);                                                                                     \
    } while (0)

int main(void) {
    mkfile("file", "x");
    CHILD("nothing denied", filter(1000, SECCOMP_RET_KILL_PROCESS), calls());
    CHILD("mkdir denied", filter(SYS_mkdir, SECCOMP_RET_ERRNO | EXDEV), calls());
    CHILD("stat denied", filter(SYS_stat, SECCOMP_RET_ERRNO | EXDEV), calls());
    CHILD("what no one calls is deadly", filter(SYS_openat2, SECCOMP_RET_KILL_PROCESS), filter(SYS_statx, SECCOMP_RET_KILL_PROCESS),
          filter(SYS_faccessat2, SECCOMP_RET_KILL_PROCESS), filter(SYS_renameat2, SECCOMP_RET_KILL_PROCESS),
          filter(SYS_fchmodat2, SECCOMP_RET_KILL_PROCESS), calls());
    CHILD("rename is deadly", filter(SYS_rename, SECCOMP_RET_KILL_PROCESS), calls());
    CHILD("access traps", {
        struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
        sigaction(SIGSYS, &sa, 0);
        filter(SYS_access, SECCOMP_RET_TRAP);
        sys(SYS_access, A("file"), R_OK);
        printf("trapped %d\n", trapped == SYS_access);
        t(stat, A("file"), &st);
    });
    CHILD("getppid denied", filter(SYS_getppid, SECCOMP_RET_ERRNO | 77), t(getppid));
    CHILD("strict", {
        struct sock_fprog bad = {0, 0};
        t(seccomp, SECCOMP_SET_MODE_FILTER, 0, &bad);
        t(seccomp, 99, 0, 0);
        printf("now strict\n");
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
        sys(SYS_stat, A("file"), &st);
    });
}
