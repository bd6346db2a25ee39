//! The ptrace engine: one loop that waits for tracees and tells each event to its part.
//!
//! Source: ptrace(2). Tracees are seized, so that group-stops are told apart from signals.
#![forbid(unsafe_code)]

mod adopt;
mod deferred;
mod exec;
mod foreign;
mod guest;
mod inject;
mod job;
mod judge;
mod signal;
mod sigsys;
mod spawn;
mod step;
mod trace;
mod turns;
mod usage;

use std::collections::{HashMap, HashSet, VecDeque};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use self::deferred::{Deferred, Whose};
use self::guest::event_of;
use crate::arch::{self, Regs};
use crate::error::{Errno, Error, Failure, tell};
use crate::exec::loader::{Start, TRAMPOLINE_RETURN};
use crate::sys::ptrace;
use crate::sys::wait::{Birth, Event};
use crate::syscall::call::{Exec, OnExit};
use crate::syscall::table::row;
use crate::syscall::{Call, Row, World, process};
use crate::task::{Stopped, Task, Tasks};
pub use usage::{Runs, Usage, Used};

/// How the root command has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With this exit code.
    Code(i32),
    /// Killed by this signal.
    Signal(i32),
}

/// The tracer of one process tree.
pub struct Engine<'w> {
    world: &'w World,
    turns: turns::Turns,
    tasks: Tasks,
    /// What is under way in a task between two of its stops; a task without an entry just runs.
    phases: HashMap<Pid, Phase>,
    /// What is to be made before a task's own call.
    preparing: HashMap<Pid, inject::Preparing>,
    /// Threads, but for leaders, that are in their execve.
    executing: HashSet<Pid>,
    /// Stops of leaders that are not answered yet.
    deferred: HashMap<Pid, Deferred>,
    /// New tasks whose address space is a copy, and still has the number of the original: see [`crate::task::Mm::nonce`].
    unnumbered: HashSet<Pid>,
    /// Children that stopped before their parent told of them.
    parked: HashSet<Pid>,
    /// Children that died before their parent told of them.
    early: HashMap<Pid, Ended>,
    /// What the last tasks that ended were like, for children that they could not tell of any more.
    ended_tasks: VecDeque<adopt::Remembered>,
    /// The root command's process.
    root: Pid,
    job: job::Job,
    ended: Option<Ended>,
    /// Set when what is left of the tree is to be killed.
    ending: bool,
    /// Who has used the processor, where the user wants to know.
    usage: Option<Usage>,
    /// Who traces whom among the guest's own tasks.
    guest: guest::Guest,
}

/// What a task's next stop continues.
enum Phase {
    /// The trampoline restores these registers; a stop inside it undoes it first.
    Trampoline(Box<Regs>),
    /// The changed call returns to a stop, where these registers are put back.
    Exit(Box<PendingExit>),
    /// An injected call returns to a stop, after which the guest's own call, with these registers, is made again.
    Inject(Box<inject::Injection>),
    /// execve is under way with xroot's own file in place of the program.
    Exec(Box<PendingExec>),
    /// A call is made in place of one that was turned into a SIGSYS.
    Foreign(Box<foreign::Foreign>),
    /// The guest's own filter forbids the call, with these registers: the kernel is about to say so.
    Forbidden(Box<Regs>),
    /// The stack grows, for the loader to be started on it.
    Grow(Box<Start>),
}

struct PendingExit {
    regs: Regs,
    row: &'static Row,
    exit: Option<OnExit>,
}

struct PendingExec {
    regs: Regs,
    exec: Exec,
}

impl<'w> Engine<'w> {
    /// Traces the tree until its root has ended and nothing is left (or, where the session waits for all, until
    /// the last task has gone by itself).
    ///
    /// # Errors
    /// What made it impossible to go on; the tree is killed then.
    pub fn run(&mut self) -> Result<Ended, Error> {
        while !(self.tasks.is_empty() && self.ended.is_some()) {
            let (pid, done) = if let Some((pid, deferred)) = self.next_deferred() {
                (pid, self.on_deferred(pid, deferred))
            } else {
                match self.next_event() {
                    Ok((pid, event)) => (pid, self.on_event(pid, event)),
                    Err(Errno::EINTR) => continue,
                    Err(Errno::ECHILD) => break,
                    Err(errno) => return Err(Error::os("cannot wait for the guest's processes")(errno)),
                }
            };
            match done {
                Ok(()) => {}
                // A dead tracee is reaped by one of the next waits.
                Err(Failure::Gone | Failure::Errno(Errno::ESRCH)) => {}
                Err(Failure::Errno(errno)) => {
                    return Err(Error::os(format!("ptrace of process {pid}"))(errno));
                }
                Err(Failure::Broken(error)) => return Err(error),
            }
        }
        self.check_books();
        self.ended.ok_or_else(|| Error::os("the root command vanished")(Errno::ECHILD))
    }

