// SECCOMP_FILTER_FLAG_TSYNC: all threads at once, or none.
#include "seccomp.h"
#include <pthread.h>

static pthread_barrier_t ready, go;
static volatile int diverges;

static void *other(void *unused) {
    (void)unused;
    if (diverges)
        filter(SYS_getuid, SECCOMP_RET_ERRNO | 4);
    pthread_barrier_wait(&ready);
    pthread_barrier_wait(&go);
    struct stat st;
    printf("other: getppid %s, stat %ld\n", sys(SYS_getppid) == -EPERM ? "EPERM" : "runs", sys(SYS_stat, A("file"), &st));
    t(prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
    t(prctl, PR_GET_SECCOMP, 0, 0, 0, 0);
    show_status("/proc/thread-self/status");
    return 0;
}

static void run(unsigned long flags, int diverge) {
    pthread_t id;
    diverges = diverge;
    pthread_barrier_init(&ready, 0, 2);
    pthread_barrier_init(&go, 0, 2);
    pthread_create(&id, 0, other, 0);
    pthread_barrier_wait(&ready);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    struct sock_filter code[] = {LOAD(NR_FIELD), IF(SYS_getppid, 0, 1), RET(SECCOMP_RET_ERRNO | EPERM),
                                 IF(SYS_stat, 0, 1), RET(SECCOMP_RET_ERRNO | EXDEV), RET(SECCOMP_RET_ALLOW)};
    long ret = install_with(flags, code, LENGTH(code));
    printf("seccomp: %s\n", ret > 0 ? "a thread's id" : ret ? errno_name(-ret) : "0");
    printf("mine: getppid %s\n", sys(SYS_getppid) == -EPERM ? "EPERM" : "runs");
    show_status("/proc/thread-self/status");
    pthread_barrier_wait(&go);
    pthread_join(id, 0);
}

int main(void) {
    mkfile("file", "x");
    CHILD("not synchronized", run(0, 0));
    CHILD("synchronized", run(SECCOMP_FILTER_FLAG_TSYNC, 0));
    CHILD("one diverges", run(SECCOMP_FILTER_FLAG_TSYNC, 1));
    CHILD("one diverges, told by errno", run(SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH, 1));
}
