// Processes that are killed while they stop.
#include "check.h"

int main(void) {
    int wrong = 0;
    for (int round = 0; round < 1500; round++) {
        pid_t pid = fork();
        if (!pid)
            for (;;)
                pause();
        kill(pid, SIGSTOP);
        for (volatile int i = 0; i < round * 37 % 60000; i++)
            ;
        kill(pid, SIGKILL);
        int status;
        wrong += waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL;
    }
    printf("%d wrong\n", wrong);
}
