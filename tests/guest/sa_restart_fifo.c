// open(2) of a FIFO blocks; a signal interrupts it or, with SA_RESTART, restarts it. Registers survive both.
#include "check.h"

static volatile int count;
// Where the handler tells the other process to go on, so that it never does before the signal has come.
static int told[2];
static void handler(int signal) {
    count += signal == SIGALRM;
    if (told[1])
        write(told[1], "x", 1);
}

static void alarm_soon(int flags) {
    struct sigaction sa = {.sa_handler = handler, .sa_flags = flags};
    sigaction(SIGALRM, &sa, 0);
    struct itimerval timer = {.it_value = {0, 20000}};
    setitimer(ITIMER_REAL, &timer, 0);
}

static pid_t opener(int flags, int is_told) {
    pid_t pid = fork();
    if (!pid) {
        char byte;
        if (is_told)
            read(told[0], &byte, 1);
        else
            usleep(80000);
        close(open("fifo", flags));
        _exit(0);
    }
    return pid;
}

int main(void) {
    mkfifo("fifo", 0600);
    alarm_soon(0);
    t(openat, AT_FDCWD, "fifo", O_RDONLY);
    alarm_soon(0);
    t(openat, AT_FDCWD, A("fifo"), O_WRONLY);
    p(count);

    pipe(told);
    pid_t pid = opener(O_WRONLY, 1);
    alarm_soon(SA_RESTART);
    long fd = tv(openat, AT_FDCWD, A("fifo"), O_RDONLY);
    close(fd);
    show_end("writer", pid);
    p(count);
    pid = opener(O_RDONLY, 1);
    alarm_soon(SA_RESTART);
    fd = tv(open, "fifo", O_WRONLY);
    close(fd);
    show_end("reader", pid);
    p(count);

    // Without a handler the sleep simply ends when the other side comes.
    pid = opener(O_WRONLY, 0);
    fd = tv(openat, AT_FDCWD, A("fifo"), O_RDONLY);
    show_end("writer", pid);
    close(fd);

    // Stopped and continued while it waits.
    pid_t waiter = fork();
    if (!waiter) {
        long r = sys(SYS_openat, AT_FDCWD, A("fifo"), O_RDONLY);
        _exit(r < 0 ? (int)-r : 0);
    }
    usleep(20000);
    kill(waiter, SIGSTOP);
    int s;
    p(waitpid(waiter, &s, WUNTRACED) == waiter && WIFSTOPPED(s));
    kill(waiter, SIGCONT);
    p(waitpid(waiter, &s, WCONTINUED) == waiter && WIFCONTINUED(s));
    usleep(10000);
    close(open("fifo", O_WRONLY));
    show_end("waiter", waiter);

    // Killed while it waits.
    waiter = fork();
    if (!waiter) {
        sys(SYS_openat, AT_FDCWD, A("fifo"), O_RDONLY);
        _exit(0);
    }
    usleep(20000);
    kill(waiter, SIGKILL);
    show_end("killed waiter", waiter);

    // fcntl locks wait and restart as well.
    mkfile("file", "x");
    int file = open("file", O_RDWR);
    struct flock lock = {.l_type = F_WRLCK};
    int ready[2];
    pipe(ready);
    pid = fork();
    if (!pid) {
        int mine = open(A("file"), O_RDWR);
        fcntl(mine, F_SETLK, &lock);
        write(ready[1], "x", 1);
        char byte[2];
        read(told[0], byte, 1);
        read(told[0], byte + 1, 1);
        _exit(0);
    }
    char byte;
    read(ready[0], &byte, 1);
    t(fcntl, file, F_SETLK, &lock);
    alarm_soon(0);
    t(fcntl, file, F_SETLKW, &lock);
    alarm_soon(SA_RESTART);
    t(fcntl, file, F_SETLKW, &lock);
    show_end("lock holder", pid);
    p(count);
}
