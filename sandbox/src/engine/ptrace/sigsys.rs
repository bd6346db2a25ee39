//! SIGSYS: a call that the filter has stopped in this way, a signal of the guest's own filters, or one that was sent.
//!
//! RET_TRAP outranks an outer filter's ERRNO, so xroot sees calls by it that would fail otherwise. But the kernel forces the
//! signal: where it was blocked, its handler and the blocking are gone. They are put back as the last step, when the call
//! has its result. To know that it was blocked the kernel always has a handler ([`crate::task::Sigsys`]), so a signal whose
//! default action the guest expects needs a step of its own.
//!
//! Source: seccomp(2), `force_sig_info_to_task` and `get_signal` of kernel/signal.c.
#![forbid(unsafe_code)]

use std::rc::Rc;

use nix::unistd::Pid;

use super::Engine;
use super::judge::errno_of;
use crate::arch::{self, Regs};
use crate::error::{Errno, Failure};
use crate::sys::{process, ptrace, tracee};
use crate::syscall::Row;
use crate::syscall::table::row;
use crate::task::{Disposition, Forced, Seen, SignalAction, Task, kept};

const SIGSYS: i32 = libc::SIGSYS;

impl Engine<'_> {
    /// A SIGSYS is about to be delivered: true if the guest is not to see it.
    pub(super) fn on_sigsys(&mut self, pid: Pid) -> Result<bool, Failure> {
        if let Some(info) = self.tasks.get_mut(pid).and_then(|task| task.fatal.take()) {
            ptrace::set_signal_info(pid, &info)?;
            return Ok(false);
        }
        let filtered = ptrace::filtered_call(pid)?;
        let foreign = filtered.filter(|call| call.arch != arch::AUDIT_ARCH);
        let is_forcing = !self.world.trapped.is_empty();
        let keeps_action = is_forcing && self.mark(pid).is_some();
        let is_forced = keeps_action && self.has_blocked(pid)?;
        if let Some(call) = foreign {
            self.note_forced(pid, is_forced, false)?;
            self.on_foreign(pid, call)?;
            return Ok(true);
        }
        if !keeps_action {
            // While a program is loaded, the kernel may have a handler already where the guest has none.
            let is_ignored = is_forcing && self.task(pid)?.sigsys.disposition() == Disposition::Ignored;
            return if is_ignored && filtered.is_none() { self.ignore(pid) } else { Ok(false) };
        }
        let own = ptrace::regs(pid)?;
        // A signal that was pending already keeps its own siginfo.
        let is_call = filtered.is_some() || is_forced;
        match row(own.nr()).filter(|row| is_call && self.world.trapped.contains(&row.name)) {
            Some(row) if !self.is_guests(pid, &own)? => {
                self.note_forced(pid, is_forced, filtered.is_none())?;
                self.on_trapped(pid, own, row)?;
                Ok(true)
            }
            _ => self.on_own_sigsys(pid, filtered.is_some(), is_forced),
        }
    }

    /// A call goes on from its entry stop, which the guest's own tracer has seen. What would be a SIGSYS next is decided here:
    /// that tracer is told the result at the call's exit stop, and a SIGSYS comes behind it.
    pub(super) fn enter_trapped(&mut self, pid: Pid, signal: i32) -> Result<(), Failure> {
        if signal == 0 && !self.world.trapped.is_empty() {
            let called = row(ptrace::regs(pid)?.nr());
            if called.is_some_and(|row| self.world.trapped.contains(&row.name)) {
                return self.on_seccomp(pid);
            }
        }
        Ok(self.resume(pid, signal)?)
    }

    /// True if the thread had blocked the signal that it is stopped for: the handler is gone then.
    ///
    /// Threads share it. Where another one may just have lost it or got it back, the thread is as it was before.
    fn has_blocked(&self, pid: Pid) -> Result<bool, Failure> {
        let task = self.task(pid)?;
        let is_caught = process::is_caught(pid, SIGSYS);
        let sharing = |other: &&Task| other.tid != pid && Rc::ptr_eq(&other.sigsys, &task.sigsys);
        let others = || self.tasks.iter().filter(sharing);
        let is_certain = !others().any(|other| other.forced.is_some())
            && if is_caught {
                task.seen.told == task.sigsys.told()
            } else {
                !others().any(|other| other.seen.blocked == Some(true))
            };
        Ok(task.seen.blocked.filter(|_| !is_certain).unwrap_or(!is_caught))
    }

    /// True if the signal comes of a filter of the guest's own, which is newer than xroot's.
    fn is_guests(&self, pid: Pid, own: &Regs) -> Result<bool, Failure> {
        let is_filtered = self.task(pid)?.seccomp.filters.is_some();
        Ok(is_filtered && self.judge(pid, own)? & libc::SECCOMP_RET_ACTION_FULL == libc::SECCOMP_RET_TRAP)
    }

    /// A call that an outer filter denies has been kept from it.
    fn on_trapped(&mut self, pid: Pid, own: Regs, row: &'static Row) -> Result<(), Failure> {
        let seccomp = &self.task(pid)?.seccomp;
        if seccomp.strict {
            return Ok(process::send(pid, libc::SIGKILL)?);
        }
        let is_filtered = seccomp.filters.is_some();
        // What is left to do needs one, whatever the call is answered.
        if !self.has_slot(pid)? {
            return self.map_slots(pid, own);
        }
        let verdict = if is_filtered { self.judge(pid, &own)? } else { libc::SECCOMP_RET_ALLOW };
        match verdict & libc::SECCOMP_RET_ACTION_FULL {
            libc::SECCOMP_RET_ERRNO => self.give(pid, own, -errno_of(verdict)),
            libc::SECCOMP_RET_TRACE | libc::SECCOMP_RET_USER_NOTIF => {
                self.give(pid, own, -(Errno::ENOSYS as i64))
            }
            _ => self.decide(pid, own, own, row),
        }
    }

    /// A SIGSYS that is the guest's own: of its filters, or sent.
    fn on_own_sigsys(&mut self, pid: Pid, is_filtered: bool, is_forced: bool) -> Result<bool, Failure> {
        let sigsys = &self.task(pid)?.sigsys;
        match sigsys.disposition() {
            // The default action is in place already.
            _ if is_forced => Ok(false),
            Disposition::Handled => {
                sigsys.delivered();
                Ok(false)
            }
            Disposition::Ignored if !is_filtered => self.ignore(pid),
            Disposition::Default | Disposition::Ignored => {
                let (info, mask) = (Box::new(ptrace::signal_info(pid)?), tracee::signal_mask(pid)?);
                let own = ptrace::regs(pid)?;
                self.tell_action(pid, own, SignalAction::default(), Some(info), mask)
            }
        }
    }

    fn ignore(&mut self, pid: Pid) -> Result<bool, Failure> {
        self.trace_signal(pid, SIGSYS, false);
        self.resume(pid, 0)?;
        Ok(true)
    }

    /// Notes what is to be put back when the call is done. `is_older` if the signal was pending before.
    fn note_forced(&mut self, pid: Pid, is_forced: bool, is_older: bool) -> Result<(), Failure> {
        if is_forced {
            let mask = tracee::signal_mask(pid)? | 1 << (SIGSYS - 1);
            tracee::set_signal_mask(pid, mask)?;
            let forced = Forced { mask, pending: is_older };
            self.tasks.get_mut(pid).ok_or(Failure::Gone)?.forced = Some(forced);
        }
        Ok(())
    }

    /// Gives the kernel the guest's SIGSYS back where it has forced one, before the thread goes on with the registers `own`;
    /// false if there is nothing to do.
    pub(super) fn rearm(&mut self, pid: Pid, own: Regs) -> Result<bool, Failure> {
        let task = self.tasks.get_mut(pid).ok_or(Failure::Gone)?;
        task.seen = Seen { blocked: Some(task.forced.is_some()), told: task.sigsys.told() };
        let Some(forced) = task.forced else { return Ok(false) };
        let action = kept(task.sigsys.action());
        let is_told = self.tell_action(pid, own, action, None, forced.mask)?;
        if !is_told {
            self.has_rearmed(pid)?;
        }
        Ok(is_told)
    }

    /// The kernel has the guest's SIGSYS back.
    pub(super) fn has_rearmed(&mut self, pid: Pid) -> Result<(), Failure> {
        let task = self.tasks.get_mut(pid).ok_or(Failure::Gone)?;
        task.forced = None;
        task.sigsys.has_been_told();
        task.seen.told = task.sigsys.told();
        Ok(())
    }

    /// The signal that is to become pending again when the task goes on, 0 for none: the kernel does so with one that is
    /// blocked.
    pub(super) fn take_requeued(&mut self, pid: Pid) -> i32 {
        let forced = self.tasks.get_mut(pid).and_then(|task| task.forced.as_mut());
        if forced.is_some_and(|forced| std::mem::take(&mut forced.pending)) { SIGSYS } else { 0 }
    }
}
