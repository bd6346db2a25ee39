// Shows a tree to a program as the kernel does: by real bind mounts and chroot(2) in a user namespace.
//
// Usage: bind_enter [--no-memfd] ROOT CWD (SRC DST rw|ro|noexec)... -- PROGRAM ARG...
// DST and CWD are paths inside ROOT, where DST exists. With --no-memfd, memfd_create(2) is EACCES. The program keeps the caller's ids and gets no capability.
// Exits with 77 and the reason where this machine allows no such namespace.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

static void fail(int code, const char *what) {
    fprintf(stderr, "bind_enter: %s: %s\n", what, strerror(errno));
    exit(code);
}

static void put(const char *file, const char *text) {
    int fd = open(file, O_WRONLY);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        fail(77, file);
    close(fd);
}

static void enter_namespaces(void) {
    char uids[64], gids[64];
    snprintf(uids, sizeof uids, "%d %d 1", geteuid(), geteuid());
    snprintf(gids, sizeof gids, "%d %d 1", getegid(), getegid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
        fail(77, "unshare");
    put("/proc/self/setgroups", "deny");
    put("/proc/self/uid_map", uids);
    put("/proc/self/gid_map", gids);
    if (mount("", "/", 0, MS_REC | MS_PRIVATE, 0))
        fail(77, "mount --make-rprivate /");
}

// A path of /proc that leads to `guest` inside the root, whatever symlinks are on the way.
static char *inside(int root, const char *guest) {
    static char link[64];
    struct open_how how = {.flags = O_PATH, .resolve = RESOLVE_IN_ROOT};
    int fd = (int)syscall(SYS_openat2, root, guest, &how, sizeof how);
    if (fd < 0)
        fail(1, guest);
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return link;
}

static void bind_mount(int root, const char *source, const char *guest, const char *mode) {
    if (mount(source, inside(root, guest), 0, MS_BIND | MS_REC, 0))
        fail(1, source);
    if (!strcmp(mode, "rw"))
        return;
    // A namespace may not take away the flags that the mount has outside.
    char *mounted = inside(root, guest);
    struct statvfs now;
    if (statvfs(mounted, &now))
        fail(1, guest);
    unsigned long keep = now.f_flag & (ST_NOSUID | ST_NODEV | ST_NOEXEC | ST_NOATIME | ST_NODIRATIME | ST_RELATIME);
    unsigned long flags = 0;
    flags |= keep & ST_NOSUID ? MS_NOSUID : 0;
    flags |= keep & ST_NODEV ? MS_NODEV : 0;
    flags |= keep & ST_NOEXEC ? MS_NOEXEC : 0;
    flags |= keep & ST_NOATIME ? MS_NOATIME : 0;
    flags |= keep & ST_NODIRATIME ? MS_NODIRATIME : 0;
    flags |= keep & ST_RELATIME ? MS_RELATIME : 0;
    if (mount(0, mounted, 0, MS_REMOUNT | MS_BIND | (strcmp(mode, "ro") ? MS_NOEXEC : MS_RDONLY) | flags, 0))
        fail(1, "remount");
}

static void deny_memfd(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_memfd_create, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        fail(77, "seccomp");
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "--no-memfd")) {
        deny_memfd();
        argc--, argv++;
    }
    if (argc < 3)
        return 2;
    enter_namespaces();
    int root = open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        fail(1, argv[1]);
    int at = 3;
    for (; at + 2 < argc && strcmp(argv[at], "--"); at += 3)
        bind_mount(root, argv[at], argv[at + 1], argv[at + 2]);
    if (fchdir(root) || chroot(".") || chdir(argv[2]))
        fail(1, "chroot");
    closefrom(3);
    if (++at >= argc)
        return 0;
    execv(argv[at], argv + at);
    fail(1, argv[at]);
}
