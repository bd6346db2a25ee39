// symlink(2) and symlinkat(2); chains of links up to and beyond the kernel's 40; links in every position.
#include "check.h"

static struct stat st;

int main(void) {
    mkdirs("dir");
    mkfile("file", "x");
    mkfile("dir/inner", "x");

    t(symlink, "file", "link");
    t(symlink, "file", A("link_absolute"));
    t(symlink, "anything at all", "free");
    t(symlink, "file", "link");
    t(symlink, "file", "dir");
    t(symlink, "", "empty");
    t(symlink, "x", "");
    t(symlink, "x", "missing/new");
    t(symlink, "x", "file/new");
    t(symlink, "x", "new/");
    t(symlink, "x", ".");
    t(symlink, 0, "new");
    t(symlink, "x", 0);
    int dir = open("dir", O_RDONLY | O_DIRECTORY), file = open("file", O_RDONLY);
    t(symlinkat, "../file", dir, "up");
    t(symlinkat, "../file", AT_FDCWD, A("dir/up2"));
    t(symlinkat, "x", file, "new");
    t(symlinkat, "x", 999, "new");
    t(symlinkat, "x", 999, A("with_bad_fd"));
    t(symlinkat, "x", dir, "up");
    t(symlinkat, "x", dir, "");
    t(symlinkat, "", dir, "empty");
    list(".");
    list("dir");

    // What is stored is what was given, absolute paths included.
    char buffer[2 * PATH_MAX];
    t(symlink, A("file"), "abs");
    long n = sys(SYS_readlink, "abs", buffer, sizeof buffer - 1);
    buffer[n < 0 ? 0 : n] = 0;
    printf("  abs -> %s\n", shown(buffer));
    t(stat, "abs", &st);
    t(stat, A("abs"), &st);

    // chain_N needs N links to reach the file.
    char name[32], to[64];
    for (int i = 1; i <= 42; i++) {
        snprintf(name, sizeof name, "chain_%d", i);
        snprintf(to, sizeof to, "chain_%d", i - 1);
        ln(i == 1 ? "file" : to, name);
    }
    for (int i = 38; i <= 42; i++) {
        snprintf(name, sizeof name, "chain_%d", i);
        printf("%s:", name);
        printf(" stat %s", errno_name(-sys(SYS_stat, name, &st)));
        printf(" absolute %s", errno_name(-sys(SYS_stat, A(name), &st)));
        printf(" lstat %s", errno_name(-sys(SYS_lstat, name, &st)));
        long fd = sys(SYS_openat, AT_FDCWD, A(name), O_RDONLY);
        printf(" open %s", fd >= 0 ? "ok" : errno_name(-fd));
        if (fd >= 0)
            close(fd);
        fd = sys(SYS_openat, AT_FDCWD, name, O_RDWR | O_CREAT, 0600);
        printf(" create %s", fd >= 0 ? "ok" : errno_name(-fd));
        if (fd >= 0)
            close(fd);
        printf(" nofollow %s\n", errno_name(-sys(SYS_openat, AT_FDCWD, name, O_RDONLY | O_NOFOLLOW)));
    }

    // Directories through links: each costs one of the 40 as well.
    ln(".", "here");
    char path[512] = "";
    for (int i = 1; i <= 42; i++) {
        strcat(path, "here/");
        if (i >= 38) {
            char full[600];
            snprintf(full, sizeof full, "%sfile", path);
            printf("%d x here/: %s, absolute %s\n", i, errno_name(-sys(SYS_stat, full, &st)),
                   errno_name(-sys(SYS_stat, A(full), &st)));
        }
    }

    ln("self", "self");
    ln("b", "a");
    ln("a", "b");
    ln("a/x", "deep_loop");
    t(stat, "self", &st);
    t(lstat, "self", &st);
    t(stat, "self/x", &st);
    t(lstat, "self/x", &st);
    t(lstat, "self/", &st);
    t(stat, A("a"), &st);
    t(stat, "deep_loop", &st);
    topen(AT_FDCWD, "self", O_RDONLY);
    topen(AT_FDCWD, "self", O_RDWR | O_CREAT, 0600);
    topen(AT_FDCWD, "self", O_RDWR | O_CREAT | O_EXCL, 0600);
    t(chdir, "a");
    t(unlink, "self");

    // `..` after a link goes up from where the link led.
    mkdirs("far");
    mkdirs("far/away");
    mkfile("far/beside", "x");
    ln("far/away", "near");
    t(stat, "near/../beside", &st);
    t(stat, "near/../file", &st);
    t(stat, A("near/../beside"), &st);
    ln("near/../beside", "hop");
    t(stat, "hop", &st);
    ln("/..", "rootlink");
    t(stat, "rootlink", &st);
    ln("/nonexistent_directory_of_xroot_tests/x", "nowhere");
    t(stat, "nowhere", &st);
}
