// waitid(2) with WSTOPPED alone, wait4(2) with WUNTRACED: a stop of a traced child is told once.
#include "trace.h"

static void again(pid_t pid, const char *when) {
    siginfo_t si = {0};
    int status = 0;
    int ret = waitid(P_PID, (id_t)pid, &si, WSTOPPED | WNOHANG);
    printf("%s: waitid %d, pid %s, code %d, status %#x\n", when, ret, si.si_pid ? "some" : "0", si.si_code, si.si_status);
    ret = waitpid(pid, &status, WNOHANG | WUNTRACED);
    printf("%s: wait4 %s, status %#x\n", when, ret > 0 ? "some" : ret ? errno_name(errno) : "0", status);
}

int main(void) {
    for (int seized = 0; seized < 2; seized++) {
        printf("-- %s\n", seized ? "seized" : "attached");
        pid_t pid = running(sleep_on);
        if (seized) {
            ptr(PTRACE_SEIZE, pid, 0, 0);
        } else {
            ptr(PTRACE_ATTACH, pid, 0, 0);
            next("attached", pid);
            ptr(PTRACE_CONT, pid, 0, 0);
        }
        kill(pid, SIGTSTP);
        until(pid, 't');
        again(pid, "signal");
        again(pid, "signal, again");
        ptr(PTRACE_CONT, pid, 0, SIGTSTP);
        until(pid, 't');
        usleep(20000);
        again(pid, "group");
        again(pid, "group, again");
        if (seized) {
            ptr(PTRACE_LISTEN, pid, 0, 0);
            kill(pid, SIGCONT);
            until(pid, 't');
            usleep(20000);
            again(pid, "continued");
            again(pid, "continued, again");
        }
        kill(pid, SIGKILL);
        next("end", pid);
    }
}
