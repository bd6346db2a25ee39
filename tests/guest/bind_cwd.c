// The root file system lies below a bound directory, as it does for most users: /home/proj is bound, and /home/proj/root
// is / by another name. The program starts in /home/proj.
#include "check.h"
#include <fts.h>
#include <ftw.h>

static void where(const char *label) {
    char text[4096] = "", link[4096] = "";
    long len = sys(SYS_getcwd, text, sizeof text);
    long size = sys(SYS_readlink, "/proc/self/cwd", link, sizeof link - 1);
    link[size < 0 ? 0 : size] = 0;
    // By which of its names a deleted directory is remembered is not promised.
    char *last = strrchr(link, '/');
    printf("%s: getcwd %s, link %s\n", label, len < 0 ? errno_name(-len) : text, len < 0 && last ? last : link);
}

static int same(const char *a, const char *b) {
    struct stat x, y;
    return !stat(a, &x) && !stat(b, &y) && x.st_ino == y.st_ino && x.st_dev == y.st_dev;
}

static void by_names(void) {
    where("start");
    static const char *const steps[] = {"root", "etc",   "..",   "..",     "root/etc/deep", "../..", "/etc/deep", "../..", "/",
                                        "..",   "/home/proj/root/home/proj", "../../../..", ".", "root/to_etc", "..",
                                        "/to_home/root", "/home/proj", "./root/../root/./etc/.."};
    for (unsigned i = 0; i < sizeof steps / sizeof *steps; i++) {
        t(chdir, steps[i]);
        where(steps[i]);
    }
    p(same("/etc", "/home/proj/root/etc"));
    p(same("/", "/home/proj/root"));
    p(same("/home/proj/root/etc/..", "/"));
    p(same("/home/proj/root/..", "/home/proj"));
    p(same("/etc/../..", "/"));
}

