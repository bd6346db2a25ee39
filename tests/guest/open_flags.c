// open(2), openat(2) and creat(2): each flag, and each errno an ordinary user can provoke.
#include "check.h"

int main(void) {
    mkfile("file", "text");
    mkdirs("dir");
    mkfile("dir/inner", "inner");
    ln("file", "to_file");
    ln("dir", "to_dir");
    ln("nowhere", "dangling");
    mkfile("secret", "x");
    mkdirs("closed");
    mkfile("closed/inner", "x");
    if (mkfifo("fifo", 0600))
        die("mkfifo");

    topen(AT_FDCWD, "file", O_RDONLY);
    topen(AT_FDCWD, A("file"), O_RDONLY);
    topen(AT_FDCWD, "missing", O_RDONLY);
    topen(AT_FDCWD, A("missing"), O_RDONLY);
    topen(AT_FDCWD, "", O_RDONLY);
    topen(AT_FDCWD, "file/x", O_RDONLY);
    topen(AT_FDCWD, "missing/x", O_RDONLY);
    topen(AT_FDCWD, "to_file", O_RDONLY);
    topen(AT_FDCWD, "to_file", O_RDONLY | O_NOFOLLOW);
    topen(AT_FDCWD, "to_dir", O_RDONLY | O_NOFOLLOW | O_DIRECTORY);
    topen(AT_FDCWD, "to_dir", O_RDONLY | O_DIRECTORY);
    topen(AT_FDCWD, "to_dir/inner", O_RDONLY | O_NOFOLLOW);
    topen(AT_FDCWD, "dangling", O_RDONLY);
    topen(AT_FDCWD, "file", O_RDONLY | O_DIRECTORY);
    topen(AT_FDCWD, "dir", O_RDONLY);
    topen(AT_FDCWD, "dir", O_WRONLY);
    topen(AT_FDCWD, "dir", O_RDWR);
    topen(AT_FDCWD, "dir", O_RDONLY | O_CREAT, 0600);
    topen(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY);
    topen(AT_FDCWD, "/..", O_RDONLY | O_DIRECTORY);

    // Creation.
    topen(AT_FDCWD, "new", O_WRONLY | O_CREAT, 0640);
    show_path("new");
    topen(AT_FDCWD, A("new_absolute"), O_WRONLY | O_CREAT, 0600);
    show_path("new_absolute");
    topen(AT_FDCWD, "new", O_WRONLY | O_CREAT | O_EXCL, 0640);
    topen(AT_FDCWD, "dangling", O_WRONLY | O_CREAT | O_EXCL, 0640);
    topen(AT_FDCWD, "to_dir", O_WRONLY | O_CREAT | O_EXCL, 0640);
    topen(AT_FDCWD, "dangling", O_WRONLY | O_CREAT, 0640);
    show_path("nowhere");
    topen(AT_FDCWD, "missing/new", O_WRONLY | O_CREAT, 0640);
    topen(AT_FDCWD, "file/new", O_WRONLY | O_CREAT, 0640);
    topen(AT_FDCWD, "new_dir/", O_WRONLY | O_CREAT, 0640);
    topen(AT_FDCWD, "new_dir/.", O_WRONLY | O_CREAT, 0640);
    topen(AT_FDCWD, "new_dir/..", O_WRONLY | O_CREAT, 0640);
    topen(AT_FDCWD, "new_dir", O_RDONLY | O_CREAT | O_DIRECTORY, 0640);
    topen(AT_FDCWD, "mode", O_WRONLY | O_CREAT, 07777);
    show_path("mode");

    // O_TRUNC and O_APPEND act on the file.
    cat("file");
    long fd = tv(openat, AT_FDCWD, "file", O_WRONLY | O_APPEND);
    t(write, fd, "+more", 5);
    close(fd);
    cat("file");
    topen(AT_FDCWD, "to_file", O_WRONLY | O_TRUNC);
    cat("file");

    // Descriptors as the base.
    long dirfd = sys(SYS_openat, AT_FDCWD, "dir", O_RDONLY | O_DIRECTORY);
    long filefd = sys(SYS_openat, AT_FDCWD, "file", O_RDONLY);
    topen(dirfd, "inner", O_RDONLY);
    topen(dirfd, "../file", O_RDONLY);
    topen(dirfd, "", O_RDONLY);
    topen(dirfd, "missing", O_RDONLY);
    topen(dirfd, A("file"), O_RDONLY);
    topen(filefd, "inner", O_RDONLY);
    topen(filefd, A("file"), O_RDONLY);
    topen(999, "inner", O_RDONLY);
    topen(999, A("file"), O_RDONLY);
    topen(-1, "inner", O_RDONLY);
    topen(-1, "", O_RDONLY);

    // Permission.
    chmod("secret", 0);
    chmod("closed", 0600);
    topen(AT_FDCWD, "secret", O_RDONLY);
    topen(AT_FDCWD, A("secret"), O_WRONLY);
    topen(AT_FDCWD, "secret", O_PATH);
    topen(AT_FDCWD, "closed/inner", O_RDONLY);
    topen(AT_FDCWD, "closed/missing", O_RDONLY);
    topen(AT_FDCWD, "closed/new", O_WRONLY | O_CREAT, 0600);
    chmod("closed", 0500);
    topen(AT_FDCWD, "closed/new", O_WRONLY | O_CREAT, 0600);
    topen(AT_FDCWD, "closed/inner", O_WRONLY | O_CREAT, 0600);
    chmod("closed", 0700);

    // A FIFO without a reader, a bad address, a full table.
    topen(AT_FDCWD, "fifo", O_WRONLY | O_NONBLOCK);
    topen(AT_FDCWD, "fifo", O_RDONLY | O_NONBLOCK);
    topen(AT_FDCWD, 0, O_RDONLY);
    topen(AT_FDCWD, 1, O_RDONLY);
    topen(AT_FDCWD, "file", O_WRONLY | O_RDWR);
    struct rlimit few = {0, 0}, old;
    getrlimit(RLIMIT_NOFILE, &old);
    few.rlim_max = old.rlim_max;
    setrlimit(RLIMIT_NOFILE, &few);
    topen(AT_FDCWD, "file", O_RDONLY);
    topen(AT_FDCWD, A("file"), O_RDONLY);
    setrlimit(RLIMIT_NOFILE, &old);

    // The old calls.
    close((int)tv(open, "file", O_RDONLY));
    close((int)tv(open, A("file"), O_RDONLY));
    t(open, "missing", O_RDONLY);
    t(open, A("file/x"), O_RDONLY);
    close((int)tv(creat, "created", 0604));
    close((int)tv(creat, A("created2"), 0604));
    show_path("created");
    show_path("created2");
    t(creat, "dir", 0600);
    t(creat, "missing/x", 0600);
    t(creat, 0, 0600);

    // Unknown bits are ignored by open(2), and close-on-exec is what was asked for.
    topen(AT_FDCWD, "file", O_RDONLY | 0x10000000);
    fd = sys(SYS_openat, AT_FDCWD, A("file"), O_RDONLY | O_CLOEXEC);
    t(fcntl, fd, F_GETFD);
    p(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK | O_PATH));
    close(fd);
    fd = sys(SYS_openat, AT_FDCWD, A("file"), O_RDWR | O_APPEND | O_NONBLOCK);
    t(fcntl, fd, F_GETFD);
    p(fcntl(fd, F_GETFL));
    close(fd);
    fd = sys(SYS_openat, AT_FDCWD, A("file"), O_RDONLY);
    p(fcntl(fd, F_GETFL));
    list(".");
}
