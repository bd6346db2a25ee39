// Directories deeper than any path can say, and the way up from them: as rm -r and find take it.
#include "check.h"

#define LEVELS 52

static int dirs[LEVELS + 1];
static struct stat st, upper;
static char name[201], path[PATH_MAX];

// Whether `path` from directory `dir` leads to level `level`.
static bool leads(int dir, const char *path, int level) {
    return !fstatat(dir, path, &st, 0) && !fstat(dirs[level], &upper) && st.st_ino == upper.st_ino;
}

int main(void) {
    memset(name, 'd', sizeof name - 1);
    dirs[0] = open(".", O_RDONLY | O_DIRECTORY);
    for (int i = 1; i <= LEVELS; i++) {
        if (mkdirat(dirs[i - 1], name, 0700) || (dirs[i] = openat(dirs[i - 1], name, O_RDONLY | O_DIRECTORY)) < 0)
            die("go deeper");
    }

    t(fchdir, dirs[LEVELS]);
    t(getcwd, path, sizeof path);
    t(stat, ".", &st);
    t(stat, "..", &st);
    topen(AT_FDCWD, "file", O_RDWR | O_CREAT | O_EXCL, 0600);
    topen(AT_FDCWD, "../file", O_RDWR | O_CREAT | O_EXCL, 0600);
    t(rename, "file", "../moved");
    t(rename, "../moved", "../../moved");
    t(link, "../file", "file");
    t(symlink, "file", "symlink");
    topen(AT_FDCWD, "symlink", O_RDONLY);
    t(unlink, "../../moved");
    t(unlink, "../file");
    t(unlink, "symlink");
    t(unlink, "file");
    for (int i = 0; i <= LEVELS; i++)
        strcpy(path + 3 * i, "../");
    strcpy(path + 3 * LEVELS, ".");
    p(leads(AT_FDCWD, path, 0));
    p(leads(dirs[LEVELS], path, 0));

    int right = 0;
    for (int i = LEVELS; i > 0; i--) {
        int up = openat(dirs[i], "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        right += up >= 0 && leads(up, ".", i - 1);
        close(up);
        right += leads(dirs[i], "..", i - 1) && leads(AT_FDCWD, ".", i);
        if (chdir("..") || unlinkat(dirs[i - 1], name, AT_REMOVEDIR))
            break;
    }
    p(right == 2 * LEVELS);
    p(leads(AT_FDCWD, ".", 0));
    list(".");
}
