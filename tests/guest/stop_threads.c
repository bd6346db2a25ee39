// Stopping a process of several threads: one report, all stand still, signals wait, SIGKILL does not.
#include "check.h"
#include <pthread.h>

static volatile long *counters;
static int ready[2];

static void *counts(void *slot) {
    volatile long *mine = slot;
    struct stat st;
    for (;;) {
        ++*mine;
        if (mine == counters + 1)
            stat("file", &st);
        if (mine == counters + 2)
            sched_yield();
    }
    return slot;
}

static void *sleeps(void *slot) {
    for (;;)
        pause();
    return slot;
}

static pid_t start_process(void) {
    pid_t pid = fork();
    if (!pid) {
        pthread_t thread;
        for (int i = 0; i < 4; i++)
            pthread_create(&thread, 0, i == 3 ? sleeps : counts, (void *)(counters + i));
        write(ready[1], "x", 1);
        for (;;)
            pause();
    }
    char byte;
    read(ready[0], &byte, 1);
    return pid;
}

static void report(pid_t pid, int flags) {
    int s = 0;
    pid_t got = waitpid(pid, &s, flags);
    if (got == 0)
        printf("  nothing\n");
    else if (got < 0)
        printf("  %s\n", errno_name(errno));
    else if (WIFSTOPPED(s))
        printf("  stopped by %d\n", WSTOPSIG(s));
    else if (WIFCONTINUED(s))
        printf("  continued\n");
    else if (WIFSIGNALED(s))
        printf("  killed by %d\n", WTERMSIG(s));
    else
        printf("  exit %d\n", WEXITSTATUS(s));
}

static int stands_still(void) {
    long before[4], after[4];
    // A stop is reported when the last thread has stopped.
    for (int i = 0; i < 4; i++)
        before[i] = counters[i];
    usleep(30000);
    for (int i = 0; i < 4; i++)
        after[i] = counters[i];
    return !memcmp(before, after, sizeof before);
}

static int moves(void) {
    long before = counters[0];
    for (int i = 0; i < 1000; i++) {
        if (counters[0] != before)
            return 1;
        usleep(10000);
    }
    return 0;
}

static int states(pid_t pid, char wanted) {
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    int others = 0;
    for (struct dirent *d; (d = readdir(tasks));) {
        if (*d->d_name == '.')
            continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.20s/stat", pid, d->d_name);
        int fd = open(path, O_RDONLY);
        ssize_t n = read(fd, text, sizeof text - 1);
        close(fd);
        text[n < 0 ? 0 : n] = 0;
        char *at = strrchr(text, ')');
        others += !at || at[2] != wanted;
    }
    closedir(tasks);
    return others;
}

int main(void) {
    mkfile("file", "x");
    counters = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pipe(ready);
    static const int signals[] = {SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};
    for (int i = 0; i < 4; i++) {
        pid_t pid = start_process();
        setpgid(pid, pid);
        printf("signal %d\n", signals[i]);
        kill(pid, signals[i]);
        report(pid, WUNTRACED);
        report(pid, WUNTRACED | WNOHANG);
        p(stands_still());
        // A second stop changes nothing, nor does a signal with a default action that kills: it waits.
        kill(pid, SIGSTOP);
        report(pid, WUNTRACED | WNOHANG);
        kill(pid, SIGUSR1);
        report(pid, WUNTRACED | WNOHANG);
        p(stands_still());
        // Continued and killed at once: which of the two is seen is a matter of time.
        kill(pid, SIGCONT);
        report(pid, 0);
    }
    // Continued for good, several times over.
    pid_t pid = start_process();
    for (int i = 0; i < 5; i++) {
        kill(pid, SIGSTOP);
        report(pid, WUNTRACED);
        p(stands_still());
        kill(pid, SIGCONT);
        report(pid, WCONTINUED);
        p(moves());
    }
    // WNOWAIT leaves the report; and a stop that is over is reported no more.
    kill(pid, SIGSTOP);
    siginfo_t info;
    p(waitid(P_PID, pid, &info, WSTOPPED | WNOWAIT) ?: info.si_status);
    p(waitid(P_PID, pid, &info, WSTOPPED | WNOWAIT) ?: info.si_status);
    kill(pid, SIGCONT);
    report(pid, WUNTRACED | WNOHANG);
    report(pid, WCONTINUED);
    report(pid, WCONTINUED | WNOHANG);
    // A stop of one thread by tgkill is one of all.
    syscall(SYS_tgkill, pid, pid, SIGSTOP);
    report(pid, WUNTRACED);
    p(stands_still());
    kill(pid, SIGKILL);
    report(pid, 0);
    // Killed while running, stopped and killed at once, continued and killed at once.
    for (int i = 0; i < 10; i++) {
        pid = start_process();
        if (i & 1)
            kill(pid, SIGSTOP);
        if (i & 2)
            kill(pid, SIGCONT);
        kill(pid, SIGKILL);
        report(pid, 0);
    }
    // A storm of both ends with whatever came last.
    pid = start_process();
    for (int i = 0; i < 200; i++)
        kill(pid, i & 1 ? SIGCONT : SIGSTOP);
    p(moves());
    kill(pid, SIGTERM);
    int s;
    while (waitpid(pid, &s, WUNTRACED | WCONTINUED) == pid && !WIFSIGNALED(s))
        ;
    p(WTERMSIG(s));
}
