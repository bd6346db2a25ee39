// What tests/debuggers.rs runs under a debugger: a child that executes this program again, and a parent that waits.
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int child_part(void) { return 5; }
int parent_part(void) { return 6; }

int main(int argc, char **argv) {
    if (argc > 1) {
        printf("executed with %s\n", argv[1]);
        return 2;
    }
    pid_t pid = fork();
    if (!pid) {
        if (child_part() == 5)
            execl("/proc/self/exe", "debug_fork", "again", NULL);
        _exit(9);
    }
    int status;
    waitpid(pid, &status, 0);
    printf("child %d\n", WEXITSTATUS(status));
    return parent_part();
}
