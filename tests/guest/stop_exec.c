// Stops and continuations around execve, vfork and the end of the process that stopped.
#include "check.h"
#include <pthread.h>

static char *args[] = {"prog", "child", 0}, *env[] = {0};

static void report(const char *label, pid_t pid, int flags) {
    int s = 0;
    pid_t got = waitpid(pid, &s, flags);
    if (got <= 0)
        printf("%s: %s\n", label, got ? errno_name(errno) : "nothing");
    else
        printf("%s: %s %d\n", label, WIFSTOPPED(s) ? "stopped" : WIFCONTINUED(s) ? "continued" : WIFSIGNALED(s) ? "killed" : "exit",
               WIFSTOPPED(s) ? WSTOPSIG(s) : WIFCONTINUED(s) ? 0 : WIFSIGNALED(s) ? WTERMSIG(s) : WEXITSTATUS(s));
}

static void *execs(void *x) { usleep(2000); execve("./prog", args, env); return x; }

int main(int argc, char **argv) {
    if (argc > 1) {
        sigset_t set;
        sigprocmask(SIG_BLOCK, 0, &set);
        if (sigismember(&set, SIGTSTP)) {
            // Pending over the exec: it stops once it may.
            sigprocmask(SIG_SETMASK, &(sigset_t){0}, 0);
        }
        return 8;
    }
    copy_self("prog");
    mkfifo("fifo", 0600);
    // A stop signal that is blocked during execve.
    pid_t pid = fork();
    if (!pid) {
        setpgid(0, 0);
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGTSTP);
        sigprocmask(SIG_BLOCK, &set, 0);
        raise(SIGTSTP);
        execve("./prog", args, env);
        _exit(1);
    }
    setpgid(pid, pid);
    report("a stop that waits", pid, WUNTRACED);
    kill(pid, SIGCONT);
    report("then", pid, 0);
    // SIGCONT removes pending stops, a stop pending SIGCONTs.
    pid = fork();
    if (!pid) {
        sigset_t set, pending;
        sigfillset(&set);
        sigprocmask(SIG_BLOCK, &set, 0);
        raise(SIGTSTP);
        raise(SIGCONT);
        sigpending(&pending);
        int first = sigismember(&pending, SIGTSTP) * 2 + sigismember(&pending, SIGCONT);
        raise(SIGTTIN);
        sigpending(&pending);
        _exit(first * 10 + sigismember(&pending, SIGTTIN) * 2 + sigismember(&pending, SIGCONT));
    }
    report("pending", pid, 0);
    // Stopped again and again while it executes programs.
    for (int i = 0; i < 20; i++) {
        pid = fork();
        if (!pid) {
            for (int j = 0; j < 5; j++) {
                pid_t inner = vfork();
                if (!inner) {
                    execve("./prog", args, env);
                    _exit(1);
                }
                int s;
                if (waitpid(inner, &s, 0) != inner || WEXITSTATUS(s) != 8)
                    _exit(1);
            }
            pthread_t thread;
            pthread_create(&thread, 0, execs, 0);
            for (;;)
                pause();
        }
        int s, stops = 0;
        for (int j = 0; j < 10; j++) {
            usleep(500 * j);
            kill(pid, SIGSTOP);
            if (waitpid(pid, &s, WUNTRACED) != pid || !WIFSTOPPED(s))
                break;
            stops++;
            kill(pid, SIGCONT);
        }
        if (!WIFEXITED(s))
            waitpid(pid, &s, 0);
        if (!WIFEXITED(s) || WEXITSTATUS(s) != 8)
            printf("round %d: status %#x after %d stops\n", i, s, stops);
    }
    // A vfork child that stops holds its parent up, which cannot be stopped itself before that ends.
    int told[2];
    pipe(told);
    pid = fork();
    if (!pid) {
        pid_t inner = vfork();
        if (!inner) {
            pid_t me = getpid();
            write(told[1], &me, sizeof me);
            kill(me, SIGSTOP);
            _exit(3);
        }
        int s;
        waitpid(inner, &s, 0);
        _exit(WEXITSTATUS(s) + 1);
    }
    pid_t inner;
    read(told[0], &inner, sizeof inner);
    report("parent of a stopped vfork child", pid, WUNTRACED | WNOHANG);
    usleep(5000);
    kill(inner, SIGCONT);
    report("goes on", pid, 0);
    // Stopped in a blocking open, killed there.
    pid = fork();
    if (!pid) {
        sys(SYS_openat, AT_FDCWD, A("fifo"), O_RDONLY);
        _exit(1);
    }
    usleep(5000);
    kill(pid, SIGSTOP);
    report("in open", pid, WUNTRACED);
    kill(pid, SIGTERM);
    report("a signal waits", pid, WNOHANG);
    kill(pid, SIGCONT);
    report("until it goes on", pid, 0);
}
