//! A file in the place of one of /proc, for a process in a Landlock domain.
//!
//! The rules are about the kernel's own file, so the process opens that first. The tracer's descriptors it cannot reach
//! from its domain; so it makes the file with the other text itself, which the tracer fills, and opens it anew: rules are
//! not about files that no mount shows (`is_nouser_or_private` of security/landlock/fs.c).
#![forbid(unsafe_code)]

use super::{How, Place, led_to};
use crate::error::Failure;
use crate::syscall::call::{Action, Call, Rewrite};
use crate::syscall::paths::Target;
use crate::syscall::proc::{self, MFD_NOEXEC_SEAL, Replacement};
use crate::syscall::table::number;

/// The next step of opening `target`; `None` if the kernel's own file is right.
pub(super) fn open_replaced(
    call: &Call<'_>,
    how: How,
    place: Place,
    target: &Target,
) -> Result<Option<Action>, Failure> {
    let replacement = || proc::replacement(call, &target.resolved);
    let close = |fd: i64| Rewrite::of(const { number("close") }, [fd as u64]);
    Ok(Some(match call.task().prepared[..] {
        [] if replacement()?.is_none() => return Ok(None),
        [] => Action::Prepare(vec![led_to(call, how, place, target)]),
        [own] if own < 0 => Action::Answer(own),
        [_] => Action::Prepare(vec![make(target)]),
        [own, made] if made < 0 => Action::Prepare(vec![close(own)]),
        [_, made, _] if made < 0 => Action::Answer(made),
        [_, made] => {
            if let Ok(Some(replacement)) = replacement() {
                fill(call, made, &replacement);
            }
            Action::Prepare(vec![reopen(made, how)])
        }
        [own, made, opened] if opened < 0 => Action::Prepare(vec![close(made), close(own)]),
        // The number is the lowest that was free, as of any other file.
        [own, made, opened] => {
            let cloexec = how.flags & libc::O_CLOEXEC as u64;
            let replace = Rewrite::of(const { number("dup3") }, [opened as u64, own as u64, cloexec]);
            Action::Prepare(vec![replace, close(opened), close(made)])
        }
        [_, _, opened, ..] if opened < 0 => Action::Answer(opened),
        [own, ..] => Action::Answer(own),
    }))
}

/// memfd_create(2), with the name that the tracer's own file would have.
fn make(target: &Target) -> Rewrite {
    /// Bytes of a name without its NUL, at the most (MFD_NAME_MAX_LEN of mm/memfd.c).
    const LONGEST: usize = 249;
    let mut name = proc::memory_name(target.resolved.guest.as_bytes());
    name.truncate(LONGEST);
    let flags = u64::from(libc::MFD_CLOEXEC | MFD_NOEXEC_SEAL);
    let mut call = Rewrite::of(const { number("memfd_create") }, [0, flags]);
    call.stage_path(0, &name);
    call
}

/// Writes what the guest must read.
fn fill(call: &Call<'_>, made: i64, replacement: &Replacement) {
    let text = std::fs::read(replacement.path.as_path()).unwrap_or_default();
    // Where another thread has closed it, nobody reads it either.
    let (Ok(()) | Err(_)) = std::fs::write(format!("/proc/{}/fd/{made}", call.tid), text);
}

/// openat(2) with the guest's own flags.
fn reopen(made: i64, how: How) -> Rewrite {
    let flags = how.flags & !(libc::O_NOFOLLOW as u64);
    let mut call = Rewrite::of(const { number("openat") }, [libc::AT_FDCWD as u64, 0, flags]);
    call.stage_path(1, format!("/proc/self/fd/{made}").as_bytes());
    call
}
