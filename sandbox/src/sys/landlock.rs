//! Rules that the tracer adds to a guest's Landlock ruleset.
//!
//! Source: landlock_add_rule(2); include/uapi/linux/landlock.h.

use std::os::fd::{AsRawFd, BorrowedFd};

use crate::error::Errno;

/// `struct landlock_path_beneath_attr`.
#[repr(C, packed)]
struct PathBeneath {
    allowed_access: u64,
    parent_fd: i32,
}

/// Allows `access` to the file `place`, or below it if it is a directory.
///
/// # Errors
/// As landlock_add_rule(2): EINVAL for an access that the ruleset does not handle.
pub fn allow(ruleset: BorrowedFd<'_>, access: u64, place: BorrowedFd<'_>) -> Result<(), Errno> {
    const LANDLOCK_RULE_PATH_BENEATH: i32 = 1;
    let rule = PathBeneath { allowed_access: access, parent_fd: place.as_raw_fd() };
    // SAFETY: the kernel reads the 12 bytes of `rule`, which outlives the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_landlock_add_rule,
            ruleset.as_raw_fd(),
            LANDLOCK_RULE_PATH_BENEATH,
            &raw const rule,
            0,
        )
    };
    Errno::result(result).map(drop)
}
