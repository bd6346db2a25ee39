// What rules forbid with files: reading, writing, making, removing, moving, cutting; and what they do not.
#include "landlock.h"
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

static void set_up(void) {
    mkdirs("in");
    mkdirs("in/sub");
    mkdirs("in/empty");
    mkdirs("out");
    mkdirs("out/empty");
    mkfile("in/file", "in");
    mkfile("in/sub/file", "deep");
    mkfile("out/file", "out");
    ln("../out/file", "in/leads_out");
    ln("../in/file", "out/leads_in");
}

static void show_opens(const char *path) {
    printf("%s: read %d, write %d, both %d, path %d, cut %d\n", path, sys(SYS_open, path, O_RDONLY) >= 0,
           sys(SYS_open, path, O_WRONLY) >= 0, sys(SYS_open, path, O_RDWR) >= 0, sys(SYS_open, path, O_PATH) >= 0,
           sys(SYS_open, path, O_WRONLY | O_TRUNC) >= 0);
}

static void reading(void) {
    int set = ruleset(READ_FILE | READ_DIR, 0, 0);
    p(allow(set, "in", READ_FILE | READ_DIR));
    enter(set);
    show_opens("in/file");
    show_opens("in/sub/file");
    show_opens("in/leads_out");
    show_opens("out/file");
    show_opens("out/leads_in");
    list("in");
    list("out");
    list(".");
    topen(AT_FDCWD, "out/file", O_RDONLY);
    topen(AT_FDCWD, "out/missing", O_RDONLY);
    topen(AT_FDCWD, "out/file/x", O_RDONLY);
    topen(AT_FDCWD, "out/new", O_RDONLY | O_CREAT, 0644);
    show_path("out/new");
    // None of these is forbidden by any rule.
    show_path("out/file");
    t(access, "out/file", R_OK);
    t(chdir, "out");
    cat("file");
    cat("../in/file");
    t(chmod, "file", 0600);
    t(chdir, "../in/sub");
    cat("file");
    t(chdir, "..");
    char text[16];
    t(readlink, "leads_out", text, sizeof text);
}

static void writing(void) {
    int set = ruleset(WRITE_FILE | TRUNCATE | MAKE_REG, 0, 0), set_one = ruleset(READ_FILE, 0, 0);
    p(allow(set, "in", WRITE_FILE | MAKE_REG));
    p(allow(set, "in/sub", TRUNCATE));
    p(allow(set_one, "in/file", READ_FILE));
    int early = open("out/file", O_RDWR);
    enter(set);
    enter(set_one);
    show_opens("in/file");
    show_opens("in/sub/file");
    show_opens("out/file");
    t(truncate, "in/file", 1);
    t(truncate, "in/sub/file", 1);
    t(truncate, "out/file", 1);
    // A descriptor keeps what it was opened with.
    int fd = open("in/file", O_WRONLY);
    p(sys(SYS_ftruncate, fd, 1));
    p(sys(SYS_ftruncate, open("in/sub/file", O_WRONLY), 1));
    p(sys(SYS_ftruncate, early, 2));
    topen(AT_FDCWD, "in/new", O_WRONLY | O_CREAT, 0644);
    topen(AT_FDCWD, "out/new", O_WRONLY | O_CREAT, 0644);
    topen(AT_FDCWD, "out/new", O_RDONLY | O_CREAT | O_EXCL, 0644);
    topen(AT_FDCWD, "in", O_TMPFILE | O_WRONLY, 0600);
    topen(AT_FDCWD, "out", O_TMPFILE | O_WRONLY, 0600);
    t(creat, "in/file", 0644);
    list("in");
}

static void entries(void) {
    int set = ruleset(ALL_FS & ~(READ_FILE | READ_DIR | REFER), 0, 0);
    p(allow(set, "in", MAKE_DIR | MAKE_REG | MAKE_SYM | MAKE_FIFO | REMOVE_FILE));
    p(allow(set, "out", REMOVE_DIR | MAKE_SOCK));
    enter(set);
    for (const char *const *dir = (const char *const[]){"in", "out", 0}; *dir; dir++) {
        t(chdir, *dir);
        t(mkdir, "dir", 0755);
        t(mkdir, "dir", 0755);
        t(mknod, "reg", S_IFREG | 0644, 0);
        t(mknod, "fifo", S_IFIFO | 0644, 0);
        t(mknod, "sock", S_IFSOCK | 0644, 0);
        t(mknod, "char", S_IFCHR | 0644, makedev(1, 3));
        t(symlink, "to", "sym");
        t(symlink, "to", "sym");
        t(link, "file", "linked");
        t(rename, "file", "renamed");
        t(rename, "empty", "moved");
        t(unlink, "renamed");
        t(unlink, "file");
        t(unlink, "missing");
        t(rmdir, "empty");
        t(rmdir, "moved");
        t(unlinkat, AT_FDCWD, "dir", AT_REMOVEDIR);
        struct sockaddr_un name = {AF_UNIX, "bound"};
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        p(sys(SYS_bind, fd, &name, sizeof name));
        close(fd);
        t(chdir, "..");
        list(*dir);
    }
}

