// Every call that takes a path, in one table, and a directory with a file of every kind to make them on.
//
// A program walks the table with the paths that are its subject. What a call has changed is put back before the next.
#ifndef PATHS_H
#define PATHS_H
#include "check.h"
#include <linux/openat2.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <utime.h>

#ifndef FAN_REPORT_DIR_FID
#define FAN_REPORT_DIR_FID 0x400
#endif

struct path_call {
    const char *name;
    long (*make)(int dir, const char *path);
    // It has a dirfd, which may be something else than AT_FDCWD.
    bool at;
    // It changes the tree where it succeeds.
    bool changes;
};

// What the calls need beside a path.
static int start_fd, inotify_fd, fanotify_fd;
// Holds both ends of the fifo, so that nobody waits for the other.
static int fifo_fd = -1;

static long closed(long fd) {
    if (fd >= 0)
        close((int)fd);
    return fd < 0 ? fd : 0;
}
static struct stat some_stat;
static struct timespec some_times[2] = {{1000, 0}, {2000, 0}};
static char some_text[PATH_MAX + 1];

static struct {
    uint64_t xflags;
    uint32_t extsize, nextents, projid, cowextsize;
} some_attributes;
static struct {
    uint64_t value;
    uint32_t size, flags;
} some_xattr = {.size = 0};

static long how(int dir, const char *path, uint64_t flags, uint64_t resolve) {
    struct open_how how = {.flags = flags, .resolve = resolve};
    return closed(sys(SYS_openat2, dir, path, &how, sizeof how));
}
static long handle(int dir, const char *path, int flags) {
    struct {
        struct file_handle head;
        char room[128];
    } h = {.head.handle_bytes = sizeof h.room};
    int mount;
    return sys(SYS_name_to_handle_at, dir, path, &h, &mount, flags);
}
static long there_and_back(long ret) {
    if (!ret && fchdir(start_fd))
        die("fchdir");
    return ret;
}

