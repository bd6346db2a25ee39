//! How a task comes by a tracer of the guest's, and loses it.
//!
//! Source: PTRACE_TRACEME, PTRACE_ATTACH, PTRACE_SEIZE and PTRACE_DETACH in ptrace(2); Documentation/admin-guide/LSM/Yama.rst.
#![forbid(unsafe_code)]

use nix::unistd::Pid;

use super::info::SigInfo;
use super::{End, Kind, Tracee, option};
use crate::arch;
use crate::engine::ptrace::{Ended, Engine};
use crate::error::{Errno, Failure};
use crate::sys::wait::Birth;
use crate::sys::{process, ptrace, tracee};
use crate::syscall::table::number;
use crate::task::{Stopped, Task};

/// `si_code` of a signal that the kernel itself sends.
const SI_KERNEL: i32 = 0x80;

/// What lets the kernel make a call again after a signal without a handler (include/linux/errno.h).
pub(super) const ERESTARTNOHAND: i64 = -514;

/// Calls that fail with EINTR after any stop, as signal(7) says; the sockets' only if they have a timeout.
const TELLS_OF_STOPS: &[u64] = &[
    number("accept"),
    number("accept4"),
    number("connect"),
    number("epoll_pwait"),
    number("epoll_pwait2"),
    number("io_getevents"),
    number("recvfrom"),
    number("recvmmsg"),
    number("recvmsg"),
    number("rt_sigtimedwait"),
    number("semop"),
    number("semtimedop"),
    #[cfg(target_arch = "x86_64")]
    number("epoll_wait"),
];

