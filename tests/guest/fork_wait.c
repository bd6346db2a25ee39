// fork(2), wait4(2) and exit(2): statuses, errors, orphans, rusage.
#include "check.h"

static void status(const char *label, int s) {
    if (WIFEXITED(s))
        printf("  %s: exited %d\n", label, WEXITSTATUS(s));
    else if (WIFSIGNALED(s))
        printf("  %s: killed by %d\n", label, WTERMSIG(s));
    else if (WIFSTOPPED(s))
        printf("  %s: stopped by %d\n", label, WSTOPSIG(s));
    else
        printf("  %s: continued\n", label);
}

int main(void) {
    int s = 0;
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    t(wait4, -1, &s, 0, 0);
    t(wait4, getpid(), &s, 0, 0);
    t(wait4, -1, &s, 0x100000, 0);
    t(wait4, INT_MIN, &s, 0, 0);

    for (int code = 0; code <= 256; code += 64) {
        pid_t pid = sys(SYS_fork);
        if (!pid)
            sys(SYS_exit_group, code + 3);
        p(sys(SYS_wait4, pid, &s, 0, 0) == pid);
        status("child", s);
    }
    static const int signals[] = {SIGKILL, SIGTERM, SIGSEGV, SIGABRT, SIGUSR1, SIGALRM, SIGPIPE};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        pid_t pid = fork();
        if (!pid) {
            kill(getpid(), signals[i]);
            _exit(0);
        }
        struct rusage usage;
        p(sys(SYS_wait4, pid, &s, 0, &usage) == pid);
        status("child", s);
    }

    // WNOHANG before and after; a bad status address still reaps.
    int pipes[2];
    if (pipe(pipes))
        die("pipe");
    pid_t pid = fork();
    if (!pid) {
        char c;
        close(pipes[1]);
        read(pipes[0], &c, 1);
        _exit(9);
    }
    t(wait4, pid, &s, WNOHANG, 0);
    t(wait4, -1, &s, WNOHANG, 0);
    close(pipes[1]);
    siginfo_t info;
    waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
    t(wait4, pid, 1, 0, 0);
    t(wait4, pid, &s, 0, 0);

    // Children of groups.
    pid_t group = fork();
    if (!group) {
        setpgid(0, 0);
        _exit(1);
    }
    setpgid(group, group);
    pid = fork();
    if (!pid)
        _exit(2);
    p(sys(SYS_wait4, -group, &s, 0, 0) == group);
    status("of the group", s);
    p(sys(SYS_wait4, 0, &s, 0, 0) == pid);
    status("of mine", s);

    // The child has its own memory and the parent's descriptors.
    int shared = open("file", O_RDWR | O_CREAT, 0600), local = 1;
    pid = fork();
    if (!pid) {
        local = 2;
        write(shared, "child", 5);
        close(shared);
        _exit(0);
    }
    show_end("writer", pid);
    p(local);
    t(write, shared, "parent", 6);
    cat("file");

    // A grandchild whose parent dies gets another one.
    if (pipe(pipes))
        die("pipe");
    pid = fork();
    if (!pid) {
        // Asked of the child it would be the new one already, where the child is slow to start.
        pid_t first = getpid();
        if (!fork()) {
            for (int i = 0; getppid() == first && i < 1000; i++)
                usleep(1000);
            write(pipes[1], getppid() == first ? "same" : "other", 5);
            _exit(0);
        }
        usleep(5000);
        _exit(0);
    }
    show_end("middle", pid);
    close(pipes[1]);
    char text[8] = "";
    t(read, pipes[0], text, 5);
    printf("  %s parent\n", text);
    t(wait4, -1, &s, 0, 0);

    // SIGCHLD ignored: nothing is left to wait for.
    signal(SIGCHLD, SIG_IGN);
    pid = fork();
    if (!pid)
        _exit(0);
    t(wait4, pid, &s, 0, 0);
    signal(SIGCHLD, SIG_DFL);

    // Every kind of call works in a child of a child of a child.
    fflush(stdout);
    for (int depth = 0; depth < 5; depth++) {
        pid = fork();
        if (pid) {
            p(waitpid(pid, &s, 0) == pid);
            status("deeper", s);
            if (depth)
                _exit(depth);
            return 0;
        }
        char name[16];
        snprintf(name, sizeof name, "deep%d", depth);
        mkfile(name, "x");
        struct stat st;
        p(sys(SYS_stat, A(name), &st));
    }
    _exit(5);
}
