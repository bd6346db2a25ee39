// Every path call from a directory on the way up from it, while a directory further above may not be searched.
#include "paths.h"

static int top_fd;

static void put_back_here(void) {
    start_fd = top_fd;
    fchmodat(start_fd, "shut", 0700, 0);
    reset();
    mkdirs("shut");
    mkdirs("shut/outer");
    mkdirs("shut/outer/mid");
    mkdirs("shut/outer/mid/in");
    mkdirs("shut/outer/mid/dir");
    mkfile("shut/outer/mid/file", "x");
    ln("../file", "shut/outer/mid/in/up");
    ln("../in/../file", "shut/outer/mid/in/around");
    ln("in/../file", "shut/outer/mid/back");
    start_fd = open("shut/outer/mid/in", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fchdir(start_fd);
    fchmodat(top_fd, "shut", 0, 0);
}

int main(void) {
    kinds();
    top_fd = start_fd;
    put_back = put_back_here;
    put_back();
    static const char *const paths[] = {"../file", "../new", "../dir/", "..", "../", "../.", "../in/..", "../../mid", "../..",
                                        "up", "around", "../back", "../file/..", "../in/up/x"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        every_labelled(paths[i], AT_FDCWD, paths[i]);
        int in = open(".", O_PATH | O_CLOEXEC);
        fchdir(top_fd);
        printf("by descriptor\n");
        t(faccessat, in, paths[i], F_OK);
        topen(in, paths[i], O_RDONLY);
        fchdir(in);
        close(in);
    }
    t(lstat, "../../..", &some_stat);
    topen(AT_FDCWD, "../../..", O_PATH);
    topen(AT_FDCWD, "../../..", O_PATH | O_NOFOLLOW);
    fchmodat(top_fd, "shut", 0700, 0);
}
