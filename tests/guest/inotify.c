// inotify(7): watches by path, and exactly the events that the program itself causes.
#include "check.h"
#include <sys/inotify.h>

static int fd;

static void events(const char *label) {
    static const struct {
        unsigned bit;
        const char *name;
    } bits[] = {{IN_ACCESS, "ACCESS"}, {IN_MODIFY, "MODIFY"}, {IN_ATTRIB, "ATTRIB"}, {IN_CLOSE_WRITE, "CLOSE_WRITE"},
                {IN_CLOSE_NOWRITE, "CLOSE_NOWRITE"}, {IN_OPEN, "OPEN"}, {IN_MOVED_FROM, "MOVED_FROM"},
                {IN_MOVED_TO, "MOVED_TO"}, {IN_CREATE, "CREATE"}, {IN_DELETE, "DELETE"},
                {IN_DELETE_SELF, "DELETE_SELF"}, {IN_MOVE_SELF, "MOVE_SELF"}, {IN_IGNORED, "IGNORED"}, {IN_ISDIR, "ISDIR"}};
    _Alignas(8) char buffer[4096];
    long n = read(fd, buffer, sizeof buffer);
    printf("%s:", label);
    for (long at = 0; at < n;) {
        struct inotify_event *e = (void *)(buffer + at);
        printf(" %d", e->wd);
        for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
            if (e->mask & bits[i].bit)
                printf(" %s", bits[i].name);
        printf(e->len ? " %s;" : ";", e->name);
        at += sizeof *e + e->len;
    }
    printf("%s\n", n < 0 ? " none" : "");
}

int main(void) {
    mkdirs("dir");
    mkfile("file", "x");
    ln("file", "link");
    ln("dir", "to_dir");
    ln("nowhere", "dangling");
    ln("loop", "loop");
    mkfile("secret", "x");
    chmod("secret", 0);
    mkdirs("closed");
    mkfile("closed/x", "x");
    chmod("closed", 0);

    tv(inotify_init);
    fd = sys(SYS_inotify_init1, IN_NONBLOCK | IN_CLOEXEC);
    t(inotify_init1, 1);
    t(inotify_add_watch, fd, "dir", IN_ALL_EVENTS);
    t(inotify_add_watch, fd, A("dir"), IN_ALL_EVENTS);
    t(inotify_add_watch, fd, A("file"), IN_ALL_EVENTS);
    t(inotify_add_watch, fd, "link", IN_ALL_EVENTS);
    t(inotify_add_watch, fd, "link", IN_ALL_EVENTS | IN_DONT_FOLLOW);
    t(inotify_add_watch, fd, A("link"), IN_ALL_EVENTS | IN_DONT_FOLLOW | IN_MASK_CREATE);
    t(inotify_add_watch, fd, "to_dir", IN_ALL_EVENTS | IN_ONLYDIR);
    t(inotify_add_watch, fd, "file", IN_ALL_EVENTS | IN_ONLYDIR);
    t(inotify_add_watch, fd, "file", IN_ALL_EVENTS | IN_MASK_CREATE);
    t(inotify_add_watch, fd, "file", IN_MODIFY | IN_MASK_CREATE | IN_MASK_ADD);
    t(inotify_add_watch, fd, "missing", IN_ALL_EVENTS);
    t(inotify_add_watch, fd, A("missing"), IN_ALL_EVENTS);
    t(inotify_add_watch, fd, "dangling", IN_ALL_EVENTS);
    t(inotify_add_watch, fd, "loop", IN_ALL_EVENTS);
    t(inotify_add_watch, fd, "file/x", IN_ALL_EVENTS);
    t(inotify_add_watch, fd, "", IN_ALL_EVENTS);
    t(inotify_add_watch, fd, "secret", IN_ALL_EVENTS);
    t(inotify_add_watch, fd, "closed/x", IN_ALL_EVENTS);
    t(inotify_add_watch, fd, "file", 0);
    t(inotify_add_watch, fd, 0, IN_ALL_EVENTS);
    t(inotify_add_watch, 999, "file", IN_ALL_EVENTS);
    t(inotify_add_watch, 0, "file", IN_ALL_EVENTS);
    t(inotify_rm_watch, fd, 99);
    t(inotify_rm_watch, 999, 1);
    events("nothing yet");

    topen(AT_FDCWD, "dir/a", O_RDWR | O_CREAT, 0600);
    events("create dir/a");
    topen(AT_FDCWD, A("dir/b"), O_RDWR | O_CREAT, 0600);
    events("create dir/b");
    t(rename, A("dir/a"), "dir/c");
    events("rename");
    t(chmod, A("dir/c"), 0640);
    events("chmod");
    t(mkdir, A("dir/sub"), 0700);
    events("mkdir");
    t(symlink, "x", A("dir/l"));
    events("symlink");
    t(link, A("file"), A("dir/h"));
    events("link");
    t(truncate, A("file"), 5);
    events("truncate");
    t(unlink, A("dir/b"));
    events("unlink");
    t(rmdir, A("dir/sub"));
    events("rmdir");
    struct stat st;
    t(stat, A("dir/c"), &st);
    t(access, A("dir/c"), R_OK);
    events("stat and access");
    cat("dir/c");
    events("cat");
    t(rename, A("dir"), A("dir2"));
    events("rename of the watched directory");
    t(inotify_rm_watch, fd, 1);
    events("removed");
    t(unlink, A("link"));
    events("unlink of the watched link");
    chmod("closed", 0700);
}
