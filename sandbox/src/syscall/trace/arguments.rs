//! A call as text: `openat(AT_FDCWD, "x", O_RDONLY, 0)`.
//!
//! Source: the man page of each call.
#![forbid(unsafe_code)]

use super::flags;
use crate::sys::mem::Memory;
use crate::syscall::table::Row;

/// What an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A directory's descriptor, or AT_FDCWD.
    Dir,
    /// A string.
    Text,
    /// Flags of open(2).
    Open,
    /// `struct open_how`.
    How,
    /// AT_ flags.
    At,
    /// The mode of access(2).
    Access,
    /// Permissions.
    Mode,
    /// A signal.
    Signal,
    /// An array of strings.
    Vector,
    /// A signed number: descriptors, ids, sizes.
    Int,
    /// Anything else.
    Hex,
}

impl Kind {
    fn of(letter: u8) -> Self {
        match letter {
            b'd' => Self::Dir,
            b't' => Self::Text,
            b'o' => Self::Open,
            b'h' => Self::How,
            b'f' => Self::At,
            b'a' => Self::Access,
            b'm' => Self::Mode,
            b's' => Self::Signal,
            b'v' => Self::Vector,
            b'i' => Self::Int,
            _ => Self::Hex,
        }
    }
}

/// The arguments of the calls that stop, one letter each ([`Kind::of`]). What is missing here is shown as six numbers.
#[rustfmt::skip]
const SIGNATURES: &[(&str, &str)] = &[
    ("accept", "ixx"), ("accept4", "ixxx"), ("access", "ta"), ("acct", "t"), ("bind", "ixi"), ("bpf", "ixi"),
    ("capget", "xx"), ("capset", "xx"), ("chdir", "t"), ("chmod", "tm"), ("chown", "tii"), ("chroot", "t"),
    ("clone", "xxxxx"), ("clone3", "xi"), ("connect", "ixi"), ("creat", "tm"), ("execve", "tvx"),
    ("execveat", "dtvxf"), ("faccessat", "dta"), ("faccessat2", "dtaf"), ("fanotify_mark", "ixxdt"), ("fchdir", "i"),
    ("fchmod", "im"), ("fchmodat", "dtm"), ("fchmodat2", "dtmf"), ("fchown", "iii"), ("fchownat", "dtiif"),
    ("fcntl", "iix"), ("file_getattr", "dtxif"), ("file_setattr", "dtxif"), ("finit_module", "itx"),
    ("fremovexattr", "it"), ("fsconfig", "iitxi"), ("fsetxattr", "itxix"), ("fsmount", "ixx"), ("fsopen", "tx"),
    ("fspick", "dtx"), ("fstat", "ix"), ("fstatfs", "ix"), ("futimesat", "dtx"), ("get_robust_list", "ixx"),
    ("getcwd", "xi"), ("getdents", "ixi"), ("getdents64", "ixi"), ("getegid", ""), ("geteuid", ""), ("getgid", ""),
    ("getgroups", "ix"), ("getpeername", "ixx"), ("getresgid", "xxx"), ("getresuid", "xxx"), ("getsockname", "ixx"),
    ("getsockopt", "iiixx"), ("getuid", ""), ("getxattr", "ttxi"), ("getxattrat", "dtftxi"),
    ("inotify_add_watch", "itx"), ("io_uring_enter", "iiixxi"), ("io_uring_register", "iixi"),
    ("io_uring_setup", "ix"), ("ioctl", "ixx"), ("ioprio_set", "iix"), ("kcmp", "iiiii"), ("kill", "is"),
    ("landlock_add_rule", "iixx"), ("landlock_create_ruleset", "xix"), ("landlock_restrict_self", "ix"),
    ("lchown", "tii"), ("lgetxattr", "ttxi"), ("link", "tt"), ("linkat", "dtdtf"), ("listmount", "xxix"),
    ("listxattr", "txi"), ("listxattrat", "dtfxi"), ("llistxattr", "txi"), ("lremovexattr", "tt"),
    ("lsetxattr", "ttxix"), ("lstat", "tx"), ("migrate_pages", "iixx"), ("mkdir", "tm"), ("mkdirat", "dtm"),
    ("mknod", "tmx"), ("mknodat", "dtmx"), ("mount", "tttxx"), ("mount_setattr", "dtfxi"), ("move_mount", "dtdtx"),
    ("move_pages", "iixxxx"), ("name_to_handle_at", "dtxxf"), ("newfstatat", "dtxf"), ("open", "tom"),
    ("open_by_handle_at", "ixo"), ("open_tree", "dtx"), ("open_tree_attr", "dtxxi"), ("openat", "dtom"),
    ("openat2", "dthi"), ("perf_event_open", "xiiix"), ("pidfd_getfd", "iix"), ("pidfd_open", "ix"),
    ("pidfd_send_signal", "isxx"), ("pivot_root", "tt"), ("prctl", "ixxxx"), ("prlimit64", "iixx"),
    ("process_mrelease", "ix"), ("process_vm_readv", "ixixix"), ("process_vm_writev", "ixixix"),
    ("ptrace", "xixx"), ("quotactl", "xtix"), ("readlink", "txi"), ("readlinkat", "dtxi"), ("reboot", "xxxx"),
    ("recvfrom", "ixixxx"), ("recvmmsg", "ixixx"), ("recvmsg", "ixx"), ("removexattr", "tt"),
    ("removexattrat", "dtft"), ("rename", "tt"), ("renameat", "dtdt"), ("renameat2", "dtdtx"), ("rmdir", "t"),
    ("rt_sigaction", "sxxi"), ("rt_sigqueueinfo", "isx"), ("rt_tgsigqueueinfo", "iisx"),
    ("sched_setaffinity", "iix"), ("sched_setattr", "ixx"), ("sched_setparam", "ix"), ("sched_setscheduler", "iix"),
    ("seccomp", "xxx"), ("sendmmsg", "ixix"), ("sendmsg", "ixx"), ("sendto", "ixixxi"), ("setdomainname", "xi"),
    ("setfsgid", "i"), ("setfsuid", "i"), ("setgid", "i"), ("setgroups", "ix"), ("sethostname", "xi"),
    ("setns", "ix"), ("setpriority", "iii"), ("setregid", "ii"), ("setresgid", "iii"), ("setresuid", "iii"),
    ("setreuid", "ii"), ("setuid", "i"), ("setxattr", "ttxix"), ("setxattrat", "dtftxi"), ("stat", "tx"),
    ("statfs", "tx"), ("statmount", "xxix"), ("statx", "dtfxx"), ("swapoff", "t"), ("swapon", "tx"),
    ("symlink", "tt"), ("symlinkat", "tdt"), ("tgkill", "iis"), ("tkill", "is"), ("truncate", "ti"),
    ("umount2", "tx"), ("uname", "x"), ("unlink", "t"), ("unlinkat", "dtx"), ("unshare", "x"), ("userfaultfd", "x"),
    ("utime", "tx"), ("utimensat", "dtxf"), ("utimes", "tx"),
];