static void by_descriptors(void) {
    t(chdir, "/home/proj");
    static const char *const dirs[] = {"root/etc/deep", "/etc/deep", "root", "/", "root/home", "."};
    for (unsigned i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        t(chdir, "/home/proj");
        printf("open %s\n", dirs[i]);
        long fd = open(dirs[i], O_RDONLY | O_DIRECTORY);
        t(fchdir, fd);
        where("fchdir");
        // Up by descriptors, as tree walkers do.
        for (int up = 0; up < 5; up++) {
            struct stat st;
            char label[64];
            long next = sys(SYS_openat, fd, "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
            fstat((int)next, &st);
            const char *is = "another";
            static const char *const known[] = {"/home", "/home/proj", "/", "/etc"};
            for (int k = 0; k < 4; k++) {
                struct stat other;
                if (!stat(known[k], &other) && other.st_ino == st.st_ino && other.st_dev == st.st_dev)
                    is = known[k];
            }
            snprintf(label, sizeof label, "up %d is %s", up, is);
            t(fchdir, next);
            where(label);
            close((int)fd);
            fd = next;
        }
        close((int)fd);
    }
}

static void walk(const char *top, int options) {
    char *const paths[] = {(char *)top, 0};
    FTS *fts = fts_open(paths, options, 0);
    int counts[16] = {0}, wrong = 0;
    for (FTSENT *e; (e = fts_read(fts));) {
        struct stat st;
        // The mounts below differ from those that the tests have.
        if (e->fts_info == FTS_D && e->fts_level > 0 && (!strcmp(e->fts_name, "proc") || !strcmp(e->fts_name, "dev")))
            fts_set(fts, e, FTS_SKIP);
        counts[e->fts_info & 15]++;
        if (e->fts_info == FTS_F && (lstat(e->fts_accpath, &st) || st.st_ino != e->fts_statp->st_ino))
            wrong++;
        if (e->fts_info == FTS_ERR || e->fts_info == FTS_DNR || e->fts_info == FTS_NS)
            printf("  %s: %s\n", e->fts_path, errno_name(e->fts_errno));
    }
    fts_close(fts);
    printf("walk %s %d: %d directories, %d files, %d links, %d wrong\n", top, options, counts[FTS_D], counts[FTS_F],
           counts[FTS_SL], wrong);
    where("after it");
}

static int removed;
static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw) {
    (void)st, (void)flag, (void)ftw;
    removed += !remove(strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
    return 0;
}

static void make_tree(const char *top) {
    char path[256];
    mkdirs(top);
    for (int i = 0; i < 12; i++) {
        snprintf(path, sizeof path, "%s/d%d", top, i);
        mkdirs(path);
        snprintf(path, sizeof path, "%s/d%d/below", top, i);
        mkdirs(path);
        snprintf(path, sizeof path, "%s/d%d/below/file", top, i);
        mkfile(path, "x");
    }
}

static void trees(void) {
    t(chdir, "/home/proj");
    make_tree("root/etc/tree");
    static const int options[] = {FTS_PHYSICAL, FTS_PHYSICAL | FTS_NOCHDIR};
    for (int i = 0; i < 2; i++) {
        walk(".", options[i]);
        walk("root/etc", options[i]);
        walk("/etc", options[i]);
        walk("/home/proj/root/etc", options[i]);
    }
    nftw("root/etc/tree", remove_entry, 5, FTW_CHDIR | FTW_DEPTH | FTW_PHYS);
    p(removed);
    t(access, "/etc/tree", F_OK);
    where("after removal");
}

// What another process does to the directory is seen at once.
static void others(void) {
    int lock[2];
    static const char *const bases[] = {"/home/proj/", "/home/proj/root/etc/", "/etc/"};
    for (int i = 0; i < 3; i++) {
        char path[128], other[128];
        printf("---- in %s\n", bases[i]);
        snprintf(path, sizeof path, "%supper", bases[i]);
        mkdirs(path);
        snprintf(path, sizeof path, "%supper/work", bases[i]);
        mkdirs(path);
        t(chdir, path);
        mkfile("file", "text");
        if (pipe(lock))
            die("pipe");
        pid_t pid = fork();
        if (!pid) {
            char go;
            chdir("/");
            if (read(lock[0], &go, 1) != 1)
                _exit(9);
            snprintf(other, sizeof other, "%smoved", bases[i]);
            snprintf(path, sizeof path, "%supper", bases[i]);
            _exit(rename(path, other) ? errno : 0);
        }
        write(lock[1], "x", 1);
        show_end("renamed", pid);
        where("renamed");
        cat("file");
        t(access, "../work/file", F_OK);
        t(mkdir, "../beside", 0755);
        t(chdir, "..");
        where("up");
        t(rmdir, "beside");
        t(chdir, "work");
        where("down");
        snprintf(other, sizeof other, "%smoved", bases[i]);
        // Closed to everybody who is not inside already.
        t(chmod, other, 0);
        cat("file");
        where("closed");
        topen(AT_FDCWD, "new", O_CREAT | O_WRONLY, 0644);
        t(unlink, "new");
        topen(AT_FDCWD, "..", O_PATH);
        topen(AT_FDCWD, "../work", O_RDONLY);
        snprintf(path, sizeof path, "%smoved/work/file", bases[i]);
        t(access, path, F_OK);
        t(chmod, other, 0755);
        t(unlink, "file");
        snprintf(path, sizeof path, "%smoved/work", bases[i]);
        t(rmdir, path);
        where("deleted");
        topen(AT_FDCWD, "new", O_CREAT | O_WRONLY, 0644);
        topen(AT_FDCWD, ".", O_RDONLY);
        t(mkdir, "new", 0755);
        t(chdir, "..");
        where("up from it");
        t(rmdir, other);
        t(chdir, "/home/proj");
    }
}

int main(void) {
    by_names();
    by_descriptors();
    trees();
    others();
}
