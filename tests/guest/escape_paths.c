// Tries to reach a directory of the host's by every call that takes a path. Run by tests/escape.rs.
//
// Arguments: the directory, and the way to name it. One line a call: "reached" when the call got there. Natively all
// but a few do, which shows that the test can fail; inside, none may.
#include "check.h"
#include <linux/openat2.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/xattr.h>

static char directory[3 * PATH_MAX];
static int base = AT_FDCWD;

static char *in(const char *name) {
    static __thread char buffers[4][4 * PATH_MAX];
    static __thread unsigned next;
    char *out = buffers[next++ % 4];
    snprintf(out, sizeof buffers[0], "%s%s%s", directory, *name ? "/" : "", name);
    return out;
}

static void report(const char *call, int reached) { printf("%s: %s\n", call, reached ? "reached" : "refused"); }

// A call that returns a descriptor, through which the marker must not be readable.
static void got_fd(const char *call, long fd) {
    char text[32] = "", path[64];
    if (fd >= 0 && read(fd, text, 31) < 0) {
        snprintf(path, sizeof path, "/proc/self/fd/%ld", fd);
        int again = open(path, O_RDONLY);
        read(again, text, 31);
        close(again);
    }
    report(call, fd >= 0);
    if (fd >= 0)
        close(fd);
}

#define OK(name, ...) report(#name, sys(SYS_##name, __VA_ARGS__) >= 0)
#define FD(name, ...) got_fd(#name, sys(SYS_##name, __VA_ARGS__))
// The legacy calls know no base; with one they are left out.
#define OLD(kind, name, ...)                                                                                       \
    do {                                                                                                           \
        if (base == AT_FDCWD)                                                                                      \
            kind(name, __VA_ARGS__);                                                                               \
    } while (0)

static void opens(void) {
    OLD(FD, open, in("marker"), O_RDONLY);
    FD(openat, base, in("marker"), O_RDONLY);
    report("openat O_PATH", sys(SYS_openat, base, in("marker"), O_PATH) >= 0);
    report("openat O_PATH|O_NOFOLLOW of a link", sys(SYS_openat, base, in("link"), O_PATH | O_NOFOLLOW) >= 0);
    report("openat of a link", sys(SYS_openat, base, in("link"), O_RDONLY) >= 0);
    report("openat of the directory", sys(SYS_openat, base, in(""), O_RDONLY | O_DIRECTORY) >= 0);
    report("openat O_TMPFILE", sys(SYS_openat, base, in(""), O_RDWR | O_TMPFILE, 0600) >= 0);
    report("openat O_CREAT", sys(SYS_openat, base, in("made by openat"), O_RDWR | O_CREAT, 0600) >= 0);
    report("openat O_TRUNC", sys(SYS_openat, base, in("trunc"), O_RDWR | O_TRUNC) >= 0);
    OLD(FD, creat, in("made by creat"), 0600);
    static const uint64_t resolve[] = {0, RESOLVE_NO_SYMLINKS, RESOLVE_NO_MAGICLINKS, RESOLVE_NO_XDEV, RESOLVE_IN_ROOT, RESOLVE_BENEATH, RESOLVE_CACHED};
    for (size_t i = 0; i < sizeof resolve / sizeof *resolve; i++) {
        char label[64];
        struct open_how how = {.flags = O_RDONLY, .resolve = resolve[i]};
        snprintf(label, sizeof label, "openat2 with RESOLVE %#lx", (long)resolve[i]);
        got_fd(label, sys(SYS_openat2, base, in("marker"), &how, sizeof how));
    }
    FD(open_tree, base, in("marker"), 0);
    got_fd("open_tree of the directory", sys(SYS_open_tree, base, in(""), 0));
    got_fd("open_tree OPEN_TREE_CLONE", sys(SYS_open_tree, base, in(""), 1));
    FD(open_tree_attr, base, in("marker"), 0, 0, 0);
    FD(fspick, base, in(""), 0);
}

