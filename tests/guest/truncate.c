// truncate(2) and ftruncate(2).
#include "check.h"

int main(void) {
    mkfile("file", "twelve bytes");
    mkdirs("dir");
    mkfile("dir/inner", "x");
    ln("file", "link");
    ln("nowhere", "dangling");
    ln("loop", "loop");
    mkfifo("fifo", 0600);
    mkdirs("closed");
    mkfile("closed/x", "x");

    t(truncate, "file", 6);
    cat("file");
    t(truncate, A("file"), 3);
    cat("file");
    t(truncate, "link", 100);
    show_path("file");
    t(truncate, A("dir/inner"), 0);
    show_path("dir/inner");
    t(truncate, "file", -1);
    t(truncate, "missing", 0);
    t(truncate, A("missing"), 0);
    t(truncate, "dangling", 0);
    t(truncate, "loop", 0);
    t(truncate, "dir", 0);
    t(truncate, "fifo", 0);
    t(truncate, "file/x", 0);
    t(truncate, "file/", 0);
    t(truncate, "", 0);
    t(truncate, 0, 0);
    t(truncate, "missing", -1);
    chmod("file", 0400);
    t(truncate, "file", 0);
    chmod("closed", 0);
    t(truncate, "closed/x", 0);
    chmod("closed", 0700);

    int ro = open("file", O_RDONLY), rw = open("dir/inner", O_RDWR), path = open("dir/inner", O_PATH);
    t(ftruncate, rw, 10);
    show_path("dir/inner");
    t(ftruncate, ro, 0);
    t(ftruncate, path, 0);
    t(ftruncate, rw, -1);
    t(ftruncate, 999, 0);

    // Beyond RLIMIT_FSIZE: SIGXFSZ, or EFBIG when it is ignored.
    struct rlimit limit = {100, 100};
    setrlimit(RLIMIT_FSIZE, &limit);
    signal(SIGXFSZ, SIG_IGN);
    t(truncate, "dir/inner", 101);
    t(truncate, A("dir/inner"), 100);
    show_path("dir/inner");
}
