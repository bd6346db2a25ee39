// O_TMPFILE: files without a name, by directory.
#include "check.h"

int main(void) {
    mkdirs("dir");
    mkfile("file", "x");
    ln("dir", "link");
    mkdirs("closed");
    chmod("closed", 0500);

    topen(AT_FDCWD, ".", O_TMPFILE | O_RDWR, 0600);
    topen(AT_FDCWD, A("dir"), O_TMPFILE | O_WRONLY, 0600);
    topen(AT_FDCWD, "link", O_TMPFILE | O_RDWR, 0600);
    topen(AT_FDCWD, "link", O_TMPFILE | O_RDWR | O_NOFOLLOW, 0600);
    topen(AT_FDCWD, "dir", O_TMPFILE | O_RDONLY, 0600);
    topen(AT_FDCWD, "dir", O_TMPFILE | O_RDWR | O_CREAT, 0600);
    topen(AT_FDCWD, "file", O_TMPFILE | O_RDWR, 0600);
    topen(AT_FDCWD, "missing", O_TMPFILE | O_RDWR, 0600);
    topen(AT_FDCWD, A("missing"), O_TMPFILE | O_RDWR, 0600);
    topen(AT_FDCWD, "closed", O_TMPFILE | O_RDWR, 0600);
    list("dir");

    int fd = sys(SYS_openat, AT_FDCWD, A("dir"), O_TMPFILE | O_RDWR, 0644), dir = open("dir", O_RDONLY | O_DIRECTORY);
    struct stat st;
    t(write, fd, "contents", 8);
    t(fstat, fd, &st);
    show_stat("without a name", &st);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    pe(linkat(AT_FDCWD, path, dir, "named", AT_SYMLINK_FOLLOW));
    cat("dir/named");
    show_path("dir/named");
    pe(linkat(AT_FDCWD, path, AT_FDCWD, A("second"), AT_SYMLINK_FOLLOW));
    show_path("second");
    pe(linkat(AT_FDCWD, path, AT_FDCWD, "third", 0));
    t(linkat, fd, "", AT_FDCWD, "fourth", AT_EMPTY_PATH);
    show_path("fourth");

    fd = sys(SYS_openat, dir, ".", O_TMPFILE | O_RDWR | O_EXCL, 0600);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    pe(linkat(AT_FDCWD, path, AT_FDCWD, "fifth", AT_SYMLINK_FOLLOW));
    list(".");
    list("dir");
}
