// O_PATH descriptors: what may be done with one, and what gives EBADF.
#include "check.h"
#include <sys/xattr.h>

int main(void) {
    mkdirs("dir");
    mkfile("dir/inner", "inner");
    mkfile("file", "x");
    ln("file", "link");
    ln("nowhere", "dangling");
    mkfile("secret", "secret");
    chmod("secret", 0);
    struct stat st;
    char buffer[64];

    long file = tv(openat, AT_FDCWD, A("file"), O_PATH);
    long dir = tv(openat, AT_FDCWD, "dir", O_PATH | O_DIRECTORY);
    long link = tv(openat, AT_FDCWD, A("link"), O_PATH | O_NOFOLLOW);
    long followed = tv(openat, AT_FDCWD, "link", O_PATH);
    long dangling = tv(openat, AT_FDCWD, "dangling", O_PATH | O_NOFOLLOW);
    long secret = tv(openat, AT_FDCWD, "secret", O_PATH);
    t(openat, AT_FDCWD, "dangling", O_PATH);
    t(openat, AT_FDCWD, "missing", O_PATH);
    t(openat, AT_FDCWD, "link", O_PATH | O_NOFOLLOW | O_DIRECTORY);
    t(openat, AT_FDCWD, "missing", O_PATH | O_CREAT, 0600);
    t(openat, AT_FDCWD, "file/", O_PATH);

    t(fstat, file, &st);
    show_stat("file", &st);
    t(fstat, link, &st);
    show_stat("link", &st);
    t(fstat, followed, &st);
    show_stat("followed", &st);
    t(fstat, dangling, &st);
    show_stat("dangling", &st);
    t(read, file, buffer, 1);
    t(write, file, "x", 1);
    t(lseek, file, 0, SEEK_SET);
    t(fchmod, file, 0600);
    t(fchown, file, getuid(), -1);
    t(ftruncate, file, 0);
    t(ioctl, file, 0x5401, buffer);
    t(fsync, file);
    t(flock, file, 2);
    t(fgetxattr, file, "user.x", buffer, 10);
    t(fsetxattr, file, "user.x", "x", 1, 0);
    t(getdents64, dir, buffer, 64);
    p((long)mmap(0, 4096, PROT_READ, MAP_PRIVATE, file, 0) == -1 ? errno == EBADF : -1);
    t(fcntl, file, F_GETFL);
    p(sys(SYS_fcntl, dir, F_GETFL) & (O_PATH | O_DIRECTORY));
    tv(dup, file);
    t(fcntl, file, F_SETFL, O_NONBLOCK);
    t(fcntl, file, F_GETFD);
    t(fchdir, file);
    t(fchdir, dir);
    p(sys(SYS_newfstatat, AT_FDCWD, "inner", &st, 0));
    t(chdir, A(""));

    topen(dir, "inner", O_RDONLY);
    topen(dir, "../file", O_RDONLY);
    topen(file, "x", O_RDONLY);
    t(readlinkat, link, "", buffer, sizeof buffer);
    t(readlinkat, dangling, "", buffer, sizeof buffer);
    t(readlinkat, file, "", buffer, sizeof buffer);
    t(faccessat2, secret, "", R_OK, AT_EMPTY_PATH);
    t(faccessat2, secret, "", F_OK, AT_EMPTY_PATH);

    // Opened again through /proc, the file's own mode counts, and a link is a link.
    char path[64];
#define AGAIN(fd, flags)                                                                                           \
    do {                                                                                                           \
        snprintf(path, sizeof path, "/proc/self/fd/%ld", fd);                                                      \
        long r_ = show("open /proc/self/fd/" #fd ", " #flags, sys(SYS_openat, AT_FDCWD, path, flags), AS_OK);      \
        if (r_ >= 0)                                                                                               \
            close((int)r_);                                                                                        \
    } while (0)
    AGAIN(file, O_RDWR);
    AGAIN(dir, O_RDONLY);
    AGAIN(dir, O_RDWR);
    AGAIN(secret, O_RDONLY);
    AGAIN(secret, O_PATH);
    AGAIN(link, O_RDONLY);
    AGAIN(link, O_PATH);
    AGAIN(file, O_PATH | O_NOFOLLOW);
    AGAIN(file, O_RDONLY | O_NOFOLLOW);
    snprintf(path, sizeof path, "/proc/self/fd/%ld/inner", dir);
    topen(AT_FDCWD, path, O_RDONLY);
    snprintf(path, sizeof path, "/proc/self/fd/%ld/../file", dir);
    topen(AT_FDCWD, path, O_RDONLY);
    snprintf(path, sizeof path, "/proc/self/fd/%ld", file);
    t(chmod, path, 0604);
    show_path("file");
    t(setxattr, path, "user.x", "y", 1, 0);
    t(truncate, path, 0);
    show_path("file");
    t(close, file);
    t(close, file);
}
