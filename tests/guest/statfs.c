// statfs(2), fstatfs(2) and ustat's replacement: all views of one file system agree.
#include "check.h"

static struct statfs by_path, by_fd;

static void same(void) {
    printf("  %s\n", by_path.f_type == by_fd.f_type && by_path.f_bsize == by_fd.f_bsize &&
                             by_path.f_blocks == by_fd.f_blocks && by_path.f_namelen == by_fd.f_namelen &&
                             by_path.f_flags == by_fd.f_flags && !memcmp(&by_path.f_fsid, &by_fd.f_fsid, 8)
                         ? "as fstatfs says"
                         : "differs from fstatfs");
}

int main(void) {
    mkfile("file", "x");
    mkdirs("dir");
    ln("file", "link");
    ln("nowhere", "dangling");
    ln("loop", "loop");
    mkdirs("closed");
    mkfile("closed/x", "x");
    int fd = open("file", O_RDONLY);

    t(fstatfs, fd, &by_fd);
    t(statfs, "file", &by_path);
    same();
    t(statfs, A("file"), &by_path);
    same();
    t(statfs, "link", &by_path);
    same();
    t(statfs, A("dir/.."), &by_path);
    same();
    t(statfs, "/proc/self/cwd", &by_path);
    same();
    t(statfs, "/proc", &by_path);
    p(by_path.f_type == 0x9fa0);
    t(statfs, "missing", &by_path);
    t(statfs, A("missing"), &by_path);
    t(statfs, "dangling", &by_path);
    t(statfs, "loop", &by_path);
    t(statfs, "file/x", &by_path);
    t(statfs, "", &by_path);
    t(statfs, 0, &by_path);
    t(statfs, "file", 0);
    t(statfs, "file", bad_page());
    t(fstatfs, 999, &by_fd);
    t(fstatfs, fd, 0);
    int path = open("dir", O_PATH);
    t(fstatfs, path, &by_fd);
    chmod("closed", 0);
    t(statfs, "closed/x", &by_path);
    t(statfs, "closed", &by_path);
    chmod("closed", 0700);
}
