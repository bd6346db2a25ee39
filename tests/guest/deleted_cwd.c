// The working directory is deleted, by oneself and by another process.
#include "check.h"

static char buffer[2 * PATH_MAX];
static struct stat st;

static void look(void) {
    t(getcwd, buffer, sizeof buffer);
    t(stat, ".", &st);
    t(stat, "..", &st);
    t(stat, "x", &st);
    t(stat, "../here", &st);
    t(openat, AT_FDCWD, "new", O_RDWR | O_CREAT, 0600);
    t(mkdir, "new", 0700);
    t(symlink, "x", "new");
    t(mknod, "new", S_IFIFO | 0600, 0);
    t(link, A("here"), "new");
    t(rename, A("here"), "new");
    t(unlink, "x");
    t(chdir, ".");
    topen(AT_FDCWD, ".", O_RDONLY | O_DIRECTORY);
    topen(AT_FDCWD, A("here"), O_RDONLY);
    list(".");
    long n = sys(SYS_readlink, "/proc/self/cwd", buffer, sizeof buffer - 1);
    buffer[n < 0 ? 0 : n] = 0;
    printf("  /proc/self/cwd -> %s\n", shown(buffer));
}

int main(void) {
    mkfile("here", "x");
    mkdirs("gone");
    t(chdir, "gone");
    t(rmdir, A("gone"));
    look();
    t(chdir, "..");
    t(stat, "here", &st);
    p(getcwd(buffer, sizeof buffer) && !strcmp(buffer, start_dir));

    // Made again under the same name, it is another directory.
    mkdirs("gone");
    t(chdir, "gone");
    rmdir(A("gone"));
    mkdirs(A("gone"));
    mkfile(A("gone/file"), "x");
    t(stat, "file", &st);
    t(getcwd, buffer, sizeof buffer);
    t(chdir, A("gone"));
    t(stat, "file", &st);
    t(chdir, A(""));

    // Deleted by somebody else, parent included.
    mkdirs("up");
    mkdirs("up/down");
    t(chdir, "up/down");
    pid_t child = fork();
    if (!child) {
        if (chdir(A("")) || rmdir("up/down") || rmdir("up"))
            die("remove up/down");
        _exit(0);
    }
    show_end("remover", child);
    t(getcwd, buffer, sizeof buffer);
    t(stat, ".", &st);
    t(chdir, "..");
    t(getcwd, buffer, sizeof buffer);
    t(stat, "../here", &st);
    t(chdir, "..");
    t(stat, "here", &st);
    p(getcwd(buffer, sizeof buffer) && !strcmp(buffer, start_dir));
}
