// The xattr family: set, get, list, remove; by path, by link and by descriptor.
#include "check.h"
#include <sys/xattr.h>

static char buffer[256];

static void value(const char *call, long n) {
    show(call, n, AS_NUMBER);
    if (n > 0)
        printf("  \"%.*s\"\n", (int)n, buffer);
}
#define GET(name, target, key, size) value(#name "(" #target ", " #key ", " #size ")", sys(SYS_##name, target, key, buffer, size))

// The names as a list; those that a security module adds are left out.
static void names(const char *call, long n) {
    printf("%s%s", call, n < 0 ? errno_name(-n) : "");
    for (long i = 0; i < n; i += strlen(buffer + i) + 1)
        if (!strncmp(buffer + i, "user.", 5))
            printf(" %s", buffer + i);
    printf("\n");
}
#define LIST(name, target) names(#name "(" #target ")", sys(SYS_##name, target, buffer, sizeof buffer))

int main(void) {
    mkfile("file", "x");
    mkdirs("dir");
    ln("file", "link");
    ln("nowhere", "dangling");
    ln("loop", "loop");
    mkfifo("fifo", 0600);
    int fd = open("file", O_RDONLY);

    t(setxattr, "file", "user.a", "one", 3, 0);
    t(setxattr, A("file"), "user.b", "two", 3, 0);
    t(setxattr, "link", "user.c", "three", 5, XATTR_CREATE);
    t(fsetxattr, fd, "user.d", "four", 4, 0);
    t(setxattr, "file", "user.a", "uno", 3, XATTR_CREATE);
    t(setxattr, "file", "user.z", "last", 4, XATTR_REPLACE);
    t(setxattr, "file", "user.a", "uno", 3, XATTR_REPLACE);
    t(setxattr, "file", "user.a", "uno", 3, 8);
    t(setxattr, "file", "user.", "x", 1, 0);
    t(setxattr, "file", "noprefix", "x", 1, 0);
    t(setxattr, "file", "", "x", 1, 0);
    t(setxattr, "file", "trusted.x", "x", 1, 0);
    t(setxattr, "file", "user.big", "x", 70000, 0);
    t(setxattr, "missing", "user.a", "x", 1, 0);
    t(setxattr, A("missing"), "user.a", "x", 1, 0);
    t(setxattr, "dangling", "user.a", "x", 1, 0);
    t(setxattr, "loop", "user.a", "x", 1, 0);
    t(setxattr, "file/x", "user.a", "x", 1, 0);
    t(setxattr, "", "user.a", "x", 1, 0);
    t(setxattr, 0, "user.a", "x", 1, 0);
    t(setxattr, "file", 0, "x", 1, 0);
    t(setxattr, "file", "user.a", 0, 1, 0);
    t(setxattr, "fifo", "user.a", "x", 1, 0);
    t(lsetxattr, "link", "user.a", "x", 1, 0);
    t(lsetxattr, "file", "user.e", "five", 4, 0);
    t(lsetxattr, A("file"), "user.f", "six", 3, 0);
    t(setxattr, "dir", "user.dir", "on a directory", 14, 0);
    t(fsetxattr, 999, "user.a", "x", 1, 0);

    GET(getxattr, "file", "user.a", 100);
    GET(getxattr, A("file"), "user.b", 100);
    GET(getxattr, "link", "user.c", 100);
    GET(lgetxattr, "file", "user.d", 100);
    GET(lgetxattr, A("file"), "user.d", 100);
    GET(lgetxattr, "link", "user.c", 100);
    GET(fgetxattr, fd, "user.e", 100);
    GET(getxattr, "dir", "user.dir", 100);
    GET(getxattr, "file", "user.a", 0);
    GET(getxattr, "file", "user.a", 1);
    GET(getxattr, "file", "user.none", 100);
    GET(getxattr, "file", "noprefix", 100);
    GET(getxattr, "missing", "user.a", 100);
    GET(getxattr, "dangling", "user.a", 100);
    GET(lgetxattr, "dangling", "user.a", 100);
    GET(getxattr, "file/x", "user.a", 100);
    GET(fgetxattr, 999, "user.a", 100);
    t(getxattr, "file", "user.a", bad_page(), 100);
    t(getxattr, 0, "user.a", buffer, 100);

    LIST(listxattr, "file");
    LIST(listxattr, A("link"));
    LIST(llistxattr, "file");
    LIST(llistxattr, A("file"));
    LIST(llistxattr, "link");
    LIST(flistxattr, fd);
    LIST(listxattr, "dangling");
    LIST(llistxattr, "missing");
    LIST(listxattr, "missing");
    LIST(flistxattr, 999);
    t(listxattr, "file", buffer, 1);
    t(listxattr, 0, buffer, 1);

    t(removexattr, "file", "user.a");
    t(removexattr, A("link"), "user.b");
    t(lremovexattr, "file", "user.c");
    t(lremovexattr, A("file"), "user.d");
    t(fremovexattr, fd, "user.e");
    t(removexattr, "file", "user.a");
    t(lremovexattr, "link", "user.f");
    t(removexattr, "missing", "user.a");
    t(removexattr, "dangling", "user.a");
    t(removexattr, "file/x", "user.a");
    t(fremovexattr, 999, "user.a");
    t(removexattr, 0, "user.a");
    LIST(listxattr, "file");

    chmod("file", 0);
    t(setxattr, "file", "user.g", "x", 1, 0);
    GET(getxattr, "file", "user.f", 100);
    t(removexattr, "file", "user.f");
}
