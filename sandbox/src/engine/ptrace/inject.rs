//! Calls that a tracee makes on xroot's behalf, from the entry stop of a call of its own: to map memory for the tracer,
//! or what a handler wants to be done in preparation of the guest's call.
//!
//! The number and arguments at the stop are replaced, the call returns to a stop, and the program counter goes back
//! to the guest's own syscall instruction, which traps once more. So nothing is ever written into the guest's code.
#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::rc::Rc;

use nix::unistd::Pid;

use super::step::Unstaged;
use super::{Engine, Phase, trace};
use crate::arch::{self, Regs};
use crate::error::Failure;
use crate::sys::{ptrace, tracee};
use crate::syscall::Rewrite;
use crate::syscall::table::number;
use crate::task::{SLOT_SIZE, SLOTS};

/// A call being made for the tracer's own use.
pub(super) struct Injection {
    /// The registers of the guest's own call.
    own: Regs,
    then: Then,
}

/// What the call is for.
enum Then {
    /// It maps memory.
    Map(Purpose),
    /// It is one of those that a handler wants to be made first.
    Prepare,
}

/// What is to be made before the guest's own call.
pub(super) struct Preparing {
    calls: VecDeque<Rewrite>,
    /// The thread's blocked signals, as the kernel's bytes.
    blocked: Vec<u8>,
}

/// What is mapped.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    /// More scratch slots.
    Slots,
    /// An area of at least this many bytes, for an execve's arguments.
    Area(u64),
}

impl Purpose {
    fn len(self) -> u64 {
        match self {
            Self::Slots => SLOTS * SLOT_SIZE,
            Self::Area(len) => len.next_multiple_of(SLOTS * SLOT_SIZE),
        }
    }
}

impl Engine<'_> {
    /// Maps memory that only the tracer writes, and then makes the guest's call, whose registers `own` are, again.
    pub(super) fn inject_mmap(&mut self, pid: Pid, own: Regs, purpose: Purpose) -> Result<(), Failure> {
        let mut regs = mapping(own, purpose.len());
        if let Some(mark) = self.mark(pid) {
            regs.set_ip(mark);
        }
        ptrace::set_regs(pid, &regs)?;
        self.phases.insert(pid, Phase::Inject(Box::new(Injection { own, then: Then::Map(purpose) })));
        Ok(self.resume(pid, 0)?)
    }

    /// Has the tracee make `calls`, and then its own, whose registers `own` are, again.
    pub(super) fn prepare(&mut self, pid: Pid, own: Regs, calls: Vec<Rewrite>) -> Result<(), Failure> {
        // A handler that ran in between would find what is half prepared.
        let (_, blocked) = tracee::read(tracee::request::GETSIGMASK, pid, MASK_SIZE as u64, MASK_SIZE)?;
        let blocked = self.preparing.remove(&pid).map_or(blocked, |before| before.blocked);
        tracee::write(tracee::request::SETSIGMASK, pid, MASK_SIZE as u64, &[0xff; MASK_SIZE])?;
        self.preparing.insert(pid, Preparing { calls: calls.into(), blocked });
        self.prepare_next(pid, own).map(drop)
    }

    /// Has the tracee make the next call in preparation of its own; false if there is none.
    pub(super) fn prepare_next(&mut self, pid: Pid, own: Regs) -> Result<bool, Failure> {
        let Some(preparing) = self.preparing.get_mut(&pid) else { return Ok(false) };
        let Some(mut call) = preparing.calls.pop_front() else { return Ok(false) };
        let mut changed = match self.stage_rewrite(pid, own, &mut call)? {
            Ok(changed) => changed,
            Err(Unstaged::Needs(purpose)) => {
                self.preparing.entry(pid).and_modify(|preparing| preparing.calls.push_front(call));
                return self.inject_mmap(pid, own, purpose).map(|()| true);
            }
            Err(Unstaged::Fails(errno)) => {
                self.end_preparation(pid)?;
                return self.answer(pid, own, -(errno as i64)).map(|()| true);
            }
        };
        if let Some(mark) = self.mark(pid) {
            changed.set_ip(mark);
        }
        self.trace_decision(pid, || trace::prepared(&changed));
        ptrace::set_regs(pid, &changed)?;
        self.phases.insert(pid, Phase::Inject(Box::new(Injection { own, then: Then::Prepare })));
        self.resume(pid, 0)?;
        Ok(true)
    }

    /// The guest's own call has been decided on: what was done in preparation of it is no other call's.
    pub(super) fn end_preparation(&mut self, pid: Pid) -> Result<(), Failure> {
        if let Some(preparing) = self.preparing.remove(&pid) {
            self.tasks.get_mut(pid).ok_or(Failure::Gone)?.prepared.clear();
            tracee::write(tracee::request::SETSIGMASK, pid, MASK_SIZE as u64, &preparing.blocked)?;
        }
        Ok(())
    }

    /// The call has returned. Where a mapping has failed, the guest's call fails with the same errno.
    pub(super) fn on_injected(&mut self, pid: Pid, injection: Injection) -> Result<(), Failure> {
        let Injection { mut own, then } = injection;
        let ret = ptrace::regs(pid)?.ret();
        match then {
            Then::Map(_) if ret < 0 => {
                self.end_preparation(pid)?;
                own.set_ret(ret);
                ptrace::set_regs(pid, &own)?;
                return self.leave_call(pid, true);
            }
            Then::Map(purpose) => {
                let mm = Rc::clone(&self.task(pid)?.mm);
                let mut scratch = mm.scratch.borrow_mut();
                match purpose {
                    Purpose::Slots => scratch.add(ret as u64),
                    Purpose::Area(_) => scratch.add_large(ret as u64, purpose.len()),
                }
            }
            Then::Prepare => {
                self.trace_result(pid, ret);
                self.tasks.get_mut(pid).ok_or(Failure::Gone)?.prepared.push(ret);
            }
        }
        own.load_nr(own.nr());
        self.guest.make_again(pid, &own);
        own.set_ip(own.ip() - arch::SYSCALL_LEN);
        ptrace::set_regs(pid, &own)?;
        Ok(self.resume(pid, 0)?)
    }
}

/// Bytes of a signal mask in the kernel.
const MASK_SIZE: usize = 8;

/// `own` with a call in the place of the guest's that maps `len` bytes which only the tracer writes.
pub(super) fn mapping(own: Regs, len: u64) -> Regs {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    let mut regs = own;
    regs.set_nr(const { number("mmap") });
    [0, len, libc::PROT_READ as u64, flags as u64, u64::MAX, 0]
        .into_iter()
        .enumerate()
        .for_each(|(index, value)| regs.set_arg(index, value));
    regs
}
