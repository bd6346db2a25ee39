//! The first tracee: forked, held until it is traced, filtered, then let go to its first execve.
//!
//! Source: fork(2), signal-safety(7): between fork and execve the child calls only what is safe there.

use std::ffi::CString;
use std::io::Write;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::ptr;

use nix::unistd::Pid;

use seccompiler::sock_filter;

use super::{inherited, seccomp};
use crate::error::Errno;

/// What the first tracee executes, in the guest's terms: the tracer rewrites its execve like any other.
pub struct Image<'a> {
    pub program: &'a CString,
    pub argv: &'a [CString],
    pub envp: &'a [CString],
    pub filter: &'a [sock_filter],
    /// Where its output goes, if not where this process's goes; then it reads nothing and its errors are not shown.
    pub output: Option<BorrowedFd<'a>>,
}

/// A child that waits to be traced.
pub struct Held {
    pub pid: Pid,
    gate: OwnedFd,
}

/// Exit code of the child where it could not even be filtered.
const FAILED: i32 = 125;

impl Held {
    /// Forks the child, in `directory`, which then waits for [`Held::release`].
    ///
    /// Its signal mask, ignored signals, limits and descriptors are those that this process was started with.
    ///
    /// # Errors
    /// As pipe2(2) and fork(2).
    pub fn fork(image: &Image<'_>, directory: &OwnedFd) -> Result<Self, Errno> {
        let (hold, gate) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)?;
        let pointers = |strings: &[CString]| -> Vec<*const libc::c_char> {
            strings.iter().map(|string| string.as_ptr()).chain([ptr::null()]).collect()
        };
        let (argv, envp) = (pointers(image.argv), pointers(image.envp));
        // SAFETY: the child only makes calls that are safe after fork, and never returns from this block.
        let pid = Errno::result(unsafe { libc::fork() })?;
        if pid != 0 {
            return Ok(Self { pid: Pid::from_raw(pid), gate });
        }
        drop_write_end(&gate);
        let errno = wait_and_exec(&hold, directory, image, &argv, &envp);
        let code = if errno == Errno::ENOENT { 127 } else { 126 };
        // SAFETY: _exit is safe in a forked child and runs no destructors.
        unsafe { libc::_exit(code) }
    }

    /// Lets the child go on to its execve.
    ///
    /// # Errors
    /// EPIPE if it has died.
    pub fn release(self) -> Result<(), Errno> {
        let mut gate = std::fs::File::from(self.gate);
        gate.write_all(b"x").map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EPIPE)))
    }
}

/// Closes the child's copy, so that it sees the end of the pipe if the tracer dies before releasing it.
fn drop_write_end(gate: &OwnedFd) {
    // SAFETY: the child never uses this descriptor again, and leaves without running destructors.
    unsafe { libc::close(gate.as_raw_fd()) };
}

/// Makes `output` the standard output, and /dev/null the two others.
fn redirect(output: BorrowedFd<'_>) {
    // SAFETY: the path is NUL-terminated; the other calls take descriptors only.
    unsafe {
        let null = libc::open(c"/dev/null".as_ptr(), libc::O_RDWR);
        libc::dup2(null, 0);
        libc::dup2(null, 2);
        libc::dup2(output.as_raw_fd(), 1);
    }
}

/// Waits for the gate to open, installs the filter and executes; returns only why it could not.
fn wait_and_exec(
    hold: &OwnedFd,
    directory: &OwnedFd,
    image: &Image<'_>,
    argv: &[*const libc::c_char],
    envp: &[*const libc::c_char],
) -> Errno {
    let mut byte = 0u8;
    // SAFETY: the kernel writes at most one byte to `byte`.
    if unsafe { libc::read(hold.as_raw_fd(), (&raw mut byte).cast(), 1) } != 1 {
        // SAFETY: _exit is safe in a forked child.
        unsafe { libc::_exit(FAILED) };
    }
    inherited::restore();
    if let Some(output) = image.output {
        redirect(output);
    }
    // SAFETY: fchdir takes a descriptor only.
    unsafe { libc::fchdir(directory.as_raw_fd()) };
    if seccomp::install(image.filter).is_err() {
        const WHY: &[u8] = b"xroot: the kernel does not take the filter of system calls\n";
        // SAFETY: the kernel reads the constant's bytes; write and _exit are safe in a forked child.
        unsafe {
            libc::write(libc::STDERR_FILENO, WHY.as_ptr().cast(), WHY.len());
            libc::_exit(FAILED);
        }
    }
    // SAFETY: the strings and the NULL-terminated arrays live in this process's copy of the parent's memory.
    unsafe { libc::execve(image.program.as_ptr(), argv.as_ptr(), envp.as_ptr()) };
    Errno::last()
}
