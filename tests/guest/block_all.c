// A program that ignores and blocks every signal, SIGSYS included, still gets its path calls answered, still dies of
// SIGKILL and is still stopped by SIGSTOP; and so do its children, which inherit all of it.
#include "check.h"

static void calls(const char *label) {
    struct stat st;
    printf("%s\n", label);
    t(stat, A("file"), &st);
    t(stat, A("absent"), &st);
    topen(AT_FDCWD, A("file"), O_RDONLY);
    t(mkdir, A("dir"), 0700);
    t(rmdir, "dir");
    // No such call.
    show("syscall 9999", sys(9999), AS_NUMBER);
    t(kill, getpid(), SIGTERM);
    t(kill, getpid(), SIGSYS);
}
int main(int argc, char **argv) {
    sigset_t all, now;
    if (argc > 1) {
        sigprocmask(SIG_SETMASK, 0, &now);
        p(sigismember(&now, SIGSYS));
        p(sigismember(&now, SIGTERM));
        struct sigaction sa;
        sigaction(SIGSYS, 0, &sa);
        p(sa.sa_handler == SIG_IGN);
        calls("after exec");
        return 6;
    }
    mkfile("file", "x");
    copy_self("prog");
    for (int signal = 1; signal < 65; signal++) {
        struct sigaction sa = {.sa_handler = SIG_IGN};
        if (signal != SIGCHLD)
            sys(SYS_rt_sigaction, signal, &sa, 0, 8);
    }
    calls("all ignored");
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, 0);
    calls("all blocked too");
    pid_t pid = fork();
    if (!pid) {
        execl("./prog", "prog", "again", (char *)0);
        _exit(9);
    }
    show_end("program", pid);
    pid = fork();
    if (!pid)
        for (;;)
            sys(SYS_access, A("file"), F_OK);
    int s;
    t(kill, pid, SIGTERM);
    t(kill, pid, SIGSTOP);
    p(waitpid(pid, &s, WUNTRACED) == pid && WIFSTOPPED(s) && WSTOPSIG(s) == SIGSTOP);
    t(kill, pid, SIGCONT);
    p(waitpid(pid, &s, WCONTINUED) == pid && WIFCONTINUED(s));
    t(kill, pid, SIGKILL);
    show_end("killed", pid);
}
