// A symlink at the end of a path, in every call that names a file: followed, or itself the file.
//
// The links are absolute: a relative one the kernel would follow by itself, and nothing would show who did it.
#include "check.h"
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/xattr.h>

struct xattr_args {
    uint64_t value;
    uint32_t size, flags;
};

static const char *const MADE[] = {"file", "link", "dangling", "nothing", "todir", "loop", "moved", 0};
static const char *const LINKS[] = {"link", "dangling", "todir", "loop", 0};
static char buf[4096];

// A link to a file, to nothing, to a directory and to itself.
static void again(void) {
    for (const char *const *name = MADE; *name; name++)
        if (unlink(*name))
            rmdir(*name);
    chmod("dir", 0755);
    removexattr("dir", "user.x");
    removexattr("dir", "user.y");
    mkfile("file", "x");
    setxattr("file", "user.y", "1", 1, 0);
    ln(A("file"), "link");
    ln(A("nothing"), "dangling");
    ln(A("dir"), "todir");
    ln(A("loop"), "loop");
}

// Not how long a link's text is: it begins with the directory where this runs.
static void show_entry(const char *path) {
    struct stat st;
    if (lstat(path, &st)) {
        printf("  %s: %s\n", path, errno_name(errno));
        return;
    }
    printf("  %s: %s %04o nlink=%ld%s", path, file_type(st.st_mode), st.st_mode & 07777,
           S_ISDIR(st.st_mode) ? 0L : (long)st.st_nlink, st.st_mtime == 2000 ? " from 2000" : "");
    if (S_ISREG(st.st_mode))
        printf(" size=%ld", (long)st.st_size);
    printf("\n");
}

static void after(void) {
    for (const char *const *name = MADE; *name; name++)
        show_entry(*name);
    show_entry("dir");
    for (const char *const *name = (const char *const[]){"file", "dir", 0}; *name; name++)
        printf("  %s: user.x %d user.y %d\n", *name, (int)getxattr(*name, "user.x", 0, 0), (int)getxattr(*name, "user.y", 0, 0));
}

// Makes a call whose argument `path` is each link in turn; `look` is for calls that change nothing.
#define look(name, ...)                                                                                            \
    for (const char *const *links = LINKS; *links; links++) {                                                      \
        const char *path = *links;                                                                                 \
        printf("%s: ", path);                                                                                      \
        tv(name, __VA_ARGS__);                                                                                     \
    }
#define each(name, ...)                                                                                            \
    do {                                                                                                           \
        again();                                                                                                   \
        look(name, __VA_ARGS__) after();                                                                           \
    } while (0)

static void metadata(void) {
    const struct timeval tv[2] = {{1000, 0}, {2000, 0}};
    const struct timespec ts[2] = {{1000, 0}, {2000, 0}};
    const long utim[2] = {1000, 2000};
    each(chmod, path, 0700);
    each(fchmodat, AT_FDCWD, path, 0700);
    each(fchmodat2, AT_FDCWD, path, 0700, 0);
    each(fchmodat2, AT_FDCWD, path, 0700, AT_SYMLINK_NOFOLLOW);
    each(chown, path, getuid(), -1);
    each(lchown, path, getuid(), -1);
    each(fchownat, AT_FDCWD, path, getuid(), -1, 0);
    each(fchownat, AT_FDCWD, path, getuid(), -1, AT_SYMLINK_NOFOLLOW);
    each(utime, path, utim);
    each(utimes, path, tv);
    each(futimesat, AT_FDCWD, path, tv);
    each(utimensat, AT_FDCWD, path, ts, 0);
    each(utimensat, AT_FDCWD, path, ts, AT_SYMLINK_NOFOLLOW);
    each(truncate, path, 100);
}

