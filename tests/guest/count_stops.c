// Makes one call with a path as often as the second argument says: `count_stops CALL COUNT`. Run by tests/stops.rs.
#include "check.h"
#include <sys/inotify.h>

static struct stat st;
static char buf[4096];
static int dir, other;
static const struct timespec times[2] = {{1000, 0}, {2000, 0}};
static struct {
    uint64_t flags, mode, resolve;
} how = {O_RDONLY, 0, 0};

// One call a line; what a call makes is taken back by others, which are counted for themselves.
#define CALLS(call)                                                                                                \
    call(stat, sys(SYS_stat, "dir/file", &st))                                                                     \
    call(lstat, sys(SYS_lstat, "link", &st))                                                                       \
    call(fstatat, sys(SYS_newfstatat, dir, "file", &st, 0))                                                        \
    call(statx, sys(SYS_statx, AT_FDCWD, A("dir/file"), 0, 0x7ff, buf))                                            \
    call(statfs, sys(SYS_statfs, "dir", buf))                                                                      \
    call(access, sys(SYS_access, "dir/file", R_OK))                                                                \
    call(faccessat2, sys(SYS_faccessat2, AT_FDCWD, "link", R_OK, 0))                                               \
    call(missing, sys(SYS_newfstatat, AT_FDCWD, "no/such/file", &st, 0))                                           \
    call(readlink, sys(SYS_readlink, "link", buf, 100))                                                            \
    call(readlink_exe, sys(SYS_readlink, "/proc/self/exe", buf, 100))                                              \
    call(getcwd, sys(SYS_getcwd, buf, 100))                                                                        \
    call(chdir, sys(SYS_chdir, "."))                                                                               \
    call(chmod, sys(SYS_chmod, "dir/file", 0600))                                                                  \
    call(fchmodat, sys(SYS_fchmodat, dir, "file", 0600))                                                           \
    call(chown, sys(SYS_chown, "dir/file", -1, -1))                                                                \
    call(utimensat, sys(SYS_utimensat, AT_FDCWD, "dir/file", times, 0))                                            \
    call(truncate, sys(SYS_truncate, "dir/file", 1))                                                               \
    call(setxattr, sys(SYS_setxattr, "dir/file", "user.x", "1", 1, 0))                                             \
    call(getxattr, sys(SYS_getxattr, "dir/file", "user.x", buf, 100))                                              \
    call(listxattr, sys(SYS_listxattr, "dir/file", buf, 100))                                                      \
    call(open, close((int)sys(SYS_open, "dir/file", O_RDONLY)))                                                    \
    call(openat, close((int)sys(SYS_openat, dir, "file", O_RDONLY)))                                               \
    call(openat_create, close((int)sys(SYS_openat, AT_FDCWD, "dir/new", O_WRONLY | O_CREAT, 0600)))                \
    call(openat2, close((int)sys(SYS_openat2, AT_FDCWD, "dir/file", &how, sizeof how)))                            \
    call(mkdir, sys(SYS_mkdir, "dir"))                                                                             \
    call(mknod, sys(SYS_mknod, "dir/file", S_IFREG | 0600, 0))                                                     \
    call(symlink, sys(SYS_symlink, "x", "dir/file"))                                                               \
    call(link, sys(SYS_link, "dir/file", "dir/file"))                                                              \
    call(rename, sys(SYS_rename, "dir/file", "dir/file"))                                                          \
    call(renameat2, sys(SYS_renameat2, dir, "file", dir, "file", 0))                                               \
    call(unlink, sys(SYS_unlink, "dir/gone"))                                                                      \
    call(rmdir, sys(SYS_rmdir, "dir/file"))                                                                        \
    call(inotify_add_watch, sys(SYS_inotify_add_watch, other, "dir", IN_OPEN))                                     \
    call(untouched, sys(SYS_getppid))                                                                              \
    call(read, sys(SYS_pread64, dir, buf, 1, 0))                                                                   \
    call(fstat, sys(SYS_fstat, dir, &st))                                                                          \
    call(getdents, (lseek(dir, 0, SEEK_SET), sys(SYS_getdents64, dir, buf, sizeof buf)))

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    mkdirs("dir");
    mkfile("dir/file", "x");
    ln("dir/file", "link");
    dir = open("dir", O_RDONLY | O_DIRECTORY);
    other = inotify_init1(0);
    long count = atol(argv[2]);
#define call(name, expression)                                                                                     \
    if (!strcmp(argv[1], #name)) {                                                                                 \
        for (long i = 0; i < count; i++)                                                                           \
            (void)(expression);                                                                                    \
        return 0;                                                                                                  \
    }
    CALLS(call)
    return 3;
}
