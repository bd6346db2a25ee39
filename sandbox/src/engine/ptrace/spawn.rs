//! Starts the root command: forked, seized, filtered, executed.
#![forbid(unsafe_code)]

use std::collections::{HashMap, HashSet, VecDeque};
use std::os::fd::OwnedFd;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::Engine;
use super::guest::Guest;
use super::job::Job;
use super::turns::Turns;
use super::usage::Usage;
use crate::error::{Errno, Error, TraceFacts};
use crate::sys::front::Front;
use crate::sys::ptrace::Told;
use crate::sys::spawn::{Held, Image};
use crate::sys::{inherited, ptrace};
use crate::syscall::World;
use crate::task::{Task, Tasks};

impl<'w> Engine<'w> {
    /// Starts the root command in `directory`, whose task is described by `first` (made once its id is known).
    /// `front` stands for it in the eyes of others, if this process does not.
    ///
    /// # Errors
    /// `PtraceDenied` or `AlreadyTraced` where this host does not let xroot trace, else what failed.
    pub fn start(
        world: &'w World,
        image: &Image<'_>,
        directory: &OwnedFd,
        front: Option<Front>,
        first: impl FnOnce(Pid) -> Task,
    ) -> Result<Self, Error> {
        let held = Held::fork(image, directory).map_err(Error::os("cannot start a process"))?;
        let root = held.pid;
        let told = if world.report { Told::EventsAndExits } else { Told::Events };
        if let Err(errno) = ptrace::seize(root, told) {
            let error = denied(errno, root);
            let _ = kill(root, Signal::SIGKILL);
            return Err(error);
        }
        let mut tasks = Tasks::default();
        tasks.insert(first(root));
        // Not before the fork: the guest keeps the limits of the caller.
        inherited::raise_descriptors();
        if let Some(front) = &front {
            front.started(root);
        }
        held.release().map_err(Error::os("cannot let the first process go"))?;
        Ok(Self {
            world,
            turns: Turns::new(root),
            tasks,
            phases: HashMap::new(),
            preparing: HashMap::new(),
            executing: HashSet::new(),
            deferred: HashMap::new(),
            unnumbered: HashSet::new(),
            parked: HashSet::new(),
            early: HashMap::new(),
            ended_tasks: VecDeque::new(),
            root,
            job: Job::new(front),
            ended: None,
            ending: false,
            usage: world.report.then(Usage::default),
            guest: Guest::default(),
        })
    }
}

/// Why this host does not let xroot trace its own child.
fn denied(errno: Errno, child: Pid) -> Error {
    let read = |process: &str| std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let (own, childs) = (read("self"), read(&child.to_string()));
    let number = |status: &str, name: &str| {
        status.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u32>().ok())
    };
    let tracer = |status: &str| number(status, "TracerPid:").filter(|&tracer| tracer != 0);
    // A debugger that follows forks may have let go of this process and taken the child.
    if let Some(tracer) = tracer(&own).or_else(|| tracer(&childs)) {
        let name = std::fs::read_to_string(format!("/proc/{tracer}/comm")).unwrap_or_default();
        return Error::AlreadyTraced { tracer, name: name.trim_end().to_owned() };
    }
    let yama = std::fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope");
    let yama = yama.ok().and_then(|text| text.trim().parse().ok());
    Error::PtraceDenied { errno, facts: TraceFacts { yama, seccomp: number(&own, "Seccomp:") } }
}
