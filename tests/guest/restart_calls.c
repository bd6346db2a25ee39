// SA_RESTART: which blocking calls go on after a handler, and which end with EINTR all the same (signal(7)).
#include "check.h"
#include <linux/futex.h>
#include <mqueue.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>

static volatile sig_atomic_t hits;
static int stream[2], full[2], told[2], listener, word;

static void handler(int signal) {
    hits++;
}

// The helper sends the signal once the caller sleeps, and then sees to it that a restarted call ends.
static pid_t helper(void (*release)(void)) {
    pid_t parent = getpid(), pid = fork();
    if (pid)
        return pid;
    char path[64], text[512] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", parent);
    for (int i = 0; i < 2; i++) {
        for (int sleeping = 0; sleeping < 5;) {
            usleep(3000);
            int fd = open(path, O_RDONLY);
            ssize_t n = read(fd, text, sizeof text - 1);
            close(fd);
            text[n < 0 ? 0 : n] = 0;
            char *at = strrchr(text, ')');
            sleeping = at && at[2] == 'S' ? sleeping + 1 : 0;
        }
        if (!i)
            kill(parent, SIGUSR1);
    }
    if (release)
        release();
    _exit(0);
}

static void try(const char *name, long (*call)(void), void (*release)(void)) {
    for (int restart = 0; restart < 2; restart++) {
        struct sigaction sa = {.sa_handler = handler, .sa_flags = restart ? SA_RESTART : 0};
        sigaction(SIGUSR1, &sa, 0);
        hits = 0;
        pid_t pid = helper(release);
        long r = call();
        char label[64];
        snprintf(label, sizeof label, "%s%s", name, restart ? " with SA_RESTART" : "");
        show(label, r, AS_NUMBER);
        if (hits != 1)
            printf("  handler ran %d times\n", hits);
        kill(pid, SIGKILL);
        waitpid(pid, 0, 0);
        // What the helper may have left.
        char rest[64];
        while (recv(stream[0], rest, sizeof rest, MSG_DONTWAIT) > 0)
            ;
    }
}

static void put(void) { write(stream[1], "abc", 3); }
static void open_writer(void) { close(open("fifo", O_WRONLY)); }
static void open_reader(void) { close(open("fifo", O_RDONLY)); }
static void drain(void) { static char b[1 << 20]; recv(full[0], b, sizeof b, 0); usleep(100); while (recv(full[0], b, sizeof b, MSG_DONTWAIT) > 0) ; }
static void connects(void) {
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un a = {AF_UNIX, "listener"};
    connect(s, (void *)&a, sizeof a);
}

