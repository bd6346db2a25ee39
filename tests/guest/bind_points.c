// Names of bindings and what is beside them. /b1 and /b2 are bound directories of one file system, /b1/in and /b1/file
// are bound over names in /b1, /par/ent/point is bound, /one is a bound file, /old, /dir and /d2 are not bound.
#include "check.h"
#include <linux/openat2.h>

static void rename_both(const char *a, const char *b) {
    char label[128];
    snprintf(label, sizeof label, "rename %s %s", a, b);
    show(label, sys(SYS_rename, a, b), AS_NUMBER);
    snprintf(label, sizeof label, "exchange %s %s", a, b);
    show(label, sys(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2), AS_NUMBER);
    snprintf(label, sizeof label, "noreplace %s %s", a, b);
    show(label, sys(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 1), AS_NUMBER);
}

static void names(void) {
    static const char *const points[] = {"/b1", "/b2", "/b1/in", "/b1/file", "/par/ent/point", "/one"};
    for (int i = 0; i < 6; i++) {
        const char *point = points[i];
        printf("---- %s\n", point);
        t(mkdir, point, 0755);
        t(mknod, point, S_IFREG | 0644, 0);
        t(symlink, "x", point);
        t(link, "/old", point);
        topen(AT_FDCWD, point, O_RDONLY);
        topen(AT_FDCWD, point, O_RDONLY | O_CREAT | O_EXCL, 0644);
        t(unlink, point);
        t(rmdir, point);
        t(unlinkat, AT_FDCWD, point, AT_REMOVEDIR);
        rename_both(point, "/new");
        rename_both("/old", point);
        rename_both("/dir", point);
        rename_both("/missing", point);
        rename_both(point, point);
        rename_both(point, "/b1/new");
        rename_both("/b1/own", point);
        t(access, point, F_OK);
        topen(AT_FDCWD, "/b1/..", O_RDONLY);
        // Slashes and dots behind the name.
        char path[64];
        snprintf(path, sizeof path, "%s/", point);
        t(unlink, path);
        t(rmdir, path);
        t(mkdir, path, 0755);
        t(rename, path, "/new");
        snprintf(path, sizeof path, "%s/.", point);
        t(rmdir, path);
        t(unlink, path);
        t(mkdir, path, 0755);
        t(rename, path, "/new");
    }
}

// Links and `..` behind mounts, below a directory that they lead out of or not.
static void beneath(const char *directory) {
    static const char *const paths[] = {"b1/link", "b1/absolute", "b1/relative", "b1/far", "b1/in/sibling", "b1/in/through",
                                        "b1/../old", "b1/../../old", "b1/in/../../old", "in/../own", "in/../../old", "in/sibling",
                                        "in/through", "absolute", "relative", "link"};
    int dir = open(directory, O_PATH);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct open_how how = {.flags = O_PATH, .resolve = RESOLVE_BENEATH};
        printf("beneath %s: %s", directory, paths[i]);
        for (int nofollow = 0; nofollow < 2; nofollow++) {
            long fd = sys(SYS_openat2, dir, paths[i], &how, sizeof how);
            printf(" %s", fd < 0 ? errno_name(-fd) : "found");
            if (fd >= 0)
                close(fd);
            how.flags |= O_NOFOLLOW;
        }
        printf("\n");
    }
    close(dir);
}

static void across(void) {
    rename_both("/b1/own", "/b2/new");
    rename_both("/b1/own", "/new");
    rename_both("/old", "/b1/new");
    rename_both("/dir", "/b1/new");
    rename_both("/b1/own", "/b1/in/new");
    rename_both("/b1/in/inside", "/b1/new");
    rename_both("/b1/in/inside", "/b1/in/..");
    rename_both("/b1/missing", "/b2/new");
    rename_both("/b1/own", "/b2/missing/new");
    t(link, "/b1/own", "/b2/new");
    t(link, "/b1/own", "/new");
    t(link, "/old", "/b1/new");
    t(link, "/b1/own", "/b1/in/new");
    t(link, "/b1/in/inside", "/b1/new");
    t(link, "/b1/file", "/b1/new");
    t(link, "/one", "/new");
    t(link, "/b1/missing", "/b2/new");
    // In a directory that is deleted nothing is made, whatever it would be.
    t(mkdir, "/b2/deleted", 0755);
    t(chdir, "/b2/deleted");
    t(link, "/b1/own", "new");
    t(rmdir, "/b2/deleted");
    t(link, "/b1/own", "new");
    t(link, "/b1/own", "./new");
    t(link, "/b1/own", "../new");
    t(link, "/b1/missing", "new");
    t(rename, "/b1/own", "new");
    t(chdir, "/");
    t(linkat, AT_FDCWD, "/b1/link", AT_FDCWD, "/b2/new", AT_SYMLINK_FOLLOW);
    t(linkat, AT_FDCWD, "/b1/own", AT_FDCWD, "/b1/sub", 0);
    long fd = open("/b1/own", O_PATH);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%ld", fd);
    t(linkat, AT_FDCWD, path, AT_FDCWD, "/b2/new", AT_SYMLINK_FOLLOW);
    show("linkat of a descriptor", sys(SYS_linkat, AT_FDCWD, path, AT_FDCWD, "/b1/linked", AT_SYMLINK_FOLLOW), AS_OK);
    // Within one binding all is as usual.
    t(rename, "/b1/linked", "/b1/sub/linked");
    t(link, "/b1/sub/linked", "/b1/again");
    cat("/b1/again");
    t(rename, "/b1/sub", "/b1/sub2");
    t(rename, "/b1/sub2", "/b1/sub");
    t(rename, "/b1/in/inside", "/b1/in/moved");
    t(rename, "/b1/in/moved", "/b1/in/inside");
    t(unlink, "/b1/again");
    t(unlink, "/b1/sub/linked");
    t(rename, "/dir", "/b1/..");
    t(rename, "/old", "/new");
    t(rename, "/new", "/old");
}