/// The call as text, its strings read from the caller's memory.
pub fn call(row: &Row, args: &[u64; 6], mem: &dyn Memory) -> String {
    let signature =
        SIGNATURES.iter().find(|(name, _)| *name == row.name).map_or("xxxxxx", |(_, found)| found);
    let mut creates = true;
    let mut shown = Vec::new();
    for (letter, &value) in signature.bytes().zip(args) {
        let kind = Kind::of(letter);
        if kind == Kind::Mode && !creates {
            // Whatever the register held.
            continue;
        }
        creates = kind != Kind::Open || flags::creates(value as i32);
        shown.push(argument(kind, value, mem));
    }
    format!("{}({})", row.name, shown.join(", "))
}

fn argument(kind: Kind, value: u64, mem: &dyn Memory) -> String {
    let int = value as i32;
    match kind {
        Kind::Dir if int == libc::AT_FDCWD => "AT_FDCWD".into(),
        Kind::Dir => int.to_string(),
        Kind::Text => text(value, mem),
        Kind::Open => flags::open(int),
        Kind::How => how(value, mem),
        Kind::At => flags::at(int),
        Kind::Access => flags::access(int),
        Kind::Mode => flags::mode(value),
        Kind::Signal => super::signal(int),
        Kind::Vector => vector(value, mem),
        Kind::Int => (value as i64).to_string(),
        Kind::Hex => format!("{value:#x}"),
    }
}

/// The string at `address`; the address itself where there is none.
fn text(address: u64, mem: &dyn Memory) -> String {
    match mem.read_cstr(address, libc::PATH_MAX as usize) {
        _ if address == 0 => "NULL".into(),
        Ok(text) => format!("\"{}\"", text.escape_ascii()),
        Err(_) => format!("{address:#x}"),
    }
}

