// waitid(2): what it fills in, the options, pidfds.
#include "check.h"

static siginfo_t info;

static void filled(pid_t pid) {
    printf("  signal %d, code %d, status %d, pid %s, uid %s\n", info.si_signo, info.si_code, info.si_status,
           info.si_pid == pid ? "the child's" : info.si_pid ? "another" : "0", info.si_uid == getuid() || !info.si_pid ? "mine" : "another");
    memset(&info, 0, sizeof info);
}

int main(void) {
    t(waitid, P_ALL, 0, &info, WEXITED, 0);
    t(waitid, P_ALL, 0, &info, 0, 0);
    t(waitid, P_ALL, 0, &info, WEXITED | 0x10000, 0);
    t(waitid, 9, 0, &info, WEXITED, 0);
    t(waitid, P_PID, 0, &info, WEXITED, 0);
    t(waitid, P_PIDFD, 999, &info, WEXITED, 0);

    pid_t pid = fork();
    if (!pid)
        _exit(33);
    p(sys(SYS_waitid, P_PID, pid, &info, WEXITED | WNOWAIT, 0));
    filled(pid);
    p(sys(SYS_waitid, P_ALL, 0, &info, WEXITED, 0));
    filled(pid);
    p(sys(SYS_waitid, P_PID, pid, &info, WEXITED, 0));

    pid = fork();
    if (!pid)
        for (;;)
            pause();
    p(sys(SYS_waitid, P_PID, pid, &info, WEXITED | WNOHANG, 0));
    filled(pid);
    kill(pid, SIGSTOP);
    p(sys(SYS_waitid, P_PID, pid, &info, WSTOPPED, 0));
    filled(pid);
    p(sys(SYS_waitid, P_PID, pid, &info, WSTOPPED | WNOHANG, 0));
    filled(pid);
    kill(pid, SIGCONT);
    p(sys(SYS_waitid, P_PID, pid, &info, WCONTINUED, 0));
    filled(pid);
    int pidfd = sys(SYS_pidfd_open, pid, 0);
    kill(pid, SIGTERM);
    p(sys(SYS_waitid, P_PIDFD, pidfd, &info, WEXITED | WNOWAIT, 0));
    filled(pid);
    struct rusage usage;
    p(sys(SYS_waitid, P_PIDFD, pidfd, &info, WEXITED, &usage));
    filled(pid);
    p(sys(SYS_waitid, P_PIDFD, pidfd, &info, WEXITED, 0));

    pid = fork();
    if (!pid) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        abort();
    }
    p(sys(SYS_waitid, P_PGID, 0, &info, WEXITED, 0));
    filled(pid);
    pid = fork();
    if (!pid)
        _exit(1);
    usleep(10000);
    p(sys(SYS_waitid, P_PID, pid, 1, WEXITED, 0));
    p(sys(SYS_waitid, P_PID, pid, 0, WEXITED, 0));
    p(sys(SYS_waitid, P_PID, pid, 0, WEXITED, 0));
}
