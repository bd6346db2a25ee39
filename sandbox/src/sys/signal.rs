//! Signals that reach xroot itself, and those that it sends.
//!
//! Source: signal(7), sigwaitinfo(2), sigqueue(3), rt_sigqueueinfo(2).

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
    /// The sender's user id.
    pub uid: u32,
    /// What [`queue`] sent with it.
    pub value: u64,
}

/// A set of signals that are kept from this process, to be taken by [`Blocked::wait`].
pub struct Blocked(libc::sigset_t);

impl Blocked {
    /// The set of this one signal, which is blocked already.
    pub fn only(signal: i32) -> Self {
        // SAFETY: the set is initialised by sigemptyset, and the calls only write it.
        unsafe {
            let mut set = zeroed();
            libc::sigemptyset(&raw mut set);
            libc::sigaddset(&raw mut set, signal);
            Self(set)
        }
    }

    /// Blocks `signals` in the calling thread and in those that it starts.
    pub fn new(signals: impl IntoIterator<Item = i32>) -> Self {
        // SAFETY: the set is initialised by sigemptyset, and the calls only read and write it.
        unsafe {
            let mut set = zeroed();
            libc::sigemptyset(&raw mut set);
            for signal in signals {
                libc::sigaddset(&raw mut set, signal);
            }
            libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, ptr::null_mut());
            Self(set)
        }
    }

    /// Makes a blocked `signal` pending for this thread alone.
    pub fn pend(signal: i32) -> Self {
        // SAFETY: raise takes a number; the signal is blocked, so nothing happens yet.
        unsafe { libc::raise(signal) };
        Self::only(signal)
    }

    /// Waits for one of them.
    ///
    /// # Errors
    /// EINTR if a handler of another signal ran, or this process was stopped and continued.
    pub fn wait(&self) -> Result<Received, Errno> {
        self.take(ptr::null())
    }

    /// Takes one of them if it is pending.
    pub fn poll(&self) -> Option<Received> {
        let now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        self.take(&raw const now).ok()
    }

    fn take(&self, limit: *const libc::timespec) -> Result<Received, Errno> {
        let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
        // SAFETY: the kernel reads the set and the limit, and fills `info`; all outlive the call.
        let signal =
            Errno::result(unsafe { libc::sigtimedwait(&raw const self.0, info.as_mut_ptr(), limit) })?;
        // SAFETY: the kernel has filled it, and all-zero bytes are valid too.
        let info = unsafe { info.assume_init() };
        // SAFETY: these are plain data; they mean a sender only for signals that a process sent.
        let (pid, uid, value) = unsafe { (info.si_pid(), info.si_uid(), info.si_value().sival_ptr as u64) };
        let sender = (info.si_code <= 0).then(|| Pid::from_raw(pid));
        Ok(Received { signal, sender, uid, value })
    }

    /// Unblocks them for a moment in the calling thread, so that what is pending acts.
    pub fn let_through(&self) {
        // SAFETY: the set is initialised and outlives the calls.
        unsafe {
            libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const self.0, ptr::null_mut());
            libc::pthread_sigmask(libc::SIG_BLOCK, &raw const self.0, ptr::null_mut());
        }
    }
}

/// Sends `signal` with a value.
///
/// # Errors
/// ESRCH, EPERM, or EAGAIN if too many are pending.
pub fn queue(pid: Pid, signal: i32, value: u64) -> Result<(), Errno> {
    let value = libc::sigval { sival_ptr: value as *mut libc::c_void };
    // SAFETY: sigqueue takes numbers; the value is never read as a pointer.
    Errno::result(unsafe { libc::sigqueue(pid.as_raw(), signal, value) }).map(drop)
}

/// The process that sent a signal by kill(2) or sigqueue(3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender {
    pub pid: i32,
    pub uid: u32,
    /// What sigqueue(3) sent with it.
    value: Option<u64>,
}

impl Sender {
    /// The sender, if a process sent the signal.
    pub fn of(info: &libc::siginfo_t) -> Option<Self> {
        if info.si_code != libc::SI_USER && info.si_code != libc::SI_QUEUE {
            return None;
        }
        // SAFETY: for these codes the kernel has filled the fields.
        let (pid, uid, value) = unsafe { (info.si_pid(), info.si_uid(), info.si_value().sival_ptr as u64) };
        Some(Self { pid, uid, value: (info.si_code == libc::SI_QUEUE).then_some(value) })
    }

    /// The first sender of a signal that `front` has queued, with [`Sender::packed`] as its value.
    pub fn passed_on_by(&self, front: Pid) -> Option<Self> {
        let value = self.value.filter(|_| self.pid == front.as_raw())?;
        Some(Self { pid: value as u32 as i32, uid: (value >> 32) as u32, value: None })
    }

    /// Pid and user id in one word.
    pub fn packed(pid: Pid, uid: u32) -> u64 {
        u64::from(uid) << 32 | u64::from(pid.as_raw() as u32)
    }
}

/// What a handler is told about a `signal` that the process `pid` of the user `uid` sends by kill(2).
pub fn sent_by_kill(signal: i32, pid: i32, uid: u32) -> libc::siginfo_t {
    /// The beginning of siginfo_t for such a signal, on 64-bit machines.
    #[repr(C)]
    struct Sent {
        signal: i32,
        errno: i32,
        code: i32,
        pad: i32,
        pid: i32,
        uid: u32,
    }
    let sent = Sent { signal, errno: 0, code: libc::SI_USER, pad: 0, pid, uid };
    // SAFETY: all-zero bytes are a valid siginfo_t, which is larger than `Sent` and aligned at least as strictly.
    unsafe {
        let mut info: libc::siginfo_t = zeroed();
        (&raw mut info).cast::<Sent>().write(sent);
        info
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_siginfo_reads_as_the_kernels_own() {
        let info = sent_by_kill(libc::SIGTERM, 77, 88);
        // SAFETY: these fields are set for a signal of this code.
        let (pid, uid) = unsafe { (info.si_pid(), info.si_uid()) };
        assert_eq!((info.si_signo, info.si_code, pid, uid), (libc::SIGTERM, libc::SI_USER, 77, 88));
    }

    #[test]
    fn a_queued_value_arrives_with_its_sender() {
        let signal = libc::SIGRTMAX() - 1;
        let blocked = Blocked::new([signal]);
        assert_eq!(blocked.poll(), None);
        // To this thread: the test program has others, in which it is not blocked.
        // SAFETY: raise takes a number.
        unsafe { libc::raise(signal) };
        let received = blocked.wait().expect("it is pending");
        assert_eq!((received.signal, received.sender), (signal, Some(Pid::this())));
    }
}
