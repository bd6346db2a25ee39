// setpgid, setsid and their errors, before and after the child's execve; groups of the dead; waits by group.
#include "check.h"

int main(int argc, char **argv) {
    char byte;
    if (argc > 1) {
        write(1, "", 0);
        write(atoi(argv[1]), "x", 1);
        for (;;)
            pause();
    }
    copy_self("prog");
    int told[2];
    pipe(told);
    pid_t pid = fork();
    if (!pid) {
        write(told[1], "x", 1);
        for (;;)
            pause();
    }
    read(told[0], &byte, 1);
    p(sys(SYS_setpgid, pid, pid));
    p(sys(SYS_getpgid, pid) == pid);
    p(sys(SYS_setpgid, pid, getpgrp()));
    p(sys(SYS_setpgid, pid, 0));
    p(sys(SYS_setpgid, pid, 1));
    kill(pid, SIGKILL);
    // A zombie still has its group; a group lives as long as anybody is in it.
    siginfo_t info;
    waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
    p(sys(SYS_getpgid, pid) == pid);
    p(sys(SYS_kill, -pid, 0));
    p(sys(SYS_setpgid, pid, getpgrp()));
    waitpid(pid, 0, 0);
    p(sys(SYS_getpgid, pid));
    p(sys(SYS_kill, -pid, 0));

    // After execve a child is its own master.
    pid = fork();
    if (!pid) {
        char number[16];
        snprintf(number, sizeof number, "%d", told[1]);
        execl("./prog", "prog", number, NULL);
        _exit(1);
    }
    read(told[0], &byte, 1);
    p(sys(SYS_setpgid, pid, pid));
    p(sys(SYS_setpgid, pid, getpgrp()));
    kill(pid, SIGKILL);
    waitpid(pid, 0, 0);

    // A session leader is moved by nobody, and a child in another session is a stranger.
    pid = fork();
    if (!pid) {
        p(sys(SYS_setsid) == getpid());
        p(sys(SYS_setpgid, 0, 0));
        p(sys(SYS_setsid));
        pid_t child = fork();
        if (!child) {
            p(sys(SYS_setsid) == getpid());
            write(told[1], "x", 1);
            for (;;)
                pause();
        }
        read(told[0], &byte, 1);
        p(sys(SYS_setpgid, child, 0));
        p(sys(SYS_getsid, child) == child);
        kill(child, SIGKILL);
        waitpid(child, 0, 0);
        _exit(0);
    }
    show_end("leader", pid);
    // setsid in a group that others still belong to.
    pid = fork();
    if (!pid) {
        setpgid(0, 0);
        pid_t child = fork();
        if (!child) {
            for (int i = 0; i < 3000 && getppid() > 1 && sys(SYS_getpgid, getppid()) > 0; i++)
                usleep(1000);
            _exit(0);
        }
        p(sys(SYS_setsid));
        kill(child, SIGKILL);
        waitpid(child, 0, 0);
        _exit(0);
    }
    show_end("group leader", pid);
    // Waits by group.
    pid_t group = 0;
    for (int i = 0; i < 3; i++) {
        pid = fork();
        if (!pid) {
            setpgid(0, group);
            _exit(40 + i);
        }
        setpgid(pid, group);
        group = group ? group : pid;
    }
    pid_t other = fork();
    if (!other)
        _exit(50);
    int sum = 0, s, count = 0;
    while ((pid = waitpid(-group, &s, 0)) > 0)
        sum += WEXITSTATUS(s), count++;
    printf("%d of the group, sum %d, then %s\n", count, sum, errno_name(errno));
    p(waitid(P_PGID, 0, &info, WEXITED) ?: info.si_status);
    pe(waitid(P_PGID, group, &info, WEXITED));
    pe(waitpid(INT_MIN, &s, 0));
}
