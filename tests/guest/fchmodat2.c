// fchmodat2(2), new in Linux 6.6: fchmodat with flags.
#include "check.h"

int main(void) {
    mkfile("file", "x");
    mkdirs("dir");
    mkfile("dir/inner", "x");
    ln("file", "link");
    int dir = open("dir", O_RDONLY | O_DIRECTORY), file = open("file", O_RDONLY), path = open("file", O_PATH);
    int link = open("link", O_PATH | O_NOFOLLOW);

    t(fchmodat2, AT_FDCWD, "file", 0640, 0);
    show_path("file");
    t(fchmodat2, AT_FDCWD, A("file"), 0604, 0);
    show_path("file");
    t(fchmodat2, dir, "inner", 0600, 0);
    show_path("dir/inner");
    t(fchmodat2, AT_FDCWD, "link", 0611, 0);
    show_path("file");
    t(fchmodat2, AT_FDCWD, "link", 0622, AT_SYMLINK_NOFOLLOW);
    show_path("file");
    show_path("link");
    t(fchmodat2, AT_FDCWD, A("link"), 0633, AT_SYMLINK_NOFOLLOW);
    t(fchmodat2, AT_FDCWD, A("file"), 0633, AT_SYMLINK_NOFOLLOW);
    show_path("file");
    t(fchmodat2, file, "", 0644, AT_EMPTY_PATH);
    show_path("file");
    t(fchmodat2, path, "", 0645, AT_EMPTY_PATH);
    show_path("file");
    t(fchmodat2, link, "", 0646, AT_EMPTY_PATH);
    show_path("file");
    t(fchmodat2, dir, "", 0711, AT_EMPTY_PATH);
    show_path("dir");
    t(fchmodat2, AT_FDCWD, "", 0755, AT_EMPTY_PATH);
    show_path(".");
    t(fchmodat2, dir, "", 0711, 0);
    t(fchmodat2, dir, "missing", 0711, 0);
    t(fchmodat2, file, "x", 0711, 0);
    t(fchmodat2, file, "x", 0711, AT_EMPTY_PATH);
    t(fchmodat2, 999, "x", 0711, 0);
    t(fchmodat2, 999, "", 0711, AT_EMPTY_PATH);
    t(fchmodat2, 999, A("file"), 0600, 0);
    t(fchmodat2, AT_FDCWD, "file", 0600, 0x4000);
    t(fchmodat2, AT_FDCWD, 0, 0600, 0);
    t(fchmodat2, AT_FDCWD, "file/x", 0600, 0);
}
