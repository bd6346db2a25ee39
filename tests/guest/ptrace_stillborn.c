// Children that are killed as soon as they can be found, often before their creator's event: a tracer that is told of
// their birth is told of their end, too.
#include "check.h"
#include <pthread.h>
#include <sys/ptrace.h>

enum { CHILDREN = 300 };

static void *lives(void *unused) {
    usleep(20);
    return unused;
}

static void makes(int threads) {
    for (int i = 0; i < CHILDREN; i++) {
        if (threads) {
            pthread_t thread;
            pthread_create(&thread, 0, lives, 0);
            pthread_join(thread, 0);
            continue;
        }
        pid_t pid = fork();
        if (!pid) {
            usleep(20);
            _exit(0);
        }
        waitpid(pid, 0, 0);
    }
    _exit(0);
}

// Kills each child of `parent`, for ever.
static void hunt(pid_t parent) {
    char name[64], text[256];
    snprintf(name, sizeof name, "/proc/%d/task/%d/children", parent, parent);
    int fd = open(name, O_RDONLY);
    for (;;) {
        ssize_t n = pread(fd, text, sizeof text - 1, 0);
        text[n > 0 ? n : 0] = 0;
        int pid = atoi(text);
        if (pid)
            kill(pid, SIGKILL);
    }
}

static void follow(const char *label, int threads) {
    int status, born = 0, ended = 0;
    pid_t pid = fork();
    if (!pid) {
        raise(SIGSTOP);
        makes(threads);
    }
    waitpid(pid, &status, WUNTRACED);
    pid_t hunter = fork();
    if (!hunter)
        hunt(pid);
    ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE);
    kill(pid, SIGCONT);
    for (pid_t news; (news = waitpid(-1, &status, __WALL)) > 0;) {
        if (WIFSTOPPED(status)) {
            int signal = status >> 16 ? 0 : WSTOPSIG(status);
            born += status >> 16 == PTRACE_EVENT_FORK || status >> 16 == PTRACE_EVENT_CLONE;
            ptrace(PTRACE_CONT, news, 0, signal);
        } else if (news == pid) {
            kill(hunter, SIGKILL);
        } else if (news != hunter) {
            ended++;
        }
    }
    printf("%s: born %d, ended %d\n", label, born, ended);
}

int main(void) {
    follow("processes", 0);
    follow("threads", 1);
}
