//! What a call of the wait family asks for, and what there is to tell.
//!
//! Source: wait(2), wait4(2); do_wait() of kernel/exit.c.
#![forbid(unsafe_code)]

use nix::unistd::Pid;

use super::{End, Guest};
use crate::arch::Regs;
use crate::sys::process;
use crate::syscall::table::number;

/// Flags of include/uapi/linux/wait.h that the C library's headers of all hosts agree on.
pub(super) const WNOHANG: u32 = 1;
pub(super) const WUNTRACED: u32 = 2;
pub(super) const WEXITED: u32 = 4;
pub(super) const WCONTINUED: u32 = 8;
pub(super) const WNOWAIT: u32 = 0x0100_0000;
const WNOTHREAD: u32 = 0x2000_0000;
const WALL: u32 = 0x4000_0000;
const WCLONE: u32 = 0x8000_0000;

/// What a call waits for, and where the answer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wait {
    whom: Whom,
    pub(super) options: u32,
    /// True for waitid(2), whose answer is a siginfo_t.
    pub(super) by_id: bool,
    pub(super) answer: u64,
    pub(super) usage: u64,
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
    pub(super) fn of(regs: &Regs) -> Option<Self> {
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

    pub(super) fn has(&self, flag: u32) -> bool {
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
pub(super) struct News {
    pub(super) pid: Pid,
    /// As wait4(2) gives it.
    pub(super) status: i32,
    /// `si_code` and `si_status` of waitid(2).
    pub(super) code: i32,
    pub(super) value: i32,
    pub(super) is_end: bool,
    /// See [`End::is_childs`].
    pub(super) is_childs: bool,
    time: u64,
}

impl Guest {
    /// The oldest news of what the tracer `process` waits for in its thread `caller`: what xroot tells comes before what
    /// the kernel does.
    pub(super) fn news(&self, process: Pid, caller: Pid, call: &Wait) -> Option<News> {
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
                is_childs: false,
                time: stop.time,
            })
        });
        let ends = self.tracers.get(&process).into_iter().flat_map(|tracer| &tracer.ends);
        let ends = ends.filter(|_| call.has(WEXITED)).map(|end| {
            let signal = end.status & 0x7f;
            let (code, value) =
                if signal == 0 { (libc::CLD_EXITED, end.status >> 8) } else { (libc::CLD_KILLED, signal) };
            let End { pid, status, is_childs, time, .. } = *end;
            News { pid, status, code, value, is_end: true, is_childs, time }
        });
        stops
            .chain(ends)
            .filter(|news| call.means(caller, news.pid))
            .min_by_key(|news| (news.is_childs, news.time))
    }

    /// True if there may be news of this kind later on.
    pub(super) fn expects(&self, process: Pid, caller: Pid, call: &Wait) -> bool {
        let mut tracees = self.tracees.iter().filter(|(_, tracee)| tracee.tracer == process);
        tracees.any(|(&pid, _)| call.means(caller, pid))
            || self.tracers.get(&process).is_some_and(|tracer| {
                tracer.ends.iter().any(|end| !end.is_childs && call.means(caller, end.pid))
            })
    }

    /// `news` has been told.
    pub(super) fn forget(&mut self, process: Pid, news: &News) {
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
        let pid = Pid::from_raw(22);
        let end = End { pid, process: pid, status: 3 << 8, is_childs: false, time: 3 };
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
