// Directories that a process holds, by their names in /proc: where one is that has gone there, also when the name is gone.
#include "check.h"

static char *at(pid_t pid, const char *name, const char *more) {
    static char text[4][PATH_MAX];
    static int used;
    char *out = text[used++ % 4];
    snprintf(out, PATH_MAX, "/proc/%d/%s%s", pid, name, more);
    return out;
}

static void look(void) {
    char buffer[PATH_MAX];
    struct stat st;
    tv(openat, AT_FDCWD, ".", O_RDONLY | O_DIRECTORY);
    tv(openat, AT_FDCWD, "inner", O_RDONLY);
    tv(openat, AT_FDCWD, "../file", O_RDONLY);
    struct open_how { uint64_t flags, mode, resolve; } how = {O_RDONLY, 0, 4 /* RESOLVE_NO_SYMLINKS */};
    tv(openat2, AT_FDCWD, "./.", &how, sizeof how);
    tv(openat2, AT_FDCWD, "inner", &how, sizeof how);
    how.resolve = 2; // RESOLVE_NO_MAGICLINKS
    tv(openat2, AT_FDCWD, "../file", &how, sizeof how);
    t(stat, "inner", &st);
    t(mkdir, "made", 0700);
    t(rmdir, "made");
    t(access, "..", R_OK);
    list(".");
    t(chdir, "..");
    printf("  getcwd: %s\n", sys(SYS_getcwd, buffer, sizeof buffer) > 0 ? shown(buffer) : "none");
}

int main(void) {
    mkdirs("dir");
    mkfile("dir/inner", "inner");
    mkfile("file", "x");
    int path = open("dir", O_PATH | O_DIRECTORY), plain = open("dir", O_RDONLY | O_DIRECTORY);
    dup2(path, 50), dup2(plain, 51);
    pid_t me = getpid();
    for (int i = 0; i < 9; i++) {
        fflush(stdout);
        pid_t pid = fork();
        if (!pid) {
            if (i > 5) {
                t(chdir, i == 6 ? "/proc/self/fd/50" : i == 7 ? "/dev/fd/51" : "/proc/thread-self/fd/50/.");
                int other = open("/", O_PATH | O_DIRECTORY);
                dup2(other, 50), close(51);
            } else {
                close(50), close(51);
            }
            if (i == 0)
                t(chdir, at(me, "fd", "/50"));
            if (i == 1)
                t(chdir, at(me, "fd", "/51"));
            if (i == 2)
                t(chdir, at(me, "fd", "/50/../dir/."));
            if (i == 3)
                t(chdir, at(me, "cwd", "/dir"));
            if (i == 4)
                t(fchdir, sys(SYS_openat, AT_FDCWD, at(me, "fd", "/50"), O_PATH | O_DIRECTORY));
            if (i == 5)
                t(chdir, at(me, "root", A("dir")));
            look();
            fflush(stdout);
            _exit(0);
        }
        show_end("child", pid);
    }
}
