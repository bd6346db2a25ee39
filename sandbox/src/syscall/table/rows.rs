//! The rows themselves, in the order of the x86-64 numbers.
//!
//! Sources: arch/x86/entry/syscalls/syscall_64.tbl and scripts/syscall.tbl of Linux 6.19 for names and numbers,
//! fs/namei.c, fs/stat.c, fs/xattr.c and the man page of each call for what happens to a final symlink and an empty path.
#![forbid(unsafe_code)]

use nix::errno::Errno::{EACCES, ENOSYS, EPERM};

use super::Feature::{FakeIds, NoLandlock, ReadOnly, Release, Tools, VirtualNames};
use super::Row;
use super::When::{ArgHas, ArgIs, ArgIsNot, Feature, FeatureArgIs, NotNull};
use super::build::{NO, allow, always, at, cwd as from_cwd, path, refuse, when};
use crate::syscall::paths::{self, translate};
use crate::syscall::socket::{self, peer};
use crate::syscall::{
    caps, cwd, entries, exec, fakeroot, getdents, ids, kill, landlock, mounts, open, prctl, process,
    readonly, seccomp, sigsys, stat, uname,
};

const OTHER_PROCESS: &str = "only for another process; 0 is the caller";
const OTHERS: &str = "only for another process, a group or a user";
const SCHEDULING: &str = "tells how a process is scheduled, and nothing of files";
const ONE_NUMBER: &str = "tells one number of a process, which /proc tells as well";
const CLOCK: &str = "a clock id may name a process, and tells the processor time it used";
const MOUNT: &str = "would change what host paths mean, and needs a capability";
const QUOTA: &str = "quotas belong to host devices; programs take this for a kernel without quotas";
const LANDLOCK: &str = "EOPNOTSUPP where xroot could not ask the kernel whether a program may be executed";
const HOST_MOUNTS: &str = "tells the host's mounts; without it libraries read /proc/self/mountinfo";
const OPEN_DIR: &str = "lists a directory that the guest has open";
const WHOLE_HOST: &str = "changes the whole host";
const GONE: &str = "current kernels have it no more";
const NEVER: &str = "x86-64 never had it";
const RINGS: &str = "rings open files without a syscall that could be seen";
const NO_ADDRESS: &str = "without an address it acts on a descriptor";
const KEYS: &str = "names keys in the kernel, not files or processes";
const CHILD: &str = "the child is traced from its first instruction and shares what fork(2) says";
const CHILDREN: &str = "waits for the caller's own children only";
const QUEUE: &str = "names a queue inside the kernel, not a file of any tree";

const UMOUNT_NOFOLLOW: u32 = libc::UMOUNT_NOFOLLOW as u32;
const IN_DONT_FOLLOW: u32 = libc::IN_DONT_FOLLOW;
const FAN_MARK_DONT_FOLLOW: u32 = libc::FAN_MARK_DONT_FOLLOW;
const SIGSYS: u32 = libc::SIGSYS as u32;
const F_SETOWN: u32 = libc::F_SETOWN as u32;
const CLONE_UNTRACED: u32 = libc::CLONE_UNTRACED as u32;

// As in include/uapi/asm-generic/fcntl.h, include/uapi/asm-generic/sockios.h and ioctls.h,
// include/uapi/linux/resource.h and ioprio.h.
const F_SETOWN_EX: u32 = 15;
const FIOSETOWN: u32 = 0x8901;
const SIOCSPGRP: u32 = 0x8902;
// These type into the caller's shell, which goes on reading when the guest has ended. EIO, as with dev.tty.legacy_tiocsti 0.
const TIOCSTI: u32 = 0x5412;
const TIOCLINUX: u32 = 0x541c;
const PRIO_PROCESS: u32 = 0;
const IOPRIO_WHO_PROCESS: u32 = 1;

/// The flags of clone(2) that make namespaces. A user namespace would give the guest capabilities, a pid namespace
/// would make its pids differ from the tracer's.
const NAMESPACES: u32 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET) as u32;

