// From inside directories that may not be read, searched or written any more, and above which nothing may be.
#include "paths.h"

int main(void) {
    kinds();
    mkdirs("outer");
    mkdirs("outer/mid");
    mkdirs("outer/mid/in");
    mkfile("outer/mid/in/file", "x");
    mkfile("outer/mid/file", "x");
    int in = open("outer/mid/in", O_RDONLY | O_DIRECTORY), mid = open("outer/mid", O_RDONLY | O_DIRECTORY);
    static const mode_t modes[] = {0, 0100, 0200, 0300, 0400, 0500, 0600};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        char text[PATH_MAX];
        fchdir(in);
        fchmod(mid, modes[i]);
        printf("mode %03o\n", modes[i]);
        t(stat, "file", &some_stat);
        t(stat, ".", &some_stat);
        t(stat, "..", &some_stat);
        t(stat, "../file", &some_stat);
        t(stat, "../in/file", &some_stat);
        t(stat, "../../mid", &some_stat);
        t(stat, A("outer/mid"), &some_stat);
        t(stat, A("outer/mid/in"), &some_stat);
        topen(AT_FDCWD, "file", O_RDWR);
        topen(AT_FDCWD, "../file", O_RDONLY);
        topen(AT_FDCWD, "..", O_RDONLY);
        topen(AT_FDCWD, "..", O_PATH);
        topen(AT_FDCWD, "made", O_RDWR | O_CREAT | O_EXCL, 0600);
        t(unlink, "made");
        topen(AT_FDCWD, "../made", O_RDWR | O_CREAT | O_EXCL, 0600);
        t(unlink, "../made");
        t(rename, "file", "../moved");
        t(rename, "../moved", "file");
        t(link, "file", "../linked");
        t(unlink, "../linked");
        t(rename, A("outer/mid"), A("outer/renamed"));
        t(rename, A("outer/renamed"), A("outer/mid"));
        t(rmdir, A("outer/mid/in"));
        p(sys(SYS_getcwd, text, sizeof text) == (long)strlen(A("outer/mid/in")) + 1);
        t(faccessat, mid, "file", F_OK);
        t(faccessat, mid, ".", F_OK);
        t(faccessat, mid, "..", F_OK);
        t(faccessat, in, "../file", F_OK);
        t(fchdir, mid);
        fchdir(in);
        t(chdir, "..");
        fchdir(in);
        t(chdir, "../..");
        fchdir(in);
        t(chmod, "..", 0700);
        fchmod(mid, modes[i]);
        list("..");
        fchdir(start_fd);
        list("outer/mid");
        t(inotify_add_watch, inotify_fd, "outer/mid", IN_CREATE);
    }
    fchmod(mid, 0700);
}
