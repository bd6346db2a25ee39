//! Starts the root command: forked, seized, filtered, executed.
#![forbid(unsafe_code)]

use std::collections::{HashMap, HashSet};
use std::os::fd::OwnedFd;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::Engine;
use crate::error::{Errno, Error, TraceFacts};
use crate::sys::ptrace;
use crate::sys::signal::Blocked;
use crate::sys::spawn::{Held, Image};
use crate::syscall::World;
use crate::task::{Task, Tasks};

/// Signals that a process may send to xroot and mean the command.
const FORWARDED: [i32; 10] = [
    libc::SIGTERM,
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGWINCH,
    libc::SIGALRM,
    libc::SIGTSTP,
    libc::SIGCONT,
];

impl<'w> Engine<'w> {
    /// Starts the root command in `directory`, whose task is described by `first` (made once its id is known).
    ///
    /// # Errors
    /// `PtraceDenied` or `AlreadyTraced` where this host does not let xroot trace, else what failed.
    pub fn start(
        world: &'w World,
        image: &Image<'_>,
        directory: &OwnedFd,
        first: impl FnOnce(Pid) -> Task,
    ) -> Result<Self, Error> {
        // Blocked before the fork, so that none is lost; the child unblocks them again.
        let signals = Blocked::new(&FORWARDED);
        let held = Held::fork(image, directory).map_err(Error::os("cannot start a process"))?;
        let root = held.pid;
        if let Err(errno) = ptrace::seize(root) {
            let _ = kill(root, Signal::SIGKILL);
            return Err(denied(errno));
        }
        let mut tasks = Tasks::default();
        tasks.insert(first(root));
        forward(signals, root);
        held.release().map_err(Error::os("cannot let the first process go"))?;
        Ok(Self {
            world,
            tasks,
            phases: HashMap::new(),
            parked: HashSet::new(),
            root,
            ended: None,
            ending: false,
        })
    }
}

/// Why this host does not let xroot trace its own child.
fn denied(errno: Errno) -> Error {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field =
        |name: &str| status.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u32>().ok());
    if let Some(tracer) = field("TracerPid:").filter(|&tracer| tracer != 0) {
        let name = std::fs::read_to_string(format!("/proc/{tracer}/comm")).unwrap_or_default();
        return Error::AlreadyTraced { tracer, name: name.trim_end().to_owned() };
    }
    let yama = std::fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope");
    let yama = yama.ok().and_then(|text| text.trim().parse().ok());
    Error::PtraceDenied { errno, facts: TraceFacts { yama, seccomp: field("Seccomp:") } }
}

/// Passes what other processes send to xroot on to the command, from a thread of its own.
///
/// What the terminal sends has reached the command already, and so has what a tracee sends to its whole group.
fn forward(signals: Blocked, root: Pid) {
    std::thread::spawn(move || {
        loop {
            let Ok(received) = signals.wait() else { continue };
            let Some(sender) = received.sender else { continue };
            if !is_tracee_of_ours(sender) {
                let signal = Signal::try_from(received.signal).expect("only named signals are waited for");
                let _ = kill(root, signal);
            }
        }
    });
}

fn is_tracee_of_ours(pid: Pid) -> bool {
    let Ok(status) = std::fs::read_to_string(format!("/proc/{pid}/status")) else { return false };
    let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:"));
    tracer.is_some_and(|tracer| tracer.trim() == Pid::this().to_string())
}
