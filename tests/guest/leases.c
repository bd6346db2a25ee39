// Leases, directory notification and locks: by descriptor, broken by opens by path, seen through /proc/self/fd.
#include "paths.h"
#include <sys/file.h>

#ifndef F_OFD_SETLK
#define F_OFD_SETLK 37
#define F_OFD_GETLK 36
#endif

static volatile int told;
static void on_signal(int sig, siginfo_t *info, void *context) { told = sig; }

int main(void) {
    kinds();
    struct sigaction act = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGIO, &act, 0);
    static const char *const names[] = {"file", "dir", "fifo", "secret", "/dev/null"};
    static const int types[] = {F_RDLCK, F_WRLCK, F_UNLCK};
    for (size_t i = 0; i < 5; i++)
        for (int j = 0; j < 3; j++) {
            int fd = open(names[i], O_RDONLY | O_NONBLOCK);
            printf("%s, lease %d: %s", names[i], types[j], errno_name(-sys(SYS_fcntl, fd, F_SETLEASE, types[j])));
            long got = sys(SYS_fcntl, fd, F_GETLEASE, 0);
            printf(", is %s\n", got < 0 ? errno_name(-got) : got == F_RDLCK ? "read" : got == F_WRLCK ? "write" : "none");
            close(fd);
        }
    // Broken by a writer; the holder gives it back.
    int fd = open("file", O_RDONLY);
    t(fcntl, fd, F_SETLEASE, F_RDLCK);
    topen(AT_FDCWD, "file", O_RDONLY);
    p(told);
    topen(AT_FDCWD, "file", O_WRONLY | O_NONBLOCK);
    p(told == SIGIO);
    t(fcntl, fd, F_GETLEASE, 0);
    t(fcntl, fd, F_SETLEASE, F_UNLCK);
    told = 0;
    t(fcntl, fd, F_SETLEASE, F_WRLCK);
    topen(AT_FDCWD, "file", O_RDONLY | O_NONBLOCK);
    p(told == SIGIO);
    t(fcntl, fd, F_SETLEASE, F_UNLCK);
    t(fcntl, fd, F_SETLEASE, F_RDLCK);
    told = 0;
    topen(AT_FDCWD, A("file"), O_WRONLY | O_NONBLOCK);
    t(truncate, "missing", 0);
    p(told == SIGIO);
    close(fd);
    // Stat, rename and links break none.
    fd = open("other", O_RDONLY);
    t(fcntl, fd, F_SETLEASE, F_WRLCK);
    told = 0;
    t(stat, "other", &some_stat);
    topen(AT_FDCWD, "other", O_PATH);
    t(access, "other", R_OK);
    t(readlink, "link", some_text, 5);
    p(told);
    t(fcntl, fd, F_GETLEASE, 0);
    close(fd);
    // dnotify.
    int dir = open("dir", O_RDONLY);
    t(fcntl, dir, F_NOTIFY, DN_CREATE | DN_MULTISHOT);
    told = 0;
    topen(AT_FDCWD, "dir/new", O_RDWR | O_CREAT, 0600);
    p(told == SIGIO);
    told = 0;
    t(mkdir, A("dir/made"), 0700);
    p(told == SIGIO);
    t(fcntl, fd, F_NOTIFY, DN_CREATE);
    // Locks belong to the open file, however it was opened again.
    int one = open("other", O_RDWR), two = open(A("other"), O_RDWR);
    t(flock, one, LOCK_EX | LOCK_NB);
    t(flock, two, LOCK_EX | LOCK_NB);
    char path[64];
    sprintf(path, "/proc/self/fd/%d", one);
    int three = open(path, O_RDWR);
    t(flock, three, LOCK_SH | LOCK_NB);
    t(flock, dup(one), LOCK_UN);
    t(flock, three, LOCK_SH | LOCK_NB);
    t(flock, two, LOCK_SH | LOCK_NB);
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 5};
    t(fcntl, one, F_OFD_SETLK, &l);
    t(fcntl, two, F_OFD_SETLK, &l);
    l.l_start = 5;
    t(fcntl, two, F_OFD_SETLK, &l);
    l = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 5};
    t(fcntl, two, F_OFD_GETLK, &l);
    p(l.l_pid);
    p(l.l_type == F_WRLCK);
    t(fcntl, open("other", O_RDONLY), F_SETLK, &l);
}
