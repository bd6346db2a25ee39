//! Guests that trace each other: what ptrace(2) and wait(2) would tell them if xroot were not in between.
//!
//! A task has one tracer in the kernel, xroot. Who the guest believes to trace it is kept in the books below. A stop
//! that the guest's tracer would see is held: the task is simply not resumed, so that the kernel still knows its
//! registers, memory and signal, and xroot makes the tracer's requests in its name. Nothing changes for any task that
//! neither traces nor is traced.
//!
//! * [`stops`]: from a stop of the kernel's to one that the guest sees, and on from there.
//! * [`attach`]: how a task comes by a tracer and loses it.
//! * [`request`]: the requests of ptrace(2) about a stopped task, [`data`] those that move data.
//! * [`news`]: what there is to tell a tracer, [`wait`]: its wait4(2) and waitid(2), which tell it. Its threads stop at
//!   every call for that, and nobody else's.
//!
//! Source: ptrace(2), wait(2); kernel/ptrace.c, kernel/signal.c and kernel/exit.c of Linux 6.18.
#![forbid(unsafe_code)]

mod attach;
mod data;
mod info;
mod news;
mod request;
mod stops;
mod wait;

use std::collections::{HashMap, HashSet, VecDeque};

use nix::unistd::Pid;

use crate::arch::Regs;
use crate::sys::wait::Event;
pub(super) use attach::event_of;
use info::SigInfo;

/// PTRACE_O_* and PTRACE_EVENT_* of include/uapi/linux/ptrace.h that the C library's headers of all hosts agree on.
pub(super) mod option {
    pub const SYSGOOD: u64 = 1;
    pub const EXEC: u64 = 1 << 4;
    pub const VFORKDONE: u64 = 1 << 5;
    pub const EXIT: u64 = 1 << 6;
    pub const EXITKILL: u64 = 1 << 20;
    pub const SUSPEND_SECCOMP: u64 = 1 << 21;
    pub const ALL: u64 = 0xff | EXITKILL | SUSPEND_SECCOMP;
}

/// Who traces whom among the guest's tasks.
#[derive(Default)]
pub(super) struct Guest {
    /// By thread id.
    tracees: HashMap<Pid, Tracee>,
    /// By process id: every process that traces somebody, or has not yet waited for the end of one that it traced.
    tracers: HashMap<Pid, Tracer>,
    /// Threads of tracers that are in a call of the wait family.
    waits: HashMap<Pid, wait::Waiting>,
    /// Threads of tracers whose next wait finds no child of their own, and sleeps instead.
    sleepers: HashSet<Pid>,
    /// Tasks that xroot has interrupted for its own purposes: the stop is nobody else's business.
    nudged: HashSet<Pid>,
    /// New tasks whose first stop, which every task of xroot's begins with, is still to come.
    newborn: HashSet<Pid>,
    /// Tasks that are left in a group-stop until SIGCONT.
    listening: HashSet<Pid>,
    /// Tracees that make a call again, with this program counter and stack pointer: their tracers know of it already.
    again: HashMap<Pid, [u64; 2]>,
    /// Counts what there is to report, for the oldest to come first.
    clock: u64,
}

/// A task that another process of the guest traces.
pub(super) struct Tracee {
    /// The tracing process.
    tracer: Pid,
    /// The thread of it that may make requests; `None` where PTRACE_TRACEME left that to the parent's any.
    thread: Option<Pid>,
    /// The task's own process.
    process: Pid,
    /// The process is a child of its tracer: the kernel itself tells of its end.
    is_child: bool,
    seized: bool,
    options: u64,
    /// Those of them that the kernel knows of: see [`Engine::more_options`].
    told_options: i32,
    /// How the tracer has let it go on.
    resume: Resume,
    stop: Option<Stop>,
    /// A task made by a tracee has not stopped for the first time yet.
    is_new: bool,
    /// The tracer has asked for a stop by PTRACE_INTERRUPT.
    interrupted: bool,
    /// A signal that the tracer has injected where the kernel takes none: it is delivered without another stop.
    pass: Option<i32>,
    /// What coming signal-delivery-stops are about, where xroot has sent the signals in the name of others.
    next_infos: Vec<SigInfo>,
    /// Signals that have come while its program was being loaded: it gets them afterwards.
    postponed: Vec<SigInfo>,
    /// The number of the call that xroot has answered in the kernel's place, until its exit is told of.
    answered: Option<u64>,
    /// From a successful execve until its call has returned: the id that the thread had before.
    executed: Option<Pid>,
}

/// A process that traces others.
#[derive(Default)]
pub(super) struct Tracer {
    /// Ends of tracees that it has not been told of.
    ends: VecDeque<End>,
    /// What the SIGCHLD on its way says.
    sigchld: Option<SigInfo>,
}

