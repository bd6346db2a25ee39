//! What this kernel can do, asked once at start.

use std::os::fd::{FromRawFd, OwnedFd};

use nix::errno::Errno;

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
        Self { openat2: has_openat2(), names_by_file: has_execve_check() }
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

/// Asks with a descriptor that is none, so that nothing is executed where an older kernel ignores the flag.
fn has_execve_check() -> bool {
    const AT_EXECVE_CHECK: i32 = 0x10000;
    let (no_file, flags) = (-1, libc::AT_EMPTY_PATH | AT_EXECVE_CHECK);
    let none: [*const u8; 1] = [std::ptr::null()];
    // SAFETY: the path and both arrays are as execveat(2) wants them and outlive the call.
    unsafe {
        libc::syscall(libc::SYS_execveat, no_file, c"".as_ptr(), none.as_ptr(), none.as_ptr(), flags);
    }
    Errno::last() == Errno::EBADF
}
