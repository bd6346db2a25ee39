// A thread executes a program while the leader, whose number it takes, and others are in calls, make children, or try to
// execute a program themselves. The new program finds the children that the old one has made.
#include "check.h"
#include <pthread.h>

enum { ROUNDS = 40, CHILD = 3, PROGRAM = 5 };

static void *opens(void *unused) {
    for (;;)
        close(open(A("prog"), O_RDONLY));
    return unused;
}

static void *forks(void *unused) {
    for (;;) {
        if (!fork())
            _exit(CHILD);
        usleep(200);
    }
    return unused;
}

static void *vforks(void *unused) {
    for (;;) {
        if (!vfork())
            _exit(CHILD);
        usleep(200);
    }
    return unused;
}

static void *executes(void *microseconds) {
    usleep((intptr_t)microseconds);
    char *args[] = {"prog", "program", 0}, *env[] = {0};
    sys(SYS_execve, A("prog"), args, env);
    _exit(90);
}

static void *executes_without_memory(void *unused) {
    struct rlimit limit = {1000000, 1000000};
    setrlimit(RLIMIT_AS, &limit);
    return executes(unused);
}

static void *ends(void *unused) {
    for (volatile int i = (uintptr_t)&unused / 16 % 64 * 1000; i; i--)
        ;
    sys(SYS_exit, 0);
    return unused;
}

static void *executes_at_once(void *unused) { return executes(unused); }

static void run(const char *label, void *(*leader)(void *), void *(*other)(void *)) {
    int wrong = 0;
    for (int round = 0; round < ROUNDS && !wrong; round++) {
        pid_t pid = fork();
        if (!pid) {
            pthread_t thread;
            pthread_create(&thread, 0, other, 0);
            pthread_create(&thread, 0, executes, (void *)(intptr_t)(round * 37 % 1000));
            leader(0);
        }
        int status;
        waitpid(pid, &status, 0);
        wrong += !WIFEXITED(status) || WEXITSTATUS(status) != PROGRAM;
    }
    printf("%s: %d wrong\n", label, wrong);
}

static void *sleeps(void *unused) {
    for (;;)
        pause();
    return unused;
}

// An execve that fails when the old program is gone already: the process dies, of whatever.
static void no_way_back(const char *label, void *(*leader)(void *)) {
    pid_t pid = fork();
    if (!pid) {
        pthread_t thread;
        pthread_create(&thread, 0, leader, 0);
        pthread_create(&thread, 0, executes_without_memory, 0);
        leader(0);
    }
    int status;
    waitpid(pid, &status, 0);
    printf("no way back, %s: %s\n", label, WIFSIGNALED(status) || WEXITSTATUS(status) == 127 ? "ended" : "lives");
}

int main(int argc, char **argv) {
    if (argc > 1) {
        int status, wrong = 0;
        while (waitpid(-1, &status, __WALL) > 0)
            wrong += !WIFEXITED(status) || WEXITSTATUS(status) != CHILD;
        return errno == ECHILD && !wrong ? PROGRAM : 91;
    }
    copy_self("prog");
    run("the leader opens files", opens, opens);
    run("the leader forks", forks, opens);
    run("another thread forks", opens, forks);
    run("the leader vforks", vforks, forks);
    run("all execute", executes_at_once, executes_at_once);
    run("the leader ends", ends, opens);
    run("the leader ends, another executes", ends, executes_at_once);
    no_way_back("the leader sleeps", sleeps);
    no_way_back("the leader opens files", opens);
}
