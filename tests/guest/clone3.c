// clone3(2) and clone(2): flags, shared and separate descriptors, cwd and memory; errors.
#include "check.h"
#include <linux/sched.h>

#ifndef CLONE_CLEAR_SIGHAND
#define CLONE_CLEAR_SIGHAND 0x100000000ull
#endif

static struct clone_args args;
static struct stat st;

static long clone3(uint64_t flags, uint64_t signal) {
    memset(&args, 0, sizeof args);
    args.flags = flags;
    args.exit_signal = signal;
    return sys(SYS_clone3, &args, sizeof args);
}

static int child(void *unused) {
    (void)unused;
    mkfile("by_child", "x");
    if (chdir("dir"))
        die("chdir");
    int fd = open("/dev/null", O_RDONLY);
    _exit(fd);
}

static void try(const char *label, int flags) {
    static char stack[65536] __attribute__((aligned(16)));
    int next = open("/dev/null", O_RDONLY);
    close(next);
    pid_t pid = clone(child, stack + sizeof stack, flags | SIGCHLD, 0);
    if (pid < 0)
        die("clone");
    int s;
    waitpid(pid, &s, 0);
    printf("%s: file %s, cwd %s, descriptor %s\n", label, stat(A("by_child"), &st) ? "missing" : "made",
           stat("dir", &st) ? "moved" : "kept", fcntl(next, F_GETFD) < 0 ? "separate" : "shared");
    close(next);
    if (chdir(start_dir))
        die("go back");
    unlink("by_child");
}

int main(void) {
    mkdirs("dir");
    pid_t pid = clone3(0, SIGCHLD);
    if (!pid) {
        topen(AT_FDCWD, A("dir"), O_RDONLY);
        _exit(3);
    }
    show_end("clone3", pid);
    pid = clone3(CLONE_CLEAR_SIGHAND, SIGCHLD);
    if (!pid)
        _exit(4);
    show_end("clone3 with CLONE_CLEAR_SIGHAND", pid);

    // CLONE_PIDFD and the tid pointers.
    int pidfd = -1, tid = 0;
    memset(&args, 0, sizeof args);
    args.flags = CLONE_PIDFD | CLONE_PARENT_SETTID;
    args.exit_signal = SIGCHLD;
    args.pidfd = (uintptr_t)&pidfd;
    args.parent_tid = (uintptr_t)&tid;
    pid = sys(SYS_clone3, &args, sizeof args);
    if (!pid)
        _exit(5);
    p(pidfd >= 0);
    p(tid == pid);
    show_end("with a pidfd", pid);

    // No exit signal: only __WALL or __WCLONE sees the child.
    pid = clone3(0, 0);
    if (!pid)
        _exit(6);
    int s;
    t(wait4, pid, &s, 0, 0);
    p(sys(SYS_wait4, pid, &s, __WALL, 0) == pid && WEXITSTATUS(s) == 6);
    signal(SIGUSR1, SIG_IGN);
    pid = clone3(0, SIGUSR1);
    if (!pid)
        _exit(7);
    p(sys(SYS_wait4, pid, &s, __WCLONE, 0) == pid && WEXITSTATUS(s) == 7);

    p(clone3(CLONE_THREAD, 0));
    p(clone3(CLONE_SIGHAND, SIGCHLD));
    p(clone3(0, 200));
    p(clone3(1ull << 60, SIGCHLD));
    t(clone3, &args, 8);
    t(clone3, 0, sizeof args);
    t(clone3, bad_page(), sizeof args);
    t(clone3, &args, 5000);
    memset(&args, 0, sizeof args);
    args.stack = 1;
    t(clone3, &args, sizeof args);

    try("clone()", 0);
    try("CLONE_VM", CLONE_VM);
    try("CLONE_FS", CLONE_FS);
    try("CLONE_FILES", CLONE_FILES);
    try("CLONE_VM | CLONE_FS | CLONE_FILES", CLONE_VM | CLONE_FS | CLONE_FILES);
    try("CLONE_VM | CLONE_VFORK", CLONE_VM | CLONE_VFORK);
    try("CLONE_VM | CLONE_SIGHAND", CLONE_VM | CLONE_SIGHAND);

    // Sharing undone.
    t(unshare, CLONE_FS | CLONE_FILES);
    t(unshare, 0x7);
}
