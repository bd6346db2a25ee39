// Descriptors and credentials sent over AF_UNIX: a directory of another process is as good as one's own.
#include "check.h"

static long send_fd(int socket, int fd) {
    char control[CMSG_SPACE(sizeof fd)] = {0};
    struct iovec io = {"x", 1};
    struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    return sys(SYS_sendmsg, socket, &m, 0);
}

static int receive_fd(int socket) {
    char control[CMSG_SPACE(sizeof(int))], text[4];
    struct iovec io = {text, 4};
    struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    if (sys(SYS_recvmsg, socket, &m, 0) < 0)
        return -1;
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    int fd = -1;
    if (c && c->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(c), sizeof fd);
    return fd;
}

int main(void) {
    mkdirs("dir");
    mkfile("dir/inner", "inner text");
    mkfile("secret", "secret text");
    int pair[2];
    t(socketpair, AF_UNIX, SOCK_STREAM, 0, pair);
    pid_t pid = fork();
    if (!pid) {
        close(pair[0]);
        int dir = open("dir", O_RDONLY | O_DIRECTORY), file = open("secret", O_RDONLY), path = open("dir", O_PATH);
        chmod("secret", 0);
        send_fd(pair[1], dir);
        send_fd(pair[1], file);
        send_fd(pair[1], path);
        _exit(0);
    }
    close(pair[1]);
    int dir = receive_fd(pair[0]), file = receive_fd(pair[0]), path = receive_fd(pair[0]);
    show_end("sender", pid);
    topen(dir, "inner", O_RDONLY);
    topen(dir, "../secret", O_RDONLY);
    topen(path, "inner", O_RDONLY);
    char text[32] = "";
    t(read, file, text, 31);
    printf("  %s\n", text);
    t(fchdir, dir);
    char cwd[2 * PATH_MAX];
    p(getcwd(cwd, sizeof cwd) && !strcmp(cwd, A("dir")));
    topen(AT_FDCWD, "inner", O_RDONLY);
    t(fchdir, path);
    topen(AT_FDCWD, "../secret", O_RDONLY);

    // Credentials that the kernel fills in.
    t(socketpair, AF_UNIX, SOCK_DGRAM, 0, pair);
    int on = 1;
    setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
    pid = fork();
    if (!pid) {
        sys(SYS_write, pair[1], "hi", 2);
        _exit(0);
    }
    show_end("writer", pid);
    char control[CMSG_SPACE(sizeof(struct ucred))];
    struct iovec io = {text, 4};
    struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    t(recvmsg, pair[0], &m, 0);
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    if (!c || c->cmsg_type != SCM_CREDENTIALS)
        die("credentials");
    struct ucred who;
    memcpy(&who, CMSG_DATA(c), sizeof who);
    p(who.pid == pid);
    p(who.uid == getuid());
    p(who.gid == getgid());

    // Claiming to be somebody else is refused.
    memset(control, 0, sizeof control);
    m.msg_controllen = sizeof control;
    c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_CREDENTIALS;
    c->cmsg_len = CMSG_LEN(sizeof who);
    who.pid = getpid();
    who.uid = getuid() + 1;
    memcpy(CMSG_DATA(c), &who, sizeof who);
    t(sendmsg, pair[1], &m, 0);
    who.uid = getuid();
    memcpy(CMSG_DATA(c), &who, sizeof who);
    t(sendmsg, pair[1], &m, 0);
}
