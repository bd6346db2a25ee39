//! wait4(2) and waitid(2) of a process that traces others.
//!
//! The kernel runs the call, so that real children, signals and restarts are its business. Where there is a stop to
//! report, or comes one while the call blocks, the call is not made or is interrupted, and its exit stop gives the
//! answer. A tracer without children of its own would be told ECHILD: it sleeps in ppoll(2) instead until there is
//! something to report.
//!
//! Source: wait(2), wait4(2); do_wait() of kernel/exit.c.
#![forbid(unsafe_code)]

use nix::unistd::Pid;

use super::attach::ERESTARTNOHAND;
use super::info::SigInfo;
use super::news::{News, WCONTINUED, WEXITED, WNOHANG, WNOWAIT, WUNTRACED, Wait};
use crate::arch::{self, Regs};
use crate::engine::ptrace::Engine;
use crate::engine::ptrace::step::restore_args;
use crate::error::{Errno, Failure};
use crate::sys::mem::Memory;
use crate::sys::tracee::SIGINFO_SIZE;
use crate::sys::{process, ptrace};
use crate::syscall::table::number;

/// What a call of the wait family returns to be made again after a signal; ppoll(2) returns ERESTARTNOHAND
/// (include/linux/errno.h).
const ERESTARTSYS: i64 = -512;

/// Bytes of a siginfo_t that waitid(2) fills: the fields up to si_status.
const INFO_SIZE: usize = 28;

/// A thread in such a call.
pub(super) struct Waiting {
    call: Wait,
    /// The guest's own registers at the entry.
    own: Regs,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// The kernel waits.
    Waits,
    /// It sleeps in ppoll(2).
    Sleeps,
    /// The kernel makes no call: there is something to report.
    Skips,
}

