//! Makes one line of the table one row.
#![forbid(unsafe_code)]

use super::{Base, Intent, LastRule, Null, PathArg, Row, Verdict, When};
use crate::error::Errno;
use crate::syscall::call::Handler;

/// In place of a number: this machine lacks the call.
pub const NO: u32 = u32::MAX;

const AT_SYMLINK_NOFOLLOW: u32 = libc::AT_SYMLINK_NOFOLLOW as u32;
const AT_SYMLINK_FOLLOW: u32 = libc::AT_SYMLINK_FOLLOW as u32;
const AT_EMPTY_PATH: u32 = libc::AT_EMPTY_PATH as u32;

/// A call that the kernel runs unseen.
pub const fn allow(name: &'static str, x86_64: u32, aarch64: u32) -> Row {
    row(name, x86_64, aarch64, Verdict::Allow)
}

/// A call that always fails.
pub const fn refuse(name: &'static str, x86_64: u32, aarch64: u32, errno: Errno, why: &'static str) -> Row {
    row(name, x86_64, aarch64, Verdict::Refuse(errno)).why(why)
}

/// A call that is always trapped, and whose arguments the handler knows.
pub const fn always(name: &'static str, x86_64: u32, aarch64: u32, handler: Handler) -> Row {
    when(name, x86_64, aarch64, &[When::Always], handler)
}

/// A call that is trapped if any of `conditions` holds.
pub const fn when(
    name: &'static str,
    x86_64: u32,
    aarch64: u32,
    conditions: &'static [When],
    handler: Handler,
) -> Row {
    row(name, x86_64, aarch64, Verdict::Handle(conditions, handler))
}

/// A call that names files.
pub const fn path(
    name: &'static str,
    x86_64: u32,
    aarch64: u32,
    handler: Handler,
    paths: &'static [PathArg],
) -> Row {
    Row { paths, ..always(name, x86_64, aarch64, handler) }
}

const fn row(name: &'static str, x86_64: u32, aarch64: u32, verdict: Verdict) -> Row {
    Row { name, x86_64: number(x86_64), aarch64: number(aarch64), verdict, paths: &[], why: "" }
}

const fn number(number: u32) -> Option<u32> {
    if number == NO { None } else { Some(number) }
}

impl Row {
    /// Says why the call is safe where it is let through.
    pub const fn why(self, why: &'static str) -> Self {
        Row { why, ..self }
    }
}

/// The path that argument `arg` points to, relative to the working directory; followed, and only read.
pub const fn cwd(arg: u8) -> PathArg {
    PathArg {
        base: Base::Cwd,
        arg,
        last: LastRule::Follow,
        intent: Intent::Read,
        empty: None,
        null: Null::Address,
    }
}

/// The same, relative to the directory descriptor in argument `fd`.
pub const fn at(fd: u8, arg: u8) -> PathArg {
    PathArg { base: Base::Fd(fd), ..cwd(arg) }
}

impl PathArg {
    /// A final symlink is not followed.
    pub const fn nofollow(self) -> Self {
        Self { last: LastRule::NoFollow, ..self }
    }

    /// A final symlink is not followed if argument `arg` has `bit`.
    pub const fn nofollow_if(self, arg: u8, bit: u32) -> Self {
        Self { last: LastRule::NoFollowIf(arg, bit), ..self }
    }

    /// A final symlink is followed only if argument `arg` has `bit`.
    pub const fn follow_if(self, arg: u8, bit: u32) -> Self {
        Self { last: LastRule::FollowIf(arg, bit), ..self }
    }

    /// Argument `arg` may have AT_SYMLINK_NOFOLLOW and AT_EMPTY_PATH.
    pub const fn flags(self, arg: u8) -> Self {
        self.nofollow_if(arg, AT_SYMLINK_NOFOLLOW).empty(arg, AT_EMPTY_PATH)
    }

    /// Argument `arg` may have AT_SYMLINK_FOLLOW and AT_EMPTY_PATH.
    pub const fn follow_flags(self, arg: u8) -> Self {
        self.follow_if(arg, AT_SYMLINK_FOLLOW).empty(arg, AT_EMPTY_PATH)
    }

    /// An empty path means the base itself if argument `arg` has `bit`; with a `bit` of 0, always.
    pub const fn empty(self, arg: u8, bit: u32) -> Self {
        Self { empty: Some((arg, bit)), ..self }
    }

    /// A null pointer means the base itself.
    pub const fn or_null(self) -> Self {
        Self { null: Null::Base, ..self }
    }

    /// As [`PathArg::flags`], and a null pointer is an empty path (`getname_maybe_null`).
    pub const fn flags_or_null(self, arg: u8) -> Self {
        Self { null: Null::Empty, ..self.flags(arg) }
    }

    /// The flags of open(2) in argument `arg` decide.
    pub const fn open(self, arg: u8) -> Self {
        Self { last: LastRule::Open(arg), intent: Intent::Open, ..self }
    }

    /// The `struct open_how` that argument `arg` points to decides.
    pub const fn open_how(self, arg: u8) -> Self {
        Self { last: LastRule::OpenHow(arg), intent: Intent::Open, ..self }
    }

    /// The call changes the file.
    pub const fn write(self) -> Self {
        Self { intent: Intent::Write, ..self }
    }

    /// The call makes this name: a final symlink is a name that exists.
    pub const fn create(self) -> Self {
        Self { last: LastRule::NoFollow, intent: Intent::Create, ..self }
    }

    /// The call removes or replaces this name, and a symlink is removed itself.
    pub const fn remove(self) -> Self {
        Self { last: LastRule::NoFollow, intent: Intent::Remove, ..self }
    }
}
