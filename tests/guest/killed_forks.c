// Processes that are killed while they fork: their children live on, and say so.
#include "check.h"

int main(void) {
    mkfile("file", "x");
    int pipes[2], lost = 0, rounds = 300;
    for (int i = 0; i < rounds; i++) {
        pipe(pipes);
        pid_t pid = fork();
        if (!pid) {
            for (;;) {
                pid_t child = fork();
                if (child < 0)
                    _exit(1);
                if (!child) {
                    struct stat st;
                    if (sys(SYS_stat, A("file"), &st))
                        _exit(2);
                    close(pipes[1]);
                    _exit(0);
                }
            }
        }
        usleep(300 + i * 13 % 1500);
        kill(pid, SIGKILL);
        waitpid(pid, 0, 0);
        close(pipes[1]);
        // The end of the pipe is seen only when every child has gone on to its end.
        char byte;
        struct pollfd end = {.fd = pipes[0], .events = POLLIN};
        if (poll(&end, 1, 20000) != 1 || read(pipes[0], &byte, 1) != 0) {
            lost++;
            break;
        }
        close(pipes[0]);
    }
    printf("%d lost\n", lost);
}
