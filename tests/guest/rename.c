// rename(2) and renameat(2).
#include "check.h"

int main(void) {
    mkfile("a", "a");
    mkfile("b", "b");
    mkdirs("dir");
    mkfile("dir/inner", "inner");
    mkdirs("empty");
    mkdirs("empty2");
    ln("a", "link");
    ln("dir", "to_dir");
    ln("nowhere", "dangling");
    ln("loop", "loop");
    mkdirs("closed");
    mkfile("closed/x", "x");

    t(rename, "a", "a2");
    t(rename, A("a2"), A("a3"));
    t(rename, "a3", A("dir/a4"));
    t(rename, A("dir/a4"), "a");
    cat("a");
    t(rename, "missing", "new");
    t(rename, A("missing"), A("new"));
    t(rename, "a", "missing/new");
    t(rename, "a", "b/new");
    t(rename, "a/x", "new");
    t(rename, "", "new");
    t(rename, "a", "");
    t(rename, 0, "new");
    t(rename, "a", 0);
    t(rename, "a", bad_page());
    t(rename, "loop/x", "new");
    t(rename, "a", "loop/x");

    t(rename, "a", "b");
    cat("b");
    mkfile("a", "a");
    t(rename, "a", "a");
    t(rename, "a", "dir");
    t(rename, "dir", "a");
    t(rename, "dir", "empty");
    show_path("empty/inner");
    t(rename, "empty2", "empty");
    t(rename, "empty", "dir");
    t(rename, "dir", "dir/below");
    t(rename, "dir/inner", "dir");
    t(rename, "dir/inner", "dir/..");
    t(rename, ".", "new");
    t(rename, "..", "new");
    t(rename, "a", ".");
    t(rename, "dir/.", "new");
    t(rename, "dir/..", "new");
    // Both on one mount, wherever this runs.
    t(rename, "/", "/new");
    t(rename, "/bin", "/");
    t(rename, "a/", "new");
    t(rename, "a", "new/");
    t(rename, "dir", "new_dir/");
    t(rename, "new_dir/", "dir");
    t(rename, "to_dir/", "new");

    // A link is renamed itself.
    t(rename, "link", "link2");
    show_path("link2");
    t(rename, "dangling", A("dangling2"));
    show_path("dangling2");
    t(rename, "a", "dangling2");
    show_path("dangling2");
    t(rename, "to_dir", "to_dir2");
    show_path("to_dir2");

    // Two names of one file: nothing happens.
    link("b", "b2");
    t(rename, "b", "b2");
    show_path("b");

    int dir = open("dir", O_RDONLY | O_DIRECTORY), file = open("b", O_RDONLY);
    t(renameat, dir, "inner", AT_FDCWD, "outer");
    t(renameat, AT_FDCWD, "outer", dir, "inner");
    t(renameat, dir, "inner", dir, "inner2");
    t(renameat, dir, "../b", dir, "b3");
    t(renameat, AT_FDCWD, A("dir/b3"), 999, A("b"));
    t(renameat, 999, "b", AT_FDCWD, "c");
    t(renameat, AT_FDCWD, "b", 999, "c");
    t(renameat, file, "b", AT_FDCWD, "c");
    t(renameat, AT_FDCWD, "b", file, "c");
    t(renameat, dir, "", AT_FDCWD, "c");

    chmod("closed", 0500);
    t(rename, "closed/x", "taken");
    t(rename, "b", "closed/new");
    chmod("closed", 0);
    t(rename, "closed/x", "taken");
    t(rename, "closed", "closed2");
    chmod("closed2", 0700);
    list(".");
    list("dir");
}
