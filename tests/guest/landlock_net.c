// Which TCP ports rules let a program bind and connect.
#include "landlock.h"
#include <netinet/in.h>

static struct sockaddr_in at(int port) {
    return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

// A port that nobody has.
static int free_port(void) {
    struct sockaddr_in name = at(0);
    socklen_t len = sizeof name;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (void *)&name, len) || getsockname(fd, (void *)&name, &len))
        die("bind");
    close(fd);
    return ntohs(name.sin_port);
}

int main(void) {
    int first = free_port(), second = free_port();
    int set = ruleset(0, BIND_TCP | CONNECT_TCP, 0);
    p(allow_port(set, first, BIND_TCP));
    p(allow_port(set, second, CONNECT_TCP));
    enter(set);
    for (int i = 0; i < 3; i++) {
        struct sockaddr_in name = at((int[]){first, second, 0}[i]);
        int bound = socket(AF_INET, SOCK_STREAM, 0), other = socket(AF_INET, SOCK_STREAM, 0);
        p(sys(SYS_bind, bound, &name, sizeof name));
        p(sys(SYS_bind, bound, &name, 1));
        p(sys(SYS_connect, other, &name, sizeof name));
        p(sys(SYS_bind, socket(AF_INET, SOCK_DGRAM, 0), &name, sizeof name));
    }
    // Names in files are no ports.
    struct sockaddr_un name = {AF_UNIX, "sock"};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    p(sys(SYS_bind, fd, &name, sizeof name));
    p(sys(SYS_listen, fd, 1));
    p(sys(SYS_connect, socket(AF_UNIX, SOCK_STREAM, 0), &name, sizeof name));
    p(sys(SYS_rename, "sock", "moved"));
}
