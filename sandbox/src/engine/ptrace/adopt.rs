//! Children whose creator is killed before it can tell of them.
//!
//! The kernel lets a new task run before its creator stops to report it (kernel_clone() of kernel/fork.c). An
//! exit_group or execve of another thread, or a SIGKILL, may end the creator in between, and its event is never seen.
#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::rc::Rc;

use nix::unistd::Pid;

use super::Engine;
use super::guest::Tracee;
use crate::arch;
use crate::error::{Errno, Failure};
use crate::sys::mem::{MemFile, Memory, ProcessMemory};
use crate::sys::process::creator;
use crate::sys::ptrace;
use crate::sys::wait::Birth;
use crate::syscall::process;
use crate::task::{Mm, Task};

/// How many of the tasks that ended last are remembered. A child's first stop comes within milliseconds.
const REMEMBERED: usize = 256;

/// A task that has ended.
pub(super) struct Remembered {
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
        // One for all that shared the memory: a child may share it, too.
        let same = self.ended_tasks.iter().map(|ended| &ended.task.mm).find(|mm| mm.nonce == task.mm.nonce);
        let mm = same.map_or_else(|| Rc::new(task.mm.remembered()), Rc::clone);
        mm.file.close();
        self.ended_tasks.push_back(Remembered { task: task.remembered(mm), tracee });
    }

    /// Adopts what no creator can tell of any more.
    pub(super) fn adopt_parked(&mut self) {
        for pid in self.parked.clone() {
            // One that is dead itself is reaped by a later wait.
            let (Ok(()) | Err(_)) = self.adopt_unless_expected(pid);
        }
    }

    /// Adopts a task unless its creator may still tell of it.
    ///
    /// /proc knows its parent, but that may have become one by another's end, or have another program now. So what its
    /// memory is a copy of decides.
    fn adopt_unless_expected(&mut self, pid: Pid) -> Result<(), Failure> {
        let creator = creator(pid).ok_or(Failure::Gone)?;
        let memory = ProcessMemory::new(pid, MemFile::default());
        let mut words = HashMap::new();
        let mut is_copy_of = |mm: &Mm| {
            let Some(address) = mm.scratch.borrow().nonce_address() else { return false };
            let word = *words.entry(address).or_insert_with(|| memory.read_u64(address).unwrap_or(0));
            word != 0 && word == mm.nonce.get()
        };
        if self.tasks.iter().any(|task| task.process.pid == creator && is_copy_of(&task.mm)) {
            return Ok(());
        }
        // That a thread has ended does not keep the others from telling, of a child that is not theirs by /proc either
        // (CLONE_PARENT).
        let is_over = |ended: &Task| {
            let is_left =
                |task: &Task| task.process.pid == ended.process.pid && task.mm.nonce == ended.mm.nonce;
            !self.tasks.iter().any(is_left)
        };
        let mut ended = self.ended_tasks.iter().map(|ended| &ended.task);
        let Some(at) = ended.rposition(|task| is_copy_of(&task.mm) && is_over(task)) else { return Ok(()) };
        // It is booked once for its memory to be read (clone3), and then as what is read there says.
        self.tasks.insert(self.ended_tasks[at].task.child(pid, 0));
        let (flags, birth) = self.parentage(pid).unwrap_or((0, Birth::Fork));
        let Remembered { task, tracee } = &self.ended_tasks[at];
        let tracee = tracee.as_ref().map(|tracee| tracee.child(pid));
        let creator = task.process.pid;
        self.book(task.child(pid, flags), creator, flags);
        if let Some(tracee) = tracee {
            self.attach_orphan(pid, tracee, birth);
        }
        self.parked.remove(&pid);
        self.on_trap(pid)
    }

    /// What a task that stands where it began shares with its creator, and as what that has made it: it has its creator's
    /// registers, but for the result.
    fn parentage(&mut self, pid: Pid) -> Result<(i32, Birth), Failure> {
        if arch::RESULT_IS_ARGUMENT {
            return Err(Errno::ENOSYS.into());
        }
        self.with_own_call(pid, |call| Ok((process::clone_flags(call)?, process::birth(call)?)))
    }

    /// Gives a stopped task's new address space a number of its own.
    pub(super) fn set_nonce(&self, pid: Pid) -> Result<(), Errno> {
        let mm = &self.tasks.get(pid).ok_or(Errno::ESRCH)?.mm;
        let address = mm.scratch.borrow().nonce_address();
        let Some(address) = address else { return Ok(()) };
        match ptrace::peek(pid, address) {
            Ok(word) if word == mm.nonce.get() => {}
            // The guest has done away with the scratch area.
            Ok(_) | Err(Errno::EIO) => return Ok(()),
            Err(errno) => return Err(errno),
        }
        let nonce = Mm::new_nonce();
        match ptrace::poke(pid, address, nonce) {
            Ok(()) => mm.nonce.set(nonce),
            // As above, and what is there now is shared.
            Err(Errno::EIO) => {}
            Err(errno) => return Err(errno),
        }
        Ok(())
    }
}