static void looks(void) {
    static char buffer[8192];
    OLD(OK, stat, in("marker"), buffer);
    OLD(OK, lstat, in("link"), buffer);
    OK(newfstatat, base, in("marker"), buffer, 0);
    OK(statx, base, in("marker"), 0, STATX_ALL, buffer);
    OLD(OK, access, in("marker"), F_OK);
    OK(faccessat, base, in("marker"), R_OK);
    OK(faccessat2, base, in("marker"), R_OK, AT_EACCESS);
    OLD(OK, readlink, in("link"), buffer, 100);
    OK(readlinkat, base, in("link"), buffer, 100);
    OLD(OK, statfs, in("marker"), buffer);
    OLD(OK, getxattr, in("marker"), "user.secret", buffer, 100);
    OLD(OK, lgetxattr, in("marker"), "user.secret", buffer, 100);
    OLD(OK, listxattr, in("marker"), buffer, 100);
    OLD(OK, llistxattr, in("marker"), buffer, 100);
    struct {
        uint64_t value;
        uint32_t size, flags;
    } args = {(uintptr_t)buffer, 100, 0};
    OK(getxattrat, base, in("marker"), 0, "user.secret", &args, sizeof args);
    OK(listxattrat, base, in("marker"), 0, buffer, 100);
    OK(file_getattr, base, in("marker"), buffer, 24, 0);
    struct {
        struct file_handle h;
        char room[128];
    } handle = {.h.handle_bytes = 128};
    int mount;
    OK(name_to_handle_at, base, in("marker"), &handle, &mount, 0);
    OK(open_by_handle_at, base, &handle, O_RDONLY);
    int watch = inotify_init1(0);
    OLD(OK, inotify_add_watch, watch, in("marker"), IN_ALL_EVENTS);
    int mark = sys(SYS_fanotify_init, FAN_CLASS_NOTIF | FAN_REPORT_FID, O_RDONLY);
    OK(fanotify_mark, mark, FAN_MARK_ADD, FAN_OPEN, base, in("marker"));
    // Asks for a block device; the answer tells whether the file is there.
    if (base == AT_FDCWD)
        report("quotactl", sys(SYS_quotactl, 0x80000400, in("marker"), 0, buffer) == -ENOTBLK);
}

static void changes(void) {
    OLD(OK, mkdir, in("mkdir"), 0700);
    OK(mkdirat, base, in("mkdirat"), 0700);
    OLD(OK, mknod, in("mknod"), S_IFIFO | 0600, 0);
    OK(mknodat, base, in("mknodat"), S_IFREG | 0600, 0);
    OLD(OK, symlink, "x", in("symlink"));
    OK(symlinkat, "x", base, in("symlinkat"));
    OLD(OK, link, in("marker"), "linked");
    OK(linkat, base, in("marker"), AT_FDCWD, "linked2", 0);
    OK(linkat, base, in("link"), AT_FDCWD, "linked3", AT_SYMLINK_FOLLOW);
    OLD(OK, link, "own", in("link from inside"));
    OLD(OK, rename, in("rename"), "renamed");
    OLD(OK, rename, "own2", in("renamed from inside"));
    OK(renameat, base, in("renameat"), AT_FDCWD, "renamed2");
    OK(renameat2, base, in("renameat2"), AT_FDCWD, "renamed3", 1 /* RENAME_NOREPLACE */);
    OLD(OK, unlink, in("unlink"));
    OK(unlinkat, base, in("unlinkat"), 0);
    OLD(OK, rmdir, in("rmdir"));
    OLD(OK, chmod, in("marker"), 0640);
    OK(fchmodat, base, in("marker"), 0641);
    OK(fchmodat2, base, in("marker"), 0642, 0);
    OLD(OK, chown, in("marker"), -1, -1);
    OLD(OK, lchown, in("marker"), -1, -1);
    OK(fchownat, base, in("marker"), -1, -1, 0);
    OLD(OK, utime, in("marker"), 0);
    OLD(OK, utimes, in("marker"), 0);
    OK(futimesat, base, in("marker"), 0);
    OK(utimensat, base, in("marker"), 0, 0);
    OLD(OK, truncate, in("trunc"), 3);
    OLD(OK, setxattr, in("marker"), "user.a", "x", 1, 0);
    OLD(OK, lsetxattr, in("marker"), "user.b", "x", 1, 0);
    struct {
        uint64_t value;
        uint32_t size, flags;
    } args = {(uintptr_t) "x", 1, 0};
    OK(setxattrat, base, in("marker"), 0, "user.c", &args, sizeof args);
    OLD(OK, removexattr, in("marker"), "user.r1");
    OLD(OK, lremovexattr, in("marker"), "user.r2");
    OK(removexattrat, base, in("marker"), 0, "user.r3");
    char attributes[24] = {0};
    OK(file_setattr, base, in("marker"), attributes, sizeof attributes, 0);
}

