// chown(2), lchown(2), fchown(2) and fchownat(2) as an ordinary user: to oneself yes, to others EPERM.
#include "check.h"

int main(void) {
    uid_t me = getuid();
    gid_t group = getgid();
    mkfile("file", "x");
    mkdirs("dir");
    mkfile("dir/inner", "x");
    ln("file", "link");
    ln("nowhere", "dangling");
    ln("loop", "loop");

    t(chown, "file", me, group);
    t(chown, A("file"), me, group);
    t(chown, "file", -1, -1);
    t(chown, "file", me + 1, -1);
    t(chown, A("file"), 0, 0);
    t(chown, "file", -1, 0);
    t(chown, "link", me, -1);
    t(chown, "dangling", me, group);
    t(chown, "loop", me, group);
    t(chown, "missing", me, group);
    t(chown, A("missing"), me, group);
    t(chown, "", me, group);
    t(chown, "file/x", me, group);
    t(chown, "dir/", me, group);
    t(chown, 0, me, group);
    t(lchown, "dangling", me, group);
    t(lchown, A("link"), me, group);
    t(lchown, "link", 0, 0);
    t(lchown, "missing", me, group);
    t(lchown, "loop", me, -1);

    // The set-user-ID bits go when a file is given away, even to oneself.
    chmod("file", 06755);
    t(chown, "file", me, group);
    show_path("file");
    chmod("file", 06755);
    t(chown, A("file"), -1, -1);
    show_path("file");

    int dir = open("dir", O_RDONLY | O_DIRECTORY), file = open("file", O_RDONLY), path = open("file", O_PATH);
    t(fchown, file, me, group);
    t(fchown, file, 0, group);
    t(fchown, path, me, group);
    t(fchown, 999, me, group);
    t(fchownat, AT_FDCWD, "file", me, group, 0);
    t(fchownat, AT_FDCWD, A("file"), 0, 0, 0);
    t(fchownat, dir, "inner", me, group, 0);
    t(fchownat, dir, "../dangling", me, group, AT_SYMLINK_NOFOLLOW);
    t(fchownat, AT_FDCWD, A("dangling"), me, group, AT_SYMLINK_NOFOLLOW);
    t(fchownat, AT_FDCWD, "dangling", me, group, 0);
    t(fchownat, dir, "", me, group, AT_EMPTY_PATH);
    t(fchownat, path, "", me, group, AT_EMPTY_PATH);
    t(fchownat, file, "", 0, 0, AT_EMPTY_PATH);
    t(fchownat, dir, "", me, group, 0);
    t(fchownat, dir, "missing", me, group, 0);
    t(fchownat, file, "x", me, group, 0);
    t(fchownat, 999, "x", me, group, 0);
    t(fchownat, 999, A("file"), me, group, 0);
    t(fchownat, AT_FDCWD, "file", me, group, 0x4000);
    t(fchownat, AT_FDCWD, 0, me, group, 0);
}
