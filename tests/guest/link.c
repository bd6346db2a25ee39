// link(2) and linkat(2).
#include "check.h"

int main(void) {
    mkfile("file", "x");
    mkdirs("dir");
    ln("file", "symlink");
    ln("nowhere", "dangling");
    ln("loop", "loop");
    mkdirs("closed");
    mkfile("closed/x", "x");

    t(link, "file", "two");
    show_path("file");
    t(link, A("file"), A("three"));
    t(link, "file", A("dir/four"));
    t(link, A("file"), "dir/five");
    show_path("dir/five");
    t(link, "file", "two");
    t(link, "file", "dir");
    t(link, "file", "dangling");
    t(link, "file", "new/");
    t(link, "file/", "new");
    t(link, "missing", "new");
    t(link, A("missing"), A("new"));
    t(link, "file", "missing/new");
    t(link, "file", "file/new");
    t(link, "file/x", "new");
    t(link, "dir", "new");
    t(link, "", "new");
    t(link, "file", "");
    t(link, "loop/x", "new");
    t(link, "file", "loop/x");
    t(link, "file", ".");
    t(link, "file", "dir/..");
    t(link, 0, "new");
    t(link, "file", 0);
    t(link, "file", bad_page());

    // The link itself is linked, not its target.
    t(link, "symlink", "symlink2");
    show_path("symlink2");
    t(linkat, AT_FDCWD, "symlink", AT_FDCWD, "symlink3", 0);
    show_path("symlink3");
    t(linkat, AT_FDCWD, "symlink", AT_FDCWD, "followed", AT_SYMLINK_FOLLOW);
    show_path("followed");
    t(linkat, AT_FDCWD, A("symlink"), AT_FDCWD, A("followed2"), AT_SYMLINK_FOLLOW);
    show_path("followed2");
    t(linkat, AT_FDCWD, "dangling", AT_FDCWD, "new", AT_SYMLINK_FOLLOW);
    t(linkat, AT_FDCWD, "dangling", AT_FDCWD, "dangling2", 0);
    show_path("dangling2");

    int dir = open("dir", O_RDONLY | O_DIRECTORY), file = open("file", O_RDONLY);
    t(linkat, AT_FDCWD, "file", dir, "six", 0);
    t(linkat, dir, "six", AT_FDCWD, "seven", 0);
    t(linkat, dir, "six", dir, "six", 0);
    t(linkat, file, "x", dir, "eight", 0);
    t(linkat, AT_FDCWD, "file", file, "eight", 0);
    t(linkat, 999, "file", AT_FDCWD, "eight", 0);
    t(linkat, AT_FDCWD, "file", 999, "eight", 0);
    t(linkat, 999, A("file"), 999, A("eight"), 0);
    t(linkat, AT_FDCWD, "file", AT_FDCWD, "nine", 0x8000);
    t(linkat, file, "", AT_FDCWD, "ten", AT_EMPTY_PATH);
    t(linkat, dir, "", AT_FDCWD, "ten", AT_EMPTY_PATH);
    t(linkat, file, "", AT_FDCWD, "ten", 0);
    t(linkat, AT_FDCWD, "/proc/self/exe", AT_FDCWD, "ten", 0);

    // The documented way to give an O_TMPFILE a name.
    int tmp = open(".", O_TMPFILE | O_RDWR, 0600);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", tmp);
    t(linkat, AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW);
    show_path("named");

    chmod("closed", 0500);
    t(link, "file", "closed/new");
    t(link, "closed/x", "from_closed");
    chmod("closed", 0);
    t(link, "closed/x", "new");
    t(link, "file", "closed/x");
    chmod("closed", 0700);
    list(".");
    list("dir");
}
