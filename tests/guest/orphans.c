// Daemons and orphans: setsid, double forks, process groups whose last parent has gone.
#include "check.h"
#include <sys/prctl.h>

static int up[2];

static void say(const char *text) { write(up[1], text, strlen(text)); }

// Prints what the process that `say`s did, until all writers have gone.
static void listen_to(const char *label) {
    char text[512];
    size_t len = 0;
    close(up[1]);
    for (ssize_t n; (n = read(up[0], text + len, sizeof text - 1 - len)) > 0;)
        len += n;
    text[len] = 0;
    printf("%s: %s\n", label, text);
    close(up[0]);
}

static void hup(int signal) { say(signal == SIGHUP ? "HUP " : signal == SIGCONT ? "CONT " : "other "); }

int main(void) {
    mkfile("file", "x");

    // A daemon: its parent goes, it has a session of its own, and its path calls go on working.
    pipe(up);
    pid_t pid = fork();
    if (!pid) {
        pid_t mine = getpid();
        if (fork())
            _exit(3);
        setsid();
        if (fork())
            _exit(0);
        while (getppid() == mine)
            usleep(1000);
        struct stat st;
        say(getsid(0) != getpid() ? "in a session " : "leads its session ");
        say(sys(SYS_stat, A("file"), &st) ? "lost" : "alive");
        _exit(0);
    }
    show_end("starter", pid);
    listen_to("daemon");

    // Who adopts: the nearest subreaper.
    t(prctl, PR_SET_CHILD_SUBREAPER, 1);
    pipe(up);
    pid_t top = getpid();
    pid = fork();
    if (!pid) {
        if (!fork()) {
            while (getppid() != top)
                usleep(1000);
            say("adopted");
            _exit(4);
        }
        _exit(0);
    }
    show_end("middle", pid);
    listen_to("grandchild");
    int s;
    p(wait(&s) > 0 && WEXITSTATUS(s) == 4);
    t(prctl, PR_SET_CHILD_SUBREAPER, 0);

    // A stopped group becomes orphaned when its last parent outside goes: it gets SIGHUP, then SIGCONT.
    pipe(up);
    pid = fork();
    if (!pid) {
        setsid();
        pid_t stopped = fork();
        if (!stopped) {
            signal(SIGHUP, hup);
            signal(SIGCONT, hup);
            setpgid(0, 0);
            raise(SIGSTOP);
            struct stat st;
            say(sys(SYS_stat, A("file"), &st) ? "lost" : "alive");
            _exit(0);
        }
        waitpid(stopped, &s, WUNTRACED);
        _exit(WIFSTOPPED(s) ? WSTOPSIG(s) : 1);
    }
    show_end("parent of the stopped", pid);
    listen_to("orphaned group");

    // SIGTSTP does not stop a process of an orphaned group; SIGSTOP does.
    pid = fork();
    if (!pid) {
        setsid();
        raise(SIGTSTP);
        raise(SIGTTIN);
        raise(SIGTTOU);
        raise(SIGSTOP);
        _exit(7);
    }
    p(waitpid(pid, &s, WUNTRACED) == pid && WIFSTOPPED(s) && WSTOPSIG(s) == SIGSTOP);
    t(kill, pid, SIGCONT);
    show_end("orphan", pid);
}
