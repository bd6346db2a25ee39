//! Waiting for tracees, and what a wait status says.
//!
//! Source: wait(2), ptrace(2) "Stopped states".

use nix::unistd::Pid;

use crate::error::Errno;

/// What happened to a tracee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// It has exited with this code.
    Exited(i32),
    /// This signal has killed it.
    Killed(i32),
    /// A seccomp filter said RET_TRACE.
    Seccomp,
    /// It enters or leaves a syscall, and PTRACE_SYSCALL asked for that.
    Syscall,
    /// It has made a child or a thread, whose id is the event's message.
    Clone(Birth),
    /// The child of its vfork has ended or executed a program; the message is the child's id.
    VforkDone,
    /// execve has succeeded; the message is the id that the caller had before.
    Exec,
    /// It is about to end, where that was asked for: see [`super::ptrace::Told`].
    Exit,
    /// This stop signal has stopped its process.
    GroupStop(i32),
    /// It has just been attached, interrupted, or continued by SIGCONT.
    Trap,
    /// This signal is about to be delivered.
    Signal(i32),
}

/// By which event the kernel tells of a new task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Birth {
    Fork,
    Vfork,
    Clone,
}

/// Waits for the next event of any tracee or child.
///
/// # Errors
/// ECHILD if there is none left, EINTR if a signal handler ran.
pub fn wait_any() -> Result<(Pid, Event), Errno> {
    wait(-1, 0)
}

/// The event that the tracee or child `pid` has already, if it has.
///
/// # Errors
/// ECHILD if it is none.
pub fn poll(pid: Pid) -> Result<Option<Event>, Errno> {
    // The kernel says 0 where there is nothing yet.
    wait(pid.as_raw(), libc::WNOHANG).map(|(found, event)| (found.as_raw() != 0).then_some(event))
}

/// Waits for the next event of `pid`.
///
/// # Errors
/// As [`wait_any`].
pub fn wait_for(pid: Pid) -> Result<Event, Errno> {
    wait(pid.as_raw(), 0).map(|(_, event)| event)
}

fn wait(pid: i32, flags: i32) -> Result<(Pid, Event), Errno> {
    let mut status = 0;
    // SAFETY: the kernel writes one int to `status`, which outlives the call.
    let pid = Errno::result(unsafe { libc::waitpid(pid, &raw mut status, libc::__WALL | flags) })?;
    Ok((Pid::from_raw(pid), Event::from_status(status)))
}

impl Event {
    /// Reads the status that waitpid(2) gives.
    pub fn from_status(status: i32) -> Self {
        if libc::WIFEXITED(status) {
            return Self::Exited(libc::WEXITSTATUS(status));
        }
        if libc::WIFSIGNALED(status) {
            return Self::Killed(libc::WTERMSIG(status));
        }
        let signal = libc::WSTOPSIG(status);
        match status >> 16 {
            libc::PTRACE_EVENT_SECCOMP => Self::Seccomp,
            libc::PTRACE_EVENT_FORK => Self::Clone(Birth::Fork),
            libc::PTRACE_EVENT_VFORK => Self::Clone(Birth::Vfork),
            libc::PTRACE_EVENT_CLONE => Self::Clone(Birth::Clone),
            libc::PTRACE_EVENT_VFORK_DONE => Self::VforkDone,
            libc::PTRACE_EVENT_EXEC => Self::Exec,
            libc::PTRACE_EVENT_EXIT => Self::Exit,
            libc::PTRACE_EVENT_STOP if signal == libc::SIGTRAP => Self::Trap,
            libc::PTRACE_EVENT_STOP => Self::GroupStop(signal),
            // PTRACE_O_TRACESYSGOOD marks syscall stops with this bit.
            _ if signal == libc::SIGTRAP | 0x80 => Self::Syscall,
            _ => Self::Signal(signal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_told_apart() {
        let stopped = |signal: i32, event: i32| (event << 16) | (signal << 8) | 0x7f;
        for (status, event) in [
            (3 << 8, Event::Exited(3)),
            (9, Event::Killed(9)),
            (stopped(libc::SIGTRAP, libc::PTRACE_EVENT_SECCOMP), Event::Seccomp),
            (stopped(libc::SIGTRAP | 0x80, 0), Event::Syscall),
            (stopped(libc::SIGTRAP, 0), Event::Signal(libc::SIGTRAP)),
            (stopped(libc::SIGTRAP, libc::PTRACE_EVENT_STOP), Event::Trap),
            (stopped(libc::SIGTRAP, libc::PTRACE_EVENT_EXIT), Event::Exit),
            (stopped(libc::SIGTSTP, libc::PTRACE_EVENT_STOP), Event::GroupStop(libc::SIGTSTP)),
            (stopped(libc::SIGTRAP, libc::PTRACE_EVENT_VFORK), Event::Clone(Birth::Vfork)),
        ] {
            assert_eq!(Event::from_status(status), event, "{status:#x}");
        }
    }
}