// X(name, changes, call) for calls with a working directory only, Y(...) for those with a dirfd.
#define PATH_CALLS                                                                                                 \
    X(open, 0, closed(sys(SYS_open, path, O_RDONLY | O_NONBLOCK)))                                                 \
    X(creat, 1, closed(sys(SYS_creat, path, 0600)))                                                                \
    Y(openat, 0, closed(sys(SYS_openat, dir, path, O_RDONLY | O_NONBLOCK)))                                        \
    Y(openat_write, 0, closed(sys(SYS_openat, dir, path, O_WRONLY | O_NONBLOCK)))                                  \
    Y(openat_path, 0, closed(sys(SYS_openat, dir, path, O_PATH)))                                                  \
    Y(openat_path_nofollow, 0, closed(sys(SYS_openat, dir, path, O_PATH | O_NOFOLLOW)))                            \
    Y(openat_nofollow, 0, closed(sys(SYS_openat, dir, path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW)))                  \
    Y(openat_directory, 0, closed(sys(SYS_openat, dir, path, O_RDONLY | O_DIRECTORY)))                             \
    Y(openat_create, 1, closed(sys(SYS_openat, dir, path, O_RDWR | O_CREAT | O_NONBLOCK, 0600)))                   \
    Y(openat_create_excl, 1, closed(sys(SYS_openat, dir, path, O_RDWR | O_CREAT | O_EXCL, 0600)))                  \
    Y(openat_create_nofollow, 1, closed(sys(SYS_openat, dir, path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600))) \
    Y(openat_truncate, 1, closed(sys(SYS_openat, dir, path, O_RDONLY | O_TRUNC | O_NONBLOCK)))                     \
    Y(openat_tmpfile, 0, closed(sys(SYS_openat, dir, path, O_RDWR | O_TMPFILE, 0600)))                             \
    Y(openat2, 0, how(dir, path, O_RDONLY | O_NONBLOCK, 0))                                                        \
    Y(openat2_no_symlinks, 0, how(dir, path, O_RDONLY | O_NONBLOCK, RESOLVE_NO_SYMLINKS))                          \
    Y(openat2_beneath, 0, how(dir, path, O_RDONLY | O_NONBLOCK, RESOLVE_BENEATH))                                  \
    Y(openat2_in_root, 0, how(dir, path, O_PATH, RESOLVE_IN_ROOT))                                                 \
    Y(open_tree, 0, closed(sys(SYS_open_tree, dir, path, O_CLOEXEC)))                                              \
    X(stat, 0, sys(SYS_stat, path, &some_stat))                                                                    \
    X(lstat, 0, sys(SYS_lstat, path, &some_stat))                                                                  \
    Y(newfstatat, 0, sys(SYS_newfstatat, dir, path, &some_stat, 0))                                                \
    Y(newfstatat_nofollow, 0, sys(SYS_newfstatat, dir, path, &some_stat, AT_SYMLINK_NOFOLLOW))                     \
    Y(statx, 0, sys(SYS_statx, dir, path, 0, STATX_BASIC_STATS, some_text))                                        \
    Y(statx_nofollow, 0, sys(SYS_statx, dir, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, some_text))             \
    X(access, 0, sys(SYS_access, path, R_OK))                                                                      \
    Y(faccessat, 0, sys(SYS_faccessat, dir, path, W_OK))                                                           \
    Y(faccessat2_nofollow, 0, sys(SYS_faccessat2, dir, path, R_OK, AT_SYMLINK_NOFOLLOW))                           \
    X(readlink, 0, sys(SYS_readlink, path, some_text, 4))                                                          \
    Y(readlinkat, 0, sys(SYS_readlinkat, dir, path, some_text, 4))                                                 \
    X(statfs, 0, sys(SYS_statfs, path, some_text))                                                                 \
    X(truncate, 1, sys(SYS_truncate, path, 1))                                                                     \
    X(chmod, 1, sys(SYS_chmod, path, 0700))                                                                        \
    Y(fchmodat, 1, sys(SYS_fchmodat, dir, path, 0700))                                                             \
    Y(fchmodat2_nofollow, 1, sys(SYS_fchmodat2, dir, path, 0700, AT_SYMLINK_NOFOLLOW))                             \
    X(chown, 0, sys(SYS_chown, path, -1, getgid()))                                                                \
    X(lchown, 0, sys(SYS_lchown, path, -1, getgid()))                                                              \
    Y(fchownat, 0, sys(SYS_fchownat, dir, path, -1, 0, 0))                                                         \
    Y(fchownat_nofollow, 0, sys(SYS_fchownat, dir, path, -1, getgid(), AT_SYMLINK_NOFOLLOW))                       \
    X(utime, 0, sys(SYS_utime, path, 0))                                                                           \
    X(utimes, 0, sys(SYS_utimes, path, 0))                                                                         \
    Y(futimesat, 0, sys(SYS_futimesat, dir, path, 0))                                                              \
    Y(utimensat, 0, sys(SYS_utimensat, dir, path, some_times, 0))                                                  \
    Y(utimensat_nofollow, 0, sys(SYS_utimensat, dir, path, some_times, AT_SYMLINK_NOFOLLOW))                       \
    X(getxattr, 0, sys(SYS_getxattr, path, "user.missing", some_text, 16))                                         \
    X(lgetxattr, 0, sys(SYS_lgetxattr, path, "user.missing", some_text, 16))                                       \
    X(setxattr, 1, sys(SYS_setxattr, path, "user.a", "b", 1, 0))                                                   \
    X(lsetxattr, 1, sys(SYS_lsetxattr, path, "user.a", "b", 1, 0))                                                 \
    X(listxattr, 0, sys(SYS_listxattr, path, 0, 0) >= 0 ? 0 : sys(SYS_listxattr, path, 0, 0))                      \
    X(llistxattr, 0, sys(SYS_llistxattr, path, 0, 0) >= 0 ? 0 : sys(SYS_llistxattr, path, 0, 0))                   \
    X(removexattr, 0, sys(SYS_removexattr, path, "user.missing"))                                                  \
    X(lremovexattr, 0, sys(SYS_lremovexattr, path, "user.missing"))                                                \
    Y(setxattrat, 1, sys(SYS_setxattrat, dir, path, 0, "user.a", &some_xattr, sizeof some_xattr))                  \
    Y(getxattrat, 0, sys(SYS_getxattrat, dir, path, AT_SYMLINK_NOFOLLOW, "user.a", &some_xattr, sizeof some_xattr)) \
    Y(removexattrat, 0, sys(SYS_removexattrat, dir, path, 0, "user.missing"))                                      \
    X(mkdir, 1, sys(SYS_mkdir, path, 0700))                                                                        \
    Y(mkdirat, 1, sys(SYS_mkdirat, dir, path, 0700))                                                               \
    X(mknod, 1, sys(SYS_mknod, path, S_IFIFO | 0600, 0))                                                           \
    Y(mknodat, 1, sys(SYS_mknodat, dir, path, S_IFREG | 0600, 0))                                                  \
    Y(mknodat_device, 1, sys(SYS_mknodat, dir, path, S_IFCHR | 0600, 0x103))                                       \
    X(symlink, 1, sys(SYS_symlink, "target", path))                                                                \
    Y(symlinkat, 1, sys(SYS_symlinkat, "target", dir, path))                                                       \
    X(symlink_of_it, 1, sys(SYS_symlink, path, "new name"))                                                        \
    X(rmdir, 1, sys(SYS_rmdir, path))                                                                              \
    X(unlink, 1, sys(SYS_unlink, path))                                                                            \
    Y(unlinkat, 1, sys(SYS_unlinkat, dir, path, 0))                                                                \
    Y(unlinkat_removedir, 1, sys(SYS_unlinkat, dir, path, AT_REMOVEDIR))                                           \
    X(rename_of, 1, sys(SYS_rename, path, "new name"))                                                             \
    X(rename_file_to, 1, sys(SYS_rename, A("other"), path))                                                        \
    X(rename_dir_to, 1, sys(SYS_rename, A("empty"), path))                                                         \
    Y(renameat_of, 1, sys(SYS_renameat, dir, path, AT_FDCWD, A("dir/sub")))                                        \
    Y(renameat_to, 1, sys(SYS_renameat, AT_FDCWD, A("other"), dir, path))                                          \
    Y(renameat2_noreplace, 1, sys(SYS_renameat2, AT_FDCWD, A("other"), dir, path, RENAME_NOREPLACE))               \
    Y(renameat2_exchange, 1, sys(SYS_renameat2, dir, path, AT_FDCWD, A("other"), RENAME_EXCHANGE))                 \
    Y(renameat2_exchange_with, 1, sys(SYS_renameat2, AT_FDCWD, A("other"), dir, path, RENAME_EXCHANGE))            \
    X(link_of, 1, sys(SYS_link, path, "new name"))                                                                 \
    X(link_to, 1, sys(SYS_link, A("other"), path))                                                                 \
    Y(linkat_of, 1, sys(SYS_linkat, dir, path, AT_FDCWD, A("new name"), 0))                                        \
    Y(linkat_of_followed, 1, sys(SYS_linkat, dir, path, AT_FDCWD, A("new name"), AT_SYMLINK_FOLLOW))               \
    Y(linkat_to, 1, sys(SYS_linkat, AT_FDCWD, A("other"), dir, path, 0))                                           \
    X(chdir, 0, there_and_back(sys(SYS_chdir, path)))                                                              \
    X(chroot, 0, sys(SYS_chroot, path))                                                                            \
    X(execve, 0, sys(SYS_execve, path, 0, 0))                                                                      \
    Y(execveat, 0, sys(SYS_execveat, dir, path, 0, 0, 0))                                                          \
    Y(execveat_nofollow, 0, sys(SYS_execveat, dir, path, 0, 0, AT_SYMLINK_NOFOLLOW))                               \
    X(inotify_add_watch, 0, sys(SYS_inotify_add_watch, inotify_fd, path, IN_MODIFY) > 0 ? 0 :                      \
                            sys(SYS_inotify_add_watch, inotify_fd, path, IN_MODIFY))                               \
    X(inotify_nofollow, 0, sys(SYS_inotify_add_watch, inotify_fd, path, IN_MODIFY | IN_DONT_FOLLOW) > 0 ? 0 :      \
                           sys(SYS_inotify_add_watch, inotify_fd, path, IN_MODIFY | IN_DONT_FOLLOW))               \
    Y(fanotify_mark, 0, sys(SYS_fanotify_mark, fanotify_fd, FAN_MARK_ADD, FAN_ATTRIB, dir, path))                  \
    Y(name_to_handle_at, 0, handle(dir, path, 0))                                                                  \
    Y(name_to_handle_at_followed, 0, handle(dir, path, AT_SYMLINK_FOLLOW))                                         \
    Y(file_getattr, 0, sys(SYS_file_getattr, dir, path, &some_attributes, sizeof some_attributes, 0))              \
    X(mount, 0, sys(SYS_mount, "none", path, "tmpfs", 0, 0))                                                       \
    X(acct, 0, sys(SYS_acct, path))                                                                                \
    X(swapon, 0, sys(SYS_swapon, path, 0))                                                                         \
    X(umount2, 0, sys(SYS_umount2, path, 0))

