// UTIME_NOW and UTIME_OMIT, alone and together, on one's own files, on files one may only write, and by every way.
#include "paths.h"

static void set(const char *label, int dir, const char *path, struct timespec a, struct timespec m, int flags) {
    struct timespec ts[2] = {a, m};
    struct stat st = {0};
    long ret = sys(SYS_utimensat, dir, path, ts, flags);
    int looked = path ? fstatat(dir, path, &st, (flags & AT_SYMLINK_NOFOLLOW) | (*path ? 0 : AT_EMPTY_PATH)) : fstat(dir, &st);
    // Who resolves a path reads its links, and reading changes the access time.
    bool link = S_ISLNK(st.st_mode);
    printf("%s: %s, atime %s %ld, mtime %s %ld\n", label, errno_name(-ret), looked || link ? "" : st.st_atime > 1000000000 ? "now" : "then",
           looked || link || st.st_atime > 1000000000 ? 0 : st.st_atime, looked ? "" : st.st_mtime > 1000000000 ? "now" : "then", looked || st.st_mtime > 1000000000 ? 0 : st.st_mtime);
}

int main(void) {
    kinds();
    static const struct timespec times[] = {{100, 0}, {5, UTIME_NOW}, {7, UTIME_OMIT}, {200, 999999999}, {300, 1000000000}, {-1, 5}, {400, -1}};
    static const char *const paths[] = {"file", "dir", "fifo", "socket", "link", "to_dir", "dangling", "secret", "missing", "closed/inner", "/dev/null", "/proc/self/comm", "file/"};
    char label[128];
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        for (int a = 0; a < 7; a++)
            for (int m = 0; m < 7; m++) {
                snprintf(label, sizeof label, "%s %d %d", paths[i], a, m);
                set(label, AT_FDCWD, paths[i], times[a], times[m], 0);
                set("  absolute", AT_FDCWD, paths[i][0] == '/' ? paths[i] : A(paths[i]), times[m], times[a], AT_SYMLINK_NOFOLLOW);
            }
    int file = open("file", O_RDONLY), path = open("file", O_PATH), link = open("link", O_PATH | O_NOFOLLOW);
    for (int a = 0; a < 7; a++) {
        set("by descriptor", file, 0, times[a], times[0], 0);
        set("by empty path", path, "", times[a], times[3], AT_EMPTY_PATH);
        set("of the link", link, "", times[a], times[3], AT_EMPTY_PATH);
        set("O_PATH", path, 0, times[a], times[0], 0);
    }
    // 2106 and 1901 fit as well.
    set("late", AT_FDCWD, "file", (struct timespec){4294967296, 0}, (struct timespec){500, 1}, 0);
    t(utimensat, AT_FDCWD, "file", bad_page() - 16, 0);
    t(utimensat, AT_FDCWD, "file", bad_page() - 32, 0);
}
