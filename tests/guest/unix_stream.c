// AF_UNIX stream sockets with names in the file system: bind, listen, connect, accept, and the names they report.
#include "unix.h"

static void name(const char *label, long ret, struct sockaddr_un *a, socklen_t n) {
    if (ret < 0)
        printf("  %s: %s\n", label, errno_name(-ret));
    else if (n <= 2)
        printf("  %s: unnamed, %u bytes\n", label, n);
    else
        printf("  %s: %s, length %s\n", label, shown(a->sun_path), n == LEN(a->sun_path) ? "right" : "wrong");
}
static void sockname(const char *label, int fd) {
    struct sockaddr_un a = {0};
    socklen_t n = sizeof a;
    long ret = sys(SYS_getsockname, fd, &a, &n);
    name(label, ret, &a, n);
}
static void peername(const char *label, int fd) {
    struct sockaddr_un a = {0};
    socklen_t n = sizeof a;
    long ret = sys(SYS_getpeername, fd, &a, &n);
    name(label, ret, &a, n);
}

int main(void) {
    mkfile("file", "x");
    mkdirs("dir");
    ln("sock", "link");
    ln("nowhere", "dangling");
    ln("loop", "loop");
    mkdirs("closed");
    chmod("closed", 0500);

    int server = stream(), absolute = stream(), fd = stream();
    // Connections are there before they are accepted; were one not, nobody should wait.
    fcntl(server, F_SETFL, O_NONBLOCK);
    fcntl(absolute, F_SETFL, O_NONBLOCK);
    sockname("before bind", server);
    BIND(server, "sock");
    sockname("server", server);
    BIND(server, "sock2");
    BIND(absolute, A("dir/abs"));
    sockname("absolute", absolute);
    show_path("sock");
    show_path("dir/abs");
    BIND(fd, "sock");
    BIND(fd, "file");
    BIND(fd, "dangling");
    BIND(fd, "missing/x");
    BIND(fd, "file/x");
    BIND(fd, "loop/x");
    BIND(fd, "closed/x");
    BIND(fd, "new/");
    BIND(fd, "dir/.");
    BIND(999, "x");
    BIND(0, "x");
    struct sockaddr_un a = address("x");
    t(bind, fd, &a, 1);
    t(bind, fd, &a, 200);
    t(bind, fd, 0, 10);
    t(bind, fd, bad_page(), 10);
    a.sun_family = AF_INET;
    t(bind, fd, &a, 10);

    CONNECT(fd, "sock");
    t(listen, server, 5);
    t(listen, absolute, 5);
    CONNECT(fd, "missing");
    CONNECT(fd, A("missing"));
    CONNECT(fd, "file");
    CONNECT(fd, "dir");
    CONNECT(fd, "dangling");
    CONNECT(fd, "loop");
    CONNECT(fd, "file/x");
    CONNECT(fd, "sock/");
    CONNECT(999, "sock");
    CONNECT(0, "sock");
    t(connect, fd, &a, 10);
    a.sun_family = AF_UNIX;
    t(connect, fd, &a, 1);
    chmod("sock", 0400);
    CONNECT(fd, "sock");
    chmod("sock", 0700);
    int dgram = socket(AF_UNIX, SOCK_DGRAM, 0);
    CONNECT(dgram, "sock");
    CONNECT(fd, "link");
    peername("peer", fd);
    sockname("self", fd);
    CONNECT(fd, "sock");

    struct sockaddr_un from = {0};
    socklen_t n = sizeof from;
    int accepted = sys(SYS_accept, server, &from, &n);
    name("accept from", accepted < 0 ? accepted : 0, &from, n);
    sockname("accepted", accepted);
    t(write, fd, "hello", 5);
    char buffer[16] = "";
    t(read, accepted, buffer, sizeof buffer);
    printf("  %s\n", buffer);

    // A client with a name of its own.
    int client = stream();
    BIND(client, A("dir/client"));
    CONNECT(client, A("dir/abs"));
    n = sizeof from;
    memset(&from, 0, sizeof from);
    int accepted2 = sys(SYS_accept4, absolute, &from, &n, SOCK_CLOEXEC);
    name("accept4 from", accepted2 < 0 ? accepted2 : 0, &from, n);
    peername("peer of the client", client);
    peername("peer of the server", accepted2);
    client = stream();
    BIND(client, "dir/relative");
    CONNECT(client, A("dir/abs"));
    n = sizeof from;
    memset(&from, 0, sizeof from);
    accepted2 = sys(SYS_accept, absolute, &from, &n);
    name("accept from", accepted2 < 0 ? accepted2 : 0, &from, n);

    client = stream();
    BIND(client, "dir/third");
    CONNECT(client, A("dir/abs"));
    n = sizeof from;
    memset(&from, 0, sizeof from);
    accepted2 = sys(SYS_accept, absolute, &from, &n);
    name("accept from", accepted2 < 0 ? accepted2 : 0, &from, n);
    client = stream();
    BIND(client, A("dir/fourth"));
    CONNECT(client, A("dir/abs"));
    n = sizeof from;
    memset(&from, 0, sizeof from);
    accepted2 = sys(SYS_accept, absolute, &from, &n);
    name("accept from", accepted2 < 0 ? accepted2 : 0, &from, n);

    // A short buffer is filled as far as it goes; the full length is reported.
    char small[8];
    n = sizeof small;
    t(getsockname, server, small, &n);
    p(n);
    printf("  %.6s\n", small + 2);
    n = 0;
    t(getsockname, server, small, &n);
    p(n);
    n = sizeof small;
    t(getsockname, 999, small, &n);
    t(getsockname, 0, small, &n);
    t(getsockname, server, 0, &n);
    t(getpeername, server, small, &n);
    t(accept4, server, 0, 0, 1);

    // The name goes, the socket stays.
    t(unlink, "sock");
    sockname("server without a file", server);
    CONNECT(fd = stream(), "sock");
    t(rename, "dir/abs", "moved");
    CONNECT(fd, "moved");
    peername("peer", fd);
    // Three bytes of address, no NUL.
    a = address("z");
    t(bind, stream(), &a, 3);
    show_path("z");
    list(".");
    list("dir");
}
