// openat2(2): struct sizes, and every RESOLVE_ flag with the errno it gives.
#include "check.h"
#include <linux/openat2.h>

static struct open_how how;

static void try(int dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve, const char *text) {
    how = (struct open_how){.flags = flags, .mode = mode, .resolve = resolve};
    long fd;
    // A rename anywhere on the machine may make the kernel give up on a `..`; openat2(2) says to try again.
    do
        fd = sys(SYS_openat2, dirfd, path, &how, sizeof how);
    while (fd == -EAGAIN && !(resolve & RESOLVE_CACHED));
    show(text, fd, AS_OK);
    if (fd >= 0)
        close((int)fd);
}
#define TRY(dirfd, path, flags, mode, resolve) try(dirfd, path, flags, mode, resolve, "openat2(" #dirfd ", " #path ", " #flags ", " #mode ", " #resolve ")")

int main(void) {
    mkdirs("dir");
    mkdirs("dir/sub");
    mkfile("dir/file", "in dir");
    mkfile("file", "outside");
    ln("file", "dir/to_file");
    ln("../file", "dir/up");
    ln("/file", "dir/root_file");
    ln(A("file"), "dir/absolute");
    ln("/proc/self/exe", "dir/magic");
    ln("sub", "dir/to_sub");
    ln("loop", "dir/loop");
    int d = open("dir", O_PATH | O_DIRECTORY);

    TRY(AT_FDCWD, "file", O_RDONLY, 0, 0);
    TRY(AT_FDCWD, A("file"), O_RDONLY, 0, 0);
    TRY(AT_FDCWD, "missing", O_RDONLY, 0, 0);
    TRY(AT_FDCWD, "", O_RDONLY, 0, 0);
    TRY(AT_FDCWD, 0, O_RDONLY, 0, 0);
    TRY(999, "file", O_RDONLY, 0, 0);
    TRY(999, A("file"), O_RDONLY, 0, 0);
    TRY(d, "file", O_RDONLY, 0, 0);
    TRY(d, "../file", O_RDONLY, 0, 0);
    TRY(AT_FDCWD, "new", O_RDWR | O_CREAT, 0640, 0);
    TRY(AT_FDCWD, A("new2"), O_RDWR | O_CREAT | O_EXCL, 0600, 0);
    show_path("new");
    show_path("new2");

    // What open(2) ignores, openat2(2) refuses.
    TRY(AT_FDCWD, "file", O_RDONLY, 0600, 0);
    TRY(AT_FDCWD, "file", O_RDONLY | 0x10000000, 0, 0);
    TRY(AT_FDCWD, "file", 1ull << 40, 0, 0);
    TRY(AT_FDCWD, "new3", O_RDWR | O_CREAT, 010600, 0);
    TRY(AT_FDCWD, "file", O_RDONLY, 0, 0x1000);
    TRY(AT_FDCWD, "file", O_PATH | O_RDWR, 0, 0);
    TRY(AT_FDCWD, "file", O_PATH | O_TRUNC, 0, 0);
    TRY(AT_FDCWD, "dir", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0, 0);
    TRY(d, "file", O_RDONLY, 0, RESOLVE_BENEATH | RESOLVE_IN_ROOT);

    TRY(d, "file", O_RDONLY, 0, RESOLVE_NO_SYMLINKS);
    TRY(d, "to_file", O_RDONLY, 0, RESOLVE_NO_SYMLINKS);
    TRY(d, "to_sub/x", O_RDONLY, 0, RESOLVE_NO_SYMLINKS);
    TRY(d, "to_file", O_PATH | O_NOFOLLOW, 0, RESOLVE_NO_SYMLINKS);
    TRY(d, "to_file", O_RDONLY | O_NOFOLLOW, 0, 0);
    TRY(d, "up", O_RDONLY, 0, RESOLVE_NO_SYMLINKS);
    TRY(d, "loop", O_RDONLY, 0, 0);
    TRY(AT_FDCWD, A("dir/up"), O_RDONLY, 0, RESOLVE_NO_SYMLINKS);

    TRY(d, "magic", O_RDONLY, 0, 0);
    TRY(d, "magic", O_RDONLY, 0, RESOLVE_NO_MAGICLINKS);
    TRY(d, "magic", O_RDONLY, 0, RESOLVE_NO_SYMLINKS);
    TRY(AT_FDCWD, "/proc/self/exe", O_RDONLY, 0, RESOLVE_NO_MAGICLINKS);
    TRY(AT_FDCWD, "/proc/self/exe", O_PATH | O_NOFOLLOW, 0, RESOLVE_NO_MAGICLINKS);
    TRY(AT_FDCWD, "/proc/self/cwd/file", O_RDONLY, 0, 0);
    TRY(AT_FDCWD, "/proc/self/cwd/file", O_RDONLY, 0, RESOLVE_NO_MAGICLINKS);
    TRY(AT_FDCWD, "/proc/self/status", O_RDONLY, 0, RESOLVE_NO_MAGICLINKS);
    TRY(AT_FDCWD, "/proc/self/status", O_RDONLY, 0, RESOLVE_NO_SYMLINKS);

    TRY(d, "file", O_RDONLY, 0, RESOLVE_BENEATH);
    TRY(d, "sub/../file", O_RDONLY, 0, RESOLVE_BENEATH);
    TRY(d, "../dir/file", O_RDONLY, 0, RESOLVE_BENEATH);
    TRY(d, "up", O_RDONLY, 0, RESOLVE_BENEATH);
    TRY(d, "absolute", O_RDONLY, 0, RESOLVE_BENEATH);
    TRY(d, A("dir/file"), O_RDONLY, 0, RESOLVE_BENEATH);
    TRY(d, "magic", O_RDONLY, 0, RESOLVE_BENEATH);
    TRY(d, "missing", O_RDONLY, 0, RESOLVE_BENEATH);
    // What is to be no file is not looked at.
    TRY(d, "up/", O_RDWR | O_CREAT, 0600, RESOLVE_BENEATH);
    TRY(d, "absolute//", O_RDWR | O_CREAT, 0600, RESOLVE_BENEATH);
    TRY(d, "up/file/", O_RDWR | O_CREAT, 0600, RESOLVE_BENEATH);
    TRY(d, "sub/../../x/", O_RDWR | O_CREAT, 0600, RESOLVE_BENEATH);
    TRY(d, "..", O_RDONLY, 0, RESOLVE_BENEATH);
    TRY(d, ".", O_RDONLY, 0, RESOLVE_BENEATH);
    TRY(d, "sub/..", O_RDONLY, 0, RESOLVE_BENEATH);
    TRY(d, "to_sub/..", O_RDONLY, 0, RESOLVE_BENEATH);
    TRY(d, "new", O_RDWR | O_CREAT, 0600, RESOLVE_BENEATH);
    TRY(d, "../new4", O_RDWR | O_CREAT, 0600, RESOLVE_BENEATH);

    TRY(d, "/file", O_RDONLY, 0, RESOLVE_IN_ROOT);
    TRY(d, "root_file", O_RDONLY, 0, RESOLVE_IN_ROOT);
    TRY(d, "root_file", O_RDONLY, 0, 0);
    TRY(d, "../../../file", O_RDONLY, 0, RESOLVE_IN_ROOT);
    TRY(d, "up", O_RDONLY, 0, RESOLVE_IN_ROOT);
    TRY(d, "absolute", O_RDONLY, 0, RESOLVE_IN_ROOT);
    TRY(d, "magic", O_RDONLY, 0, RESOLVE_IN_ROOT);
    TRY(d, "/..", O_RDONLY, 0, RESOLVE_IN_ROOT);
    TRY(d, "/", O_RDONLY, 0, RESOLVE_IN_ROOT);
    TRY(d, "loop", O_RDONLY, 0, RESOLVE_IN_ROOT);
    TRY(d, "/made", O_RDWR | O_CREAT, 0600, RESOLVE_IN_ROOT);
    TRY(AT_FDCWD, "/file", O_RDONLY, 0, RESOLVE_IN_ROOT);
    TRY(AT_FDCWD, "/dir/up", O_RDONLY, 0, RESOLVE_IN_ROOT);
    list("dir");

    TRY(AT_FDCWD, "file", O_RDONLY, 0, RESOLVE_NO_XDEV);
    TRY(AT_FDCWD, "dir/up", O_RDONLY, 0, RESOLVE_NO_XDEV);
    TRY(AT_FDCWD, "dir/sub/..", O_RDONLY, 0, RESOLVE_NO_XDEV);
    TRY(AT_FDCWD, "/proc/self/status", O_RDONLY, 0, RESOLVE_NO_XDEV);

    TRY(AT_FDCWD, "file", O_RDWR | O_CREAT, 0600, RESOLVE_CACHED);
    TRY(AT_FDCWD, "file", O_RDWR | O_TRUNC, 0, RESOLVE_CACHED);

    // The size of the structure.
    struct {
        struct open_how how;
        uint64_t more;
    } big = {{.flags = O_RDONLY}, 0};
    t(openat2, AT_FDCWD, "file", &big, 0);
    t(openat2, AT_FDCWD, "file", &big, 8);
    t(openat2, AT_FDCWD, "file", &big, 23);
    tv(openat2, AT_FDCWD, "file", &big, sizeof big);
    tv(openat2, AT_FDCWD, A("file"), &big, sizeof big);
    big.more = 1;
    t(openat2, AT_FDCWD, "file", &big, sizeof big);
    t(openat2, AT_FDCWD, "file", &big, 5000);
    t(openat2, AT_FDCWD, "file", 0, sizeof how);
    t(openat2, AT_FDCWD, "file", bad_page(), sizeof how);
    how = (struct open_how){.flags = O_RDONLY};
    t(openat2, AT_FDCWD, 0, &how, sizeof how);

    // The caller's structure is not written to.
    how = (struct open_how){.flags = O_RDONLY, .resolve = RESOLVE_NO_MAGICLINKS};
    tv(openat2, AT_FDCWD, A("dir/up"), &how, sizeof how);
    p(how.flags);
    p(how.mode);
    p(how.resolve);
}
