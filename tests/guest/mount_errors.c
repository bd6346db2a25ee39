// Mount calls of an ordinary user: what is wrong with the arguments comes before the privilege or after it, as each call says.
#include "check.h"
#include <sys/mount.h>

#ifndef SYS_open_tree
#define SYS_open_tree 428
#endif
#ifndef SYS_move_mount
#define SYS_move_mount 429
#define SYS_fsopen 430
#define SYS_fsconfig 431
#define SYS_fsmount 432
#define SYS_fspick 433
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

static char long_path[5000];

int main(void) {
    mkdirs("dir");
    mkfile("file", "x");
    ln("loop", "loop");
    ln("dir", "link");
    ln("missing", "dangling");
    memset(long_path, 'n', sizeof long_path - 1);
    char *bad = bad_page();
    char *dir = strdup(A("dir"));
    unsigned long attr[4] = {0};

    printf("mount\n");
    t(mount, "none", dir, "tmpfs", 0, 0);
    t(mount, "none", A("missing"), "tmpfs", 0, 0);
    t(mount, "none", A("file/x"), "tmpfs", 0, 0);
    t(mount, "none", "file", "tmpfs", 0, 0);
    t(mount, "none", "loop", "tmpfs", 0, 0);
    t(mount, "none", "dangling", "tmpfs", 0, 0);
    t(mount, "none", "", "tmpfs", 0, 0);
    t(mount, "none", 0, "tmpfs", 0, 0);
    t(mount, "none", bad, "tmpfs", 0, 0);
    t(mount, "none", dir, bad, 0, 0);
    t(mount, bad, dir, "tmpfs", 0, 0);
    t(mount, "none", dir, "tmpfs", 0, bad);
    t(mount, 0, dir, 0, 0, 0);
    t(mount, bad, A("missing"), 0, 0, 0);
    t(mount, "none", A("missing"), bad, 0, 0);
    p(sys(SYS_mount, "none", long_path, "tmpfs", 0, 0));
    p(sys(SYS_mount, long_path, dir, "tmpfs", 0, 0));
    p(sys(SYS_mount, "none", dir, long_path, 0, 0));
    t(mount, A("missing"), dir, 0, MS_BIND, 0);
    t(mount, dir, A("missing"), 0, MS_BIND, 0);
    t(mount, dir, dir, 0, MS_BIND | MS_REC, 0);
    t(mount, dir, dir, 0, MS_REMOUNT, 0);
    t(mount, dir, dir, 0, MS_MOVE, 0);
    t(mount, 0, "/", 0, MS_REC | MS_PRIVATE, 0);
    t(mount, 0, "/", 0, MS_PRIVATE | MS_SHARED, 0);
    t(mount, 0, dir, 0, 1UL << 31, 0);
    t(mount, "proc", "/proc", "proc", 0, 0);
    t(mount, "none", "link", "nosuchfs", 0, 0);

    printf("umount\n");
    t(umount2, dir, 0);
    t(umount2, dir, 0x1000);
    t(umount2, A("missing"), 0x1000);
    t(umount2, A("missing"), 0);
    t(umount2, "missing", MNT_DETACH);
    t(umount2, "loop", 0);
    t(umount2, "loop", UMOUNT_NOFOLLOW);
    t(umount2, "dangling", 0);
    t(umount2, "dangling", UMOUNT_NOFOLLOW);
    t(umount2, "link", MNT_EXPIRE | MNT_FORCE);
    t(umount2, "file/x", 0);
    t(umount2, "", 0);
    t(umount2, 0, 0);
    t(umount2, bad, 0);
    t(umount2, "/", 0);
    t(umount2, "/proc", MNT_DETACH);
    p(sys(SYS_umount2, long_path, 0));

    printf("pivot_root\n");
    t(pivot_root, dir, dir);
    t(pivot_root, "missing", "missing");
    t(pivot_root, bad, 0);
    t(pivot_root, ".", ".");

    printf("new calls\n");
    t(fsopen, "tmpfs", 0);
    t(fsopen, bad, 0);
    t(fsopen, "tmpfs", 0x80);
    t(fspick, AT_FDCWD, dir, 0);
    t(fspick, AT_FDCWD, bad, 0x1000);
    t(fsmount, 0, 0, 0);
    t(fsmount, 999, 99, 0);
    t(fsconfig, -1, 0, 0, 0, 0);
    t(fsconfig, 999, 0, "x", 0, 0);
    t(fsconfig, 999, 0, 0, 0, 0);
    t(fsconfig, 0, 0, "x", 0, 0);
    t(fsconfig, 0, 1, "x", "y", 0);
    t(fsconfig, 0, 6, 0, 0, 0);
    t(fsconfig, 0, 99, 0, 0, 0);
    t(fsconfig, 999, 6, 0, 0, 0);
    t(fsconfig, 999, 6, "x", 0, 0);
    t(move_mount, AT_FDCWD, dir, AT_FDCWD, dir, 0);
    t(move_mount, AT_FDCWD, bad, 999, bad, 0xffffff);
    t(mount_setattr, AT_FDCWD, dir, 0, attr, sizeof attr);
    t(mount_setattr, AT_FDCWD, "missing", 0, attr, sizeof attr);
    t(mount_setattr, AT_FDCWD, dir, 0x40000, attr, sizeof attr);
    t(mount_setattr, AT_FDCWD, dir, 0, attr, 8);
    t(mount_setattr, AT_FDCWD, dir, 0, attr, 0);
    t(mount_setattr, AT_FDCWD, dir, 0, attr, 5000);
    t(mount_setattr, AT_FDCWD, bad, 0, bad, sizeof attr);
    t(mount_setattr, 999, dir, 0x8000, attr, sizeof attr);
    t(open_tree, AT_FDCWD, dir, 1);
    t(open_tree, AT_FDCWD, "missing", 1);
    t(open_tree, AT_FDCWD, dir, 0x8001);
    t(open_tree, AT_FDCWD, dir, 0x8000);
    t(open_tree, AT_FDCWD, dir, 0x40);
    tv(open_tree_attr, AT_FDCWD, dir, 0, 0, 0);
    tv(open_tree_attr, AT_FDCWD, "link", 0, 0, 0);
    t(open_tree_attr, AT_FDCWD, A("missing"), 0, 0, 0);
    t(open_tree_attr, AT_FDCWD, dir, 0, 0, 32);
    t(open_tree_attr, AT_FDCWD, A("missing"), 0, attr, 32);
    t(open_tree_attr, AT_FDCWD, dir, 0, attr, 32);
    t(open_tree_attr, AT_FDCWD, dir, 0, attr, 8);
    t(open_tree_attr, AT_FDCWD, dir, 0, attr, 5000);
    t(open_tree_attr, AT_FDCWD, dir, 1, 0, 0);
}
