// ptrace(2) on what has ended or is ending: zombies, and a main thread that is gone before the others.
#include "trace.h"
#include <pthread.h>

static void *stays(void *unused) {
    sleep_on();
    return unused;
}

static void leaves_a_thread(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, stays, NULL);
    syscall(SYS_exit, 0);
}

static void try(pid_t pid) {
    ptr(PTRACE_ATTACH, pid, 0, 0);
    ptr(PTRACE_SEIZE, pid, 0, 0);
    ptr(PTRACE_SEIZE, pid, 8, 0);
    ptr(PTRACE_SEIZE, pid, 0, 0x40000000);
    ptr(PTRACE_INTERRUPT, pid, 0, 0);
    ptr(PTRACE_KILL, pid, 0, 0);
    ptr(PTRACE_CONT, pid, 0, 0);
    ptr(PTRACE_DETACH, pid, 0, 0);
}

static void ends(void) { _exit(3); }

int main(void) {
    printf("-- a zombie\n");
    pid_t pid = running(ends);
    until(pid, 'Z');
    try(pid);
    next("zombie", pid);
    try(pid);

    printf("-- the main thread has ended\n");
    pid = running(leaves_a_thread);
    until(pid, 'Z');
    try(pid);
    kill(pid, SIGKILL);
    next("process", pid);

    printf("-- a tracee's main thread ends\n");
    pid = traced(leaves_a_thread);
    next("stopped", pid);
    ptr(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXIT);
    ptr(PTRACE_CONT, pid, 0, 0);
    next("exit", pid);
    ptr(PTRACE_CONT, pid, 0, 0);
    until(pid, 'Z');
    try(pid);
    p(waitpid(pid, NULL, WNOHANG));
    kill(pid, SIGKILL);
    next("process", pid);

    printf("-- a zombie that was traced\n");
    pid = traced(ends);
    next("stopped", pid);
    ptr(PTRACE_CONT, pid, 0, 0);
    until(pid, 'Z');
    ptr(PTRACE_SEIZE, pid, 0, 0);
    ptr(PTRACE_CONT, pid, 0, 0);
    next("zombie", pid);

    printf("-- oneself\n");
    pid = getpid();
    try(0);
    try(-1);
    ptr(PTRACE_ATTACH, pid, 0, 0);
    ptr(PTRACE_SEIZE, pid, 0, 0);
    ptr(PTRACE_SEIZE, pid, 0, 0x40000000);
    ptr(PTRACE_CONT, pid, 0, 0);

    printf("-- killed while stopped\n");
    pid = traced(sleep_on);
    next("stopped", pid);
    kill(pid, SIGKILL);
    until(pid, 'Z');
    ptr(PTRACE_CONT, pid, 0, 0);
    ptr(PTRACE_SETOPTIONS, pid, 0, 0);
    next("killed", pid);
    ptr(PTRACE_CONT, pid, 0, 0);
}
