//! What all calls of a session share.
#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::collections::HashSet;
use std::ffi::OsString;

use nix::unistd::Pid;

use super::log::Log;
use super::socket;
use super::table::{Feature, Row};
use super::trace::Trace;
use super::unsupported::{self, Unsupported};
use crate::arch;
use crate::config::Ids;
use crate::error::{Errno, Error, tell};
use crate::exec::loader::Carrier;
use crate::exec::{Machine, Plan, Runners};
use crate::sys::probe::Probes;
use crate::vfs::{HostLookup, Views};

/// The session's mount tables, identity and settings: what a handler may ask beside the call itself.
pub struct World {
    /// The mount tables: one for the guest's own programs, others for tools of the host.
    pub views: Views,
    /// The host's files, looked at for one call at a time.
    pub lookup: RefCell<HostLookup>,
    pub runners: Runners,
    /// xroot's own file, which every execve runs so that the stub in it can load the program.
    pub carrier: Carrier,
    /// What native tools get added to their environment, `NAME=value`: every program starts without it.
    pub tool_env: Vec<Vec<u8>>,
    /// What this kernel can do.
    pub probes: Probes,
    /// What calls are trapped for in this session.
    pub features: Vec<Feature>,
    /// Calls that stop as SIGSYS, because an outer filter denies them.
    pub trapped: Vec<&'static str>,
    /// The identity that the guest is told, if not its own.
    pub ids: Option<Ids>,
    pub kernel_release: Option<OsString>,
    /// The machine of the guest's own programs, where it is not this host's.
    pub machine: Option<&'static Machine>,
    /// What uname(2) tells tools of the host of it.
    pub uname: Option<String>,
    pub wait_all: bool,
    /// The guest may follow the links of the tracer's descriptors: the tracer has no capability that it lacks.
    pub pins: bool,
    /// The process that traces the guest and that the guest must not reach.
    pub tracer: Pid,
    /// Logs each decision.
    pub verbose: bool,
    /// Where a line goes for each program that is started.
    pub exec_log: Option<Log>,
    /// Where a line goes for each decision.
    pub trace: Option<Trace>,
    /// Books what each program uses.
    pub report: bool,
    /// The name of a call that no handler is asked about.
    pub let_through: Option<String>,
    /// The name of a call that treats a last symlink in the wrong way.
    pub wrong_links: Option<String>,
    /// Calls that were answered because they are not supported.
    pub unsupported: RefCell<Unsupported>,
    /// What the user has been told already.
    pub noted: RefCell<HashSet<String>>,
    /// The names that the guest has given to sockets.
    pub sockets: RefCell<socket::Names>,
}

impl World {
    /// Counts a call that the table does not know, or that came by another ABI than the host's own.
    pub fn count_unsupported(&self, audit_arch: u32, nr: u64) {
        let is_foreign = audit_arch != arch::AUDIT_ARCH || arch::is_other_abi(nr);
        let why = if is_foreign { "another ABI than this host's own" } else { "xroot knows no such call" };
        if is_foreign {
            // Once a session: a program that means it will make many.
            self.say_once(
                "a program makes system calls of another ABI (i386 or x32) that are not supported: ENOSYS",
            );
        }
        self.unsupported.borrow_mut().count(unsupported::name(audit_arch, nr), Errno::ENOSYS, why);
    }

    /// Says something on stderr, unless it has been said; true if it was said now.
    fn say_once(&self, text: &str) -> bool {
        let is_new = self.noted.borrow_mut().insert(text.to_owned());
        if is_new {
            tell(format!("xroot: {text}"));
        }
        is_new
    }

    /// Counts a call that xroot refuses, as the row says why.
    pub fn count_refused(&self, row: &Row, errno: Errno) {
        self.unsupported.borrow_mut().count(row.name.to_owned(), errno, row.why);
    }

    /// Tells the user, once a session, why a guest's call failed where its errno alone would mislead.
    pub fn note(&self, error: &Error) {
        if self.say_once(&error.to_string()) {
            if let Some(hint) = error.hint() {
                tell(format!("xroot: try: {hint}"));
            }
        }
    }

    /// Logs that `pid` runs what `plan` says: "PID native GUEST-PATH HOST-PATH", or "emulated" or "own" and the guest's path
    /// alone.
    pub fn tell_exec(&self, pid: Pid, how: &str, plan: &Plan) {
        if self.exec_log.is_none() && !self.verbose {
            return;
        }
        let guest = String::from_utf8_lossy(plan.exe.as_bytes());
        let line = match &plan.tool {
            Some(_) => format!("{pid} {how} {guest} {}", plan.program.as_path().display()),
            None => format!("{pid} {how} {guest}"),
        };
        if self.verbose {
            tell(&line);
        }
        if let Some(log) = &self.exec_log {
            log.line(&line);
        }
    }

    /// Closes what the last call looked at: a file that the tracer holds open would outlive its deletion.
    pub fn forget_files(&self) {
        self.lookup.borrow_mut().forget();
    }

    /// True if calls are trapped for `feature`.
    pub fn has(&self, feature: Feature) -> bool {
        self.features.contains(&feature)
    }
}
