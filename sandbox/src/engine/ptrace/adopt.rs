//! Children whose creator is killed before it can tell of them.
//!
//! The kernel lets a new task run before its creator stops to report it (kernel_clone() of kernel/fork.c). An
//! exit_group or execve of another thread, or a SIGKILL, may end the creator in between, and its event is never seen.
#![forbid(unsafe_code)]

use nix::unistd::Pid;

use super::Engine;
use crate::error::Failure;
use crate::sys::process;
use crate::task::Task;

/// How many of the tasks that ended last are remembered. A child's first stop comes within microseconds.
const REMEMBERED: usize = 64;

impl Engine<'_> {
    /// A task stops that nobody has told of: it waits for its creator's event, if that can still come.
    pub(super) fn on_unknown(&mut self, pid: Pid) -> Result<(), Failure> {
        self.parked.insert(pid);
        self.adopt_unless_expected(pid)
    }

    /// `task` has ended: what it has created and not told of will not be told of.
    pub(super) fn on_creator_gone(&mut self, task: &Task) {
        self.remember(task);
        self.adopt_parked();
    }

    /// `task` has ended; nobody may have told of its children yet.
    pub(super) fn remember(&mut self, task: &Task) {
        if self.ended_tasks.len() == REMEMBERED {
            self.ended_tasks.pop_front();
        }
        self.ended_tasks.push_back(task.remembered());
    }

    /// An execve has ended the other threads of the process `pid`: who stops as its child may be theirs.
    pub(super) fn on_replaced(&mut self, pid: Pid) {
        self.replaced.insert(pid);
        self.adopt_parked();
    }

    fn adopt_parked(&mut self) {
        for pid in self.parked.clone() {
            // One that is dead itself is reaped by a later wait.
            let (Ok(()) | Err(_)) = self.adopt_unless_expected(pid);
        }
    }

    fn adopt_unless_expected(&mut self, pid: Pid) -> Result<(), Failure> {
        let creator = self.tasks.get(process::creator(pid).ok_or(Failure::Gone)?);
        if creator.is_some_and(|task| !self.replaced.contains(&task.tid)) {
            return Ok(());
        }
        // The stub's address is random, so that only relatives have it in common.
        let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).map_err(|_| Failure::Gone)?;
        let is_relative = |task: &&Task| {
            let start = format!("{:x}-", task.mm.stub.get());
            maps.lines().any(|line| line.starts_with(&start))
        };
        if creator.is_some_and(|task| is_relative(&task)) {
            return Ok(());
        }
        let relative = self.ended_tasks.iter().rev().find(is_relative);
        let relative = relative.or_else(|| self.tasks.iter().find(is_relative));
        let Some(task) = relative.map(|task| task.child(pid, 0)) else { return Ok(()) };
        self.tasks.insert(task);
        self.parked.remove(&pid);
        Ok(self.resume(pid, 0)?)
    }
}
