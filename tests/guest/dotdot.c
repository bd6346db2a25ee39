// `..`: after directories, links, at the root, from descriptors, and through what is not a directory.
#include "check.h"

static struct stat st;

static void same(const char *one, const char *two) {
    struct stat a, b;
    long x = sys(SYS_stat, one, &a), y = sys(SYS_stat, two, &b);
    printf("%s %s %s\n", shown(one), x || y ? errno_name(-(x ? x : y)) : a.st_ino == b.st_ino && a.st_dev == b.st_dev ? "is" : "is not", shown(two));
}

int main(void) {
    mkdirs("a");
    mkdirs("a/b");
    mkdirs("a/b/c");
    mkfile("a/file", "x");
    mkfile("file", "x");
    mkdirs("far");
    mkdirs("far/away");
    mkfile("far/beside", "x");
    ln("../../far/away", "a/b/link");
    ln(A("far/away"), "a/absolute");
    ln("..", "a/up");
    ln("a/b/../..", "round");
    ln("/", "root");
    ln("/../../..", "above");

    same("a/..", ".");
    same("a/b/../..", ".");
    same("a/b/c/../../../a", "a");
    same("a/b/link/..", "far");
    same("a/b/link/../beside", "far/beside");
    same("a/absolute/..", "far");
    same("a/up", ".");
    same("a/up/a/up/a/up/file", "file");
    same("round", ".");
    same("round/round/a", "a");
    same("/..", "/");
    same("/../../../", "/");
    same("root/..", "/");
    same("above", "/");
    same(A("a/../a/../file"), "file");
    same(A("a/b/link/../beside"), "far/beside");
    same("a/file/..", ".");
    same("a/missing/..", "a");
    same("a/./././b/.//.//../b", "a/b");
    same("..", A(".."));
    same("../", A("a/../.."));
    char *base = strrchr(start_dir, '/') + 1, path[PATH_MAX];
    snprintf(path, sizeof path, "../%s/file", base);
    p(sys(SYS_stat, path, &st));
    snprintf(path, sizeof path, "../../../../../../../../../../../../../../../../../../../../../../..%s/file", start_dir);
    p(sys(SYS_stat, path, &st));

    int c = open("a/b/c", O_RDONLY | O_DIRECTORY), link = open("a/b/link", O_PATH);
    topen(c, "../../file", O_RDONLY);
    topen(c, "..", O_RDONLY);
    topen(c, "../../../a/b/c/..", O_RDONLY);
    topen(link, "../beside", O_RDONLY);
    topen(link, "../../file", O_RDONLY);
    t(chdir, "a/b/link");
    topen(AT_FDCWD, "../beside", O_RDONLY);
    t(chdir, "../..");
    topen(AT_FDCWD, "file", O_RDONLY);

    // Searching a directory needs permission even to leave it again.
    chmod("a/b", 0600);
    t(stat, "a/b/..", &st);
    t(stat, "a/b", &st);
    t(stat, "a/b/c/..", &st);
    topen(c, "..", O_RDONLY);
    topen(c, "../..", O_RDONLY);
    topen(c, ".", O_RDONLY);
    chmod("a/b", 0700);
    t(mkdir, "a/b/new/..", 0700);
    t(mkdir, "a/b/../new", 0700);
    t(rmdir, "a/b/link/../../a/new");
    t(unlink, "a/b/link/../../file");
    list(".");
}
