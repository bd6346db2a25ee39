// A stop and a continuation while a call blocks: most calls go on, some end with EINTR, handler or not.
#include "check.h"
#include <linux/futex.h>
#include <mqueue.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/file.h>

static int pair[2];
static int word;
static struct timespec span = {1, 500000000};

static long do_nanosleep(void) { struct timespec left = {9, 9}; return sys(SYS_nanosleep, &span, &left); }
static long do_clock_nanosleep(void) { struct timespec left; return sys(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &span, &left); }
static long do_poll(void) { struct pollfd f = {pair[0], POLLIN}; return sys(SYS_poll, &f, 1, 1500); }
static long do_ppoll(void) { struct pollfd f = {pair[0], POLLIN}; struct timespec s = span; return sys(SYS_ppoll, &f, 1, &s, 0, 8); }
static long do_select(void) { fd_set s; FD_ZERO(&s); FD_SET(pair[0], &s); struct timeval t_ = {1, 500000}; return sys(SYS_select, pair[0] + 1, &s, 0, 0, &t_); }
static long do_epoll(void) { int e = epoll_create1(0); struct epoll_event ev; return sys(SYS_epoll_wait, e, &ev, 1, 1500); }
static long do_futex(void) { return sys(SYS_futex, &word, FUTEX_WAIT, 0, &span); }
static long do_sigtimedwait(void) { sigset_t s; sigemptyset(&s); sigaddset(&s, SIGUSR2); sigprocmask(SIG_BLOCK, &s, 0); return sys(SYS_rt_sigtimedwait, &s, 0, &span, 8); }
static long do_semtimedop(void) { int id = semget(IPC_PRIVATE, 1, 0600); struct sembuf op = {0, -1, 0}; long r = sys(SYS_semtimedop, id, &op, 1, &span); semctl(id, 0, IPC_RMID); return r; }
static long do_recv_timeout(void) { struct timeval t_ = {1, 500000}; setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &t_, sizeof t_); char b; return sys(SYS_recvfrom, pair[0], &b, 1, 0, 0, 0); }
static long do_read(void) { int f = timerfd_create(CLOCK_MONOTONIC, 0); struct itimerspec s = {{0}, span}; timerfd_settime(f, 0, &s, 0); uint64_t n; return sys(SYS_read, f, &n, 8); }
static long do_wait(void) { pid_t pid = fork(); if (!pid) { sleep(2); _exit(0); } return sys(SYS_wait4, pid, 0, 0, 0) == pid; }
static long do_open(void) { pid_t pid = fork(); if (!pid) { sleep(2); close(open("fifo", O_WRONLY)); _exit(0); } long fd = sys(SYS_openat, AT_FDCWD, A("fifo"), O_RDONLY); waitpid(pid, 0, 0); return fd >= 0 ? 0 : fd; }
static long do_pause(void) { alarm(3); return sys(SYS_pause); }
static long do_inotify(void) { int f = inotify_init(); inotify_add_watch(f, ".", IN_CREATE); pid_t pid = fork(); if (!pid) { sleep(2); mkfile("new", ""); _exit(0); } char b[256]; long r = sys(SYS_read, f, b, 256); waitpid(pid, 0, 0); return r > 0 ? 1 : r; }
static long do_flock(void) {
    int a = open("file", O_RDWR), told_[2];
    char b;
    pipe(told_);
    pid_t pid = fork();
    if (!pid) { int c = open("file", O_RDWR); flock(c, LOCK_EX); write(told_[1], "x", 1); sleep(2); _exit(0); }
    read(told_[0], &b, 1);
    long r = sys(SYS_flock, a, LOCK_EX);
    waitpid(pid, 0, 0);
    return r;
}

int main(void) {
    mkfifo("fifo", 0600);
    mkfile("file", "");
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    static const struct { const char *name; long (*call)(void); } calls[] = {
        {"nanosleep", do_nanosleep}, {"clock_nanosleep", do_clock_nanosleep}, {"poll", do_poll}, {"ppoll", do_ppoll},
        {"select", do_select}, {"epoll_wait", do_epoll}, {"futex", do_futex}, {"rt_sigtimedwait", do_sigtimedwait},
        {"semtimedop", do_semtimedop}, {"recvfrom", do_recv_timeout}, {"read", do_read}, {"wait4", do_wait}, {"open", do_open},
        {"pause", do_pause}, {"inotify", do_inotify}, {"flock", do_flock},
    };
    enum { N = sizeof calls / sizeof *calls };
    pid_t pids[N];
    int results[N][2];
    // All at once, for they wait long enough as it is.
    for (int i = 0; i < N; i++) {
        pipe(results[i]);
        pids[i] = fork();
        if (!pids[i]) {
            char dir[16];
            snprintf(dir, sizeof dir, "d%d", i);
            long r = calls[i].call();
            write(results[i][1], &r, sizeof r);
            _exit(0);
        }
    }
    usleep(400000);
    for (int i = 0; i < N; i++) {
        int s;
        kill(pids[i], SIGSTOP);
        if (waitpid(pids[i], &s, WUNTRACED) != pids[i] || !WIFSTOPPED(s))
            printf("%s: not stopped\n", calls[i].name);
        kill(pids[i], SIGCONT);
    }
    for (int i = 0; i < N; i++) {
        int s;
        long r = 0;
        waitpid(pids[i], &s, 0);
        close(results[i][1]);
        ssize_t n = read(results[i][0], &r, sizeof r);
        if (n != sizeof r)
            printf("%s: no result, %s %d\n", calls[i].name, WIFSIGNALED(s) ? "signal" : "exit", WIFSIGNALED(s) ? WTERMSIG(s) : WEXITSTATUS(s));
        else
            show(calls[i].name, r, AS_NUMBER);
    }
}
