// Job control on a terminal: background reads and writes, SIGTTIN, SIGTTOU, TOSTOP, the keys, a hang-up.
#include "check.h"
#include <pty.h>
#include <termios.h>
#include <sys/ioctl.h>

static int master;
static char slave_name[64];

static void report(const char *label, pid_t pid, int flags) {
    int s = 0;
    pid_t got = waitpid(pid, &s, flags);
    if (got <= 0)
        printf("%s: %s\n", label, got ? errno_name(errno) : "nothing");
    else if (WIFSTOPPED(s))
        printf("%s: stopped by %d\n", label, WSTOPSIG(s));
    else if (WIFCONTINUED(s))
        printf("%s: continued\n", label);
    else if (WIFSIGNALED(s))
        printf("%s: killed by %d\n", label, WTERMSIG(s));
    else
        printf("%s: exit %d\n", label, WEXITSTATUS(s));
}

static pid_t job(int (*work)(int), int tty, int foreground) {
    pid_t pid = fork();
    if (!pid) {
        setpgid(0, 0);
        if (foreground) {
            signal(SIGTTOU, SIG_IGN);
            tcsetpgrp(tty, getpid());
            signal(SIGTTOU, SIG_DFL);
        }
        _exit(work(tty));
    }
    setpgid(pid, pid);
    return pid;
}

static int reads(int tty) { char line[64]; ssize_t n = read(tty, line, sizeof line); return n < 0 ? errno : 100 + n; }
static int writes(int tty) { return write(tty, "out", 3) < 0 ? errno : 50; }
static int sets(int tty) { struct termios t_; tcgetattr(tty, &t_); return tcsetattr(tty, TCSANOW, &t_) < 0 ? errno : 51; }
static int groups(int tty) { return tcsetpgrp(tty, getpid()) < 0 ? errno : 52; }
static int reads_blocked(int tty) { sigset_t s; sigemptyset(&s); sigaddset(&s, SIGTTIN); sigprocmask(SIG_BLOCK, &s, 0); return reads(tty); }
static int reads_ignored(int tty) { signal(SIGTTIN, SIG_IGN); return reads(tty); }
static int writes_ignored(int tty) { signal(SIGTTOU, SIG_IGN); return writes(tty); }
static int waits(int tty) { for (;;) pause(); }

// The session leader; the terminal is its own.
static int session(void) {
    setsid();
    int tty = open(slave_name, O_RDWR);
    if (tty < 0)
        die("slave");
    p(tcgetsid(tty) == getpid());
    p(tcgetpgrp(tty) == getpid());
    int own = open("/dev/tty", O_RDWR);
    p(own >= 0);
    signal(SIGTTOU, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    pid_t pid = job(reads, tty, 0);
    report("background read", pid, WUNTRACED);
    tcsetpgrp(tty, pid);
    kill(-pid, SIGCONT);
    report("  in the foreground", pid, WCONTINUED);
    write(master, "line\n", 5);
    report("  given a line", pid, WUNTRACED);
    tcsetpgrp(tty, getpid());
    report("background read, SIGTTIN blocked", job(reads_blocked, tty, 0), WUNTRACED);
    report("background read, SIGTTIN ignored", job(reads_ignored, tty, 0), WUNTRACED);
    // The children have inherited that SIGTTOU is ignored.
    report("background write, no TOSTOP", job(writes, tty, 0), WUNTRACED);
    signal(SIGTTOU, SIG_DFL);
    struct termios t_;
    tcgetattr(tty, &t_);
    t_.c_lflag |= TOSTOP;
    tcsetattr(tty, TCSANOW, &t_);
    pid = job(writes, tty, 0);
    report("background write", pid, WUNTRACED);
    kill(pid, SIGKILL);
    report("  killed", pid, 0);
    report("background write, SIGTTOU ignored", job(writes_ignored, tty, 0), WUNTRACED);
    pid = job(sets, tty, 0);
    report("background tcsetattr", pid, WUNTRACED);
    kill(pid, SIGKILL);
    waitpid(pid, 0, 0);
    pid = job(groups, tty, 0);
    report("background tcsetpgrp", pid, WUNTRACED);
    kill(pid, SIGKILL);
    waitpid(pid, 0, 0);
    // Keys go to the foreground group.
    signal(SIGTTOU, SIG_IGN);
    static const struct { const char *name, *key; } keys[] = {{"^Z", "\x1a"}, {"^C", "\x03"}, {"^\\", "\x1c"}};
    for (int i = 0; i < 3; i++) {
        pid = job(waits, tty, 1);
        while (tcgetpgrp(tty) != pid)
            usleep(1000);
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        write(master, keys[i].key, 1);
        report(keys[i].name, pid, WUNTRACED);
        kill(pid, SIGKILL);
        waitpid(pid, 0, 0);
        tcsetpgrp(tty, getpid());
    }
    // A window's size tells the foreground group.
    struct winsize size = {10, 20};
    pid = job(waits, tty, 1);
    while (tcgetpgrp(tty) != pid)
        usleep(1000);
    ioctl(master, TIOCSWINSZ, &size);
    struct winsize seen;
    ioctl(tty, TIOCGWINSZ, &seen);
    p(seen.ws_row * 100 + seen.ws_col);
    report("SIGWINCH", pid, WUNTRACED | WNOHANG);
    // The end of the session leader sends SIGHUP to the foreground group.
    int note[2];
    pipe(note);
    if (!fork()) {
        close(note[0]);
        setpgid(0, 0);
        int s;
        // Not the parent of the job, so it can only look whether it is there.
        while (!kill(pid, 0))
            usleep(1000);
        printf("the foreground group is gone\n");
        _exit(0);
    }
    return 0;
}

int main(void) {
    int slave;
    if (openpty(&master, &slave, slave_name, 0, 0))
        die("openpty");
    close(slave);
    int held[2];
    pipe(held);
    pid_t pid = fork();
    if (!pid) {
        close(held[0]);
        return session();
    }
    close(held[1]);
    // Until the last of the session's processes has ended.
    char byte;
    read(held[0], &byte, 1);
    show_end("session", pid);
}