static void attributes(void) {
    struct xattr_args set = {(uint64_t)(uintptr_t) "abc", 3, 0}, get = {(uint64_t)(uintptr_t)buf, 100, 0};
    uint64_t attr[3] = {0};
    each(setxattr, path, "user.x", "abc", 3, 0);
    each(lsetxattr, path, "user.x", "abc", 3, 0);
    each(setxattrat, AT_FDCWD, path, 0, "user.x", &set, sizeof set);
    each(setxattrat, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, "user.x", &set, sizeof set);
    each(removexattr, path, "user.y");
    each(lremovexattr, path, "user.y");
    each(removexattrat, AT_FDCWD, path, 0, "user.y");
    each(removexattrat, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, "user.y");
    again();
    look(getxattr, path, "user.y", buf, 100);
    look(lgetxattr, path, "user.y", buf, 100);
    look(getxattrat, AT_FDCWD, path, 0, "user.y", &get, sizeof get);
    look(getxattrat, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, "user.y", &get, sizeof get);
    look(listxattr, path, buf, 100);
    look(llistxattr, path, buf, 100);
    look(listxattrat, AT_FDCWD, path, 0, buf, 100);
    look(listxattrat, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, buf, 100);
    look(file_getattr, AT_FDCWD, path, attr, sizeof attr, 0);
    look(file_getattr, AT_FDCWD, path, attr, sizeof attr, AT_SYMLINK_NOFOLLOW);
    look(file_setattr, AT_FDCWD, path, attr, sizeof attr, 0);
    look(file_setattr, AT_FDCWD, path, attr, sizeof attr, AT_SYMLINK_NOFOLLOW);
}

static void looks(void) {
    struct stat st;
    again();
    look(stat, path, &st);
    look(lstat, path, &st);
    look(newfstatat, AT_FDCWD, path, &st, 0);
    look(newfstatat, AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW);
    look(statx, AT_FDCWD, path, 0, STATX_BASIC_STATS, buf);
    look(statx, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, buf);
    look(statfs, path, buf);
    look(access, path, X_OK);
    look(faccessat, AT_FDCWD, path, X_OK);
    look(faccessat2, AT_FDCWD, path, X_OK, 0);
    look(faccessat2, AT_FDCWD, path, X_OK, AT_SYMLINK_NOFOLLOW);
    look(readlink, path, buf, 10);
    look(readlinkat, AT_FDCWD, path, buf, 10);
    look(chroot, path);
    look(mount, "none", path, "tmpfs", 0, 0);
    look(umount2, path, 0);
    look(umount2, path, UMOUNT_NOFOLLOW);
    int watch = inotify_init1(IN_CLOEXEC);
    look(inotify_add_watch, watch, path, IN_OPEN);
    look(inotify_add_watch, watch, path, IN_OPEN | IN_DONT_FOLLOW);
    for (const char *const *path = LINKS; *path; path++) {
        tv(chdir, *path);
        if (chdir(start_dir))
            die("chdir");
    }
}

static void opens(void) {
    struct {
        uint64_t flags, mode, resolve;
    } how = {O_RDONLY, 0, 0};
    again();
    look(open, path, O_RDONLY);
    look(open, path, O_RDONLY | O_NOFOLLOW);
    look(open, path, O_PATH | O_NOFOLLOW);
    look(openat, AT_FDCWD, path, O_RDONLY);
    look(openat, AT_FDCWD, path, O_RDONLY | O_NOFOLLOW);
    look(openat2, AT_FDCWD, path, &how, sizeof how);
    how.flags |= O_NOFOLLOW;
    look(openat2, AT_FDCWD, path, &how, sizeof how);
    each(open, path, O_WRONLY | O_CREAT, 0600);
    each(open, path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    each(openat, AT_FDCWD, path, O_WRONLY | O_CREAT, 0600);
    each(openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_NOFOLLOW, 0600);
    each(creat, path, 0600);
}

static void entries(void) {
    each(mkdir, path, 0700);
    each(mkdirat, AT_FDCWD, path, 0700);
    each(mknod, path, S_IFREG | 0600, 0);
    each(mknodat, AT_FDCWD, path, S_IFREG | 0600, 0);
    each(symlink, "text", path);
    each(symlinkat, "text", AT_FDCWD, path);
    each(link, "file", path);
    each(linkat, AT_FDCWD, "file", AT_FDCWD, path, 0);
    each(rename, "file", path);
    each(rename, path, "moved");
    each(renameat, AT_FDCWD, path, AT_FDCWD, "moved");
    each(renameat2, AT_FDCWD, path, AT_FDCWD, "moved", 1);
    each(rmdir, path);
    each(unlink, path);
    each(unlinkat, AT_FDCWD, path, 0);
    each(unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
    again();
    t(link, "link", "moved");
    after();
    again();
    t(linkat, AT_FDCWD, "link", AT_FDCWD, "moved", AT_SYMLINK_FOLLOW);
    after();
}

int main(void) {
    mkdirs("dir");
    metadata();
    attributes();
    looks();
    opens();
    entries();
    return 0;
}