static char buffer[64];
static long do_read(void) { return sys(SYS_read, stream[0], buffer, 3); }
static long do_recv(void) { return sys(SYS_recvfrom, stream[0], buffer, 3, 0, 0, 0); }
static long do_recvmsg(void) { struct iovec v = {buffer, 3}; struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1}; return sys(SYS_recvmsg, stream[0], &m, 0); }
static long do_open_read(void) { long fd = sys(SYS_openat, AT_FDCWD, "fifo", O_RDONLY); if (fd >= 0) close(fd), fd = 0; return fd; }
static long do_open_write(void) { long fd = sys(SYS_open, A("fifo"), O_WRONLY); if (fd >= 0) close(fd), fd = 0; return fd; }
static long do_accept(void) { long fd = sys(SYS_accept, listener, 0, 0); if (fd >= 0) close(fd), fd = 0; return fd; }
static long do_send(void) {
    static char big[1 << 16];
    while (send(full[1], big, sizeof big, MSG_DONTWAIT) > 0)
        ;
    return sys(SYS_sendto, full[1], big, 1000, 0, 0, 0) > 0;
}
static long do_nanosleep(void) { struct timespec s = {1, 500000000}; return sys(SYS_nanosleep, &s, 0); }
static long do_poll(void) { struct pollfd f = {stream[0], POLLIN}; return sys(SYS_poll, &f, 1, 1500); }
static long do_select(void) { fd_set s; FD_ZERO(&s); FD_SET(stream[0], &s); struct timeval t_ = {1, 500000}; return sys(SYS_select, stream[0] + 1, &s, 0, 0, &t_); }
static long do_epoll(void) { int e = epoll_create1(0); struct epoll_event ev; long r = sys(SYS_epoll_wait, e, &ev, 1, 1500); close(e); return r; }
static long do_futex(void) { return sys(SYS_futex, &word, FUTEX_WAIT, 0, 0); }
static long do_futex_timeout(void) { struct timespec s = {1, 500000000}; return sys(SYS_futex, &word, FUTEX_WAIT, 0, &s); }
static long do_pause(void) { return sys(SYS_pause); }
static long do_sigsuspend(void) { sigset_t s; sigemptyset(&s); return sys(SYS_rt_sigsuspend, &s, 8); }
static long do_sigtimedwait(void) { sigset_t s; sigemptyset(&s); sigaddset(&s, SIGUSR2); struct timespec t_ = {1, 500000000}; return sys(SYS_rt_sigtimedwait, &s, 0, &t_, 8); }
static long do_semop(void) { int id = semget(IPC_PRIVATE, 1, 0600); struct sembuf op = {0, -1, 0}; struct timespec t_ = {1, 500000000}; long r = sys(SYS_semtimedop, id, &op, 1, &t_); semctl(id, 0, IPC_RMID); return r; }
static long do_msgrcv(void) { int id = msgget(IPC_PRIVATE, 0600); pid_t pid = fork(); if (!pid) { usleep(900000); usleep(600000); struct { long t; char c; } m = {1, 'x'}; msgsnd(id, &m, 1, 0); _exit(0); } struct { long t; char c; } m; long r = sys(SYS_msgrcv, id, &m, 1, 0, 0); msgctl(id, IPC_RMID, 0); kill(pid, SIGKILL); waitpid(pid, 0, 0); return r; }
static long do_wait4(void) { pid_t pid = fork(); if (!pid) { usleep(900000); usleep(600000); _exit(0); } long r = sys(SYS_wait4, pid, 0, 0, 0); if (r == pid) return 0; waitpid(pid, 0, 0); return r; }
static long do_waitid(void) { pid_t pid = fork(); if (!pid) { usleep(900000); usleep(600000); _exit(0); } siginfo_t i; long r = sys(SYS_waitid, P_PID, pid, &i, WEXITED, 0); if (r) waitpid(pid, 0, 0); return r; }
static long locked(long (*call)(int)) {
    int a = open("file", O_RDWR);
    char b;
    pid_t pid = fork();
    if (!pid) {
        int c = open("file", O_RDWR);
        struct flock l = {.l_type = F_WRLCK};
        flock(c, LOCK_EX);
        fcntl(c, F_SETLK, &l);
        write(told[1], "x", 1);
        usleep(900000);
        usleep(600000);
        _exit(0);
    }
    read(told[0], &b, 1);
    long r = call(a);
    close(a);
    waitpid(pid, 0, 0);
    return r;
}
static long flock_(int fd) { return sys(SYS_flock, fd, LOCK_EX); }
static long setlkw(int fd) { struct flock l = {.l_type = F_WRLCK}; return sys(SYS_fcntl, fd, F_SETLKW, &l); }
static long ofd_setlkw(int fd) { struct flock l = {.l_type = F_WRLCK}; return sys(SYS_fcntl, fd, F_OFD_SETLKW, &l); }
static long do_flock(void) { return locked(flock_); }
static long do_setlkw(void) { return locked(setlkw); }
static long do_ofd(void) { return locked(ofd_setlkw); }
static long do_connect(void) {
    // The queue of a listener that accepts nobody is full.
    int l = socket(AF_UNIX, SOCK_STREAM, 0), s[3];
    struct sockaddr_un a = {AF_UNIX, "busy"};
    unlink("busy");
    bind(l, (void *)&a, sizeof a);
    listen(l, 0);
    for (int i = 0; i < 2; i++) {
        s[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(s[i], (void *)&a, sizeof a);
    }
    s[2] = socket(AF_UNIX, SOCK_STREAM, 0);
    pid_t pid = fork();
    if (!pid) {
        usleep(900000);
        usleep(600000);
        accept(l, 0, 0);
        usleep(200000);
        _exit(0);
    }
    close(l);
    long r = sys(SYS_connect, s[2], &a, sizeof a);
    for (int i = 0; i < 3; i++)
        close(s[i]);
    kill(pid, SIGKILL);
    waitpid(pid, 0, 0);
    return r;
}

int main(void) {
    mkfifo("fifo", 0600);
    mkfile("file", "x");
    socketpair(AF_UNIX, SOCK_STREAM, 0, stream);
    socketpair(AF_UNIX, SOCK_STREAM, 0, full);
    pipe(told);
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un a = {AF_UNIX, "listener"};
    bind(listener, (void *)&a, sizeof a);
    listen(listener, 5);
    try("read", do_read, put);
    try("recvfrom", do_recv, put);
    try("recvmsg", do_recvmsg, put);
    try("open for reading", do_open_read, open_writer);
    try("open for writing", do_open_write, open_reader);
    try("accept", do_accept, connects);
    try("sendto", do_send, drain);
    try("connect", do_connect, 0);
    try("flock", do_flock, 0);
    try("F_SETLKW", do_setlkw, 0);
    try("F_OFD_SETLKW", do_ofd, 0);
    try("wait4", do_wait4, 0);
    try("waitid", do_waitid, 0);
    try("nanosleep", do_nanosleep, 0);
    try("poll", do_poll, 0);
    try("select", do_select, 0);
    try("epoll_wait", do_epoll, 0);
    try("futex with a timeout", do_futex_timeout, 0);
    try("pause", do_pause, 0);
    try("sigsuspend", do_sigsuspend, 0);
    try("sigtimedwait", do_sigtimedwait, 0);
    try("semtimedop", do_semop, 0);
    try("msgrcv", do_msgrcv, 0);
}
