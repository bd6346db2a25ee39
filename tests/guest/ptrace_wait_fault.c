// Waits of a tracer whose answer has nowhere to go.
#include "trace.h"

static void fault(pid_t pid) {
    char *bad = bad_page();
    siginfo_t si;
    int status;
    p(waitid(P_PID, (id_t)pid, (siginfo_t *)bad, WEXITED | WSTOPPED | WNOHANG) == -1 ? errno : 0);
    p(waitid(P_ALL, 0, (siginfo_t *)bad, WEXITED | WSTOPPED | WNOHANG) == -1 ? errno : 0);
    p(syscall(SYS_waitid, P_PID, pid, &si, WEXITED | WNOHANG, bad) == -1 ? errno : 0);
    p(syscall(SYS_wait4, pid, bad, WNOHANG, NULL) == -1 ? errno : 0);
    p(syscall(SYS_wait4, pid, &status, WNOHANG, bad) == -1 ? errno : 0);
}

int main(void) {
    pid_t pid;
    int fd[2];
    if (pipe(fd))
        die("pipe");
    pid_t middle = fork();
    if (!middle) {
        pid = running(sleep_on);
        write(fd[1], &pid, sizeof pid);
        waitpid(pid, NULL, 0);
        _exit(0);
    }
    read(fd[0], &pid, sizeof pid);
    until(pid, 'S');
    ptr(PTRACE_SEIZE, pid, 0, 0);
    printf("-- nothing to tell\n");
    fault(pid);
    for (int i = 0; i < 4; i++) {
        ptr(PTRACE_INTERRUPT, pid, 0, 0);
        until(pid, 't');
        printf("-- a stop to tell, try %d\n", i);
        char *bad = bad_page();
        siginfo_t si;
        switch (i) {
        case 0:
            p(waitid(P_PID, (id_t)pid, (siginfo_t *)bad, WSTOPPED) == -1 ? errno : 0);
            break;
        case 1:
            p(syscall(SYS_waitid, P_PID, pid, &si, WSTOPPED, bad) == -1 ? errno : 0);
            break;
        case 2:
            p(syscall(SYS_wait4, pid, bad, 0, NULL) == -1 ? errno : 0);
            break;
        case 3:
            p(syscall(SYS_wait4, pid, NULL, 0, bad) == -1 ? errno : 0);
            break;
        }
        p(waitpid(pid, NULL, WNOHANG) == pid);
        ptr(PTRACE_CONT, pid, 0, 0);
    }
    kill(pid, SIGKILL);
    next("end", pid);
    next("middle", middle);
}
