// statx(2): which fields are told for which mask, sync flags, attributes, and that they agree with stat.
#include "paths.h"
#include <sys/sysmacros.h>

static void ask(const char *path, int flags, unsigned mask) {
    struct statx x;
    struct stat st;
    memset(&x, 0xaa, sizeof x);
    long ret = sys(SYS_statx, AT_FDCWD, path, flags, mask, &x);
    printf("%s, flags %#x, mask %#x: %s", path, flags, mask, errno_name(-ret));
    if (!ret && !fstatat(AT_FDCWD, path, &st, flags & AT_SYMLINK_NOFOLLOW))
        printf(", told %#x, mode %s, ino %s, uid %s, size %s, nlink %s, dev %s, mtime %s, spare %d", x.stx_mask & STATX_BASIC_STATS,
               x.stx_mode == st.st_mode ? "same" : "other", x.stx_ino == st.st_ino ? "same" : "other", x.stx_uid == st.st_uid ? "same" : "other",
               (long)x.stx_size == st.st_size ? "same" : "other", x.stx_nlink == st.st_nlink ? "same" : "other",
               makedev(x.stx_dev_major, x.stx_dev_minor) == st.st_dev ? "same" : "other", x.stx_mtime.tv_sec == st.st_mtime ? "same" : "other",
               (int)(&x.__spare3[0])[11]);
    printf("\n");
}

int main(void) {
    kinds();
    static const char *const paths[] = {"file", "dir", "fifo", "socket", "link", "dangling", "secret", "/dev/null", "/proc/self/comm", "missing"};
    static const unsigned masks[] = {0, STATX_TYPE, STATX_BASIC_STATS, STATX_ALL, 0x7fffffff, 0x80000000};
    static const int flags[] = {0, AT_SYMLINK_NOFOLLOW, AT_NO_AUTOMOUNT, AT_STATX_FORCE_SYNC, AT_STATX_DONT_SYNC | AT_SYMLINK_NOFOLLOW, AT_STATX_SYNC_TYPE};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        for (int j = 0; j < 6; j++)
            for (int k = 0; k < 6; k++)
                ask(paths[i], flags[k], masks[j]);
    struct statx a, b;
    int fd = open("file", O_RDONLY);
    t(statx, AT_FDCWD, "file", 0, STATX_BASIC_STATS, &a);
    t(statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &b);
    p(memcmp(&a, &b, sizeof a));
    t(statx, AT_FDCWD, "file", 0, 0x1000, &a);
    p(a.stx_mask & 0x1000 ? 1 : 0);
    t(statx, AT_FDCWD, "file", 0, STATX_ALL, bad_page() - sizeof a + 1);
    t(statx, AT_FDCWD, "file", 0, STATX_ALL, bad_page() - sizeof a);
}
