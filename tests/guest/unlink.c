// unlink(2) and unlinkat(2).
#include "check.h"

int main(void) {
    mkfile("a", "x");
    mkfile("b", "x");
    mkfile("kept", "x");
    mkdirs("dir");
    mkdirs("dir/sub");
    mkfile("dir/inner", "x");
    mkfile("dir/inner2", "x");
    ln("kept", "link");
    ln("dir", "to_dir");
    ln("nowhere", "dangling");
    ln("loop", "loop");
    mkdirs("closed");
    mkfile("closed/x", "x");

    t(unlink, "a");
    t(unlink, A("b"));
    t(unlink, "link");
    show_path("kept");
    t(unlink, A("dangling"));
    t(unlink, "to_dir/inner2");
    t(unlink, "to_dir/");
    t(unlink, "to_dir");
    t(unlink, "loop/x");
    t(unlink, "loop");
    t(unlink, "missing");
    t(unlink, A("missing"));
    t(unlink, "missing/x");
    t(unlink, "kept/x");
    t(unlink, "kept/");
    t(unlink, "dir");
    t(unlink, "dir/");
    t(unlink, "dir/.");
    t(unlink, "dir/..");
    t(unlink, ".");
    t(unlink, "/");
    t(unlink, "");
    t(unlink, 0);
    t(unlink, bad_page());

    int dir = open("dir", O_RDONLY | O_DIRECTORY), file = open("kept", O_RDONLY);
    t(unlinkat, dir, "sub", 0);
    t(unlinkat, dir, "inner", AT_REMOVEDIR);
    t(unlinkat, dir, "inner", 0);
    t(unlinkat, dir, "sub", AT_REMOVEDIR);
    t(unlinkat, AT_FDCWD, A("dir/sub"), AT_REMOVEDIR);
    mkdirs("dir/sub2");
    t(unlinkat, AT_FDCWD, A("dir/sub2"), AT_REMOVEDIR);
    mkfile("dir/third", "x");
    t(unlinkat, AT_FDCWD, "dir", AT_REMOVEDIR);
    t(unlinkat, AT_FDCWD, A("dir/third"), 0);
    t(unlinkat, dir, "missing", 0);
    t(unlinkat, dir, "", 0);
    t(unlinkat, dir, ".", AT_REMOVEDIR);
    t(unlinkat, dir, "..", AT_REMOVEDIR);
    t(unlinkat, dir, "x", 1);
    t(unlinkat, file, "x", 0);
    t(unlinkat, 999, "x", 0);
    t(unlinkat, 999, A("missing"), 0);

    chmod("closed", 0500);
    t(unlink, "closed/x");
    t(unlink, "closed/missing");
    chmod("closed", 0);
    t(unlink, "closed/x");
    chmod("closed", 0700);

    // An open file survives its name; a removed directory that is still open holds nothing.
    t(unlink, "kept");
    struct stat st;
    fstat(file, &st);
    show_stat("open file", &st);
    t(unlinkat, AT_FDCWD, "dir", AT_REMOVEDIR);
    t(openat, dir, "new", O_RDWR | O_CREAT, 0600);
    t(mkdirat, dir, "new", 0700);
    t(openat, dir, "missing", O_RDONLY);
    t(unlinkat, dir, "missing", 0);
    fstat(dir, &st);
    p(st.st_nlink);
    list(".");
}