impl Engine<'_> {
    /// PTRACE_TRACEME: the caller's parent is its tracer from now on.
    pub(super) fn trace_me(&mut self, pid: Pid) -> Result<(), Errno> {
        let own = self.tasks.get(pid).map(|task| task.process.pid).ok_or(Errno::ESRCH)?;
        let parent = process::facts(own).map(|facts| facts.parent).ok_or(Errno::ESRCH)?;
        // The parent of the session's first process is not the guest's.
        if self.guest.is_traced(pid)
            || !self.tasks.iter().any(|task| task.process.pid == parent)
            || !self.tasks.may_trace(parent, pid)
        {
            return Err(Errno::EPERM);
        }
        self.begin(pid, Tracee::new(parent, None, own), pid);
        Ok(())
    }

    /// PTRACE_ATTACH, or PTRACE_SEIZE with these options.
    pub(super) fn attach(&mut self, caller: Pid, pid: Pid, options: Option<u64>) -> Result<(), Errno> {
        let tracer = self.tasks.get(caller).map(|task| task.process.pid).ok_or(Errno::ESRCH)?;
        let facts = process::facts(pid).ok_or(Errno::ESRCH)?;
        if options.is_some_and(|options| options & !option::ALL != 0) {
            return Err(Errno::EIO);
        }
        // A process outside is one of another user.
        let task = self.tasks.get(pid).ok_or(Errno::EPERM)?;
        let own = task.process.pid;
        let may = own != tracer && task.mm.dumpable.get() == 1 && yama_allows(tracer, own);
        let may = may && self.tasks.may_trace(caller, pid);
        // The main thread may have ended before the others.
        if !may || facts.has_ended || self.guest.is_traced(pid) {
            return Err(Errno::EPERM);
        }
        let seized = options.is_some();
        let record = Tracee {
            seized,
            options: options.unwrap_or(0),
            next_infos: (!seized).then(|| SigInfo::new(libc::SIGSTOP, SI_KERNEL)).into_iter().collect(),
            ..Tracee::new(tracer, Some(caller), own)
        };
        self.begin(pid, record, caller);
        if self.guest.listening.contains(&pid) {
            // What is stopped already tells so at once.
            let (Ok(()) | Err(_)) = ptrace::interrupt(pid);
        } else if self.more_options(pid) != 0 {
            // Only a stopped task's options can be set in the kernel.
            self.nudge(pid);
        }
        if !seized {
            let (Ok(()) | Err(_)) = tracee::send(own, pid, libc::SIGSTOP);
        }
        Ok(())
    }

    /// Enters `record` for `pid`. The tracer's threads must stop at their waits from now on, `caller` is stopped anyway.
    fn begin(&mut self, pid: Pid, mut record: Tracee, caller: Pid) {
        let tracer = record.tracer;
        record.is_child = process::facts(record.process).is_some_and(|facts| facts.parent == tracer);
        if let Some(task) = self.tasks.get_mut(pid) {
            task.traced_by = Some(tracer);
        }
        self.guest.tracees.insert(pid, record);
        if self.guest.tracers.contains_key(&tracer) {
            return;
        }
        self.guest.tracers.entry(tracer).or_default();
        let threads: Vec<Pid> =
            self.tasks.iter().filter(|task| task.process.pid == tracer).map(|task| task.tid).collect();
        threads.into_iter().filter(|&tid| tid != caller).for_each(|tid| self.nudge(tid));
    }

    /// Makes a running task stop for xroot alone.
    pub(in crate::engine::ptrace) fn nudge(&mut self, pid: Pid) {
        if ptrace::interrupt(pid).is_ok() {
            self.guest.nudged.insert(pid);
        }
    }

    /// A task has stopped for xroot alone: the call that it was in must not tell it.
    pub(super) fn hide_nudge(&self, pid: Pid) -> Result<(), Errno> {
        let mut regs = ptrace::regs(pid)?;
        let is_told = regs.ret() == -(Errno::EINTR as i64) && TELLS_OF_STOPS.contains(&regs.nr());
        if arch::STOPS_BEFORE_RESTARTS && is_told {
            // The kernel makes the call again then, unless a handler runs.
            regs.set_ret(ERESTARTNOHAND);
            ptrace::set_regs(pid, &regs)?;
        }
        Ok(())
    }

    /// A tracee has made a task: it is traced too if the tracer has asked for that.
    pub(in crate::engine::ptrace) fn attach_child(&mut self, parent: Pid, child: Pid, birth: Birth) {
        let Some(tracee) = self.guest.tracees.get(&parent).filter(|tracee| tracee.wants(of_birth(birth)))
        else {
            return;
        };
        let Some(task) = self.tasks.get(child) else { return };
        let record = tracee.child(task.process.pid);
        self.begin(child, record, child);
    }

    /// The same of a process whose creator has ended without a word: `record` is what it is to that one's tracer.
    pub(in crate::engine::ptrace) fn attach_orphan(&mut self, pid: Pid, record: Tracee, birth: Birth) {
        let is_tracer = |task: &Task| {
            task.process.pid == record.tracer && record.thread.is_none_or(|thread| thread == task.tid)
        };
        let is_there = self.tasks.iter().any(is_tracer);
        if is_there && record.wants(of_birth(birth)) {
            self.begin(pid, record, pid);
        }
    }

    /// PTRACE_DETACH, or the tracer's end: `signal` is delivered if the task is stopped.
    pub(super) fn detach(&mut self, pid: Pid, signal: i32) -> Result<(), Failure> {
        let Some(tracee) = self.guest.tracees.remove(&pid) else { return Ok(()) };
        if let Some(task) = self.tasks.get_mut(pid) {
            task.traced_by = None;
            task.stopped = Stopped::No;
        }
        self.wake_sleepers(tracee.tracer);
        self.guest.forget_idle_tracer(tracee.tracer);
        for info in &tracee.postponed {
            tracee::send(tracee.process, pid, info.signal())?;
        }
        let Some(stop) = tracee.stop else { return Ok(()) };
        if tracee.told_options != 0 {
            ptrace::set_options(pid, self.told(), 0)?;
        }
        if stop.kind == Kind::Stop && stop.code & 0xff != libc::SIGTRAP {
            // Its process is still stopped.
            return self.stay_stopped(pid);
        }
        self.go_on(pid, stop.kind, signal)
    }

    /// A task of `process` has ended, or an execve of another thread has done away with it.
    pub(in crate::engine::ptrace) fn on_guest_gone(&mut self, pid: Pid, how: Ended, process: Pid) {
        self.guest.forget_task(pid);
        if self.guest.is_idle() {
            return;
        }
        if let Some(tracee) = self.guest.tracees.remove(&pid) {
            // The kernel tells of a child itself, and cannot know that the threads come first (delay_group_leader() of
            // include/linux/sched/signal.h).
            let is_childs = tracee.is_child && tracee.process == pid;
            if !is_childs || self.guest.owes_threads(tracee.tracer, pid) {
                self.report_end(pid, &tracee, how, is_childs);
            }
            self.wake_sleepers(tracee.tracer);
            self.guest.forget_idle_tracer(tracee.tracer);
        }
        if self.guest.is_tracer(process) {
            self.lose_tracer(pid, process);
        }
    }

    fn report_end(&mut self, pid: Pid, tracee: &Tracee, how: Ended, is_childs: bool) {
        let (status, code, value) = match how {
            Ended::Code(code) => (code << 8, libc::CLD_EXITED, code),
            Ended::Signal(signal) => (signal, libc::CLD_KILLED, signal),
        };
        let time = self.guest.tick();
        let Some(tracer) = self.guest.tracers.get_mut(&tracee.tracer) else { return };
        tracer.ends.push_back(End { pid, process: tracee.process, status, is_childs, time });
        if !is_childs {
            self.tell_tracer(tracee.tracer, pid, code, value);
        }
    }

    /// The thread `pid` of the tracer `process` has ended, and what it traced goes on untraced.
    fn lose_tracer(&mut self, pid: Pid, process: Pid) {
        let is_last = !self.tasks.iter().any(|task| task.process.pid == process);
        self.let_loose(|tracee| tracee.tracer == process && (is_last || tracee.thread == Some(pid)));
        if is_last {
            self.guest.tracers.remove(&process);
        }
    }

    /// Whoever traces these tasks has ended.
    fn let_loose(&mut self, is_lost: impl Fn(&Tracee) -> bool) {
        let lost: Vec<_> =
            self.guest.tracees.iter().filter(|(_, tracee)| is_lost(tracee)).map(|(&tid, _)| tid).collect();
        for tid in lost {
            let Some(tracee) = self.guest.tracees.get(&tid) else { continue };
            if tracee.wants(option::EXITKILL) {
                let (Ok(()) | Err(_)) = process::send(tid, libc::SIGKILL);
            }
            // "If the tracee is restarted from signal-delivery-stop, the pending signal is injected": wait(2) takes it.
            let signal = tracee.stop.as_ref().filter(|stop| stop.kind == Kind::Signal && !stop.reported);
            let signal = signal.map_or(0, |stop| stop.code);
            // One that is dead is reaped by a later wait.
            let (Ok(()) | Err(_)) = self.detach(tid, signal);
        }
    }

    /// The thread `before` has become `pid` by an execve.
    pub(in crate::engine::ptrace) fn on_guest_renamed(&mut self, before: Pid, pid: Pid) {
        if before != pid {
            // The leader is gone without a word, and with it what it was about and whom it traced.
            self.guest.forget_task(pid);
            self.guest.forget_task(before);
            self.let_loose(|tracee| tracee.thread == Some(pid));
            let leader = self.guest.tracees.remove(&pid);
            if let Some(tracee) = self.guest.tracees.remove(&before) {
                self.guest.tracees.insert(pid, tracee);
            }
            if let Some(leader) = leader {
                self.wake_sleepers(leader.tracer);
                self.guest.forget_idle_tracer(leader.tracer);
            }
            for tracee in self.guest.tracees.values_mut().filter(|tracee| tracee.thread == Some(before)) {
                tracee.thread = Some(pid);
            }
        }
        if let Some(tracee) = self.guest.tracees.get_mut(&pid) {
            tracee.executed = Some(before);
        }
    }
}

