// 2,000 short processes, up to 20 at a time, each with a path call, some with an exec or a violent end.
#include "check.h"

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "child"))
        return 77;
    copy_self("prog");
    mkfile("file", "x");
    int ends[4] = {0}, running = 0;
    for (int i = 0; i < 2000 || running;) {
        if (i < 2000 && running < 20) {
            pid_t pid = fork();
            if (pid < 0)
                die("fork");
            if (!pid) {
                struct stat st;
                if (sys(SYS_stat, A("file"), &st))
                    _exit(1);
                if (i % 10 == 0) {
                    execl(i % 20 ? "./prog" : A("prog"), "prog", "child", (char *)0);
                    _exit(2);
                }
                if (i % 10 == 1)
                    kill(getpid(), SIGKILL);
                _exit(i % 10 == 2 ? 3 : 0);
            }
            i++;
            running++;
        } else {
            int s;
            if (wait(&s) < 0)
                die("wait");
            running--;
            ends[WIFSIGNALED(s) ? 1 : WEXITSTATUS(s) == 77 ? 2 : WEXITSTATUS(s) == 0 ? 0 : WEXITSTATUS(s) == 3 ? 3 : (printf("exit %d\n", WEXITSTATUS(s)), 3)]++;
        }
    }
    printf("fine %d, killed %d, exec %d, exit 3 %d\n", ends[0], ends[1], ends[2], ends[3]);
}
