// ptrace(2) and its like across the border of a domain: out of it nobody is seen, into it everybody sees.
#include "landlock.h"
#include <sys/ptrace.h>

static void try(pid_t pid) {
    t(ptrace, PTRACE_ATTACH, pid, 0, 0);
    t(ptrace, PTRACE_SEIZE, pid, 0, 0);
    char byte;
    struct iovec own = {&byte, 1}, its = {&byte, 1};
    t(process_vm_readv, pid, &own, 1, &its, 1, 0);
    t(kcmp, pid, getpid(), 0, 0, 0);
    int pidfd = sys(SYS_pidfd_open, pid, 0);
    tv(pidfd_getfd, pidfd, 1, 0);
    close(pidfd);
}

static pid_t waiting(bool confined) {
    pid_t pid = fork();
    if (pid)
        return pid;
    if (confined)
        enter(ruleset(MAKE_SYM, 0, 0));
    for (;;)
        pause();
}

static void outward(void) {
    pid_t outside = waiting(false);
    enter(ruleset(MAKE_SYM, 0, 0));
    try(outside);
    pid_t inside = waiting(false), deeper = waiting(true);
    usleep(50000);
    printf("inside\n");
    p(ptrace(PTRACE_SEIZE, inside, 0, 0));
    p(ptrace(PTRACE_SEIZE, deeper, 0, 0));
    kill(inside, SIGKILL);
    kill(deeper, SIGKILL);
    kill(outside, SIGKILL);
}

static void inward(void) {
    pid_t inside = waiting(true);
    usleep(50000);
    p(ptrace(PTRACE_ATTACH, inside, 0, 0));
    int status;
    p(waitpid(inside, &status, 0) == inside && WIFSTOPPED(status));
    p(ptrace(PTRACE_DETACH, inside, 0, 0));
    kill(inside, SIGKILL);
}

static void siblings(void) {
    pid_t other = waiting(true);
    usleep(50000);
    enter(ruleset(MAKE_SYM, 0, 0));
    try(other);
    kill(other, SIGKILL);
}

static void trace_me(void) {
    int go[2];
    char byte;
    if (pipe(go))
        die("pipe");
    pid_t pid = fork();
    if (!pid) {
        if (read(go[0], &byte, 1) != 1)
            die("read");
        t(ptrace, PTRACE_TRACEME, 0, 0, 0);
        _exit(0);
    }
    enter(ruleset(MAKE_SYM, 0, 0));
    if (write(go[1], "", 1) != 1)
        die("write");
    show_end("child from before", pid);
    pid = fork();
    if (!pid) {
        t(ptrace, PTRACE_TRACEME, 0, 0, 0);
        _exit(0);
    }
    show_end("child from after", pid);
}

int main(void) {
    part("outward", outward);
    part("inward", inward);
    part("siblings", siblings);
    part("trace me", trace_me);
}
