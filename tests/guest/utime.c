// utime(2), utimes(2), futimesat(2) and utimensat(2).
#include "check.h"
#include <utime.h>

static void times(const char *path) {
    struct stat st;
    if (fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW))
        die("stat %s", path);
    // A time of today is not printed: it would differ from run to run. Nor is the access time of a link: whoever
    // resolves a path reads it.
    int now = st.st_atime > 1000000000 || S_ISLNK(st.st_mode);
    printf("  %s: atime %ld.%09ld mtime %ld.%09ld\n", path, now ? -1L : (long)st.st_atime, now ? 0 : st.st_atim.tv_nsec,
           st.st_mtime > 1000000000 ? -1L : (long)st.st_mtime, st.st_mtime > 1000000000 ? 0 : st.st_mtim.tv_nsec);
}

int main(void) {
    mkfile("file", "x");
    mkdirs("dir");
    mkfile("dir/inner", "x");
    ln("file", "link");
    ln("nowhere", "dangling");
    ln("loop", "loop");
    mkdirs("closed");
    mkfile("closed/x", "x");
    struct utimbuf buf = {1000, 2000};
    struct timeval tv[2] = {{3000, 30}, {4000, 40}};
    struct timespec ts[2] = {{5000, 50}, {6000, 60}};

    t(utime, "file", &buf);
    times("file");
    buf.actime = 1001;
    t(utime, A("file"), &buf);
    times("file");
    t(utime, "link", 0);
    times("file");
    t(utime, "missing", &buf);
    t(utime, "", &buf);
    t(utime, "file/x", &buf);
    t(utime, 0, &buf);
    t(utime, "file", 1);

    t(utimes, "file", tv);
    times("file");
    tv[0].tv_sec = 3001;
    t(utimes, A("file"), tv);
    times("file");
    t(utimes, "dangling", tv);
    t(utimes, "loop", tv);
    t(utimes, "file", 1);
    tv[1].tv_usec = 1000000;
    t(utimes, "file", tv);
    tv[1].tv_usec = 40;

    int dir = open("dir", O_RDONLY | O_DIRECTORY), file = open("file", O_RDONLY), path = open("link", O_PATH | O_NOFOLLOW);
    t(futimesat, dir, "inner", tv);
    times("dir/inner");
    t(futimesat, AT_FDCWD, A("dir/inner"), 0);
    times("dir/inner");
    t(futimesat, dir, "missing", tv);
    t(futimesat, file, "x", tv);
    t(futimesat, 999, "x", tv);
    t(futimesat, file, 0, tv);

    t(utimensat, AT_FDCWD, "file", ts, 0);
    times("file");
    ts[0].tv_sec = 5001;
    t(utimensat, AT_FDCWD, A("file"), ts, 0);
    times("file");
    t(utimensat, dir, "inner", ts, 0);
    times("dir/inner");
    t(utimensat, AT_FDCWD, "dangling", ts, AT_SYMLINK_NOFOLLOW);
    times("dangling");
    t(utimensat, AT_FDCWD, A("link"), ts, AT_SYMLINK_NOFOLLOW);
    times("link");
    t(utimensat, AT_FDCWD, "dangling", ts, 0);
    ts[0].tv_nsec = UTIME_OMIT;
    ts[1].tv_sec = 7000;
    t(utimensat, AT_FDCWD, "file", ts, 0);
    times("file");
    ts[1].tv_nsec = UTIME_NOW;
    t(utimensat, AT_FDCWD, "file", ts, 0);
    times("file");
    ts[1].tv_nsec = UTIME_OMIT;
    t(utimensat, AT_FDCWD, "missing", ts, 0);
    t(utimensat, AT_FDCWD, "file", ts, 0);
    times("file");
    ts[1].tv_nsec = 1000000000;
    t(utimensat, AT_FDCWD, "file", ts, 0);
    ts[0].tv_nsec = ts[1].tv_nsec = 9;
    t(utimensat, file, 0, ts, 0);
    times("file");
    t(utimensat, file, "", ts, AT_EMPTY_PATH);
    t(utimensat, path, "", ts, AT_EMPTY_PATH);
    times("link");
    t(utimensat, dir, "", ts, 0);
    t(utimensat, AT_FDCWD, 0, ts, 0);
    t(utimensat, 999, 0, ts, 0);
    t(utimensat, 999, "file", ts, 0);
    t(utimensat, 999, A("file"), ts, 0);
    t(utimensat, file, "x", ts, 0);
    t(utimensat, AT_FDCWD, "file", ts, 0x4000);
    t(utimensat, AT_FDCWD, "file", bad_page(), 0);
    t(utimensat, AT_FDCWD, "/", 0, 0x4000);

    chmod("file", 0400);
    t(utimensat, AT_FDCWD, "file", ts, 0);
    t(utimensat, AT_FDCWD, "file", 0, 0);
    t(utimensat, AT_FDCWD, "/dev/null", ts, 0);
    chmod("closed", 0);
    t(utimensat, AT_FDCWD, "closed/x", ts, 0);
    chmod("closed", 0700);
}
