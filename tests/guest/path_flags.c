// Bits that a call does not know, bits that do not go together, and which of the faults of a call is told.
#include "paths.h"

int main(void) {
    kinds();
    // Each bit of a flags argument, on a path that is there and on one that is not.
    for (int bit = 0; bit < 32; bit++) {
        static const char *const paths[] = {"file", "missing"};
        for (int i = 0; i < 2; i++) {
            const char *path = paths[i];
            int flags = 1u << bit;
            char line[256];
#define F(call) printf("bit %d, %s: %s = %s\n", bit, path, #call, ({ long r_ = (call); r_ < 0 ? errno_name(-r_) : "ok"; }))
            F(sys(SYS_newfstatat, AT_FDCWD, path, &some_stat, flags));
            F(sys(SYS_statx, AT_FDCWD, path, flags, STATX_ALL, some_text));
            F(sys(SYS_faccessat2, AT_FDCWD, path, F_OK, flags));
            F(sys(SYS_fchmodat2, AT_FDCWD, path, 0600, flags));
            F(sys(SYS_fchownat, AT_FDCWD, path, -1, -1, flags));
            F(sys(SYS_utimensat, AT_FDCWD, path, some_times, flags));
            F(handle(AT_FDCWD, path, flags));
            F(sys(SYS_execveat, AT_FDCWD, path, 0, 0, flags));
            F(sys(SYS_getxattrat, AT_FDCWD, path, flags, "user.a", &some_xattr, sizeof some_xattr));
            F(sys(SYS_setxattrat, AT_FDCWD, path, flags, "user.a", &some_xattr, sizeof some_xattr));
            F(sys(SYS_listxattrat, AT_FDCWD, path, flags, some_text, 100));
            F(sys(SYS_removexattrat, AT_FDCWD, path, flags, "user.b"));
            F(sys(SYS_file_getattr, AT_FDCWD, path, &some_attributes, sizeof some_attributes, flags));
            F(sys(SYS_unlinkat, AT_FDCWD, "missing", flags));
            F(sys(SYS_linkat, AT_FDCWD, "missing", AT_FDCWD, path, flags));
            F(sys(SYS_renameat2, AT_FDCWD, "missing", AT_FDCWD, path, flags));
            F(sys(SYS_umount2, path, flags));
            F(sys(SYS_faccessat2, AT_FDCWD, path, flags, 0));
            F(sys(SYS_statx, AT_FDCWD, path, 0, flags, some_text));
            // OPEN_TREE_CLONE asks for a privilege.
            F(closed(sys(SYS_open_tree, AT_FDCWD, path, flags)));
            F(how(AT_FDCWD, path, 0, 1ull << bit));
            if (bit != 13)
                F(how(AT_FDCWD, path, flags & ~O_TRUNC, 0));
            F(how(AT_FDCWD, path, 1ull << (bit + 32), 0));
            F(sys(SYS_setxattr, path, "user.b", "", 0, flags));
            sys(SYS_removexattr, "file", "user.b");
        }
    }
    // A fault in the flags and one in the path, in the descriptor, or in another pointer.
#undef F
#define F(call) printf("%s = %s\n", #call, ({ long r_ = (call); r_ < 0 ? errno_name(-r_) : "ok"; }))
    char *bad = bad_page();
    F(sys(SYS_newfstatat, 999, "file", &some_stat, 1));
    F(sys(SYS_newfstatat, AT_FDCWD, bad, &some_stat, 1));
    F(sys(SYS_newfstatat, AT_FDCWD, "missing", bad, 0));
    F(sys(SYS_newfstatat, 999, "", bad, 0));
    F(sys(SYS_statx, AT_FDCWD, bad, 1, STATX_ALL, some_text));
    F(sys(SYS_statx, AT_FDCWD, bad, AT_STATX_SYNC_TYPE, STATX_ALL, some_text));
    F(sys(SYS_statx, AT_FDCWD, "missing", 0, 0x80000000, bad));
    F(sys(SYS_faccessat2, AT_FDCWD, bad, 8, 0));
    F(sys(SYS_faccessat2, 999, "file", 8, 0));
    F(sys(SYS_fchmodat2, AT_FDCWD, bad, 0600, 1));
    F(sys(SYS_fchownat, AT_FDCWD, bad, -1, -1, 1));
    F(sys(SYS_utimensat, AT_FDCWD, bad, some_times, 1));
    F(sys(SYS_utimensat, AT_FDCWD, bad, bad, 0));
    F(sys(SYS_utimensat, AT_FDCWD, "missing", bad, 0));
    F(sys(SYS_utimensat, 999, 0, some_times, 1));
    F(sys(SYS_utimes, bad, bad));
    F(sys(SYS_utimes, "missing", bad));
    F(sys(SYS_utime, "missing", bad));
    F(sys(SYS_futimesat, 999, 0, bad));
    F(sys(SYS_unlinkat, AT_FDCWD, bad, 1));
    F(sys(SYS_unlinkat, 999, "x", 1));
    F(sys(SYS_linkat, 999, "x", 998, "y", 1));
    F(sys(SYS_linkat, AT_FDCWD, "missing", 999, "y", 0));
    F(sys(SYS_linkat, AT_FDCWD, "missing", AT_FDCWD, bad, 0));
    F(sys(SYS_linkat, AT_FDCWD, bad, AT_FDCWD, "missing/y", 0));
    F(sys(SYS_linkat, AT_FDCWD, "file", AT_FDCWD, "other", 1));
    F(sys(SYS_linkat, AT_FDCWD, "missing", AT_FDCWD, "other", 0));
    F(sys(SYS_linkat, AT_FDCWD, "file", AT_FDCWD, "missing/y", 0));
    F(sys(SYS_linkat, AT_FDCWD, "missing", AT_FDCWD, "missing/y", 0));
    F(sys(SYS_linkat, AT_FDCWD, "loop/x", AT_FDCWD, "missing/y", 0));
    F(sys(SYS_renameat2, 999, "x", AT_FDCWD, bad, 8));
    F(sys(SYS_renameat2, 999, "x", AT_FDCWD, bad, 0));
    F(sys(SYS_renameat2, AT_FDCWD, bad, 999, "x", 0));
    F(sys(SYS_rename, "missing", bad));
    F(sys(SYS_rename, bad, "missing/x"));
    F(sys(SYS_rename, "missing/x", "file/x"));
    F(sys(SYS_rename, "file/x", "missing/x"));
    F(sys(SYS_rename, "loop/x", "missing/x"));
    F(sys(SYS_rename, "missing", "loop/x"));
    F(sys(SYS_rename, "missing", ""));
    F(sys(SYS_rename, "", "missing/x"));
    F(sys(SYS_renameat2, AT_FDCWD, "missing", AT_FDCWD, "file", RENAME_NOREPLACE));
    F(sys(SYS_renameat2, AT_FDCWD, "missing", AT_FDCWD, "gone", RENAME_EXCHANGE));
    F(sys(SYS_symlink, bad, "missing/x"));
    F(sys(SYS_symlink, "", "file"));
    F(sys(SYS_symlink, "", "missing/x"));
    F(sys(SYS_symlink, "x", bad));
    F(sys(SYS_symlink, bad, bad));
    F(sys(SYS_mknod, "file", 0150000, 0));
    F(sys(SYS_mknod, "missing/x", 0150000, 0));
    F(sys(SYS_mknod, bad, 0150000, 0));
    F(sys(SYS_mknod, "x", S_IFDIR | 0700, 0));
    F(sys(SYS_mknod, "file", S_IFDIR | 0700, 0));
    F(sys(SYS_mknod, "file", S_IFCHR | 0700, 0));
    F(sys(SYS_mknod, "x", S_IFBLK | 0700, 0));
    F(sys(SYS_mknod, "missing/x", S_IFBLK | 0700, 0));
    F(sys(SYS_readlink, "missing", some_text, 0));
    F(sys(SYS_readlink, "missing", some_text, -1));
    F(sys(SYS_readlink, "file", bad, 5));
    F(sys(SYS_readlink, "link", bad, 5));
    F(sys(SYS_readlinkat, 999, "x", bad, 0));
    F(sys(SYS_truncate, "missing", -1));
    F(sys(SYS_truncate, bad, -1));
    F(sys(SYS_truncate, "dir", -1));
    F(sys(SYS_statfs, "missing", bad));
    F(sys(SYS_statfs, bad, bad));
    F(sys(SYS_setxattr, "missing", bad, "", 0, 0));
    F(sys(SYS_setxattr, "missing", "", "", 0, 0));
    F(sys(SYS_setxattr, "missing", "user.x", bad, 5, 0));
    F(sys(SYS_setxattr, "missing", "user.x", "", 1 << 20, 0));
    F(sys(SYS_setxattr, bad, bad, bad, 5, 99));
    F(sys(SYS_setxattr, "file", "none.x", "", 0, 0));
    F(sys(SYS_setxattr, "missing", "none.x", "", 0, 0));
    F(sys(SYS_setxattr, "file", "trusted.x", "", 0, 0));
    F(sys(SYS_getxattr, "missing", bad, 0, 0));
    F(sys(SYS_getxattr, "missing", "", 0, 0));
    F(sys(SYS_inotify_add_watch, 999, "missing", IN_MODIFY));
    F(sys(SYS_inotify_add_watch, 999, bad, IN_MODIFY));
    F(sys(SYS_inotify_add_watch, inotify_fd, bad, 0));
    F(sys(SYS_inotify_add_watch, start_fd, "missing", IN_MODIFY));
    F(sys(SYS_inotify_add_watch, inotify_fd, "missing", IN_MASK_ADD | IN_MASK_CREATE | IN_MODIFY));
    F(sys(SYS_fanotify_mark, 999, FAN_MARK_ADD, FAN_ATTRIB, AT_FDCWD, "missing"));
    F(sys(SYS_fanotify_mark, fanotify_fd, 0, FAN_ATTRIB, AT_FDCWD, "missing"));
    F(sys(SYS_fanotify_mark, fanotify_fd, FAN_MARK_ADD, 0, AT_FDCWD, bad));
    F(sys(SYS_name_to_handle_at, AT_FDCWD, "missing", bad, bad, 0x4000));
    F(sys(SYS_name_to_handle_at, AT_FDCWD, "missing", bad, bad, 0));
    F(sys(SYS_name_to_handle_at, AT_FDCWD, bad, bad, bad, 0));
    F(sys(SYS_execve, "missing", bad, 0));
    F(sys(SYS_execve, "dir", bad, bad));
    F(sys(SYS_execveat, 999, "x", 0, 0, 1));
    F(sys(SYS_execveat, AT_FDCWD, bad, 0, 0, 1));
    F(sys(SYS_openat2, AT_FDCWD, "missing", bad, 24));
    F(sys(SYS_openat2, AT_FDCWD, bad, bad, 24));
    F(sys(SYS_openat2, AT_FDCWD, bad, bad, 23));
    F(sys(SYS_openat2, 999, "missing", bad, 1 << 20));
    F(sys(SYS_file_getattr, AT_FDCWD, "missing", bad, 3, 0));
    F(sys(SYS_file_getattr, AT_FDCWD, "missing", bad, 1 << 20, 0));
    F(sys(SYS_file_setattr, AT_FDCWD, "missing", bad, sizeof some_attributes, 0));
    F(sys(SYS_file_setattr, AT_FDCWD, "missing", &some_attributes, sizeof some_attributes, 1));
    F(sys(SYS_umount2, bad, 0x100));
    F(sys(SYS_mount, "none", bad, "tmpfs", 0, 0));
    F(sys(SYS_mount, bad, "missing", "tmpfs", 0, 0));
    F(sys(SYS_mount, "none", "missing", bad, 0, 0));
    F(sys(SYS_mount, "none", "missing", "tmpfs", 0, bad));
    F(sys(SYS_mount, 0, "dir", 0, MS_BIND, 0));
    F(sys(SYS_pivot_root, "missing", "missing"));
    F(sys(SYS_chroot, bad));
}
