// chdir(2), fchdir(2) and getcwd(2).
#include "check.h"

static char buffer[2 * PATH_MAX];

static void where(void) {
    long n = sys(SYS_getcwd, buffer, sizeof buffer);
    if (n < 0)
        printf("  getcwd: %s\n", errno_name(-n));
    else
        printf("  getcwd: %s, length %s\n", shown(buffer), (size_t)n == strlen(buffer) + 1 ? "right" : "wrong");
}

int main(void) {
    mkdirs("a");
    mkdirs("a/b");
    mkdirs("a/b/c");
    mkfile("file", "x");
    ln("a/b", "link");
    ln(A("a/b/c"), "absolute");
    ln("nowhere", "dangling");
    ln("loop", "loop");
    mkdirs("closed");
    mkdirs("closed/in");
    mkdirs("unreadable");
    mkdirs("unreadable/in");

    where();
    t(chdir, "a");
    where();
    t(chdir, "b/c");
    where();
    topen(AT_FDCWD, "../../../file", O_RDONLY);
    t(chdir, "..");
    where();
    t(chdir, A("a/b/c"));
    where();
    t(chdir, "../../..");
    where();
    t(chdir, "link");
    where();
    t(chdir, "..");
    where();
    t(chdir, A("absolute"));
    where();
    t(chdir, "./././/..");
    where();
    t(chdir, "missing");
    t(chdir, "c/missing");
    where();
    t(chdir, A(""));
    where();
    t(chdir, "file");
    t(chdir, "file/");
    t(chdir, "dangling");
    t(chdir, "loop");
    t(chdir, "");
    t(chdir, 0);
    t(chdir, bad_page());
    where();

    int b = open("a/b", O_RDONLY | O_DIRECTORY), path = open("a", O_PATH), file = open("file", O_RDONLY);
    t(fchdir, b);
    where();
    t(fchdir, path);
    where();
    t(fchdir, file);
    t(fchdir, 999);
    t(fchdir, AT_FDCWD);
    where();
    t(chdir, "/");
    where();
    t(chdir, "..");
    where();
    t(chdir, "proc");
    where();
    t(chdir, "self");
    p(sys(SYS_getcwd, buffer, sizeof buffer) > 0 && !strncmp(buffer, "/proc/", 6) && atoi(buffer + 6) == getpid());
    t(chdir, A(""));

    t(getcwd, buffer, 0);
    t(getcwd, buffer, 1);
    p(sys(SYS_getcwd, buffer, strlen(start_dir)));
    p(sys(SYS_getcwd, buffer, strlen(start_dir) + 1) - (long)strlen(start_dir));
    t(getcwd, 0, 4096);
    t(getcwd, bad_page(), 4096);

    chmod("closed", 0);
    t(chdir, "closed");
    t(chdir, "closed/in");
    chmod("closed", 0600);
    t(chdir, "closed");
    chmod("closed", 0700);

    // A directory above that can be searched but not read does not disturb getcwd(2).
    chmod("unreadable", 0100);
    t(chdir, "unreadable/in");
    where();
    t(chdir, "..");
    where();
    t(openat, AT_FDCWD, ".", O_RDONLY);
    t(chdir, "..");
    chmod("unreadable", 0700);

    // Nor does one that can no longer be searched.
    t(chdir, "unreadable/in");
    chmod("../../unreadable", 0);
    where();
    t(chdir, "..");
    where();
    t(fchdir, b);
    chmod(A("unreadable"), 0700);

    // A child starts where its parent is, and moves alone.
    pid_t child = fork();
    if (!child) {
        where();
        sys(SYS_chdir, "c");
        where();
        _exit(0);
    }
    show_end("child", child);
    where();
}
