//! A call that a tracee makes on xroot's behalf, from the entry stop of a call of its own.
//!
//! The number and arguments at the stop are replaced, the call returns to a stop, and the program counter goes back
//! to the guest's own syscall instruction, which traps once more. So nothing is ever written into the guest's code.
#![forbid(unsafe_code)]

use std::rc::Rc;

use nix::unistd::Pid;

use super::{Engine, Phase};
use crate::arch::{self, Regs};
use crate::error::Failure;
use crate::sys::ptrace;
use crate::syscall::table::number;
use crate::task::{SLOT_SIZE, SLOTS};

/// A mapping being made for the tracer's own use.
pub(super) struct Injection {
    /// The registers of the guest's own call.
    own: Regs,
    purpose: Purpose,
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
        self.phases.insert(pid, Phase::Inject(Box::new(Injection { own, purpose })));
        Ok(self.resume(pid, 0)?)
    }

    /// The mapping has been made, or failed: the guest's call fails with the same errno then.
    pub(super) fn on_injected(&mut self, pid: Pid, injection: Injection) -> Result<(), Failure> {
        let Injection { mut own, purpose } = injection;
        let ret = ptrace::regs(pid)?.ret();
        own.set_ret(ret);
        if ret >= 0 {
            let mm = Rc::clone(&self.task(pid)?.mm);
            let mut scratch = mm.scratch.borrow_mut();
            match purpose {
                Purpose::Slots => scratch.add(ret as u64),
                Purpose::Area(_) => scratch.add_large(ret as u64, purpose.len()),
            }
            own.set_ret(own.nr() as i64);
            self.guest.make_again(pid, &own);
            own.set_ip(own.ip() - arch::SYSCALL_LEN);
            ptrace::set_regs(pid, &own)?;
            return Ok(self.resume(pid, 0)?);
        }
        ptrace::set_regs(pid, &own)?;
        self.leave_call(pid, true)
    }
}

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