/// The options of prctl(2) that would blind or tell of the tracer, and the stub's own.
const TRAPPED_PRCTLS: &[u32] = &[
    libc::PR_GET_DUMPABLE as u32,
    libc::PR_SET_DUMPABLE as u32,
    libc::PR_SET_SECCOMP as u32,
    libc::PR_GET_SECCOMP as u32,
    libc::PR_SET_NO_NEW_PRIVS as u32,
    libc::PR_GET_NO_NEW_PRIVS as u32,
    libc::PR_SCHED_CORE as u32,
    super::STUB_PRCTL,
];

/// The options that a pretended root may use, and whose setting is pretended too.
const ROOT_PRCTLS: &[u32] = &[
    libc::PR_CAPBSET_READ as u32,
    libc::PR_CAPBSET_DROP as u32,
    libc::PR_SET_SECUREBITS as u32,
    libc::PR_SET_KEEPCAPS as u32,
    libc::PR_GET_KEEPCAPS as u32,
];

/// The ioctls that need no descriptor open for writing but fail with EROFS on a read-only mount (mnt_want_write_file).
const CHANGING_IOCTLS: &[u32] = &[
    0x4008_6602, // FS_IOC_SETFLAGS
    0x4004_6602, // FS_IOC32_SETFLAGS
    0x4008_7602, // FS_IOC_SETVERSION
    0x401c_5820, // FS_IOC_FSSETXATTR
    0x800c_6613, // FS_IOC_SET_ENCRYPTION_POLICY
    0x4080_6685, // FS_IOC_ENABLE_VERITY
    0x4004_7211, // FAT_IOCTL_SET_ATTRIBUTES
    0x5000_9401, // BTRFS_IOC_SNAP_CREATE
    0x5000_940e, // BTRFS_IOC_SUBVOL_CREATE
    0x5000_940f, // BTRFS_IOC_SNAP_DESTROY
    0x5000_9417, // BTRFS_IOC_SNAP_CREATE_V2
    0x5000_9418, // BTRFS_IOC_SUBVOL_CREATE_V2
    0x5000_943f, // BTRFS_IOC_SNAP_DESTROY_V2
    0x4008_941a, // BTRFS_IOC_SUBVOL_SETFLAGS
];

