//! Signals that reach xroot itself.
//!
//! Source: signal(7), sigwaitinfo(2).

use std::mem::{MaybeUninit, zeroed};
use std::ptr;

use nix::unistd::Pid;

use crate::error::Errno;

/// A signal that was sent to this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    pub signal: i32,
    /// The process that sent it; `None` if the kernel did, as the terminal's ^C.
    pub sender: Option<Pid>,
}

/// A set of signals that are kept from this process, to be taken by [`Blocked::wait`].
pub struct Blocked(libc::sigset_t);

impl Blocked {
    /// Blocks `signals` in the calling thread and in those that it starts.
    pub fn new(signals: &[i32]) -> Self {
        // SAFETY: the set is initialised by sigemptyset, and the calls only read and write it.
        unsafe {
            let mut set = zeroed();
            libc::sigemptyset(&raw mut set);
            for &signal in signals {
                libc::sigaddset(&raw mut set, signal);
            }
            libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, ptr::null_mut());
            Self(set)
        }
    }

    /// Waits for one of them.
    ///
    /// # Errors
    /// EINTR if a handler of another signal ran.
    pub fn wait(&self) -> Result<Received, Errno> {
        let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
        // SAFETY: the kernel fills `info`, which outlives the call.
        let signal = Errno::result(unsafe { libc::sigwaitinfo(&raw const self.0, info.as_mut_ptr()) })?;
        // SAFETY: the kernel has filled it, and all-zero bytes are valid too.
        let info = unsafe { info.assume_init() };
        // SAFETY: si_pid is plain data; it means a sender only for signals that a process sent.
        let sender = (info.si_code <= 0).then(|| Pid::from_raw(unsafe { info.si_pid() }));
        Ok(Received { signal, sender })
    }

    /// Lets them through again in the calling thread.
    pub fn unblock(&self) {
        // SAFETY: the set is initialised and outlives the call.
        unsafe { libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const self.0, ptr::null_mut()) };
    }
}

/// Stops this process by `signal` until SIGCONT, as its default action does.
pub fn stop_self(signal: i32) {
    // SAFETY: the sets are initialised before they are read, and only plain calls on them follow.
    unsafe {
        let (mut set, mut old) = (zeroed(), zeroed());
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, signal);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const set, &raw mut old);
        // To this thread alone: another one may be waiting to take what is sent to the process.
        libc::raise(signal);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const old, ptr::null_mut());
    }
}
