// Names that the kernel gives: autobind, and abstract ones of every length, with NUL bytes inside.
#include "unix.h"
#include <ctype.h>

int main(void) {
    int fd = dgram();
    struct sockaddr_un a = {AF_UNIX};
    t(bind, fd, &a, 2);
    socklen_t n = sizeof a;
    t(getsockname, fd, &a, &n);
    p(n);
    p(a.sun_path[0]);
    bool hex = true;
    for (int i = 1; i < 6; i++)
        hex &= isxdigit(a.sun_path[i]) != 0;
    p(hex);
    t(bind, fd, &(struct sockaddr_un){AF_UNIX}, 2);
    int sender = dgram(), on = 1;
    t(sendto, sender, "x", 1, 0, &a, n);
    char text[8];
    p(recv(fd, text, 8, 0));
    // With SO_PASSCRED a sender gets a name, too.
    t(setsockopt, sender, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
    t(sendto, sender, "x", 1, 0, &a, n);
    struct sockaddr_un from = {0};
    socklen_t m = sizeof from;
    t(recvfrom, fd, text, 8, 0, &from, &m);
    p(m);
    // Abstract names are bytes; one that begins like another is another.
    for (int length = 1; length <= 108; length += length < 8 ? 1 : 20) {
        struct sockaddr_un b = {AF_UNIX};
        for (int i = 1; i < length; i++)
            b.sun_path[i] = i % 3 ? 'a' + i % 26 : 0;
        memcpy(b.sun_path + 1, &(int){getpid()}, length > 5 ? 4 : 0);
        if (length < 6)
            continue;
        int s = dgram(), c = dgram();
        printf("length %d\n", length);
        t(bind, s, &b, 2 + length);
        t(bind, dgram(), &b, 2 + length);
        t(connect, c, &b, 2 + length);
        t(connect, dgram(), &b, 2 + length - 1);
        if (length < 108)
            t(connect, dgram(), &b, 2 + length + 1);
        struct sockaddr_un got = {0};
        n = sizeof got;
        t(getpeername, c, &got, &n);
        p(n);
        p(!memcmp(&got, &b, n));
        t(write, c, "text", 4);
        p(recv(s, text, 8, 0));
        close(s);
        t(write, c, "text", 4);
    }
    list(".");
}
