// AF_UNIX abstract names: not in the file system, so nothing translates them; lengths and NULs as given.
#include "check.h"

int main(void) {
    // The name holds the pid, because abstract names are the whole machine's; it is never printed.
    struct sockaddr_un a = {.sun_family = AF_UNIX}, got;
    int n = snprintf(a.sun_path + 1, 80, "xroot-test-%d/with/slashes", getpid()) + 1;
    socklen_t length = offsetof(struct sockaddr_un, sun_path) + n, got_length = sizeof got;
    int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
    t(connect, client, &a, length);
    t(bind, server, &a, length);
    t(bind, client, &a, length);
    t(listen, server, 3);
    t(connect, client, &a, length);
    t(getsockname, server, &got, &got_length);
    p(got_length == length && !memcmp(&got, &a, length));
    got_length = sizeof got;
    t(getpeername, client, &got, &got_length);
    p(got_length == length && !memcmp(&got, &a, length));
    list(".");

    // One NUL more is another name.
    int other = socket(AF_UNIX, SOCK_STREAM, 0);
    t(connect, other, &a, length + 1);
    a.sun_path[n] = 'x';
    t(connect, other, &a, length + 1);

    // All 108 bytes.
    memset(a.sun_path + n, 'y', sizeof a.sun_path - n);
    t(bind, other, &a, sizeof a);
    got_length = sizeof got;
    t(getsockname, other, &got, &got_length);
    p(got_length == sizeof a && !memcmp(&got, &a, sizeof a));

    // Autobind: six bytes, chosen by the kernel.
    int autobound = socket(AF_UNIX, SOCK_DGRAM, 0);
    t(bind, autobound, &a, sizeof(sa_family_t));
    got_length = sizeof got;
    t(getsockname, autobound, &got, &got_length);
    p(got_length);
    p(got.sun_path[0]);

    int dgram = socket(AF_UNIX, SOCK_DGRAM, 0);
    t(sendto, dgram, "abc", 3, 0, &got, got_length);
    char text[8] = "";
    t(recvfrom, autobound, text, 8, 0, 0, 0);
    printf("  %s\n", text);
    list(".");
}
