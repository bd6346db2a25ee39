// What survives execve(2) and what does not: descriptors, cwd, umask, masks, handlers, limits, pid.
#include "check.h"
#include <sys/prctl.h>

static int child(char **argv) {
    p(atoi(argv[2]) == getpid());
    p(atoi(argv[3]) == getppid());
    printf("open descriptors:");
    for (int fd = 3; fd < 40; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            printf(" %d", fd);
    printf("\n");
    char buffer[2 * PATH_MAX];
    p(getcwd(buffer, sizeof buffer) && !strcmp(strrchr(buffer, '/'), "/dir"));
    printf("umask %03o\n", started_umask);
    sigset_t set;
    sigprocmask(SIG_BLOCK, 0, &set);
    for (int s = 1; s < 32; s++) {
        struct sigaction sa;
        if (sigaction(s, 0, &sa))
            continue;
        if (sa.sa_handler != SIG_DFL || sigismember(&set, s))
            printf("signal %d: %s%s\n", s, sa.sa_handler == SIG_IGN ? "ignored" : sa.sa_handler == SIG_DFL ? "default" : "handler",
                   sigismember(&set, s) ? " blocked" : "");
    }
    sigset_t pending;
    sigpending(&pending);
    p(sigismember(&pending, SIGUSR2));
    stack_t ss;
    sigaltstack(0, &ss);
    p(ss.ss_flags == SS_DISABLE);
    struct rlimit r;
    getrlimit(RLIMIT_NOFILE, &r);
    p(r.rlim_cur);
    getrlimit(RLIMIT_CORE, &r);
    p(r.rlim_cur);
    p(alarm(0) > 0);
    p(prctl(PR_GET_DUMPABLE));
    int death;
    prctl(PR_GET_PDEATHSIG, &death);
    p(death);
    p(getpriority(PRIO_PROCESS, 0));
    p(getpgrp() == getpid());
    char name[16];
    prctl(PR_GET_NAME, name);
    printf("comm %s\n", name);
    // The file offset is shared with the descriptor of before.
    p(lseek(20, 0, SEEK_CUR));
    return 3;
}

static void handler(int s) { (void)s; }

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "child"))
        return child(argv);
    copy_self("a_long_program_name");
    mkdirs("dir");
    mkfile("file", "twelve bytes");
    int fd = open("file", O_RDONLY);
    dup3(fd, 20, 0);
    dup3(fd, 21, O_CLOEXEC);
    dup3(fd, 22, 0);
    fcntl(22, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    lseek(fd, 5, SEEK_SET);

    pid_t pid = fork();
    if (!pid) {
        if (chdir("dir"))
            die("chdir");
        umask(037);
        signal(SIGUSR1, handler);
        signal(SIGQUIT, SIG_IGN);
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGUSR2);
        sigaddset(&set, SIGTERM);
        sigprocmask(SIG_BLOCK, &set, 0);
        raise(SIGUSR2);
        stack_t ss = {malloc(SIGSTKSZ), 0, SIGSTKSZ};
        sigaltstack(&ss, 0);
        struct rlimit r = {64, 64};
        setrlimit(RLIMIT_NOFILE, &r);
        r = (struct rlimit){0, 0};
        setrlimit(RLIMIT_CORE, &r);
        alarm(1000);
        prctl(PR_SET_DUMPABLE, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        prctl(PR_SET_NAME, "renamed");
        setpriority(PRIO_PROCESS, 0, 5);
        setpgid(0, 0);
        char me[16], parent[16];
        snprintf(me, sizeof me, "%d", getpid());
        snprintf(parent, sizeof parent, "%d", getppid());
        char *args[] = {"name", "child", me, parent, 0}, *env[] = {0};
        sys(SYS_execve, A("a_long_program_name"), args, env);
        _exit(99);
    }
    show_end("child", pid);
    p(lseek(fd, 0, SEEK_CUR));
}
