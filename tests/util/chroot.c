// What chroot(2) does for a root: run as the root of a user namespace, and as a pretended one. Prints the same.
#define RUN_BY_ANYBODY
#include "../guest/check.h"
#include <linux/openat2.h>
#include <pthread.h>

static struct stat st;
static char text[8192];
static int proc;

static void where(void) {
    long ret = sys(SYS_getcwd, text, sizeof text);
    const char *top = strncmp(text, "(unreachable)", 13) ? "" : "(unreachable)";
    printf("  cwd %s%s\n", ret < 0 ? errno_name(-ret) : top, ret < 0 ? "" : shown(text + strlen(top)));
}

static void link_of(const char *name) {
    long ret = sys(SYS_readlinkat, proc, name, text, sizeof text - 1);
    text[ret < 0 ? 0 : ret] = 0;
    // The program itself lies elsewhere in each run.
    const char *end = strcmp(name, "exe") ? 0 : strrchr(text, '/');
    printf("  %s -> %s\n", name, ret < 0 ? errno_name(-ret) : end ? end : shown(text));
}

static void open_proc(void) {
    proc = open("/proc/self", O_RDONLY | O_DIRECTORY);
    if (proc < 0)
        die("proc");
}

// /proc/self of the caller, who cannot find it any more.
#define CHILD(label, ...)                                                                                          \
    do {                                                                                                           \
        printf("%s\n", label);                                                                                     \
        pid_t pid_ = fork();                                                                                       \
        if (!pid_) {                                                                                               \
            open_proc();                                                                                           \
            __VA_ARGS__;                                                                                           \
            _exit(0);                                                                                              \
        }                                                                                                          \
        show_end("  end", pid_);                                                                                   \
    } while (0)

static void names(void) {
    t(stat, "/", &st);
    t(stat, "/b/c/deep", &st);
    t(stat, "/../../b", &st);
    t(stat, "/b/../../..", &st);
    t(stat, "/abs/deep", &st);
    t(stat, "/out", &st);
    t(stat, "/etc", &st);
    t(stat, "/outside", &st);
    topen(AT_FDCWD, "/abs/deep", O_RDONLY);
    topen(AT_FDCWD, "/out/outside", O_RDONLY);
    t(readlink, "/abs", text, sizeof text);
    t(mkdir, "/new", 0755);
    t(rename, "/new", "/b/new");
    t(rmdir, "/b/new");
    list("/");
}

static void look(void) {
    link_of("root");
    link_of("cwd");
    link_of("exe");
    where();
}

static int up(void) {
    int steps = 0;
    struct stat here, above;
    for (;; steps++) {
        if (stat(".", &here) || stat("..", &above))
            die("stat");
        if (here.st_ino == above.st_ino && here.st_dev == above.st_dev)
            return steps;
        if (chdir(".."))
            die("chdir");
    }
}

static void *share(void *unused) {
    (void)unused;
    t(chroot, "b");
    t(chdir, "/");
    return 0;
}

static void *alone(void *unused) {
    t(unshare, CLONE_FS);
    return share(unused);
}

static void run(const char *path) {
    char *argv[] = {"self", "again", 0};
    long ret = sys(SYS_execve, path, argv, environ);
    printf("  execve = %s\n", errno_name(-ret));
}

