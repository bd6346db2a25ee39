//! What this kernel can do, asked once at start.

use std::os::fd::{FromRawFd, OwnedFd};

use super::fs;

/// What this kernel can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probes {
    /// openat2(2): Linux 5.6, unless an outer filter denies it.
    pub openat2: bool,
    /// A program that execveat(2) is given by descriptor alone is called after its file, not after the descriptor: Linux
    /// 6.14, as AT_EXECVE_CHECK is.
    pub names_by_file: bool,
}

impl Probes {
    /// Asks the kernel.
    pub fn new() -> Self {
        Self { openat2: has_openat2(), names_by_file: fs::has_execve_check() }
    }
}

impl Default for Probes {
    fn default() -> Self {
        Self::new()
    }
}

fn has_openat2() -> bool {
    let how = [(libc::O_PATH | libc::O_CLOEXEC) as u64, 0, 0];
    // SAFETY: path and `how` are as openat2(2) wants them and outlive the call.
    let fd = unsafe {
        libc::syscall(libc::SYS_openat2, libc::AT_FDCWD, c"/".as_ptr(), how.as_ptr(), size_of_val(&how))
    };
    if fd < 0 {
        return false;
    }
    // SAFETY: the kernel has just made this descriptor, and nothing else knows it.
    drop(unsafe { OwnedFd::from_raw_fd(fd as i32) });
    true
}
