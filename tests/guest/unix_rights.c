// SCM_RIGHTS: files of every kind, several at once, too little room for them, and what of them is the same afterwards.
#include "unix.h"

static int pair[2];

static long pass(int count, const int *fds, size_t room, int flags) {
    char control[512] = {0}, byte = 'x';
    struct iovec io = {&byte, 1};
    struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(count * sizeof(int))};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    *c = (struct cmsghdr){CMSG_LEN(count * sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(c), fds, count * sizeof(int));
    long ret = show("sendmsg", sys(SYS_sendmsg, pair[0], &m, MSG_DONTWAIT), AS_NUMBER);
    if (ret < 0)
        return ret;
    memset(control, 0, sizeof control);
    m.msg_controllen = room;
    t(recvmsg, pair[1], &m, flags | MSG_DONTWAIT);
    printf("  flags %#x, control %zu\n", m.msg_flags, (size_t)m.msg_controllen);
    for (c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
        int got = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        printf("  level %d, type %d, %d descriptors\n", c->cmsg_level, c->cmsg_type, got);
        for (int i = 0; i < got; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            struct stat a, b;
            char link[64], path[PATH_MAX] = "";
            sprintf(link, "/proc/self/fd/%d", fd);
            ssize_t n = readlink(link, path, sizeof path - 1);
            p(!fstat(fd, &a) && !fstat(fds[i], &b) && a.st_ino == b.st_ino);
            printf("  %s, close-on-exec %d, flags %#x\n", n > 0 && path[0] == '/' ? shown(path) : "no path", fcntl(fd, F_GETFD), fcntl(fd, F_GETFL));
            close(fd);
        }
    }
    return 0;
}

int main(void) {
    socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
    mkfile("file", "text");
    mkdirs("dir");
    mkfile("gone", "x");
    ln("file", "link");
    int file = open("file", O_RDWR | O_APPEND), dir = open("dir", O_RDONLY), path = open("link", O_PATH | O_NOFOLLOW);
    int gone = open("gone", O_RDONLY), all[4] = {file, dir, path, gone};
    unlink("gone");
    for (int i = 0; i < 4; i++)
        pass(1, &all[i], 256, 0);
    pass(4, all, 256, 0);
    pass(4, all, 256, MSG_CMSG_CLOEXEC);
    // Room for three, for one and a half, for the head alone, for nothing.
    pass(4, all, CMSG_LEN(3 * sizeof(int)), 0);
    pass(4, all, CMSG_LEN(6), 0);
    pass(4, all, CMSG_LEN(0), 0);
    pass(4, all, 0, 0);
    pass(1, &(int){-1}, 256, 0);
    pass(1, &(int){999}, 256, 0);
    pass(0, all, 256, 0);
    // The position is shared, and a directory is a base like any other.
    t(lseek, file, 2, SEEK_SET);
    pid_t pid = fork();
    if (!pid) {
        char control[CMSG_SPACE(2 * sizeof(int))], byte;
        struct iovec io = {&byte, 1};
        struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
        close(file);
        close(dir);
        t(recvmsg, pair[1], &m, 0);
        int got[2];
        memcpy(got, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof got);
        t(lseek, got[0], 0, SEEK_CUR);
        t(faccessat, got[1], "../file", F_OK);
        topen(got[1], "made", O_RDWR | O_CREAT, 0600);
        t(fchdir, got[1]);
        t(access, "made", F_OK);
        char cwd[PATH_MAX];
        tv(getcwd, cwd, sizeof cwd);
        printf("%s\n", shown(cwd));
        _exit(0);
    }
    char control[CMSG_SPACE(2 * sizeof(int))] = {0}, byte = 0;
    struct iovec io = {&byte, 1};
    struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    *CMSG_FIRSTHDR(&m) = (struct cmsghdr){CMSG_LEN(2 * sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), (int[]){file, dir}, 2 * sizeof(int));
    sys(SYS_sendmsg, pair[0], &m, 0);
    show_end("the one that received", pid);
    list("dir");
}
