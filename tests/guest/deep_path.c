// Absolute paths of up to 4,095 bytes to files that are as deep: whatever lies in front of them on the host.
#include "check.h"

static struct stat st;
static char path[PATH_MAX + 1], other[PATH_MAX + 1];

// The deepest directory, and `name` in it, padded so that the path has 4,095 bytes.
static char *in(char *buffer, const char *deepest, const char *name) {
    size_t n = sprintf(buffer, "%s/", deepest);
    while (n + strlen(name) + 2 <= 4095)
        n += sprintf(buffer + n, "./");
    strcpy(buffer + n, name);
    return buffer;
}

int main(void) {
    char deepest[PATH_MAX], name[201];
    memset(name, 'd', 200);
    name[200] = 0;
    strcpy(deepest, start_dir);
    while (strlen(deepest) + 201 < 4040) {
        if (mkdir(name, 0700) || chdir(name))
            die("go deeper");
        strcat(strcat(deepest, "/"), name);
    }
    t(chdir, A(""));
    topen(AT_FDCWD, in(path, deepest, "file"), O_RDWR | O_CREAT | O_EXCL, 0640);
    topen(AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL, 0640);
    topen(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW);
    topen(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
    t(stat, path, &st);
    show_stat("file", &st);
    t(access, path, R_OK);
    t(chmod, path, 0600);
    t(truncate, path, 5);
    t(utimensat, AT_FDCWD, path, 0, 0);
    t(lstat, path, &st);
    show_stat("file", &st);
    t(mkdir, in(path, deepest, "dir"), 0700);
    t(mkdir, path, 0700);
    t(chdir, path);
    t(stat, "../file", &st);
    t(chdir, "..");
    t(stat, "file", &st);
    t(chdir, A(""));
    t(rmdir, path);
    t(rmdir, path);
    t(symlink, "file", in(path, deepest, "link"));
    t(readlink, path, other, sizeof other);
    topen(AT_FDCWD, path, O_RDONLY);
    topen(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW);
    t(lchown, path, -1, -1);
    t(rename, path, in(other, deepest, "moved"));
    t(link, in(path, deepest, "file"), "here");
    t(stat, "here", &st);
    p(st.st_nlink);
    t(rename, path, "there");
    t(rename, "there", path);
    t(statfs, path, &(struct statfs){0});
    t(unlink, other);
    t(unlink, path);
    t(unlink, path);
    t(mknod, path, S_IFIFO | 0600, 0);
    t(chdir, deepest);
    list(".");
}
