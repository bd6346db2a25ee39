//! From a trapped call to its row's handler, and from the handler's decision to a running tracee.
#![forbid(unsafe_code)]

use nix::unistd::Pid;

use super::inject::Purpose;
use super::{Engine, PendingExit, Phase, trace};
use crate::arch::{self, Regs};
use crate::error::{Errno, Failure};
use crate::sys::mem::{Memory, ProcessMemory};
use crate::sys::{process, ptrace};
use crate::syscall::call::{Handler, Value};
use crate::syscall::table::{Verdict, row};
use crate::syscall::{Action, Call, Rewrite, Row};
use crate::task::{Area, SAVED_SIZE, SLOT_SIZE, Slot};

/// Results by which the kernel asks itself to make the call again after a signal (include/linux/errno.h).
pub(super) const RESTART: std::ops::RangeInclusive<i64> = -516..=-512;

/// Why a changed call cannot be made yet, or at all.
pub(super) enum Unstaged {
    Fails(Errno),
    /// Memory must be mapped first.
    Needs(Purpose),
}

impl Engine<'_> {
    /// A call of a row that the filter traps, or of no row at all, has not run yet.
    ///
    /// Each ptrace request costs more than a microsecond, so the registers are read once and written once.
    pub(super) fn on_seccomp(&mut self, pid: Pid) -> Result<(), Failure> {
        if let Some(Phase::Foreign(_)) = self.phases.get(&pid) {
            // Decided already.
            return Ok(self.resume(pid, 0)?);
        }
        let mut regs = ptrace::regs(pid)?;
        if self.task(pid)?.mm.loading.get() {
            return self.on_loader_call(pid, regs);
        }
        if self.task(pid)?.seccomp.strict {
            return Ok(process::send(pid, libc::SIGKILL)?);
        }
        if let Some(own) = self.take_restarted(pid, &regs) {
            regs = own;
            ptrace::set_regs(pid, &regs)?;
        }
        if regs.nr() == u64::MAX && !self.guest.is_idle() {
            // A tracer, or xroot for one, has taken the call away at its entry.
            return Ok(self.resume(pid, 0)?);
        }
        let agreed = self.guest.takes_again(pid, &regs);
        self.obey_filters(pid, regs, agreed)
    }

    /// The guest's tracer lets a call go on that a filter has handed to it, as it is now.
    pub(super) fn on_agreed(&mut self, pid: Pid) -> Result<(), Failure> {
        let regs = ptrace::regs(pid)?;
        if (regs.nr() as i32) < 0 {
            // It takes the call away, and has said what the result is.
            return Ok(self.resume(pid, 0)?);
        }
        self.obey_filters(pid, regs, true)
    }

    fn obey_filters(&mut self, pid: Pid, regs: Regs, agreed: bool) -> Result<(), Failure> {
        if self.task(pid)?.seccomp.filters.is_some() && self.is_forbidden(pid, &regs, agreed)? {
            return Ok(());
        }
        self.on_call(pid, regs)
    }

    /// From the call's row to what the tracee does.
    fn on_call(&mut self, pid: Pid, regs: Regs) -> Result<(), Failure> {
        let Some(row) = row(regs.nr()).filter(|_| !arch::is_other_abi(regs.nr())) else {
            self.world.count_unsupported(arch::AUDIT_ARCH, regs.nr());
            self.trace_unknown(pid, arch::AUDIT_ARCH, regs.nr());
            return self.answer(pid, regs, -(Errno::ENOSYS as i64));
        };
        match row.verdict {
            _ if self.world.let_through.as_deref() == Some(row.name) => self.pass(pid, row, &regs),
            // A filter of the guest's own stops what no condition of the row is about.
            Verdict::Allow | Verdict::Handle(..) if !self.traps(row, &regs) => self.pass(pid, row, &regs),
            Verdict::Allow => self.pass(pid, row, &regs),
            Verdict::Refuse(errno) => {
                self.world.count_refused(row, errno);
                self.trace_call(pid, row, &regs);
                self.trace_decision(pid, || format!("refuse ({})", row.why));
                self.answer(pid, regs, -(errno as i64))
            }
            Verdict::Handle(_, handler) => {
                if !self.has_slot(pid)? {
                    return self.inject_mmap(pid, regs, Purpose::Slots);
                }
                self.trace_call(pid, row, &regs);
                if self.prepare_next(pid, regs)? {
                    return Ok(());
                }
                let decided = self.ask(pid, row, &regs, handler);
                self.act(pid, row, regs, decided)
            }
        }
    }

    fn traps(&self, row: &Row, regs: &Regs) -> bool {
        row.traps(&self.world.features, &std::array::from_fn(|index| regs.arg(index)))
    }

    /// Asks the row's handler; once more without what is only kept open, if it lacks a descriptor.
    pub(super) fn ask(
        &mut self,
        pid: Pid,
        row: &'static Row,
        regs: &Regs,
        handler: Handler,
    ) -> Result<Action, Failure> {
        let decided = self.with_call(pid, row, regs, handler);
        if !matches!(&decided, Err(failure) if failure.is_tracers_limit()) {
            return decided;
        }
        self.tasks.close_kept();
        self.with_call(pid, row, regs, handler)
    }

    /// Runs `decide` on the call that `regs` are about to make.
    pub(super) fn with_call<T>(
        &mut self,
        pid: Pid,
        row: &'static Row,
        regs: &Regs,
        decide: impl FnOnce(&mut Call<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mem = self.memory(pid)?;
        let args = std::array::from_fn(|index| regs.arg(index));
        let decided =
            decide(&mut Call { row, args, tid: pid, tasks: &mut self.tasks, world: self.world, mem: &mem });
        self.world.forget_files();
        decided
    }

    pub(super) fn memory(&self, pid: Pid) -> Result<ProcessMemory, Failure> {
        Ok(ProcessMemory::new(pid, self.task(pid)?.mm.file.clone()))
    }

    fn act(
        &mut self,
        pid: Pid,
        row: &'static Row,
        regs: Regs,
        decided: Result<Action, Failure>,
    ) -> Result<(), Failure> {
        if !matches!(decided, Ok(Action::Prepare(_))) {
            self.end_preparation(pid)?;
        }
        match decided {
            Ok(Action::Pass) => {
                self.trace_passed(pid);
                Ok(self.resume(pid, 0)?)
            }
            Ok(Action::Prepare(calls)) => self.prepare(pid, regs, calls),
            Ok(Action::Trace) => self.on_ptrace(pid, regs),
            Ok(Action::Answer(value)) => self.answer(pid, regs, value),
            Ok(Action::Rewrite(rewrite)) => self.rewrite(pid, row, regs, rewrite),
            Ok(Action::Exec(exec)) => self.start_exec(pid, regs, *exec),
            // ESRCH is what a handler that asks about a dead tracee gets; a guest's own ESRCH is answered.
            Err(Failure::Errno(errno)) => self.answer(pid, regs, -(errno as i64)),
            Err(failure) => Err(failure),
        }
    }

    /// Lets the kernel run a call that no handler is asked about.
    fn pass(&mut self, pid: Pid, row: &'static Row, regs: &Regs) -> Result<(), Failure> {
        self.trace_call(pid, row, regs);
        self.trace_passed(pid);
        Ok(self.resume(pid, 0)?)
    }

    /// Gives the call this result; the kernel runs nothing.
    pub(super) fn answer(&mut self, pid: Pid, mut regs: Regs, value: i64) -> Result<(), Failure> {
        self.trace_result(pid, value);
        self.guest.answers(pid, regs.nr());
        regs.set_nr(u64::MAX);
        regs.set_ret(value);
        ptrace::set_regs(pid, &regs)?;
        Ok(self.resume(pid, 0)?)
    }

    /// Makes sure that the task has a scratch slot; false if its address space must be given more first.
    pub(super) fn has_slot(&mut self, pid: Pid) -> Result<bool, Failure> {
        let task = self.tasks.get_mut(pid).ok_or(Failure::Gone)?;
        if task.slot.is_none() {
            task.slot = Slot::take(&task.mm);
        }
        Ok(task.slot.is_some())
    }

    /// Lets the kernel run a changed call, and sees to it that the guest finds its registers unchanged.
    ///
    /// Where the stub is mapped, its trampoline restores them and no second stop is needed: the program counter is
    /// moved there, behind another syscall instruction, and the one free register points at the saved values.
    fn rewrite(
        &mut self,
        pid: Pid,
        row: &'static Row,
        regs: Regs,
        mut rewrite: Rewrite,
    ) -> Result<(), Failure> {
        let exit = rewrite.take_exit();
        // A trace shows the result, and a tracer of the guest's sees the call return.
        let is_watched = self.world.trace.is_some() || self.guest.is_traced(pid);
        let trampoline = self.trampoline(pid).filter(|_| exit.is_none() && !is_watched);
        let mut changed = match self.stage_rewrite(pid, regs, &mut rewrite)? {
            Ok(changed) => changed,
            Err(Unstaged::Needs(purpose)) => return self.inject_mmap(pid, regs, purpose),
            Err(Unstaged::Fails(errno)) => return self.answer(pid, regs, -(errno as i64)),
        };
        self.trace_decision(pid, || trace::rewritten(row, &changed));
        if let Some(mark) = self.mark(pid) {
            changed.set_ip(mark);
        }
        let phase = match trampoline {
            Some(_) => {
                changed.set_slot(self.slot(pid)?);
                Phase::Trampoline(Box::new(regs))
            }
            None => Phase::Exit(Box::new(PendingExit { regs, row, exit })),
        };
        ptrace::set_regs(pid, &changed)?;
        self.phases.insert(pid, phase);
        Ok(self.resume(pid, 0)?)
    }

    /// Stages what a changed call needs, and gives its registers.
    pub(super) fn stage_rewrite(
        &mut self,
        pid: Pid,
        regs: Regs,
        rewrite: &mut Rewrite,
    ) -> Result<Result<Regs, Unstaged>, Failure> {
        let slot = self.slot(pid)?;
        let len = rewrite.data.len() as u64;
        if len > SLOT_SIZE - SAVED_SIZE && !rewrite.may_be_large {
            // Symlinks may lead to a place whose name, without them, is longer than any path that the kernel takes.
            return Ok(Err(Unstaged::Fails(Errno::ENAMETOOLONG)));
        }
        let Some(base) = self.room(pid, len)? else {
            return Ok(Err(Unstaged::Needs(Purpose::Area(len))));
        };
        for (at, to) in std::mem::take(&mut rewrite.addresses) {
            rewrite.data[at..at + 8].copy_from_slice(&(base + to as u64).to_ne_bytes());
        }
        let mut changed = regs;
        if let Some(nr) = rewrite.nr {
            changed.set_nr(nr);
        }
        for &(index, value) in &rewrite.args {
            changed.set_arg(
                index,
                match value {
                    Value::Plain(value) => value,
                    Value::Scratch(offset) => base + offset as u64,
                },
            );
        }
        let in_slot = base == slot + SAVED_SIZE;
        let staged = if in_slot {
            let saved = saved_values(&regs, self.task(pid)?.mm.nonce_in(slot));
            self.stage(pid, slot, &[saved, std::mem::take(&mut rewrite.data)].concat())?
        } else {
            self.stage(pid, base, &rewrite.data)?
        };
        Ok(if staged { Ok(changed) } else { Err(Unstaged::Needs(Purpose::Slots)) })
    }

    /// The address of the task's scratch slot.
    pub(super) fn slot(&self, pid: Pid) -> Result<u64, Failure> {
        Ok(self.task(pid)?.slot.as_ref().expect("a slot is taken before a handler runs").address)
    }

    /// Writes into a scratch slot or area; false if the guest has unmapped it, and the task has none any more.
    pub(super) fn stage(&mut self, pid: Pid, address: u64, bytes: &[u8]) -> Result<bool, Failure> {
        match self.memory(pid)?.force(address, bytes) {
            Ok(()) => Ok(true),
            Err(Errno::EFAULT) => {
                let task = self.tasks.get_mut(pid).ok_or(Failure::Gone)?;
                task.slot.take().into_iter().for_each(Slot::give_up);
                task.area.take().into_iter().for_each(Area::give_up);
                Ok(false)
            }
            Err(errno) => Err(errno.into()),
        }
    }

    /// A changed or injected call has returned.
    pub(super) fn on_syscall_exit(&mut self, pid: Pid) -> Result<(), Failure> {
        match self.phases.remove(&pid) {
            Some(Phase::Exit(pending)) => {
                self.finish(pid, *pending)?;
                self.leave_call(pid, true)
            }
            Some(Phase::Inject(injection)) => self.on_injected(pid, *injection),
            Some(Phase::Exec(pending)) => self.on_exec_return(pid, *pending),
            Some(Phase::Foreign(foreign)) => self.on_foreign_boundary(pid, *foreign),
            phase @ (Some(Phase::Trampoline(_) | Phase::Forbidden(_) | Phase::Grow(_)) | None) => {
                if let Some(phase) = phase {
                    self.phases.insert(pid, phase);
                    self.leave_trampoline(pid)?;
                }
                self.leave_call(pid, false)
            }
        }
    }

    /// A task that is killed in a changed call is about to end: its tracer, if it has one, finds the guest's own.
    pub(super) fn forget_change(&mut self, pid: Pid) -> Result<(), Failure> {
        let is_shown = self.guest.is_traced(pid) && !self.is_beside_exec(pid);
        if let (Some(Phase::Exit(pending)), true) = (self.phases.get(&pid), is_shown) {
            let mut regs = ptrace::regs(pid)?;
            restore_args(&mut regs, &pending.regs);
            ptrace::set_regs(pid, &regs)?;
        }
        Ok(())
    }

    fn finish(&mut self, pid: Pid, pending: PendingExit) -> Result<(), Failure> {
        let mut regs = ptrace::regs(pid)?;
        let mut ret = regs.ret();
        restore_args(&mut regs, &pending.regs);
        if let Some(exit) = pending.exit {
            let seen = match self.with_call(pid, pending.row, &pending.regs, |call| exit(call, ret)) {
                Ok(seen) => seen,
                Err(Failure::Errno(errno)) => -(errno as i64),
                Err(failure) => return Err(failure),
            };
            // What the call has changed meanwhile is undone, but the kernel must see its own result to make it again.
            if !RESTART.contains(&ret) {
                ret = seen;
            }
        }
        self.trace_result(pid, ret);
        regs.set_ret(ret);
        Ok(ptrace::set_regs(pid, &regs)?)
    }
}