int main(int argc, char **argv) {
    if (argc > 1) {
        printf("  executed with %d arguments, %s\n", argc, argc > 2 ? argv[argc - 2] : "");
        where();
        t(stat, "/b/c/deep", &st);
        list("/");
        return 7;
    }
    mkdirs("a");
    mkdirs("a/b");
    mkdirs("a/b/c");
    mkfile("a/b/c/deep", "deep");
    mkfile("outside", "outside");
    mkfile("a/inside", "inside");
    ln("/b/c", "a/abs");
    ln("../..", "a/out");
    ln("a", "link");
    ln("/a", "dangling");
    ln("loop", "loop");
    copy_self("a/self");
    mkfile("a/script", "#!/self word\n");
    mkfile("a/lost", "#!/b/none\n");
    if (chmod("a/script", 0755) || chmod("a/lost", 0755))
        die("chmod");
    CHILD("errors", {
        t(chroot, "missing");
        t(chroot, "missing/x");
        t(chroot, "outside");
        t(chroot, "outside/x");
        t(chroot, "");
        t(chroot, 0);
        t(chroot, bad_page());
        t(chroot, "loop");
        t(chroot, "dangling");
        static char name[300];
        memset(name, 'n', sizeof name - 1);
        p(sys(SYS_chroot, name));
        look();
    });
    CHILD("working directory outside", t(chroot, "a"), look(), names(), t(stat, "outside", &st), t(stat, "a/b", &st),
          printf("  up %d\n", up() > 0));
    CHILD("working directory inside", t(chdir, "a/b"), t(chroot, ".."), look(), names(), t(chdir, ".."), look(), t(chdir, ".."), look(),
          printf("  up %d\n", up()));
    CHILD("to the root", t(chroot, A("a")), t(chdir, "/"), look(), names(), t(chdir, "/b/c"), look(), t(chdir, "../../.."), look());
    CHILD("by a link", t(chroot, "link"), t(chdir, "/"), names());
    CHILD("slashes and dots", t(chroot, "a/b/.././b///"), t(chdir, "/"), where(), list("/"));
    CHILD("twice", t(chroot, "a"), t(chdir, "/"), t(chroot, "b"), look(), t(chdir, "/"), look(), t(stat, "/c/deep", &st), t(chroot, "/c"),
          look(), t(chdir, "/"), list("/"));
    CHILD("the same again", t(chroot, "."), t(chdir, "/"), t(chroot, "/"), look(), t(chroot, ".."), look());
    CHILD("a descriptor leads out", {
        int fd = open(".", O_RDONLY | O_DIRECTORY);
        t(chroot, "a");
        t(chdir, "/");
        t(newfstatat, fd, "outside", &st, 0);
        t(newfstatat, fd, "a/abs/deep", &st, 0);
        t(newfstatat, fd, "../..", &st, 0);
        t(fchdir, fd);
        look();
        t(chdir, "a");
        look();
        t(chdir, "..");
        look();
        t(chroot, ".");
        look();
    });
    CHILD("a root below leads out", t(chroot, "a"), t(chdir, "/"), t(chroot, "b"), look(), printf("  up %d\n", up() > 0), t(chroot, "."),
          t(stat, A("outside"), &st));
    CHILD("links of processes", {
        int fd = open("outside", O_RDONLY);
        char name[32];
        snprintf(name, sizeof name, "fd/%d", fd);
        t(chroot, "a");
        link_of(name);
        topen(proc, "cwd/outside", O_RDONLY);
        topen(proc, "root/inside", O_RDONLY);
        topen(proc, "root/../outside", O_RDONLY);
        topen(proc, "cwd/../outside", O_RDONLY);
        topen(proc, name, O_RDONLY);
        int inside = open("/inside", O_RDONLY);
        snprintf(name, sizeof name, "fd/%d", inside);
        link_of(name);
        topen(proc, name, O_RDONLY);
    });
    CHILD("a child has it too", {
        t(chroot, "a");
        t(chdir, "/");
        pid_t pid = fork();
        if (!pid) {
            names();
            _exit(3);
        }
        show_end("  grandchild", pid);
    });
    CHILD("a child's own", {
        int pipes[2];
        if (pipe(pipes))
            die("pipe");
        pid_t pid = fork();
        if (!pid) {
            t(chroot, "a");
            t(chdir, "/b");
            write(pipes[1], "x", 1);
            pause();
        }
        read(pipes[0], text, 1);
        look();
        char name[64];
        snprintf(name, sizeof name, "/proc/%d", pid);
        proc = open(name, O_RDONLY | O_DIRECTORY);
        look();
        topen(proc, "root/inside", O_RDONLY);
        topen(proc, "cwd/c/deep", O_RDONLY);
        kill(pid, SIGKILL);
        show_end("  grandchild", pid);
    });
    CHILD("threads share it", {
        pthread_t id;
        t(chroot, "a");
        t(chdir, "/");
        pthread_create(&id, 0, share, 0);
        pthread_join(id, 0);
        look();
        list("/");
        pthread_create(&id, 0, alone, 0);
        pthread_join(id, 0);
        look();
    });
    CHILD("exec", t(chroot, "a"), t(chdir, "/b"), run("/self"));
    CHILD("exec outside", t(chroot, "a"), run("/self"));
    CHILD("exec by the working directory", t(chroot, "a"), run("a/self"));
    CHILD("a script", t(chroot, "a"), t(chdir, "/"), run("/script"));
    CHILD("a script outside", t(chroot, "a/b"), run("a/script"));
    CHILD("a script without its interpreter", t(chroot, "a"), run("/lost"));
    CHILD("fexecve", {
        int fd = open("a/self", O_RDONLY);
        t(chroot, "a/b");
        t(chdir, "/");
        char *words[] = {"self", "again", 0};
        p(sys(SYS_execveat, fd, "", words, environ, AT_EMPTY_PATH));
    });
    CHILD("openat2", {
        struct open_how how = {.flags = O_PATH, .resolve = RESOLVE_IN_ROOT};
        int fd = open("a/b", O_RDONLY | O_DIRECTORY);
        t(chroot, "a");
        t(chdir, "/");
        tv(openat2, fd, "/c/deep", &how, sizeof how);
        tv(openat2, fd, "/b/c/deep", &how, sizeof how);
        tv(openat2, AT_FDCWD, "/b/../../abs/deep", &how, sizeof how);
        how.resolve = RESOLVE_BENEATH;
        tv(openat2, AT_FDCWD, "abs/deep", &how, sizeof how);
        tv(openat2, AT_FDCWD, "b/../inside", &how, sizeof how);
        tv(openat2, AT_FDCWD, "../inside", &how, sizeof how);
    });
    CHILD("sockets", {
        t(chroot, "a");
        t(chdir, "/b");
        struct sockaddr_un name = {AF_UNIX, "/socket"};
        struct sockaddr_un same = {AF_UNIX, "../../socket"};
        int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
        int client = socket(AF_UNIX, SOCK_DGRAM, 0);
        p(sys(SYS_bind, fd, &name, sizeof name));
        p(sys(SYS_connect, client, &same, sizeof same));
        struct sockaddr_un peer = {0};
        socklen_t len = sizeof peer;
        p(sys(SYS_getpeername, client, &peer, &len));
        printf("  %s\n", peer.sun_path);
    });
    return 0;
}
