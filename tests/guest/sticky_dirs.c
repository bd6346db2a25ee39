// Sticky and set-group-ID directories: who may remove and rename, and what modes calls leave behind.
#include "paths.h"

int main(void) {
    kinds();
    mkdirs("sticky");
    chmod("sticky", 01777);
    mkfile("sticky/mine", "x");
    t(rename, "sticky/mine", "sticky/yours");
    t(unlink, "sticky/yours");
    // Other people's, in a directory of theirs: /tmp or /dev/shm natively, /dev under xroot, is not everywhere; /proc is.
    t(unlink, "/proc/self/comm");
    t(rename, "/proc/self/comm", "/proc/self/new");
    t(mkdir, "/proc/self/new", 0700);
    t(rmdir, "/proc/self/fd");
    t(link, "/proc/self/comm", "here");
    t(symlink, "x", "/proc/self/new");
    // What chmod, chown, write and truncate do to the set-id bits.
    static const mode_t modes[] = {04755, 02755, 06777, 02644, 04644, 01644, 07000};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        printf("mode %o\n", modes[i]);
        t(chmod, "file", modes[i]);
        show_path("file");
        t(chown, "file", -1, -1);
        show_path("file");
        t(chmod, "file", modes[i]);
        t(chown, "file", getuid(), getgid());
        show_path("file");
        t(chmod, "file", modes[i] | 0200);
        t(truncate, "file", 2);
        show_path("file");
        t(chmod, "file", modes[i] | 0200);
        int fd = open("file", O_WRONLY);
        t(write, fd, "x", 1);
        show_path("file");
        close(fd);
        t(chmod, "file", modes[i] | 0200);
        close(open("file", O_WRONLY | O_TRUNC));
        show_path("file");
        t(chmod, "dir", modes[i]);
        t(chown, "dir", -1, getgid());
        show_path("dir");
    }
    chmod("dir", 02755);
    t(mkdir, "dir/handed", 0711);
    show_path("dir/handed");
    t(mkdir, "dir/asked", 02711);
    show_path("dir/asked");
    t(mkdir, "empty/asked", 07711);
    show_path("empty/asked");
    t(chown, "file", 0, -1);
    t(chown, "file", -1, 0);
    t(chown, "missing", 0, 0);
    t(lchown, "link", 0, 0);
    t(fchownat, AT_FDCWD, "loop", 0, 0, 0);
}
