// What the kernel tells of filters: prctl, and /proc/PID/status.
#include "seccomp.h"

static void told(const char *when) {
    printf("%s\n", when);
    t(prctl, PR_GET_SECCOMP, 0, 0, 0, 0);
    t(prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
    show_status("/proc/self/status");
}

int main(void) {
    told("at the start");
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    told("with no_new_privs");
    filter(1000, SECCOMP_RET_ERRNO);
    told("with one filter");
    filter(1001, SECCOMP_RET_ERRNO);
    filter(1002, SECCOMP_RET_ERRNO);
    told("with three");
    CHILD("child", told("in a child"), filter(1003, SECCOMP_RET_ERRNO), told("with one more"));
    told("afterwards");
    pid_t pid = fork();
    if (!pid) {
        pause();
        _exit(0);
    }
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    show_status(path);
    kill(pid, SIGKILL);
    show_end("killed", pid);
}
