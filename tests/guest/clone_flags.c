// clone(2) flags one by one: CLONE_PARENT, thread pointers, tid addresses, tables; and clone3's set_tid and cgroup.
#include "check.h"
#include <asm/prctl.h>
#include <linux/futex.h>
#include <linux/sched.h>

static char stacks[4][65536] __attribute__((aligned(16)));
static volatile int tid_word, other_word, result, stop_word;
static volatile unsigned long fs_seen;
static int pair[2];

static long raw(unsigned long flags, void *stack, void *parent_tid, void *child_tid, unsigned long tls) {
    return syscall(SYS_clone, flags, stack, parent_tid, child_tid, tls);
}

static int exits(void *code) { _exit((int)(long)code); }
static int reports_parent(void *expected) { write(pair[1], (long)expected == getppid() ? "y" : "n", 1); _exit(3); }
static int closes(void *fd) { close((int)(long)fd); _exit(0); }
static int handles(void *unused) { signal(SIGUSR1, SIG_IGN); _exit(0); }
static int limits(void *unused) { setpriority(PRIO_PROCESS, 0, 4); _exit(0); }
static int waits(void *unused) { char b; read(pair[0], &b, 1); _exit(6); }

int main(void) {
    pipe(pair);
    int s;
    char byte;
    // The grandchild is the caller's child.
    pid_t pid = fork();
    if (!pid) {
        long mine = getppid();
        pid_t inner = clone(reports_parent, stacks[0] + 65536, CLONE_PARENT | SIGCHLD, (void *)mine);
        write(pair[1], (char *)&inner, sizeof inner);
        pe(waitpid(inner, 0, 0));
        _exit(2);
    }
    show_end("its maker", pid);
    p(waitpid(-1, &s, 0) > 0 && WEXITSTATUS(s) == 3);
    char drained[16];
    int n = read(pair[0], drained, sizeof drained);
    p(memchr(drained, 'y', n) != 0);

    // Addresses of thread ids.
    tid_word = other_word = -1;
    pid = clone(exits, stacks[0] + 65536, CLONE_VM | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, (void *)7, &tid_word, 0, &other_word);
    show_end("set", pid);
    p(tid_word == pid);
    p(other_word == pid);
    other_word = 5;
    pid = clone(exits, stacks[0] + 65536, CLONE_VM | CLONE_CHILD_CLEARTID | SIGCHLD, (void *)8, 0, 0, &other_word);
    while (other_word == 5)
        syscall(SYS_futex, &other_word, FUTEX_WAIT, 5, 0);
    show_end("cleared", pid);
    p(other_word);
    // In a copy it is the copy's word that is set.
    other_word = 5;
    pid = raw(CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD, 0, 0, (void *)&other_word, 0);
    if (!pid)
        _exit(other_word == getpid());
    show_end("set in the copy", pid);
    p(other_word);
    // A bad address is no reason to fail.
    pid = raw(CLONE_PARENT_SETTID | SIGCHLD, 0, bad_page(), 0, 0);
    if (!pid)
        _exit(4);
    show_end("nowhere", pid);

    // What is shared and what is not.
    int fd = open("/dev/null", O_RDONLY);
    pid = clone(closes, stacks[1] + 65536, CLONE_FILES | SIGCHLD, (void *)(long)fd);
    waitpid(pid, 0, 0);
    p(fcntl(fd, F_GETFD));
    signal(SIGUSR1, SIG_DFL);
    pid = clone(handles, stacks[1] + 65536, CLONE_VM | CLONE_SIGHAND | SIGCHLD, 0);
    waitpid(pid, 0, 0);
    p(signal(SIGUSR1, SIG_DFL) == SIG_IGN);
    pid = clone(handles, stacks[1] + 65536, CLONE_VM | SIGCHLD, 0);
    waitpid(pid, 0, 0);
    p(signal(SIGUSR1, SIG_DFL) == SIG_IGN);
    pid = clone(limits, stacks[1] + 65536, CLONE_VM | CLONE_IO | CLONE_SYSVSEM | SIGCHLD, 0);
    waitpid(pid, 0, 0);
    p(getpriority(PRIO_PROCESS, 0));
    // A thread pointer of its own.
    static char block[4096] __attribute__((aligned(64)));
    unsigned long own;
    syscall(SYS_arch_prctl, ARCH_GET_FS, &own);
    pid = raw(CLONE_SETTLS | SIGCHLD, 0, 0, 0, (unsigned long)block);
    if (!pid) {
        unsigned long seen = 0;
        // No C library here: it lives on the thread pointer.
        long r;
        __asm__ volatile("syscall" : "=a"(r) : "0"((long)SYS_arch_prctl), "D"((long)ARCH_GET_FS), "S"(&seen) : "rcx", "r11", "memory");
        __asm__ volatile("syscall" : : "a"((long)SYS_exit_group), "D"((long)(seen == (unsigned long)block ? 11 : 12)) : "rcx", "r11");
    }
    show_end("thread pointer", pid);

    // Combinations that make no sense.
    pe(raw(CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0));
    pe(raw(CLONE_THREAD | SIGCHLD, 0, 0, 0, 0));
    pe(raw(CLONE_THREAD | CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0));
    pe(raw(CLONE_NEWNS | CLONE_FS | SIGCHLD, 0, 0, 0, 0));
    pe(raw(CLONE_NEWUSER | CLONE_FS | SIGCHLD, 0, 0, 0, 0));
    pe(raw(CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, 0, 0, 0, 0));
    pe(raw(CLONE_NEWPID | CLONE_PARENT | SIGCHLD, 0, 0, 0, 0));
    pe(raw(CLONE_PIDFD | CLONE_DETACHED | SIGCHLD, 0, (void *)&tid_word, 0, 0));

    // clone3
    struct clone_args args = {.exit_signal = SIGCHLD};
    pid_t wanted[2] = {30000, 30001};
    args.set_tid = (uintptr_t)wanted;
    args.set_tid_size = 1;
    pe(syscall(SYS_clone3, &args, sizeof args));
    args.set_tid_size = 40;
    pe(syscall(SYS_clone3, &args, sizeof args));
    args.set_tid_size = 0;
    pe(syscall(SYS_clone3, &args, sizeof args));
    args.set_tid = 0;
    args.set_tid_size = 1;
    pe(syscall(SYS_clone3, &args, sizeof args));
    args = (struct clone_args){.exit_signal = SIGCHLD, .flags = CLONE_INTO_CGROUP, .cgroup = 9999};
    pe(syscall(SYS_clone3, &args, sizeof args));
    args.cgroup = fd = open("/dev/null", O_RDONLY);
    pe(syscall(SYS_clone3, &args, sizeof args));
    args.cgroup = 1ull << 40;
    pe(syscall(SYS_clone3, &args, sizeof args));
    args = (struct clone_args){.exit_signal = 65};
    pe(syscall(SYS_clone3, &args, sizeof args));
    args = (struct clone_args){.exit_signal = SIGCHLD, .stack_size = 4096};
    pe(syscall(SYS_clone3, &args, sizeof args));
    args = (struct clone_args){.exit_signal = SIGCHLD, .flags = CLONE_CLEAR_SIGHAND | CLONE_SIGHAND | CLONE_VM};
    pe(syscall(SYS_clone3, &args, sizeof args));
    args = (struct clone_args){.flags = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, .exit_signal = SIGCHLD};
    pe(syscall(SYS_clone3, &args, sizeof args));
    args = (struct clone_args){.flags = CLONE_DETACHED, .exit_signal = SIGCHLD};
    pe(syscall(SYS_clone3, &args, sizeof args));
    // Handlers are cleared, ignored signals stay so.
    signal(SIGUSR1, (void (*)(int))exits);
    signal(SIGUSR2, SIG_IGN);
    args = (struct clone_args){.flags = CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD};
    pid = syscall(SYS_clone3, &args, sizeof args);
    if (!pid)
        _exit((signal(SIGUSR1, SIG_DFL) == SIG_DFL) * 2 + (signal(SIGUSR2, SIG_DFL) == SIG_IGN));
    show_end("CLONE_CLEAR_SIGHAND", pid);
    // A pidfd of the child, close-on-exec.
    int pidfd = -1;
    args = (struct clone_args){.flags = CLONE_PIDFD, .pidfd = (uintptr_t)&pidfd};
    pid = syscall(SYS_clone3, &args, sizeof args);
    if (!pid)
        _exit(5);
    p(fcntl(pidfd, F_GETFD));
    siginfo_t info;
    pe(waitid(P_PIDFD, pidfd, &info, WEXITED));
    p(waitid(P_PIDFD, pidfd, &info, WEXITED | __WALL) ?: info.si_status);
    // The parent dies first: the orphan is somebody's.
    pid = fork();
    if (!pid) {
        clone(waits, stacks[2] + 65536, CLONE_VM | SIGCHLD, 0);
        _exit(1);
    }
    show_end("leaves a sharer", pid);
    write(pair[1], "x", 1);
}
