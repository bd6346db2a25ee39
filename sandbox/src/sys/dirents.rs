//! Reads a directory's records as the kernel lays them out.
//!
//! Source: getdents64(2).

use std::os::fd::{AsRawFd, BorrowedFd};

use crate::error::Errno;

/// Fills `buf` with `struct linux_dirent64` records from the directory's position on; how many bytes, 0 at the end.
///
/// # Errors
/// As getdents64(2); EINVAL if not even one record fits.
pub fn getdents64(dir: BorrowedFd<'_>, buf: &mut [u8]) -> Result<usize, Errno> {
    // SAFETY: the kernel writes at most `buf.len()` bytes to `buf`, which outlives the call.
    let count = unsafe { libc::syscall(libc::SYS_getdents64, dir.as_raw_fd(), buf.as_mut_ptr(), buf.len()) };
    Errno::result(count).map(|count| count as usize)
}
