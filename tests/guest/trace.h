// What the programs about ptrace(2) share: statuses in words, and children to be traced.
#ifndef TRACE_H
#define TRACE_H
#include "check.h"
#include <sys/ptrace.h>
#include <sys/user.h>

// The raw call takes numbers.
#define tr(request, pid, addr, data) syscall(SYS_ptrace, (long)(request), (long)(pid), (long)(addr), (long)(data))
// Prints a request and its result.
#define ptr(request, pid, addr, data)                                                                              \
    show("ptrace(" #request ", " #pid ", " #addr ", " #data ")",                                                   \
         ({ long r_ = tr(request, pid, addr, data); r_ == -1 ? -errno : r_; }), AS_NUMBER)

static const char *words(int status) {
    static char text[80];
    static const char *const event[] = {"0",    "FORK", "VFORK",      "CLONE", "EXEC",
                                        "VFORK_DONE", "EXIT", "SECCOMP"};
    int number = status >> 16;
    if (WIFEXITED(status))
        snprintf(text, sizeof text, "exited %d", WEXITSTATUS(status));
    else if (WIFSIGNALED(status))
        snprintf(text, sizeof text, "killed by %s", strsignal(WTERMSIG(status)));
    else if (status == 0xffff)
        snprintf(text, sizeof text, "continued");
    else if (WSTOPSIG(status) == (SIGTRAP | 0x80))
        snprintf(text, sizeof text, "at a call");
    else if (number == 0)
        snprintf(text, sizeof text, "stopped by %s", strsignal(WSTOPSIG(status)));
    else
        snprintf(text, sizeof text, "event %s of %s", number == 128 ? "STOP" : number < 8 ? event[number] : "?",
                 strsignal(WSTOPSIG(status)));
    return text;
}

// Waits for `pid` (-1 for any) and prints what has become of it; returns the status.
__attribute__((unused)) static int next(const char *who, pid_t pid) {
    int status = 0;
    pid_t got = waitpid(pid, &status, __WALL);
    if (got < 0)
        printf("%s: %s\n", who, errno_name(errno));
    else
        printf("%s: %s%s\n", who, words(status), pid > 0 && got != pid ? " (another)" : "");
    return status;
}

// A child that asks to be traced, stops and then runs `body`.
__attribute__((unused)) static pid_t traced(void (*body)(void)) {
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        if (tr(PTRACE_TRACEME, 0, 0, 0))
            _exit(98);
        raise(SIGSTOP);
        body();
        fflush(stdout);
        _exit(0);
    }
    return pid;
}

// A child that nobody traces; it has begun when this returns.
__attribute__((unused)) static pid_t running(void (*body)(void)) {
    int ready[2];
    char byte;
    fflush(stdout);
    if (pipe(ready))
        die("pipe");
    pid_t pid = fork();
    if (!pid) {
        close(ready[0]);
        write(ready[1], "", 1);
        close(ready[1]);
        body();
        fflush(stdout);
        _exit(0);
    }
    close(ready[1]);
    read(ready[0], &byte, 1);
    close(ready[0]);
    return pid;
}

// The letter of a line of /proc/PID/status behind its name.
__attribute__((unused)) static char state_of(pid_t pid) {
    char path[64], line[256], state = '?';
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "State: %c", &state) == 1)
            break;
    if (file)
        fclose(file);
    return state;
}

// Waits until the process sleeps, stops or is whatever `state` says.
__attribute__((unused)) static void until(pid_t pid, char state) {
    for (int i = 0; i < 5000 && state_of(pid) != state; i++)
        usleep(1000);
}

__attribute__((unused)) static void sleep_on(void) {
    for (;;)
        pause();
}
#endif
