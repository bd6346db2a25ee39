//! Children whose creator is killed before it can tell of them.
//!
//! The kernel lets a new task run before its creator stops to report it (kernel_clone() of kernel/fork.c). An
//! exit_group or execve of another thread, or a SIGKILL, may end the creator in between, and its event is never seen.
#![forbid(unsafe_code)]

use std::rc::Rc;

use nix::unistd::Pid;

use super::Engine;
use super::guest::Tracee;
use crate::error::{Errno, Failure};
use crate::sys::mem::{MemFile, Memory, ProcessMemory};
use crate::sys::process::creator;
use crate::sys::ptrace;
use crate::sys::wait::Birth;
use crate::syscall::process;
use crate::syscall::table::row;
use crate::task::Task;

/// How many of the tasks that ended last are remembered. A child's first stop comes within milliseconds.
const REMEMBERED: usize = 256;

/// A task that has ended.
pub(super) struct Ended {
    task: Task,
    /// What a child of it would be to its tracer.
    tracee: Option<Tracee>,
}

impl Engine<'_> {
    /// A task stops that nobody has told of: it waits for its creator's event, if that can still come.
    pub(super) fn on_unknown(&mut self, pid: Pid) -> Result<(), Failure> {
        self.parked.insert(pid);
        self.adopt_unless_expected(pid)
    }

    /// `task` has ended, or is about to be forgotten; nobody may have told of its children yet.
    pub(super) fn remember(&mut self, task: Task) {
        if self.ended_tasks.len() == REMEMBERED {
            self.ended_tasks.pop_front();
        }
        let tracee = self.guest.heir(task.tid);
        self.ended_tasks.push_back(Ended { task: task.remembered(), tracee });
    }

    /// Adopts what no creator can tell of any more.
    pub(super) fn adopt_parked(&mut self) {
        for pid in self.parked.clone() {
            // One that is dead itself is reaped by a later wait.
            let (Ok(()) | Err(_)) = self.adopt_unless_expected(pid);
        }
    }

    /// Closes what is only kept open to save a call next time, or in case that an orphan shows up.
    pub(super) fn close_kept(&self) {
        self.tasks.close_kept();
        for Ended { task: ended, .. } in &self.ended_tasks {
            if !self.tasks.iter().any(|task| Rc::ptr_eq(&task.mm, &ended.mm)) {
                *ended.mm.image.borrow_mut() = None;
            }
        }
    }

    /// Adopts a task unless its creator may still tell of it.
    ///
    /// /proc knows its parent, but that may have become one by another's end, or have another program now. So what its
    /// memory is a copy of decides.
    fn adopt_unless_expected(&mut self, pid: Pid) -> Result<(), Failure> {
        let creator = creator(pid).ok_or(Failure::Gone)?;
        let memory = ProcessMemory::new(pid, MemFile::default());
        let is_relative = |task: &&Task| {
            let mark = task.mm.scratch.borrow().mark();
            mark.is_some_and(|address| memory.read_u64(address) == Ok(task.mm.mark.get()))
        };
        if self.tasks.iter().filter(|task| task.process.pid == creator).any(|task| is_relative(&task)) {
            return Ok(());
        }
        let Some(at) = self.ended_tasks.iter().rposition(|ended| is_relative(&&ended.task)) else {
            return Ok(());
        };
        self.tasks.insert(self.ended_tasks[at].task.child(pid, 0));
        // It has its creator's registers, but for the result: they tell what the two share.
        let (flags, birth) = self.parentage(pid).unwrap_or((0, Birth::Fork));
        let Ended { task, tracee } = &self.ended_tasks[at];
        let tracee = tracee.as_ref().map(|tracee| tracee.child(pid));
        self.tasks.insert(task.child(pid, flags));
        if let Some(tracee) = tracee {
            self.attach_orphan(pid, tracee, birth);
        }
        self.parked.remove(&pid);
        self.guest.is_born(pid);
        self.on_trap(pid)
    }

    /// What a task that stands where it began shares with its creator, and as what that has made it.
    fn parentage(&mut self, pid: Pid) -> Result<(i32, Birth), Failure> {
        let regs = ptrace::regs(pid)?;
        let row = row(regs.nr()).ok_or(Errno::ENOSYS)?;
        self.with_call(pid, row, &regs, |call| Ok((process::clone_flags(call)?, process::birth(call)?)))
    }

    /// Marks the new address space of a stopped task. A guest may have done away with the place.
    pub(super) fn set_mark(&self, pid: Pid) -> Result<(), Errno> {
        let mm = &self.tasks.get(pid).ok_or(Errno::ESRCH)?.mm;
        match mm.scratch.borrow().mark().map(|address| ptrace::poke(pid, address, mm.mark.get())) {
            Some(Err(Errno::EIO)) | None => Ok(()),
            Some(result) => result,
        }
    }
}
