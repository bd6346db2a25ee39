//! Calls of the i386 ABI (`int 0x80`) that a 64-bit program may make, as the host's own calls of the same meaning.
//!
//! Only those whose arguments look the same once they are extended to 64 bits: numbers, strings, buffers, and structures
//! of the same layout. Others would have to be written anew for 32 bits, for programs that hardly exist: they are ENOSYS.
//! Files are opened as with O_LARGEFILE, whether asked for or not. Programs that are i386 altogether run in an emulator and make none of these.
//!
//! Source: arch/x86/entry/syscalls/syscall_32.tbl of Linux 6.19, column "compat entry point".
#![forbid(unsafe_code)]

use super::Row;
use super::TABLE;

/// `seccomp_data.arch` of these calls (AUDIT_ARCH_I386 of include/uapi/linux/audit.h).
const AUDIT_ARCH: u32 = 0x4000_0003;

/// How a call's 32-bit arguments become its 64-bit ones.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Args {
    /// Each with zeros in front, as `compat_ptr` and the kernel's int arguments have it.
    Same,
    /// Argument `.0` is a signed `long`.
    Signed(usize),
    /// Argument `.0` is the low half of a 64-bit number, the next one the high half.
    Halves(usize),
    /// mmap2: the offset counts pages, and the address has to fit.
    Mmap,
}

use Args::{Halves, Mmap, Same, Signed};

static ROWS: &[(u32, &str, Args)] = &[
    (1, "exit", Same),
    (3, "read", Same),
    (4, "write", Same),
    (5, "open", Same),
    (6, "close", Same),
    (8, "creat", Same),
    (9, "link", Same),
    (10, "unlink", Same),
    (12, "chdir", Same),
    (14, "mknod", Same),
    (15, "chmod", Same),
    (19, "lseek", Signed(1)),
    (20, "getpid", Same),
    (27, "alarm", Same),
    (29, "pause", Same),
    (33, "access", Same),
    (36, "sync", Same),
    (37, "kill", Same),
    (38, "rename", Same),
    (39, "mkdir", Same),
    (40, "rmdir", Same),
    (41, "dup", Same),
    (42, "pipe", Same),
    (45, "brk", Same),
    (57, "setpgid", Same),
    (60, "umask", Same),
    (63, "dup2", Same),
    (64, "getppid", Same),
    (65, "getpgrp", Same),
    (66, "setsid", Same),
    (83, "symlink", Same),
    (85, "readlink", Same),
    (91, "munmap", Same),
    (92, "truncate", Signed(1)),
    (93, "ftruncate", Signed(1)),
    (94, "fchmod", Same),
    (96, "getpriority", Same),
    (97, "setpriority", Same),
    (118, "fsync", Same),
    (122, "uname", Same),
    (125, "mprotect", Same),
    (132, "getpgid", Same),
    (133, "fchdir", Same),
    (136, "personality", Same),
    (143, "flock", Same),
    (144, "msync", Same),
    (147, "getsid", Same),
    (148, "fdatasync", Same),
    (150, "mlock", Same),
    (151, "munlock", Same),
    (158, "sched_yield", Same),
    (168, "poll", Same),
    (183, "getcwd", Same),
    (192, "mmap", Mmap),
    (193, "truncate", Halves(1)),
    (194, "ftruncate", Halves(1)),
    (198, "lchown", Same),
    (199, "getuid", Same),
    (200, "getgid", Same),
    (201, "geteuid", Same),
    (202, "getegid", Same),
    (207, "fchown", Same),
    (212, "chown", Same),
    (218, "mincore", Same),
    (219, "madvise", Same),
    (220, "getdents64", Same),
    (224, "gettid", Same),
    (226, "setxattr", Same),
    (227, "lsetxattr", Same),
    (228, "fsetxattr", Same),
    (229, "getxattr", Same),
    (230, "lgetxattr", Same),
    (231, "fgetxattr", Same),
    (232, "listxattr", Same),
    (233, "llistxattr", Same),
    (234, "flistxattr", Same),
    (235, "removexattr", Same),
    (236, "lremovexattr", Same),
    (237, "fremovexattr", Same),
    (238, "tkill", Same),
    (252, "exit_group", Same),
    (254, "epoll_create", Same),
    (255, "epoll_ctl", Same),
    (256, "epoll_wait", Same),
    (270, "tgkill", Same),
    (291, "inotify_init", Same),
    (292, "inotify_add_watch", Same),
    (293, "inotify_rm_watch", Same),
    (295, "openat", Same),
    (296, "mkdirat", Same),
    (297, "mknodat", Same),
    (298, "fchownat", Same),
    (301, "unlinkat", Same),
    (302, "renameat", Same),
    (303, "linkat", Same),
    (304, "symlinkat", Same),
    (305, "readlinkat", Same),
    (306, "fchmodat", Same),
    (307, "faccessat", Same),
    (323, "eventfd", Same),
    (328, "eventfd2", Same),
    (329, "epoll_create1", Same),
    (330, "dup3", Same),
    (331, "pipe2", Same),
    (332, "inotify_init1", Same),
    (344, "syncfs", Same),
    (353, "renameat2", Same),
    (355, "getrandom", Same),
    (356, "memfd_create", Same),
    (359, "socket", Same),
    (360, "socketpair", Same),
    (361, "bind", Same),
    (362, "connect", Same),
    (363, "listen", Same),
    (364, "accept4", Same),
    (367, "getsockname", Same),
    (368, "getpeername", Same),
    (369, "sendto", Same),
    (371, "recvfrom", Same),
    (373, "shutdown", Same),
    (383, "statx", Same),
    (434, "pidfd_open", Same),
    (436, "close_range", Same),
    (437, "openat2", Same),
    (439, "faccessat2", Same),
    (452, "fchmodat2", Same),
];

