// PTRACE_ATTACH and PTRACE_DETACH.
#include "trace.h"

static void got(int signal) { _exit(20 + signal); }
static void handles(void) {
    signal(SIGUSR2, got);
    sleep_on();
}

static void info(pid_t pid) {
    siginfo_t si = {0};
    if (tr(PTRACE_GETSIGINFO, pid, 0, &si))
        printf("siginfo: %s\n", errno_name(errno));
    else
        printf("siginfo: signo %d code %#x pid %d\n", si.si_signo, si.si_code, si.si_pid);
}

int main(void) {
    pid_t pid = running(handles);
    until(pid, 'S');
    ptr(PTRACE_ATTACH, pid, 0, 0);
    next("attached", pid);
    info(pid);
    ptr(PTRACE_ATTACH, pid, 0, 0);
    ptr(PTRACE_LISTEN, pid, 0, 0);
    ptr(PTRACE_INTERRUPT, pid, 0, 0);
    ptr(PTRACE_DETACH, pid, 0, 65);
    ptr(PTRACE_DETACH, pid, 0, 0);
    ptr(PTRACE_DETACH, pid, 0, 0);
    until(pid, 'S');
    printf("state %c\n", state_of(pid));

    printf("-- again, with a signal to take along\n");
    ptr(PTRACE_ATTACH, pid, 0, 0);
    next("attached", pid);
    ptr(PTRACE_DETACH, pid, 0, SIGUSR2);
    next("handled", pid);

    printf("-- while stopped\n");
    pid = running(sleep_on);
    kill(pid, SIGSTOP);
    int status;
    waitpid(pid, &status, WUNTRACED);
    printf("untraced: %s\n", words(status));
    ptr(PTRACE_ATTACH, pid, 0, 0);
    next("attached", pid);
    info(pid);
    ptr(PTRACE_CONT, pid, 0, 0);
    next("the pending SIGSTOP", pid);
    info(pid);
    ptr(PTRACE_CONT, pid, 0, 0);
    p(waitpid(pid, NULL, WNOHANG));
    kill(pid, SIGTERM);
    next("signal", pid);
    ptr(PTRACE_DETACH, pid, 0, SIGTERM);
    next("end", pid);

    printf("-- group-stop of an attached process\n");
    pid = running(sleep_on);
    ptr(PTRACE_ATTACH, pid, 0, 0);
    next("attached", pid);
    ptr(PTRACE_CONT, pid, 0, SIGSTOP);
    next("group-stop", pid);
    info(pid);
    ptr(PTRACE_CONT, pid, 0, 0);
    kill(pid, SIGCONT);
    next("continued", pid);
    ptr(PTRACE_CONT, pid, 0, 0);
    kill(pid, SIGKILL);
    next("end", pid);
}