    /// An execve by a thread ends the others, the leader among them, without a word, and moves the caller to the leader's
    /// number: what is booked at the end must be what there is, which is nothing.
    fn check_books(&self) {
        let unseen = self.tasks.iter().count();
        let unfinished = self.phases.keys().filter(|&&pid| !self.tasks.contains(pid)).count();
        if self.world.verbose && unseen + unfinished != 0 {
            tell(format!("xroot: {unseen} tasks ended unseen, {unfinished} left something unfinished"));
        }
        debug_assert_eq!((unseen, unfinished), (0, 0), "what is booked is what there is");
    }

    fn on_event(&mut self, pid: Pid, event: Event) -> Result<(), Failure> {
        match event {
            Event::Exited(code) => {
                self.on_gone(pid, Ended::Code(code));
                return Ok(());
            }
            Event::Killed(signal) => {
                self.on_gone(pid, Ended::Signal(signal));
                return Ok(());
            }
            _ => {}
        }
        match self.whose(pid, event) {
            _ if event == Event::Exec => {}
            Whose::Its => {}
            Whose::ItsYet if event == Event::Exit => {}
            Whose::ItsYet => {
                self.deferred.insert(pid, Deferred::Stop(event));
                return Ok(());
            }
            Whose::Nobodys => return Ok(()),
            Whose::Callers(before) => self.on_renamed(before, pid),
        }
        self.deferred.remove(&pid);
        if self.guest.has_moved(pid, event) {
            ptrace::interrupt(pid)?;
        }
        self.tell_options(pid)?;
        if let Some(task) = self.tasks.get_mut(pid) {
            task.stopped = Stopped::No;
        }
        if let Event::Exit = event {
            self.note_time(pid);
            let message = if self.guest.is_traced(pid) { ptrace::event_message(pid)? } else { 0 };
            self.forget_change(pid)?;
            if !self.ending && self.show_optional(pid, libc::PTRACE_EVENT_EXIT, message)? {
                return Ok(());
            }
            return Ok(self.let_end(pid)?);
        }
        if let Some(usage) = &mut self.usage {
            usage.stopped();
        }
        if self.ending {
            let _ = kill(pid, Signal::SIGKILL);
            return Ok(());
        }
        if let Event::Exec = event {
            return self.on_exec(pid);
        }
        if !self.tasks.contains(pid) {
            self.early.remove(&pid);
            return self.on_unknown(pid);
        }
        match event {
            Event::Seccomp => self.on_seccomp(pid),
            Event::Syscall => self.on_syscall(pid),
            Event::Clone(birth) => self.on_clone(pid, birth),
            Event::VforkDone => {
                let message = ptrace::event_message(pid)?;
                if self.show_optional(pid, libc::PTRACE_EVENT_VFORK_DONE, message)? {
                    return Ok(());
                }
                Ok(self.resume(pid, 0)?)
            }
            Event::GroupStop(signal) => self.on_group_stop(pid, signal),
            Event::Signal(signal) => self.on_signal(pid, signal),
            Event::Trap => self.on_trap(pid),
            Event::Exec | Event::Exit | Event::Exited(_) | Event::Killed(_) => unreachable!("answered above"),
        }
    }

    /// A task has been made, interrupted, or continued by SIGCONT.
    fn on_trap(&mut self, pid: Pid) -> Result<(), Failure> {
        self.job.on_continue(pid);
        if self.unnumbered.remove(&pid) {
            self.set_nonce(pid)?;
        }
        self.leave_trampoline(pid)?;
        if self.show_trap(pid)? {
            return Ok(());
        }
        Ok(self.resume(pid, 0)?)
    }

    fn on_gone(&mut self, pid: Pid, how: Ended) {
        // A thread that is killed in its execve may have become the leader by then, and makes no stop for that any more
        // (ptrace_stop() of kernel/signal.c).
        if let Some(before) = self.renamed_thread(pid) {
            self.on_renamed(before, pid);
        }
        self.executing.remove(&pid);
        self.phases.remove(&pid);
        self.preparing.remove(&pid);
        self.deferred.remove(&pid);
        self.unnumbered.remove(&pid);
        self.job.on_gone(pid);
        self.parked.remove(&pid);
        if let Some(usage) = &mut self.usage {
            usage.ended(pid);
        }
        match self.tasks.remove(pid) {
            Some(task) => {
                self.trace_gone(pid, how);
                let process = task.process.pid;
                self.remember(task);
                self.on_guest_gone(pid, how, process);
                self.adopt_parked();
            }
            None => drop(self.early.insert(pid, how)),
        }
        if pid == self.root {
            self.ended = Some(how);
            if !self.world.wait_all {
                self.kill_all();
            }
        }
    }

