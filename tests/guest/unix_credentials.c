// SO_PEERCRED, SCM_CREDENTIALS and SO_PASSCRED: who is told to be at the other end.
#include "unix.h"

static void peer(const char *label, int fd, pid_t expected) {
    struct ucred c = {0};
    socklen_t n = sizeof c;
    long ret = sys(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &c, &n);
    printf("%s: %s, %u bytes, pid %s, uid %s, gid %s\n", label, errno_name(-ret), n,
           c.pid == expected ? "right" : c.pid ? "another" : "none", c.uid == getuid() ? "mine" : "another",
           c.gid == getgid() ? "mine" : "another");
}
static void credentials(int from, int to, struct ucred *c) {
    char control[CMSG_SPACE(sizeof *c)] = {0}, byte = 'x';
    struct iovec io = {&byte, 1};
    struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = c ? control : 0, .msg_controllen = c ? sizeof control : 0};
    if (c) {
        *CMSG_FIRSTHDR(&m) = (struct cmsghdr){CMSG_LEN(sizeof *c), SOL_SOCKET, SCM_CREDENTIALS};
        memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), c, sizeof *c);
    }
    if (show("sendmsg", sys(SYS_sendmsg, from, &m, MSG_DONTWAIT), AS_NUMBER) < 0)
        return;
    memset(control, 0, sizeof control);
    m.msg_control = control;
    m.msg_controllen = sizeof control;
    t(recvmsg, to, &m, MSG_DONTWAIT);
    struct cmsghdr *got = CMSG_FIRSTHDR(&m);
    struct ucred seen;
    if (!got) {
        printf("  no credentials\n");
        return;
    }
    memcpy(&seen, CMSG_DATA(got), sizeof seen);
    printf("  type %d: pid %s, uid %s, gid %s\n", got->cmsg_type, seen.pid == getpid() ? "mine" : seen.pid ? "another" : "none",
           seen.uid == getuid() ? "mine" : "another", seen.gid == getgid() ? "mine" : "another");
}

int main(void) {
    int pair[2], server = stream(), client = stream(), on = 1;
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    peer("pair", pair[0], getpid());
    peer("unconnected", client, 0);
    BIND(server, "server");
    t(listen, server, 5);
    peer("listening", server, getpid());
    CONNECT(client, "server");
    peer("connected", client, getpid());
    int accepted = accept(server, 0, 0);
    peer("accepted", accepted, getpid());
    int said[2];
    if (pipe(said))
        die("pipe");
    pid_t pid = fork();
    if (!pid) {
        int own = stream();
        CONNECT(own, "server");
        peer("child's connection", own, getppid());
        if (write(said[1], "x", 1) != 1)
            die("write");
        pause();
    }
    struct pollfd wait = {server, POLLIN};
    poll(&wait, 1, 10000);
    accepted = accept(server, 0, 0);
    char byte;
    if (read(said[0], &byte, 1) != 1)
        die("read");
    peer("accepted from the child", accepted, pid);
    kill(pid, SIGKILL);
    show_end("child", pid);
    peer("after its end", accepted, pid);

    struct ucred own = {getpid(), getuid(), getgid()}, parent = {getppid(), getuid(), getgid()}, root = {getpid(), 0, 0};
    credentials(pair[0], pair[1], 0);
    credentials(pair[0], pair[1], &own);
    t(setsockopt, pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
    credentials(pair[0], pair[1], 0);
    credentials(pair[0], pair[1], &own);
    credentials(pair[0], pair[1], &root);
    credentials(pair[0], pair[1], &parent);
    struct ucred small;
    socklen_t n = 4;
    t(getsockopt, pair[0], SOL_SOCKET, SO_PEERCRED, &small, &n);
    p(n);
    n = -1;
    t(getsockopt, pair[0], SOL_SOCKET, SO_PEERCRED, &small, &n);
    t(getsockopt, pair[0], SOL_SOCKET, SO_PEERCRED, &small, bad_page());
    n = sizeof small;
    t(getsockopt, pair[0], SOL_SOCKET, SO_PEERCRED, bad_page(), &n);
}
