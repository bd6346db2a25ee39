// A process that is killed while a thread of it executes a program: the thread has become the leader already, or has
// not, and either way the leader's end is the last that is heard of any of them.
#include "check.h"
#include <pthread.h>
#include <sys/ptrace.h>

static void *execer(void *program) {
    char *args[] = {"prog", "program", 0}, *env[] = {0};
    sys(SYS_execve, program, args, env);
    _exit(90);
}

static pid_t executing(int traced) {
    pid_t pid = fork();
    if (pid)
        return pid;
    if (traced) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
    }
    pthread_t thread;
    pthread_create(&thread, 0, execer, (void *)A("prog"));
    for (;;)
        pause();
}

static pid_t kill_after(int microseconds, pid_t victim) {
    pid_t pid = fork();
    if (!pid) {
        usleep(microseconds);
        kill(victim, SIGKILL);
        _exit(0);
    }
    return pid;
}

// Waits until there is nobody to wait for: true if `pid` ended, and that was the last news of its process.
static int follow(pid_t pid, pid_t killer) {
    int status, ended = 0, late = 0;
    for (pid_t news; (news = waitpid(-1, &status, __WALL)) > 0;) {
        if (news == killer)
            continue;
        late += ended;
        if (WIFSTOPPED(status))
            ptrace(PTRACE_CONT, news, 0, 0);
        ended += news == pid && !WIFSTOPPED(status);
    }
    return errno == ECHILD && ended == 1 && !late;
}

int main(int argc, char **argv) {
    if (argc > 1)
        _exit(55);
    copy_self("prog");
    for (int traced = 0; traced < 2; traced++) {
        int wrong = 0;
        for (int round = 0; round < 300 && !wrong; round++) {
            pid_t pid = executing(traced);
            if (traced) {
                waitpid(pid, 0, 0);
                int exec = round & 1 ? PTRACE_O_TRACEEXEC : 0, exit = round & 2 ? PTRACE_O_TRACEEXIT : 0;
                ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACECLONE | exec | exit);
                ptrace(PTRACE_CONT, pid, 0, 0);
            }
            // Either program lives for about a millisecond, under a tracer for a few.
            wrong += !follow(pid, kill_after(round * 37 % 3000, pid));
        }
        printf("%s: %d wrong\n", traced ? "traced" : "alone", wrong);
    }
}
