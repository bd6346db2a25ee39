// vfork(2): the child borrows the parent's memory and stack until it execs or exits.
#include "check.h"
#include <spawn.h>

static volatile int touched;

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "child")) {
        printf("  child program, %d arguments\n", argc);
        return 6;
    }
    copy_self("prog");
    mkfile("file", "x");
    char *args[] = {"prog", "child", "x", 0}, *env[] = {0};
    char *absolute = A("prog");

    pid_t pid = vfork();
    if (!pid) {
        touched = 1;
        _exit(4);
    }
    show_end("exits", pid);
    p(touched);

    pid = vfork();
    if (!pid) {
        touched = 2;
        execve("prog", args, env);
        _exit(1);
    }
    show_end("execs", pid);
    p(touched);

    pid = vfork();
    if (!pid) {
        execve(absolute, args, env);
        _exit(1);
    }
    show_end("execs by absolute path", pid);

    pid = vfork();
    if (!pid) {
        execve("missing", args, env);
        touched = errno;
        execve("file", args, env);
        _exit(3);
    }
    printf("%s\n", errno_name(touched));
    show_end("fails to exec", pid);

    // Path calls between vfork and exec.
    struct stat st;
    static char path[PATH_MAX];
    strcpy(path, A("file"));
    pid = vfork();
    if (!pid) {
        touched = stat(path, &st);
        touched += open("missing", O_RDONLY) + 1;
        touched += chdir("/");
        execve(absolute, args, env);
        _exit(1);
    }
    show_end("with path calls", pid);
    p(touched);
    topen(AT_FDCWD, "file", O_RDONLY);

    // A vfork in a vfork, and one whose child is killed.
    pid = vfork();
    if (!pid) {
        pid_t inner = vfork();
        if (!inner) {
            execve(absolute, args, env);
            _exit(1);
        }
        int s;
        waitpid(inner, &s, 0);
        _exit(WEXITSTATUS(s) + 1);
    }
    show_end("twice", pid);
    pid = vfork();
    if (!pid) {
        kill(getpid(), SIGKILL);
        _exit(1);
    }
    show_end("killed", pid);
    for (volatile int i = 0; i < 20; i++) {
        pid = vfork();
        if (!pid) {
            execve(i & 1 ? absolute : "missing", args, env);
            _exit(i);
        }
        int s;
        waitpid(pid, &s, 0);
        printf("%d: %d\n", i, WEXITSTATUS(s));
    }
}