#define X(name, changes, call)                                                                                     \
    static long make_##name(int dir, const char *path) {                                                           \
        (void)dir;                                                                                                 \
        return call;                                                                                               \
    }
#define Y(name, changes, call)                                                                                     \
    static long make_##name(int dir, const char *path) { return call; }
PATH_CALLS
#undef X
#undef Y

static const struct path_call path_calls[] = {
#define X(name, changes, call) {#name, make_##name, false, changes},
#define Y(name, changes, call) {#name, make_##name, true, changes},
    PATH_CALLS
#undef X
#undef Y
};

// Removes everything in the directory `fd`.
static void clear(int fd) {
    DIR *dir = fdopendir(dup(fd));
    if (!dir)
        die("list a directory to clear it");
    rewinddir(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        if (!unlinkat(fd, e->d_name, 0))
            continue;
        fchmodat(fd, e->d_name, 0700, 0);
        int sub = openat(fd, e->d_name, O_RDONLY | O_DIRECTORY);
        if (sub < 0)
            die("open %s to clear it", e->d_name);
        clear(sub);
        close(sub);
        if (unlinkat(fd, e->d_name, AT_REMOVEDIR))
            die("remove %s", e->d_name);
    }
    closedir(dir);
}

static void make_kinds(void) {
    mkfile("file", "text");
    mkfile("other", "other text");
    mkdirs("dir");
    mkfile("dir/inner", "inner");
    mkdirs("dir/sub");
    mkdirs("empty");
    if (mkfifo("fifo", 0644))
        die("mkfifo");
    close(fifo_fd);
    fifo_fd = open("fifo", O_RDWR | O_CLOEXEC);
    struct sockaddr_un a = {AF_UNIX, "socket"};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&a, sizeof a))
        die("bind");
    close(fd);
    ln("file", "link");
    ln("dir", "to_dir");
    ln(A("file"), "absolute");
    ln("nowhere", "dangling");
    ln("loop", "loop");
    mkfile("secret", "secret");
    chmod("secret", 0);
    static const struct {
        const char *name;
        mode_t mode;
    } shut[] = {{"closed", 0}, {"nosearch", 0600}, {"nowrite", 0500}};
    for (int i = 0; i < 3; i++) {
        mkdirs(shut[i].name);
        sprintf(some_text, "%s/inner", shut[i].name);
        mkfile(some_text, "x");
        chmod(shut[i].name, shut[i].mode);
    }
}

