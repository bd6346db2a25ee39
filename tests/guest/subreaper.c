// PR_SET_CHILD_SUBREAPER and PR_SET_PDEATHSIG: who inherits orphans, and what a child is told.
#include "check.h"
#include <pthread.h>
#include <sys/prctl.h>

static int told[2], go[2];
static volatile int died;
static void handler(int signal) { died = signal; }

static void *makes_child(void *out) {
    pid_t pid = fork();
    if (!pid) {
        char byte;
        struct sigaction sa = {.sa_handler = handler};
        sigaction(SIGUSR1, &sa, 0);
        prctl(PR_SET_PDEATHSIG, SIGUSR1);
        write(told[1], "x", 1);
        for (int i = 0; i < 200 && !died; i++)
            usleep(1000);
        write(told[1], died ? "d" : "n", 1);
        _exit(0);
    }
    return out;
}

int main(void) {
    pipe(told);
    pipe(go);
    char byte;
    int value = -1, s;
    p(prctl(PR_GET_CHILD_SUBREAPER, &value) ?: value);
    p(prctl(PR_SET_CHILD_SUBREAPER, 1));
    p(prctl(PR_GET_CHILD_SUBREAPER, &value) ?: value);
    // It is not inherited, but looked for among the ancestors.
    pid_t me = getpid(), middle = fork();
    if (!middle) {
        prctl(PR_GET_CHILD_SUBREAPER, &value);
        printf("in the child %d\n", value);
        if (!fork()) {
            if (!fork()) {
                read(go[0], &byte, 1);
                for (int i = 0; i < 1000 && getppid() != me; i++)
                    usleep(1000);
                _exit(getppid() == me ? 31 : 32);
            }
            _exit(30);
        }
        wait(&s);
        _exit(WEXITSTATUS(s));
    }
    show_end("middle", middle);
    write(go[1], "x", 1);
    p(wait(&s) > 0 && WEXITSTATUS(s) == 31);
    p(wait(&s) < 0 && errno == ECHILD);
    // Zombies that were nobody's come along too.
    middle = fork();
    if (!middle) {
        pid_t zombie = fork();
        if (!zombie)
            _exit(33);
        waitid(P_PID, zombie, &(siginfo_t){0}, WEXITED | WNOWAIT);
        _exit(34);
    }
    show_end("middle", middle);
    p(wait(&s) > 0 && WEXITSTATUS(s) == 33);
    p(prctl(PR_SET_CHILD_SUBREAPER, 0));
    // The parent's death: a signal, from whom, and what a parent is.
    for (int way = 0; way < 3; way++) {
        pid_t parent = fork();
        if (!parent) {
            pid_t child = fork();
            if (!child) {
                struct sigaction sa = {.sa_handler = handler};
                sigaction(SIGUSR1, &sa, 0);
                prctl(PR_SET_PDEATHSIG, way == 2 ? 0 : SIGUSR1);
                write(told[1], "r", 1);
                pid_t before = getppid();
                for (int i = 0; i < 3000 && getppid() == before; i++)
                    usleep(1000);
                usleep(2000);
                write(told[1], died ? "d" : "n", 1);
                _exit(0);
            }
            read(told[0], &byte, 1);
            if (way == 1)
                kill(getpid(), SIGKILL);
            _exit(0);
        }
        waitpid(parent, 0, 0);
        read(told[0], &byte, 1);
        printf("parent's death %d: %s\n", way, byte == 'd' ? "told" : "not told");
    }
    // The thread that made the child is the parent here.
    pthread_t thread;
    pthread_create(&thread, 0, makes_child, 0);
    pthread_join(thread, 0);
    read(told[0], &byte, 1);
    read(told[0], &byte, 1);
    printf("the thread's end: %s\n", byte == 'd' || byte == 'n' ? "seen" : "?");
    wait(0);
    pe(prctl(PR_SET_PDEATHSIG, 65));
    pe(prctl(PR_SET_PDEATHSIG, -1));
    p(prctl(PR_GET_PDEATHSIG, &value) ?: value);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    pid_t pid = fork();
    if (!pid)
        _exit(prctl(PR_GET_PDEATHSIG, &value) ?: value);
    show_end("not inherited", pid);
}
