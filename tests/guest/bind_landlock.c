// Landlock rules for directories with mount points below them.
#include "landlock.h"

static const char *const files[] = {"/file", "/a/file", "/a/one", "/a/point/file", "/a/point/sub/file", "/b/file",
                                    "/b/in/file", "/dev/null", "/proc/self/comm", "/proc/self/mounts", 0};

static void look(void) {
    for (int i = 0; files[i]; i++)
        topen(AT_FDCWD, files[i], O_RDONLY);
    topen(AT_FDCWD, "/b/in", O_RDONLY | O_DIRECTORY);
    topen(AT_FDCWD, "/a", O_RDONLY | O_DIRECTORY);
}

static void under(const char *path) {
    pid_t pid = fork();
    if (!pid) {
        int set = ruleset(READ_FILE | READ_DIR, 0, 0);
        struct stat st;
        stat(path, &st);
        p(allow(set, path, S_ISDIR(st.st_mode) ? READ_FILE | READ_DIR : READ_FILE));
        enter(set);
        look();
        _exit(0);
    }
    show_end(path, pid);
}

// A rule by a descriptor whose name has changed its beginning.
static void from_inside(void) {
    int set = ruleset(READ_FILE | READ_DIR, 0, 0);
    chdir("/b/in");
    p(allow(set, "..", READ_FILE));
    enter(set);
    look();
    topen(AT_FDCWD, "file", O_RDONLY);
    topen(AT_FDCWD, "../file", O_RDONLY);
}

static void making(void) {
    int set = ruleset(MAKE_REG | MAKE_DIR | REMOVE_FILE | REFER | EXECUTE, 0, 0);
    p(allow(set, "/b", MAKE_REG | REMOVE_FILE | REFER));
    p(allow(set, "/a", EXECUTE | REFER));
    enter(set);
    topen(AT_FDCWD, "/b/in/new", O_WRONLY | O_CREAT, 0644);
    topen(AT_FDCWD, "/b/new", O_WRONLY | O_CREAT, 0644);
    topen(AT_FDCWD, "/a/point/new", O_WRONLY | O_CREAT, 0644);
    t(mkdir, "/b/in/dir", 0755);
    t(rename, "/b/in/new", "/b/in/sub/new");
    t(rename, "/b/in/sub/new", "/b/moved");
    t(rename, "/b/new", "/a/new");
    t(unlink, "/b/in/file");
    t(unlink, "/a/point/file");
    char *args[] = {"program", "again", 0};
    pid_t pid = fork();
    if (!pid) {
        t(execve, "/bin/bind_landlock", args, 0);
        t(execve, "/a/point/program", args, 0);
        _exit(1);
    }
    show_end("program", pid);
}

int main(int argc, char **argv) {
    if (argc > 1) {
        printf("%s\n", argv[1]);
        return 0;
    }
    under("/");
    under("/a");
    under("/a/point");
    under("/a/point/sub");
    under("/a/one");
    under("/b");
    under("/b/in");
    under("/dev");
    part("from inside", from_inside);
    part("making", making);
}
