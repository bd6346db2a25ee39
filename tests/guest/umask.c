// umask(2): applied by every call that creates something, shared by threads, kept by fork.
#include "check.h"
#include <pthread.h>

static void *set(void *unused) {
    umask(0);
    return unused;
}

static void make(const char *label) {
    long fd = sys(SYS_openat, AT_FDCWD, A("file"), O_RDWR | O_CREAT | O_EXCL, 0777);
    close(fd);
    sys(SYS_mkdir, A("dir"), 0777);
    sys(SYS_mknod, A("fifo"), S_IFIFO | 0777, 0);
    close(sys(SYS_creat, "created", 0666));
    struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "socket"};
    sys(SYS_bind, socket(AF_UNIX, SOCK_STREAM, 0), &a, sizeof a);
    sys(SYS_symlink, "x", "link");
    printf("%s\n", label);
    static const char *const names[] = {"file", "dir", "fifo", "created", "socket", "link"};
    for (int i = 0; i < 6; i++) {
        show_path(names[i]);
        if (i == 1)
            rmdir(names[i]);
        else
            unlink(names[i]);
    }
}

int main(void) {
    t(umask, 022);
    make("022");
    t(umask, 077);
    make("077");
    t(umask, 0);
    make("000");
    t(umask, 0777);
    make("777");
    t(umask, 01777);
    t(umask, 027);
    pid_t pid = fork();
    if (!pid) {
        make("027 in a child");
        umask(0);
        _exit(0);
    }
    show_end("child", pid);
    make("027");
    pthread_t thread;
    pthread_create(&thread, 0, set, 0);
    pthread_join(thread, 0);
    make("000 by a thread");
}
