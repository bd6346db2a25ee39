//! Calls that the filter has turned into a SIGSYS: those of another ABI of this machine (`int 0x80` of a 64-bit program),
//! and those that an outer filter denies ([`super::sigsys`]).
//!
//! The kernel has not run it, and the tracee stands behind its instruction. The host's own call of the same meaning is made
//! instead, from the stub's syscall instruction, and is stopped at its exit, where the guest gets all registers back but
//! the result. This takes four stops; nobody minds.
#![forbid(unsafe_code)]

use nix::unistd::Pid;

use super::inject::{Purpose, mapping};
use super::step::{RESTART, Unstaged};
use super::{Engine, Phase, trace};
use crate::arch::{self, Regs};
use crate::error::{Errno, Failure};
use crate::sys::ptrace::{self, FilteredCall};
use crate::sys::tracee;
use crate::syscall::call::OnExit;
use crate::syscall::table::{Verdict, number};
use crate::syscall::{Action, Rewrite, Row, i386};
use crate::task::{SAVED_SIZE, SLOT_SIZE, SLOTS, SignalAction};

/// A call that is made in place of one that was turned into a SIGSYS.
pub(super) struct Foreign {
    /// The guest's registers behind its own instruction.
    own: Regs,
    /// The call of the host's own ABI as it was decided on.
    call: Regs,
    then: Then,
    /// The kernel has begun with it: until then nothing has happened.
    entered: bool,
}

/// What is left to do when the call has returned.
enum Then {
    Finish(&'static Row, Option<OnExit>),
    /// Scratch slots have been mapped; the guest's call is made again.
    Slots,
    /// The kernel has the action of SIGSYS again, and this is the mask of blocked signals.
    Rearmed {
        mask: u64,
    },
    /// The action of SIGSYS is the default one, for this signal to end the process.
    Disarmed {
        mask: u64,
        info: Box<libc::siginfo_t>,
    },
}

/// ERESTARTNOHAND and ERESTART_RESTARTBLOCK of include/linux/errno.h.
const RESTART_WITHOUT_HANDLER: i64 = -514;
const RESTART_BLOCK: i64 = -516;

impl Engine<'_> {
    /// Makes the call that the filter has turned into a SIGSYS, or answers it.
    pub(super) fn on_foreign(&mut self, pid: Pid, foreign: FilteredCall) -> Result<(), Failure> {
        let own = ptrace::regs(pid)?;
        // A filter of the guest's own would be asked about another call than the one that was made.
        let seccomp = &self.task(pid)?.seccomp;
        let is_filtered = seccomp.filters.is_some() || seccomp.strict;
        let args = std::array::from_fn(|index| own.foreign_arg(index));
        let meant = i386::as_own(foreign.arch, foreign.nr, args).filter(|_| !is_filtered);
        let (Some((row, args)), Some(_)) = (meant, self.mark(pid)) else {
            self.world.count_unsupported(foreign.arch, foreign.nr.into());
            self.trace_unknown(pid, foreign.arch, foreign.nr.into());
            return self.give(pid, own, -(Errno::ENOSYS as i64));
        };
        let mut call = own;
        call.set_nr(row.host_number().expect("the rows of i386 have numbers on this host").into());
        args.into_iter().enumerate().for_each(|(index, value)| call.set_arg(index, value));
        self.decide(pid, own, call, row)
    }

