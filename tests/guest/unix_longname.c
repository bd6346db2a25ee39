// AF_UNIX names up to the last of the 108 bytes, with and without the final NUL.
#include "check.h"

#define OFFSET offsetof(struct sockaddr_un, sun_path)

static void try(const char *label, int bytes, int with_nul) {
    struct sockaddr_un a = {.sun_family = AF_UNIX}, got;
    char name[128];
    // "d/" and bytes - 2 letters.
    memset(name, 'n', sizeof name);
    memcpy(name, "d/", 2);
    name[bytes] = 0;
    memcpy(a.sun_path, name, bytes);
    socklen_t length = OFFSET + bytes + with_nul, got_length = sizeof got;
    int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
    printf("%s of %d bytes\n", label, bytes);
    if (t(bind, server, &a, length))
        return;
    t(listen, server, 1);
    show_path(name);
    t(getsockname, server, &got, &got_length);
    p(got_length);
    printf("  %s\n", !strncmp(got.sun_path, name, 108) ? "same name" : "another name");
    t(connect, client, &a, length);
    got_length = sizeof got;
    t(getpeername, client, &got, &got_length);
    p(got_length);
    printf("  %s\n", !strncmp(got.sun_path, name, 108) ? "same name" : "another name");
    struct sockaddr_un from;
    socklen_t from_length = sizeof from;
    int accepted = sys(SYS_accept, server, &from, &from_length);
    p(accepted >= 0);
    p(from_length);

    // A datagram socket of that name, as sendto's target and as recvfrom's source.
    unlink(name);
    int one = socket(AF_UNIX, SOCK_DGRAM, 0);
    struct sockaddr_un self = {.sun_family = AF_UNIX, .sun_path = "d/receiver"};
    int two = socket(AF_UNIX, SOCK_DGRAM, 0);
    unlink("d/receiver");
    t(bind, one, &a, length);
    t(bind, two, &self, sizeof self);
    t(sendto, two, "to", 2, 0, &a, length);
    t(sendto, one, "from", 4, 0, &self, sizeof self);
    char text[8];
    from_length = sizeof from;
    memset(&from, 0, sizeof from);
    t(recvfrom, two, text, 8, 0, &from, &from_length);
    p(from_length);
    printf("  %s\n", !strncmp(from.sun_path, name, 108) ? "same name" : "another name");
    from_length = sizeof from;
    t(recvfrom, one, text, 8, 0, &from, &from_length);
    p(from_length);
    unlink(name);
    close(server);
    close(client);
    close(accepted);
    close(one);
    close(two);
}

int main(void) {
    mkdirs("d");
    try("name with NUL", 3, 1);
    try("name with NUL", 90, 1);
    try("name with NUL", 106, 1);
    try("name with NUL", 107, 1);
    try("name without NUL", 3, 0);
    try("name without NUL", 107, 0);
    try("name without NUL", 108, 0);

    // The directory's own path is much longer than an address holds; the relative name is what counts.
    char deep[64];
    memset(deep, 'p', 60);
    deep[60] = 0;
    for (int i = 0; i < 10; i++)
        if (mkdir(deep, 0700) || chdir(deep))
            die("go deeper");
    mkdirs("d");
    try("deep name with NUL", 20, 1);
    try("deep name without NUL", 108, 0);
    list("d");
}
