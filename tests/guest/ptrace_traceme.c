// PTRACE_TRACEME: signals, execve and the end of a child, as its parent sees them.
#include "trace.h"

static void exits(void) { _exit(7); }
static void dies(void) { raise(SIGTERM); }
static void ignores(void) {
    signal(SIGUSR1, SIG_IGN);
    raise(SIGUSR1);
    _exit(5);
}
static void executes(void) {
    char *argv[] = {"ptrace_traceme", "again", NULL};
    execve("/proc/self/exe", argv, environ);
    _exit(97);
}
static void twice(void) { _exit(tr(PTRACE_TRACEME, 0, 0, 0) == -1 && errno == EPERM ? 0 : 1); }

static void run(const char *name, void (*body)(void)) {
    printf("-- %s\n", name);
    pid_t pid = traced(body);
    int status = next("child", pid);
    while (WIFSTOPPED(status)) {
        int signal = WSTOPSIG(status) == SIGSTOP || WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
        if (tr(PTRACE_CONT, pid, 0, signal))
            die("PTRACE_CONT");
        status = next("child", pid);
    }
}

int main(int argc, char **argv) {
    if (argc > 1) {
        printf("executed: %s\n", argv[1]);
        return 3;
    }
    run("exits", exits);
    run("dies", dies);
    run("ignores a signal", ignores);
    run("executes", executes);
    run("asks twice", twice);
    next("nobody", -1);
}
