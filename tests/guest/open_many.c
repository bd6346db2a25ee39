// Descriptors: the lowest free one is taken, limits are kept, close_range and dup3 at their edges, whatever xroot holds open.
#include "paths.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

int main(void) {
    mkfile("file", "x");
    mkdirs("dir");
    // Nothing of the runner's is open here.
    for (int fd = 3; fd < 64; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            close(fd);
    t(openat, AT_FDCWD, "file", O_RDONLY);
    t(openat, AT_FDCWD, A("file"), O_RDONLY);
    t(open, "dir", O_RDONLY | O_DIRECTORY);
    t(openat2, AT_FDCWD, "file", &(struct open_how){0}, sizeof(struct open_how));
    t(openat, AT_FDCWD, "/proc/self/maps", O_RDONLY);
    t(openat, AT_FDCWD, "/proc/self/mountinfo", O_RDONLY);
    t(socket, AF_UNIX, SOCK_STREAM, 0);
    t(close, 4);
    t(openat, AT_FDCWD, "/proc/self/status", O_RDONLY);
    t(creat, "made", 0600);
    t(close, 3);
    t(openat, 5, "../file", O_RDONLY);
    t(dup, 5);
    t(dup2, 5, 5);
    t(dup3, 5, 5, 0);
    t(dup3, 5, 20, 1);
    t(dup3, 5, 20, O_CLOEXEC);
    t(fcntl, 20, F_GETFD);
    t(fcntl, 5, F_DUPFD, 18);
    t(fcntl, 5, F_DUPFD_CLOEXEC, 20);
    DIR *dir = opendir("/proc/self/fd");
    int count = 0;
    for (struct dirent *e; (e = readdir(dir));)
        count += e->d_name[0] != '.';
    closedir(dir);
    p(count);
    struct rlimit few = {24, 24}, old;
    getrlimit(RLIMIT_NOFILE, &old);
    few.rlim_max = old.rlim_max;
    setrlimit(RLIMIT_NOFILE, &few);
    for (int i = 0; i < 16; i++)
        t(openat, AT_FDCWD, i % 2 ? "file" : "/proc/self/maps", O_RDONLY);
    t(openat, AT_FDCWD, "missing", O_RDONLY);
    t(openat, AT_FDCWD, "made2", O_RDWR | O_CREAT, 0600);
    show_path("made2");
    t(openat, AT_FDCWD, bad_page(), O_RDONLY);
    t(openat, AT_FDCWD, "loop/x", O_RDONLY | O_DIRECTORY | O_CREAT);
    t(socket, AF_UNIX, SOCK_STREAM, 0);
    t(dup2, 0, 24);
    t(fcntl, 0, F_DUPFD, 24);
    t(stat, "file", &some_stat);
    t(access, "file", R_OK);
    t(close_range, 10, 15, 0);
    t(openat, AT_FDCWD, "file", O_RDONLY);
    t(close_range, 15, 10, 0);
    t(close_range, 0x7fffffff, -1u, 0);
    t(close_range, 3, -1u, 4);
    t(close_range, 3, -1u, 0);
    t(openat, AT_FDCWD, "file", O_RDONLY);
    t(close, 0);
    t(openat, AT_FDCWD, "file", O_RDONLY);
    t(openat, AT_FDCWD, "file", O_RDONLY);
}