    /// Books the time of a process whose thread `pid` is about to end.
    fn note_time(&mut self, pid: Pid) {
        let process = self.tasks.get(pid).map(|task| task.process.pid);
        if let (Some(usage), Some(process)) = (&mut self.usage, process) {
            usage.read(process);
        }
    }

    /// Who has used the processor, most first; nothing where nobody asked.
    pub fn usage(&self) -> Option<&Usage> {
        self.usage.as_ref()
    }

    /// Kills what is left of the tree.
    pub fn kill_all(&mut self) {
        self.ending = true;
        for task in self.tasks.iter() {
            let _ = kill(task.tid, Signal::SIGKILL);
        }
        for &pid in &self.parked {
            let _ = kill(pid, Signal::SIGKILL);
        }
    }

    /// A task is about to return from fork, vfork, clone or clone3.
    fn on_clone(&mut self, pid: Pid, birth: Birth) -> Result<(), Failure> {
        let child = Pid::from_raw(self.message(pid, event_of(birth))? as i32);
        self.trace_event(pid, || format!("starts {child}"));
        let flags = match self.with_own_call(pid, process::clone_flags) {
            // Another thread has taken clone3's arguments away.
            Err(Failure::Errno(Errno::EFAULT)) => 0,
            flags => flags?,
        };
        // It may be a zombie yet, or its number another process's.
        let has_ended = || crate::sys::process::facts(child).is_none_or(|facts| facts.has_ended);
        let end = self.early.remove(&child).filter(|_| has_ended());
        if let Some(parent) = self.tasks.get(pid).filter(|_| !self.tasks.contains(child)) {
            let (task, process) = (parent.child(child, flags), parent.process.pid);
            self.book(task, process, flags);
        }
        let is_shown = self.show_birth(pid, child, birth)?;
        if let Some(how) = end {
            self.on_gone(child, how);
        } else if self.parked.remove(&child) {
            let (Ok(()) | Err(_)) = self.on_trap(child);
        }
        if is_shown {
            return Ok(());
        }
        Ok(self.resume(pid, 0)?)
    }

    /// Enters a new task, which the process `creator` has made with these flags.
    fn book(&mut self, task: Task, creator: Pid, flags: i32) {
        let pid = task.tid;
        if let (Some(usage), true) = (&mut self.usage, task.process.pid == pid) {
            usage.forked(creator, pid);
        }
        self.tasks.insert(task);
        if flags & libc::CLONE_VM == 0 {
            self.unnumbered.insert(pid);
        }
        self.guest.is_born(pid);
    }

    /// The message of the PTRACE_EVENT_* that a task has stopped for.
    fn message(&self, pid: Pid, event: i32) -> Result<u64, Failure> {
        let message = ptrace::event_message(pid)?;
        // Where exits are told, a SIGKILL leads from any stop to another, with another message.
        if ptrace::signal_info(pid)?.si_code >> 8 == event { Ok(message) } else { Err(Failure::Gone) }
    }

    /// Runs `decide` on the call that the registers of a stopped task tell of.
    fn with_own_call<T>(
        &mut self,
        pid: Pid,
        decide: impl FnOnce(&mut Call<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let regs = ptrace::regs(pid)?;
        let row = row(regs.nr()).ok_or(Errno::ENOSYS)?;
        self.with_call(pid, row, &regs, decide)
    }

    /// The task that has stopped.
    fn task(&self, pid: Pid) -> Result<&Task, Failure> {
        self.tasks.get(pid).ok_or(Failure::Gone)
    }

    /// Where a call that xroot makes in the place of the guest's enters the kernel: see [`crate::syscall::seccomp::MARK`].
    fn mark(&self, pid: Pid) -> Option<u64> {
        let stub = self.tasks.get(pid)?.mm.stub.get();
        (stub != 0).then_some(stub + TRAMPOLINE_RETURN)
    }

    /// The address at which the trampoline's restoring part starts in this task, if it has one.
    fn trampoline(&self, pid: Pid) -> Option<u64> {
        self.mark(pid).filter(|_| arch::TRAMPOLINE_LEN != 0)
    }
}
