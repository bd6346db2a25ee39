// openat2(2): sizes of struct open_how and every field that may be wrong, and in which order.
#include "paths.h"

static void with(const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
    struct open_how how = {flags, mode, resolve};
    long fd = sys(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
    printf("%s, flags %#llx, mode %#llx, resolve %#llx: %s\n", path, (unsigned long long)flags, (unsigned long long)mode,
           (unsigned long long)resolve, fd < 0 ? errno_name(-fd) : "ok");
    if (fd >= 0)
        close((int)fd);
}

int main(void) {
    kinds();
    struct {
        struct open_how how;
        char more[8192];
    } big = {{O_RDONLY}};
    for (size_t size = 0; size <= 40; size += 4)
        printf("size %zu: %s\n", size, errno_name(-closed(sys(SYS_openat2, AT_FDCWD, "file", &big, size))));
    static const size_t sizes[] = {4095, 4096, 4097, 8192, (size_t)-1};
    for (int i = 0; i < 5; i++)
        printf("size %zu: %s\n", sizes[i], errno_name(-closed(sys(SYS_openat2, AT_FDCWD, "file", &big, sizes[i]))));
    big.more[7] = 1;
    printf("a later byte: %s\n", errno_name(-closed(sys(SYS_openat2, AT_FDCWD, "file", &big, 31))));
    printf("a later byte: %s\n", errno_name(-closed(sys(SYS_openat2, AT_FDCWD, "file", &big, 32))));
    printf("a later byte: %s\n", errno_name(-closed(sys(SYS_openat2, AT_FDCWD, "missing", &big, 32))));
    char *end = bad_page();
    memcpy(end - 24, &(struct open_how){0}, 24);
    printf("at a page's end: %s\n", errno_name(-closed(sys(SYS_openat2, AT_FDCWD, "file", end - 24, 24))));
    printf("over a page's end: %s\n", errno_name(-closed(sys(SYS_openat2, AT_FDCWD, "file", end - 24, 32))));
    printf("over a page's end: %s\n", errno_name(-closed(sys(SYS_openat2, AT_FDCWD, "file", end - 16, 24))));
    static const char *const paths[] = {"file", "missing", "dir", "link"};
    for (int i = 0; i < 4; i++) {
        with(paths[i], O_RDONLY, 0600, 0);
        with(paths[i], O_RDONLY | O_CREAT | O_EXCL, 010000, 0);
        with(paths[i], O_RDWR | O_TMPFILE, 0600, 0);
        with(paths[i], O_RDONLY | O_TMPFILE, 0600, 0);
        with(paths[i], O_PATH | O_RDWR, 0, 0);
        with(paths[i], O_PATH | O_CREAT, 0600, 0);
        with(paths[i], O_PATH | O_NOFOLLOW | O_CLOEXEC, 0, 0);
        with(paths[i], O_PATH | O_NONBLOCK, 0, 0);
        with(paths[i], O_CREAT | O_DIRECTORY, 0600, 0);
        with(paths[i], 1ull << 31, 0, 0);
        with(paths[i], 1ull << 32, 0, 0);
        with(paths[i], 1ull << 63, 0, 0);
        with(paths[i], 0100000, 0, 0);
        with(paths[i], O_WRONLY | O_RDWR, 0, 0);
        with(paths[i], O_RDONLY, 0, 0x40);
        with(paths[i], O_RDONLY, 0, 1ull << 40);
        with(paths[i], O_RDONLY, 0, RESOLVE_BENEATH | RESOLVE_IN_ROOT);
        with(paths[i], O_RDONLY, 1ull << 40, 0);
        with(paths[i], O_CREAT | O_RDWR, 0, RESOLVE_CACHED);
        with(paths[i], O_TRUNC | O_RDWR, 0, RESOLVE_CACHED);
        with(paths[i], O_RDWR | O_TMPFILE, 0600, RESOLVE_CACHED);
        with(paths[i], O_RDONLY, 0, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_BENEATH | RESOLVE_NO_XDEV);
    }
}
