// chmod(2), fchmod(2) and fchmodat(2).
#include "check.h"

int main(void) {
    mkfile("file", "x");
    mkdirs("dir");
    mkfile("dir/inner", "x");
    ln("file", "link");
    ln("nowhere", "dangling");
    ln("loop", "loop");
    mkdirs("closed");
    mkfile("closed/x", "x");

    t(chmod, "file", 0640);
    show_path("file");
    t(chmod, A("file"), 0604);
    show_path("file");
    t(chmod, "link", 07777);
    show_path("file");
    show_path("link");
    t(chmod, "dir", 01750);
    show_path("dir");
    t(chmod, "dir/", 0700);
    t(chmod, "file", 0100644);
    show_path("file");
    t(chmod, "missing", 0600);
    t(chmod, A("missing"), 0600);
    t(chmod, "dangling", 0600);
    t(chmod, "loop", 0600);
    t(chmod, "", 0600);
    t(chmod, "file/", 0600);
    t(chmod, "file/x", 0600);
    t(chmod, "/dev/null", 0600);
    t(chmod, 0, 0600);

    int dir = open("dir", O_RDONLY | O_DIRECTORY), file = open("file", O_RDONLY);
    t(fchmod, file, 0611);
    show_path("file");
    t(fchmod, dir, 0711);
    t(fchmod, 999, 0600);
    int path = open("file", O_PATH);
    t(fchmod, path, 0600);
    t(fchmodat, AT_FDCWD, "file", 0622);
    show_path("file");
    t(fchmodat, dir, "inner", 0633);
    show_path("dir/inner");
    t(fchmodat, dir, "../link", 0600);
    show_path("file");
    t(fchmodat, AT_FDCWD, A("dir/inner"), 0644);
    show_path("dir/inner");
    t(fchmodat, dir, "missing", 0600);
    t(fchmodat, dir, "", 0600);
    t(fchmodat, file, "x", 0600);
    t(fchmodat, 999, "x", 0600);
    t(fchmodat, 999, A("file"), 0601);
    show_path("file");

    chmod("closed", 0);
    t(chmod, "closed/x", 0600);
    t(chmod, "closed", 0700);
}
