// wait4(2) and waitid(2) on the stops of traced tasks, children and others.
#include "trace.h"
#include <pthread.h>
#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static void info(const char *what, int ret, siginfo_t *si, pid_t pid) {
    if (ret < 0)
        printf("%s: %s\n", what, errno_name(errno));
    else
        printf("%s: signo %d code %d pid %s uid %s status %#x\n", what, si->si_signo, si->si_code,
               si->si_pid == pid ? "right" : si->si_pid ? "other" : "0", si->si_uid == getuid() ? "own" : "other",
               si->si_status);
    memset(si, 0x11, sizeof *si);
}

#define wid(kind, id, options) info("waitid(" #kind ", " #id ", " #options ")", waitid(kind, (id_t)(id), &si, options), &si, pid)

static volatile int told;
static siginfo_t last;
static void on_child(int signal, siginfo_t *si, void *context) {
    (void)signal, (void)context;
    last = *si;
    told++;
}

static void child_told(pid_t pid) {
    for (int i = 0; i < 2000 && !told; i++)
        usleep(1000);
    printf("SIGCHLD: %s, code %d, pid %s, status %d\n", told ? "told" : "none", last.si_code,
           last.si_pid == pid ? "right" : "other", last.si_status);
    told = 0;
}

static void three(void) {
    raise(SIGUSR1);
    raise(SIGUSR2);
    _exit(5);
}

// Waits in a thread until the main thread has made something happen.
static void *waits(void *arg) {
    int status = 0;
    pid_t got = waitpid(*(pid_t *)arg, &status, __WALL);
    printf("the thread's wait: %s\n", got == *(pid_t *)arg ? words(status) : errno_name(errno));
    return NULL;
}

static void own_group(void) {
    setpgid(0, 0);
    sleep_on();
}

int main(void) {
    siginfo_t si = {0};
    int status = 0;
    pid_t pid = traced(three);
    wid(P_PID, pid, WSTOPPED | WNOWAIT);
    wid(P_ALL, 0, WEXITED | WNOWAIT);
    p(wait4(pid, &status, WNOHANG, NULL) == pid);
    printf("%s\n", words(status));
    p(wait4(pid, &status, WNOHANG, NULL));
    wid(P_PID, pid, WSTOPPED | WNOHANG);
    tr(PTRACE_CONT, pid, 0, 0);
    struct rusage usage;
    memset(&usage, 0x77, sizeof usage);
    p(wait4(-1, &status, 0, &usage) == pid);
    printf("%s, %s\n", words(status), usage.ru_utime.tv_sec < 9 && usage.ru_stime.tv_usec < 1000000 ? "usage" : "none");
    p(wait4(pid, &status, 0x12345678, NULL) == -1 ? errno : 0);
    p(waitid(P_PID, (id_t)pid, &si, WNOHANG) == -1 ? errno : 0);
    p(wait4(INT_MIN, &status, WNOHANG, NULL) == -1 ? errno : 0);
    tr(PTRACE_CONT, pid, 0, 0);
    p(wait4(0, &status, __WCLONE, NULL) == pid);
    printf("%s\n", words(status));
    tr(PTRACE_CONT, pid, 0, 0);
    wid(P_PID, pid, WEXITED | WNOWAIT);
    wid(P_PID, pid, WEXITED);
    wid(P_PID, pid, WEXITED);

    printf("-- not a child\n");
    int pipe_fd[2];
    pipe(pipe_fd);
    pid_t middle = fork();
    if (!middle) {
        pid_t far = running(own_group);
        write(pipe_fd[1], &far, sizeof far);
        waitpid(far, NULL, 0);
        _exit(0);
    }
    read(pipe_fd[0], &pid, sizeof pid);
    for (int i = 0; i < 2000 && getpgid(pid) != pid; i++)
        usleep(1000);
    until(pid, 'S');
    p(waitpid(pid, &status, WNOHANG) == -1 ? errno : 0);
    ptr(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEEXIT);
    p(waitpid(pid, &status, WNOHANG));
    ptr(PTRACE_INTERRUPT, pid, 0, 0);
    next("interrupted", pid);
    p(waitpid(pid, &status, WNOHANG));
    ptr(PTRACE_CONT, pid, 0, 0);
    pthread_t thread;
    pthread_create(&thread, NULL, waits, &pid);
    usleep(20000);
    kill(pid, SIGUSR1);
    pthread_join(thread, NULL);
    ptr(PTRACE_CONT, pid, 0, 0);
    ptr(PTRACE_INTERRUPT, pid, 0, 0);
    wid(P_PGID, pid, WSTOPPED);
    ptr(PTRACE_INTERRUPT, pid, 0, 0);
    ptr(PTRACE_CONT, pid, 0, 0);
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    wid(P_PIDFD, fd, WSTOPPED);
    ptr(PTRACE_CONT, pid, 0, 0);

    struct sigaction action = {.sa_sigaction = on_child, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGCHLD, &action, NULL);
    told = 0;
    ptr(PTRACE_INTERRUPT, pid, 0, 0);
    child_told(pid);
    next("interrupted", -pid);
    ptr(PTRACE_CONT, pid, 0, 0);
    kill(pid, SIGTERM);
    child_told(pid);
    next("signal", pid);
    ptr(PTRACE_CONT, pid, 0, SIGTERM);
    child_told(pid);
    next("event", pid);
    ptr(PTRACE_CONT, pid, 0, 0);
    wid(P_PID, pid, WEXITED | WNOWAIT);
    p(wait4(pid, &status, 0, NULL) == pid);
    printf("%s\n", words(status));
    p(wait4(pid, &status, 0, NULL) == -1 ? errno : 0);
    signal(SIGCHLD, SIG_DFL);
    next("the middle", middle);
    next("nobody", -1);

    printf("-- a signal interrupts the wait\n");
    pid = running(sleep_on);
    ptr(PTRACE_SEIZE, pid, 0, 0);
    action.sa_flags = SA_SIGINFO;
    told = 0;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {0, 20000}}, NULL);
    p(wait4(pid, &status, 0, NULL) == -1 ? errno : 0);
    p(told > 0);
    kill(pid, SIGKILL);
    next("end", pid);
}
