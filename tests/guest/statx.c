// statx(2), compared with stat(2) field by field.
#include "check.h"

static struct statx sx;

static void same(const char *path, int nofollow) {
    struct stat st;
    if (fstatat(AT_FDCWD, path, &st, nofollow ? AT_SYMLINK_NOFOLLOW : 0))
        die("fstatat %s", path);
    p(sx.stx_ino == st.st_ino);
    p(sx.stx_mode == st.st_mode);
    p(sx.stx_nlink == st.st_nlink);
    p(sx.stx_uid == st.st_uid && sx.stx_gid == st.st_gid);
    p(sx.stx_size == (uint64_t)st.st_size);
    p(sx.stx_blocks == (uint64_t)st.st_blocks);
    p(sx.stx_mtime.tv_sec == st.st_mtim.tv_sec && sx.stx_mtime.tv_nsec == st.st_mtim.tv_nsec);
    p(((uint64_t)sx.stx_dev_major << 8 | sx.stx_dev_minor) == st.st_dev);
    p((sx.stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS);
}

int main(void) {
    mkfile("file", "twelve bytes");
    mkdirs("dir");
    mkfile("dir/inner", "x");
    ln("file", "link");
    ln("loop", "loop");
    mkdirs("closed");
    mkfile("closed/x", "");
    chmod("closed", 0);
    int dir = open("dir", O_RDONLY | O_DIRECTORY), file = open("file", O_RDONLY);

    t(statx, AT_FDCWD, "file", 0, STATX_BASIC_STATS, &sx);
    same("file", 0);
    t(statx, AT_FDCWD, A("file"), 0, STATX_BASIC_STATS, &sx);
    same("file", 0);
    t(statx, AT_FDCWD, "link", AT_SYMLINK_NOFOLLOW, STATX_ALL, &sx);
    same("link", 1);
    t(statx, AT_FDCWD, A("link"), 0, STATX_BASIC_STATS | STATX_BTIME, &sx);
    same("file", 0);
    p((sx.stx_mask & STATX_BTIME) != 0);
    t(statx, dir, "inner", AT_STATX_FORCE_SYNC, STATX_SIZE, &sx);
    same("dir/inner", 0);
    t(statx, dir, "inner", AT_STATX_DONT_SYNC, 0, &sx);
    t(statx, dir, "inner", AT_STATX_SYNC_TYPE, 0, &sx);
    t(statx, dir, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &sx);
    same("dir", 0);
    t(statx, file, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &sx);
    same("file", 0);
    t(statx, file, 0, AT_EMPTY_PATH, STATX_BASIC_STATS, &sx);
    t(statx, AT_FDCWD, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &sx);
    same(".", 0);

    t(statx, AT_FDCWD, "missing", 0, STATX_BASIC_STATS, &sx);
    t(statx, AT_FDCWD, A("missing"), 0, STATX_BASIC_STATS, &sx);
    t(statx, AT_FDCWD, "", 0, STATX_BASIC_STATS, &sx);
    t(statx, AT_FDCWD, "file/x", 0, STATX_BASIC_STATS, &sx);
    t(statx, AT_FDCWD, "file/", 0, STATX_BASIC_STATS, &sx);
    t(statx, AT_FDCWD, "loop", 0, STATX_BASIC_STATS, &sx);
    t(statx, AT_FDCWD, "closed/x", 0, STATX_BASIC_STATS, &sx);
    t(statx, 999, "file", 0, STATX_BASIC_STATS, &sx);
    t(statx, 999, A("file"), 0, STATX_BASIC_STATS, &sx);
    t(statx, 999, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &sx);
    t(statx, file, "x", 0, STATX_BASIC_STATS, &sx);
    t(statx, AT_FDCWD, "file", 0x4000000, STATX_BASIC_STATS, &sx);
    t(statx, AT_FDCWD, "file", 0, 0x80000000u, &sx);
    t(statx, AT_FDCWD, 0, 0, STATX_BASIC_STATS, &sx);
    t(statx, AT_FDCWD, "file", 0, STATX_BASIC_STATS, 0);
    t(statx, AT_FDCWD, "file", 0, STATX_BASIC_STATS, bad_page());
    t(statx, AT_FDCWD, "missing", 0, STATX_BASIC_STATS, 0);
    chmod("closed", 0700);
}
