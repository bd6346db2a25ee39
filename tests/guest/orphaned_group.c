// A process group that is orphaned while one of it is stopped gets SIGHUP and SIGCONT; stop keys do not stop it then.
#include "check.h"

static volatile int got;
static void handler(int signal) {
    char text[] = "  got SIGHUP\n";
    if (signal == SIGCONT)
        memcpy(text, "  got SIGCONT\n", 14);
    write(1, signal == SIGCONT ? "  got SIGCONT\n" : "  got SIGHUP\n", signal == SIGCONT ? 14 : 13);
    got++;
}

static int told[2];

static void orphan(int stopped) {
    int done[2];
    pipe(done);
    pid_t middle = fork();
    if (!middle) {
        close(done[0]);
        // In a session of its own, its parent is the only link to the world outside.
        pid_t group = fork();
        if (!group) {
            setpgid(0, 0);
            struct sigaction sa = {.sa_handler = handler};
            sigaction(SIGHUP, &sa, 0);
            sigaction(SIGCONT, &sa, 0);
            pid_t parent = getppid();
            write(told[1], "x", 1);
            if (stopped)
                raise(SIGSTOP);
            for (int i = 0; i < 3000 && getppid() == parent; i++)
                usleep(1000);
            for (int i = 0; i < 100 && stopped && got < 2; i++)
                usleep(1000);
            if (!stopped)
                usleep(20000);
            printf("  %d signals\n", got);
            // Stop signals of the terminal are ignored by an orphan, SIGSTOP is not.
            raise(SIGTSTP);
            raise(SIGTTIN);
            raise(SIGTTOU);
            printf("  not stopped by the terminal's signals\n");
            _exit(0);
        }
        char byte;
        read(told[0], &byte, 1);
        int s;
        if (stopped)
            waitpid(group, &s, WUNTRACED);
        _exit(0);
    }
    close(done[1]);
    waitpid(middle, 0, 0);
    char byte;
    read(done[0], &byte, 1);
    close(done[0]);
}

int main(void) {
    pipe(told);
    printf("one that is stopped\n");
    orphan(1);
    printf("one that is not\n");
    orphan(0);
    // The same by an exit of a process whose child has a group of its own in the same session.
    pid_t pid = fork();
    if (!pid) {
        setsid();
        pid_t child = fork();
        if (!child) {
            setpgid(0, 0);
            signal(SIGHUP, SIG_DFL);
            write(told[1], "x", 1);
            raise(SIGSTOP);
            _exit(1);
        }
        int s;
        waitpid(child, &s, WUNTRACED);
        printf("stopped in a session: %d\n", WSTOPSIG(s));
        _exit(0);
    }
    show_end("session leader", pid);
}