/// What the trampoline reloads: the six argument registers, then the address to go back to; and behind that the number of the address space.
fn saved_values(regs: &Regs, nonce: u64) -> Vec<u8> {
    let args = (0..6).map(|index| regs.arg(index));
    let bytes: Vec<u8> = args.chain([regs.ip(), nonce]).flat_map(u64::to_ne_bytes).collect();
    debug_assert_eq!(bytes.len() as u64, SAVED_SIZE);
    bytes
}

/// Puts back the number and the arguments of the guest's own call, and where it was made.
///
/// The number matters although the call has run: the kernel makes it again if a signal has interrupted it. The result is
/// lost where the first argument has the same register, as on AArch64.
pub(super) fn restore_args(regs: &mut Regs, own: &Regs) {
    regs.set_nr(own.nr());
    regs.set_ip(own.ip());
    (0..6).for_each(|index| regs.set_arg(index, own.arg(index)));
}

impl Engine<'_> {
    /// If this is a changed call that the kernel makes again after an interruption, the registers of the guest's own.
    fn take_restarted(&mut self, pid: Pid, regs: &Regs) -> Option<Regs> {
        let Some(Phase::Trampoline(own)) = self.phases.get(&pid) else { return None };
        let own = **own;
        self.phases.remove(&pid);
        (self.trampoline(pid) == Some(regs.ip())).then_some(own)
    }
}
