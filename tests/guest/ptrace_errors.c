// What ptrace(2) refuses, and how.
#include "trace.h"
#include <pthread.h>
#include <sys/prctl.h>

static pid_t target;
static void *foreign_thread(void *unused) {
    (void)unused;
    printf("from another thread\n");
    ptr(PTRACE_CONT, target, 0, 0);
    ptr(PTRACE_ATTACH, getpid(), 0, 0);
    return NULL;
}

static void undumpable(void) {
    syscall(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
    sleep_on();
}

int main(void) {
    ptr(PTRACE_ATTACH, getpid(), 0, 0);
    ptr(PTRACE_SEIZE, getpid(), 0, 0);
    ptr(PTRACE_ATTACH, 0, 0, 0);
    ptr(PTRACE_ATTACH, -1, 0, 0);
    ptr(PTRACE_ATTACH, 0x7fffffff, 0, 0);
    ptr(PTRACE_SEIZE, 0x7fffffff, 1, 0);
    ptr(PTRACE_CONT, getpid(), 0, 0);
    ptr(PTRACE_PEEKDATA, 0x7fffffff, 0, 0);
    ptr(0x9999, getpid(), 0, 0);
    target = running(sleep_on);
    until(target, 'S');
    ptr(PTRACE_CONT, target, 0, 0);
    ptr(PTRACE_SEIZE, target, 8, 0);
    ptr(PTRACE_SEIZE, target, 0, -1);
    ptr(PTRACE_SEIZE, target, 0, 0);
    ptr(PTRACE_GETSIGINFO, target, 0, 0);
    ptr(PTRACE_DETACH, target, 0, 0);
    ptr(PTRACE_SETOPTIONS, target, 0, 0);
    ptr(0x9999, target, 0, 0);
    ptr(PTRACE_INTERRUPT, target, 0, 0);
    next("interrupted", target);
    ptr(0x9999, target, 0, 0);
    ptr(11, target, 0, 0);
    ptr(PTRACE_SETOPTIONS, target, 0, 1 << 8);
    ptr(PTRACE_SETOPTIONS, target, 0, -1);
    ptr(PTRACE_SETOPTIONS, target, 0, 1 << 21);
    ptr(PTRACE_SETOPTIONS, target, 0, 0x7f);
    ptr(PTRACE_CONT, target, 0, 65);
    ptr(PTRACE_SYSCALL, target, 0, 1000);
    ptr(PTRACE_SINGLESTEP, target, 0, -1);
    ptr(PTRACE_DETACH, target, 0, 65);
    ptr(PTRACE_GETSIGINFO, target, 0, 8);
    ptr(PTRACE_SETSIGINFO, target, 0, 8);
    ptr(PTRACE_GETEVENTMSG, target, 0, 8);
    ptr(PTRACE_PEEKSIGINFO, target, 8, 8);
    ptr(PTRACE_GETSIGMASK, target, 8, 8);
    ptr(PTRACE_SETSIGMASK, target, 8, 8);
    ptr(PTRACE_GET_SYSCALL_INFO, target, 24, 8);
    ptr(PTRACE_POKEUSER, target, 1, 0);
    ptr(PTRACE_LISTEN, target, 0, 0);
    ptr(PTRACE_INTERRUPT, target, 0, 0);
    next("interrupted", target);
    pthread_t thread;
    pthread_create(&thread, NULL, foreign_thread, NULL);
    pthread_join(thread, NULL);
    fflush(stdout);
    pid_t other = fork();
    if (!other) {
        printf("from another process\n");
        ptr(PTRACE_CONT, target, 0, 0);
        ptr(PTRACE_ATTACH, target, 0, 0);
        ptr(PTRACE_SEIZE, target, 0, 0);
        fflush(stdout);
        _exit(0);
    }
    next("other", other);
    kill(target, SIGKILL);
    usleep(20000);
    ptr(PTRACE_CONT, target, 0, 0);
    next("killed", target);
    ptr(PTRACE_CONT, target, 0, 0);
    target = fork();
    if (!target)
        _exit(0);
    waitid(P_PID, (id_t)target, &(siginfo_t){0}, WEXITED | WNOWAIT);
    printf("a zombie\n");
    ptr(PTRACE_ATTACH, target, 0, 0);
    ptr(PTRACE_SEIZE, target, 0, 0);
    next("zombie", target);
    target = running(undumpable);
    until(target, 'S');
    printf("not dumpable\n");
    ptr(PTRACE_ATTACH, target, 0, 0);
    kill(target, SIGKILL);
    next("end", target);
}