// The kinds anew, whatever has become of them.
__attribute__((unused)) static void reset(void) {
    if (fchdir(start_fd))
        die("fchdir");
    clear(start_fd);
    make_kinds();
}

// Makes the kinds in the working directory. Call it first.
__attribute__((unused)) static void kinds(void) {
    start_fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    fanotify_fd = (int)syscall(SYS_fanotify_init, FAN_CLASS_NOTIF | FAN_REPORT_DIR_FID | FAN_NONBLOCK | FAN_CLOEXEC, 0);
    if (start_fd < 0 || inotify_fd < 0)
        die("open the start directory");
    make_kinds();
}

// What puts the tree back after a call that changed it; a program may have a tree of its own.
static void (*put_back)(void) = 0;

// Makes every call with `path`; those with a dirfd only, if `dir` is not AT_FDCWD. `label` is printed for the path.
__attribute__((unused)) static void every_labelled(const char *label, int dir, const char *path) {
    for (size_t i = 0; i < sizeof path_calls / sizeof *path_calls; i++) {
        const struct path_call *call = &path_calls[i];
        if (dir != AT_FDCWD && !call->at)
            continue;
        long ret = call->make(dir, path);
        if (ret < 0)
            printf("%s %s = %s\n", label, call->name, errno_name(-ret));
        else
            printf("%s %s = %ld\n", label, call->name, ret);
        if (ret >= 0 && call->changes && put_back)
            put_back();
    }
}

// The same by the relative path and by the absolute one. Where the two print the same, it is printed once.
__attribute__((unused)) static void every(const char *path) {
    for (size_t i = 0; i < sizeof path_calls / sizeof *path_calls; i++) {
        const struct path_call *call = &path_calls[i];
        long ret[2];
        for (int absolute = 0; absolute < 2; absolute++) {
            ret[absolute] = call->make(AT_FDCWD, absolute ? A(path) : path);
            if (ret[absolute] >= 0 && call->changes && put_back)
                put_back();
        }
        printf("\"%s\" %s = %s", path, call->name, ret[0] < 0 ? errno_name(-ret[0]) : "");
        if (ret[0] >= 0)
            printf("%ld", ret[0]);
        if (ret[0] != ret[1] && strcmp(call->name, "symlink_of_it"))
            printf(", absolute %s", errno_name(-ret[1]));
        printf("\n");
    }
}

#endif
