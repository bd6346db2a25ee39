// sendmmsg and recvmmsg: some with names and some without, faults in the middle, and how many were done.
#include "unix.h"

int main(void) {
    mkdirs("dir");
    int server = dgram(), client = dgram();
    BIND(server, "dir/server");
    BIND(client, A("a client"));
    enum { N = 8 };
    struct sockaddr_un to[N], from[N];
    char out[N][8], in[N][8];
    struct iovec io[N], room[N];
    struct mmsghdr m[N], r[N];
    static const char *const targets[N] = {"dir/server", "dir/../dir/server", "dir/server", "missing", "dir/server", "dir", 0, "dir/server"};
    for (int bad = -1; bad < N; bad++) {
        memset(m, 0, sizeof m);
        for (int i = 0; i < N; i++) {
            const char *target = i == bad || bad < 0 ? targets[i] : "dir/server";
            sprintf(out[i], "m%d", i);
            io[i] = (struct iovec){out[i], 2};
            m[i].msg_hdr.msg_iov = &io[i];
            m[i].msg_hdr.msg_iovlen = 1;
            if (target) {
                to[i] = address(target);
                m[i].msg_hdr.msg_name = &to[i];
                m[i].msg_hdr.msg_namelen = LEN(target);
            }
        }
        printf("fault at %d\n", bad);
        t(sendmmsg, client, m, N, MSG_DONTWAIT);
        for (int i = 0; i < N; i++)
            printf(" %u", m[i].msg_len);
        printf("\n");
        memset(from, 0, sizeof from);
        memset(in, 0, sizeof in);
        for (int i = 0; i < N; i++) {
            room[i] = (struct iovec){in[i], 7};
            r[i].msg_hdr = (struct msghdr){.msg_name = i % 2 ? &from[i] : 0, .msg_namelen = i % 2 ? i == 5 ? 6 : sizeof from[i] : 0, .msg_iov = &room[i], .msg_iovlen = 1};
            r[i].msg_len = 0;
        }
        t(recvmmsg, server, r, N, MSG_DONTWAIT, 0);
        for (int i = 0; i < N; i++)
            if (r[i].msg_len)
                printf("  \"%s\" from %s, %s\n", in[i], i == 5 ? "somebody" : i % 2 ? shown(from[i].sun_path) : "-",
                       r[i].msg_hdr.msg_namelen == LEN(A("a client")) ? "whole length" : r[i].msg_hdr.msg_namelen ? "other length" : "no length");
    }
    t(recvmmsg, server, r, N, MSG_DONTWAIT, 0);
    t(sendmmsg, client, m, 0, 0);
    t(sendmmsg, client, bad_page(), 1, 0);
    t(sendmmsg, client, 0, 1, 0);
    t(sendmmsg, 999, m, 1, 0);
    t(recvmmsg, 999, r, 1, 0, 0);
    t(recvmmsg, server, bad_page(), 1, MSG_DONTWAIT, 0);
    t(recvmmsg, server, r, 1, MSG_DONTWAIT, bad_page());
    struct timespec wait = {0, 1000};
    t(recvmmsg, server, r, 1, MSG_DONTWAIT, &wait);
    m[1].msg_hdr.msg_name = bad_page();
    t(sendmmsg, client, m, 3, MSG_DONTWAIT);
    m[0].msg_hdr.msg_iov = (void *)bad_page();
    t(sendmmsg, client, m, 1, MSG_DONTWAIT);
    // What is peeked at comes again, with its name.
    for (int i = 0; i < 2; i++) {
        struct msghdr peek = {.msg_name = &from[0], .msg_namelen = sizeof from[0], .msg_iov = &room[0], .msg_iovlen = 1};
        t(recvmsg, server, &peek, MSG_DONTWAIT | (i ? 0 : MSG_PEEK | MSG_TRUNC));
        printf("  %s\n", shown(from[0].sun_path));
    }
}
