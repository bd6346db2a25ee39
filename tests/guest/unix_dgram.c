// AF_UNIX datagram sockets: sendto, sendmsg, sendmmsg and recvfrom, recvmsg, recvmmsg with names.
#include "unix.h"

static int server;

static void receive(void) {
    struct sockaddr_un from = {0};
    socklen_t n = sizeof from;
    char text[64] = "";
    long ret = sys(SYS_recvfrom, server, text, sizeof text - 1, MSG_DONTWAIT, &from, &n);
    if (ret < 0)
        printf("  received: %s\n", errno_name(-ret));
    else
        printf("  received \"%s\" from %s, length %s\n", text, n ? shown(from.sun_path) : "unnamed",
               !n || n == LEN(from.sun_path) ? "right" : "wrong");
}

int main(void) {
    mkfile("file", "x");
    mkdirs("dir");
    server = socket(AF_UNIX, SOCK_DGRAM, 0);
    int named = socket(AF_UNIX, SOCK_DGRAM, 0), unnamed = socket(AF_UNIX, SOCK_DGRAM, 0);
    int relative = socket(AF_UNIX, SOCK_DGRAM, 0);
    BIND(server, A("dir/server"));
    BIND(named, A("dir/client"));
    BIND(relative, "dir/relative");

    SENDTO(unnamed, A("dir/server"), "one");
    receive();
    SENDTO(unnamed, "dir/server", "two");
    receive();
    SENDTO(named, A("dir/server"), "three");
    receive();
    SENDTO(relative, "dir/server", "four");
    receive();
    SENDTO(named, "missing", "x");
    SENDTO(named, A("missing"), "x");
    SENDTO(named, "file", "x");
    SENDTO(named, "file/x", "x");
    SENDTO(999, "dir/server", "x");
    receive();
    int stream = socket(AF_UNIX, SOCK_STREAM, 0);
    SENDTO(stream, "dir/server", "x");
    t(sendto, unnamed, "x", 1, 0, 0, 0);

    struct sockaddr_un to = address(A("dir/server"));
    struct iovec io = {"five", 4};
    struct msghdr m = {.msg_name = &to, .msg_namelen = LEN(to.sun_path), .msg_iov = &io, .msg_iovlen = 1};
    t(sendmsg, named, &m, 0);
    p(m.msg_namelen == LEN(to.sun_path));
    p(!strcmp(to.sun_path, A("dir/server")));
    receive();
    to = address("missing");
    m.msg_namelen = LEN("missing");
    t(sendmsg, named, &m, 0);
    m.msg_namelen = 1;
    t(sendmsg, named, &m, 0);
    m.msg_namelen = 200;
    t(sendmsg, named, &m, 0);
    m.msg_name = bad_page();
    m.msg_namelen = 20;
    t(sendmsg, named, &m, 0);
    t(sendmsg, named, 0, 0);
    t(sendmsg, named, bad_page(), 0);

    // sendmmsg: the second of three has no receiver.
    struct sockaddr_un good = address(A("dir/server")), bad = address("missing");
    struct iovec io6 = {"six", 3}, io7 = {"seven", 5};
    struct mmsghdr many[3] = {
        {.msg_hdr = {.msg_name = &good, .msg_namelen = LEN(good.sun_path), .msg_iov = &io6, .msg_iovlen = 1}},
        {.msg_hdr = {.msg_name = &good, .msg_namelen = LEN(good.sun_path), .msg_iov = &io7, .msg_iovlen = 1}},
        {.msg_hdr = {.msg_name = &bad, .msg_namelen = LEN(bad.sun_path), .msg_iov = &io7, .msg_iovlen = 1}},
    };
    t(sendmmsg, named, many, 2, 0);
    p(many[0].msg_len);
    p(many[1].msg_len);
    receive();
    receive();
    t(sendmmsg, named, many, 3, 0);
    receive();
    receive();
    receive();
    t(sendmmsg, named, many + 2, 1, 0);

    // recvmsg and recvmmsg report names too.
    SENDTO(named, A("dir/server"), "eight");
    SENDTO(relative, A("dir/server"), "nine");
    SENDTO(unnamed, A("dir/server"), "ten");
    struct sockaddr_un from[3] = {{0}};
    char text[3][16] = {""};
    struct iovec in[3] = {{text[0], 15}, {text[1], 15}, {text[2], 15}};
    m = (struct msghdr){.msg_name = &from[0], .msg_namelen = sizeof from[0], .msg_iov = &in[0], .msg_iovlen = 1};
    t(recvmsg, server, &m, MSG_DONTWAIT);
    printf("  \"%s\" from %s, length %s\n", text[0], shown(from[0].sun_path), m.msg_namelen == LEN(from[0].sun_path) ? "right" : "wrong");
    for (int i = 1; i < 3; i++)
        many[i].msg_hdr = (struct msghdr){.msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &in[i], .msg_iovlen = 1};
    t(recvmmsg, server, many + 1, 2, MSG_DONTWAIT, 0);
    printf("  \"%s\" from %s\n", text[1], shown(from[1].sun_path));
    printf("  \"%s\" from %s, %u bytes\n", text[2], from[2].sun_path, many[2].msg_hdr.msg_namelen);
    t(recvmsg, server, &m, MSG_DONTWAIT);

    // A name longer than the buffer is cut, its whole length reported.
    SENDTO(relative, A("dir/server"), "eleven");
    char small[10] = "";
    socklen_t n = 8;
    t(recvfrom, server, text[0], 15, MSG_DONTWAIT, small, &n);
    p(n);
    printf("  %s\n", small + 2);

    // Connected: send(2) needs no name; the connection can be dissolved.
    to = address(A("dir/server"));
    t(connect, unnamed, &to, LEN(to.sun_path));
    t(write, unnamed, "twelve", 6);
    receive();
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    t(connect, unnamed, &none, sizeof none);
    t(write, unnamed, "x", 1);
    t(unlink, A("dir/server"));
    SENDTO(named, A("dir/server"), "x");
    list("dir");
}
