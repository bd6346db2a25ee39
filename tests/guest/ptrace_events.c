// PTRACE_O_*: children, execve and ends as events, and the new tasks' first stops.
#include "trace.h"
#include <pthread.h>

static void *nothing(void *p) { return p; }
static void forks(void) {
    if (!fork())
        _exit(1);
    wait(NULL);
    if (!vfork())
        _exit(2);
    wait(NULL);
    pthread_t thread;
    pthread_create(&thread, NULL, nothing, NULL);
    pthread_join(thread, NULL);
    char *argv[] = {"ptrace_events", "end", NULL};
    execve("/proc/self/exe", argv, environ);
}

#define MOST (PTRACE_O_TRACEVFORKDONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT)

static void one(void) { _exit(9); }
static void one_child(void) {
    if (!fork())
        _exit(6);
    wait(NULL);
}
static void one_vfork(void) {
    if (!vfork())
        _exit(6);
    wait(NULL);
}
static void one_exec(void) {
    char *argv[] = {"ptrace_events", "end", NULL};
    execve("/proc/self/exe", argv, environ);
}
static void killed(void) { raise(SIGKILL); }

// Stops of several tasks come in no order: each is followed alone.
static void sorted(const char *name, void (*body)(void), int options, int seize) {
    printf("-- %s\n", name);
    pid_t pid = seize ? running(sleep_on) : traced(body);
    if (seize) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        fflush(stdout);
        pid = fork();
        if (!pid) {
            raise(SIGSTOP);
            body();
            _exit(0);
        }
        int status;
        waitpid(pid, &status, WUNTRACED);
        tr(PTRACE_SEIZE, pid, 0, options);
        next("seized", pid);
        kill(pid, SIGCONT);
        tr(PTRACE_CONT, pid, 0, 0);
    } else {
        next("child", pid);
        tr(PTRACE_SETOPTIONS, pid, 0, options);
        tr(PTRACE_CONT, pid, 0, 0);
    }
    // Parent and child are told apart, and each one's own stops come in order.
    char text[8][2000] = {{0}};
    for (;;) {
        int status;
        pid_t got = waitpid(-1, &status, __WALL);
        if (got < 0)
            break;
        // Which of a parent's event and its child's first stop comes first is not said: number them by who is first.
        int at = got == pid ? 0 : 1;
        char *to = text[at] + strlen(text[at]);
        to += sprintf(to, "task %d: %s", at, words(status));
        if (WIFSTOPPED(status) && status >> 16 && status >> 16 != 128) {
            unsigned long message = 0;
            tr(PTRACE_GETEVENTMSG, got, 0, &message);
            int event = status >> 16;
            to += event == 6 ? sprintf(to, ", status %#lx", message)
                             : sprintf(to, ", message is %s", (pid_t)message == got ? "itself" : "another");
        }
        siginfo_t si = {0};
        if (WIFSTOPPED(status))
            to += tr(PTRACE_GETSIGINFO, got, 0, &si) ? sprintf(to, ", no siginfo")
                                                     : sprintf(to, ", signo %d code %#x", si.si_signo, si.si_code);
        sprintf(to, "\n");
        if (WIFSTOPPED(status)) {
            int deliver = !(status >> 16) && (WSTOPSIG(status) == SIGCHLD || WSTOPSIG(status) == SIGCONT);
            tr(PTRACE_CONT, got, 0, deliver ? WSTOPSIG(status) : 0);
        }
    }
    for (int i = 0; i < 8; i++)
        printf("%s", text[i]);
}

int main(int argc, char **argv) {
    (void)argv;
    if (argc > 1)
        return 3;
    for (int seize = 0; seize < 2; seize++) {
        sorted("exit", one, MOST, seize);
        sorted("fork", one_child, MOST | PTRACE_O_TRACEFORK, seize);
        sorted("fork, not followed", one_child, PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE, seize);
        sorted("vfork", one_vfork, MOST | PTRACE_O_TRACEVFORK, seize);
        sorted("vfork, not followed", one_vfork, MOST, seize);
        sorted("exec", one_exec, MOST, seize);
        sorted("exec without options", one_exec, 0, seize);
        sorted("killed", killed, MOST, seize);
    }
    pid_t pid = traced(forks);
    int status = next("all", pid), stops = 0;
    tr(PTRACE_SETOPTIONS, pid, 0, MOST | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE);
    tr(PTRACE_CONT, pid, 0, 0);
    for (pid_t got; (got = waitpid(-1, &status, __WALL)) > 0;) {
        stops++;
        if (WIFSTOPPED(status))
            tr(PTRACE_CONT, got, 0, 0);
        else if (got == pid)
            printf("all: %s\n", words(status));
    }
    printf("%d stops and ends\n", stops);
}
