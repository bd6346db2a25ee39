//! The tracee's own open files, as the tracer's descriptors.
//!
//! Source: pidfd_open(2), pidfd_getfd(2).

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use nix::unistd::Pid;

use crate::error::Errno;

/// The open file that thread `tid` of process `pid` has as `fd`.
///
/// `None` where there is no such descriptor, on a kernel before Linux 5.6, or where an outer filter denies it.
pub fn of_task(pid: Pid, tid: Pid, fd: i32) -> Option<OwnedFd> {
    // A thread may have descriptors of its own. Since Linux 6.9 one can be named.
    const PIDFD_THREAD: i32 = libc::O_EXCL;
    let open = |id: Pid, flags: i32| {
        // SAFETY: pidfd_open takes two numbers.
        owned(unsafe { libc::syscall(libc::SYS_pidfd_open, id.as_raw(), flags) })
    };
    let process = if tid == pid { open(pid, 0) } else { open(tid, PIDFD_THREAD).or_else(|| open(pid, 0)) }?;
    // SAFETY: pidfd_getfd takes three numbers.
    owned(unsafe { libc::syscall(libc::SYS_pidfd_getfd, process.as_raw_fd(), fd, 0) })
}

fn owned(result: libc::c_long) -> Option<OwnedFd> {
    let fd = Errno::result(result).ok()? as i32;
    // SAFETY: the kernel has just made this descriptor, and nothing else knows it.
    Some(unsafe { OwnedFd::from_raw_fd(fd) })
}
