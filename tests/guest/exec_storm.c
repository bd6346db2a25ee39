// Processes whose threads all execute at once, again and again, beside threads that make path calls: one wins, the
// others vanish, and the program that runs has the process's id, one thread and what was passed.
#include "check.h"
#include <pthread.h>

static char *program;

static void *execer(void *arg) {
    char round[16];
    snprintf(round, sizeof round, "%ld", (long)arg);
    char *args[] = {"prog", round, 0}, *env[] = {0};
    sys(SYS_execve, program, args, env);
    _exit(90);
}

static void *busy(void *unused) {
    struct stat st;
    for (;;) {
        sys(SYS_stat, program, &st);
        close((int)sys(SYS_openat, AT_FDCWD, program, O_RDONLY));
    }
    return unused;
}

static int threads(void) {
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *e; tasks && (e = readdir(tasks));)
        count += *e->d_name != '.';
    closedir(tasks);
    return count;
}

// Executes itself `left` times more, each time from another mix of threads.
static void next(long left) {
    pthread_t thread;
    for (int i = 0; i < 3; i++)
        pthread_create(&thread, 0, busy, 0);
    for (int i = 0; i < 3; i++)
        pthread_create(&thread, 0, execer, (void *)(left - 1));
    if (left % 3 == 0)
        execer((void *)(left - 1));
    if (left % 3 == 1)
        pthread_exit(0);
    busy(0);
}

int main(int argc, char **argv) {
    program = argc > 1 ? strdup(A("prog")) : "prog";
    if (argc > 1) {
        long left = atol(argv[1]);
        if (argc != 2 || threads() != 1 || sys(SYS_gettid) != getpid())
            _exit(91);
        if (!left)
            _exit(55);
        next(left);
    }
    copy_self("prog");
    pid_t pids[4];
    int ends = 0;
    for (int i = 0; i < 4; i++)
        if (!(pids[i] = fork())) {
            program = strdup(A("prog"));
            execer((void *)12);
        }
    for (int i = 0; i < 4; i++) {
        int s;
        waitpid(pids[i], &s, 0);
        if (WIFEXITED(s) && WEXITSTATUS(s) == 55)
            ends++;
        else
            printf("process %d: status %#x\n", i, s);
    }
    printf("%d of 4 came to the end\n", ends);
}
