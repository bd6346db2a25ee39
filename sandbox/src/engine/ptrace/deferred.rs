//! Stops of a process's leader while another of its threads executes a program.
//!
//! An execve that succeeds ends the leader, wherever that has stopped, and gives its number to the caller, which stops
//! under it to tell of the execve (de_thread() of fs/exec.c). Who answered the leader's stop at that moment would let
//! the caller go on instead, from a stop that nobody has seen. So the leader's stop is answered when the execve has
//! returned: after a failure, for there is none to answer after a success.
//!
//! No execve waits for that: the leader can only hold it up while it is itself about to end.
#![forbid(unsafe_code)]

use nix::unistd::Pid;

use super::guest::Kind;
use super::{Engine, Phase};
use crate::error::Failure;
use crate::sys::wait::Event;

/// What a leader has to wait with.
pub(super) enum Deferred {
    /// A stop that nobody has looked at.
    Stop(Event),
    /// It leaves a stop that its tracer has seen, with this signal.
    GoOn(Kind, i32),
}

impl Engine<'_> {
    /// True if another thread of the process that `pid` leads is in its execve: whose number `pid` is, nobody knows.
    pub(super) fn is_beside_exec(&self, pid: Pid) -> bool {
        let executes = self.phases.iter().filter(|(_, phase)| matches!(phase, Phase::Exec(_)));
        executes
            .map(|(&tid, _)| tid)
            .any(|tid| tid != pid && self.tasks.get(tid).is_some_and(|task| task.process.pid == pid))
    }

    /// A leader whose deferred stop can be answered.
    pub(super) fn next_deferred(&mut self) -> Option<(Pid, Deferred)> {
        let pid = self.deferred.keys().copied().find(|&pid| !self.is_beside_exec(pid))?;
        self.deferred.remove_entry(&pid)
    }

    pub(super) fn on_deferred(&mut self, pid: Pid, deferred: Deferred) -> Result<(), Failure> {
        match deferred {
            Deferred::Stop(event) => self.on_event(pid, event),
            Deferred::GoOn(kind, signal) => self.go_on(pid, kind, signal),
        }
    }
}
