// Filters go on to children, threads and executed programs, and judge those no further than natively.
#define RUN_BY_ANYBODY
#include "seccomp.h"
#include <pthread.h>

static struct stat st;

static void *in_thread(void *unused) {
    (void)unused;
    t(getppid);
    t(stat, A("file"), &st);
    filter(SYS_getuid, SECCOMP_RET_ERRNO | 3);
    t(getuid);
    return 0;
}

static void thread(void) {
    pthread_t id;
    if (pthread_create(&id, 0, in_thread, 0))
        die("thread");
    pthread_join(id, 0);
    printf("the thread's own filter is not mine: %d\n", sys(SYS_getuid) == getuid());
}

static void again(const char *how) {
    char *argv[] = {"self", (char *)how, 0};
    execve(A("self"), argv, environ);
    printf("execve: %s\n", errno_name(errno));
}

static void grandchild(void) { CHILD("inner", again("two filters")); }

int main(int argc, char **argv) {
    if (argc > 1) {
        printf("executed: %s\n", argv[1]);
        t(getppid);
        t(stat, "/", &st);
        show_status("/proc/self/status");
        return 0;
    }
    mkfile("file", "x");
    copy_self("self");
    filter(SYS_getppid, SECCOMP_RET_ERRNO | 1);
    t(getppid);
    CHILD("child", t(getppid), t(stat, A("file"), &st));
    CHILD("vfork", {
        pid_t pid = vfork();
        if (!pid) {
            sys(SYS_getppid);
            _exit(sys(SYS_getppid) == -EPERM);
        }
        show_end("grandchild", pid);
    });
    thread();
    CHILD("exec", again("plain"));
    CHILD("grandchildren", filter(SYS_stat, SECCOMP_RET_ERRNO | 2), grandchild());
}
