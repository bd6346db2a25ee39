// execveat(2) with AT_EXECVE_CHECK (Linux 6.14): would this file be executed? Nothing is.
#include "check.h"

#define CHECK 0x10000
#define c(dirfd, path, flags) t(execveat, dirfd, path, args, env, CHECK | (flags))

int main(int argc, char **argv) {
    if (argc > 1)
        return 1;
    char *args[] = {"prog", "child", 0}, *env[] = {0};
    copy_self("prog");
    mkdirs("dir");
    mkfile("text", "x");
    mkfile("garbage", "neither a script nor a program");
    chmod("garbage", 0755);
    mkfile("lost", "#!/nowhere/at/all\n");
    chmod("lost", 0755);
    ln("prog", "link");
    mkfifo("fifo", 0777);
    int prog = open("prog", O_RDONLY | O_CLOEXEC), text = open("text", O_RDONLY), dir = open(".", O_RDONLY | O_DIRECTORY);
    c(AT_FDCWD, "prog", 0);
    c(AT_FDCWD, A("prog"), 0);
    c(AT_FDCWD, "missing", 0);
    c(AT_FDCWD, "text", 0);
    c(AT_FDCWD, "dir", 0);
    c(AT_FDCWD, "fifo", 0);
    c(AT_FDCWD, "prog/", 0);
    // The interpreter's and the format's trouble comes later than the check.
    c(AT_FDCWD, "garbage", 0);
    c(AT_FDCWD, "lost", 0);
    c(AT_FDCWD, "link", 0);
    c(AT_FDCWD, "link", AT_SYMLINK_NOFOLLOW);
    c(dir, "prog", 0);
    c(prog, "", AT_EMPTY_PATH);
    c(text, "", AT_EMPTY_PATH);
    c(prog, "", 0);
    c(999, "", AT_EMPTY_PATH);
    c(AT_FDCWD, "prog", 0x20000);
    // Arguments are looked at all the same.
    t(execveat, AT_FDCWD, "prog", 0, 0, CHECK);
    t(execveat, AT_FDCWD, "prog", bad_page(), env, CHECK);
    t(execveat, AT_FDCWD, "prog", args, bad_page(), CHECK);
    t(execveat, AT_FDCWD, bad_page(), args, env, CHECK);
    // A file that somebody writes to.
    int writer = open("prog", O_WRONLY);
    c(AT_FDCWD, "prog", 0);
    c(prog, "", AT_EMPTY_PATH);
    close(writer);
    c(prog, "", AT_EMPTY_PATH);
    // Nothing has changed: handlers and close-on-exec descriptors are still there.
    p(fcntl(prog, F_GETFD));
}
