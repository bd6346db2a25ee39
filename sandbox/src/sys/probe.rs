//! What this kernel can do, asked once at start.

use std::os::fd::{FromRawFd, OwnedFd};

use super::{fs, seccomp, stub};
use crate::error::Error;

/// The oldest kernel: before it, a call that the tracer has changed at the filter's stop is not what runs after it, and
/// PTRACE_SYSCALL does not lead from there to the call's end (ptrace(2), "PTRACE_EVENT_SECCOMP stops").
const OLDEST: (u32, u32) = (4, 8);

/// With this as its second argument, the stub's prctl(2) asks whether an xroot traces the caller: 0 then. Every kernel
/// says EINVAL.
pub const INSIDE: u64 = 0x696e_7369;

/// True inside xroot, whatever is left of its environment there.
fn is_inside() -> bool {
    // SAFETY: the kernel does not know this option; a tracer answers it without looking at memory.
    unsafe { libc::prctl(stub::DONE as i32, INSIDE, 0, 0, 0) == 0 }
}

/// Checks what there is no way around.
///
/// # Errors
/// What this kernel lacks.
pub fn check() -> Result<(), Error> {
    if is_inside() {
        return Err(Error::InsideXroot);
    }
    if let Some(release) =
        nix::sys::utsname::uname().ok().and_then(|name| name.release().to_str().map(String::from))
    {
        if is_too_old(&release) {
            return Err(Error::KernelTooOld { release });
        }
    }
    seccomp::can_install().map_err(|errno| Error::NoSeccomp { errno })?;
    match std::fs::read_link("/proc/self") {
        Ok(link) if link.as_os_str() == std::process::id().to_string().as_str() => Ok(()),
        // The numbers in it are not those that the calls of this process give and take.
        _ if std::path::Path::new("/proc/sys/kernel").exists() => Err(Error::ForeignProc),
        _ => Err(Error::NoProc),
    }
}

/// True for a release before [`OLDEST`].
fn is_too_old(release: &str) -> bool {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map_while(|word| word.parse::<u32>().ok());
    match (numbers.next(), numbers.next(), numbers.next()) {
        // What newer kernels say under the personality UNAME26: 2.6.40 and more.
        (Some(2), Some(6), Some(40..)) => false,
        (Some(major), Some(minor), _) => (major, minor) < OLDEST,
        _ => false,
    }
}

/// What this kernel can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probes {
    /// openat2(2): Linux 5.6, unless an outer filter denies it.
    pub openat2: bool,
    /// A program that execveat(2) is given by descriptor alone is called after its file, not after the descriptor: Linux
    /// 6.14, as AT_EXECVE_CHECK is.
    pub names_by_file: bool,
    /// execve(2) opens the file before it looks at the arguments: Linux 6.8.
    pub file_first: bool,
    /// An outer filter holds for this process, and for the guest too.
    pub filtered: bool,
}

impl Probes {
    /// Asks the kernel.
    pub fn new() -> Self {
        // SAFETY: the option takes no argument.
        let mode = unsafe { libc::prctl(libc::PR_GET_SECCOMP, 0, 0, 0, 0) };
        Self {
            openat2: has_openat2(),
            names_by_file: fs::has_execve_check(),
            file_first: fs::execve_opens_first(),
            filtered: mode == libc::SECCOMP_MODE_FILTER as i32,
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_is_too_old_by_its_first_two_numbers() {
        for release in ["4.7.10", "4.4.0-210-generic", "3.10.0-1160.el7.x86_64", "2.6.32"] {
            assert!(is_too_old(release), "{release}");
        }
        for release in ["4.8", "4.8.0-rc1", "5.4.0-gke", "6.18.44-x", "10.0", "2.6.66", "unknown", ""] {
            assert!(!is_too_old(release), "{release}");
        }
    }

    #[test]
    fn this_kernel_has_what_is_needed() {
        assert_eq!(check(), Ok(()));
    }
}
