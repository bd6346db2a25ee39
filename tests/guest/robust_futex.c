// Robust futexes: a thread or a process that dies holding one leaves word, whoever kills it, execve included.
#include "check.h"
#include <linux/futex.h>
#include <pthread.h>

static pthread_mutex_t *mutex;
static int told[2];

static void fresh(void) {
    pthread_mutexattr_t a;
    pthread_mutexattr_init(&a);
    pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(mutex, &a);
}

static void *locks(void *x) {
    pthread_mutex_lock(mutex);
    return x;
}

static void *locks_and_exits(void *x) {
    pthread_mutex_lock(mutex);
    write(told[1], "x", 1);
    syscall(SYS_exit, 0);
    return x;
}

static void left(const char *label) {
    struct timespec soon;
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_sec += 20;
    int r = pthread_mutex_timedlock(mutex, &soon);
    printf("%s: %s\n", label, r ? errno_name(r) : "ok");
    if (r == EOWNERDEAD) {
        pthread_mutex_consistent(mutex);
        pthread_mutex_unlock(mutex);
    }
}

static pid_t holder(void) {
    pid_t pid = fork();
    if (!pid) {
        pthread_mutex_lock(mutex);
        write(told[1], "x", 1);
        for (;;)
            pause();
    }
    char byte;
    read(told[0], &byte, 1);
    return pid;
}

int main(int argc, char **argv) {
    if (argc > 1) {
        pause();
        return 0;
    }
    copy_self("prog");
    mutex = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pipe(told);
    pthread_t thread;
    fresh();
    pthread_create(&thread, 0, locks, 0);
    pthread_join(thread, 0);
    left("a thread that returned");
    fresh();
    pthread_create(&thread, 0, locks_and_exits, 0);
    char byte;
    read(told[0], &byte, 1);
    left("a thread that left by exit(2)");
    fresh();
    pid_t pid = holder();
    kill(pid, SIGKILL);
    left("a process that was killed");
    waitpid(pid, 0, 0);
    fresh();
    pid = fork();
    if (!pid) {
        pthread_mutex_lock(mutex);
        write(told[1], "x", 1);
        _exit(0);
    }
    read(told[0], &byte, 1);
    left("a process that ended");
    waitpid(pid, 0, 0);
    // The list is walked before the old memory goes.
    fresh();
    pid = fork();
    if (!pid) {
        pthread_mutex_lock(mutex);
        write(told[1], "x", 1);
        execl("./prog", "prog", "child", NULL);
        _exit(1);
    }
    read(told[0], &byte, 1);
    left("a process that executes another program");
    kill(pid, SIGKILL);
    waitpid(pid, 0, 0);
    // Beside a thread that executes a program.
    fresh();
    pid = fork();
    if (!pid) {
        pthread_t other;
        pthread_create(&other, 0, locks, 0);
        pthread_join(other, 0);
        pthread_create(&other, 0, (void *)locks, 0);
        write(told[1], "x", 1);
        usleep(10000);
        execl("./prog", "prog", "child", NULL);
        _exit(1);
    }
    read(told[0], &byte, 1);
    left("threads beside an execve");
    kill(pid, SIGKILL);
    waitpid(pid, 0, 0);
    // The call itself.
    struct robust_list_head *head, *mine;
    size_t size;
    t(get_robust_list, 0, &mine, &size);
    p(size);
    t(set_robust_list, mine, 5);
    pid = fork();
    if (!pid) {
        // A child of fork has none until its C library says so; here that has happened.
        _exit(syscall(SYS_get_robust_list, 0, &head, &size) ? 1 : head == mine);
    }
    show_end("child", pid);
    t(get_robust_list, 999999999, &head, &size);
    t(get_robust_list, 0, bad_page(), &size);
}
