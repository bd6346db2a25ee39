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
}
