// AF_UNIX addresses of every length: too short, without a NUL, of 107 and 108 bytes, longer than the kernel's structure.
#include "unix.h"

int main(void) {
    static const int kinds[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    for (int k = 0; k < 3; k++) {
        struct {
            struct sockaddr_un a;
            char more[64];
        } x = {.a = {.sun_family = AF_UNIX}};
        for (int n = 0; n <= 12; n++) {
            memset(x.a.sun_path, 0, sizeof x.a.sun_path);
            memcpy(x.a.sun_path, "abcdefghij", n > 2 ? n - 2 : 0);
            int fd = socket(AF_UNIX, kinds[k] | SOCK_NONBLOCK, 0);
            printf("kind %d, length %d\n", k, n);
            if (n != 2)
                t(bind, fd, &x.a, n);
            else
                tv(bind, fd, &x.a, n);
            if (n > 2)
                NAME_OF(getsockname, fd);
            t(connect, socket(AF_UNIX, kinds[k] | SOCK_NONBLOCK, 0), &x.a, n);
            t(sendto, socket(AF_UNIX, kinds[k] | SOCK_NONBLOCK, 0), "x", 1, MSG_NOSIGNAL, &x.a, n);
            unlink(x.a.sun_path);
        }
        // The name fills the structure, with its NUL inside, at the end, and beyond.
        for (int n = 105; n <= 115; n++) {
            memset(x.a.sun_path, 'p', sizeof x.a.sun_path + sizeof x.more - 1);
            int fd = socket(AF_UNIX, kinds[k] | SOCK_NONBLOCK, 0);
            printf("kind %d, length %d\n", k, n);
            t(bind, fd, &x.a, n);
            NAME_OF(getsockname, fd);
            if (kinds[k] != SOCK_DGRAM)
                t(listen, fd, 1);
            int client = socket(AF_UNIX, kinds[k] | SOCK_NONBLOCK, 0);
            t(connect, client, &x.a, n);
            NAME_OF(getpeername, client);
            list(".");
            char name[200];
            memset(name, 'p', 200);
            name[n - 2] = 0;
            t(unlink, name);
        }
        int fd = socket(AF_UNIX, kinds[k] | SOCK_NONBLOCK, 0);
        t(bind, fd, &x.a, -1);
        t(bind, fd, &x.a, 0x7fffffff);
        t(connect, fd, &x.a, -1);
        t(connect, fd, &x.a, 129);
        t(bind, fd, bad_page() - 2, 3);
        t(connect, fd, bad_page(), 0);
        // A NUL inside ends the name.
        memcpy(x.a.sun_path, "in\0side", 8);
        t(bind, fd, &x.a, 10);
        NAME_OF(getsockname, fd);
        show_path("in");
        unlink("in");
    }
}
