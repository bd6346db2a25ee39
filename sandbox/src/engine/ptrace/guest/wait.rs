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

use super::Guest;
use super::attach::ERESTARTNOHAND;
use super::info::SigInfo;
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

/// Flags of include/uapi/linux/wait.h that the C library's headers of all hosts agree on.
const WNOHANG: u32 = 1;
const WUNTRACED: u32 = 2;
const WEXITED: u32 = 4;
const WCONTINUED: u32 = 8;
const WNOWAIT: u32 = 0x0100_0000;
const WNOTHREAD: u32 = 0x2000_0000;
const WALL: u32 = 0x4000_0000;
const WCLONE: u32 = 0x8000_0000;

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

/// What a call waits for, and where the answer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wait {
    whom: Whom,
    options: u32,
    /// True for waitid(2), whose answer is a siginfo_t.
    by_id: bool,
    answer: u64,
    usage: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whom {
    All,
    Pid(Pid),
    /// 0 for the caller's own group.
    Group(Pid),
    Pidfd(i32),
}

impl Wait {
    /// The call that `regs` make, if it is one of these and the kernel would not refuse it at once.
    fn of(regs: &Regs) -> Option<Self> {
        let (id, flags) = (regs.arg(0) as i32, regs.arg(2) as u32);
        if regs.nr() == const { number("wait4") } {
            let allowed = WNOHANG | WUNTRACED | WCONTINUED | WNOTHREAD | WALL | WCLONE;
            let whom = match id {
                -1 => Whom::All,
                i32::MIN => return None,
                1.. => Whom::Pid(Pid::from_raw(id)),
                group => Whom::Group(Pid::from_raw(-group)),
            };
            let call = Self {
                whom,
                options: flags | WEXITED,
                by_id: false,
                answer: regs.arg(1),
                usage: regs.arg(3),
            };
            return (flags & !allowed == 0).then_some(call);
        }
        if regs.nr() != const { number("waitid") } {
            return None;
        }
        let (id, options) = (regs.arg(1) as i32, regs.arg(3) as u32);
        let states = WEXITED | WUNTRACED | WCONTINUED;
        let allowed = states | WNOHANG | WNOWAIT | WNOTHREAD | WALL | WCLONE;
        // P_ALL, P_PID, P_PGID and P_PIDFD.
        let whom = match regs.arg(0) as u32 {
            0 => Whom::All,
            1 if id > 0 => Whom::Pid(Pid::from_raw(id)),
            2 if id >= 0 => Whom::Group(Pid::from_raw(id)),
            3 if id >= 0 => Whom::Pidfd(id),
            _ => return None,
        };
        let call = Self { whom, options, by_id: true, answer: regs.arg(2), usage: regs.arg(4) };
        (options & !allowed == 0 && options & states != 0).then_some(call)
    }

    fn has(&self, flag: u32) -> bool {
        self.options & flag != 0
    }

    /// True if the thread `caller` waits for `pid`.
    fn means(&self, caller: Pid, pid: Pid) -> bool {
        let group_of = |pid: Pid| process::facts(pid).map(|facts| facts.group);
        match self.whom {
            Whom::All => true,
            Whom::Pid(wanted) => wanted == pid,
            Whom::Group(group) if group.as_raw() == 0 => group_of(pid) == group_of(caller),
            Whom::Group(group) => group_of(pid) == Some(group),
            Whom::Pidfd(fd) => process::pidfd_target(caller, fd) == Some(pid),
        }
    }
}

/// Something that a wait can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct News {
    pid: Pid,
    /// As wait4(2) gives it.
    status: i32,
    /// `si_code` and `si_status` of waitid(2).
    code: i32,
    value: i32,
    is_end: bool,
    time: u64,
}

impl Guest {
    /// The oldest news of what the tracer `process` waits for in its thread `caller`.
    fn news(&self, process: Pid, caller: Pid, call: &Wait) -> Option<News> {
        let is_own =
            |thread: Option<Pid>| !call.has(WNOTHREAD) || thread.is_none_or(|thread| thread == caller);
        let stops =
            self.tracees.iter().filter(|(_, tracee)| tracee.tracer == process && is_own(tracee.thread));
        let stops = stops.filter_map(|(&pid, tracee)| {
            let stop = tracee.stop.as_ref().filter(|stop| !stop.reported)?;
            Some(News {
                pid,
                status: stop.code << 8 | 0x7f,
                code: libc::CLD_TRAPPED,
                value: stop.code,
                is_end: false,
                time: stop.time,
            })
        });
        let ends = self.tracers.get(&process).into_iter().flat_map(|tracer| &tracer.ends);
        let ends = ends.filter(|_| call.has(WEXITED)).map(|end| {
            let signal = end.status & 0x7f;
            let (code, value) =
                if signal == 0 { (libc::CLD_EXITED, end.status >> 8) } else { (libc::CLD_KILLED, signal) };
            News { pid: end.pid, status: end.status, code, value, is_end: true, time: end.time }
        });
        stops.chain(ends).filter(|news| call.means(caller, news.pid)).min_by_key(|news| news.time)
    }

