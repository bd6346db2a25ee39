// open_tree(2) without OPEN_TREE_CLONE, which needs no privilege: an O_PATH descriptor by another name.
#include "check.h"

#define OPEN_TREE_CLONE 1
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

int main(void) {
    mkdirs("dir");
    mkfile("dir/inner", "x");
    mkfile("file", "x");
    ln("file", "link");
    ln("nowhere", "dangling");
    int dir = open("dir", O_RDONLY | O_DIRECTORY);
    struct stat st;
    long fd = tv(open_tree, AT_FDCWD, "file", 0);
    t(fstat, fd, &st);
    show_stat("file", &st);
    p(fcntl(fd, F_GETFD));
    char byte;
    t(read, fd, &byte, 1);
    fd = tv(open_tree, AT_FDCWD, A("link"), O_CLOEXEC);
    t(fstat, fd, &st);
    show_stat("link", &st);
    p(fcntl(fd, F_GETFD));
    fd = tv(open_tree, AT_FDCWD, A("link"), AT_SYMLINK_NOFOLLOW);
    t(fstat, fd, &st);
    show_stat("link", &st);
    fd = tv(open_tree, dir, "inner", AT_NO_AUTOMOUNT);
    fd = tv(open_tree, dir, "", AT_EMPTY_PATH);
    topen(fd, "inner", O_RDONLY);
    t(open_tree, dir, "", 0);
    t(open_tree, dir, "missing", 0);
    t(open_tree, AT_FDCWD, A("missing"), 0);
    t(open_tree, AT_FDCWD, "dangling", 0);
    t(open_tree, AT_FDCWD, "file/x", 0);
    t(open_tree, 999, "file", 0);
    t(open_tree, AT_FDCWD, 0, 0);
    t(open_tree, AT_FDCWD, "file", 0x4000);
    t(open_tree, AT_FDCWD, "file", AT_RECURSIVE);
    t(open_tree, AT_FDCWD, A("dir"), OPEN_TREE_CLONE);

    // open_tree_attr(2) is the same where no attributes are given.
    fd = tv(open_tree_attr, AT_FDCWD, A("link"), 0, 0, 0);
    t(fstat, fd, &st);
    show_stat("link", &st);
    fd = tv(open_tree_attr, AT_FDCWD, "link", AT_SYMLINK_NOFOLLOW, 0, 0);
    t(fstat, fd, &st);
    show_stat("link", &st);
    t(open_tree_attr, AT_FDCWD, "dangling", 0, 0, 0);
}
