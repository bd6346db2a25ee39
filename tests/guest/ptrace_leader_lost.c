// A tracer of a process's leader alone, which is not its parent, waits while another thread executes a program: the leader
// is gone, and there is nobody left to wait for.
#include "check.h"
#include <pthread.h>
#include <sys/ptrace.h>

static int ready[2];

static void *executes(void *unused) {
    char byte;
    read(ready[0], &byte, 1);
    usleep(100000);
    char *args[] = {"prog", "program", 0}, *env[] = {0};
    sys(SYS_execve, A("prog"), args, env);
    _exit(90);
    return unused;
}

int main(int argc, char **argv) {
    if (argc > 1) {
        usleep(100000);
        return 5;
    }
    copy_self("prog");
    pipe(ready);
    pid_t pid = fork();
    if (!pid) {
        pthread_t thread;
        pthread_create(&thread, 0, executes, 0);
        for (;;)
            pause();
    }
    pid_t tracer = fork();
    if (!tracer) {
        alarm(10);
        int status, seized = ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEEXEC) == 0;
        write(ready[1], "", 1);
        pid_t news = waitpid(pid, &status, __WALL);
        printf("seized: %d, wait: %s\n", seized, news == pid ? "news" : errno_name(errno));
        exit(0);
    }
    show_end("tracer", tracer);
    show_end("executed", pid);
}
