// PR_SET_DUMPABLE: the value is kept, inherited and reset by exec, and path calls go on working.
#include "check.h"
#include <sys/prctl.h>

static struct stat st;

static void calls(void) {
    t(stat, A("file"), &st);
    topen(AT_FDCWD, A("file"), O_RDONLY);
    t(mkdir, A("dir"), 0700);
    t(rmdir, A("dir"));
    char cwd[PATH_MAX];
    p(sys(SYS_getcwd, cwd, sizeof cwd) > 0 && !strcmp(cwd, start_dir));
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "child")) {
        t(prctl, PR_GET_DUMPABLE);
        calls();
        return 0;
    }
    copy_self("prog");
    mkfile("file", "x");
    t(prctl, PR_GET_DUMPABLE);
    t(prctl, PR_SET_DUMPABLE, 2);
    t(prctl, PR_SET_DUMPABLE, 99);
    t(prctl, PR_GET_DUMPABLE);
    t(prctl, PR_SET_DUMPABLE, 0);
    t(prctl, PR_GET_DUMPABLE);
    calls();
    pid_t pid = fork();
    if (!pid) {
        t(prctl, PR_GET_DUMPABLE);
        calls();
        t(prctl, PR_SET_DUMPABLE, 1);
        t(prctl, PR_GET_DUMPABLE);
        _exit(0);
    }
    show_end("fork", pid);
    t(prctl, PR_GET_DUMPABLE);
    pid = fork();
    if (!pid) {
        execl("./prog", "prog", "child", (char *)0);
        _exit(1);
    }
    show_end("exec", pid);
    t(prctl, PR_SET_DUMPABLE, 1);
    t(prctl, PR_GET_DUMPABLE);
}
