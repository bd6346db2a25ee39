// Threads: path calls from all at once, the shared cwd, ids, exit of the leader.
#include "check.h"
#include <pthread.h>

static pthread_barrier_t barrier;
static char result[8][200];

static void *work(void *arg) {
    long i = (long)arg;
    char name[32], text[32], cwd[PATH_MAX];
    pthread_barrier_wait(&barrier);
    int bad = 0;
    for (int round = 0; round < 50; round++) {
        snprintf(name, sizeof name, "file-%ld-%d", i, round);
        long fd = sys(SYS_openat, AT_FDCWD, round & 1 ? A(name) : name, O_RDWR | O_CREAT | O_EXCL, 0600);
        bad += fd < 0;
        bad += write(fd, name, strlen(name)) != (ssize_t)strlen(name);
        close(fd);
        bad += sys(SYS_rename, name, strcat(strcpy(text, name), "x")) != 0;
        struct stat st;
        bad += sys(SYS_stat, A(text), &st) != 0 || st.st_size != (long)strlen(name);
        bad += sys(SYS_stat, name, &st) != -ENOENT;
        bad += sys(SYS_unlink, round & 2 ? A(text) : text) != 0;
        bad += sys(SYS_getcwd, cwd, sizeof cwd) < 0 || strcmp(cwd, start_dir);
        bad += sys(SYS_readlink, A("link"), text, sizeof text) != 6 || memcmp(text, "target", 6);
    }
    snprintf(result[i], sizeof result[i], "thread %ld: %d wrong, tid %s pid", i, bad, sys(SYS_gettid) == getpid() ? "is" : "is not");
    return 0;
}

static void *mover(void *unused) {
    printf("chdir in a thread: %ld\n", sys(SYS_chdir, A("dir")));
    return unused;
}

static void *alone(void *unused) {
    printf("unshare: %ld\n", sys(SYS_unshare, CLONE_FS));
    printf("chdir: %ld\n", sys(SYS_chdir, ".."));
    topen(AT_FDCWD, "dir", O_RDONLY | O_DIRECTORY);
    return unused;
}

static void *last(void *unused) {
    usleep(20000);
    struct stat st;
    printf("after the leader: %ld\n", sys(SYS_stat, A("dir"), &st));
    exit(12);
    return unused;
}

static void *busy(void *unused) {
    struct stat st;
    for (;;)
        sys(SYS_stat, A("dir"), &st);
    return unused;
}

int main(void) {
    ln("target", "link");
    mkdirs("dir");
    mkfile("dir/inner", "x");
    pthread_t thread[8];
    pthread_barrier_init(&barrier, 0, 8);
    for (long i = 0; i < 8; i++)
        pthread_create(&thread[i], 0, work, (void *)i);
    for (int i = 0; i < 8; i++)
        pthread_join(thread[i], 0);
    for (int i = 0; i < 8; i++)
        printf("%s\n", result[i]);
    list(".");

    // chdir(2) moves all threads, except one that has unshared.
    pthread_create(thread, 0, mover, 0);
    pthread_join(*thread, 0);
    topen(AT_FDCWD, "inner", O_RDONLY);
    pthread_create(thread, 0, alone, 0);
    pthread_join(*thread, 0);
    topen(AT_FDCWD, "inner", O_RDONLY);

    pid_t pid = fork();
    if (!pid) {
        pthread_create(thread, 0, last, 0);
        pthread_exit(0);
    }
    show_end("leader gone first", pid);
    pid = fork();
    if (!pid) {
        for (int i = 0; i < 8; i++)
            pthread_create(&thread[i], 0, busy, 0);
        usleep(10000);
        _exit(13);
    }
    show_end("exit_group with threads", pid);
}
