//! The root command as a job: what stands for it stops and continues with it, and passes signals on to it.
#![forbid(unsafe_code)]

use std::collections::HashSet;
use std::time::{Duration, Instant};

use nix::unistd::Pid;

use super::Engine;
use crate::error::Failure;
use crate::sys::front::Front;
use crate::sys::{ptrace, signal};

/// A signal to the whole group comes twice, once by way of the front: not further apart than this.
const SAME: Duration = Duration::from_secs(1);

/// How many signals are remembered for that.
const KEPT: usize = 32;

/// What is known of the root command as a job.
pub(super) struct Job {
    front: Option<Front>,
    /// True from the command's first thread that stopped to the first one that went on.
    stopped: bool,
    /// Threads of the command that are in a group-stop.
    listening: HashSet<Pid>,
    /// What other processes have sent to the command itself: signal, sender, time.
    direct: Vec<(i32, i32, Instant)>,
}

impl Job {
    pub(super) fn new(front: Option<Front>) -> Self {
        Self { front, stopped: false, listening: HashSet::new(), direct: Vec::new() }
    }

    /// A thread of the command has stopped with its process.
    pub(super) fn on_stop(&mut self, pid: Pid, signal: i32) {
        self.listening.insert(pid);
        if !self.stopped {
            self.stopped = true;
            if let Some(front) = &self.front {
                front.stopped(signal);
            }
        }
    }

    /// A thread goes on, if it was stopped at all.
    pub(super) fn on_continue(&mut self, pid: Pid) {
        if self.listening.remove(&pid) && self.stopped {
            self.stopped = false;
            if let Some(front) = &self.front {
                front.continued();
            }
        }
    }

    pub(super) fn on_gone(&mut self, pid: Pid) {
        self.listening.remove(&pid);
    }

    fn note_direct(&mut self, signal: i32, sender: i32) {
        if self.direct.len() == KEPT {
            self.direct.remove(0);
        }
        self.direct.push((signal, sender, Instant::now()));
    }

    /// True if what `sender` sent to the front was a signal to the whole group, and has come already.
    fn is_second(&mut self, signal: i32, sender: i32) -> bool {
        self.direct.retain(|(.., time)| time.elapsed() < SAME);
        let first = self.direct.iter().position(|&(number, pid, _)| (number, pid) == (signal, sender));
        first.map(|index| self.direct.swap_remove(index)).is_some()
    }
}

impl Engine<'_> {
    /// The signal that the command is to get where `signal` was sent to it; 0 if it has had it already.
    ///
    /// What the front has passed on looks as if its sender had sent it to the command.
    pub(super) fn as_sent(&mut self, pid: Pid, signal: i32) -> Result<i32, Failure> {
        let Some(front) = self.job.front.as_ref().map(Front::pid) else { return Ok(signal) };
        let info = ptrace::signal_info(pid)?;
        let Some(sender) = signal::Sender::of(&info) else { return Ok(signal) };
        match sender.passed_on_by(front) {
            None => {
                self.job.note_direct(signal, sender.pid);
                self.task(pid)?.process.was_sent(signal);
                Ok(signal)
            }
            // The kernel's own, at a hang-up.
            Some(origin) if origin.pid == 0 => Ok(signal),
            // Where it was blocked, the kernel has dropped what a guest sent meanwhile, as one was pending: this is that too.
            Some(origin) if self.job.is_second(signal, origin.pid) => {
                Ok(if self.task(pid)?.process.was_sent(signal) { signal } else { 0 })
            }
            Some(origin) => {
                ptrace::set_signal_info(pid, &signal::sent_by_kill(signal, origin.pid, origin.uid))?;
                Ok(signal)
            }
        }
    }
}
