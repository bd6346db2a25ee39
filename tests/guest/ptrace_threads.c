// Threads of a traced process: their ends, and an execve of one that is not the leader.
#include "trace.h"
#include <pthread.h>

static volatile pid_t last;
static void *ends(void *p) {
    last = (pid_t)syscall(SYS_gettid);
    return p;
}
static volatile int waiting;
static void *waits(void *p) {
    __atomic_add_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
    for (;;)
        pause();
    return p;
}
static void *executes(void *p) {
    char *argv[] = {"ptrace_threads", "end", NULL};
    execve("/proc/self/exe", argv, environ);
    return p;
}

static void one_ends(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, ends, NULL);
    pthread_join(thread, NULL);
    // The join comes before the thread's end.
    while (syscall(SYS_tgkill, getpid(), last, 0) == 0)
        usleep(1000);
    _exit(4);
}
static void one_executes(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, waits, NULL);
    while (!waiting)
        usleep(1000);
    pthread_create(&thread, NULL, executes, NULL);
    waits(NULL);
}
static void all_end(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, waits, NULL);
    pthread_create(&thread, NULL, waits, NULL);
    while (waiting < 2)
        usleep(1000);
    _exit(6);
}

static void follow(const char *name, void (*body)(void)) {
    printf("-- %s\n", name);
    pid_t pid = traced(body);
    next("child", pid);
    tr(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC);
    tr(PTRACE_CONT, pid, 0, 0);
    // By the order in which they were made; what threads do among each other comes in no order.
    pid_t tids[8] = {pid};
    int count = 1;
    char text[8][600] = {{0}};
    for (;;) {
        int status, at = 0;
        pid_t got = waitpid(-1, &status, __WALL);
        if (got < 0)
            break;
        while (at < count && tids[at] != got)
            at++;
        if (at == count)
            tids[count++] = got;
        char *to = text[at] + strlen(text[at]);
        to += sprintf(to, "  %s", words(status));
        if (status >> 16 == PTRACE_EVENT_EXEC) {
            unsigned long former = 0;
            tr(PTRACE_GETEVENTMSG, got, 0, &former);
            sprintf(to, ", formerly %s", (pid_t)former == got ? "itself" : "a thread");
        }
        if (status >> 16 == PTRACE_EVENT_CLONE) {
            unsigned long made = 0;
            tr(PTRACE_GETEVENTMSG, got, 0, &made);
            int known = 0;
            for (int i = 0; i < count; i++)
                known |= tids[i] == (pid_t)made;
            if (!known)
                tids[count++] = (pid_t)made;
        }
        strcat(text[at], "\n");
        if (WIFSTOPPED(status))
            tr(PTRACE_CONT, got, 0, 0);
    }
    for (int i = 0; i < count; i++)
        printf("task %d\n%s", i, text[i]);
}

int main(int argc, char **argv) {
    (void)argv;
    if (argc > 1)
        return 3;
    follow("one ends", one_ends);
    follow("one executes", one_executes);
    follow("all end", all_end);
}
