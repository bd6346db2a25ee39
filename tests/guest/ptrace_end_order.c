// A traced process of several threads ends: its tracer is told of every thread before it is told of the leader,
// whichever call it waits by, and can look without taking.
#include "check.h"
#include <pthread.h>
#include <sys/ptrace.h>

enum { THREADS = 3, ROUNDS = 60 };

static void *sleeper(void *unused) {
    for (;;)
        pause();
    return unused;
}

static pid_t traced(int exits) {
    pid_t pid = fork();
    if (!pid) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        pthread_t thread;
        for (int i = 0; i < THREADS; i++)
            pthread_create(&thread, 0, sleeper, 0);
        if (exits)
            _exit(exits);
        sleeper(0);
    }
    waitpid(pid, 0, 0);
    ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACECLONE);
    ptrace(PTRACE_CONT, pid, 0, 0);
    return pid;
}

// The next news as wait4(2) gives it.
static pid_t by_wait4(int *status) {
    return wait4(-1, status, __WALL, 0);
}

static int of_info(const siginfo_t *info) {
    switch (info->si_code) {
    case CLD_EXITED:
        return info->si_status << 8;
    case CLD_KILLED:
        return info->si_status;
    default:
        return info->si_status << 8 | 0x7f;
    }
}

static pid_t by_waitid(int *status) {
    siginfo_t info;
    if (waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | __WALL))
        return -1;
    *status = of_info(&info);
    return info.si_pid;
}

// Looks first: what is taken afterwards is what has been seen, or the end of what has been seen to stop.
static pid_t by_look(int *status) {
    siginfo_t info;
    if (waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | WNOWAIT | __WALL))
        return -1;
    pid_t pid = waitpid(info.si_pid, status, __WALL);
    bool is_same = *status == of_info(&info) || WIFSTOPPED(of_info(&info));
    return pid == info.si_pid && is_same ? pid : 0;
}

static void ends(const char *label, pid_t (*next)(int *), int exits) {
    int wrong = 0;
    for (int round = 0; round < ROUNDS; round++) {
        pid_t leader = traced(exits), news;
        int status, births = 0, ended = 0, late = 0;
        while ((news = next(&status)) > 0) {
            late += ended;
            if (WIFSTOPPED(status)) {
                births += status >> 8 == SIGSTOP;
                ptrace(PTRACE_CONT, news, 0, 0);
                if (births == THREADS && !exits)
                    kill(leader, SIGKILL);
            } else if (news == leader)
                ended += status == (exits ? exits << 8 : SIGKILL);
        }
        wrong += news == 0 || errno != ECHILD || ended != 1 || late;
    }
    printf("%s: %d wrong\n", label, wrong);
}

int main(void) {
    ends("killed, wait4", by_wait4, 0);
    ends("killed, waitid", by_waitid, 0);
    ends("killed, looked at", by_look, 0);
    ends("exits, wait4", by_wait4, 7);
    ends("exits, waitid", by_waitid, 7);
    ends("exits, looked at", by_look, 7);
}
