// flock(2) and fcntl(2) locks, leases, owners and seals.
#include "check.h"
#include <sys/file.h>

int main(void) {
    mkfile("file", "0123456789");
    int one = open("file", O_RDWR), two = open(A("file"), O_RDWR), dir = open(".", O_RDONLY);
    t(flock, one, LOCK_EX);
    t(flock, two, LOCK_EX | LOCK_NB);
    t(flock, two, LOCK_SH | LOCK_NB);
    t(flock, one, LOCK_SH);
    t(flock, two, LOCK_SH | LOCK_NB);
    t(flock, one, LOCK_UN);
    t(flock, two, LOCK_EX | LOCK_NB);
    t(flock, dir, LOCK_EX | LOCK_NB);
    t(flock, 999, LOCK_EX);
    t(flock, one, 99);

    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2, .l_len = 3};
    t(fcntl, one, F_SETLK, &lock);
    pid_t me = getpid(), pid = fork();
    if (!pid) {
        struct flock mine = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
        t(fcntl, two, F_SETLK, &mine);
        mine.l_len = 2;
        t(fcntl, two, F_SETLK, &mine);
        mine.l_len = 0;
        t(fcntl, two, F_GETLK, &mine);
        p(mine.l_type == F_WRLCK && mine.l_start == 2 && mine.l_len == 3 && mine.l_pid == me);
        _exit(0);
    }
    show_end("child", pid);
    lock.l_type = 77;
    t(fcntl, one, F_SETLK, &lock);
    t(fcntl, one, F_SETLK, 0);
    struct flock ofd = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 6, .l_len = 1};
    t(fcntl, one, F_OFD_SETLK, &ofd);
    ofd.l_type = F_RDLCK;
    t(fcntl, two, F_OFD_SETLK, &ofd);
    ofd.l_type = F_WRLCK;
    t(fcntl, two, F_OFD_GETLK, &ofd);
    p(ofd.l_type == F_WRLCK && ofd.l_pid == -1);

    int fd = memfd_create("name", MFD_ALLOW_SEALING);
    t(fcntl, fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
    t(fcntl, fd, F_GET_SEALS);
    t(ftruncate, fd, 10);
    t(fcntl, one, F_ADD_SEALS, F_SEAL_SHRINK);
    p(fcntl(one, F_DUPFD, 100));
    t(fcntl, one, F_DUPFD, -1);
    t(fcntl, 999, F_GETFD);
    t(fcntl, one, 9999);
    t(fcntl, one, F_SETPIPE_SZ, 4096);
}
