//! What this process was started with, and Rust's runtime and xroot change: the guest gets it as it was.
//!
//! Source: execve(2): the signal mask and ignored signals survive it; getrlimit(2).

use std::mem::zeroed;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;
use std::sync::OnceLock;

use libc::{c_int, rlimit, sighandler_t, sigset_t};

/// Ignored by Rust's runtime, and reset to default by [`super::front`], which has to see its child end.
const CHANGED: [c_int; 2] = [libc::SIGPIPE, libc::SIGCHLD];

struct Inherited {
    mask: sigset_t,
    /// True for each of [`CHANGED`] that was ignored.
    ignored: [bool; 2],
    /// True for each standard descriptor that was closed: Rust's runtime opens /dev/null instead.
    closed: [bool; 3],
    descriptors: rlimit,
}

/// Written by [`note`] alone, before main.
static INHERITED: OnceLock<Inherited> = OnceLock::new();

/// Runs before Rust's runtime.
#[used]
#[unsafe(link_section = ".init_array")]
static AT_START: extern "C" fn() = note;

extern "C" fn note() {
    let closed = |fd| {
        // SAFETY: F_GETFD takes a descriptor only.
        unsafe { libc::fcntl(fd, libc::F_GETFD) == -1 }
    };
    // SAFETY: all-zero bytes are valid values of these plain types, and the kernel only fills them.
    let inherited = unsafe {
        let mut inherited = Inherited {
            mask: zeroed(),
            ignored: CHANGED.map(is_ignored),
            closed: [closed(0), closed(1), closed(2)],
            descriptors: zeroed(),
        };
        libc::sigprocmask(libc::SIG_SETMASK, ptr::null(), &raw mut inherited.mask);
        libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut inherited.descriptors);
        inherited
    };
    // It is not set yet.
    let _ = INHERITED.set(inherited);
}

fn is_ignored(signal: c_int) -> bool {
    // SAFETY: all-zero bytes are a valid sigaction, which the kernel only fills.
    unsafe {
        let mut action: libc::sigaction = zeroed();
        libc::sigaction(signal, ptr::null(), &raw mut action) == 0 && action.sa_sigaction == libc::SIG_IGN
    }
}

/// Gives the calling process, a child that is about to execve, what this one was started with.
///
/// Makes only calls that are safe after fork.
pub fn restore() {
    let Some(inherited) = INHERITED.get() else { return };
    for (signal, ignored) in CHANGED.into_iter().zip(inherited.ignored) {
        let disposition: sighandler_t = if ignored { libc::SIG_IGN } else { libc::SIG_DFL };
        // SAFETY: both are valid dispositions.
        unsafe { libc::signal(signal, disposition) };
    }
    // SAFETY: the mask was filled by the kernel.
    unsafe { libc::sigprocmask(libc::SIG_SETMASK, &raw const inherited.mask, ptr::null_mut()) };
    // SAFETY: the limit was filled by the kernel.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const inherited.descriptors) };
    for fd in (0..3).filter(|&fd: &i32| inherited.closed[fd as usize]) {
        // SAFETY: this child has no further use for it.
        unsafe { libc::close(fd) };
    }
}

/// True if at least half of the files that this process may have open are. They get the lowest numbers that are free.
pub fn is_late_descriptor(file: BorrowedFd<'_>) -> bool {
    // SAFETY: the kernel fills the limit.
    let half = unsafe {
        let mut limit: rlimit = zeroed();
        libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit);
        limit.rlim_cur / 2
    };
    file.as_raw_fd() as u64 >= half
}

/// Lets this process open as many files as it may: a tracer has several open for each process of the guest.
pub fn raise_descriptors() {
    // SAFETY: the kernel fills the limit, then reads it.
    unsafe {
        let mut limit: rlimit = zeroed();
        if libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) == 0 {
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
        }
    }
}
