// open(2) with the products of its flags on every kind of file, and what F_GETFL says of what was opened.
#include "paths.h"

int main(void) {
    kinds();
    static const int access[] = {O_RDONLY, O_WRONLY, O_RDWR, O_WRONLY | O_RDWR};
    static const struct {
        int bits;
        const char *name;
    } more[] = {{0, ""},
                {O_CREAT, "CREAT"},
                {O_CREAT | O_EXCL, "CREAT|EXCL"},
                {O_EXCL, "EXCL"},
                {O_CREAT | O_DIRECTORY, "CREAT|DIRECTORY"},
                {O_CREAT | O_TRUNC, "CREAT|TRUNC"},
                {O_TRUNC, "TRUNC"},
                {O_TRUNC | O_NOFOLLOW, "TRUNC|NOFOLLOW"},
                {O_APPEND | O_TRUNC, "APPEND|TRUNC"},
                {O_DIRECTORY, "DIRECTORY"},
                {O_DIRECTORY | O_NOFOLLOW, "DIRECTORY|NOFOLLOW"},
                {O_NOFOLLOW, "NOFOLLOW"},
                {O_CREAT | O_NOFOLLOW, "CREAT|NOFOLLOW"},
                {O_PATH, "PATH"},
                {O_PATH | O_NOFOLLOW, "PATH|NOFOLLOW"},
                {O_PATH | O_DIRECTORY, "PATH|DIRECTORY"},
                {O_PATH | O_CREAT | O_EXCL, "PATH|CREAT|EXCL"},
                {O_PATH | O_TRUNC | O_APPEND, "PATH|TRUNC|APPEND"},
                {O_TMPFILE, "TMPFILE"},
                {O_TMPFILE | O_EXCL, "TMPFILE|EXCL"},
                {O_TMPFILE | O_CREAT, "TMPFILE|CREAT"},
                {O_TMPFILE & ~O_DIRECTORY, "TMPFILE without DIRECTORY"},
                {O_NOATIME, "NOATIME"},
                {O_ASYNC, "ASYNC"},
                {O_SYNC, "SYNC"},
                {O_DSYNC | O_NOCTTY, "DSYNC|NOCTTY"}};
    static const char *const paths[] = {"file", "dir", "fifo", "socket", "link", "to_dir", "dangling", "loop", "secret",
                                        "new", "file/", "new/", "dir/", "link/x", "dir/.", "/dev/null", "/dev/full"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        for (size_t j = 0; j < sizeof more / sizeof *more; j++)
            for (int k = 0; k < 4; k++) {
                int flags = access[k] | more[j].bits | O_NONBLOCK;
                long fd = sys(SYS_openat, AT_FDCWD, paths[i], flags, 0600);
                printf("%s %s %d: ", paths[i], more[j].name, k);
                if (fd < 0) {
                    printf("%s\n", errno_name(-fd));
                    continue;
                }
                struct stat st;
                fstat((int)fd, &st);
                printf("%s, flags %#x, size %ld\n", file_type(st.st_mode), fcntl((int)fd, F_GETFL),
                       S_ISREG(st.st_mode) ? (long)st.st_size : -1L);
                close((int)fd);
                if (flags & (O_CREAT | O_TRUNC))
                    reset();
            }
}
