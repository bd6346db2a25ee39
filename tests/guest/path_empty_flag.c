// AT_EMPTY_PATH in every call that knows it, and in those that do not, on descriptors of every kind.
#include "paths.h"

static void on(const char *label, int fd) {
#define E(call) printf("%s: %s = %s\n", label, #call, ({ long r_ = (call); r_ < 0 ? errno_name(-r_) : "ok"; }))
    E(sys(SYS_newfstatat, fd, "", &some_stat, AT_EMPTY_PATH));
    E(sys(SYS_newfstatat, fd, "", &some_stat, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT));
    E(sys(SYS_newfstatat, fd, 0, &some_stat, AT_EMPTY_PATH));
    E(sys(SYS_newfstatat, fd, "", &some_stat, 0));
    E(sys(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_ALL, some_text));
    E(sys(SYS_statx, fd, 0, AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_ALL, some_text));
    E(sys(SYS_statx, fd, 0, 0, STATX_ALL, some_text));
    E(sys(SYS_faccessat2, fd, "", R_OK, AT_EMPTY_PATH));
    E(sys(SYS_faccessat2, fd, "", X_OK, AT_EMPTY_PATH | AT_EACCESS));
    E(sys(SYS_faccessat2, fd, 0, R_OK, AT_EMPTY_PATH));
    E(sys(SYS_fchmodat2, fd, "", 0700, AT_EMPTY_PATH));
    E(sys(SYS_fchmodat2, fd, "", 0700, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW));
    E(sys(SYS_fchownat, fd, "", -1, getgid(), AT_EMPTY_PATH));
    E(sys(SYS_fchownat, fd, 0, -1, -1, AT_EMPTY_PATH));
    E(sys(SYS_utimensat, fd, "", some_times, AT_EMPTY_PATH));
    E(sys(SYS_utimensat, fd, "", some_times, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW));
    E(sys(SYS_utimensat, fd, 0, some_times, 0));
    E(sys(SYS_utimensat, fd, 0, some_times, AT_EMPTY_PATH));
    E(sys(SYS_utimensat, fd, 0, some_times, AT_SYMLINK_NOFOLLOW));
    E(handle(fd, "", AT_EMPTY_PATH));
    E(handle(fd, 0, AT_EMPTY_PATH));
    E(closed(sys(SYS_open_tree, fd, "", AT_EMPTY_PATH)));
    E(sys(SYS_setxattrat, fd, "", AT_EMPTY_PATH, "user.a", &some_xattr, sizeof some_xattr));
    E(sys(SYS_getxattrat, fd, "", AT_EMPTY_PATH, "user.a", &some_xattr, sizeof some_xattr));
    E(sys(SYS_getxattrat, fd, 0, AT_EMPTY_PATH, "user.a", &some_xattr, sizeof some_xattr));
    E(sys(SYS_listxattrat, fd, "", AT_EMPTY_PATH, some_text, sizeof some_text));
    E(sys(SYS_removexattrat, fd, "", AT_EMPTY_PATH, "user.a"));
    E(sys(SYS_file_getattr, fd, "", &some_attributes, sizeof some_attributes, AT_EMPTY_PATH));
    E(sys(SYS_file_getattr, fd, 0, &some_attributes, sizeof some_attributes, AT_EMPTY_PATH));
    E(sys(SYS_execveat, fd, "", 0, 0, AT_EMPTY_PATH));
    E(sys(SYS_linkat, fd, "", AT_FDCWD, "linked", AT_EMPTY_PATH));
    E(sys(SYS_unlinkat, AT_FDCWD, "linked", 0));
    // No call for a new or a removed name has it.
    E(sys(SYS_linkat, AT_FDCWD, "other", fd, "", AT_EMPTY_PATH));
    E(sys(SYS_unlinkat, fd, "", AT_EMPTY_PATH));
    E(sys(SYS_faccessat, fd, "", F_OK));
    E(sys(SYS_fchmodat, fd, "", 0700));
    E(sys(SYS_readlinkat, fd, "", some_text, 8));
    E(closed(sys(SYS_openat, fd, "", O_RDONLY)));
    E(sys(SYS_fanotify_mark, fanotify_fd, FAN_MARK_ADD, FAN_ATTRIB, fd, ""));
}

int main(void) {
    kinds();
    some_times[0].tv_nsec = some_times[1].tv_nsec = 5;
    on("the working directory", AT_FDCWD);
    on("dir", open("dir", O_RDONLY | O_DIRECTORY));
    on("O_PATH dir", open("dir", O_PATH));
    on("file", open("file", O_RDONLY));
    on("O_PATH file", open("file", O_PATH));
    on("O_PATH link", open("link", O_PATH | O_NOFOLLOW));
    on("O_PATH dangling", open("dangling", O_PATH | O_NOFOLLOW));
    on("O_PATH secret", open("secret", O_PATH));
    on("O_PATH closed", open("closed", O_PATH));
    on("O_PATH fifo", open("fifo", O_PATH));
    on("O_PATH socket", open("socket", O_PATH));
    int pipes[2], gone = open("gone", O_RDWR | O_CREAT, 0600);
    if (pipe(pipes) || unlink("gone"))
        die("prepare");
    on("pipe", pipes[0]);
    on("deleted file", gone);
    mkdirs("gone");
    gone = open("gone", O_RDONLY | O_DIRECTORY);
    rmdir("gone");
    on("deleted dir", gone);
    on("999", 999);
    on("-1", -1);
}
