//! ptrace(2) of the guest's: who may ask, and what lets a stopped task go on.
#![forbid(unsafe_code)]

use nix::unistd::Pid;

use super::{Kind, Resume, Tracee, option};
use crate::arch::Regs;
use crate::engine::ptrace::Engine;
use crate::error::{Errno, Failure};
use crate::sys::tracee::request;
use crate::sys::{process, ptrace, tracee};
use crate::task::Stopped;

/// _NSIG of include/uapi/asm-generic/signal.h: the largest signal.
const LAST_SIGNAL: u64 = 64;

impl Engine<'_> {
    /// The task `pid` calls ptrace(2) and is answered.
    pub(in crate::engine::ptrace) fn on_ptrace(&mut self, pid: Pid, regs: Regs) -> Result<(), Failure> {
        let [number, target, address, data] = [0, 1, 2, 3].map(|index| regs.arg(index));
        let value = match self.request(pid, number, Pid::from_raw(target as i32), [address, data]) {
            Ok(value) => value,
            // The task that was asked about has died.
            Err(Failure::Gone) => -(Errno::ESRCH as i64),
            Err(Failure::Errno(errno)) => -(errno as i64),
            Err(broken @ Failure::Broken(_)) => return Err(broken),
        };
        self.answer(pid, regs, value)
    }

    /// The result of one request; the checks are in the order of the kernel's.
    fn request(
        &mut self,
        caller: Pid,
        number: u64,
        target: Pid,
        [address, data]: [u64; 2],
    ) -> Result<i64, Failure> {
        if number == request::TRACEME {
            self.trace_me(caller)?;
            return Ok(0);
        }
        match number {
            request::SEIZE if address != 0 && process::facts(target).is_some() => {
                return Err(Errno::EIO.into());
            }
            request::SEIZE => self.attach(caller, target, Some(data))?,
            request::ATTACH => self.attach(caller, target, None)?,
            _ => return self.request_of_tracee(caller, number, target, [address, data]),
        }
        Ok(0)
    }

    fn request_of_tracee(
        &mut self,
        caller: Pid,
        number: u64,
        target: Pid,
        [address, data]: [u64; 2],
    ) -> Result<i64, Failure> {
        let process = self.task(caller)?.process.pid;
        let tracee = self.guest.tracees.get_mut(&target).ok_or(Errno::ESRCH)?;
        if tracee.tracer != process || tracee.thread.is_some_and(|thread| thread != caller) {
            return Err(Errno::ESRCH.into());
        }
        match number {
            request::KILL => {
                tracee::send(tracee.process, target, libc::SIGKILL)?;
                return Ok(0);
            }
            request::INTERRUPT if !tracee.seized => return Err(Errno::EIO.into()),
            request::INTERRUPT => {
                tracee.interrupted = true;
                // One of xroot's own that is on its way serves as well, and must not be followed by another.
                if !self.guest.nudged.contains(&target) {
                    ptrace::interrupt(target)?;
                }
                return Ok(0);
            }
            _ => {}
        }
        if tracee.stop.is_none() {
            return Err(Errno::ESRCH.into());
        }
        match number {
            request::CONT => self.let_go(target, Resume::Cont, data),
            request::SYSCALL => self.let_go(target, Resume::Syscall, data),
            request::SINGLESTEP => self.let_go(target, Resume::Step, data),
            request::DETACH if data > LAST_SIGNAL => Err(Errno::EIO.into()),
            request::DETACH => self.detach(target, data as i32).map(|()| 0),
            request::LISTEN => self.listen(target),
            request::SETOPTIONS => self.set_options(target, data),
            _ => self.move_data(caller, target, number, [address, data]),
        }
    }

    /// PTRACE_CONT, PTRACE_SYSCALL and PTRACE_SINGLESTEP.
    fn let_go(&mut self, pid: Pid, resume: Resume, signal: u64) -> Result<i64, Failure> {
        if signal > LAST_SIGNAL {
            return Err(Errno::EIO.into());
        }
        let tracee = self.stopped(pid)?;
        tracee.resume = resume;
        let stop = tracee.stop.take().ok_or(Errno::ESRCH)?;
        if let Some(task) = self.tasks.get_mut(pid) {
            task.stopped = Stopped::No;
        }
        self.go_on(pid, stop.kind, signal as i32)?;
        Ok(0)
    }

    /// PTRACE_LISTEN: the task stays in its group-stop, and tells of its end.
    fn listen(&mut self, pid: Pid) -> Result<i64, Failure> {
        let tracee = self.stopped(pid)?;
        let can_listen = tracee.seized && tracee.stop.as_ref().is_some_and(|stop| stop.kind == Kind::Stop);
        // One that has been killed meanwhile is not stopped any more: that is what strace expects to be told.
        let done =
            if can_listen { ptrace::listen(pid) } else { ptrace::event_message(pid).and(Err(Errno::EIO)) };
        match done {
            Err(Errno::EIO) if self.renamed_thread(pid).is_some() => return Err(Errno::ESRCH.into()),
            done => done?,
        }
        self.stopped(pid)?.stop = None;
        self.guest.listens(pid);
        Ok(0)
    }

    fn set_options(&mut self, pid: Pid, options: u64) -> Result<i64, Failure> {
        if options & !option::ALL != 0 {
            return Err(Errno::EINVAL.into());
        }
        // Needs CAP_SYS_ADMIN.
        if options & option::SUSPEND_SECCOMP != 0 {
            return Err(Errno::EPERM.into());
        }
        self.stopped(pid)?.options = options;
        self.tell_options(pid)?;
        Ok(0)
    }

    pub(super) fn stopped(&mut self, pid: Pid) -> Result<&mut Tracee, Errno> {
        self.guest.tracees.get_mut(&pid).filter(|tracee| tracee.stop.is_some()).ok_or(Errno::ESRCH)
    }
}
