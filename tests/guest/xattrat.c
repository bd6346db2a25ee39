// setxattrat(2), getxattrat(2), listxattrat(2) and removexattrat(2), new in Linux 6.13.
#include "check.h"
#include <sys/xattr.h>

struct args {
    uint64_t value;
    uint32_t size, flags;
};
static char buffer[256];

static void show_value(long n) {
    if (n > 0)
        printf("  \"%.*s\"\n", (int)n, buffer);
}

int main(void) {
    mkfile("file", "x");
    mkdirs("dir");
    mkfile("dir/inner", "x");
    ln("file", "link");
    ln("nowhere", "dangling");
    int dir = open("dir", O_RDONLY | O_DIRECTORY), file = open("file", O_RDONLY), path = open("file", O_PATH);
    struct args set = {(uint64_t)(uintptr_t) "one", 3, 0}, get = {(uint64_t)(uintptr_t)buffer, 100, 0};

    t(setxattrat, AT_FDCWD, "file", 0, "user.a", &set, sizeof set);
    t(setxattrat, AT_FDCWD, A("file"), 0, "user.b", &set, sizeof set);
    t(setxattrat, dir, "inner", 0, "user.c", &set, sizeof set);
    t(setxattrat, AT_FDCWD, "link", 0, "user.d", &set, sizeof set);
    t(setxattrat, AT_FDCWD, "link", AT_SYMLINK_NOFOLLOW, "user.d", &set, sizeof set);
    t(setxattrat, AT_FDCWD, A("dangling"), AT_SYMLINK_NOFOLLOW, "user.d", &set, sizeof set);
    t(setxattrat, AT_FDCWD, "dangling", 0, "user.d", &set, sizeof set);
    t(setxattrat, file, "", AT_EMPTY_PATH, "user.e", &set, sizeof set);
    t(setxattrat, path, "", AT_EMPTY_PATH, "user.f", &set, sizeof set);
    t(setxattrat, dir, "", AT_EMPTY_PATH, "user.g", &set, sizeof set);
    t(setxattrat, file, "", 0, "user.e", &set, sizeof set);
    t(setxattrat, 999, "file", 0, "user.e", &set, sizeof set);
    t(setxattrat, 999, A("file"), 0, "user.h", &set, sizeof set);
    t(setxattrat, file, "x", 0, "user.e", &set, sizeof set);
    t(setxattrat, AT_FDCWD, "missing", 0, "user.e", &set, sizeof set);
    t(setxattrat, AT_FDCWD, 0, 0, "user.e", &set, sizeof set);
    t(setxattrat, AT_FDCWD, "file", 0x4000, "user.e", &set, sizeof set);
    t(setxattrat, AT_FDCWD, "file", 0, "user.a", &set, 8);
    t(setxattrat, AT_FDCWD, "file", 0, "user.a", &set, 5000);
    set.flags = XATTR_CREATE;
    t(setxattrat, AT_FDCWD, "file", 0, "user.a", &set, sizeof set);
    set.flags = XATTR_REPLACE;
    t(setxattrat, AT_FDCWD, A("file"), 0, "user.none", &set, sizeof set);

    show_value(t(getxattrat, AT_FDCWD, "file", 0, "user.a", &get, sizeof get));
    show_value(t(getxattrat, AT_FDCWD, A("file"), 0, "user.b", &get, sizeof get));
    show_value(t(getxattrat, dir, "inner", 0, "user.c", &get, sizeof get));
    show_value(t(getxattrat, AT_FDCWD, "link", 0, "user.d", &get, sizeof get));
    t(getxattrat, AT_FDCWD, "link", AT_SYMLINK_NOFOLLOW, "user.d", &get, sizeof get);
    show_value(t(getxattrat, file, "", AT_EMPTY_PATH, "user.e", &get, sizeof get));
    show_value(t(getxattrat, dir, "", AT_EMPTY_PATH, "user.g", &get, sizeof get));
    t(getxattrat, AT_FDCWD, "file", 0, "user.none", &get, sizeof get);
    t(getxattrat, AT_FDCWD, "missing", 0, "user.a", &get, sizeof get);
    t(getxattrat, 999, "file", 0, "user.a", &get, sizeof get);
    t(getxattrat, AT_FDCWD, "file", 0x4000, "user.a", &get, sizeof get);
    get.flags = 1;
    t(getxattrat, AT_FDCWD, "file", 0, "user.a", &get, sizeof get);
    get.flags = 0;
    get.size = 1;
    t(getxattrat, AT_FDCWD, "file", 0, "user.a", &get, sizeof get);
    get.size = 0;
    t(getxattrat, AT_FDCWD, A("file"), 0, "user.a", &get, sizeof get);

    p(sys(SYS_listxattrat, AT_FDCWD, "file", 0, buffer, 100) >= 8);
    p(sys(SYS_listxattrat, AT_FDCWD, A("file"), 0, buffer, 100) >= 8);
    p(sys(SYS_listxattrat, dir, "inner", 0, buffer, 100) >= 7);
    p(sys(SYS_listxattrat, dir, "", AT_EMPTY_PATH, buffer, 100) >= 7);
    p(sys(SYS_listxattrat, AT_FDCWD, "link", AT_SYMLINK_NOFOLLOW, buffer, 100) < 7);
    t(listxattrat, AT_FDCWD, "missing", 0, buffer, 100);
    t(listxattrat, AT_FDCWD, "dangling", 0, buffer, 100);
    t(listxattrat, 999, "file", 0, buffer, 100);
    t(listxattrat, AT_FDCWD, "file", 0x4000, buffer, 100);
    t(listxattrat, AT_FDCWD, "file", 0, buffer, 1);

    t(removexattrat, AT_FDCWD, "file", 0, "user.a");
    t(removexattrat, AT_FDCWD, A("file"), 0, "user.b");
    t(removexattrat, dir, "inner", 0, "user.c");
    t(removexattrat, AT_FDCWD, "link", 0, "user.d");
    t(removexattrat, file, "", AT_EMPTY_PATH, "user.e");
    t(removexattrat, AT_FDCWD, "file", 0, "user.a");
    t(removexattrat, AT_FDCWD, "missing", 0, "user.a");
    t(removexattrat, 999, "file", 0, "user.a");
    t(removexattrat, AT_FDCWD, "link", AT_SYMLINK_NOFOLLOW, "user.f");
    t(removexattrat, AT_FDCWD, "file", 0x4000, "user.f");
}
