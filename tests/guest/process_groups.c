// Process groups and sessions: setpgid, getpgid, setsid, getsid, kill of a group.
#include "check.h"

static volatile int hits;
static void handler(int signal) { hits += signal == SIGUSR1; }

int main(void) {
    signal(SIGUSR1, handler);
    pid_t pid = fork();
    if (!pid) {
        p(sys(SYS_setpgid, 0, 0));
        p(getpgrp() == getpid());
        t(setsid);
        p(sys(SYS_getpgid, 0) == getpid());
        p(sys(SYS_getsid, 0) == sys(SYS_getsid, getppid()));
        t(setpgid, -1, 0);
        t(setpgid, 0, -1);
        t(setpgid, 999999999, 0);
        t(getpgid, 999999999);
        t(getsid, 999999999);
        p(sys(SYS_setpgid, getppid(), 0));

        int ready[2];
        pipe(ready);
        pid_t child[3];
        for (int i = 0; i < 3; i++) {
            child[i] = fork();
            if (!child[i]) {
                signal(SIGUSR1, SIG_DFL);
                if (i == 2)
                    sys(SYS_setpgid, 0, 0);
                write(ready[1], "x", 1);
                for (;;)
                    pause();
            }
        }
        char byte;
        for (int i = 0; i < 3; i++)
            read(ready[0], &byte, 1);
        p(sys(SYS_getpgid, child[0]) == getpid());
        p(sys(SYS_getpgid, child[2]) == child[2]);
        t(kill, 0, SIGUSR1);
        show_end("same group", child[0]);
        show_end("same group", child[1]);
        p(hits);
        t(kill, child[2], 0);
        p(sys(SYS_kill, -child[2], SIGTERM));
        show_end("own group", child[2]);
        p(sys(SYS_kill, -child[2], SIGTERM));

        pid_t leader = fork();
        if (!leader) {
            p(sys(SYS_setsid) == getpid());
            p(sys(SYS_getsid, 0) == getpid());
            p(getpgrp() == getpid());
            t(setsid);
            p(sys(SYS_setpgid, 0, 0));
            int tty = open("/dev/tty", O_RDWR);
            p(tty < 0 && errno == ENXIO);
            _exit(4);
        }
        show_end("session leader", leader);
        _exit(5);
    }
    show_end("group leader", pid);
    p(hits);
    char text[8];
    t(ioctl, open("/dev/null", O_RDWR), 0x540F, text);
}