impl Engine<'_> {
    /// A call is about to be made, and its tracer, if it has one, has seen it.
    pub(super) fn enter_call(&mut self, pid: Pid, signal: i32) -> Result<(), Failure> {
        let process = self.task(pid)?.process.pid;
        if !self.guest.is_tracer(process) {
            return self.enter_trapped(pid, signal);
        }
        let own = ptrace::regs(pid)?;
        let Some(call) = Wait::of(&own) else { return self.enter_trapped(pid, signal) };
        let sleeps = self.guest.sleepers.remove(&pid);
        let mut changed = own;
        let news = self.guest.news(process, pid, &call);
        let state = if news.is_some_and(|news| !news.is_childs) {
            changed.set_nr(u64::MAX);
            State::Skips
        } else if news.is_none() && sleeps && self.guest.expects(process, pid, &call) {
            changed.set_nr(const { number("ppoll") });
            (0..5).for_each(|index| changed.set_arg(index, 0));
            State::Sleeps
        } else {
            // The kernel would tell a parent of a traced child's group-stop: its tracer is told by us.
            let index = if call.by_id { 3 } else { 2 };
            if call.has(WUNTRACED)
                && (!call.by_id || call.has(WEXITED | WCONTINUED))
                && self.has_traced_child(process)
            {
                changed.set_arg(index, own.arg(index) & !u64::from(WUNTRACED));
            }
            State::Waits
        };
        ptrace::set_regs(pid, &changed)?;
        self.guest.waits.insert(pid, Waiting { call, own, state });
        Ok(self.resume(pid, signal)?)
    }

    fn has_traced_child(&self, process: Pid) -> bool {
        self.guest.tracees.values().any(|tracee| tracee.tracer == process && tracee.is_child)
    }

    /// A call has returned: if it was a wait of a tracer, it gets its result here. True if it is made once more.
    pub(super) fn after_wait(&mut self, pid: Pid) -> Result<bool, Failure> {
        let Some(waiting) = self.guest.waits.remove(&pid) else { return Ok(false) };
        let Waiting { call, own, state } = waiting;
        let process = self.task(pid)?.process.pid;
        let mut regs = ptrace::regs(pid)?;
        let mut ret = regs.ret();
        restore_args(&mut regs, &own);
        let is_open = state == State::Skips
            || matches!(ret, ERESTARTSYS | ERESTARTNOHAND)
            || [Errno::ECHILD, Errno::EINTR].iter().any(|&errno| ret == -(errno as i64));
        let is_early = self.is_early(pid, process, &call, ret)?;
        let news = if is_open || is_early { self.guest.news(process, pid, &call) } else { None };
        let news = news.filter(|news| !news.is_childs);
        let is_twice = news.is_none() && self.is_twice(pid, process, &call, ret)?;
        if let Some(news) = news {
            ret = self.tell(pid, process, &call, &news)?;
        } else if state == State::Skips
            || is_twice
            || (ret == -(Errno::ECHILD as i64) && self.guest.expects(process, pid, &call))
        {
            if !call.has(WNOHANG) {
                // Another thread has been told, or the kernel knows of no child.
                if !is_twice || call.has(WNOWAIT) {
                    self.guest.sleepers.insert(pid);
                }
                self.guest.make_again(pid, &own);
                regs = own;
                regs.set_ret(own.nr() as i64);
                regs.set_arg(0, own.arg(0));
                regs.set_ip(own.ip() - arch::SYSCALL_LEN);
                ptrace::set_regs(pid, &regs)?;
                return Ok(true);
            }
            ret = 0;
            if call.by_id && call.answer != 0 {
                if let Err(errno) = self.memory(pid)?.write(call.answer, &[0; INFO_SIZE]) {
                    ret = -(errno as i64);
                }
            }
        } else if state == State::Sleeps && ret == ERESTARTNOHAND {
            ret = ERESTARTSYS;
        }
        regs.set_ret(ret);
        ptrace::set_regs(pid, &regs)?;
        Ok(false)
    }

    /// True if the kernel has told a parent of the stop of a child that it traces: its tracer is told by us.
    ///
    /// A waitid(2) for stops alone cannot be kept from that beforehand, as in [`Engine::enter_call`].
    fn is_twice(&self, caller: Pid, process: Pid, call: &Wait, ret: i64) -> Result<bool, Failure> {
        if ret != 0 || !call.by_id || call.has(WEXITED | WCONTINUED) || call.answer == 0 {
            return Ok(false);
        }
        let tracee = self.child_of(caller, call, ret)?.and_then(|pid| self.guest.tracees.get(&pid));
        Ok(tracee.is_some_and(|tracee| tracee.tracer == process))
    }

    /// True if the kernel has told of a child's end while ends of its threads, which come first, wait to be told by xroot.
    ///
    /// Where that has taken the zombie away, xroot tells of this end too, later on.
    fn is_early(&mut self, caller: Pid, process: Pid, call: &Wait, ret: i64) -> Result<bool, Failure> {
        let told = self.child_of(caller, call, ret)?;
        let owes = self.guest.news(process, caller, call).is_some_and(|news| !news.is_childs);
        let Some(tracer) = self.guest.tracers.get_mut(&process) else { return Ok(false) };
        let mut ends = tracer.ends.iter_mut().filter(|end| end.is_childs);
        if let (Some(end), true) = (ends.find(|end| Some(end.pid) == told), owes) {
            end.is_childs = call.has(WNOWAIT);
            return Ok(true);
        }
        // Told by the kernel, to whichever thread, or to nobody where SIGCHLD is ignored.
        tracer.ends.retain(|end| !end.is_childs || process::facts(end.pid).is_some());
        self.guest.forget_idle_tracer(process);
        Ok(false)
    }

    /// The child that the kernel has told of, if it has and is known which.
    fn child_of(&self, caller: Pid, call: &Wait, ret: i64) -> Result<Option<Pid>, Failure> {
        if !call.by_id {
            return Ok((ret > 0).then(|| Pid::from_raw(ret as i32)));
        }
        let mut info = [0; SIGINFO_SIZE];
        if ret != 0
            || call.answer == 0
            || self.memory(caller)?.read(call.answer, &mut info[..INFO_SIZE]).is_err()
        {
            return Ok(None);
        }
        let pid = SigInfo(info).pid();
        Ok((pid > 0).then(|| Pid::from_raw(pid)))
    }

    /// Writes the answer, and gives the call's result.
    fn tell(&mut self, caller: Pid, process: Pid, call: &Wait, news: &News) -> Result<i64, Failure> {
        let memory = self.memory(caller)?;
        let mut written = Ok(());
        if call.usage != 0 {
            written = written.and(memory.write(call.usage, &usage(news.pid)));
        }
        if call.answer != 0 && call.by_id {
            let uid = nix::unistd::getuid().as_raw();
            let info = SigInfo::of_child(news.code, news.pid.as_raw(), uid, news.value);
            written = written.and(memory.write(call.answer, &info.0[..INFO_SIZE]));
        } else if call.answer != 0 {
            written = written.and(memory.write(call.answer, &news.status.to_ne_bytes()));
        }
        if !call.has(WNOWAIT) {
            self.guest.forget(process, news);
        }
        Ok(match written {
            Err(errno) => -(errno as i64),
            Ok(()) if call.by_id => 0,
            Ok(()) => news.pid.as_raw().into(),
        })
    }

    /// There is news for the tracer `process`: its threads that wait for it come back.
    pub(super) fn wake_waiters(&mut self, process: Pid) {
        let waits = self.guest.waits.iter().filter(|(tid, waiting)| {
            waiting.state != State::Skips
                && !self.guest.nudged.contains(tid)
                && self.tasks.get(**tid).is_some_and(|task| task.process.pid == process)
                && self.guest.news(process, **tid, &waiting.call).is_some()
        });
        let woken: Vec<Pid> = waits.map(|(&tid, _)| tid).collect();
        woken.into_iter().for_each(|tid| self.nudge(tid));
    }

    /// What the sleeping threads of the tracer `process` wait for may never come: they ask the kernel again.
    pub(super) fn wake_sleepers(&mut self, process: Pid) {
        let waits = self.guest.waits.iter().filter(|(tid, waiting)| {
            waiting.state == State::Sleeps
                && self.tasks.get(**tid).is_some_and(|task| task.process.pid == process)
        });
        let woken: Vec<Pid> = waits.map(|(&tid, _)| tid).collect();
        woken.into_iter().for_each(|tid| self.nudge(tid));
    }
}

/// A `struct rusage` with the processor time of `pid`; one that has ended is not asked any more.
fn usage(pid: Pid) -> Vec<u8> {
    let (user, system) = process::times(pid).unwrap_or_default();
    let mut words = [0_u64; 18];
    for (at, time) in [(0, user), (2, system)] {
        words[at] = time.as_secs();
        words[at + 1] = u64::from(time.subsec_micros());
    }
    words.into_iter().flat_map(u64::to_ne_bytes).collect()
}
