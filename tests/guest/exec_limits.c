// execve(2) under tight resource limits: the new program starts with exactly what it was left.
#include "check.h"

static int child(char **argv) {
    int fds = 0;
    for (int fd = 0; fd < 100; fd++)
        fds += fcntl(fd, F_GETFD) >= 0;
    struct stat st;
    printf("  %s: descriptors %d, stat %s\n", argv[2], fds, errno_name(-sys(SYS_stat, A("file"), &st)));
    return 17;
}

static void with(const char *label, int resource, rlim_t value) {
    pid_t pid = fork();
    if (!pid) {
        struct rlimit limit = {value, value};
        if (resource >= 0 && setrlimit(resource, &limit))
            die("setrlimit");
        char *args[] = {"prog", "child", (char *)label, 0}, *env[] = {0};
        long ret = sys(SYS_execve, A("prog"), args, env);
        printf("  %s\n", errno_name(-ret));
        _exit(1);
    }
    show_end(label, pid);
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "child"))
        return child(argv);
    copy_self("prog");
    mkfile("file", "x");
    with("no limit", -1, 0);
    with("small stack", RLIMIT_STACK, 64 << 10);
    with("small address space", RLIMIT_AS, 32 << 20);
    with("small data", RLIMIT_DATA, 4 << 20);
    with("no file size", RLIMIT_FSIZE, 0);
    with("no core", RLIMIT_CORE, 0);
    with("no locked memory", RLIMIT_MEMLOCK, 0);
    with("unlimited stack", RLIMIT_STACK, RLIM_INFINITY);

    // Standard descriptors closed.
    int out = dup(1);
    fcntl(out, F_SETFD, FD_CLOEXEC);
    pid_t pid = fork();
    if (!pid) {
        close(0);
        close(2);
        execl("./prog", "prog", "child", "no stdin, no stderr", (char *)0);
        _exit(1);
    }
    show_end("closed", pid);
    pid = fork();
    if (!pid) {
        close(0);
        close(1);
        close(2);
        execl("./prog", "prog", "child", "nothing open", (char *)0);
        _exit(1);
    }
    show_end("all closed", pid);
}
