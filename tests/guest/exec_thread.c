// execve(2) from a thread that is not the leader: the others vanish, the caller takes the leader's id.
#include "check.h"
#include <pthread.h>

static char me[16];
static char *program = "prog";

static void *sleeper(void *unused) {
    for (;;)
        pause();
    return unused;
}

static void *opener(void *unused) {
    for (;;)
        close(open(A("prog"), O_RDONLY));
    return unused;
}

static void *execer(void *unused) {
    usleep(20000);
    char *args[] = {"child", me, 0}, *env[] = {0};
    sys(SYS_execve, program, args, env);
    printf("execve failed\n");
    _exit(9);
    return unused;
}

static void run(const char *label, void *(*other)(void *), int leader_exits) {
    pid_t pid = fork();
    if (!pid) {
        snprintf(me, sizeof me, "%d", getpid());
        pthread_t thread;
        for (int i = 0; i < 3; i++)
            pthread_create(&thread, 0, other, 0);
        pthread_create(&thread, 0, execer, 0);
        if (leader_exits)
            pthread_exit(0);
        other(0);
    }
    show_end(label, pid);
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[0], "child")) {
        printf("  child: pid %s, tid is pid: %d", atoi(argv[1]) == getpid() ? "kept" : "changed",
               sys(SYS_gettid) == getpid());
        DIR *tasks = opendir("/proc/self/task");
        int count = 0;
        for (struct dirent *e; tasks && (e = readdir(tasks));)
            count += *e->d_name != '.';
        printf(", threads %d\n", count);
        // Still a working process: a path call, a thread, a child.
        topen(AT_FDCWD, A("prog"), O_RDONLY);
        return 5;
    }
    copy_self("prog");
    run("exec beside sleeping threads", sleeper, 0);
    run("exec beside threads that open files", opener, 0);
    run("exec after the leader has exited", sleeper, 1);
    program = "missing";
    run("exec that fails", sleeper, 0);
    program = strdup(A("prog"));
    for (int i = 0; i < 5; i++)
        run("again", i & 1 ? opener : sleeper, 0);

    // Two threads exec at once: one wins.
    pid_t pid = fork();
    if (!pid) {
        snprintf(me, sizeof me, "%d", getpid());
        pthread_t thread;
        pthread_create(&thread, 0, execer, 0);
        pthread_create(&thread, 0, execer, 0);
        execer(0);
    }
    show_end("three exec at once", pid);
}