static void show_inodes(void) {
    static const char *const same[][2] = {{"/b1/in/..", "/b1"},
                                          {"/b1/..", "/"},
                                          {"/par/ent/point/..", "/par/ent"},
                                          {"/par/ent/point/../..", "/par"},
                                          {"/b1/sub/../in/../own", "/b1/own"},
                                          {"/b1/in/../../b2/../one", "/one"},
                                          {"/b1/absolute", "/old"},
                                          {"/b1/relative", "/old"},
                                          {"/b1/far", "/"},
                                          {"/b1/in/sibling", "/b1/own"},
                                          {"/b1/in/through", "/b2/sub"},
                                          {"/to_b1/in", "/b1/in"},
                                          {"/to_b1/in/..", "/b1"},
                                          {"/to_file", "/b1/file"}};
    for (unsigned i = 0; i < sizeof same / sizeof *same; i++) {
        struct stat a, b;
        long ret = sys(SYS_stat, same[i][0], &a), ret2 = sys(SYS_stat, same[i][1], &b);
        printf("%s and %s: %ld %ld %d\n", same[i][0], same[i][1], ret, ret2,
               a.st_ino == b.st_ino && a.st_dev == b.st_dev);
    }
    char text[256];
    static const char *const dirs[] = {"/b1/in", "/b1/sub", "/par/ent/point", "/to_b1/in", "/b1/in/through", "/b1/far"};
    for (int i = 0; i < 6; i++) {
        t(chdir, dirs[i]);
        long len = sys(SYS_getcwd, text, sizeof text);
        printf("  getcwd: %ld %s\n", len, text);
        while (strcmp(text, "/")) {
            t(chdir, "..");
            sys(SYS_getcwd, text, sizeof text);
            printf("  getcwd: %s\n", text);
        }
    }
    for (const char *const *path = (const char *const[]){"/b1/in", "/b1/file", "/one", "/b1", "/b2/sub", 0}; *path; path++) {
        long fd = open(*path, O_RDONLY);
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%ld", fd);
        memset(text, 0, sizeof text);
        sys(SYS_readlink, link, text, sizeof text - 1);
        printf("  link of %s: %s\n", *path, text);
        long up = sys(SYS_openat, fd, "..", O_RDONLY);
        printf("  up: %s\n", up < 0 ? errno_name(-up) : "ok");
        if (up >= 0) {
            snprintf(link, sizeof link, "/proc/self/fd/%ld", up);
            memset(text, 0, sizeof text);
            sys(SYS_readlink, link, text, sizeof text - 1);
            printf("  link of it: %s\n", text);
        }
    }
}

int main(void) {
    t(chdir, "/");
    list("/");
    list("/b1");
    list("/b1/in");
    list("/par/ent");
    cat("/one");
    cat("/b1/file");
    cat("/b1/in/inside");
    show_inodes();
    t(chdir, "/");
    names();
    char longest[258];
    memset(longest, 'n', 257);
    longest[0] = '/';
    longest[257] = 0;
    for (int flags = 0; flags < 4; flags += flags + 1) {
        t(renameat2, AT_FDCWD, longest, AT_FDCWD, "/one", flags);
        t(renameat2, AT_FDCWD, longest, AT_FDCWD, "/one/", flags);
        t(renameat2, AT_FDCWD, "/one", AT_FDCWD, longest, flags);
        t(renameat2, AT_FDCWD, "/par", AT_FDCWD, longest, flags);
    }
    static const char *const texts[] = {"/one", "/one/", "/b1/", "/b1/file//", "/one/."};
    for (int i = 0; i < 5; i++) {
        t(symlink, texts[i], "/slash");
        topen(AT_FDCWD, "/slash", O_RDWR | O_CREAT, 0644);
        topen(AT_FDCWD, "/slash", O_RDONLY | O_CREAT, 0644);
        topen(AT_FDCWD, "/slash", O_RDONLY);
        t(unlink, "/slash");
    }
    beneath("/");
    beneath("/b1");
    across();
    list("/");
    list("/b1");
    list("/b1/in");
    list("/b2");
    // A parent of a binding keeps what is in it.
    t(rmdir, "/par/ent");
    t(unlink, "/par/ent");
    topen(AT_FDCWD, "/par/ent/new", O_CREAT | O_WRONLY, 0644);
    t(unlink, "/par/ent/new");
    t(chmod, "/par/ent", 0700);
    t(chmod, "/par/ent", 0755);
}
