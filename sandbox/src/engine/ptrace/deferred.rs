//! Stops of a process's leader while another of its threads executes a program.
//!
//! An execve ends the leader, wherever that has stopped, and gives its number to the caller, which stops under it to tell
//! of the execve (de_thread() of fs/exec.c). Who answered the leader's stop at that moment would let the caller go on
//! instead, from a stop that nobody has seen. So the leader's stop is answered when the execve has failed, and never if
//! the caller has become the leader.
//!
//! No execve waits for that, but one whose arguments the leader has still to bring (userfaultfd(2)): otherwise the leader
//! can only hold it up while it is itself about to end, and that is not deferred.
#![forbid(unsafe_code)]

use nix::unistd::Pid;

use super::guest::Kind;
use super::{Engine, Phase};
use crate::error::{Errno, Failure};
use crate::sys::wait::Event;
use crate::sys::{process, ptrace};

/// What a leader has to wait with.
pub(super) enum Deferred {
    /// A stop that nobody has looked at.
    Stop(Event),
    /// It leaves a stop that its tracer has seen, with this signal.
    GoOn(Kind, i32),
}

/// Whose a stop is that comes under a leader's number.
pub(super) enum Whose {
    /// The leader's, and nobody else can have the number until xroot lets a thread execute a program.
    Its,
    /// The leader's, until an execve that another thread has begun gives the number away.
    ItsYet,
    /// The leader's that was: there is no such stop any more.
    Nobodys,
    /// That of the thread with this id, which has become the leader and has not told of it.
    Callers(Pid),
}

impl Engine<'_> {
    /// True if another thread of the process that `pid` leads is in its execve: whose number `pid` is, nobody knows.
    pub(super) fn is_beside_exec(&self, pid: Pid) -> bool {
        self.executing_beside(pid).next().is_some()
    }

    /// The threads of the process that `pid` leads, without `pid`, that are in their execve.
    fn executing_beside(&self, pid: Pid) -> impl Iterator<Item = Pid> {
        let is_of_it = move |tid: &Pid| self.tasks.get(*tid).is_some_and(|task| task.process.pid == pid);
        let executes = |tid: &Pid| matches!(self.phases.get(tid), Some(Phase::Exec(_)));
        self.executing.iter().copied().filter(move |tid| *tid != pid).filter(is_of_it).filter(executes)
    }

    /// The thread that has become the leader `pid` and has not told of it.
    pub(super) fn renamed_thread(&self, pid: Pid) -> Option<Pid> {
        // Until it has been waited for, a thread that has ended by itself keeps its id.
        self.executing_beside(pid).find(|&tid| !process::is_thread_of(pid, tid))
    }

    /// Whose stop `event` is, which wait(2) has told of the leader `pid`.
    pub(super) fn whose(&self, pid: Pid, event: Event) -> Whose {
        if !self.is_beside_exec(pid) {
            return Whose::Its;
        }
        let Some(before) = self.renamed_thread(pid) else { return Whose::ItsYet };
        match ptrace::signal_info(pid).map(|info| info.si_code >> 8) {
            // The caller is at a stop that is still to be told of, or on its way there.
            Err(_) | Ok(libc::PTRACE_EVENT_EXEC) => Whose::Nobodys,
            Ok(libc::PTRACE_EVENT_EXIT) if event != Event::Exit => Whose::Nobodys,
            Ok(_) => Whose::Callers(before),
        }
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

    /// Lets a task end that has stopped before that. One that is killed stops there too, and SIGKILL alone does not let it
    /// go on.
    pub(super) fn let_end(&self, pid: Pid) -> Result<(), Errno> {
        // An execve may give the number away at this moment: its caller then stops again before its first instruction.
        if self.is_beside_exec(pid) { ptrace::syscall(pid, 0) } else { ptrace::cont(pid, 0) }
    }
}
