//! One row for every syscall: its numbers, when it is trapped, which arguments are paths, and who handles it.
//!
//! The filter, the dispatcher and the support matrix are computed from these rows. Numbers: the kernel's
//! arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h; semantics: the man page of each name.
#![forbid(unsafe_code)]

use super::call::Handler;
use crate::error::Errno;

/// What is known of one syscall.
pub struct Row {
    /// The kernel's name for it, without prefix.
    pub name: &'static str,
    /// Its number on x86-64.
    pub x86_64: Option<u32>,
    /// Its number on AArch64 (the asm-generic list).
    pub aarch64: Option<u32>,
    /// What becomes of it.
    pub verdict: Verdict,
    /// The arguments that name files.
    pub paths: &'static [PathArg],
    /// Why it is safe to let through, or why it is refused. Required where an argument can name a file or a process.
    pub why: &'static str,
}

/// What becomes of a call.
pub enum Verdict {
    /// The kernel runs it, no stop.
    Allow,
    /// The guest gets this errno; counted and reported.
    Refuse(Errno),
    /// Trapped when any of the conditions holds, and then decided by the handler; allowed otherwise.
    Handle(&'static [When], Handler),
}

/// A condition under which a call is trapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// In every session.
    Always,
    /// Where the session has this feature.
    Feature(Feature),
    /// Where the low 32 bits of argument `.0` are one of `.1`.
    ArgIs(u8, &'static [u32]),
    /// Where the low 32 bits of argument `.0` are none of `.1`.
    ArgIsNot(u8, &'static [u32]),
}

/// What a session may have switched on, and calls may be trapped for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// A pretended identity (`-0`, `-i`).
    FakeIds,
    /// A read-only binding: descriptor calls that change files are trapped.
    ReadOnly,
    /// A pretended kernel release (`-k`).
    Release,
    /// Bindings whose names do not exist on disk, so that directory listings need them added.
    VirtualNames,
}

/// An argument that names a file.
pub struct PathArg {
    /// What a relative path starts at.
    pub base: Base,
    /// Index of the argument that points to the path.
    pub arg: u8,
    /// What happens to a final symlink.
    pub last: LastRule,
    /// What the call is going to do there.
    pub intent: Intent,
    /// The flags argument and bit that make an empty path mean `base` itself (AT_EMPTY_PATH).
    pub empty: Option<(u8, u32)>,
}

/// What a relative path starts at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// The working directory.
    Cwd,
    /// The directory descriptor in this argument.
    Fd(u8),
}

/// What happens to a symlink that is the last component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastRule {
    Follow,
    NoFollow,
    /// Not followed if argument `.0` has bit `.1`.
    NoFollowIf(u8, u32),
    /// Followed only if argument `.0` has bit `.1`.
    FollowIf(u8, u32),
    /// As open(2) does with the flags in this argument: not with O_NOFOLLOW, nor with O_CREAT and O_EXCL.
    Open(u8),
    /// As openat2(2) does with the `struct open_how` that this argument points to.
    OpenHow(u8),
}

/// What a call is going to do with the file that a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Nothing that a read-only mount would forbid.
    Read,
    /// Changes the file or its metadata.
    Write,
    /// Makes a new name, which must not exist.
    Create,
    /// Removes or replaces a name.
    Remove,
    /// As the flags of open(2) say.
    Open,
}

/// The table, in the order of the x86-64 numbers; calls that only AArch64 has come last.
pub static TABLE: &[Row] = &[];

/// The number of `name` on this host.
pub fn number(name: &str) -> u64 {
    let row =
        TABLE.iter().find(|row| row.name == name).expect("xroot asks only for calls that the table has");
    let number = if cfg!(target_arch = "x86_64") { row.x86_64 } else { row.aarch64 };
    u64::from(number.expect("xroot asks only for calls that this host has"))
}