/// The end of a tracee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    pid: Pid,
    process: Pid,
    /// As wait(2) gives it.
    status: i32,
    /// The kernel tells of it, once those before it have been told: it is a child's.
    is_childs: bool,
    time: u64,
}

/// How far a tracee goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Resume {
    /// To its next event.
    #[default]
    Cont,
    /// To the next entry or exit of a call.
    Syscall,
    /// One instruction.
    Step,
}

/// A stop that the guest's tracer may see.
pub(super) struct Stop {
    kind: Kind,
    /// `exit_code` of the kernel: the signal, and the event in the bits above 8.
    code: i32,
    /// What PTRACE_GETEVENTMSG gives.
    message: u64,
    info: Info,
    /// False until a wait has told of it.
    reported: bool,
    time: u64,
}

/// What the task does when it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::ptrace) enum Kind {
    /// It is about to get the signal.
    Signal,
    /// It is about to make a call.
    Entry,
    /// PTRACE_EVENT_SECCOMP: a filter of its own hands the call that it is about to make to its tracer.
    Filtered,
    /// It has made one.
    Exit,
    /// A PTRACE_EVENT_* other than those below.
    Event,
    /// PTRACE_EVENT_STOP, or the group-stop of a task that was not seized.
    Stop,
    /// A new task of a tracer that did not seize: the SIGSTOP it begins with.
    Birth,
    /// It stands at its new program's first instruction.
    Exec,
    /// PTRACE_EVENT_EXIT: it is about to end.
    End,
}

/// What PTRACE_GETSIGINFO gives.
pub(super) enum Info {
    /// The kernel's own.
    Kernel,
    Made(Box<SigInfo>),
    /// None: EINVAL.
    Nothing,
}

impl Guest {
    /// True if nobody traces: then nothing here has a say.
    pub(super) fn is_idle(&self) -> bool {
        self.tracees.is_empty() && self.tracers.is_empty() && self.waits.is_empty()
    }

    pub(super) fn is_traced(&self, pid: Pid) -> bool {
        self.tracees.contains_key(&pid)
    }

    /// True if the process must not wait for children unseen.
    pub(super) fn is_tracer(&self, process: Pid) -> bool {
        self.tracers.contains_key(&process)
    }

    /// How far the thread `pid` of `process` may run before xroot wants to see it.
    pub(super) fn reach(&self, pid: Pid, process: Pid) -> Resume {
        // What a wait is to tell may be gone before the wait's end, and the process is no tracer any more.
        let is_seen = self.is_tracer(process) || self.waits.contains_key(&pid);
        match self.tracees.get(&pid).map(|tracee| tracee.resume) {
            Some(Resume::Cont) | None if is_seen => Resume::Syscall,
            Some(resume) => resume,
            None => Resume::Cont,
        }
    }

    /// Notes that the call at `regs` is made again, after xroot has used its first try for itself.
    pub(super) fn make_again(&mut self, pid: Pid, regs: &Regs) {
        if self.is_traced(pid) {
            self.again.insert(pid, [regs.ip(), regs.sp()]);
        }
    }

    /// As [`Self::is_made_again`], where the call does go on.
    pub(super) fn takes_again(&mut self, pid: Pid, regs: &Regs) -> bool {
        let is_again = self.is_made_again(pid, regs);
        self.again.remove(&pid);
        is_again
    }

    /// True if the call at `regs` is one that is made again.
    pub(super) fn is_made_again(&self, pid: Pid, regs: &Regs) -> bool {
        self.again.get(&pid) == Some(&[regs.ip(), regs.sp()])
    }

    /// Notes that the call `nr` of a task is answered, and that the kernel makes none.
    pub(super) fn answers(&mut self, pid: Pid, nr: u64) {
        if let Some(tracee) = self.tracees.get_mut(&pid) {
            tracee.answered = Some(nr);
        }
    }

    /// Notes that a task is left in its group-stop.
    pub(super) fn listens(&mut self, pid: Pid) {
        self.listening.insert(pid);
    }

    /// Notes that a task has stopped, or is about to end.
    ///
    /// True if xroot's interruption of it is to be repeated: any stop takes the place of one (ptrace_stop() of
    /// kernel/signal.c), but whether it came before this stop nobody knows. A tracer must not be shown it later on.
    #[must_use]
    pub(super) fn has_moved(&mut self, pid: Pid, event: Event) -> bool {
        self.listening.remove(&pid);
        if event != Event::Trap {
            self.newborn.remove(&pid);
        }
        match event {
            Event::Trap | Event::GroupStop(_) => false,
            _ if event != Event::Exit && self.is_traced(pid) => self.nudged.contains(&pid),
            _ => {
                self.nudged.remove(&pid);
                false
            }
        }
    }

