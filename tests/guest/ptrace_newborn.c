// A child that is traced as soon as it is there: nothing of how it came about is told.
#include "trace.h"

int main(void) {
    int odd = 0;
    for (int i = 0; i < 200; i++) {
        int status;
        pid_t pid = fork();
        if (!pid)
            sleep_on();
        if (tr(PTRACE_SEIZE, pid, 0, 0))
            die("PTRACE_SEIZE");
        if (i % 2) {
            tr(PTRACE_INTERRUPT, pid, 0, 0);
            waitpid(pid, &status, 0);
            odd += status >> 16 != 128;
            tr(PTRACE_CONT, pid, 0, 0);
        }
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        odd += !WIFSIGNALED(status);
    }
    printf("%d unexpected stops\n", odd);
}