static void sockets(void) {
    if (base != AT_FDCWD || strlen(in("dgram")) >= 108)
        return;
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int stream = socket(AF_UNIX, SOCK_STREAM, 0), dgram = socket(AF_UNIX, SOCK_DGRAM, 0);
    strcpy(a.sun_path, in("bind"));
    OK(bind, stream, &a, sizeof a);
    strcpy(a.sun_path, in("stream"));
    OK(connect, socket(AF_UNIX, SOCK_STREAM, 0), &a, sizeof a);
    strcpy(a.sun_path, in("dgram"));
    OK(sendto, dgram, "x", 1, MSG_DONTWAIT, &a, sizeof a);
    struct iovec io = {"x", 1};
    struct mmsghdr m = {.msg_hdr = {.msg_name = &a, .msg_namelen = sizeof a, .msg_iov = &io, .msg_iovlen = 1}};
    OK(sendmsg, dgram, &m.msg_hdr, MSG_DONTWAIT);
    OK(sendmmsg, dgram, &m, 1, MSG_DONTWAIT);
}

// Runs the program that lies there; it exits with 42.
static void run(const char *label, int at, const char *path) {
    pid_t pid = fork();
    if (!pid) {
        char *args[] = {"prog", "child", 0}, *env[] = {0};
        sys(SYS_execveat, at, path, args, env, 0);
        _exit(1);
    }
    int s;
    waitpid(pid, &s, 0);
    report(label, WIFEXITED(s) && WEXITSTATUS(s) == 42);
}

static void programs(void) {
    run("execveat", base, in("prog"));
    if (base != AT_FDCWD)
        return;
    pid_t pid = fork();
    if (!pid) {
        char *args[] = {"prog", "child", 0}, *env[] = {0};
        sys(SYS_execve, in("prog"), args, env);
        _exit(1);
    }
    int s;
    waitpid(pid, &s, 0);
    report("execve", WIFEXITED(s) && WEXITSTATUS(s) == 42);
    char text[4 * PATH_MAX];
    snprintf(text, sizeof text, "#!%s child\n", in("prog"));
    mkfile("script", text);
    chmod("script", 0755);
    run("interpreter of a script", AT_FDCWD, "script");
    pid = fork();
    if (!pid)
        _exit(sys(SYS_chdir, in("")) == 0);
    waitpid(pid, &s, 0);
    report("chdir", s != 0);
    // In namespaces of one's own, where they are to be had.
    pid = fork();
    if (!pid) {
        sys(SYS_unshare, CLONE_NEWUSER | CLONE_NEWNS);
        _exit(sys(SYS_openat, AT_FDCWD, in("marker"), O_RDONLY) >= 0 || sys(SYS_open_tree, AT_FDCWD, in(""), 1) >= 0);
    }
    waitpid(pid, &s, 0);
    report("openat in other namespaces", s != 0);
}

// Fills the directory with what the calls act on.
static void prepare(const char *path) {
    if (chdir(path))
        die("chdir");
    mkfile("marker", "marker of the host");
    ln("marker", "link");
    static const char *const files[] = {"trunc", "rename", "renameat", "renameat2", "unlink", "unlinkat"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        mkfile(files[i], files[i]);
    mkdirs("rmdir");
    copy_self("prog");
    static const char *const names[] = {"user.secret", "user.r1", "user.r2", "user.r3"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (setxattr("marker", names[i], "x", 1, 0))
            die("setxattr");
}

int main(int argc, char **argv) {
    if (argc >= 2 && !strcmp(argv[1], "child"))
        return 42;
    if (argc == 3 && !strcmp(argv[2], "prepare"))
        return prepare(argv[1]), 0;
    if (argc != 3)
        die("DIRECTORY WAY");
    mkfile("own", "x");
    mkfile("own2", "x");
    const char *ups = "../../../../../../../../../../../../../../../..";
    switch (atoi(argv[2])) {
    case 0:
        strcpy(directory, argv[1]);
        break;
    case 1:
        snprintf(directory, sizeof directory, "%s%s", ups, argv[1]);
        break;
    case 2:
        base = open("/", O_PATH | O_DIRECTORY);
        strcpy(directory, argv[1] + 1);
        break;
    case 3:
        base = open(".", O_RDONLY | O_DIRECTORY);
        snprintf(directory, sizeof directory, "%s%s", ups, argv[1]);
        break;
    case 4:
        ln(argv[1], "way");
        strcpy(directory, "way");
        break;
    case 5:
        snprintf(directory, sizeof directory, "/proc/self/root%s", argv[1]);
        break;
    case 6:
        snprintf(directory, sizeof directory, "/proc/self/cwd/%s%s", ups, argv[1]);
        break;
    case 7:
        ln("/proc/self/root", "way");
        snprintf(directory, sizeof directory, "way%s", argv[1]);
        break;
    case 8:
        snprintf(directory, sizeof directory, "/proc/thread-self/root/proc/1/../self/root/./%s", argv[1]);
        break;
    default:
        die("way");
    }
    opens();
    looks();
    changes();
    sockets();
    programs();
}
