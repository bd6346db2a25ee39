//! From a stop of the kernel's to one that the guest's tracer sees, and on from there.
//!
//! Every stop is shown with the guest's own registers in the kernel, so that no request has to translate them: a
//! traced task's rewritten calls take the exit stop instead of the trampoline.
//!
//! Source: "Stopped states" in ptrace(2); ptrace_stop() and ptrace_signal() of kernel/signal.c.
#![forbid(unsafe_code)]

use nix::unistd::Pid;

use super::attach::event_of;
use super::info::SigInfo;
use super::{Info, Kind, Resume, Stop, option};
use crate::arch::Regs;
use crate::engine::ptrace::{Deferred, Engine, Phase};
use crate::error::{Errno, Failure};
use crate::sys::ptrace::{self, Told};
use crate::sys::wait::Birth;
use crate::sys::{process, tracee};
use crate::syscall::table::number;
use crate::task::Stopped;

/// What PTRACE_GETEVENTMSG gives at a call's entry; 2 at its exit.
const ENTRY: u64 = 1;

const SIGTRAP: i32 = libc::SIGTRAP;

/// What an instruction may bring about, which cannot go on without it.
const FAULTS: [i32; 6] =
    [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGTRAP, libc::SIGSYS];

impl Engine<'_> {
    /// A task stops at the boundary of a call because something asked for that.
    pub(in crate::engine::ptrace) fn on_syscall(&mut self, pid: Pid) -> Result<(), Failure> {
        // The entry of a call that xroot makes in another's place is nobody else's business.
        let is_foreign = matches!(self.phases.get(&pid), Some(Phase::Foreign(_)));
        if self.guest.is_idle() || is_foreign || ptrace::event_message(pid)? != ENTRY {
            return self.on_syscall_exit(pid);
        }
        let regs = ptrace::regs(pid)?;
        if let Some(tracee) = self.guest.tracees.get_mut(&pid) {
            tracee.answered = None;
        }
        if self.shows_calls(pid) && !self.guest.is_made_again(pid, &regs) {
            return self.show_call(pid, Kind::Entry);
        }
        self.enter_call(pid, 0)
    }

    fn shows_calls(&self, pid: Pid) -> bool {
        self.guest.tracees.get(&pid).is_some_and(|tracee| tracee.resume == Resume::Syscall)
            && self.tasks.get(pid).is_some_and(|task| !task.mm.loading.get())
    }

    /// A call has returned, and its result stands.
    pub(in crate::engine::ptrace) fn leave_call(
        &mut self,
        pid: Pid,
        was_changed: bool,
    ) -> Result<(), Failure> {
        if self.guest.is_idle() {
            return Ok(self.resume(pid, 0)?);
        }
        if self.after_wait(pid)? {
            return Ok(self.resume(pid, 0)?);
        }
        let tracee = self.guest.tracees.get_mut(&pid);
        let made = tracee.and_then(|tracee| {
            tracee.answered.take().or(tracee.executed.map(|_| const { number("execve") }))
        });
        if self.shows_calls(pid) {
            if let Some(nr) = made {
                // The kernel has made none.
                let mut regs = ptrace::regs(pid)?;
                regs.set_nr(nr);
                ptrace::set_regs(pid, &regs)?;
            }
            return self.show_call(pid, Kind::Exit);
        }
        if was_changed && self.guest.reach(pid, pid) == Resume::Step {
            // The stop took the place of the trap that ends a step over a call.
            let ip = ptrace::regs(pid)?.ip();
            let tracee = self.guest.tracees.get_mut(&pid).ok_or(Failure::Gone)?;
            tracee.next_infos.push(SigInfo::at(SIGTRAP, libc::TRAP_BRKPT, ip));
            return Ok(ptrace::cont(pid, SIGTRAP)?);
        }
        Ok(self.resume(pid, 0)?)
    }

    fn show_call(&mut self, pid: Pid, kind: Kind) -> Result<(), Failure> {
        let is_good = self.guest.tracees.get(&pid).is_some_and(|tracee| tracee.wants(option::SYSGOOD));
        let message = if kind == Kind::Entry { ENTRY } else { ENTRY + 1 };
        self.show_event(pid, kind, if is_good { SIGTRAP | 0x80 } else { SIGTRAP }, message)
    }

    /// A stop that is no signal's: what it says of itself is the task's pid and the stop's code.
    fn show_event(&mut self, pid: Pid, kind: Kind, code: i32, message: u64) -> Result<(), Failure> {
        let uid = nix::unistd::getuid().as_raw();
        let info = SigInfo::of(code & 0x7f, code, pid.as_raw(), uid);
        self.show(pid, kind, code, message, Info::Made(Box::new(info)));
        Ok(())
    }

    fn show(&mut self, pid: Pid, kind: Kind, code: i32, message: u64, info: Info) {
        let time = self.guest.tick();
        let Some(tracee) = self.guest.tracees.get_mut(&pid) else { return };
        tracee.interrupted = false;
        tracee.stop = Some(Stop { kind, code, message, info, reported: false, time });
        if let Some(task) = self.tasks.get_mut(pid) {
            task.stopped = Stopped::ForTracer;
        }
        // do_jobctl_trap() tells of these as of stops, whose status is the process's stop signal.
        let (why, status) = match (kind, code & 0x7f) {
            (Kind::Stop, SIGTRAP) => (libc::CLD_STOPPED, 0),
            (Kind::Stop, signal) => (libc::CLD_STOPPED, signal),
            (_, signal) => (libc::CLD_TRAPPED, signal),
        };
        let tracer = tracee.tracer;
        self.tell_tracer(tracer, pid, why, status);
    }

    /// A task is about to return from the call that has made `child`: true if its tracer is told of that.
    pub(in crate::engine::ptrace) fn show_birth(
        &mut self,
        pid: Pid,
        child: Pid,
        birth: Birth,
    ) -> Result<bool, Failure> {
        self.attach_child(pid, child, birth);
        self.show_optional(pid, event_of(birth), child.as_raw() as u64)
    }

    /// One of the events that a tracer has to ask for: false if it has not.
    pub(in crate::engine::ptrace) fn show_optional(
        &mut self,
        pid: Pid,
        event: i32,
        message: u64,
    ) -> Result<bool, Failure> {
        if !self.guest.tracees.get(&pid).is_some_and(|tracee| tracee.wants(1 << event)) {
            return Ok(false);
        }
        let kind = if event == libc::PTRACE_EVENT_EXIT { Kind::End } else { Kind::Event };
        self.show_event(pid, kind, SIGTRAP | event << 8, message)?;
        Ok(true)
    }

    /// A filter of the task's own says SECCOMP_RET_TRACE, with `data`: false if it has no tracer that wants to decide.
    pub(in crate::engine::ptrace) fn show_filtered(&mut self, pid: Pid, data: u16) -> Result<bool, Failure> {
        const EVENT: i32 = libc::PTRACE_EVENT_SECCOMP;
        if !self.guest.tracees.get(&pid).is_some_and(|tracee| tracee.wants(1 << EVENT)) {
            return Ok(false);
        }
        self.show_event(pid, Kind::Filtered, SIGTRAP | EVENT << 8, data.into())?;
        Ok(true)
    }

    /// A signal is about to be delivered: true if the tracer decides about it.
    pub(in crate::engine::ptrace) fn show_signal(&mut self, pid: Pid, signal: i32) -> Result<bool, Failure> {
        if self.guest.is_idle() {
            return Ok(false);
        }
        self.name_child(pid, signal)?;
        let is_loading = self.task(pid)?.mm.loading.get();
        let Some(tracee) = self.guest.tracees.get_mut(&pid) else { return Ok(false) };
        if is_loading {
            if FAULTS.contains(&signal) {
                return Ok(false);
            }
            let (_, info) = tracee::read(tracee::request::GETSIGINFO, pid, 0, tracee::SIGINFO_SIZE)?;
            tracee.postponed.push(SigInfo(info.try_into().expect("as long as was asked for")));
            ptrace::cont(pid, 0)?;
            return Ok(true);
        }
        if tracee.pass == Some(signal) {
            tracee.pass = None;
            return Ok(false);
        }
        if let Some(at) = tracee.next_infos.iter().position(|info| info.signal() == signal) {
            let info = tracee.next_infos.remove(at);
            tracee::write(tracee::request::SETSIGINFO, pid, 0, &info.0)?;
        }
        self.show(pid, Kind::Signal, signal, 0, Info::Kernel);
        Ok(true)
    }

    /// A stop signal has stopped the task's process: true if a tracer sees that.
    pub(in crate::engine::ptrace) fn show_group_stop(
        &mut self,
        pid: Pid,
        signal: i32,
    ) -> Result<bool, Failure> {
        self.guest.nudged.remove(&pid);
        let Some(tracee) = self.guest.tracees.get_mut(&pid) else { return Ok(false) };
        if tracee.seized {
            self.show_event(pid, Kind::Stop, signal | libc::PTRACE_EVENT_STOP << 8, 0)?;
        } else {
            self.show(pid, Kind::Stop, signal, 0, Info::Nothing);
        }
        Ok(true)
    }

    /// A task has been made, interrupted, or continued by SIGCONT: true if a tracer sees that.
    pub(in crate::engine::ptrace) fn show_trap(&mut self, pid: Pid) -> Result<bool, Failure> {
        let is_ours = self.guest.nudged.remove(&pid);
        let is_first = self.guest.newborn.remove(&pid);
        let is_loading = self.task(pid)?.mm.loading.get();
        if is_ours && self.guest.tracees.get(&pid).is_none_or(|tracee| !tracee.interrupted) {
            self.hide_nudge(pid)?;
        }
        let Some(tracee) = self.guest.tracees.get_mut(&pid) else { return Ok(false) };
        let is_new = std::mem::take(&mut tracee.is_new);
        // A tracer that has come before the first stop is not told of that. A loader has no stops: what was asked for
        // comes when the program begins.
        let is_hidden = is_first && !is_new || is_loading;
        let is_asked = !is_hidden && std::mem::take(&mut tracee.interrupted);
        let seized = tracee.seized;
        if is_new && !seized {
            let info = SigInfo::new(libc::SIGSTOP, libc::SI_USER);
            self.show(pid, Kind::Birth, libc::SIGSTOP, 0, Info::Made(Box::new(info)));
            return Ok(true);
        }
        if !seized || is_hidden || (is_ours && !is_asked && !is_new) {
            return Ok(false);
        }
        self.show_event(pid, Kind::Stop, SIGTRAP | libc::PTRACE_EVENT_STOP << 8, 0)?;
        Ok(true)
    }

    /// A traced task stands where its program begins, with these registers: the execve tells of itself.
    pub(in crate::engine::ptrace) fn show_exec(&mut self, pid: Pid, regs: Regs) -> Result<(), Failure> {
        let tracee = self.guest.tracees.get_mut(&pid).ok_or(Failure::Gone)?;
        let former = tracee.executed.unwrap_or(pid);
        for info in std::mem::take(&mut tracee.postponed) {
            tracee::send(tracee.process, pid, info.signal())?;
            tracee.next_infos.push(info);
        }
        if tracee.wants(option::EXEC) {
            let code = SIGTRAP | libc::PTRACE_EVENT_EXEC << 8;
            // A tracer sees the number of the call that is returning. No call may begin here.
            ptrace::set_regs(pid, &regs.returning(const { number("execve") }))?;
            return self.show_event(pid, Kind::Exec, code, former.as_raw() as u64);
        }
        if !tracee.seized {
            let process = tracee.process;
            let uid = nix::unistd::getuid().as_raw();
            tracee.next_infos.push(SigInfo::of(SIGTRAP, libc::SI_USER, process.as_raw(), uid));
            tracee::send(process, pid, SIGTRAP)?;
        }
        self.leave_exec(pid, 0)
    }

    /// The new program runs.
    fn leave_exec(&mut self, pid: Pid, signal: i32) -> Result<(), Failure> {
        let mut regs = ptrace::regs(pid)?;
        regs.set_nr(u64::MAX);
        regs.set_ret(0);
        ptrace::set_regs(pid, &regs)?;
        if !self.shows_calls(pid) {
            self.executed(pid);
        }
        Ok(self.resume(pid, signal)?)
    }

    fn executed(&mut self, pid: Pid) {
        if let Some(tracee) = self.guest.tracees.get_mut(&pid) {
            tracee.executed = None;
        }
    }

    /// A task leaves a stop that its tracer has seen, with `signal` injected.
    pub(in crate::engine::ptrace) fn go_on(
        &mut self,
        pid: Pid,
        kind: Kind,
        signal: i32,
    ) -> Result<(), Failure> {
        if kind != Kind::End && self.is_beside_exec(pid) {
            self.deferred.insert(pid, Deferred::GoOn(kind, signal));
            return Ok(());
        }
        match kind {
            Kind::Entry => self.enter_call(pid, signal),
            // The kernel takes no signal here.
            Kind::Filtered => self.on_agreed(pid),
            Kind::Exec => self.leave_exec(pid, signal),
            Kind::Exit => {
                self.executed(pid);
                Ok(self.resume(pid, signal)?)
            }
            Kind::Birth => {
                // The kernel takes no signal here, but the tracer believes to be at one.
                if signal != 0 {
                    if let Some(tracee) = self.guest.tracees.get_mut(&pid) {
                        tracee.pass = Some(signal);
                        tracee::send(tracee.process, pid, signal)?;
                    }
                }
                Ok(self.resume(pid, 0)?)
            }
            Kind::End => Ok(self.let_end(pid)?),
            Kind::Signal | Kind::Event | Kind::Stop => Ok(self.resume(pid, signal)?),
        }
    }

    /// Lets a task run as far as its tracer, or xroot for a tracer's waits, wants.
    pub(in crate::engine::ptrace) fn resume(&self, pid: Pid, signal: i32) -> Result<(), Errno> {
        match self.phases.get(&pid) {
            // The changed call, or a failed execve, must be seen to return.
            Some(Phase::Exit(_) | Phase::Inject(_) | Phase::Exec(_) | Phase::Foreign(_)) => {
                return ptrace::syscall(pid, signal);
            }
            Some(Phase::Trampoline(_) | Phase::Forbidden(_) | Phase::Grow(_)) | None
                if self.guest.is_idle() =>
            {
                return ptrace::cont(pid, signal);
            }
            Some(Phase::Trampoline(_) | Phase::Forbidden(_) | Phase::Grow(_)) | None => {}
        }
        let Some(task) = self.tasks.get(pid).filter(|task| !task.mm.loading.get()) else {
            return ptrace::cont(pid, signal);
        };
        if self.guest.tracees.get(&pid).is_some_and(|tracee| tracee.interrupted) {
            // A stop that the tracer has not seen has taken the place of the one that it has asked for.
            ptrace::interrupt(pid)?;
        }
        match self.guest.reach(pid, task.process.pid) {
            Resume::Cont => ptrace::cont(pid, signal),
            Resume::Syscall => ptrace::syscall(pid, signal),
            Resume::Step => ptrace::step(pid, signal),
        }
    }

    /// The options that the kernel must know beside xroot's own, because the tracer wants to be told of more.
    pub(super) fn more_options(&self, pid: Pid) -> i32 {
        let wanted = self.guest.tracees.get(&pid).map_or(0, |tracee| tracee.options);
        (wanted & (option::VFORKDONE | option::EXIT)) as i32
    }

    /// Tells the kernel what the tracer of the stopped task `pid` wants to be told of, unless it knows.
    pub(in crate::engine::ptrace) fn tell_options(&mut self, pid: Pid) -> Result<(), Errno> {
        let (told, more) = (self.told(), self.more_options(pid));
        if let Some(tracee) = self.guest.tracees.get_mut(&pid).filter(|tracee| tracee.told_options != more) {
            tracee.told_options = more;
            ptrace::set_options(pid, told, more)?;
        }
        Ok(())
    }

    pub(super) fn told(&self) -> Told {
        if self.world.report { Told::EventsAndExits } else { Told::Events }
    }

    /// Tells the process `tracer` by SIGCHLD that `pid` has stopped or ended, and wakes those who wait for it.
    pub(super) fn tell_tracer(&mut self, tracer: Pid, pid: Pid, why: i32, status: i32) {
        if takes_sigchld(tracer) && process::send(tracer, libc::SIGCHLD).is_ok() {
            let uid = nix::unistd::getuid().as_raw();
            if let Some(tracer) = self.guest.tracers.get_mut(&tracer) {
                tracer.sigchld = Some(SigInfo::of_child(why, pid.as_raw(), uid, status));
            }
        }
        self.wake_waiters(tracer);
    }

    /// SIGCHLD that xroot has sent names the tracee, not xroot.
    fn name_child(&mut self, pid: Pid, signal: i32) -> Result<(), Failure> {
        if signal != libc::SIGCHLD {
            return Ok(());
        }
        let process = self.task(pid)?.process.pid;
        let Some(tracer) = self.guest.tracers.get_mut(&process).filter(|tracer| tracer.sigchld.is_some())
        else {
            return Ok(());
        };
        let (_, own) = tracee::read(tracee::request::GETSIGINFO, pid, 0, tracee::SIGINFO_SIZE)?;
        let own = SigInfo(own.try_into().expect("as long as was asked for"));
        if own.code() == libc::SI_USER && own.pid() == self.world.tracer.as_raw() {
            if let Some(info) = tracer.sigchld.take() {
                tracee::write(tracee::request::SETSIGINFO, pid, 0, &info.0)?;
            }
        }
        Ok(())
    }
}

/// True if the process does anything with SIGCHLD: natively the kernel drops it otherwise.
fn takes_sigchld(process: Pid) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let has = |name: &str| {
        let set = status.lines().find_map(|line| line.strip_prefix(name));
        let set = set.and_then(|set| u64::from_str_radix(set.trim(), 16).ok()).unwrap_or(0);
        set >> (libc::SIGCHLD - 1) & 1 == 1
    };
    has("SigCgt:") || (has("SigBlk:") && !has("SigIgn:"))
}
