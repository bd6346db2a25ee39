// Trailing slashes and dots, call by call (path_resolution(7), "Final entry").
#include "check.h"

static struct stat st;
static char buffer[256];

static const char *const ends[] = {"", "/", "//", "/.", "/./", "/..", "/../"};
static const char *const names[] = {"file", "dir", "to_file", "to_dir", "dangling", "loop", "missing"};

static void each(const char *call, long (*make)(const char *)) {
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        printf("%s %s:", call, names[i]);
        for (size_t j = 0; j < sizeof ends / sizeof *ends; j++) {
            char path[64];
            snprintf(path, sizeof path, "%s%s", names[i], ends[j]);
            long relative = make(path), absolute = make(A(path));
            printf(" %s", relative < 0 ? errno_name(-relative) : "ok");
            if ((relative < 0 || absolute < 0) && relative != absolute)
                printf("(absolute %s)", absolute < 0 ? errno_name(-absolute) : "ok");
        }
        printf("\n");
    }
}

static long do_open(const char *path, long flags) {
    long fd = sys(SYS_openat, AT_FDCWD, path, flags, 0600);
    if (fd >= 0)
        close(fd);
    return fd;
}
static long call_stat(const char *path) { return sys(SYS_stat, path, &st); }
static long call_lstat(const char *path) {
    long ret = sys(SYS_lstat, path, &st);
    if (!ret && S_ISLNK(st.st_mode))
        printf(" link:");
    return ret;
}
static long call_open(const char *path) { return do_open(path, O_RDONLY); }
static long call_open_nofollow(const char *path) { return do_open(path, O_RDONLY | O_NOFOLLOW); }
static long call_open_path_nofollow(const char *path) { return do_open(path, O_PATH | O_NOFOLLOW); }
static long call_open_directory(const char *path) { return do_open(path, O_RDONLY | O_DIRECTORY); }
static long call_create_excl(const char *path) { return do_open(path, O_RDWR | O_CREAT | O_EXCL); }
static long call_access(const char *path) { return sys(SYS_access, path, F_OK); }
static long call_readlink(const char *path) { return sys(SYS_readlink, path, buffer, sizeof buffer); }
static long call_chmod(const char *path) { return sys(SYS_chmod, path, 0755); }
static long call_lchown(const char *path) { return sys(SYS_lchown, path, -1, -1); }
static long call_truncate(const char *path) { return sys(SYS_truncate, path, 0); }
static long call_statfs(const char *path) { return sys(SYS_statfs, path, &(struct statfs){0}); }
static long call_execve(const char *path) { return sys(SYS_execve, path, 0, 0); }
static long call_chdir(const char *path) {
    long ret = sys(SYS_chdir, path);
    if (!ret && chdir(start_dir))
        die("go back");
    return ret;
}
static long call_mkdir(const char *path) {
    long ret = sys(SYS_mkdir, path, 0700);
    if (!ret)
        rmdir("missing"), rmdir("nowhere");
    return ret;
}
static long call_mknod(const char *path) {
    long ret = sys(SYS_mknod, path, S_IFIFO | 0600, 0);
    if (!ret)
        unlink("missing");
    return ret;
}
static long call_symlink(const char *path) {
    long ret = sys(SYS_symlink, "x", path);
    if (!ret)
        unlink("missing");
    return ret;
}
static long call_link_to(const char *path) {
    long ret = sys(SYS_link, "file", path);
    if (!ret)
        unlink("missing");
    return ret;
}
static long call_link_from(const char *path) {
    long ret = sys(SYS_link, path, "spare");
    if (!ret)
        unlink("spare");
    return ret;
}
static long call_rename_to(const char *path) {
    mkfile("spare", "x");
    long ret = sys(SYS_rename, "spare", path);
    unlink("spare");
    if (!ret)
        unlink("missing"), unlink("to_file"), unlink("to_dir"), unlink("dangling"), unlink("loop"),
            ln("file", "to_file"), ln("dir", "to_dir"), ln("nowhere", "dangling"), ln("loop", "loop");
    return ret;
}
static long call_rename_dir_to(const char *path) {
    mkdirs("spare");
    long ret = sys(SYS_rename, "spare", path);
    rmdir("spare");
    if (!ret && rmdir("missing"))
        mkdir("dir", 0755);
    return ret;
}
static long call_rename_from(const char *path) {
    long ret = sys(SYS_rename, path, "spare");
    if (!ret && rename("spare", strncmp(path, start_dir, strlen(start_dir)) ? strtok(strcpy(buffer, path), "/")
                                                                            : strtok(strcpy(buffer, path + strlen(start_dir)), "/")))
        die("rename back");
    return ret;
}
static long call_rmdir(const char *path) {
    long ret = sys(SYS_rmdir, path);
    if (!ret)
        mkdir("dir", 0755);
    return ret;
}
static long call_unlink(const char *path) {
    long ret = sys(SYS_unlink, path);
    if (!ret) {
        mkfile("file", "x");
        for (size_t i = 2; i < 6; i++)
            unlink(names[i]);
        ln("file", "to_file"), ln("dir", "to_dir"), ln("nowhere", "dangling"), ln("loop", "loop");
    }
    return ret;
}
static long call_create(const char *path) {
    long ret = do_open(path, O_RDWR | O_CREAT);
    unlink("missing");
    unlink("nowhere");
    return ret;
}

int main(void) {
    mkfile("file", "x");
    mkdirs("dir");
    ln("file", "to_file");
    ln("dir", "to_dir");
    ln("nowhere", "dangling");
    ln("loop", "loop");
#define EACH(name) each(#name, call_##name)
    EACH(stat);
    EACH(lstat);
    EACH(open);
    EACH(open_nofollow);
    EACH(open_path_nofollow);
    EACH(open_directory);
    EACH(create_excl);
    unlink("missing");
    EACH(create);
    EACH(access);
    EACH(readlink);
    EACH(chmod);
    EACH(lchown);
    EACH(truncate);
    EACH(statfs);
    EACH(execve);
    EACH(chdir);
    EACH(mkdir);
    EACH(mknod);
    EACH(symlink);
    EACH(link_to);
    EACH(link_from);
    EACH(rename_to);
    EACH(rename_dir_to);
    EACH(rename_from);
    EACH(rmdir);
    EACH(unlink);
    list(".");
}