/// The host's own call for number `nr` of architecture `audit_arch`, and its arguments; `None` if there is none.
pub fn as_own(audit_arch: u32, nr: u32, args: [u64; 6]) -> Option<(&'static Row, [u64; 6])> {
    if audit_arch != AUDIT_ARCH {
        return None;
    }
    let &(_, name, kind) = ROWS.iter().find(|row| row.0 == nr)?;
    let row = TABLE.iter().find(|row| row.name == name)?;
    let mut own = args.map(|arg| u64::from(arg as u32));
    match kind {
        Same => {}
        Signed(index) => own[index] = own[index] as u32 as i32 as i64 as u64,
        Halves(index) => own[index] |= own[index + 1] << 32,
        Mmap => {
            own[3] |= MAP_32BIT;
            own[5] <<= 12;
        }
    }
    Some((row, own))
}

/// How many calls there are.
pub fn count() -> usize {
    ROWS.len()
}

/// As in arch/x86/include/uapi/asm/mman.h.
const MAP_32BIT: u64 = 0x40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_one_of_the_table() {
        for &(nr, name, _) in ROWS {
            assert!(TABLE.iter().any(|row| row.name == name && row.x86_64.is_some()), "{nr} {name}");
        }
        assert!(ROWS.is_sorted_by_key(|row| row.0));
    }

    #[test]
    fn arguments_are_extended_as_each_call_wants_them() {
        let own = |nr, args| as_own(AUDIT_ARCH, nr, args).map(|(row, args)| (row.name, args));
        let minus = u64::from(u32::MAX);
        assert_eq!(own(20, [1 << 40; 6]), Some(("getpid", [0; 6])));
        assert_eq!(own(19, [3, minus, 1, 0, 0, 0]), Some(("lseek", [3, u64::MAX, 1, 0, 0, 0])));
        assert_eq!(own(194, [3, 5, 1, 0, 0, 0]), Some(("ftruncate", [3, 1 << 32 | 5, 1, 0, 0, 0])));
        assert_eq!(own(192, [0, 1, 2, 0x22, minus, 1]), Some(("mmap", [0, 1, 2, 0x62, minus, 4096])));
        assert_eq!(own(11, [0; 6]), None);
        assert_eq!(as_own(0xc000_003e, 20, [0; 6]).map(|(row, _)| row.name), None);
    }
}
