// execve(2) by one of several tasks that share memory, and by threads in odd states.
#include "check.h"
#include <pthread.h>
#include <linux/futex.h>

static char stack[4][65536] __attribute__((aligned(16)));
static int go[2], told[2];
static char *args[] = {"prog", "child", 0}, *env[] = {0};
static volatile int word;

static int execs(void *path) {
    sys(SYS_execve, path, args, env);
    _exit(9);
}

static void *in_read(void *x) { char b; read(go[0], &b, 1); return x; }
static void *in_futex(void *x) { syscall(SYS_futex, &word, FUTEX_WAIT, 0, 0); return x; }
static void *in_open(void *x) { open("fifo", O_RDONLY); return x; }
static void *in_vfork(void *x) {
    pid_t pid = vfork();
    if (!pid) {
        char b;
        write(told[1], "v", 1);
        read(go[0], &b, 1);
        _exit(0);
    }
    return x;
}
static void *in_wait(void *x) { waitpid(-1, 0, 0); return x; }
static void *in_suspend(void *x) { sigset_t s; sigfillset(&s); sigsuspend(&s); return x; }
static void *in_stat(void *x) { struct stat st; for (;;) stat("prog", &st); return x; }
static void *in_fork(void *x) { for (;;) { pid_t p_ = fork(); if (!p_) _exit(0); waitpid(p_, 0, 0); } return x; }
static void *in_create(void *x) {
    pthread_attr_t a;
    pthread_attr_init(&a);
    pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&a, 65536);
    for (pthread_t t_;;)
        if (pthread_create(&t_, &a, (void *)getpid, 0))
            usleep(100);
    return x;
}
static void *in_exec(void *x) { for (;;) { char *no[] = {0}; execve("missing", no, no); } return x; }

static void beside(const char *label, void *(*other)(void *), int from_thread) {
    pid_t pid = fork();
    if (!pid) {
        pthread_t thread;
        for (int i = 0; i < 3; i++)
            pthread_create(&thread, 0, other, 0);
        usleep(10000);
        if (from_thread) {
            pthread_create(&thread, 0, (void *)execs, "./prog");
            for (;;)
                pause();
        }
        execs("./prog");
    }
    show_end(label, pid);
}

int main(int argc, char **argv) {
    if (argc > 1) {
        struct stat st;
        DIR *tasks = opendir("/proc/self/task");
        int count = 0;
        for (struct dirent *d; (d = readdir(tasks));)
            count += *d->d_name != '.';
        printf("  %d thread, tid %d, stat %ld\n", count, syscall(SYS_gettid) == getpid(), sys(SYS_stat, "prog", &st));
        return 4;
    }
    copy_self("prog");
    mkfifo("fifo", 0600);
    pipe(go);
    pipe(told);
    static void *(*const others[])(void *) = {in_read, in_futex, in_open, in_vfork, in_wait, in_suspend, in_stat, in_fork, in_create, in_exec};
    static const char *const names[] = {"read", "futex", "open", "vfork", "wait", "sigsuspend", "stat", "fork", "thread creation", "exec"};
    for (unsigned i = 0; i < sizeof others / sizeof *others; i++) {
        char label[64];
        snprintf(label, sizeof label, "leader, others in %s", names[i]);
        beside(label, others[i], 0);
        snprintf(label, sizeof label, "thread, others in %s", names[i]);
        beside(label, others[i], 1);
    }
    // The vfork children that were left behind.
    for (int i = 0; i < 16; i++)
        write(go[1], "x", 1);
    // A process that shares memory without being a thread goes its own way.
    pid_t pid = fork();
    if (!pid) {
        pid_t a = clone(execs, stack[0] + 65536, CLONE_VM | SIGCHLD, "./prog");
        show_end("shares memory", a);
        pid_t b = clone(execs, stack[1] + 65536, CLONE_VM | CLONE_SIGHAND | CLONE_FS | CLONE_FILES | SIGCHLD, A("prog"));
        show_end("shares nearly all", b);
        word = 5;
        p(word);
        struct stat st;
        p(sys(SYS_stat, "prog", &st));
        execs("prog");
    }
    show_end("the parent then", pid);
}
