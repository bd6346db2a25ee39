//! Who has used the processor: how often each program ran, and how long.
//!
//! A process's clock goes on over execve, so it is read there, and when threads end.
//!
//! Source: clock_getcpuclockid(3); PTRACE_O_TRACEEXIT of ptrace(2).
#![forbid(unsafe_code)]

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use nix::unistd::Pid;

use crate::exec::Plan;
use crate::sys::process::cpu_time;

/// What runs a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Runs {
    /// A program of the host's, in the place of the guest's.
    Native,
    /// The guest's, by an emulator.
    Emulated,
    /// The guest's, which this host runs itself.
    Own,
}

impl Runs {
    /// How the planned program runs.
    pub fn of(plan: &Plan) -> Self {
        match (&plan.tool, plan.emulated) {
            (Some(_), _) => Self::Native,
            (None, Some(_)) => Self::Emulated,
            (None, None) => Self::Own,
        }
    }

    /// The word for it in logs and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Emulated => "emulated",
            Self::Own => "own",
        }
    }
}

/// What one program has used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    pub starts: u64,
    pub time: Duration,
}

/// The books of a session.
#[derive(Debug, Default)]
pub struct Usage {
    programs: BTreeMap<Program, Used>,
    /// By process: its program, and its clock when it was last read.
    running: HashMap<Pid, (Option<Program>, Duration)>,
    /// How often a task has stopped for the tracer.
    stops: u64,
}

/// What runs it, and its guest path.
type Program = (Runs, Vec<u8>);

impl Usage {
    /// `parent` has made the process `child`, which runs the same program.
    pub fn forked(&mut self, parent: Pid, child: Pid) {
        let program = self.running.get(&parent).and_then(|(program, _)| program.clone());
        self.running.insert(child, (program, Duration::ZERO));
    }

    /// `process` has begun to run what `plan` says.
    pub fn executed(&mut self, process: Pid, plan: &Plan) {
        self.read(process);
        let key = (Runs::of(plan), plan.exe.as_bytes().to_vec());
        self.programs.entry(key.clone()).or_default().starts += 1;
        self.running.entry(process).or_default().0 = Some(key);
    }

    /// Books what `process` has used since the last time.
    pub fn read(&mut self, process: Pid) {
        let Some(now) = cpu_time(process) else { return };
        let (program, before) = self.running.entry(process).or_default();
        if let Some(used) = program.as_ref().and_then(|program| self.programs.get_mut(program)) {
            used.time += now.saturating_sub(*before);
        }
        *before = now;
    }

    /// A task has stopped.
    pub fn stopped(&mut self) {
        self.stops += 1;
    }

    /// How often tasks have stopped for the tracer. The ends of threads, which stop only for these books, do not count.
    pub fn stops(&self) -> u64 {
        self.stops
    }

    /// `process` is gone.
    pub fn ended(&mut self, process: Pid) {
        self.running.remove(&process);
    }

    /// Every program and what it has used, most time first.
    pub fn programs(&self) -> Vec<(Runs, String, Used)> {
        let shown = |((runs, name), used): (&(Runs, Vec<u8>), &Used)| {
            (*runs, String::from_utf8_lossy(name).into_owned(), *used)
        };
        let mut all: Vec<_> = self.programs.iter().map(shown).collect();
        all.sort_by_key(|(_, _, used)| std::cmp::Reverse(used.time));
        all
    }
}