/// The first strings of an array: enough to know the command by.
fn vector(address: u64, mem: &dyn Memory) -> String {
    const SHOWN: u64 = 8;
    let mut words = Vec::new();
    for index in 0..=SHOWN {
        match mem.read_u64(address.wrapping_add(8 * index)) {
            Ok(0) => break,
            Ok(_) if index == SHOWN => words.push("...".into()),
            Ok(pointer) => words.push(text(pointer, mem)),
            Err(_) => return format!("{address:#x}"),
        }
    }
    format!("[{}]", words.join(", "))
}

fn how(address: u64, mem: &dyn Memory) -> String {
    let word = |index: u64| mem.read_u64(address.wrapping_add(8 * index));
    let (Ok(flags), Ok(mode), Ok(resolve)) = (word(0), word(1), word(2)) else {
        return format!("{address:#x}");
    };
    let flags = i32::try_from(flags).map_or_else(|_| format!("{flags:#x}"), flags::open);
    format!("{{flags={flags}, mode={}, resolve={}}}", flags::mode(mode), flags::resolve(resolve))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::mem::FakeMemory;
    use crate::syscall::table::{Base, LastRule, TABLE, Verdict};

    fn row(name: &str) -> &'static Row {
        TABLE.iter().find(|row| row.name == name).expect("the table has every call")
    }

    #[test]
    fn signatures_are_sorted_and_say_what_the_table_says() {
        assert!(SIGNATURES.is_sorted_by_key(|(name, _)| *name));
        for (name, signature) in SIGNATURES {
            let kind = |index: u8| Kind::of(*signature.as_bytes().get(usize::from(index)).unwrap_or(&b'x'));
            for path in row(name).paths {
                assert_eq!(kind(path.arg), Kind::Text, "{name}");
                if let Base::Fd(fd) = path.base {
                    assert_eq!(kind(fd), Kind::Dir, "{name}");
                }
                match path.last {
                    LastRule::Open(flags) => assert_eq!(kind(flags), Kind::Open, "{name}"),
                    LastRule::OpenHow(how) => assert_eq!(kind(how), Kind::How, "{name}"),
                    _ => {}
                }
            }
        }
        for row in TABLE.iter().filter(|row| !row.paths.is_empty() && !matches!(row.verdict, Verdict::Allow))
        {
            assert!(SIGNATURES.iter().any(|(name, _)| *name == row.name), "{} has paths to show", row.name);
        }
    }

    #[test]
    fn a_call_shows_its_strings_and_flags() {
        let mut bytes = b"a\"b\n\xff\0".to_vec();
        bytes.resize(16, 0);
        bytes.extend([0u64, 0o644, 0x10].iter().flat_map(|word| word.to_ne_bytes()));
        bytes.extend([FakeMemory::BASE, 0].iter().flat_map(|word| word.to_ne_bytes()));
        let mem = FakeMemory::new(&bytes);
        let (path, how, argv) = (FakeMemory::BASE, FakeMemory::BASE + 16, FakeMemory::BASE + 40);
        let shown = |name: &str, args: [u64; 6]| call(row(name), &args, &mem);
        assert_eq!(
            shown("openat", [-100i64 as u64, path, 0x80041, 0o600, 0, 0]),
            r#"openat(AT_FDCWD, "a\"b\n\xff", O_WRONLY|O_CREAT|O_CLOEXEC, 0600)"#
        );
        assert_eq!(
            shown("openat2", [3, path, how, 24, 0, 0]),
            r#"openat2(3, "a\"b\n\xff", {flags=O_RDONLY, mode=0644, resolve=RESOLVE_IN_ROOT}, 24)"#
        );
        assert_eq!(shown("execve", [0, argv, 7, 0, 0, 0]), r#"execve(NULL, ["a\"b\n\xff"], 0x7)"#);
        assert_eq!(shown("kill", [-5i64 as u64, 15, 0, 0, 0, 0]), "kill(-5, SIGTERM)");
        assert_eq!(shown("access", [4, 4, 0, 0, 0, 0]), "access(0x4, R_OK)");
        assert_eq!(shown("getuid", [1; 6]), "getuid()");
        assert_eq!(shown("futex", [1, 2, 3, 4, 5, 6]), "futex(0x1, 0x2, 0x3, 0x4, 0x5, 0x6)");
    }
}
