// Stopping and continuing: SIGSTOP, SIGTSTP, SIGCONT; what the parent sees; nothing runs while stopped.
#include "check.h"

static int s;
static volatile int continued;
static void handler(int signal) { continued += signal == SIGCONT; }

// A stop takes the place of a continuation that nobody has waited for yet, so `continued` asks for one only where the
// process goes on for a while.
static void wait_for(const char *label, pid_t pid, int options) {
    pid_t got = waitpid(pid, &s, options);
    printf("%s: ", label);
    if (got != pid)
        printf("%s\n", errno_name(errno));
    else if (WIFSTOPPED(s))
        printf("stopped by %d\n", WSTOPSIG(s));
    else if (WIFCONTINUED(s))
        printf("continued\n");
    else if (WIFSIGNALED(s))
        printf("killed by %d\n", WTERMSIG(s));
    else
        printf("exited %d\n", WEXITSTATUS(s));
}

int main(void) {
    int *shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    mkfile("file", "x");
    pid_t pid = fork();
    if (!pid) {
        // SIGTSTP stops nobody in an orphaned group, and this one's parent is in another.
        setpgid(0, 0);
        signal(SIGCONT, handler);
        for (;;) {
            struct stat st;
            sys(SYS_stat, A("file"), &st);
            shared[0]++;
            shared[1] = continued;
        }
    }
    while (!__atomic_load_n(shared, __ATOMIC_SEQ_CST))
        usleep(1000);
    for (int i = 0; i < 3; i++) {
        t(kill, pid, SIGSTOP);
        wait_for("after SIGSTOP", pid, WUNTRACED);
        int before = shared[0];
        usleep(20000);
        p(shared[0] == before);
        t(wait4, pid, &s, WNOHANG | WUNTRACED, 0);
        t(kill, pid, SIGCONT);
        wait_for("after SIGCONT", pid, WCONTINUED);
        while (__atomic_load_n(shared, __ATOMIC_SEQ_CST) == before || __atomic_load_n(shared + 1, __ATOMIC_SEQ_CST) != i + 1)
            usleep(1000);
        p(shared[1]);
    }
    t(kill, pid, SIGTSTP);
    wait_for("after SIGTSTP", pid, WUNTRACED);
    t(kill, pid, SIGTERM);
    t(wait4, pid, &s, WNOHANG, 0);
    t(kill, pid, SIGCONT);
    // It may be seen to continue on its way to the end.
    while (waitpid(pid, &s, WCONTINUED) == pid && WIFCONTINUED(s))
        ;
    p(WIFSIGNALED(s) && WTERMSIG(s) == SIGTERM);

    // Killed while stopped; stops itself; stops in a new session and an orphaned group.
    pid = fork();
    if (!pid) {
        setpgid(0, 0);
        raise(SIGSTOP);
        raise(SIGTTIN);
        raise(SIGSTOP);
        _exit(8);
    }
    wait_for("stops itself", pid, WUNTRACED);
    kill(pid, SIGCONT);
    wait_for("stops again", pid, WUNTRACED);
    kill(pid, SIGCONT);
    wait_for("and again", pid, WUNTRACED);
    kill(pid, SIGKILL);
    wait_for("killed while stopped", pid, WUNTRACED);

    // SIGCHLD comes for each, unless SA_NOCLDSTOP.
    sigset_t chld;
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    sigprocmask(SIG_BLOCK, &chld, 0);
    int go[2];
    pipe(go);
    pid = fork();
    if (!pid) {
        char byte;
        raise(SIGSTOP);
        read(go[0], &byte, 1);
        _exit(9);
    }
    siginfo_t info;
    static const int codes[] = {CLD_STOPPED, CLD_CONTINUED, CLD_EXITED};
    for (int i = 0; i < 3; i++) {
        struct timespec limit = {20, 0};
        int got = sigtimedwait(&chld, &info, &limit);
        printf("SIGCHLD %d: code %s, status %d, %s\n", got == SIGCHLD, info.si_code == codes[i] ? "as expected" : "unexpected",
               info.si_status, info.si_pid == pid ? "of the child" : "of another");
        if (i == 0)
            kill(pid, SIGCONT);
        else if (i == 1)
            write(go[1], "x", 1);
    }
    wait_for("at the end", pid, WUNTRACED);

    // A multi-threaded or forking process stops as a whole group.
    pid = fork();
    if (!pid) {
        setpgid(0, 0);
        if (!fork()) {
            for (;;)
                pause();
        }
        kill(0, SIGSTOP);
        kill(0, SIGKILL);
    }
    setpgid(pid, pid);
    wait_for("group stop", pid, WUNTRACED);
    t(kill, -pid, SIGCONT);
    while (waitpid(pid, &s, WCONTINUED) == pid && WIFCONTINUED(s))
        ;
    p(WIFSIGNALED(s) && WTERMSIG(s) == SIGKILL);
}