    /// Makes or answers `call`, whose row has been found; `own` are the registers behind the guest's instruction.
    pub(super) fn decide(
        &mut self,
        pid: Pid,
        own: Regs,
        call: Regs,
        row: &'static Row,
    ) -> Result<(), Failure> {
        let args = std::array::from_fn(|index| call.arg(index));
        self.trace_call(pid, row, &call);
        let handler = match row.verdict {
            Verdict::Handle(_, handler) if row.traps(&self.world.features, &args) => handler,
            Verdict::Refuse(errno) => return self.give(pid, own, -(errno as i64)),
            Verdict::Allow | Verdict::Handle(..) => {
                return self.make(pid, own, call, call, Then::Finish(row, None));
            }
        };
        if !self.has_slot(pid)? {
            return self.map_slots(pid, own);
        }
        match self.ask(pid, row, &call, handler) {
            Ok(Action::Pass) => self.make(pid, own, call, call, Then::Finish(row, None)),
            Ok(Action::Answer(value)) => self.give(pid, own, value),
            Ok(Action::Rewrite(rewrite)) => self.make_changed(pid, own, call, row, rewrite),
            // Only what Landlock forbids a program needs preparation, and such a program hardly makes calls of i386's.
            Ok(Action::Prepare(_)) => self.give(pid, own, -(Errno::EACCES as i64)),
            Ok(Action::Exec(_) | Action::Trace) => {
                unreachable!("no call that is turned into SIGSYS executes or traces a program")
            }
            Err(Failure::Errno(errno)) => self.give(pid, own, -(errno as i64)),
            Err(failure) => Err(failure),
        }
    }

    fn make_changed(
        &mut self,
        pid: Pid,
        own: Regs,
        call: Regs,
        row: &'static Row,
        mut rewrite: Rewrite,
    ) -> Result<(), Failure> {
        let exit = rewrite.take_exit();
        match self.stage_rewrite(pid, call, &mut rewrite)? {
            Ok(changed) => self.make(pid, own, call, changed, Then::Finish(row, exit)),
            Err(Unstaged::Needs(Purpose::Slots)) => self.map_slots(pid, own),
            // Only a filter needs as much, and no such call installs one.
            Err(Unstaged::Needs(Purpose::Area(_))) => self.give(pid, own, -(Errno::ENOMEM as i64)),
            Err(Unstaged::Fails(errno)) => self.give(pid, own, -(errno as i64)),
        }
    }

    pub(super) fn map_slots(&mut self, pid: Pid, own: Regs) -> Result<(), Failure> {
        let call = mapping(own, SLOTS * SLOT_SIZE);
        self.make(pid, own, call, call, Then::Slots)
    }

    /// Has the tracee make the call `changed` from the stub.
    fn make(&mut self, pid: Pid, own: Regs, call: Regs, changed: Regs, then: Then) -> Result<(), Failure> {
        let Some(behind) = self.mark(pid) else { return Err(Failure::Gone) };
        let mut regs = changed;
        regs.load_nr(changed.nr());
        regs.set_ip(behind - arch::SYSCALL_LEN);
        // No call is being made at this stop; with a number the kernel would look for one to make again.
        regs.set_nr(u64::MAX);
        ptrace::set_regs(pid, &regs)?;
        if let Then::Finish(row, _) = &then {
            self.trace_decision(pid, || trace::rewritten(row, &changed));
        }
        self.phases.insert(pid, Phase::Foreign(Box::new(Foreign { own, call, then, entered: false })));
        let signal = self.take_requeued(pid);
        Ok(self.resume(pid, signal)?)
    }

    /// Tells the kernel an action of SIGSYS, with no other signal in between; false where there is no memory to do so.
    pub(super) fn tell_action(
        &mut self,
        pid: Pid,
        own: Regs,
        action: SignalAction,
        info: Option<Box<libc::siginfo_t>>,
        mask: u64,
    ) -> Result<bool, Failure> {
        let (true, Some(_)) = (self.has_slot(pid)?, self.mark(pid)) else { return Ok(false) };
        let at = self.slot(pid)? + SAVED_SIZE;
        if !self.stage(pid, at, &action.to_bytes())? {
            return Ok(false);
        }
        tracee::set_signal_mask(pid, u64::MAX)?;
        let mut call = own;
        call.set_nr(const { number("rt_sigaction") });
        let args = [libc::SIGSYS as u64, at, 0, 8];
        args.into_iter().enumerate().for_each(|(index, value)| call.set_arg(index, value));
        let then = match info {
            None => Then::Rearmed { mask },
            Some(info) => Then::Disarmed { mask, info },
        };
        self.make(pid, own, call, call, then)?;
        Ok(true)
    }

