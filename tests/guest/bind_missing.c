// Bindings over names that the rootfs lacks: /new and /etc/file (a file) are bound, /par/ent/point too, whose parents
// /par and /par/ent are missing, as are those of "/odd names/a:b\c" and of a name that is no UTF-8. /dir/deep/er is
// bound below /dir, which is bound; /dir/file is a file bound in it; /link/point lies behind a symlink.
#include "check.h"

static const char *const points[] = {"/new",          "/par/ent/point", "/etc/file",        "/odd names/a:b\\c",
                                     "/dir/deep/er",  "/dir/file",      "/target/point",    "/odd names/caf\xe9",
                                     "/etc/was_link", "/other/one"};
enum { POINTS = sizeof points / sizeof *points };

static void try_names(const char *dir) {
    char path[128];
    struct stat st;
    long dirfd = open(dir, O_RDONLY | O_DIRECTORY);
    printf("beside, in %s\n", dir);
    snprintf(path, sizeof path, "%s/beside", dir);
    show("create", sys(SYS_openat, AT_FDCWD, path, O_CREAT | O_WRONLY | O_EXCL, 0644), AS_OK);
    show("create at", sys(SYS_openat, dirfd, "beside2", O_CREAT | O_WRONLY, 0644), AS_OK);
    show("open", sys(SYS_openat, AT_FDCWD, path, O_RDONLY), AS_OK);
    show("unlink", sys(SYS_unlink, path), AS_OK);
    show("unlink", sys(SYS_unlinkat, dirfd, "beside2", 0), AS_OK);
    show("mkdir", sys(SYS_mkdir, path, 0755), AS_OK);
    show("stat", sys(SYS_stat, path, &st), AS_OK);
    show("rmdir", sys(SYS_rmdir, path), AS_OK);
    show("symlink", sys(SYS_symlink, "x", path), AS_OK);
    show("readlink", sys(SYS_readlink, path, &st, sizeof st), AS_NUMBER);
    show("unlink", sys(SYS_unlink, path), AS_OK);
    show("mknod", sys(SYS_mknod, path, S_IFIFO | 0644, 0), AS_OK);
    show("unlink", sys(SYS_unlink, path), AS_OK);
    show("temporary", sys(SYS_openat, AT_FDCWD, dir, O_TMPFILE | O_RDWR, 0644), AS_OK);
    show("access", sys(SYS_access, dir, W_OK), AS_OK);
    show("chmod", sys(SYS_chmod, dir, 0755), AS_OK);
    close((int)dirfd);
}

static void try_point(const char *point) {
    char text[256];
    struct stat st, again;
    printf("---- %s\n", point);
    long ret = t(stat, point, &st);
    if (!ret)
        show_stat("is", &st);
    t(lstat, point, &again);
    p(st.st_ino == again.st_ino && st.st_dev == again.st_dev);
    t(mkdir, point, 0755);
    t(mknod, point, S_IFREG | 0644, 0);
    t(symlink, "x", point);
    topen(AT_FDCWD, point, O_RDONLY);
    topen(AT_FDCWD, point, O_RDONLY | O_CREAT | O_EXCL, 0644);
    t(unlink, point);
    t(rmdir, point);
    t(rename, point, "/renamed");
    t(access, point, R_OK | W_OK);
    t(readlink, point, text, sizeof text);
    if (S_ISREG(st.st_mode)) {
        cat(point);
        long fd = open(point, O_WRONLY | O_APPEND);
        t(write, fd, "+", 1);
        close((int)fd);
        cat(point);
        snprintf(text, sizeof text, "%s/x", point);
        t(stat, text, &st);
        snprintf(text, sizeof text, "%s/", point);
        t(stat, text, &st);
        return;
    }
    list(point);
    t(chdir, point);
    t(getcwd, text, sizeof text);
    printf("  getcwd: %s\n", text);
    show_path("inside");
    t(mkdir, "made", 0755);
    t(rename, "made", "moved");
    t(rmdir, "moved");
    while (strcmp(text, "/")) {
        t(chdir, "..");
        sys(SYS_getcwd, text, sizeof text);
        printf("  getcwd: %s\n", text);
    }
    // By descriptor, from the parent.
    snprintf(text, sizeof text, "%s/..", point);
    long up = open(text, O_RDONLY | O_DIRECTORY);
    t(newfstatat, up, strrchr(point, '/') + 1, &again, 0);
    p(st.st_ino == again.st_ino && st.st_dev == again.st_dev);
    topen(up, strrchr(point, '/') + 1, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    close((int)up);
}

int main(int argc, char **argv) {
    if (argc > 1) {
        printf("executed\n");
        return 7;
    }
    static const char *const dirs[] = {"/", "/par", "/par/ent", "/etc", "/dir", "/dir/deep", "/odd names", "/target"};
    for (unsigned i = 0; i < sizeof dirs / sizeof *dirs; i++)
        list(dirs[i]);
    for (int i = 0; i < POINTS; i++)
        try_point(points[i]);
    for (unsigned i = 1; i < sizeof dirs / sizeof *dirs; i++)
        try_names(dirs[i]);
    for (unsigned i = 0; i < sizeof dirs / sizeof *dirs; i++)
        list(dirs[i]);
    t(access, "/link/point/inside", F_OK);
    cat("/etc/link_target");
    pid_t pid = fork();
    if (!pid) {
        char *const args[] = {"me", "again", 0};
        t(execve, "/program", args, 0);
        _exit(9);
    }
    show_end("a bound file", pid);
}
