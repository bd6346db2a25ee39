// mkdir(2), mkdirat(2) and rmdir(2).
#include "check.h"

int main(void) {
    mkfile("file", "x");
    ln("nowhere", "dangling");
    ln("loop", "loop");
    mkdirs("closed");
    mkdirs("closed/sub");

    t(mkdir, "a", 0755);
    show_path("a");
    t(mkdir, A("b"), 0700);
    show_path("b");
    t(mkdir, "mode", 07777);
    show_path("mode");
    t(mkdir, "slash/", 0755);
    show_path("slash");
    t(mkdir, A("slashes///"), 0755);
    show_path("slashes");
    t(mkdir, "dot/.", 0755);
    t(mkdir, "a/.", 0755);
    t(mkdir, "a/..", 0755);
    t(mkdir, "a", 0755);
    t(mkdir, "file", 0755);
    t(mkdir, "dangling", 0755);
    t(mkdir, "dangling/", 0755);
    t(mkdir, "loop", 0755);
    t(mkdir, "loop/x", 0755);
    t(mkdir, "missing/x", 0755);
    t(mkdir, "file/x", 0755);
    t(mkdir, "", 0755);
    t(mkdir, ".", 0755);
    t(mkdir, "/", 0755);
    t(mkdir, 0, 0755);
    t(mkdir, bad_page(), 0755);

    int dir = open("a", O_RDONLY | O_DIRECTORY), file = open("file", O_RDONLY);
    t(mkdirat, dir, "sub", 0755);
    t(mkdirat, dir, "sub", 0755);
    t(mkdirat, dir, "../c", 0755);
    t(mkdirat, AT_FDCWD, A("d"), 0755);
    t(mkdirat, file, "x", 0755);
    t(mkdirat, 999, "x", 0755);
    t(mkdirat, 999, A("e"), 0755);
    t(mkdirat, dir, "", 0755);

    umask(077);
    t(mkdir, "masked", 0777);
    show_path("masked");
    umask(022);

    chmod("closed", 0500);
    t(mkdir, "closed/new", 0755);
    t(mkdir, "closed/sub", 0755);
    t(rmdir, "closed/sub");
    t(rmdir, "closed/missing");
    chmod("closed", 0);
    t(mkdir, "closed/new", 0755);
    chmod("closed", 0700);

    t(rmdir, "d");
    t(rmdir, A("c"));
    t(rmdir, "e/");
    t(rmdir, "a");
    t(rmdir, A("a"));
    t(rmdir, "file");
    t(rmdir, "dangling");
    t(rmdir, "missing");
    t(rmdir, "a/.");
    t(rmdir, "a/..");
    t(rmdir, "a/sub/..");
    t(rmdir, ".");
    t(rmdir, "/");
    t(rmdir, "");
    t(rmdir, "file/x");
    t(rmdir, "loop/x");
    t(rmdir, 0);
    ln("b", "to_b");
    t(rmdir, "to_b");
    t(rmdir, "to_b/");
    list(".");
}
