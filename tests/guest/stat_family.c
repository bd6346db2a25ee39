// stat(2), lstat(2), fstat(2) and newfstatat(2).
#include "check.h"

static struct stat st, by_fd;

static void same(const char *what, int fd) {
    if (fstat(fd, &by_fd))
        die("fstat");
    printf("  %s: %s\n", what,
           st.st_dev == by_fd.st_dev && st.st_ino == by_fd.st_ino && st.st_mode == by_fd.st_mode &&
                   st.st_nlink == by_fd.st_nlink && st.st_uid == by_fd.st_uid && st.st_gid == by_fd.st_gid &&
                   st.st_rdev == by_fd.st_rdev && st.st_size == by_fd.st_size &&
                   st.st_blksize == by_fd.st_blksize && st.st_blocks == by_fd.st_blocks &&
                   !memcmp(&st.st_mtim, &by_fd.st_mtim, 16) && !memcmp(&st.st_ctim, &by_fd.st_ctim, 16)
               ? "every field as fstat says"
               : "differs from fstat");
}

int main(void) {
    mkfile("file", "twelve bytes");
    chmod("file", 04751);
    mkdirs("dir");
    ln("file", "link");
    ln("dir", "to_dir");
    ln("loop", "loop");
    mkfifo("fifo", 0620);
    mkdirs("closed");
    mkfile("closed/x", "");
    chmod("closed", 0);
    int dir = open("dir", O_RDONLY | O_DIRECTORY), file = open("file", O_RDONLY);

    t(stat, "file", &st);
    show_stat("file", &st);
    same("stat", file);
    t(stat, A("file"), &st);
    same("stat of the absolute path", file);
    t(stat, "link", &st);
    same("stat of the link", file);
    t(lstat, "link", &st);
    show_stat("link", &st);
    t(lstat, A("link"), &st);
    show_stat("link", &st);
    t(lstat, "to_dir/", &st);
    same("to_dir/", dir);
    t(stat, "fifo", &st);
    show_stat("fifo", &st);
    t(stat, "dir/..", &st);
    show_stat("dir/..", &st);
    t(fstat, file, &st);
    show_stat("file", &st);
    t(fstat, 999, &st);
    t(fstat, file, 0);

    t(stat, "missing", &st);
    t(stat, A("missing"), &st);
    t(stat, "", &st);
    t(stat, "file/", &st);
    t(stat, "file/x", &st);
    t(stat, "loop", &st);
    t(lstat, "loop", &st);
    show_stat("loop", &st);
    t(stat, "closed/x", &st);
    t(stat, "closed/missing", &st);
    t(stat, "closed/..", &st);
    t(stat, "closed", &st);
    t(stat, 0, &st);
    t(stat, "file", 0);
    t(stat, "file", bad_page());
    t(stat, "missing", 0);
    t(lstat, "link", 0);
    t(lstat, "link/x", &st);

    t(newfstatat, AT_FDCWD, "file", &st, 0);
    same("newfstatat", file);
    t(newfstatat, AT_FDCWD, "link", &st, AT_SYMLINK_NOFOLLOW);
    show_stat("link", &st);
    t(newfstatat, dir, "../file", &st, 0);
    same("../file", file);
    t(newfstatat, dir, "missing", &st, 0);
    t(newfstatat, dir, "", &st, 0);
    t(newfstatat, dir, "", &st, AT_EMPTY_PATH);
    same("empty path", dir);
    t(newfstatat, file, "", &st, AT_EMPTY_PATH);
    same("empty path", file);
    t(newfstatat, file, 0, &st, AT_EMPTY_PATH);
    t(newfstatat, AT_FDCWD, "", &st, AT_EMPTY_PATH);
    show_stat("cwd", &st);
    t(newfstatat, file, "x", &st, 0);
    t(newfstatat, file, "file", &st, AT_EMPTY_PATH);
    t(newfstatat, 999, "file", &st, 0);
    t(newfstatat, 999, A("file"), &st, 0);
    t(newfstatat, 999, "", &st, AT_EMPTY_PATH);
    t(newfstatat, AT_FDCWD, "file", &st, AT_NO_AUTOMOUNT);
    t(newfstatat, AT_FDCWD, "file", &st, AT_SYMLINK_FOLLOW);
    t(newfstatat, AT_FDCWD, "file", &st, 0x8000000);

    // A link opened by itself.
    int link = open("link", O_PATH | O_NOFOLLOW);
    t(newfstatat, link, "", &st, AT_EMPTY_PATH);
    show_stat("O_PATH link", &st);
    t(fstat, link, &st);
    show_stat("O_PATH link", &st);

    // The root is its own parent.
    struct stat root, above;
    t(stat, "/", &root);
    t(stat, "/../..", &above);
    p(root.st_ino == above.st_ino && root.st_dev == above.st_dev);
    t(stat, "/dev/null", &st);
    show_stat("/dev/null", &st);
    p(st.st_rdev == 0x103);
    chmod("closed", 0700);
}
