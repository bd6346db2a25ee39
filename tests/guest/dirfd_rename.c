// Directories that are open or current stay the same directory when they, or one above, get another name.
#include "check.h"

static char buffer[2 * PATH_MAX];
static struct stat st;

static void where(int fd) {
    long n = sys(SYS_getcwd, buffer, sizeof buffer);
    printf("  cwd %s", n < 0 ? errno_name(-n) : shown(buffer));
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = sys(SYS_readlink, link, buffer, sizeof buffer - 1);
    buffer[n < 0 ? 0 : n] = 0;
    printf(", fd %s", shown(buffer));
    n = sys(SYS_readlink, "/proc/self/cwd", buffer, sizeof buffer - 1);
    buffer[n < 0 ? 0 : n] = 0;
    printf(", /proc/self/cwd %s\n", shown(buffer));
}

static void other(const char *from, const char *to) {
    pid_t child = fork();
    if (!child)
        _exit(rename(from, to) ? errno : 0);
    char label[64];
    snprintf(label, sizeof label, "other process renames %s to %s", from + strlen(start_dir) + 1,
             to + strlen(start_dir) + 1);
    show_end(label, child);
}

int main(void) {
    mkdirs("a");
    mkdirs("a/b");
    mkdirs("a/b/c");
    mkfile("a/b/c/file", "x");
    mkfile("a/beside", "x");
    mkdirs("z");
    int fd = open("a/b/c", O_RDONLY | O_DIRECTORY);
    t(chdir, "a/b/c");
    where(fd);
    t(rename, A("a/b"), A("a/b2"));
    where(fd);
    topen(fd, "file", O_RDONLY);
    topen(AT_FDCWD, "../../beside", O_RDONLY);
    topen(AT_FDCWD, A("a/b2/c/file"), O_RDONLY);
    topen(AT_FDCWD, A("a/b/c/file"), O_RDONLY);
    other(A("a"), A("z/a"));
    where(fd);
    topen(fd, "file", O_RDONLY);
    topen(fd, "../../beside", O_RDONLY);
    topen(AT_FDCWD, "file", O_RDONLY);
    other(A("z/a/b2/c"), A("c"));
    where(fd);
    t(stat, "..", &st);
    topen(AT_FDCWD, "../z/a/beside", O_RDONLY);
    topen(AT_FDCWD, "../../beside", O_RDONLY);

    // The old name now belongs to something else.
    mkdirs(A("a"));
    mkdirs(A("a/b"));
    mkdirs(A("a/b/c"));
    mkfile(A("a/b/c/decoy"), "x");
    t(stat, "decoy", &st);
    t(stat, "file", &st);
    where(fd);
    t(chdir, "..");
    where(fd);
    t(fchdir, fd);
    where(fd);
    t(renameat, fd, "file", AT_FDCWD, "../moved");
    t(stat, A("moved"), &st);
    t(unlinkat, AT_FDCWD, A("c"), AT_REMOVEDIR);
    where(fd);
    topen(fd, "file", O_RDONLY);
}
