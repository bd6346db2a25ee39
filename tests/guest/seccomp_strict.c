// Strict mode: four calls are left.
#include "seccomp.h"

static const char *path;
static struct stat st;
static void say(const char *text) { sys(SYS_write, 1, text, strlen(text)); }
static volatile sig_atomic_t handled;
static void handler(int signal) {
    handled = signal;
    say("handled\n");
}

int main(void) {
    mkfile("file", "x");
    path = A("file");
    CHILD("by prctl", prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT), say("strict\n"), sys(SYS_exit, 5));
    CHILD("by seccomp", p(sys(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, 0)));
    CHILD("a path", sys(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, 0), sys(SYS_stat, path, &st), say("not here\n"));
    CHILD("no path", sys(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, 0), sys(SYS_getpid), say("not here\n"));
    CHILD("no call", sys(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, 0), sys(1000), say("not here\n"));
    CHILD("exit_group", sys(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, 0), sys(SYS_exit_group, 5));
    CHILD("asked", sys(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, 0), prctl(PR_GET_SECCOMP));
    CHILD("a handler returns", {
        signal(SIGALRM, handler);
        struct itimerval soon = {.it_value = {0, 50000}};
        setitimer(ITIMER_REAL, &soon, 0);
        sys(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, 0);
        while (!handled) {
        }
        say("and on\n");
        sys(SYS_exit, 6);
    });
    pid_t pid = fork();
    if (!pid) {
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
        for (;;)
            sys(SYS_write, 1, "", 0);
    }
    char status[64];
    snprintf(status, sizeof status, "/proc/%d/status", pid);
    usleep(100000);
    show_status(status);
    kill(pid, SIGKILL);
    show_end("killed", pid);
}
