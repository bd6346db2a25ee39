// AF_UNIX sequenced packets: a server and a client process, boundaries kept, names by absolute and relative path.
#include "check.h"

static void client(const char *path) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    strcpy(a.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    if (sys(SYS_connect, fd, &a, sizeof a))
        _exit(1);
    sys(SYS_sendto, fd, "first", 5, 0, 0, 0);
    sys(SYS_sendto, fd, "second", 6, 0, 0, 0);
    char text[16] = "";
    if (sys(SYS_recvfrom, fd, text, 15, 0, 0, 0) != 5 || strcmp(text, "reply"))
        _exit(2);
    _exit(0);
}

int main(void) {
    mkdirs("dir");
    struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "dir/seq"};
    int server = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    t(bind, server, &a, sizeof a);
    t(listen, server, 3);
    int dgram = socket(AF_UNIX, SOCK_DGRAM, 0), stream = socket(AF_UNIX, SOCK_STREAM, 0);
    t(connect, dgram, &a, sizeof a);
    t(connect, stream, &a, sizeof a);
    const char *paths[] = {"dir/seq", "./dir/../dir/seq", A("dir/seq"), "/proc/self/cwd/dir/seq"};
    for (int i = 0; i < 4; i++) {
        pid_t pid = fork();
        if (!pid)
            client(paths[i]);
        struct pollfd waits = {server, POLLIN, 0};
        if (poll(&waits, 1, 20000) != 1)
            die("no client");
        int fd = sys(SYS_accept, server, 0, 0);
        char text[64];
        for (int j = 0; j < 2; j++) {
            memset(text, 0, sizeof text);
            t(recvfrom, fd, text, 63, 0, 0, 0);
            printf("  %s\n", text);
        }
        struct ucred who;
        socklen_t n = sizeof who;
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n);
        p(who.pid == pid && who.uid == getuid() && who.gid == getgid());
        t(sendto, fd, "reply", 5, 0, 0, 0);
        show_end("client", pid);
        t(recvfrom, fd, text, 63, 0, 0, 0);
        close(fd);
    }
}
