// Threads of a process that begins to trace sleep on in their calls.
#include "trace.h"
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/sem.h>

enum { EPOLL, EPOLL_PWAIT, POLL, SIGTIMEDWAIT, SEMOP, RECV, NANOSLEEP, PAUSE, CALLS };
static const char *const names[] = {"epoll_wait", "epoll_pwait", "poll", "sigtimedwait", "semop", "recv", "nanosleep", "pause"};
static volatile long results[CALLS];
static volatile pid_t tids[CALLS];
static int sockets[2], poller, sems;
static volatile int handled;

static void on_usr2(int signal) {
    (void)signal;
    handled++;
}

static void *sleeps(void *arg) {
    long which = (long)arg;
    struct epoll_event event;
    struct timespec some = {20, 0};
    sigset_t set;
    char byte;
    tids[which] = (pid_t)syscall(SYS_gettid);
    long ret = 0;
    errno = 0;
    switch (which) {
    case EPOLL:
        ret = epoll_wait(poller, &event, 1, 20000);
        break;
    case EPOLL_PWAIT:
        sigemptyset(&set);
        ret = epoll_pwait(poller, &event, 1, -1, &set);
        break;
    case POLL:
        ret = poll(&(struct pollfd){sockets[0], POLLIN, 0}, 1, 20000);
        break;
    case SIGTIMEDWAIT:
        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        sigprocmask(SIG_BLOCK, &set, NULL);
        ret = sigtimedwait(&set, NULL, &some);
        break;
    case SEMOP:
        ret = semop(sems, &(struct sembuf){0, -1, 0}, 1);
        break;
    case RECV:
        ret = recv(sockets[0], &byte, 1, 0);
        break;
    case NANOSLEEP:
        ret = nanosleep(&some, NULL);
        break;
    case PAUSE:
        ret = pause();
        break;
    }
    results[which] = ret < 0 ? -errno : ret + 1;
    return NULL;
}

static void tell(const char *when) {
    printf("%s:", when);
    for (int i = 0; i < CALLS; i++)
        printf(" %s %s", names[i], !results[i] ? "sleeps" : results[i] < 0 ? errno_name(-results[i]) : "ends");
    printf("\n");
}

int main(void) {
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets))
        die("sockets");
    struct timeval timeout = {20, 0};
    setsockopt(sockets[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    poller = epoll_create1(0);
    sems = semget(IPC_PRIVATE, 1, 0600);
    if (sems < 0)
        die("semaphore");
    struct sigaction action = {.sa_handler = on_usr2};
    sigaction(SIGUSR2, &action, NULL);
    pid_t pid = running(sleep_on);
    pthread_t thread[CALLS];
    for (long i = 0; i < CALLS; i++)
        pthread_create(&thread[i], NULL, sleeps, (void *)i);
    for (int i = 0; i < CALLS; i++) {
        while (!tids[i])
            usleep(1000);
        until(tids[i], 'S');
    }
    usleep(20000);
    ptr(PTRACE_SEIZE, pid, 0, 0);
    usleep(50000);
    tell("attached");
    for (int i = 0; i < CALLS; i++) {
        syscall(SYS_tgkill, getpid(), tids[i], i == SIGTIMEDWAIT ? SIGUSR1 : SIGUSR2);
        pthread_join(thread[i], NULL);
    }
    tell("after a signal");
    p(handled);
    semctl(sems, 0, IPC_RMID);
    kill(pid, SIGKILL);
    next("end", pid);
}
