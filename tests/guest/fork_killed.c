// A process is killed while its threads make children that it cannot tell of any more: whoever adopts them, a subreaper
// whose memory theirs is a copy of, too, waits for all of them, and they go on working.
#include "check.h"
#include <pthread.h>
#include <spawn.h>
#include <sys/prctl.h>

enum { ROUNDS = 60, CHILD = 3 };

extern char **environ;

static void *forks(void *unused) {
    for (;;) {
        if (!fork())
            _exit(access(A("file"), F_OK) ? 90 : CHILD);
        usleep(200);
    }
    return unused;
}

static void *vforks(void *unused) {
    for (;;) {
        if (!vfork())
            _exit(access(A("file"), F_OK) ? 91 : CHILD);
        usleep(200);
    }
    return unused;
}

static void *spawns(void *unused) {
    char *args[] = {"prog", "program", 0};
    for (;;) {
        pid_t pid;
        posix_spawn(&pid, A("prog"), 0, 0, args, environ);
        usleep(200);
    }
    return unused;
}

// Waits for everybody: true if all have ended as they should.
static int drain(void) {
    int status, wrong = 0;
    while (waitpid(-1, &status, __WALL) > 0)
        wrong += !(WIFEXITED(status) && WEXITSTATUS(status) == CHILD) && !WIFSIGNALED(status);
    return errno == ECHILD && !wrong;
}

static void run(const char *label, void *(*first)(void *), void *(*second)(void *)) {
    int wrong = 0;
    for (int round = 0; round < ROUNDS && !wrong; round++) {
        pid_t pid = fork();
        if (!pid) {
            pthread_t thread;
            pthread_create(&thread, 0, first, 0);
            second(0);
        }
        usleep(round * 137 % 3000);
        kill(pid, SIGKILL);
        wrong += !drain();
    }
    printf("%s: %d wrong\n", label, wrong);
}

int main(int argc, char **argv) {
    if (argc > 1)
        return access(A("file"), F_OK) ? 92 : CHILD;
    copy_self("prog");
    mkfile("file", "x");
    t(prctl, PR_SET_CHILD_SUBREAPER, 1);
    run("forks", forks, forks);
    run("vforks", vforks, vforks);
    run("spawns", spawns, spawns);
    run("all", spawns, forks);
}
