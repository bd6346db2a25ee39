// unshare(2) and clone(2) with every flag that needs no user namespace: what works works, the rest fails in the kernel's order.
#include "check.h"
#include <pthread.h>

static const struct {
    const char *name;
    unsigned long flag;
} flags[] = {{"FILES", CLONE_FILES},   {"FS", CLONE_FS},         {"SYSVSEM", CLONE_SYSVSEM}, {"THREAD", CLONE_THREAD},
             {"SIGHAND", CLONE_SIGHAND}, {"VM", CLONE_VM},         {"NEWNS", CLONE_NEWNS},     {"NEWUTS", CLONE_NEWUTS},
             {"NEWIPC", CLONE_NEWIPC}, {"NEWPID", CLONE_NEWPID}, {"NEWNET", CLONE_NEWNET},   {"NEWCGROUP", CLONE_NEWCGROUP},
             {"NEWTIME", 0x80},        {"PARENT", CLONE_PARENT}, {"high", 1UL << 40},        {"signal", SIGCHLD}};
#define COUNT (sizeof flags / sizeof *flags)

static void each(void) {
    t(unshare, 0);
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = i; j < COUNT; j++)
            printf("%s %s: %s\n", flags[i].name, flags[j].name, errno_name(-sys(SYS_unshare, flags[i].flag | flags[j].flag)));
}

static pthread_barrier_t barrier;
static void *other(void *unused) {
    (void)unused;
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    return 0;
}

static void clones(void) {
    const unsigned long with[] = {CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWCGROUP};
    const unsigned long and[] = {0, CLONE_FS, CLONE_SIGHAND, CLONE_THREAD, CLONE_VM, CLONE_SYSVSEM, CLONE_PARENT, CLONE_PIDFD};
    for (size_t i = 0; i < sizeof with / sizeof *with; i++)
        for (size_t j = 0; j < sizeof and / sizeof *and; j++) {
            printf("clone %zu %zu: %s, ", i, j, errno_name(-sys(SYS_clone, with[i] | and[j] | SIGCHLD, 0, 0, 0, 0)));
            unsigned long args[11] = {with[i] | and[j], 0, 0, 0, and[j] & CLONE_THREAD ? 0 : SIGCHLD};
            printf("clone3: %s\n", errno_name(-sys(SYS_clone3, args, 64)));
        }
}

int main(void) {
    mkdirs("dir");
    each();
    clones();
    pthread_t id;
    pthread_barrier_init(&barrier, 0, 2);
    pthread_create(&id, 0, other, 0);
    pthread_barrier_wait(&barrier);
    printf("with two threads\n");
    each();
    t(chdir, "dir");
    pthread_barrier_wait(&barrier);
    pthread_join(id, 0);
    list("..");
}
