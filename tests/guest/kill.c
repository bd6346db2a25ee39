// kill(2), tkill(2), tgkill(2), rt_sigqueueinfo(2): targets and errors.
#include "check.h"

int main(void) {
    pid_t me = getpid();
    siginfo_t info = {.si_code = SI_QUEUE};
    p(sys(SYS_kill, me, 0));
    p(sys(SYS_kill, 1, 0));
    p(sys(SYS_kill, me, 65));
    p(sys(SYS_kill, me, -1));
    t(kill, 999999999, SIGTERM);
    t(kill, 999999999, 0);
    t(kill, INT_MIN, SIGTERM);
    t(kill, -999999999, SIGTERM);
    t(tkill, 0, SIGTERM);
    t(tkill, -1, SIGTERM);
    t(tkill, 999999999, 0);
    p(sys(SYS_tkill, me, 0));
    p(sys(SYS_tgkill, me, me, 0));
    t(tgkill, 0, 0, 0);
    t(tgkill, -1, -1, 0);
    p(sys(SYS_tgkill, 1, me, 0));
    p(sys(SYS_rt_sigqueueinfo, 1, 0, &info));
    p(sys(SYS_rt_sigqueueinfo, me, 0, &info));
    info.si_code = SI_USER;
    pid_t pid = fork();
    if (!pid)
        for (;;)
            pause();
    p(sys(SYS_rt_sigqueueinfo, pid, SIGTERM, &info));
    p(sys(SYS_kill, pid, SIGTERM));
    siginfo_t end;
    waitid(P_PID, pid, &end, WEXITED | WNOWAIT);
    p(sys(SYS_kill, pid, SIGTERM));
    p(sys(SYS_tkill, pid, 0));
    show_end("child", pid);
    p(sys(SYS_kill, pid, SIGTERM));

    // A parent is a process like any other.
    pid = fork();
    if (!pid) {
        pid_t inner = fork();
        if (!inner) {
            kill(getppid(), SIGKILL);
            _exit(0);
        }
        for (;;)
            pause();
    }
    show_end("killed by its child", pid);
}
