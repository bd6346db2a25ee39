// PTRACE_SEIZE, PTRACE_INTERRUPT and PTRACE_LISTEN: stops without signals, and job control of a traced process.
#include "trace.h"

static void info(pid_t pid) {
    siginfo_t si = {0};
    long ret = tr(PTRACE_GETSIGINFO, pid, 0, &si);
    if (ret)
        printf("siginfo: %s\n", errno_name(errno));
    else
        printf("siginfo: signo %d code %#x pid %s uid %s\n", si.si_signo, si.si_code,
               si.si_pid == pid ? "own" : si.si_pid == getpid() ? "tracer" : si.si_pid ? "other" : "0",
               si.si_uid == getuid() ? "own" : "other");
    unsigned long message = 99;
    tr(PTRACE_GETEVENTMSG, pid, 0, &message);
    printf("message %lu\n", message);
}

int main(void) {
    pid_t pid = running(sleep_on);
    until(pid, 'S');
    ptr(PTRACE_SEIZE, pid, 1, 0);
    ptr(PTRACE_SEIZE, pid, 0, 1 << 30);
    ptr(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD);
    ptr(PTRACE_SEIZE, pid, 0, 0);
    ptr(PTRACE_ATTACH, pid, 0, 0);
    p(waitpid(pid, NULL, WNOHANG | __WALL));
    ptr(PTRACE_CONT, pid, 0, 0);
    ptr(PTRACE_INTERRUPT, pid, 0, 0);
    next("interrupted", pid);
    info(pid);
    printf("state %c\n", state_of(pid));
    ptr(PTRACE_INTERRUPT, pid, 0, 0);
    ptr(PTRACE_CONT, pid, 0, 0);
    next("interrupted while stopped", pid);
    ptr(PTRACE_SYSCALL, pid, 0, 0);
    next("made again", pid);
    ptr(PTRACE_INTERRUPT, pid, 0, 0);
    ptr(PTRACE_SYSCALL, pid, 0, 0);
    next("interrupted at the entry", pid);
    struct user_regs_struct r;
    tr(PTRACE_GETREGS, pid, 0, &r);
    printf("%ld = %ld\n", (long)r.orig_rax, (long)r.rax);
    ptr(PTRACE_CONT, pid, 0, 0);
    p(waitpid(pid, NULL, WNOHANG | __WALL));

    printf("-- group-stop\n");
    kill(pid, SIGSTOP);
    next("signal", pid);
    info(pid);
    ptr(PTRACE_LISTEN, pid, 0, 0);
    ptr(PTRACE_CONT, pid, 0, SIGSTOP);
    next("group-stop", pid);
    info(pid);
    ptr(PTRACE_LISTEN, pid, 0, 0);
    p(waitpid(pid, NULL, WNOHANG | __WALL));
    ptr(PTRACE_CONT, pid, 0, 0);
    kill(pid, SIGCONT);
    next("continued", pid);
    info(pid);
    ptr(PTRACE_CONT, pid, 0, 0);
    next("its signal", pid);
    ptr(PTRACE_CONT, pid, 0, SIGCONT);
    kill(pid, SIGTSTP);
    next("signal", pid);
    ptr(PTRACE_CONT, pid, 0, SIGTSTP);
    next("group-stop", pid);
    ptr(PTRACE_LISTEN, pid, 0, 0);
    ptr(PTRACE_INTERRUPT, pid, 0, 0);
    next("interrupted group-stop", pid);
    ptr(PTRACE_DETACH, pid, 0, 0);
    until(pid, 'T');
    printf("state %c\n", state_of(pid) == 't' ? 'T' : state_of(pid));

    printf("-- seized while stopped\n");
    ptr(PTRACE_SEIZE, pid, 0, 0);
    next("stopped", pid);
    kill(pid, SIGCONT);
    ptr(PTRACE_CONT, pid, 0, 0);
    next("continued", pid);
    ptr(PTRACE_CONT, pid, 0, 0);
    next("its signal", pid);
    ptr(PTRACE_KILL, pid, 0, 0);
    next("killed", pid);
}
