// What a descriptor made with O_PATH is good for, and what it is not: everything but naming the file is EBADF.
#include "paths.h"
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/xattr.h>

static void use(const char *label, int fd) {
    char byte = 'x';
    struct stat st;
    struct statfs fs;
    printf("%s\n", label);
    t(read, fd, &byte, 1);
    t(write, fd, &byte, 1);
    t(pread64, fd, &byte, 1, 0);
    t(lseek, fd, 0, SEEK_SET);
    t(ftruncate, fd, 0);
    t(fallocate, fd, 0, 0, 1);
    t(fsync, fd);
    t(fdatasync, fd);
    t(syncfs, fd);
    t(fstat, fd, &st);
    t(fstatfs, fd, &fs);
    t(fchmod, fd, 0600);
    t(fchown, fd, -1, -1);
    t(utimensat, fd, 0, 0, 0);
    t(futimesat, fd, 0, 0);
    t(fgetxattr, fd, "user.x", &byte, 1);
    t(fsetxattr, fd, "user.x", "", 0, 0);
    t(flistxattr, fd, 0, 0);
    t(fremovexattr, fd, "user.x");
    t(flock, fd, LOCK_SH | LOCK_NB);
    t(ioctl, fd, FIONREAD, &byte);
    t(mmap, 0, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
    t(getdents64, fd, some_text, 1024);
    t(readahead, fd, 0, 1);
    t(fadvise64, fd, 0, 1, 0);
    t(sendfile, 1, fd, 0, 1);
    t(copy_file_range, fd, 0, fd, 0, 1, 0);
    t(splice, fd, 0, 1, 0, 1, 0);
    t(fcntl, fd, F_GETFD);
    t(fcntl, fd, F_SETFD, FD_CLOEXEC);
    p(fcntl(fd, F_GETFL) & O_PATH ? 1 : 0);
    t(fcntl, fd, F_SETFL, O_APPEND);
    t(fcntl, fd, F_GETLK, some_text);
    t(fcntl, fd, F_SETOWN, getpid());
    t(fcntl, fd, F_SETLEASE, F_RDLCK);
    t(fcntl, fd, F_NOTIFY, 0);
    t(fcntl, fd, F_GETPIPE_SZ);
    tv(fcntl, fd, F_DUPFD, 100);
    tv(dup, fd);
    t(inotify_add_watch, fd, "file", IN_MODIFY);
    t(connect, fd, some_text, 10);
    int to = (int)closed(sys(SYS_openat, fd, "", O_RDONLY));
    p(to);
    t(poll, (&(struct pollfd){fd, POLLIN, 0}), 1, 0);
    t(epoll_ctl, (int)syscall(SYS_epoll_create1, 0), 1, fd, some_text);
    there_and_back(t(fchdir, fd));
    // It can be passed on.
    int pair[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {.head = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
    memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
    struct iovec io = {&byte, 1};
    struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    t(sendmsg, pair[0], &m, 0);
    t(recvmsg, pair[1], &m, 0);
    int got;
    memcpy(&got, CMSG_DATA(&control.head), sizeof got);
    struct stat other;
    p(!fstat(got, &other) && other.st_ino == st.st_ino);
    p(fcntl(got, F_GETFL) & O_PATH ? 1 : 0);
    close(fd);
}

int main(void) {
    kinds();
    use("file", open("file", O_PATH));
    use("dir", open("dir", O_PATH));
    use("link", open("link", O_PATH | O_NOFOLLOW));
    use("fifo", open("fifo", O_PATH));
    use("socket", open("socket", O_PATH));
    use("secret", open("secret", O_PATH));
    use("closed", open("closed", O_PATH));
}
