//! Signals and group-stops: what the guest would see natively, passed on unchanged.
#![forbid(unsafe_code)]

use nix::unistd::Pid;

use super::{Engine, Phase, step::restore_args};
use crate::arch::{self, Regs};
use crate::error::{Errno, Failure};
use crate::sys::ptrace;
use crate::task::Stopped;

impl Engine<'_> {
    /// A signal is about to be delivered.
    pub(super) fn on_signal(&mut self, pid: Pid, signal: i32) -> Result<(), Failure> {
        self.leave_trampoline(pid)?;
        self.leave_forbidden(pid, signal)?;
        if signal == libc::SIGSEGV && self.on_stack_grown(pid)? {
            return Ok(());
        }
        if signal == libc::SIGSYS && self.on_sigsys(pid)? {
            return Ok(());
        }
        let sent = signal;
        let signal = if self.of_root(pid) { self.as_sent(pid, signal)? } else { signal };
        self.trace_signal(pid, sent, signal != 0);
        if signal != 0 && self.show_signal(pid, signal)? {
            return Ok(());
        }
        Ok(self.resume(pid, signal)?)
    }

    /// A stop signal has stopped the task's whole process.
    ///
    /// When that is the root command, what stands for it stops by the same signal, so that the shell which started
    /// xroot sees a stopped job. `fg` continues the group, the guest's processes in it and xroot alike.
    pub(super) fn on_group_stop(&mut self, pid: Pid, signal: i32) -> Result<(), Failure> {
        let mm = &self.task(pid)?.mm;
        if mm.loading.get() {
            // Nobody may see how a program is loaded: it stops at its first instruction.
            mm.stops_later.set(true);
            return Ok(ptrace::cont(pid, 0)?);
        }
        self.leave_trampoline(pid)?;
        self.trace_stop(pid, signal);
        if self.of_root(pid) {
            self.job.on_stop(pid, signal);
        }
        if self.show_group_stop(pid, signal)? {
            return Ok(());
        }
        self.stay_stopped(pid)
    }

    /// Leaves a task in its group-stop until SIGCONT.
    pub(super) fn stay_stopped(&mut self, pid: Pid) -> Result<(), Failure> {
        match ptrace::listen(pid) {
            // It has been killed and is at the stop before its end, where exits are told.
            Err(Errno::EIO) => return Err(Failure::Gone),
            done => done?,
        }
        self.guest.listens(pid);
        if let Some(task) = self.tasks.get_mut(pid) {
            task.stopped = Stopped::WithGroup;
        }
        Ok(())
    }

    /// True for every thread of the root command's process.
    fn of_root(&self, pid: Pid) -> bool {
        self.tasks.get(pid).is_some_and(|task| task.process.pid == self.root)
    }

    /// Moves a task that stopped inside the trampoline to where it would be without one.
    ///
    /// Handlers and debuggers must never see the trampoline's address, and the slot is free for another call then.
    pub(super) fn leave_trampoline(&mut self, pid: Pid) -> Result<(), Failure> {
        self.leave_foreign(pid)?;
        let Some(Phase::Trampoline(own)) = self.phases.get(&pid) else { return Ok(()) };
        let own = **own;
        self.phases.remove(&pid);
        let Some(start) = self.trampoline(pid) else { return Ok(()) };
        let mut regs = ptrace::regs(pid)?;
        if undo_trampoline(&mut regs, &own, start) {
            ptrace::set_regs(pid, &regs)?;
        }
        Ok(())
    }
}

/// Rewrites `regs`, if they are inside the trampoline whose restoring part begins at `start`, to what they would be
/// had the call been made from the guest's own place; false if they are elsewhere.
fn undo_trampoline(regs: &mut Regs, own: &Regs, start: u64) -> bool {
    if regs.ip() == start - arch::SYSCALL_LEN {
        // The kernel has already gone back to make the call again.
        let mut again = *own;
        again.set_ip(own.ip() - arch::SYSCALL_LEN);
        again.set_ret(own.nr() as i64);
        *regs = again;
        return true;
    }
    if !(start..start + arch::TRAMPOLINE_LEN).contains(&regs.ip()) {
        return false;
    }
    let ret = regs.ret();
    let nr = regs.nr();
    restore_args(regs, own);
    if nr == u64::MAX {
        // No call is being made any more; with a number here the kernel would look for one to make again.
        regs.set_nr(nr);
    }
    regs.set_ret(ret);
    regs.set_ip(own.ip());
    regs.set_slot(own.ip());
    true
}
