// Extended attributes at their limits: names of 255 bytes, values of 64 KiB, buffers too small, on what cannot have them.
#include "paths.h"
#include <sys/xattr.h>

static char big[1 << 17], got[1 << 17];

int main(void) {
    kinds();
    char name[300] = "user.";
    memset(name + 5, 'n', 290);
    for (int length = 254; length <= 257; length++) {
        name[length] = 0;
        t(setxattr, "file", name, "v", 1, 0);
        t(getxattr, "file", name, got, sizeof got);
        t(removexattr, A("file"), name);
        name[length] = 'n';
    }
    for (int size = 65535; size <= 65537; size++) {
        t(setxattr, "file", "user.big", big, size, 0);
        t(getxattr, A("file"), "user.big", 0, 0);
        t(removexattr, "file", "user.big");
    }
    t(setxattr, "file", "user.a", "12345", 5, XATTR_CREATE);
    t(setxattr, "file", "user.a", "12345", 5, XATTR_CREATE);
    t(setxattr, "file", "user.b", "12345", 5, XATTR_REPLACE);
    t(setxattr, A("file"), "user.a", "123", 3, XATTR_REPLACE);
    t(setxattr, "file", "user.a", "", 0, XATTR_CREATE | XATTR_REPLACE);
    for (int size = 0; size <= 4; size++)
        t(getxattr, "file", "user.a", got, size);
    t(getxattr, "file", "user.a", bad_page(), 3);
    t(getxattr, "file", "user.a", got, 1ul << 40);
    for (int size = 0; size <= 8; size++)
        printf("listxattr into %d: %s\n", size, size && sys(SYS_listxattr, "file", got, size) < 0 ? "too small" : "ok");
    t(setxattr, "file", "user.empty", 0, 0, 0);
    t(getxattr, "file", "user.empty", got, 0);
    t(setxattr, "file", "user.", "", 0, 0);
    t(setxattr, "file", "user", "", 0, 0);
    t(setxattr, "file", ".", "", 0, 0);
    t(setxattr, "file", "system.x", "", 0, 0);
    t(getxattr, "file", "system.posix_acl_access", got, 100);
    t(setxattr, "file", "system.posix_acl_access", "", 0, 0);
    t(setxattr, "file", "trusted.x", "", 0, 0);
    t(getxattr, "file", "trusted.x", got, 9);
    t(setxattr, "file", "security.x", "", 0, 0);
    static const char *const others[] = {"dir", "fifo", "socket", "link", "to_dir", "dangling", "secret", "nowrite", "closed/inner", "/dev/null", "/proc/self/comm"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        t(setxattr, others[i], "user.a", "v", 1, 0);
        t(lsetxattr, others[i], "user.l", "v", 1, 0);
        t(getxattr, others[i], "user.a", got, 9);
        t(lgetxattr, others[i], "user.l", got, 9);
        t(removexattr, others[i], "user.a");
    }
    int fd = open("file", O_RDONLY), wronly = open("file", O_WRONLY);
    t(fsetxattr, fd, "user.f", "v", 1, 0);
    t(fgetxattr, wronly, "user.f", got, 9);
    t(fremovexattr, fd, "user.f");
    chmod("file", 0400);
    t(setxattr, "file", "user.f", "v", 1, 0);
    t(fsetxattr, wronly, "user.f", "v", 1, 0);
    t(getxattr, "file", "user.a", got, 9);
    chmod("file", 0200);
    t(getxattr, "file", "user.a", got, 9);
    t(removexattr, "file", "user.a");
}