pub const ROWS: &[Row] = &[
    allow("read", 0, 63),
    allow("write", 1, 64),
    path("open", 2, NO, open::open, &[from_cwd(0).open(1)]),
    allow("close", 3, 57),
    path("stat", 4, NO, stat::stat, &[from_cwd(0)]),
    when("fstat", 5, 80, &[Feature(FakeIds)], stat::fstat),
    path("lstat", 6, NO, stat::stat, &[from_cwd(0).nofollow()]),
    allow("poll", 7, NO),
    allow("lseek", 8, 62),
    allow("mmap", 9, 222),
    allow("mprotect", 10, 226),
    allow("munmap", 11, 215),
    allow("brk", 12, 214),
    when("rt_sigaction", 13, 134, &[ArgIs(0, &[SIGSYS])], sigsys::rt_sigaction)
        .why("only for SIGSYS, which RET_TRAP forces; the rest changes the caller only"),
    allow("rt_sigprocmask", 14, 135),
    allow("rt_sigreturn", 15, 139),
    when(
        "ioctl",
        16,
        29,
        &[ArgIs(1, &[FIOSETOWN, SIOCSPGRP, TIOCSTI, TIOCLINUX]), FeatureArgIs(ReadOnly, 1, CHANGING_IOCTLS)],
        readonly::ioctl,
    )
    .why("acts on a descriptor; trapped where it names a process to be signalled, or types"),
    allow("pread64", 17, 67),
    allow("pwrite64", 18, 68),
    allow("readv", 19, 65),
    allow("writev", 20, 66),
    path("access", 21, NO, stat::access, &[from_cwd(0)]),
    allow("pipe", 22, NO),
    allow("select", 23, NO),
    allow("sched_yield", 24, 124),
    allow("mremap", 25, 216),
    allow("msync", 26, 227),
    allow("mincore", 27, 232),
    allow("madvise", 28, 233),
    allow("shmget", 29, 194),
    allow("shmat", 30, 196),
    allow("shmctl", 31, 195),
    allow("dup", 32, 23),
    allow("dup2", 33, NO),
    allow("pause", 34, NO),
    allow("nanosleep", 35, 101),
    allow("getitimer", 36, 102),
    allow("alarm", 37, NO),
    allow("setitimer", 38, 103),
    allow("getpid", 39, 172),
    allow("sendfile", 40, 71),
    allow("socket", 41, 198),
    always("connect", 42, 203, socket::connect),
    when("accept", 43, 202, &[NotNull(1)], peer::told).why(NO_ADDRESS),
    when("sendto", 44, 206, &[NotNull(4)], socket::sendto).why(NO_ADDRESS),
    when("recvfrom", 45, 207, &[NotNull(4)], peer::recvfrom).why(NO_ADDRESS),
    always("sendmsg", 46, 211, socket::sendmsg),
    always("recvmsg", 47, 212, peer::recvmsg),
    allow("shutdown", 48, 210),
    always("bind", 49, 200, socket::bind),
    allow("listen", 50, 201),
    always("getsockname", 51, 204, peer::told),
    always("getpeername", 52, 205, peer::told),
    allow("socketpair", 53, 199),
    allow("setsockopt", 54, 208),
    when(
        "getsockopt",
        55,
        209,
        &[FeatureArgIs(FakeIds, 2, &[libc::SO_PEERCRED as u32])],
        ids::peer_credentials,
    )
    .why("tells of the socket and its peer; under -0 and -i a peer's ids are replaced"),
    when("clone", 56, 220, &[ArgHas(0, NAMESPACES | CLONE_UNTRACED)], process::clone)
        .why("only for new namespaces and CLONE_UNTRACED; other children are traced from the start"),
    allow("fork", 57, NO).why(CHILD),
    allow("vfork", 58, NO).why(CHILD),
    path("execve", 59, 221, exec::execve, &[from_cwd(0)]),
    allow("exit", 60, 93),
    allow("wait4", 61, 260).why(CHILDREN),
    always("kill", 62, 129, kill::kill),
    when("uname", 63, 160, &[Feature(Release), Feature(Tools)], uname::uname),
    allow("semget", 64, 190),
    allow("semop", 65, 193),
    allow("semctl", 66, 191),
    allow("shmdt", 67, 197),
    allow("msgget", 68, 186),
    allow("msgsnd", 69, 189),
    allow("msgrcv", 70, 188),
    allow("msgctl", 71, 187),
    when("fcntl", 72, 25, &[ArgIs(1, &[F_SETOWN, F_SETOWN_EX])], kill::fcntl)
        .why("only where it names a process to be signalled; the rest acts on a descriptor"),
    allow("flock", 73, 32),
    allow("fsync", 74, 82),
    allow("fdatasync", 75, 83),
    path("truncate", 76, 45, readonly::truncate, &[from_cwd(0).write()]),
    allow("ftruncate", 77, 46),
    when("getdents", 78, NO, &[Feature(VirtualNames)], getdents::getdents).why(OPEN_DIR),
    always("getcwd", 79, 17, cwd::getcwd),
    path("chdir", 80, 49, cwd::chdir, &[from_cwd(0)]),
    always("fchdir", 81, 50, cwd::fchdir),
    path("rename", 82, NO, entries::rename, &[from_cwd(0).remove(), from_cwd(1).remove()]),
    path("mkdir", 83, NO, fakeroot::mkdir, &[from_cwd(0).create()]),
    path("rmdir", 84, NO, entries::rmdir, &[from_cwd(0).remove()]),
    path("creat", 85, NO, open::creat, &[from_cwd(0).write()]),
    path("link", 86, NO, entries::link, &[from_cwd(0).nofollow(), from_cwd(1).create()]),
    path("unlink", 87, NO, entries::unlink, &[from_cwd(0).remove()]),
    path("symlink", 88, NO, entries::symlink, &[from_cwd(1).create()]),
    path("readlink", 89, NO, stat::readlink, &[from_cwd(0).nofollow()]),
    path("chmod", 90, NO, fakeroot::chmod, &[from_cwd(0).write()]),
    when("fchmod", 91, 52, &[Feature(ReadOnly), Feature(FakeIds)], fakeroot::fchmod),
    path("chown", 92, NO, fakeroot::chown, &[from_cwd(0).write()]),
    when("fchown", 93, 55, &[Feature(ReadOnly), Feature(FakeIds)], fakeroot::fchown),
    path("lchown", 94, NO, fakeroot::chown, &[from_cwd(0).nofollow().write()]),
    allow("umask", 95, 166),
    allow("gettimeofday", 96, 169),
    allow("getrlimit", 97, 163),
    allow("getrusage", 98, 165),
    allow("sysinfo", 99, 179),
    allow("times", 100, 153),
    always("ptrace", 101, 117, process::ptrace),
    when("getuid", 102, 174, &[Feature(FakeIds)], ids::get),
    allow("syslog", 103, 116),
    when("getgid", 104, 176, &[Feature(FakeIds)], ids::get),
    when("setuid", 105, 146, &[Feature(FakeIds)], ids::set_uid),
    when("setgid", 106, 144, &[Feature(FakeIds)], ids::set_gid),
    when("geteuid", 107, 175, &[Feature(FakeIds)], ids::get),
    when("getegid", 108, 177, &[Feature(FakeIds)], ids::get),
    allow("setpgid", 109, 154).why("changes the caller or its own children only"),
    allow("getppid", 110, 173),
    allow("getpgrp", 111, NO),
    allow("setsid", 112, 157),
    when("setreuid", 113, 145, &[Feature(FakeIds)], ids::set_uid),
    when("setregid", 114, 143, &[Feature(FakeIds)], ids::set_gid),
    when("getgroups", 115, 158, &[Feature(FakeIds)], ids::getgroups),
    when("setgroups", 116, 159, &[Feature(FakeIds)], ids::setgroups),
    when("setresuid", 117, 147, &[Feature(FakeIds)], ids::set_uid),
    when("getresuid", 118, 148, &[Feature(FakeIds)], ids::getresuid),
    when("setresgid", 119, 149, &[Feature(FakeIds)], ids::set_gid),
    when("getresgid", 120, 150, &[Feature(FakeIds)], ids::getresgid),
    allow("getpgid", 121, 155).why(ONE_NUMBER),
    when("setfsuid", 122, 151, &[Feature(FakeIds)], ids::setfsuid),
    when("setfsgid", 123, 152, &[Feature(FakeIds)], ids::setfsgid),
    allow("getsid", 124, 156).why(ONE_NUMBER),
    when("capget", 125, 90, &[Feature(FakeIds)], caps::capget)
        .why("tells the capabilities of a process, which /proc tells as well"),
    when("capset", 126, 91, &[Feature(FakeIds)], caps::capset).why("changes the caller only"),
    allow("rt_sigpending", 127, 136),
    allow("rt_sigtimedwait", 128, 137),
    always("rt_sigqueueinfo", 129, 138, kill::to_first),
    allow("rt_sigsuspend", 130, 133),
    allow("sigaltstack", 131, 132),
    path("utime", 132, NO, translate, &[from_cwd(0).write()]),
    path("mknod", 133, NO, fakeroot::mknod, &[from_cwd(0).create()]),
    refuse("uselib", 134, NO, ENOSYS, "maps a library by path; current kernels have it no more"),
    allow("personality", 135, 92),
    allow("ustat", 136, NO).why("takes a device number and tells free blocks"),
    path("statfs", 137, 43, stat::statfs, &[from_cwd(0)]),
    when("fstatfs", 138, 44, &[Feature(ReadOnly)], readonly::fstatfs),
    allow("sysfs", 139, NO).why("names types of file systems, not files"),
    allow("getpriority", 140, 141).why(ONE_NUMBER),
    when("setpriority", 141, 140, &[ArgIsNot(0, &[PRIO_PROCESS]), ArgIsNot(1, &[0])], process::setpriority)
        .why(OTHERS),
    when("sched_setparam", 142, 118, &[ArgIsNot(0, &[0])], process::by_pid).why(OTHER_PROCESS),
    allow("sched_getparam", 143, 121).why(SCHEDULING),
    when("sched_setscheduler", 144, 119, &[ArgIsNot(0, &[0])], process::by_pid).why(OTHER_PROCESS),
    allow("sched_getscheduler", 145, 120).why(SCHEDULING),
    allow("sched_get_priority_max", 146, 125),
    allow("sched_get_priority_min", 147, 126),
    allow("sched_rr_get_interval", 148, 127).why(SCHEDULING),
    allow("mlock", 149, 228),
    allow("munlock", 150, 229),
    allow("mlockall", 151, 230),
    allow("munlockall", 152, 231),
    allow("vhangup", 153, 58),
    allow("modify_ldt", 154, NO),
    refuse("pivot_root", 155, 41, EPERM, MOUNT),
    refuse("_sysctl", 156, NO, ENOSYS, GONE),
    when("prctl", 157, 167, &[ArgIs(0, TRAPPED_PRCTLS), FeatureArgIs(FakeIds, 0, ROOT_PRCTLS)], prctl::prctl)
        .why("other options change the caller only, and name no file"),
    allow("arch_prctl", 158, NO),
    allow("adjtimex", 159, 171),
    allow("setrlimit", 160, 164),
    path("chroot", 161, 51, fakeroot::chroot, &[from_cwd(0)]),
    allow("sync", 162, 81),
    refuse("acct", 163, 89, EPERM, "needs CAP_SYS_PACCT, and names a file for the whole host"),
    allow("settimeofday", 164, 170),
    path("mount", 165, 40, mounts::mount, &[from_cwd(1)]),
    path("umount2", 166, 39, mounts::umount, &[from_cwd(0).nofollow_if(1, UMOUNT_NOFOLLOW)]),
    refuse("swapon", 167, 224, EPERM, "needs CAP_SYS_ADMIN, and names a file for the whole host"),
    refuse("swapoff", 168, 225, EPERM, "needs CAP_SYS_ADMIN, and names a file for the whole host"),
    refuse("reboot", 169, 142, EPERM, WHOLE_HOST),
    always("sethostname", 170, 161, fakeroot::set_name),
    always("setdomainname", 171, 162, fakeroot::set_name),
    allow("iopl", 172, NO),
    allow("ioperm", 173, NO),
    refuse("create_module", 174, NO, ENOSYS, GONE),
    refuse("init_module", 175, 105, EPERM, WHOLE_HOST),
    refuse("delete_module", 176, 106, EPERM, WHOLE_HOST),
    refuse("get_kernel_syms", 177, NO, ENOSYS, GONE),
    refuse("query_module", 178, NO, ENOSYS, GONE),
    refuse("quotactl", 179, 60, ENOSYS, QUOTA),
    refuse("nfsservctl", 180, 42, ENOSYS, GONE),
    refuse("getpmsg", 181, NO, ENOSYS, NEVER),
    refuse("putpmsg", 182, NO, ENOSYS, NEVER),
    refuse("afs_syscall", 183, NO, ENOSYS, NEVER),
    refuse("tuxcall", 184, NO, ENOSYS, NEVER),
    refuse("security", 185, NO, ENOSYS, NEVER),
    allow("gettid", 186, 178),
    allow("readahead", 187, 213),
    path("setxattr", 188, 5, fakeroot::xattr, &[from_cwd(0).write()]),
    path("lsetxattr", 189, 6, fakeroot::xattr, &[from_cwd(0).nofollow().write()]),
    when("fsetxattr", 190, 7, &[Feature(ReadOnly), Feature(FakeIds)], fakeroot::fxattr),
    path("getxattr", 191, 8, translate, &[from_cwd(0)]),
    path("lgetxattr", 192, 9, translate, &[from_cwd(0).nofollow()]),
    allow("fgetxattr", 193, 10),
    path("listxattr", 194, 11, translate, &[from_cwd(0)]),
    path("llistxattr", 195, 12, translate, &[from_cwd(0).nofollow()]),
    allow("flistxattr", 196, 13),
    path("removexattr", 197, 14, fakeroot::xattr, &[from_cwd(0).write()]),
    path("lremovexattr", 198, 15, fakeroot::xattr, &[from_cwd(0).nofollow().write()]),
    when("fremovexattr", 199, 16, &[Feature(ReadOnly), Feature(FakeIds)], fakeroot::fxattr),
    always("tkill", 200, 130, kill::to_first),
    allow("time", 201, NO),
    allow("futex", 202, 98),
    when("sched_setaffinity", 203, 122, &[ArgIsNot(0, &[0])], process::by_pid).why(OTHER_PROCESS),
    allow("sched_getaffinity", 204, 123).why(SCHEDULING),
    refuse("set_thread_area", 205, NO, ENOSYS, NEVER),
    allow("io_setup", 206, 0),
    allow("io_destroy", 207, 1),
    allow("io_getevents", 208, 4),
    allow("io_submit", 209, 2).why("control blocks name open descriptors, never paths"),
    allow("io_cancel", 210, 3),
    refuse("get_thread_area", 211, NO, ENOSYS, NEVER),
    refuse("lookup_dcookie", 212, 18, ENOSYS, "tells host paths; current kernels have it no more"),
    allow("epoll_create", 213, NO),
    refuse("epoll_ctl_old", 214, NO, ENOSYS, NEVER),
    refuse("epoll_wait_old", 215, NO, ENOSYS, NEVER),
    allow("remap_file_pages", 216, 234),
    when("getdents64", 217, 61, &[Feature(VirtualNames)], getdents::getdents64).why(OPEN_DIR),
    allow("set_tid_address", 218, 96),
    allow("restart_syscall", 219, 128),
    allow("semtimedop", 220, 192),
    allow("fadvise64", 221, 223),
    allow("timer_create", 222, 107).why("SIGEV_THREAD_ID names a thread of the caller's own process only"),
    allow("timer_settime", 223, 110),
    allow("timer_gettime", 224, 108),
    allow("timer_getoverrun", 225, 109),
    allow("timer_delete", 226, 111),
    allow("clock_settime", 227, 112),
    allow("clock_gettime", 228, 113).why(CLOCK),
    allow("clock_getres", 229, 114).why(CLOCK),
    allow("clock_nanosleep", 230, 115).why(CLOCK),
    allow("exit_group", 231, 94),
    allow("epoll_wait", 232, NO),
    allow("epoll_ctl", 233, 21),
    always("tgkill", 234, 131, kill::to_thread),
    path("utimes", 235, NO, translate, &[from_cwd(0).write()]),
    refuse("vserver", 236, NO, ENOSYS, NEVER),
    allow("mbind", 237, 235),
    allow("set_mempolicy", 238, 237),
    allow("get_mempolicy", 239, 236),
    allow("mq_open", 240, 180).why(QUEUE),
    allow("mq_unlink", 241, 181).why(QUEUE),
    allow("mq_timedsend", 242, 182),
    allow("mq_timedreceive", 243, 183),
    allow("mq_notify", 244, 184).why("the signal goes to the caller"),
    allow("mq_getsetattr", 245, 185),
    refuse("kexec_load", 246, 104, EPERM, WHOLE_HOST),
    allow("waitid", 247, 95).why(CHILDREN),
    allow("add_key", 248, 217).why(KEYS),
    allow("request_key", 249, 218).why(KEYS),
    allow("keyctl", 250, 219).why(KEYS),
    when(
        "ioprio_set",
        251,
        30,
        &[ArgIsNot(0, &[IOPRIO_WHO_PROCESS]), ArgIsNot(1, &[0])],
        process::ioprio_set,
    )
    .why(OTHERS),
    allow("ioprio_get", 252, 31).why(ONE_NUMBER),
    allow("inotify_init", 253, NO),
    path("inotify_add_watch", 254, 27, translate, &[from_cwd(1).nofollow_if(2, IN_DONT_FOLLOW)]),
    allow("inotify_rm_watch", 255, 28),
    when("migrate_pages", 256, 238, &[ArgIsNot(0, &[0])], process::by_pid).why(OTHER_PROCESS),
    path("openat", 257, 56, open::openat, &[at(0, 1).open(2)]),
    path("mkdirat", 258, 34, fakeroot::mkdir, &[at(0, 1).create()]),
    path("mknodat", 259, 33, fakeroot::mknod, &[at(0, 1).create()]),
    path("fchownat", 260, 54, fakeroot::chown, &[at(0, 1).flags(4).write()]),
    path("futimesat", 261, NO, translate, &[at(0, 1).or_null().write()]),
    path("newfstatat", 262, 79, stat::newfstatat, &[at(0, 1).flags_or_null(3)]),
    path("unlinkat", 263, 35, entries::unlinkat, &[at(0, 1).remove()]),
    path("renameat", 264, 38, entries::rename, &[at(0, 1).remove(), at(2, 3).remove()]),
    path("linkat", 265, 37, entries::link, &[at(0, 1).follow_flags(4), at(2, 3).create()]),
    path("symlinkat", 266, 36, entries::symlink, &[at(1, 2).create()]),
    path("readlinkat", 267, 78, stat::readlink, &[at(0, 1).nofollow().empty(0, 0)]),
    path("fchmodat", 268, 53, fakeroot::chmod, &[at(0, 1).write()]),
    path("faccessat", 269, 48, stat::access, &[at(0, 1)]),
    allow("pselect6", 270, 72),
    allow("ppoll", 271, 73),
    always("unshare", 272, 97, process::unshare)
        .why("namespaces are refused: they would change what pids and host paths mean"),
    allow("set_robust_list", 273, 99),
    when("get_robust_list", 274, 100, &[ArgIsNot(0, &[0])], process::by_pid).why(OTHER_PROCESS),
    allow("splice", 275, 76),
    allow("tee", 276, 77),
    allow("sync_file_range", 277, 84),
    allow("vmsplice", 278, 75),
    when("move_pages", 279, 239, &[ArgIsNot(0, &[0])], process::by_pid).why(OTHER_PROCESS),
    path("utimensat", 280, 88, translate, &[at(0, 1).flags(3).or_null().write()]),
    allow("epoll_pwait", 281, 22),
    allow("signalfd", 282, NO),
    allow("timerfd_create", 283, 85),
    allow("eventfd", 284, NO),
    allow("fallocate", 285, 47),
    allow("timerfd_settime", 286, 86),
    allow("timerfd_gettime", 287, 87),
    when("accept4", 288, 242, &[NotNull(1)], peer::told).why(NO_ADDRESS),
    allow("signalfd4", 289, 74),
    allow("eventfd2", 290, 19),
    allow("epoll_create1", 291, 20),
    allow("dup3", 292, 24),
    allow("pipe2", 293, 59),
    allow("inotify_init1", 294, 26),
    allow("preadv", 295, 69),
    allow("pwritev", 296, 70),
    always("rt_tgsigqueueinfo", 297, 240, kill::to_thread),
    refuse(
        "perf_event_open",
        298,
        241,
        EACCES,
        "records name host paths and other processes; as with perf_event_paranoid 3",
    ),
    always("recvmmsg", 299, 243, peer::recvmmsg),
    allow("fanotify_init", 300, 262),
    path(
        "fanotify_mark",
        301,
        263,
        paths::fanotify_mark,
        &[at(3, 4).nofollow_if(1, FAN_MARK_DONT_FOLLOW).or_null()],
    ),
    when("prlimit64", 302, 261, &[ArgIsNot(0, &[0])], process::by_pid).why(OTHER_PROCESS),
    path("name_to_handle_at", 303, 264, translate, &[at(0, 1).follow_flags(4)]),
    refuse(
        "open_by_handle_at",
        304,
        265,
        EPERM,
        "a handle opens any file of a file system, and any process through pidfs",
    ),
    allow("clock_adjtime", 305, 266),
    allow("syncfs", 306, 267),
    always("sendmmsg", 307, 269, socket::sendmmsg),
    always("setns", 308, 268, mounts::setns),
    allow("getcpu", 309, 168),
    always("process_vm_readv", 310, 270, process::by_pid),
    always("process_vm_writev", 311, 271, process::by_pid),
    always("kcmp", 312, 272, process::kcmp),
    refuse("finit_module", 313, 273, EPERM, WHOLE_HOST),
    when("sched_setattr", 314, 274, &[ArgIsNot(0, &[0])], process::by_pid).why(OTHER_PROCESS),
    allow("sched_getattr", 315, 275).why(SCHEDULING),
    path("renameat2", 316, 276, entries::renameat2, &[at(0, 1).remove(), at(2, 3).remove()]),
    always("seccomp", 317, 277, seccomp::seccomp),
    allow("getrandom", 318, 278),
    allow("memfd_create", 319, 279).why("the name is a label that nothing looks up"),
    refuse("kexec_file_load", 320, 294, EPERM, WHOLE_HOST),
    refuse("bpf", 321, 280, EPERM, "pins by path and sees the whole host; as with unprivileged_bpf_disabled"),
    path("execveat", 322, 281, exec::execveat, &[at(0, 1).flags(4)]),
    refuse(
        "userfaultfd",
        323,
        282,
        EPERM,
        "would stall the tracer's reads; as with vm.unprivileged_userfaultfd 0",
    ),
    allow("membarrier", 324, 283),
    allow("mlock2", 325, 284),
    allow("copy_file_range", 326, 285),
    allow("preadv2", 327, 286),
    allow("pwritev2", 328, 287),
    allow("pkey_mprotect", 329, 288),
    allow("pkey_alloc", 330, 289),
    allow("pkey_free", 331, 290),
    path("statx", 332, 291, stat::statx, &[at(0, 1).flags_or_null(2)]),
    allow("io_pgetevents", 333, 292),
    allow("rseq", 334, 293),
    allow("uretprobe", 335, NO),
    allow("uprobe", 336, NO),
    always("pidfd_send_signal", 424, 424, kill::pidfd_send_signal),
    refuse("io_uring_setup", 425, 425, ENOSYS, RINGS),
    refuse("io_uring_enter", 426, 426, ENOSYS, RINGS),
    refuse("io_uring_register", 427, 427, ENOSYS, RINGS),
    path("open_tree", 428, 428, open::open_tree, &[at(0, 1).flags(2)])
        .why("as openat(2) with O_PATH; the kernel refuses OPEN_TREE_CLONE"),
    refuse("move_mount", 429, 429, EPERM, MOUNT),
    refuse("fsopen", 430, 430, EPERM, MOUNT),
    allow("fsconfig", 431, 431).why("no descriptor can be a context of fsopen(2) or fspick(2)"),
    refuse("fsmount", 432, 432, EPERM, MOUNT),
    refuse("fspick", 433, 433, EPERM, MOUNT),
    always("pidfd_open", 434, 434, process::pidfd_open),
    always("clone3", 435, 435, process::clone3)
        .why("its flags are in memory; namespaces are refused as in clone(2)"),
    allow("close_range", 436, 436),
    path("openat2", 437, 437, open::openat2, &[at(0, 1).open_how(2)]),
    always("pidfd_getfd", 438, 438, process::by_pidfd),
    path("faccessat2", 439, 439, stat::access, &[at(0, 1).flags(3)]),
    allow("process_madvise", 440, 440).why("only hints, and for another process only with a capability"),
    allow("epoll_pwait2", 441, 441),
    always("mount_setattr", 442, 442, mounts::mount_setattr),
    refuse("quotactl_fd", 443, 443, ENOSYS, QUOTA),
    when("landlock_create_ruleset", 444, 444, &[Feature(NoLandlock)], landlock::create_ruleset).why(LANDLOCK),
    always("landlock_add_rule", 445, 445, landlock::add_rule),
    always("landlock_restrict_self", 446, 446, landlock::restrict_self),
    allow("memfd_secret", 447, 447),
    always("process_mrelease", 448, 448, process::by_pidfd),
    allow("futex_waitv", 449, 449),
    allow("set_mempolicy_home_node", 450, 450),
    allow("cachestat", 451, 451),
    path("fchmodat2", 452, 452, fakeroot::chmod, &[at(0, 1).flags(3).write()]),
    allow("map_shadow_stack", 453, 453),
    allow("futex_wake", 454, 454),
    allow("futex_wait", 455, 455),
    allow("futex_requeue", 456, 456),
    refuse("statmount", 457, 457, ENOSYS, HOST_MOUNTS),
    refuse("listmount", 458, 458, ENOSYS, HOST_MOUNTS),
    allow("lsm_get_self_attr", 459, 459),
    allow("lsm_set_self_attr", 460, 460),
    allow("lsm_list_modules", 461, 461),
    allow("mseal", 462, 462),
    path("setxattrat", 463, 463, fakeroot::xattr_at, &[at(0, 1).flags_or_null(2).write()]),
    path("getxattrat", 464, 464, translate, &[at(0, 1).flags_or_null(2)]),
    path("listxattrat", 465, 465, translate, &[at(0, 1).flags_or_null(2)]),
    path("removexattrat", 466, 466, fakeroot::xattr_at, &[at(0, 1).flags_or_null(2).write()]),
    path("open_tree_attr", 467, 467, mounts::open_tree_attr, &[at(0, 1).flags(2)]),
    path("file_getattr", 468, 468, translate, &[at(0, 1).flags_or_null(4)]),
    path("file_setattr", 469, 469, translate, &[at(0, 1).flags_or_null(4).write()]),
    refuse("listns", 470, 470, ENOSYS, "tells the host's namespaces; older kernels lack it"),
    allow("rseq_slice_yield", 471, 471),
];
