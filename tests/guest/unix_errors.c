// connect, bind and sendto of each kind of socket on each kind of file and each state: which errno, and in which order.
#include "unix.h"

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    mkfile("file", "x");
    mkdirs("dir");
    mkdirs("closed");
    mkdirs("nowrite");
    mkfifo("fifo", 0600);
    ln("loop", "loop");
    ln("nowhere", "dangling");
    ln("stream", "to_stream");
    static const char *const names[] = {"stream", "dgram", "seqpacket", "unheard"};
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM};
    for (int i = 0; i < 4; i++) {
        int fd = socket(AF_UNIX, types[i] | SOCK_NONBLOCK, 0);
        struct sockaddr_un a = address(names[i]);
        if (bind(fd, (void *)&a, sizeof a) || (i != 1 && i != 3 && listen(fd, 2)))
            die("bind %s", names[i]);
    }
    struct sockaddr_un a = address("dead");
    int dead = stream();
    bind(dead, (void *)&a, sizeof a);
    close(dead);
    a = address("shut");
    int shut = stream();
    bind(shut, (void *)&a, sizeof a);
    listen(shut, 1);
    chmod("shut", 0);
    chmod("closed", 0);
    chmod("nowrite", 0500);
    static const char *const targets[] = {"stream", "dgram", "seqpacket", "unheard", "dead", "shut", "file", "dir", "fifo",
                                          "loop", "dangling", "to_stream", "missing", "missing/x", "file/x", "closed/x",
                                          "nowrite/x", "stream/", "stream/.", ".", "..", "/dev/null", "loop/x", "dir/", "new/"};
    static const int kinds[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        for (int k = 0; k < 3; k++) {
            struct sockaddr_un a = address(targets[i]), b = {AF_UNIX};
            if (targets[i][0] != '/' && strlen(A(targets[i])) < sizeof b.sun_path)
                strcpy(b.sun_path, A(targets[i]));
            else
                b = a;
            int fd = socket(AF_UNIX, kinds[k] | SOCK_NONBLOCK, 0);
            printf("kind %d to %s: connect %s", k, targets[i], errno_name(-sys(SYS_connect, fd, &a, sizeof a)));
            close(fd);
            fd = socket(AF_UNIX, kinds[k] | SOCK_NONBLOCK, 0);
            printf(", absolute %s", errno_name(-sys(SYS_connect, fd, &b, sizeof b)));
            close(fd);
            fd = socket(AF_UNIX, kinds[k] | SOCK_NONBLOCK, 0);
            long sent = sys(SYS_sendto, fd, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL, &a, sizeof a);
            printf(", sendto %s", sent < 0 ? errno_name(-sent) : "ok");
            close(fd);
            fd = socket(AF_UNIX, kinds[k] | SOCK_NONBLOCK, 0);
            printf(", bind %s\n", errno_name(-sys(SYS_bind, fd, &a, sizeof a)));
            close(fd);
        }
    // A socket that has a name or a peer already.
    int bound = stream();
    BIND(bound, "one");
    BIND(bound, "two");
    BIND(bound, "missing/two");
    BIND(bound, "one");
    CONNECT(bound, "stream");
    CONNECT(bound, "stream");
    CONNECT(bound, "missing");
    BIND(bound, "three");
    t(listen, bound, 1);
    int heard = stream();
    BIND(heard, "heard");
    t(listen, heard, 1);
    CONNECT(heard, "stream");
    CONNECT(heard, "heard");
    // Descriptors that are no such sockets.
    int inet = socket(AF_INET, SOCK_STREAM, 0), file = open("file", O_RDWR), path = open("stream", O_PATH);
    BIND(inet, "x");
    CONNECT(inet, "stream");
    BIND(file, "x");
    CONNECT(file, "stream");
    BIND(path, "x");
    CONNECT(path, "stream");
    CONNECT(-1, "stream");
    SENDTO(file, "stream", "x");
    SENDTO(inet, "stream", "x");
    a = address("stream");
    a.sun_family = AF_UNSPEC;
    t(connect, stream(), &a, sizeof a);
    t(bind, stream(), &a, sizeof a);
    a.sun_family = AF_INET6;
    t(connect, stream(), &a, sizeof a);
    t(bind, stream(), &a, sizeof a);
    a.sun_family = 99;
    t(sendto, dgram(), "x", 1, 0, &a, sizeof a);
    // A queue that is full.
    for (int i = 0; i < 5; i++)
        CONNECT(stream(), "heard");
    chmod("closed", 0700);
    list(".");
    umask(0277);
    BIND(stream(), "masked");
    show_path("masked");
}
