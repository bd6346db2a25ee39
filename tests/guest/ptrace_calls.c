// PTRACE_SYSCALL: each call with its arguments and result, and what a tracer may change of them.
#include "trace.h"

static char name[] = "there", other[] = "other";

static void calls(void) {
    char buf[300];
    struct stat st;
    syscall(SYS_getppid);
    syscall(SYS_openat, AT_FDCWD, name, O_RDONLY | O_CREAT, 0644);
    syscall(SYS_openat, AT_FDCWD, "/nowhere/at/all", O_RDONLY);
    syscall(SYS_newfstatat, AT_FDCWD, name, &st, 0);
    syscall(SYS_readlink, name, buf, 10);
    syscall(SYS_chdir, "/nowhere");
    syscall(SYS_unlink, name);
    syscall(9999);
    syscall(SYS_rename, "a", "b");
    syscall(SYS_kill, 0, 77);
    syscall(-1L, 1);
}

static const char *call_name(long nr) {
    static char text[24];
    switch (nr) {
#define N(x)                                                                                                       \
    case SYS_##x:                                                                                                  \
        return #x;
        N(getppid) N(openat) N(newfstatat) N(readlink) N(chdir) N(unlink) N(rename) N(kill) N(exit_group) N(execve)
#undef N
    }
    snprintf(text, sizeof text, "%ld", nr);
    return text;
}

static struct user_regs_struct regs_of(pid_t pid) {
    struct user_regs_struct regs;
    if (tr(PTRACE_GETREGS, pid, 0, &regs))
        die("PTRACE_GETREGS");
    return regs;
}

static void show_calls(pid_t pid, int options) {
    int status = next("child", pid);
    tr(PTRACE_SETOPTIONS, pid, 0, options);
    for (int i = 0;; i++) {
        if (tr(PTRACE_SYSCALL, pid, 0, 0))
            die("PTRACE_SYSCALL");
        if (waitpid(pid, &status, 0) != pid)
            die("waitpid");
        if (!WIFSTOPPED(status))
            break;
        struct user_regs_struct r = regs_of(pid);
        if (i % 2 == 0)
            printf("%s: %s(%s, %d, %lld)", words(status), call_name((long)r.orig_rax),
                   r.rsi == (unsigned long)name ? "_, there" : r.rdi == (unsigned long)name ? "there" : "_",
                   (int)(r.r10 & 0777), (long long)r.rax);
        else if ((long)r.rax >= 0)
            printf(" %s = ok\n", call_name((long)r.orig_rax));
        else
            printf(" %s = %s\n", call_name((long)r.orig_rax), errno_name(-(long)r.rax));
    }
    printf("\nchild: %s\n", words(status));
}

static void changed_calls(void) {
    p(syscall(SYS_mkdir, name, 0755));
    p(syscall(SYS_mkdir, name, 0755) == -1 ? errno : 0);
    p(syscall(SYS_getppid));
    p(syscall(SYS_access, name, F_OK) == -1 ? errno : 0);
    p(access(other, F_OK));
    p(access(name, F_OK));
    printf("cwd %s\n", syscall(SYS_getcwd, (char[300]){0}, 300L) > 0 ? "told" : errno_name(errno));
    fflush(stdout);
}

// The first mkdir makes another name, the second is not made at all; getppid becomes getpid and its result 42; the
// access is skipped with a result of the tracer's.
static void changed(pid_t pid) {
    int status = next("child", pid), count = 0;
    tr(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD);
    for (int entry = 1;; entry = !entry) {
        tr(PTRACE_SYSCALL, pid, 0, 0);
        if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
            break;
        struct user_regs_struct r = regs_of(pid);
        if (entry && r.orig_rax == SYS_mkdir) {
            if (count++ == 0)
                r.rdi = (unsigned long)other;
            else
                r.orig_rax = (unsigned long)-1;
        } else if (entry && r.orig_rax == SYS_getppid)
            r.orig_rax = SYS_getpid;
        else if (!entry && r.orig_rax == SYS_getpid)
            r.rax = 42;
        else if (entry && r.orig_rax == SYS_access && count == 2) {
            r.orig_rax = (unsigned long)-1;
            r.rax = (unsigned long)-ENODEV;
            count++;
        } else if (!entry && r.orig_rax == SYS_getcwd)
            r.rax = (unsigned long)-EXDEV;
        else
            continue;
        if (tr(PTRACE_SETREGS, pid, 0, &r))
            die("PTRACE_SETREGS");
    }
    printf("child: %s\n", words(status));
}

static void executes(void) {
    syscall(SYS_execve, "/nowhere", 0L, 0L);
    char *argv[] = {"ptrace_calls", "end", NULL};
    execve("/proc/self/exe", argv, environ);
}

// execve: a failed one, then the stops around one that succeeds.
static void around_exec(pid_t pid, int options) {
    int status = next("child", pid);
    tr(PTRACE_SETOPTIONS, pid, 0, options);
    for (int i = 0; i < 8; i++) {
        tr(PTRACE_SYSCALL, pid, 0, 0);
        if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
            break;
        struct user_regs_struct r = regs_of(pid);
        if (i < 6 && (r.orig_rax == SYS_execve || !(WSTOPSIG(status) & 0x80)))
            printf("%s: %s, %s\n", words(status), call_name((long)r.orig_rax),
                   (long)r.rax < 0 ? errno_name(-(long)r.rax) : "ok");
        if (i < 6 && (status >> 16 || WSTOPSIG(status) == SIGTRAP))
            printf("registers %s\n", r.rbx | r.rcx | r.rdx | r.rsi | r.rdi | r.rbp | r.r8 | r.r15 ? "set" : "clear");
    }
    tr(PTRACE_CONT, pid, 0, 0);
    next("child", pid);
}

int main(int argc, char **argv) {
    if (argc > 1) {
        printf("executed %s\n", argv[1]);
        return 4;
    }
    show_calls(traced(calls), PTRACE_O_TRACESYSGOOD);
    show_calls(traced(calls), 0);
    changed(traced(changed_calls));
    around_exec(traced(executes), PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC);
    around_exec(traced(executes), PTRACE_O_TRACESYSGOOD);
}
