// A tracer's main thread waits or traces while another of its threads executes a program.
#include "trace.h"
#include <pthread.h>

static char *self;
static pid_t tracee;

static void *executes(void *unused) {
    usleep(50000);
    char pid[16];
    snprintf(pid, sizeof pid, "%d", tracee);
    execl(self, self, "again", pid, NULL);
    return unused;
}

static void *traces(void *unused) {
    ptr(PTRACE_SEIZE, tracee, 0, 0);
    executes(NULL);
    return unused;
}

// What the new program finds: registers of its own, and the tracee either its own still or nobody's.
static int again(pid_t pid) {
    printf("again\n");
    for (int i = 0; i < 20; i++)
        sys(SYS_getppid);
    t(close, -1);
    ptr(PTRACE_INTERRUPT, pid, 0, 0);
    ptr(PTRACE_SEIZE, pid, 0, 0);
    ptr(PTRACE_INTERRUPT, pid, 0, 0);
    next("tracee", pid);
    ptr(PTRACE_DETACH, pid, 0, 0);
    return 0;
}

int main(int argc, char **argv) {
    self = argv[0];
    if (argc > 2)
        return again(atoi(argv[2]));
    for (int by_thread = 0; by_thread < 2; by_thread++) {
        printf("-- traced by the %s\n", by_thread ? "thread" : "main thread");
        tracee = running(sleep_on);
        until(tracee, 'S');
        fflush(stdout);
        pid_t tracer = fork();
        if (!tracer) {
            pthread_t thread;
            if (!by_thread)
                ptr(PTRACE_SEIZE, tracee, 0, 0);
            pthread_create(&thread, NULL, by_thread ? traces : executes, NULL);
            if (by_thread)
                pause();
            int status;
            waitpid(tracee, &status, __WALL);
            pause();
        }
        next("tracer", tracer);
        kill(tracee, SIGKILL);
        next("tracee", tracee);
    }
}