    /// Gives the call this result; the kernel has run nothing.
    pub(super) fn give(&mut self, pid: Pid, mut own: Regs, value: i64) -> Result<(), Failure> {
        self.trace_result(pid, value);
        own.set_nr(u64::MAX);
        own.set_ret(value);
        self.hand_back(pid, own)
    }

    /// Lets the guest go on with these registers, and with the SIGSYS that it had.
    fn hand_back(&mut self, pid: Pid, own: Regs) -> Result<(), Failure> {
        if self.rearm(pid, own)? {
            return Ok(());
        }
        self.resume_with(pid, own)
    }

    fn resume_with(&mut self, pid: Pid, own: Regs) -> Result<(), Failure> {
        ptrace::set_regs(pid, &own)?;
        Ok(self.resume(pid, 0)?)
    }

    /// A boundary of the call that is made: its entry, or its return.
    pub(super) fn on_foreign_boundary(&mut self, pid: Pid, mut foreign: Foreign) -> Result<(), Failure> {
        if !foreign.entered {
            foreign.entered = true;
            self.phases.insert(pid, Phase::Foreign(Box::new(foreign)));
            return Ok(self.resume(pid, 0)?);
        }
        let mut ret = ptrace::regs(pid)?.ret();
        let mut own = foreign.own;
        let is_guests = matches!(foreign.then, Then::Finish(..));
        match foreign.then {
            Then::Slots if ret >= 0 => {
                self.task(pid)?.mm.scratch.borrow_mut().add(ret as u64);
                return self.resume_with(pid, made_again(own));
            }
            Then::Rearmed { mask } => {
                self.has_rearmed(pid)?;
                tracee::set_signal_mask(pid, mask)?;
                return self.resume_with(pid, own);
            }
            Then::Disarmed { mask, info } => {
                tracee::set_signal_mask(pid, mask)?;
                self.tasks.get_mut(pid).ok_or(Failure::Gone)?.fatal = Some(*info);
                ptrace::set_regs(pid, &own)?;
                return Ok(self.resume(pid, libc::SIGSYS)?);
            }
            Then::Finish(row, Some(exit)) if !RESTART.contains(&ret) => {
                ret = match self.with_call(pid, row, &foreign.call, |call| exit(call, ret)) {
                    Ok(seen) => seen,
                    Err(Failure::Errno(errno)) => -(errno as i64),
                    Err(failure) => return Err(failure),
                };
            }
            // restart_syscall(2) would be entered the wrong way: the whole call is made again, unless a handler runs.
            Then::Finish(..) if ret == RESTART_BLOCK => ret = RESTART_WITHOUT_HANDLER,
            Then::Slots | Then::Finish(..) => {}
        }
        if is_guests {
            self.trace_result(pid, ret);
        }
        own.set_ret(ret);
        if !RESTART.contains(&ret) {
            own.set_nr(u64::MAX);
        }
        self.hand_back(pid, own)
    }

    /// Takes a call back that the kernel has not begun with, because a signal comes first: it will be made again.
    pub(super) fn leave_foreign(&mut self, pid: Pid) -> Result<(), Failure> {
        let own = match self.phases.get(&pid) {
            Some(Phase::Foreign(foreign)) if !foreign.entered => match foreign.then {
                Then::Finish(..) | Then::Slots => foreign.own,
                // No handler runs before these, and the guest's call is over.
                Then::Rearmed { .. } | Then::Disarmed { .. } => return Ok(()),
            },
            _ => return Ok(()),
        };
        self.phases.remove(&pid);
        Ok(ptrace::set_regs(pid, &made_again(own))?)
    }
}

/// The registers before the guest's instruction, of which `own` are those behind it.
fn made_again(mut own: Regs) -> Regs {
    own.load_nr(own.nr());
    own.set_ip(own.ip() - arch::SYSCALL_LEN);
    own.set_nr(u64::MAX);
    own
}
