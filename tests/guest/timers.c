// alarm, setitimer, timer_create, timerfd: which signal, what is left, what fork keeps.
#include "check.h"
#include <sys/timerfd.h>

static volatile int hits[65];
static void handler(int signal, siginfo_t *info, void *context) { hits[signal]++; }

static void spin(int signal, int times) { for (volatile long i = 0; hits[signal] < times; i++) ; }

int main(void) {
    struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    for (int s = 1; s < 32; s++)
        if (s == SIGALRM || s == SIGVTALRM || s == SIGPROF || s == SIGUSR1)
            sigaction(s, &sa, 0);
    p(alarm(100));
    p(alarm(50));
    struct itimerval now, set = {{0}, {0, 5000}};
    getitimer(ITIMER_REAL, &now);
    p(now.it_value.tv_sec >= 48 && now.it_value.tv_sec <= 50);
    // A child starts without.
    pid_t pid = fork();
    if (!pid)
        _exit(alarm(0));
    show_end("child", pid);
    p(alarm(0) > 45);
    setitimer(ITIMER_REAL, &set, 0);
    while (!hits[SIGALRM])
        pause();
    set.it_interval.tv_usec = 1000;
    setitimer(ITIMER_REAL, &set, 0);
    spin(SIGALRM, 6);
    set = (struct itimerval){0};
    setitimer(ITIMER_REAL, &set, &now);
    p(now.it_interval.tv_usec);
    set.it_value.tv_usec = 3000;
    setitimer(ITIMER_VIRTUAL, &set, 0);
    spin(SIGVTALRM, 1);
    setitimer(ITIMER_PROF, &set, 0);
    spin(SIGPROF, 1);
    t(setitimer, 3, &set, 0);
    set.it_value.tv_usec = 1000000;
    t(setitimer, ITIMER_REAL, &set, 0);
    t(setitimer, ITIMER_REAL, bad_page(), 0);
    t(getitimer, 9, &now);

    // POSIX timers.
    int id = -1;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    t(timer_create, CLOCK_MONOTONIC, &event, &id);
    struct itimerspec spec = {{0, 1000000}, {0, 1000000}}, left;
    t(timer_settime, id, 0, &spec, 0);
    spin(SIGUSR1, 5);
    t(timer_gettime, id, &left);
    p(left.it_interval.tv_nsec);
    spec = (struct itimerspec){0};
    t(timer_settime, id, 0, &spec, 0);
    // Expiries that nobody took are counted.
    sigset_t block, old;
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    sigprocmask(SIG_BLOCK, &block, &old);
    spec.it_value.tv_nsec = spec.it_interval.tv_nsec = 1000000;
    t(timer_settime, id, 0, &spec, 0);
    usleep(20000);
    siginfo_t info;
    sigwaitinfo(&block, &info);
    p(info.si_overrun > 5);
    p(sys(SYS_timer_getoverrun, id) == info.si_overrun);
    t(timer_delete, id);
    t(timer_delete, id);
    t(timer_gettime, id, &left);
    sigprocmask(SIG_SETMASK, &old, 0);
    // To one thread, to nobody, and in vain.
    event.sigev_notify = SIGEV_NONE;
    t(timer_create, CLOCK_REALTIME, &event, &id);
    spec = (struct itimerspec){{0}, {0, 1}};
    t(timer_settime, id, TIMER_ABSTIME, &spec, 0);
    t(timer_gettime, id, &left);
    p(left.it_value.tv_sec + left.it_value.tv_nsec);
    event.sigev_notify = 4; // SIGEV_THREAD_ID
    event._sigev_un._tid = 1;
    t(timer_create, CLOCK_MONOTONIC, &event, &id);
    event._sigev_un._tid = syscall(SYS_gettid);
    tv(timer_create, CLOCK_MONOTONIC, &event, &id);
    event.sigev_signo = 99;
    t(timer_create, CLOCK_MONOTONIC, &event, &id);
    t(timer_create, 77, 0, &id);
    tv(timer_create, CLOCK_PROCESS_CPUTIME_ID, 0, &id);
    t(timer_create, CLOCK_MONOTONIC, 0, bad_page());
    pid = fork();
    if (!pid)
        _exit(-sys(SYS_timer_gettime, id, &left));
    show_end("child", pid);

    // Descriptors.
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    uint64_t count;
    t(read, fd, &count, 8);
    spec = (struct itimerspec){{0, 1000000}, {0, 1000000}};
    t(timerfd_settime, fd, 0, &spec, 0);
    usleep(20000);
    p(read(fd, &count, 8) == 8 && count > 5);
    t(read, fd, &count, 4);
    t(timerfd_settime, fd, 0x80, &spec, 0);
    t(timerfd_create, 77, 0);
    t(timerfd_gettime, 0, &left);
}
