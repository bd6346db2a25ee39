// A program that runs is not written to, by whatever name; one that has ended is.
#include "check.h"

int main(int argc, char **argv) {
    if (argc > 1) {
        // The other process: says that it runs, and waits until it may end.
        char byte = 'r';
        write(1, &byte, 1);
        read(0, &byte, 1);
        return 0;
    }
    char own[PATH_MAX];
    own[readlink("/proc/self/exe", own, sizeof own - 1)] = 0;
    int from = open(own, O_RDONLY), to = open("prog", O_WRONLY | O_CREAT, 0700);
    char block[65536];
    for (ssize_t n; (n = read(from, block, sizeof block)) > 0;)
        write(to, block, n);
    close(from);
    close(to);
    t(link, "prog", "twin");
    mkfile("other", "x");

    int in[2], out[2];
    pipe(in);
    pipe(out);
    pid_t child = fork();
    if (!child) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[1]);
        execl("./prog", "prog", "wait", NULL);
        _exit(9);
    }
    char byte;
    p(read(out[0], &byte, 1) == 1);
    topen(AT_FDCWD, "prog", O_WRONLY);
    topen(AT_FDCWD, "prog", O_RDWR | O_CREAT, 0600);
    topen(AT_FDCWD, "twin", O_WRONLY | O_TRUNC);
    topen(AT_FDCWD, "prog", O_RDONLY);
    topen(AT_FDCWD, "prog", O_WRONLY | O_CREAT | O_EXCL, 0600);
    t(truncate, "prog", 1);
    t(truncate, "other", 1);
    t(chmod, "prog", 0500);
    topen(AT_FDCWD, "prog", O_WRONLY);
    t(truncate, "twin", 1);
    t(chmod, "prog", 0700);
    char path[PATH_MAX];
    snprintf(path, sizeof path, "/proc/%d/exe", child);
    topen(AT_FDCWD, path, O_WRONLY);
    // Another file in its place is none of its business.
    t(rename, "prog", "moved");
    t(rename, "other", "prog");
    t(chmod, "prog", 0700);
    topen(AT_FDCWD, "prog", O_WRONLY);
    topen(AT_FDCWD, "moved", O_WRONLY);
    t(unlink, "twin");
    write(in[1], "x", 1);
    show_end("child", child);
    topen(AT_FDCWD, "moved", O_WRONLY);
    t(truncate, "moved", 1);
}
