//! One row for every syscall: its numbers, when it is trapped, which arguments are paths, and who handles it.
//!
//! The filter, the dispatcher and the support matrix are computed from these rows. A number without a row is ENOSYS.
#![forbid(unsafe_code)]

mod build;
mod rows;

use super::call::Handler;
use crate::error::Errno;

/// The table, in the order of the x86-64 numbers. AArch64 has no call that x86-64 lacks.
pub static TABLE: &[Row] = rows::ROWS;

/// The option of prctl(2) with which the stub talks to the tracer: "xoot".
pub const STUB_PRCTL: u32 = 0x786f_6f74;

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
    /// Why it is safe to let through, or why it is refused. Empty only where no argument can name a file or a process,
    /// or where the call is always handled.
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
    /// Where argument `.0` has any bit of `.1`.
    ArgHas(u8, u32),
    /// Where argument `.0` is no null pointer.
    NotNull(u8),
    /// Where both the session has the feature and the low 32 bits of argument `.1` are one of `.2`.
    FeatureArgIs(Feature, u8, &'static [u32]),
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
    /// Tools of this host in a guest of another machine.
    Tools,
    /// A kernel whose execve(2) cannot be asked whether Landlock forbids a file.
    NoLandlock,
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
    /// The flags argument and bit that make an empty path mean `base` itself (AT_EMPTY_PATH). A bit of 0 means that no
    /// flag is needed.
    pub empty: Option<(u8, u32)>,
    /// What a null pointer means.
    pub null: Null,
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

/// What a null pointer in the place of a path means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Null {
    /// An address like any other: EFAULT, or a path in page 0 where vm.mmap_min_addr is 0.
    Address,
    /// `base` itself, if that is a descriptor; with AT_FDCWD an address.
    Base,
    /// An empty path, where the flags allow that, and an address otherwise.
    Empty,
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

/// Finds the row of a number of this host.
pub fn row(nr: u64) -> Option<&'static Row> {
    let position = *INDEX.get(usize::try_from(nr).ok()?)?;
    TABLE.get(usize::from(position))
}

/// The number of `name` on this host.
///
/// # Panics
/// If the host has no such call; in a constant, that is an error of the compiler.
pub const fn number(name: &str) -> u64 {
    let mut position = 0;
    while position < rows::ROWS.len() {
        let row = &rows::ROWS[position];
        if same(row.name, name) {
            return row.host_number().expect("xroot asks only for calls that this host has") as u64;
        }
        position += 1;
    }
    panic!("xroot asks only for calls that the table has")
}

/// The position in [`TABLE`] of each number of this host; an impossible one where there is no row.
static INDEX: [u16; 512] = {
    let mut index = [u16::MAX; 512];
    let mut position = 0;
    while position < rows::ROWS.len() {
        if let Some(number) = rows::ROWS[position].host_number() {
            index[number as usize] = position as u16;
        }
        position += 1;
    }
    index
};

/// The calls by which a pretended identity shows, and which xroot answers itself: what a filter of somebody else's says of
/// them need not matter.
pub fn pretended() -> impl Iterator<Item = &'static Row> {
    const NAMED: [&str; 7] =
        ["chown", "chroot", "fchown", "fchownat", "lchown", "setdomainname", "sethostname"];
    TABLE.iter().filter(|row| {
        let by_identity = matches!(row.verdict, Verdict::Handle([When::Feature(Feature::FakeIds)], _));
        by_identity || NAMED.contains(&row.name)
    })
}

/// `==` of strings, which constants cannot use yet.
const fn same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    let mut at = 0;
    while at < left.len() {
        if left[at] != right[at] {
            return false;
        }
        at += 1;
    }
    true
}

impl Row {
    /// Its number on this host.
    pub const fn host_number(&self) -> Option<u32> {
        if cfg!(target_arch = "x86_64") { self.x86_64 } else { self.aarch64 }
    }

    /// True if a session with these features traps a call with these arguments.
    pub fn traps(&self, features: &[Feature], args: &[u64; 6]) -> bool {
        match self.verdict {
            Verdict::Allow => false,
            Verdict::Refuse(_) => true,
            Verdict::Handle(conditions, _) => conditions.iter().any(|when| when.holds(features, args)),
        }
    }
}

impl PathArg {
    /// True if an empty path means `base` itself in a call with these arguments.
    pub fn empty_is_base(&self, args: &[u64; 6]) -> bool {
        self.empty.is_some_and(|(arg, bit)| bit == 0 || args[usize::from(arg)] as u32 & bit != 0)
    }

    /// True if this argument is a null pointer that means `base` itself.
    pub fn is_null_base(&self, args: &[u64; 6]) -> bool {
        args[usize::from(self.arg)] == 0
            && match self.null {
                Null::Address => false,
                Null::Base => match self.base {
                    Base::Cwd => false,
                    Base::Fd(fd) => args[usize::from(fd)] as i32 != libc::AT_FDCWD,
                },
                Null::Empty => self.empty_is_base(args),
            }
    }
}

impl When {
    /// True if it holds for a call with these arguments in a session with these features.
    pub fn holds(&self, features: &[Feature], args: &[u64; 6]) -> bool {
        let arg = |index: u8| args[usize::from(index)];
        let low = |index: u8| arg(index) as u32;
        match *self {
            Self::Always => true,
            Self::Feature(feature) => features.contains(&feature),
            Self::ArgIs(index, values) => values.contains(&low(index)),
            Self::ArgIsNot(index, values) => !values.contains(&low(index)),
            Self::ArgHas(index, mask) => low(index) & mask != 0,
            Self::NotNull(index) => arg(index) != 0,
            Self::FeatureArgIs(feature, index, values) => {
                features.contains(&feature) && values.contains(&low(index))
            }
        }
    }
}