/// The option that makes a tracer follow this kind of child.
pub(super) fn of_birth(birth: Birth) -> u64 {
    1 << event_of(birth)
}

/// PTRACE_EVENT_FORK and so on.
pub(in crate::engine::ptrace) fn event_of(birth: Birth) -> i32 {
    match birth {
        Birth::Fork => libc::PTRACE_EVENT_FORK,
        Birth::Vfork => libc::PTRACE_EVENT_VFORK,
        Birth::Clone => libc::PTRACE_EVENT_CLONE,
    }
}

/// What Yama would say if it asked about the guest's tracer instead of xroot: 1 is for ancestors only, higher values
/// are for the privileged.
fn yama_allows(tracer: Pid, pid: Pid) -> bool {
    let scope = std::fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").unwrap_or_default();
    match scope.trim() {
        "" | "0" => true,
        "1" => {
            let parents = std::iter::successors(Some(pid), |&pid| Some(process::facts(pid)?.parent));
            parents.take_while(|pid| pid.as_raw() > 1).any(|pid| pid == tracer)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_child_has_its_option() {
        // PTRACE_O_TRACEFORK, VFORK and CLONE of include/uapi/linux/ptrace.h.
        assert_eq!([Birth::Fork, Birth::Vfork, Birth::Clone].map(of_birth), [2, 4, 8]);
    }
}
