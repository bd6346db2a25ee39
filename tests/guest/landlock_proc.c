// /proc from within a domain: the files whose text a program needs, and who is out of sight.
#include "landlock.h"

static void first_line(const char *path, int flags) {
    int fd = sys(SYS_openat, AT_FDCWD, path, flags);
    if (fd < 0) {
        printf("%s: %s\n", path, errno_name(-fd));
        return;
    }
    char text[8192];
    ssize_t n = 0, all = 0;
    while ((n = read(fd, text, sizeof text)) > 0)
        all += n;
    printf("%s: fd %d, %s, flags %#x, cloexec %d", path, fd, all > 0 ? "has text" : "is empty",
           fcntl(fd, F_GETFL) & ~O_NOFOLLOW, fcntl(fd, F_GETFD));
    printf(", write %s\n", write(fd, "x", 1) < 0 ? errno_name(errno) : "ok");
    close(fd);
}

static const char *const files[] = {
    "/proc/self/maps", "/proc/self/smaps",       "/proc/self/mountinfo", "/proc/self/mounts", "/proc/self/status",
    "/proc/self/stat", "/proc/thread-self/maps", "/proc/self/cmdline",   "/proc/self/auxv",   "/proc/net/unix",
    "/proc/self/comm", "/proc/self/environ",     "/proc/mounts",         0,
};

// Whether the file's text has this in it.
static bool has(const char *path, const char *text) {
    static char all[1 << 16];
    int fd = open(path, O_RDONLY);
    ssize_t n, len = 0;
    while ((n = read(fd, all + len, sizeof all - 1 - len)) > 0)
        len += n;
    all[len] = 0;
    close(fd);
    return strstr(all, text);
}

static void read_all(void) {
    // The program by its own name, and not by a longer one that ends in it.
    char exe[PATH_MAX] = " ";
    p(readlink("/proc/self/exe", exe + 1, sizeof exe - 2) > 0);
    p(has("/proc/self/maps", exe));
    p(has("/proc/self/status", "TracerPid:\t0\n"));
    p(has("/proc/self/status", "Seccomp:\t0\n"));
    for (int i = 0; files[i]; i++)
        first_line(files[i], O_RDONLY);
    first_line("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    first_line("/proc/self/maps", O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
    topen(AT_FDCWD, "/proc/self/maps", O_RDONLY | O_DIRECTORY);
    topen(AT_FDCWD, "/proc/self/maps", O_WRONLY);
    topen(AT_FDCWD, "/proc/self/maps", O_PATH);
    topen(AT_FDCWD, "/proc/self/status", O_RDONLY | O_CREAT | O_EXCL, 0644);
    char text[64];
    p(sys(SYS_readlink, "/proc/self/cwd", text, sizeof text) > 0);
    p(sys(SYS_readlink, "/proc/self/exe", text, sizeof text) > 0);
    // Nothing is left open, and the lowest number is taken next.
    p(dup(0));
    // No number is left for it.
    struct rlimit limit = {4, 4};
    setrlimit(RLIMIT_NOFILE, &limit);
    topen(AT_FDCWD, "/proc/self/comm", O_RDONLY);
}

static void allowed(void) {
    int set = ruleset(READ_FILE | READ_DIR, 0, 0);
    p(allow(set, "/proc", READ_FILE));
    enter(set);
    read_all();
}

static void allowed_from_root(void) {
    int set = ruleset(READ_FILE | READ_DIR | WRITE_FILE, 0, 0);
    struct path_beneath rule = {READ_FILE, open("/", O_PATH)};
    t(landlock_add_rule, set, RULE_PATH_BENEATH, &rule, 0);
    close(rule.fd);
    enter(set);
    first_line("/proc/self/maps", O_RDONLY);
    first_line("/dev/null", O_RDONLY);
    first_line("/dev/zero", O_WRONLY);
    topen(AT_FDCWD, "file", O_WRONLY | O_CREAT, 0644);
}

static void one_file(void) {
    int set = ruleset(READ_FILE | READ_DIR, 0, 0);
    p(allow(set, "/proc/self/maps", READ_FILE));
    enter(set);
    first_line("/proc/self/maps", O_RDONLY);
    first_line("/proc/self/status", O_RDONLY);
}

static void forbidden(void) {
    enter(ruleset(READ_FILE | READ_DIR, 0, 0));
    read_all();
}

// The names of a process that is not in the domain.
static void look_at(pid_t pid) {
    static const char *const names[] = {"cwd", "exe", "root", "fd/9", "ns/pid", "stat", "status", "maps", "environ",
                                        "auxv", "mem", "comm", "cmdline", "mountinfo", 0};
    char path[64], text[256];
    for (int i = 0; names[i]; i++) {
        snprintf(path, sizeof path, "/proc/%d/%s", pid, names[i]);
        long link = sys(SYS_readlink, path, text, sizeof text);
        struct stat st;
        long stat = sys(SYS_newfstatat, AT_FDCWD, path, &st, 0);
        long lstat = sys(SYS_newfstatat, AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW);
        long fd = sys(SYS_openat, AT_FDCWD, path, O_RDONLY);
        long n = fd < 0 ? fd : read(fd, text, sizeof text);
        printf("%s: readlink %s, stat %s, lstat %s, open %s, read %s\n", names[i], link < 0 ? errno_name(-link) : "ok",
               stat < 0 ? errno_name(-stat) : "ok", lstat < 0 ? errno_name(-lstat) : "ok",
               fd < 0 ? errno_name(-fd) : "ok", n < 0 ? errno_name(errno) : "ok");
        close(fd);
    }
    snprintf(path, sizeof path, "/proc/%d/cwd", pid);
    p(sys(SYS_chdir, path));
    snprintf(path, sizeof path, "/proc/%d/cwd/.", pid);
    p(sys(SYS_access, path, F_OK));
}

static void others(void) {
    enter(ruleset(MAKE_SYM, 0, 0));
    printf("parent, outside\n");
    look_at(getppid());
    pid_t child = fork();
    if (!child)
        for (;;)
            pause();
    printf("child, in the same domain\n");
    look_at(child);
    kill(child, SIGKILL);
    waitpid(child, 0, 0);
}

int main(void) {
    // Files natively and here may have other numbers of descriptors open.
    for (int fd = 3; fd < 20; fd++)
        close(fd);
    mkfile("shown", "text");
    int fd = open("shown", O_RDONLY);
    dup2(fd, 9);
    close(fd);
    part("allowed", allowed);
    part("allowed from the root", allowed_from_root);
    part("one file", one_file);
    part("forbidden", forbidden);
    part("others", others);
}