    /// What a child of the task `pid` would be to the tracer of that.
    pub(super) fn heir(&self, pid: Pid) -> Option<Tracee> {
        self.tracees.get(&pid).map(|tracee| tracee.child(pid))
    }

    /// Notes that a new task has not stopped for the first time yet.
    pub(super) fn is_born(&mut self, pid: Pid) {
        self.newborn.insert(pid);
    }

    /// Forgets what was under way in a task that has ended.
    fn forget_task(&mut self, pid: Pid) {
        self.waits.remove(&pid);
        self.again.remove(&pid);
        for set in [&mut self.sleepers, &mut self.nudged, &mut self.newborn, &mut self.listening] {
            set.remove(&pid);
        }
    }

    /// True if xroot has not told the tracer `process` yet that a thread of `leader` has ended.
    fn owes_threads(&self, process: Pid, leader: Pid) -> bool {
        let ends = self.tracers.get(&process).into_iter().flat_map(|tracer| &tracer.ends);
        ends.filter(|end| end.process == leader).any(|end| end.pid != leader)
    }

    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    /// Forgets a tracer that has nobody left to trace and nothing left to be told.
    fn forget_idle_tracer(&mut self, process: Pid) {
        let traces = self.tracees.values().any(|tracee| tracee.tracer == process);
        if !traces && self.tracers.get(&process).is_some_and(|tracer| tracer.ends.is_empty()) {
            self.tracers.remove(&process);
        }
    }
}

impl Tracee {
    fn new(tracer: Pid, thread: Option<Pid>, process: Pid) -> Self {
        Self {
            tracer,
            thread,
            process,
            is_child: false,
            seized: false,
            options: 0,
            told_options: 0,
            resume: Resume::Cont,
            stop: None,
            is_new: false,
            interrupted: false,
            pass: None,
            next_infos: Vec::new(),
            postponed: Vec::new(),
            answered: None,
            executed: None,
        }
    }

    /// The record of a task that this one has made, which is traced from its first instruction.
    pub(super) fn child(&self, process: Pid) -> Self {
        let Self { tracer, thread, seized, options, told_options, .. } = *self;
        Self { is_new: true, seized, options, told_options, ..Self::new(tracer, thread, process) }
    }

    fn wants(&self, option: u64) -> bool {
        self.options & option != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACER: Pid = Pid::from_raw(10);
    const OTHER: Pid = Pid::from_raw(11);
    const TRACEE: Pid = Pid::from_raw(20);

    fn books(resume: Resume) -> Guest {
        let mut guest = Guest::default();
        guest.tracers.insert(TRACER, Tracer::default());
        let tracee = Tracee { resume, ..Tracee::new(TRACER, Some(TRACER), TRACEE) };
        guest.tracees.insert(TRACEE, tracee);
        guest
    }

    #[test]
    fn only_those_who_trace_or_are_traced_stop_more_often() {
        let guest = books(Resume::Step);
        assert_eq!(guest.reach(TRACEE, TRACEE), Resume::Step);
        assert_eq!(guest.reach(TRACER, TRACER), Resume::Syscall);
        assert_eq!(guest.reach(OTHER, OTHER), Resume::Cont);
        assert_eq!(books(Resume::Cont).reach(TRACEE, TRACEE), Resume::Cont);
        assert_eq!(Guest::default().reach(TRACER, TRACER), Resume::Cont);
    }

    #[test]
    fn a_tracer_is_one_until_it_has_been_told_of_every_end() {
        let mut guest = books(Resume::Cont);
        guest.forget_idle_tracer(TRACER);
        assert!(guest.is_tracer(TRACER));
        guest.tracees.clear();
        let end = End { pid: TRACEE, process: TRACEE, status: 0, is_childs: false, time: 1 };
        guest.tracers.get_mut(&TRACER).unwrap().ends.push_back(end);
        guest.forget_idle_tracer(TRACER);
        assert!(guest.is_tracer(TRACER));
        guest.tracers.get_mut(&TRACER).unwrap().ends.clear();
        guest.forget_idle_tracer(TRACER);
        assert!(guest.is_idle());
    }

    #[test]
    fn a_child_is_traced_as_its_parent() {
        let options = option::EXEC | option::SYSGOOD;
        let parent = Tracee { seized: true, options, ..Tracee::new(TRACER, Some(TRACER), TRACEE) };
        let child = parent.child(OTHER);
        assert!(child.is_new && child.seized && child.wants(option::EXEC) && !child.wants(option::EXIT));
        assert_eq!((child.tracer, child.process, child.resume), (TRACER, OTHER, Resume::Cont));
    }
}
