// access(2), faccessat(2) and faccessat2(2).
#include "check.h"

int main(void) {
    static const mode_t modes[] = {0, 0100, 0200, 0400, 0500, 0600, 0700, 0755, 0077};
    mkfile("file", "x");
    mkdirs("dir");
    mkfile("dir/inner", "x");
    ln("file", "link");
    ln("nowhere", "dangling");
    ln("loop", "loop");
    mkdirs("closed");
    mkfile("closed/x", "x");
    chmod("closed", 0);

    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        chmod("file", modes[i]);
        for (int want = 0; want < 8; want++)
            printf("mode %03o: access(file, %d) = %s, absolute %s\n", modes[i], want,
                   errno_name(-sys(SYS_access, "file", want)), errno_name(-sys(SYS_access, A("file"), want)));
    }
    chmod("file", 0600);
    t(access, "dir", R_OK | W_OK | X_OK);
    t(access, "link", R_OK);
    t(access, "link", X_OK);
    t(access, "dangling", F_OK);
    t(access, "loop", F_OK);
    t(access, "missing", F_OK);
    t(access, A("missing"), F_OK);
    t(access, "", F_OK);
    t(access, "file/x", F_OK);
    t(access, "file/", F_OK);
    t(access, "dir/", F_OK);
    t(access, "closed/x", F_OK);
    t(access, "closed", F_OK);
    t(access, "closed", X_OK);
    t(access, "file", 8);
    t(access, "file", -1);
    t(access, 0, F_OK);
    t(access, "/", F_OK);

    int dir = open("dir", O_RDONLY | O_DIRECTORY), file = open("file", O_RDONLY);
    t(faccessat, AT_FDCWD, "file", R_OK);
    t(faccessat, AT_FDCWD, A("file"), X_OK);
    t(faccessat, dir, "inner", R_OK);
    t(faccessat, dir, "missing", R_OK);
    t(faccessat, dir, "../link", R_OK);
    t(faccessat, file, "x", R_OK);
    t(faccessat, 999, "x", R_OK);
    t(faccessat, 999, A("file"), R_OK);
    t(faccessat, dir, "", R_OK);
    t(faccessat, AT_FDCWD, "dangling", F_OK, AT_SYMLINK_NOFOLLOW);

    t(faccessat2, AT_FDCWD, "file", R_OK | W_OK, 0);
    t(faccessat2, AT_FDCWD, A("file"), R_OK | W_OK, 0);
    t(faccessat2, AT_FDCWD, "file", X_OK, AT_EACCESS);
    t(faccessat2, AT_FDCWD, "dangling", F_OK, 0);
    t(faccessat2, AT_FDCWD, "dangling", F_OK, AT_SYMLINK_NOFOLLOW);
    t(faccessat2, AT_FDCWD, A("dangling"), W_OK, AT_SYMLINK_NOFOLLOW);
    t(faccessat2, AT_FDCWD, "loop", F_OK, AT_SYMLINK_NOFOLLOW);
    t(faccessat2, dir, "", R_OK, AT_EMPTY_PATH);
    t(faccessat2, file, "", R_OK, AT_EMPTY_PATH);
    t(faccessat2, file, "", X_OK, AT_EMPTY_PATH);
    t(faccessat2, AT_FDCWD, "", R_OK, AT_EMPTY_PATH);
    t(faccessat2, dir, "", R_OK, 0);
    t(faccessat2, 999, "", R_OK, AT_EMPTY_PATH);
    t(faccessat2, 999, "x", R_OK, 0);
    t(faccessat2, AT_FDCWD, "file", R_OK, 0x4000);
    t(faccessat2, AT_FDCWD, "file", 8, 0);
    t(faccessat2, AT_FDCWD, 0, R_OK, 0);
    t(faccessat2, AT_FDCWD, "closed/x", R_OK, 0);
    chmod("closed", 0700);
}
