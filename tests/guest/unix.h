// Addresses of AF_UNIX sockets: made, given to calls, and printed.
#ifndef UNIX_H
#define UNIX_H
#include "check.h"

__attribute__((unused)) static struct sockaddr_un address(const char *path) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof a.sun_path)
        die("name of %zu bytes", strlen(path));
    strcpy(a.sun_path, path);
    return a;
}
#define LEN(path) (offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1)
#define BIND(fd, path) ({ struct sockaddr_un a_ = address(path); show("bind(" #fd ", " #path ")", sys(SYS_bind, fd, &a_, LEN(path)), AS_NUMBER); })
#define CONNECT(fd, path) ({ struct sockaddr_un a_ = address(path); show("connect(" #fd ", " #path ")", sys(SYS_connect, fd, &a_, LEN(path)), AS_NUMBER); })
#define SENDTO(fd, path, text) ({ struct sockaddr_un a_ = address(path); show("sendto(" #fd ", " #path ")", sys(SYS_sendto, fd, text, strlen(text), MSG_DONTWAIT, &a_, LEN(path)), AS_NUMBER); })

__attribute__((unused)) static int stream(void) { return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0); }
__attribute__((unused)) static int dgram(void) { return socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0); }

// A name that a call has told, with its length; NUL bytes of abstract names are shown as '@'.
__attribute__((unused)) static void show_name(const char *label, long ret, const struct sockaddr_un *a, socklen_t n) {
    if (ret < 0) {
        printf("  %s: %s\n", label, errno_name(-ret));
        return;
    }
    if (n <= 2) {
        printf("  %s: unnamed, %u bytes, family %d\n", label, n, n == 2 ? a->sun_family : 0);
        return;
    }
    char text[2 * sizeof *a] = "";
    size_t bytes = n - 2;
    memcpy(text, a->sun_path, bytes < sizeof a->sun_path + 1 ? bytes : sizeof a->sun_path + 1);
    if (text[0]) {
        const char *path = shown(text);
        printf("  %s: %s, NUL %s\n", label, path, strlen(text) + 1 == bytes ? "included" : "not included");
        return;
    }
    for (size_t i = 0; i < bytes && i < sizeof a->sun_path; i++)
        if (!text[i])
            text[i] = '@';
    printf("  %s: %s, %u bytes\n", label, text, n);
}
#define NAME_OF(call, fd) ({ struct sockaddr_un a_[2]; memset(a_, 0, sizeof a_); socklen_t n_ = sizeof a_; long r_ = sys(SYS_##call, fd, a_, &n_); show_name(#call "(" #fd ")", r_, a_, n_); })

#endif
