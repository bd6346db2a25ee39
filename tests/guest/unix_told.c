// Names told into buffers that are too small, of no size, negative, or not there; the whole length is told each time.
#include "unix.h"

static void into(int fd, const char *label) {
    for (int n = -1; n <= 24; n++) {
        char buffer[200];
        memset(buffer, '#', sizeof buffer);
        socklen_t size = n;
        long ret = sys(SYS_getsockname, fd, buffer, &size);
        printf("%s, buffer of %d: %s, length %u, \"%.*s\", behind '%c'\n", label, n, errno_name(-ret), size,
               n > 2 ? (int)strnlen(buffer + 2, n - 2) : 0, buffer + 2, n > 0 ? buffer[n] : buffer[0]);
    }
    socklen_t size = 100;
    t(getsockname, fd, 0, &size);
    t(getsockname, fd, bad_page(), &size);
    t(getsockname, fd, bad_page() - 4, &size);
    t(getsockname, fd, &size, 0);
    t(getsockname, fd, &size, bad_page());
    size = 0;
    t(getsockname, fd, 0, &size);
    p(size);
    size = 2;
    t(getsockname, fd, bad_page() - 2, &size);
}

int main(void) {
    mkdirs("dir");
    int fd = dgram(), server = stream(), client = stream();
    into(fd, "unnamed");
    BIND(fd, "dir/relative");
    into(fd, "relative");
    int abstract = dgram();
    struct sockaddr_un a = {AF_UNIX, "\0xroot test"};
    char unique[32];
    // Natively and under xroot at the same time.
    sprintf(unique, "%07d", getpid());
    memcpy(a.sun_path + 1, unique, 7);
    t(bind, abstract, &a, 10);
    for (int n = 2; n <= 12; n++) {
        char buffer[20];
        socklen_t size = n;
        t(getsockname, abstract, buffer, &size);
        p(size);
    }
    BIND(server, "dir/listening");
    t(listen, server, 5);
    CONNECT(client, "dir/listening");
    for (int n = -1; n <= 20; n += 3) {
        char buffer[200] = "";
        socklen_t size = n;
        t(getpeername, client, buffer, &size);
        printf("  %u \"%.*s\"\n", size, n > 2 ? (int)strnlen(buffer + 2, n - 2) : 0, buffer + 2);
        int other = stream();
        struct sockaddr_un named = address("dir/cl");
        t(bind, other, &named, LEN("dir/cl"));
        CONNECT(other, "dir/listening");
        memset(buffer, 0, sizeof buffer);
        size = n;
        long got = sys(SYS_accept4, server, buffer, &size, SOCK_NONBLOCK);
        printf("  accept: %s %u\n", got < 0 ? errno_name(-got) : "ok", size);
        got = sys(SYS_accept4, server, buffer, &size, SOCK_NONBLOCK);
        printf("  accept: %s %u \"%.*s\"\n", got < 0 ? errno_name(-got) : "ok", size,
               n > 2 ? (int)strnlen(buffer + 2, n - 2) : 0, buffer + 2);
        got = sys(SYS_accept4, server, buffer, &size, SOCK_NONBLOCK);
        printf("  accept: %s\n", got < 0 ? errno_name(-got) : "ok");
        unlink("dir/cl");
        close(other);
    }
    // recvfrom and recvmsg.
    for (int n = -1; n <= 20; n += 3) {
        SENDTO(fd, "dir/relative", "text");
        char buffer[200] = "", text[8] = "";
        socklen_t size = n;
        long got = sys(SYS_recvfrom, fd, text, 8, 0, buffer, &size);
        printf("  recvfrom: %ld %s %u \"%.*s\"\n", got, got < 0 ? errno_name(-got) : text, size, n > 2 ? (int)strnlen(buffer + 2, n - 2) : 0,
               buffer + 2);
        SENDTO(fd, "dir/relative", "more");
        memset(buffer, 0, sizeof buffer);
        struct iovec io = {text, 8};
        struct msghdr m = {.msg_name = buffer, .msg_namelen = n, .msg_iov = &io, .msg_iovlen = 1};
        got = sys(SYS_recvmsg, fd, &m, 0);
        printf("  recvmsg: %ld %s %u \"%.*s\" flags %#x\n", got, got < 0 ? errno_name(-got) : text, m.msg_namelen,
               n > 2 ? (int)strnlen(buffer + 2, n - 2) : 0, buffer + 2, m.msg_flags);
        while (recv(fd, text, 8, 0) > 0)
            ;
    }
    char text[8];
    SENDTO(fd, "dir/relative", "text");
    size_t size = 100;
    t(recvfrom, fd, text, 8, 0, bad_page(), &size);
    SENDTO(fd, "dir/relative", "text");
    t(recvfrom, fd, text, 8, 0, text, bad_page());
    t(recvfrom, fd, text, 8, 0, 0, &size);
    t(recvfrom, fd, text, 8, 0, 0, 0);
    // One directory entry, by whatever path.
    static const char *const spelled[] = {"./again", "again", "dir/../again", "again", ".//again", "again"};
    for (size_t i = 0; i < sizeof spelled / sizeof *spelled; i++) {
        struct sockaddr_un told = {0};
        socklen_t size = sizeof told;
        int again = dgram();
        BIND(again, spelled[i]);
        t(getsockname, again, &told, &size);
        printf("%s is told %s, length %u\n", spelled[i], told.sun_path, size);
        t(unlink, "again");
        close(again);
    }
}
