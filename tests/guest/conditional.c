// Calls that xroot handles only under an option, or for processes outside: fake ids, a read-only binding, a bound name,
// another release, a host process that is known by its socket. Run by tests/mutation.rs, which knows the options.
#include "check.h"
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/sched.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <sys/xattr.h>

static void three(const char *call, long ret, uint32_t a, uint32_t b, uint32_t c) {
    printf("%s: %s %u %u %u\n", call, errno_name(-ret), a, b, c);
}

static void identity(void) {
    uint32_t a = 9, b = 9, c = 9;
    gid_t groups[64] = {9};
    t(getuid);
    t(geteuid);
    t(getgid);
    t(getegid);
    long ret = sys(SYS_getresuid, &a, &b, &c);
    three("getresuid", ret, a, b, c);
    ret = sys(SYS_getresgid, &a, &b, &c);
    three("getresgid", ret, a, b, c);
    ret = sys(SYS_getgroups, 64, groups);
    three("getgroups", 0, ret, groups[0], 0);
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct caps[2] = {{0}};
    ret = sys(SYS_capget, &header, caps);
    three("capget", ret, caps[0].effective, caps[0].permitted, caps[1].effective);
    t(capset, &header, caps);
    struct utsname name;
    t(uname, &name);
    printf("  %s\n", name.release);
    mkfile("file", "x");
    int fd = open("file", O_RDWR);
    struct stat st;
    t(fstat, fd, &st);
    printf("  owner %d group %d\n", st.st_uid, st.st_gid);
    t(fchown, fd, 1, 1);
    t(fchmod, fd, 04755);
    int pair[2];
    struct ucred who;
    socklen_t size = sizeof who;
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    t(getsockopt, pair[0], SOL_SOCKET, SO_PEERCRED, &who, &size);
    printf("  peer %d %d\n", who.uid, who.gid);
    t(sethostname, "name", 4);
    t(setdomainname, "name", 4);
    t(setgroups, 1, groups);
    t(setfsgid, 3);
    t(setfsuid, 3);
    t(setregid, 0, 0);
    t(setreuid, 0, 0);
    t(setresgid, 0, 0, 0);
    t(setresuid, 0, 0, 0);
    t(setgid, 0);
    t(setuid, 0);
}

// The descriptor is open for reading only; a read-only mount refuses what a mere descriptor would not.
static void read_only(const char *directory) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/file", directory);
    int fd = open(path, O_RDONLY), flags = 0;
    if (fd < 0)
        die("open %s", path);
    struct statfs fs;
    t(fchmod, fd, 0600);
    t(fchown, fd, -1, -1);
    t(fsetxattr, fd, "user.x", "x", 1, 0);
    t(fremovexattr, fd, "user.x");
    t(fstatfs, fd, &fs);
    p(fs.f_flags & 1);
    t(futimesat, fd, 0, 0);
    t(utimensat, fd, 0, 0, 0);
    t(ioctl, fd, FS_IOC_GETFLAGS, &flags);
    t(ioctl, fd, FS_IOC_SETFLAGS, &flags);
}

// The process at the other end of a socket is the host's: one of the same user, which the kernel alone would not guard.
static void peer(const char *path) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    strcpy(a.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0), pidfd = -1;
    socklen_t size = sizeof pidfd;
    struct ucred who;
    if (connect(fd, (struct sockaddr *)&a, sizeof a))
        die("connect %s", path);
    getsockopt(fd, SOL_SOCKET, 77 /* SO_PEERPIDFD */, &pidfd, &size);
    size = sizeof who;
    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size);
    int pid = who.pid;
    char byte;
    struct iovec mine = {&byte, 1}, theirs = {(void *)16, 1};
    // A bad address is only complained about once access has been granted.
    t(process_vm_readv, pid, &mine, 1, &theirs, 1, 0);
    t(process_vm_writev, pid, &mine, 1, &theirs, 1, 0);
    p(sys(SYS_kcmp, getpid(), pid, 2, 0, 0) < 0);
    t(get_robust_list, pid, &mine, &size);
    t(migrate_pages, pid, 0, 0, 0);
    t(move_pages, pid, 0, 0, 0, 0, 0);
    struct sched_param param = {0};
    t(sched_setparam, pid, &param);
    t(sched_setscheduler, pid, SCHED_BATCH, &param);
    uint32_t attr[12] = {48, SCHED_BATCH};
    t(sched_setattr, pid, attr, 0);
    cpu_set_t cpus;
    sched_getaffinity(0, sizeof cpus, &cpus);
    t(sched_setaffinity, pid, sizeof cpus, &cpus);
    t(setpriority, PRIO_PROCESS, pid, 1);
    t(ioprio_set, 1, pid, 3 << 13);
    struct rlimit limit = {0, 0};
    t(prlimit64, pid, RLIMIT_CORE, &limit, 0);
    tv(pidfd_open, pid, 0);
    tv(pidfd_getfd, pidfd, 1, 0);
    t(process_madvise, pidfd, &theirs, 1, 20 /* MADV_COLD */, 0);
    t(process_mrelease, pidfd, 0);
    t(pidfd_send_signal, pidfd, 0, 0, 0);
    pid_t child = sys(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
    if (!child)
        _exit(0);
    p(child < 0);
    struct clone_args clone3_args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
    child = sys(SYS_clone3, &clone3_args, sizeof clone3_args);
    if (!child)
        _exit(0);
    p(child < 0);
}

// Both calls that list a directory.
static void listing(void) {
    static _Alignas(8) char buffer[4096];
    int fd = open(".", O_RDONLY | O_DIRECTORY);
    list(".");
    int entries = 0;
    for (long n; (n = sys(SYS_getdents, fd, buffer, sizeof buffer)) > 0;)
        for (long at = 0; at < n; at += *(unsigned short *)(buffer + at + 16))
            entries++;
    p(entries);
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "identity"))
        identity();
    else if (argc > 2 && !strcmp(argv[1], "read-only"))
        read_only(argv[2]);
    else if (argc > 2 && !strcmp(argv[1], "peer"))
        peer(argv[2]);
    else if (argc > 1 && !strcmp(argv[1], "listing"))
        listing();
    else
        die("what");
}