// Moving between directories: EXDEV without REFER on both, or where the file would gain rights; EACCES where more lacks.
static void referring(void) {
    mkdirs("more");
    mkdirs("less");
    mkfile("more/file", "more");
    mkfile("more/other", "other");
    mkfile("less/file", "less");
    int set = ruleset(REFER | MAKE_REG | REMOVE_FILE | EXECUTE, 0, 0);
    p(allow(set, "in", REFER | MAKE_REG | REMOVE_FILE));
    p(allow(set, "more", REFER | MAKE_REG | REMOVE_FILE | EXECUTE));
    p(allow(set, "less", MAKE_REG | REMOVE_FILE));
    enter(set);
    t(rename, "in/file", "in/sub/moved");
    t(rename, "in/sub/moved", "in/file");
    t(link, "in/file", "in/sub/linked");
    t(rename, "in/file", "more/gains");
    t(link, "in/file", "more/gains");
    t(rename, "more/file", "in/loses");
    t(link, "more/other", "in/loses_too");
    t(rename, "in/file", "less/x");
    t(rename, "less/file", "in/x");
    t(rename, "less/file", "less/x");
    t(rename, "in/file", "out/x");
    t(rename, "out/file", "in/x");
    t(link, "out/file", "in/x");
    t(renameat2, AT_FDCWD, "in/file", AT_FDCWD, "in/sub/file", 2);
    t(renameat2, AT_FDCWD, "in/file", AT_FDCWD, "more/other", 2);
    t(rename, "in/missing", "out/x");
}

// Any rules at all keep a file from moving to another directory.
static void implicit_refer(void) {
    enter(ruleset(READ_DIR, 0, 0));
    t(rename, "in/file", "out/x");
    t(link, "in/file", "out/x");
    t(rename, "in/file", "in/x");
    t(rename, "in/x", "in/file");
}

static void devices(void) {
    int set = ruleset(IOCTL_DEV | READ_FILE | WRITE_FILE, 0, 0);
    int early = open("/dev/null", O_RDWR), n;
    p(allow(set, "/dev/null", READ_FILE));
    p(allow(set, "/dev/zero", READ_FILE | IOCTL_DEV));
    p(allow(set, ".", READ_FILE));
    enter(set);
    int null = open("/dev/null", O_RDONLY), zero = open("/dev/zero", O_RDONLY), file = open("in/file", O_RDONLY);
    p(null >= 0 && zero >= 0 && file >= 0);
    pe(ioctl(null, FIONREAD, &n));
    pe(ioctl(null, TCGETS, &n));
    pe(ioctl(null, FIOCLEX));
    pe(ioctl(zero, TCGETS, &n));
    pe(ioctl(early, TCGETS, &n));
    pe(ioctl(file, TCGETS, &n));
    topen(AT_FDCWD, "/dev/null", O_WRONLY);
    topen(AT_FDCWD, "/dev/full", O_RDONLY);
}

// Layers only take away, and a rule of one is none of another's.
static void layered(void) {
    int first = ruleset(READ_FILE | WRITE_FILE, 0, 0), second = ruleset(READ_FILE, 0, 0);
    p(allow(first, "in", READ_FILE));
    p(allow(first, "out", READ_FILE | WRITE_FILE));
    p(allow(second, "out", READ_FILE));
    p(allow(second, "in/sub", READ_FILE));
    enter(first);
    enter(second);
    show_opens("in/file");
    show_opens("in/sub/file");
    show_opens("out/file");
    // In a child too, and in its child.
    pid_t pid = fork();
    if (!pid) {
        show_opens("in/file");
        pid = fork();
        if (!pid) {
            show_opens("in/sub/file");
            _exit(0);
        }
        show_end("grandchild", pid);
        _exit(0);
    }
    show_end("child", pid);
}

int main(void) {
    set_up();
    part("reading", reading);
    part("implicit refer", implicit_refer);
    part("devices", devices);
    part("layers", layered);
    part("referring", referring);
    part("writing", writing);
    part("entries", entries);
}
