// Which of two errors a call gives: what the kernel looks at before the path, and what before other names.
#include "check.h"
#include <linux/openat2.h>
#include <pthread.h>

static void open_beneath(const char *path, uint64_t flags, uint64_t resolve) {
    struct open_how how = {.flags = flags, .resolve = resolve};
    int dir = open(".", O_PATH | O_DIRECTORY);
    long fd = sys(SYS_openat2, dir, path, &how, sizeof how);
    printf("openat2 %s %#lx: %s\n", path, (long)resolve, fd < 0 ? errno_name(-fd) : "ok");
    if (fd >= 0)
        close((int)fd);
    close(dir);
}

// To no socket's name: those with a connection do not look at it.
static void *send_to_nobody(void *unused) {
    (void)unused;
    struct sockaddr_un nobody = {AF_UNIX, "nobody"};
    int pair[2];
    for (int type = SOCK_STREAM; type <= SOCK_SEQPACKET; type += type == SOCK_DGRAM ? 3 : 1) {
        int alone = socket(AF_UNIX, type, 0);
        struct iovec data = {"x", 1};
        struct msghdr message = {.msg_name = &nobody, .msg_namelen = sizeof nobody, .msg_iov = &data, .msg_iovlen = 1};
        t(sendto, alone, "x", 1, MSG_NOSIGNAL, &nobody, sizeof nobody);
        t(sendmsg, alone, &message, MSG_NOSIGNAL);
        close(alone);
        if (socketpair(AF_UNIX, type, 0, pair))
            die("socketpair");
        t(sendto, pair[0], "x", 1, MSG_NOSIGNAL, &nobody, sizeof nobody);
        close(pair[0]);
        close(pair[1]);
    }
    return 0;
}

static void *send_apart(void *unused) {
    if (unshare(CLONE_FILES))
        die("unshare");
    return send_to_nobody(unused);
}

int main(void) {
    char longest[257];
    memset(longest, 'n', 256);
    longest[256] = 0;
    mkdirs("dir");
    mkfile("file", "text");
    ln("/etc", "out");

    printf("- what a symlink says comes before where it lies\n");
    t(symlink, "", "file");
    t(symlink, "", "dir/..");
    t(symlinkat, "", 99, "new");
    t(symlinkat, bad_page(), 99, "new");

    printf("- the type of a node comes before its name\n");
    t(mknodat, AT_FDCWD, "file", S_IFDIR | 0755, 0);
    t(mknodat, 99, "new", S_IFDIR | 0755, 0);
    t(mknodat, 99, "new", S_IFMT, 0);
    t(mknodat, 99, longest, S_IFIFO, 0);
    t(mknodat, AT_FDCWD, longest, S_IFIFO, 0);

    printf("- flags that do not go together come before the descriptor\n");
    t(openat, 99, "file", O_RDONLY | __O_TMPFILE);
    t(openat, 99, "file", O_CREAT | O_DIRECTORY, 0600);
    open_beneath("missing/file", O_RDONLY | O_CREAT | O_PATH, 0);
    open_beneath("missing/file", O_RDONLY, 1 << 20);

    printf("- a link that may not be followed comes before where it leads\n");
    open_beneath("out", O_RDONLY, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    open_beneath("out/passwd", O_RDONLY, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    open_beneath("out", O_RDONLY, RESOLVE_BENEATH);
    open_beneath("/etc", O_RDONLY, RESOLVE_BENEATH);
    int fd = open("file", O_RDONLY);
    struct open_how how = {.flags = O_RDONLY, .resolve = RESOLVE_IN_ROOT};
    t(openat2, fd, "/file", &how, sizeof how);
    close(fd);

    printf("- a name that is none comes before one that is too long\n");
    t(rename, "dir/..", longest);
    t(rename, longest, "dir/.");
    t(rename, "missing", longest);
    t(rename, longest, "file");
    t(link, "missing", longest);
    t(link, "file", longest);
    t(mkdir, longest, 0755);
    t(unlink, longest);
    t(rmdir, longest);

    printf("- nobody's name, of every type of socket\n");
    send_to_nobody(0);
    pthread_t thread;
    pthread_create(&thread, 0, send_apart, 0);
    pthread_join(thread, 0);
    return 0;
}
