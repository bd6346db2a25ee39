// renameat2(2): RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_WHITEOUT.
#include "check.h"
#include <linux/fs.h>

int main(void) {
    mkfile("a", "text a");
    mkfile("b", "text b");
    mkdirs("dir");
    mkfile("dir/inner", "inner");
    ln("a", "link");
    ln("nowhere", "dangling");
    int dir = open("dir", O_RDONLY | O_DIRECTORY);

    t(renameat2, AT_FDCWD, "a", AT_FDCWD, "a2", 0);
    t(renameat2, AT_FDCWD, A("a2"), AT_FDCWD, A("a"), 0);
    t(renameat2, AT_FDCWD, "a", AT_FDCWD, "b", RENAME_NOREPLACE);
    t(renameat2, AT_FDCWD, "a", AT_FDCWD, "dangling", RENAME_NOREPLACE);
    t(renameat2, AT_FDCWD, "a", AT_FDCWD, "new", RENAME_NOREPLACE);
    t(renameat2, AT_FDCWD, A("new"), dir, "new", RENAME_NOREPLACE);
    t(renameat2, dir, "new", AT_FDCWD, A("a"), RENAME_NOREPLACE);
    t(renameat2, AT_FDCWD, "missing", AT_FDCWD, "b", RENAME_NOREPLACE);

    t(renameat2, AT_FDCWD, "a", AT_FDCWD, "b", RENAME_EXCHANGE);
    cat("a");
    cat("b");
    t(renameat2, AT_FDCWD, A("a"), AT_FDCWD, A("b"), RENAME_EXCHANGE);
    cat("a");
    t(renameat2, AT_FDCWD, "a", AT_FDCWD, "dir", RENAME_EXCHANGE);
    show_path("a");
    show_path("dir");
    cat("a/inner");
    t(renameat2, AT_FDCWD, "dir", AT_FDCWD, A("a"), RENAME_EXCHANGE);
    t(renameat2, AT_FDCWD, "link", AT_FDCWD, "b", RENAME_EXCHANGE);
    show_path("link");
    show_path("b");
    t(renameat2, AT_FDCWD, "a", AT_FDCWD, "missing", RENAME_EXCHANGE);
    t(renameat2, AT_FDCWD, "missing", AT_FDCWD, "a", RENAME_EXCHANGE);
    t(renameat2, AT_FDCWD, "dir", AT_FDCWD, "dir/inner", RENAME_EXCHANGE);
    t(renameat2, AT_FDCWD, "dir/inner", AT_FDCWD, "dir", RENAME_EXCHANGE);
    t(renameat2, AT_FDCWD, "a/", AT_FDCWD, "b", RENAME_EXCHANGE);
    t(renameat2, AT_FDCWD, "a", AT_FDCWD, "b/", RENAME_EXCHANGE);
    t(renameat2, AT_FDCWD, ".", AT_FDCWD, "b", RENAME_EXCHANGE);

    t(renameat2, AT_FDCWD, "a", AT_FDCWD, "new", RENAME_NOREPLACE | RENAME_EXCHANGE);
    t(renameat2, AT_FDCWD, "a", AT_FDCWD, "new", 8);
    t(renameat2, AT_FDCWD, "a", AT_FDCWD, "new", RENAME_EXCHANGE | RENAME_WHITEOUT);
    t(renameat2, 999, "a", AT_FDCWD, "new", 0);
    t(renameat2, AT_FDCWD, "a", 999, "new", RENAME_NOREPLACE);
    t(renameat2, AT_FDCWD, 0, AT_FDCWD, "new", 0);
    t(renameat2, AT_FDCWD, "a", AT_FDCWD, 0, 0);
    list(".");
    list("dir");
}
