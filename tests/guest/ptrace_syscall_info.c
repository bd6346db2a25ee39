// PTRACE_GET_SYSCALL_INFO at stops of every kind.
#include "trace.h"

static void calls(void) {
    struct stat st;
    syscall(SYS_stat, "here", &st);
    syscall(SYS_mkdir, "dir", 0700);
    syscall(SYS_rmdir, "dir");
    syscall(SYS_getcwd, NULL, 0);
    syscall(5555, 1, 2, 3, 4, 5, 6);
    raise(SIGUSR1);
    char *argv[] = {"ptrace_syscall_info", "end", NULL};
    execve("/proc/self/exe", argv, environ);
}

static void told(pid_t pid) {
    struct __ptrace_syscall_info info;
    memset(&info, 0x55, sizeof info);
    long ret = tr(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info);
    struct user_regs_struct r;
    tr(PTRACE_GETREGS, pid, 0, &r);
    printf("%ld bytes, op %d, arch %#x, ip %s, sp %s", ret, info.op, info.arch,
           info.instruction_pointer == r.rip ? "right" : "wrong", info.stack_pointer == r.rsp ? "right" : "wrong");
    if (info.op == 1)
        printf(", nr %lld, third %s", (long long)info.entry.nr, info.entry.args[2] == r.rdx ? "right" : "wrong");
    if (info.op == 2)
        printf(", rval %lld, error %d", info.exit.rval < 0 ? (long long)info.exit.rval : 0, info.exit.is_error);
    printf("\n");
}

int main(int argc, char **argv) {
    (void)argv;
    if (argc > 1)
        return 0;
    for (int i = 0; i < 2; i++) {
        pid_t pid = traced(calls);
        int status = next("child", pid);
        told(pid);
        tr(PTRACE_SETOPTIONS, pid, 0, i == 0 ? PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT : 0);
        for (int stops = 0; stops < 40; stops++) {
            tr(PTRACE_SYSCALL, pid, 0, 0);
            if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
                break;
            if (stops < 20) {
                printf("%s: ", words(status));
                told(pid);
            }
        }
        tr(PTRACE_GET_SYSCALL_INFO, pid, 0, NULL);
        p(tr(PTRACE_GET_SYSCALL_INFO, pid, 0, NULL) > 0);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    pid_t pid = running(sleep_on);
    until(pid, 'S');
    ptr(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD);
    ptr(PTRACE_INTERRUPT, pid, 0, 0);
    next("interrupted", pid);
    told(pid);
    char few[12];
    memset(few, 0, sizeof few);
    p(tr(PTRACE_GET_SYSCALL_INFO, pid, 4, few));
    printf("%d %d\n", few[0], few[4]);
    kill(pid, SIGKILL);
    next("end", pid);
}
