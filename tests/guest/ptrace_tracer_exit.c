// The end of a tracer: what it traced goes on, or is killed with it.
#include "trace.h"

static int report[2];

static void waits_for_usr1(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int got;
    sigwait(&set, &got);
    write(report[1], "w", 1);
    _exit(0);
}

// A tracer that attaches to `pid`, lets it stop or run, and ends.
static void tracer_of(pid_t pid, int options, int stopped) {
    pid_t tracer = fork();
    if (!tracer) {
        int status;
        if (tr(PTRACE_SEIZE, pid, 0, options))
            _exit(9);
        if (stopped) {
            tr(PTRACE_INTERRUPT, pid, 0, 0);
            waitpid(pid, &status, __WALL);
        }
        _exit(0);
    }
    next("tracer", tracer);
}

int main(void) {
    pipe(report);
    for (int stopped = 0; stopped < 2; stopped++)
        for (int kills = 0; kills < 2; kills++) {
            printf("-- %s, %s\n", stopped ? "stopped" : "running", kills ? "EXITKILL" : "no option");
            pid_t pid = running(waits_for_usr1);
            until(pid, 'S');
            tracer_of(pid, kills ? PTRACE_O_EXITKILL : 0, stopped);
            kill(pid, SIGUSR1);
            next("traced", pid);
            char byte = 0;
            if (!kills && read(report[0], &byte, 1) == 1)
                printf("it went on: %c\n", byte);
        }

    printf("-- TRACEME, and the parent ends\n");
    fflush(stdout);
    pid_t middle = fork();
    if (!middle) {
        pid_t child = fork();
        if (!child) {
            tr(PTRACE_TRACEME, 0, 0, 0);
            raise(SIGSTOP);
            write(report[1], "t", 1);
            _exit(0);
        }
        int status;
        waitpid(child, &status, 0);
        printf("%s\n", words(status));
        fflush(stdout);
        tr(PTRACE_CONT, child, 0, 0);
        _exit(0);
    }
    next("middle", middle);
    char byte = 0;
    read(report[0], &byte, 1);
    printf("it went on: %c\n", byte);

    printf("-- a tracer that executes goes on tracing\n");
    fflush(stdout);
    pid_t pid = running(sleep_on);
    pid_t tracer = fork();
    if (!tracer) {
        if (tr(PTRACE_SEIZE, pid, 0, 0))
            _exit(9);
        execl("/bin/true", "true", NULL);
        _exit(0);
    }
    next("tracer", tracer);
    p(kill(pid, 0));
    ptr(PTRACE_SEIZE, pid, 0, 0);
    kill(pid, SIGKILL);
    next("traced", pid);
}
