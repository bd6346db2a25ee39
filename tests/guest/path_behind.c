// Paths that go on behind a link of /proc: to a directory that is deleted, or above which another may not be searched.
#include "paths.h"

static int top_fd;

static void put_back_here(void) {
    start_fd = top_fd;
    fchmodat(start_fd, "shut", 0700, 0);
    reset();
    mkdirs("shut");
    mkdirs("shut/mid");
    mkdirs("shut/mid/in");
    mkdirs("shut/mid/gone");
    mkfile("shut/mid/file", "x");
    mkfile("shut/mid/in/file", "in");
    ln("../file", "shut/mid/in/up");
    dup2(open("shut/mid/in", O_RDONLY | O_DIRECTORY | O_CLOEXEC), 50);
    dup2(open("shut/mid/gone", O_RDONLY | O_DIRECTORY | O_CLOEXEC), 51);
    start_fd = 50;
    fchdir(50);
    if (unlinkat(51, "../gone", AT_REMOVEDIR))
        die("remove");
    fchmodat(top_fd, "shut", 0, 0);
}

int main(void) {
    kinds();
    top_fd = start_fd;
    put_back = put_back_here;
    put_back();
    static const char *const paths[] = {"/proc/self/fd/50/file", "/proc/self/fd/50/new", "/proc/self/fd/50/", "/proc/self/fd/50/.",
                                        "/proc/self/fd/50/..", "/proc/self/fd/50/../file", "/proc/self/fd/50/up",
                                        "/proc/self/cwd/file", "/proc/self/cwd/../file", "/proc/self/cwd",
                                        "/proc/self/fd/51/", "/proc/self/fd/51/.", "/proc/self/fd/51/new", "/proc/self/fd/51/..",
                                        "/proc/self/fd/51/../file", "/proc/self/fd/51/../in/up", "/proc/self/fd/51/../../mid",
                                        "../../../proc/self/fd/51/../file", "/proc/self/fd/51", "/proc/self/fd/99/x",
                                        "/proc/self/root/proc/self/fd/51/../file", "/proc/self/root/missing/x"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        every_labelled(paths[i], AT_FDCWD, paths[i]);
    // The root is the guest's, and what is refused or missing in it is so behind the link too.
    struct stat st;
    snprintf(some_text, sizeof some_text, "/proc/self/root%s", A("shut/mid"));
    t(stat, some_text, &st);
    t(stat, "/proc/self/root/..", &st);
    t(access, "/proc/self/root/proc/self/root/../etc/passwd/x", F_OK);
    fchmodat(top_fd, "shut", 0700, 0);
}
