// file_getattr(2) and file_setattr(2), new in Linux 6.17: the attributes of chattr(1) by path.
#include "check.h"

struct attr {
    uint64_t xflags;
    uint32_t extsize, nextents, projid, cowextsize;
};
#define NODUMP 0x80

static struct attr attr;

int main(void) {
    mkfile("file", "x");
    mkdirs("dir");
    mkfile("dir/inner", "x");
    ln("file", "link");
    ln("nowhere", "dangling");
    int dir = open("dir", O_RDONLY | O_DIRECTORY), file = open("file", O_RDONLY), path = open("file", O_PATH);

    t(file_getattr, AT_FDCWD, "file", &attr, sizeof attr, 0);
    p(attr.xflags & NODUMP);
    attr.xflags |= NODUMP;
    t(file_setattr, AT_FDCWD, "file", &attr, sizeof attr, 0);
    attr.xflags = 0;
    t(file_getattr, AT_FDCWD, A("file"), &attr, sizeof attr, 0);
    p(attr.xflags & NODUMP);
    attr.xflags &= ~(uint64_t)NODUMP;
    t(file_setattr, AT_FDCWD, A("file"), &attr, sizeof attr, 0);
    t(file_getattr, AT_FDCWD, "link", &attr, sizeof attr, 0);
    p(attr.xflags & NODUMP);
    t(file_getattr, AT_FDCWD, "link", &attr, sizeof attr, AT_SYMLINK_NOFOLLOW);
    t(file_getattr, AT_FDCWD, "dangling", &attr, sizeof attr, 0);
    t(file_getattr, dir, "inner", &attr, sizeof attr, 0);
    t(file_getattr, dir, "missing", &attr, sizeof attr, 0);
    t(file_getattr, dir, "", &attr, sizeof attr, AT_EMPTY_PATH);
    t(file_getattr, file, "", &attr, sizeof attr, AT_EMPTY_PATH);
    t(file_getattr, path, "", &attr, sizeof attr, AT_EMPTY_PATH);
    t(file_getattr, dir, "", &attr, sizeof attr, 0);
    t(file_getattr, file, "x", &attr, sizeof attr, 0);
    t(file_getattr, 999, "file", &attr, sizeof attr, 0);
    t(file_getattr, 999, A("file"), &attr, sizeof attr, 0);
    t(file_getattr, AT_FDCWD, "file", &attr, sizeof attr, 0x4000);
    t(file_getattr, AT_FDCWD, "file", &attr, 8, 0);
    t(file_getattr, AT_FDCWD, "file", &attr, 5000, 0);
    t(file_getattr, AT_FDCWD, "file", 0, sizeof attr, 0);
    t(file_getattr, AT_FDCWD, 0, &attr, sizeof attr, 0);
    t(file_setattr, dir, "missing", &attr, sizeof attr, 0);
    t(file_setattr, 999, "file", &attr, sizeof attr, 0);
    t(file_setattr, AT_FDCWD, "file", &attr, sizeof attr, 0x4000);
    t(file_setattr, AT_FDCWD, "file", &attr, 8, 0);
    t(file_setattr, AT_FDCWD, "dangling", &attr, sizeof attr, 0);
    attr.xflags = 8; // FS_XFLAG_IMMUTABLE needs a privilege.
    t(file_setattr, AT_FDCWD, A("file"), &attr, sizeof attr, 0);
}
