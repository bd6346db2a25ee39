// mknod(2) and mknodat(2): FIFOs, sockets and files; device nodes need a privilege.
#include "check.h"
#include <sys/sysmacros.h>

int main(void) {
    mkfile("file", "x");
    mkdirs("dir");
    ln("nowhere", "dangling");
    ln("loop", "loop");

    t(mknod, "fifo", S_IFIFO | 0640, 0);
    t(mknod, A("fifo2"), S_IFIFO | 0600, 0);
    t(mknod, "socket", S_IFSOCK | 0600, 0);
    t(mknod, "regular", S_IFREG | 0640, 0);
    t(mknod, A("regular2"), 0600, 0);
    show_path("fifo");
    show_path("fifo2");
    show_path("socket");
    show_path("regular");
    show_path("regular2");
    t(mknod, "char", S_IFCHR | 0600, makedev(1, 3));
    t(mknod, A("block"), S_IFBLK | 0600, makedev(7, 0));
    t(mknod, "directory", S_IFDIR | 0700, 0);
    t(mknod, "link", S_IFLNK | 0700, 0);
    t(mknod, "strange", 0170000 | 0700, 0);
    t(mknod, "fifo", S_IFIFO | 0640, 0);
    t(mknod, "dir", S_IFIFO | 0640, 0);
    t(mknod, "dangling", S_IFIFO | 0640, 0);
    t(mknod, "missing/x", S_IFIFO | 0640, 0);
    t(mknod, "file/x", S_IFIFO | 0640, 0);
    t(mknod, "loop/x", S_IFIFO | 0640, 0);
    t(mknod, "new/", S_IFIFO | 0640, 0);
    t(mknod, "dir/.", S_IFIFO | 0640, 0);
    t(mknod, "", S_IFIFO | 0640, 0);
    t(mknod, 0, S_IFIFO | 0640, 0);

    int dir = open("dir", O_RDONLY | O_DIRECTORY), file = open("file", O_RDONLY);
    t(mknodat, dir, "fifo", S_IFIFO | 0640, 0);
    t(mknodat, AT_FDCWD, A("dir/fifo2"), S_IFIFO | 0640, 0);
    t(mknodat, dir, "../fifo3", S_IFIFO | 0640, 0);
    t(mknodat, dir, "fifo", S_IFIFO | 0640, 0);
    t(mknodat, file, "x", S_IFIFO | 0640, 0);
    t(mknodat, 999, "x", S_IFIFO | 0640, 0);
    t(mknodat, 999, A("fifo4"), S_IFIFO | 0640, 0);
    t(mknodat, dir, "", S_IFIFO | 0640, 0);
    chmod("dir", 0500);
    t(mknodat, dir, "new", S_IFIFO | 0640, 0);
    t(mknod, "dir/new", S_IFREG | 0640, 0);
    chmod("dir", 0700);
    list(".");
    list("dir");
}
