// Nothing but the calls that a program makes is asked of its filter: an allow list of exactly these, everything else deadly.
#include "seccomp.h"
#include <sys/xattr.h>

static struct stat st;
static char buffer[4096];

static void files(void) {
    t(stat, A("file"), &st);
    t(lstat, A("link"), &st);
    t(access, A("file"), R_OK);
    tv(open, A("link"), O_RDONLY);
    tv(openat, AT_FDCWD, A("file"), O_RDWR);
    t(creat, A("dir/new"), 0600);
    t(mkdir, A("dir2"), 0700);
    t(rename, A("dir2"), A("dir3"));
    t(rmdir, A("dir3"));
    t(chmod, A("file"), 0600);
    t(link, A("file"), A("hard"));
    t(symlink, "x", A("soft"));
    t(readlink, A("soft"), buffer, sizeof buffer);
    t(unlink, A("hard"));
    t(truncate, A("file"), 3);
    t(chdir, A("dir"));
    tv(getcwd, buffer, sizeof buffer);
    t(chdir, "..");
    t(getxattr, A("file"), "user.none", buffer, 1);
    int fd = (int)sys(SYS_open, ".", O_RDONLY | O_DIRECTORY);
    long count = 0, ret;
    while ((ret = sys(SYS_getdents64, fd, buffer, sizeof buffer)) > 0)
        count += ret;
    printf("listed %d\n", count > 0);
    sys(SYS_close, fd);
}

static void sockets(void) {
    struct sockaddr_un name = {AF_UNIX, "socket"}, seen;
    socklen_t len = sizeof seen;
    int fd = (int)sys(SYS_socket, AF_UNIX, SOCK_DGRAM, 0);
    p(sys(SYS_bind, fd, &name, sizeof name));
    p(sys(SYS_connect, fd, &name, sizeof name));
    p(sys(SYS_sendto, fd, "x", 1, 0, &name, sizeof name));
    p(sys(SYS_getsockname, fd, &seen, &len));
    printf("%s\n", seen.sun_path);
    p(sys(SYS_recvfrom, fd, buffer, 9, 0, &seen, &len));
    struct iovec part = {"y", 1};
    struct mmsghdr message = {.msg_hdr = {&name, sizeof name, &part, 1, 0, 0, 0}};
    p(sys(SYS_sendmmsg, fd, &message, 1, 0));
    p(sys(SYS_recvfrom, fd, buffer, 9, 0, 0, 0));
}

static void grandchild(void) {
    CHILD("inner", t(stat, A("file"), &st), tv(openat, AT_FDCWD, A("file"), O_RDONLY));
}

int main(void) {
    mkfile("file", "x");
    mkdirs("dir");
    ln("file", "link");
    const int numbers[] = {SYS_stat,       SYS_lstat,   SYS_access,   SYS_open,    SYS_openat,      SYS_creat,
                           SYS_mkdir,      SYS_rename,  SYS_rmdir,    SYS_chmod,   SYS_link,        SYS_symlink,
                           SYS_readlink,   SYS_unlink,  SYS_truncate, SYS_chdir,   SYS_getcwd,      SYS_getxattr,
                           SYS_getdents64, SYS_close,   SYS_socket,   SYS_bind,    SYS_connect,     SYS_sendto,
                           SYS_recvfrom,   SYS_sendmmsg, SYS_write,   SYS_exit_group, SYS_getsockname};
    CHILD("files", allow_only(numbers, LENGTH(numbers), SECCOMP_RET_KILL_PROCESS), files());
    CHILD("sockets", allow_only(numbers, LENGTH(numbers), SECCOMP_RET_KILL_PROCESS), sockets());
    CHILD("what is not listed", allow_only(numbers, LENGTH(numbers), SECCOMP_RET_KILL_PROCESS), sys(SYS_getpid));
    // The first trapped call after a fork needs memory, which nobody may map here.
    CHILD("memory", {
        filter(SYS_mmap, SECCOMP_RET_KILL_PROCESS);
        for (int i = 0; i < 3; i++)
            grandchild();
    });
}
