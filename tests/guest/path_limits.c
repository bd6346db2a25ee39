// The limits: names of 255 bytes, paths of 4095, and one more of each.
#include "check.h"

static struct stat st;
static char path[3 * PATH_MAX];

// A path of exactly `bytes` bytes that ends in `last`, made longer by "./".
static char *padded(const char *prefix, size_t bytes, const char *last) {
    size_t n = strlen(prefix), keep = strlen(last);
    memcpy(path, prefix, n);
    while (n + keep < bytes)
        path[n] = (n - strlen(prefix)) % 2 ? '/' : '.', n++;
    if (n > strlen(prefix) && path[n - 1] == '.')
        path[n - 1] = '/';
    strcpy(path + n, last);
    return path;
}

int main(void) {
    char name[300];
    memset(name, 'n', sizeof name);
    name[255] = 0;
    topen(AT_FDCWD, name, O_RDWR | O_CREAT, 0600);
    t(stat, name, &st);
    t(stat, A(name), &st);
    t(mkdir, name, 0700);
    t(rename, name, "short");
    t(rename, A("short"), A(name));
    t(symlink, name, "link");
    t(stat, "link", &st);
    t(readlink, "link", path, 4096);
    list(".");
    t(unlink, A(name));
    name[255] = 'n';
    name[256] = 0;
    topen(AT_FDCWD, name, O_RDWR | O_CREAT, 0600);
    t(stat, name, &st);
    t(stat, A(name), &st);
    t(mkdir, A(name), 0700);
    t(symlink, "x", name);
    t(rename, name, "x");
    t(unlink, name);
    t(access, name, F_OK);
    t(chdir, name);
    t(execve, name, 0, 0);
    strcat(name, "/x");
    t(stat, name, &st);
    name[255] = '/';
    t(stat, name, &st);

    mkfile("file", "x");
    for (int bytes = 4094; bytes <= 4097; bytes++) {
        printf("relative path of %d bytes\n", bytes);
        padded("", bytes, "file");
        t(stat, path, &st);
        topen(AT_FDCWD, path, O_RDONLY);
        t(access, path, F_OK);
        t(chmod, path, 0600);
        t(truncate, path, 1);
        padded("", bytes, "missing");
        t(stat, path, &st);
        t(mkdir, path, 0700);
        t(rmdir, path);
        printf("absolute path of %d bytes\n", bytes);
        padded(A(""), bytes, "/file");
        path[strlen(start_dir)] = '/';
        t(stat, path, &st);
        topen(AT_FDCWD, path, O_RDONLY);
        t(statfs, path, &(struct statfs){0});
        t(readlink, path, name, 10);
        t(utimensat, AT_FDCWD, path, 0, 0);
        t(chdir, path);
        t(execve, path, 0, 0);
    }
    memset(path, '/', 4095);
    path[4095] = 0;
    t(stat, path, &st);
    path[4095] = '/';
    path[4096] = 0;
    t(stat, path, &st);

    // A directory whose path is longer than a path may be: reachable step by step, not by name.
    memset(name, 'd', 200);
    name[200] = 0;
    for (int i = 0; i < 25; i++)
        if (mkdir(name, 0700) || chdir(name))
            die("go deeper");
    mkfile("at the bottom", "x");
    t(stat, "at the bottom", &st);
    topen(AT_FDCWD, "at the bottom", O_RDONLY);
    topen(AT_FDCWD, "made", O_RDWR | O_CREAT, 0600);
    t(getcwd, path, 4096);
    p(sys(SYS_getcwd, path, sizeof path) == (long)strlen(start_dir) + 25 * 201 + 1);
    t(rename, "made", "moved");
    t(unlink, "moved");
    t(stat, "..", &st);
    t(chdir, "..");
    t(chdir, name);
    list(".");
    for (int i = 0; i < 6; i++)
        t(chdir, "..");
    for (int i = 0; i < 19; i++)
        if (chdir(".."))
            die("go up");
    p(sys(SYS_getcwd, path, 4096) == (long)strlen(start_dir) + 1);

    // Links whose targets are long.
    padded("", 4095, "file");
    t(symlink, path, "long_link");
    t(stat, "long_link", &st);
    t(stat, A("long_link"), &st);
    padded("", 4096, "file");
    t(symlink, path, "longer_link");
}