    /// True if there may be news of this kind later on.
    fn expects(&self, process: Pid, caller: Pid, call: &Wait) -> bool {
        let mut tracees = self.tracees.iter().filter(|(_, tracee)| tracee.tracer == process);
        tracees.any(|(&pid, _)| call.means(caller, pid))
            || self
                .tracers
                .get(&process)
                .is_some_and(|tracer| tracer.ends.iter().any(|end| call.means(caller, end.pid)))
    }

    /// `news` has been told.
    fn forget(&mut self, process: Pid, news: &News) {
        if !news.is_end {
            if let Some(stop) = self.tracees.get_mut(&news.pid).and_then(|tracee| tracee.stop.as_mut()) {
                stop.reported = true;
            }
        } else if let Some(tracer) = self.tracers.get_mut(&process) {
            tracer.ends.retain(|end| end.time != news.time);
            self.forget_idle_tracer(process);
        }
    }
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
        let state = if self.guest.news(process, pid, &call).is_some() {
            changed.set_nr(u64::MAX);
            State::Skips
        } else if sleeps && self.guest.expects(process, pid, &call) {
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
        let news = if is_open { self.guest.news(process, pid, &call) } else { None };
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
        let mut info = [0; SIGINFO_SIZE];
        if self.memory(caller)?.read(call.answer, &mut info[..INFO_SIZE]).is_err() {
            return Ok(false);
        }
        let tracee = self.guest.tracees.get(&Pid::from_raw(SigInfo(info).pid()));
        Ok(tracee.is_some_and(|tracee| tracee.tracer == process))
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

#[cfg(test)]
mod tests {
    use super::super::{Info, Kind, Stop, Tracee, Tracer};
    use super::*;

    const TRACER: Pid = Pid::from_raw(10);
    const THREAD: Pid = Pid::from_raw(11);

    fn call(whom: Whom, options: u32) -> Wait {
        Wait { whom, options, by_id: false, answer: 0, usage: 0 }
    }

    /// Two stopped tracees, 21 before 20, and one that has ended.
    fn books() -> Guest {
        let mut guest = Guest::default();
        guest.tracers.insert(TRACER, Tracer::default());
        for (pid, time, code) in [(20, 2, libc::SIGSTOP), (21, 1, libc::SIGTRAP | 0x80)] {
            let stop =
                Stop { kind: Kind::Signal, code, message: 0, info: Info::Kernel, reported: false, time };
            let pid = Pid::from_raw(pid);
            guest.tracees.insert(pid, Tracee { stop: Some(stop), ..Tracee::new(TRACER, Some(TRACER), pid) });
        }
        let end = super::super::End { pid: Pid::from_raw(22), status: 3 << 8, time: 3 };
        guest.tracers.get_mut(&TRACER).unwrap().ends.push_back(end);
        guest
    }

    #[test]
    fn the_oldest_news_come_first_and_once() {
        let mut guest = books();
        let all = call(Whom::All, WEXITED);
        let mut told = Vec::new();
        while let Some(news) = guest.news(TRACER, TRACER, &all) {
            told.push((news.pid.as_raw(), news.status, news.value));
            guest.forget(TRACER, &news);
        }
        assert_eq!(told, [(21, 0x857f, 0x85), (20, 0x137f, 0x13), (22, 0x300, 3)]);
        assert!(guest.expects(TRACER, TRACER, &all), "the stopped ones are still there");
        assert!(!guest.expects(TRACER, TRACER, &call(Whom::Pid(Pid::from_raw(22)), WEXITED)));
    }

    #[test]
    fn a_wait_tells_of_what_it_asks_for() {
        let guest = books();
        let first = |caller, whom, options| {
            guest.news(TRACER, caller, &call(whom, options)).map(|news| news.pid.as_raw())
        };
        assert_eq!(first(TRACER, Whom::Pid(Pid::from_raw(20)), WEXITED), Some(20));
        assert_eq!(first(TRACER, Whom::Pid(Pid::from_raw(22)), WEXITED), Some(22));
        assert_eq!(first(TRACER, Whom::Pid(Pid::from_raw(22)), WUNTRACED), None);
        assert_eq!(first(THREAD, Whom::All, WEXITED), Some(21));
        assert_eq!(first(THREAD, Whom::All, WEXITED | WNOTHREAD), Some(22));
        assert_eq!(guest.news(THREAD, THREAD, &call(Whom::All, WEXITED)), None);
    }
}
