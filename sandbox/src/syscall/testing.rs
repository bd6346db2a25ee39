//! What handlers' tests need: a session over the host's own `/`, with this process as its only task.
#![forbid(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;

use nix::unistd::Pid;

use super::call::{Action, Call, Handler};
use super::table::{self, Feature};
use super::{World, ids};
use crate::config;
use crate::error::{Errno, Failure};
use crate::exec::loader::Carrier;
use crate::exec::{Emulators, Natives, Runners};
use crate::sys::mem::Memory;
use crate::sys::probe::Probes;
use crate::task::{Fs, Mm, Process, Seccomp, Task, Tasks};
use crate::vfs::{GuestPath, HostLookup, HostPath, Namespace, ViewId, Views};

/// A session and its task.
pub struct Fixture {
    pub world: World,
    pub tasks: Tasks,
}

impl Fixture {
    /// A session whose guest sees `root` as its `/` and is told nothing but the truth.
    pub fn new(root: &str) -> Self {
        let world = World {
            views: Views::new(Namespace::new(HostPath::new(root))),
            lookup: RefCell::new(HostLookup::new()),
            runners: Runners {
                emulators: Emulators::new(config::EmulatorSearch::default()).expect("no emulator is named"),
                natives: Natives::default(),
            },
            carrier: Carrier::of_this_process().expect("a test runs from a file"),
            tool_env: Vec::new(),
            probes: Probes::new(),
            pins: false,
            features: Vec::new(),
            trapped: Vec::new(),
            ids: None,
            kernel_release: None,
            machine: None,
            uname: None,
            wait_all: false,
            tracer: Pid::from_raw(1),
            verbose: false,
            exec_log: None,
            trace: None,
            report: false,
            let_through: None,
            wrong_links: None,
            unsupported: RefCell::default(),
            noted: RefCell::new(HashSet::new()),
            sockets: RefCell::default(),
        };
        let own = Pid::this();
        let mm = Mm::before_exec();
        let mut tasks = Tasks::default();
        tasks.insert(Task {
            tid: own,
            process: Rc::new(Process {
                pid: own,
                credentials: RefCell::default(),
                reached: RefCell::default(),
                view: Cell::new(ViewId::GUEST),
                sent: Cell::new(0),
            }),
            fs: Rc::new(Fs {
                cwd: RefCell::new(None),
                root: RefCell::new(GuestPath::root()),
                handle: RefCell::new(None),
            }),
            mm: Rc::new(mm),
            slot: None,
            area: None,
            seccomp: Seccomp::default(),
            sigsys: Rc::default(),
            forced: None,
            seen: Default::default(),
            fatal: None,
            domain: None,
            prepared: Vec::new(),
            held: None,
            traced_by: None,
            stopped: Default::default(),
        });
        Self { world, tasks }
    }

    /// The same under a pretended identity.
    pub fn with_ids(uid: u32, gid: u32) -> Self {
        let mut fixture = Self::new("/");
        let pretended = config::Ids { uid, gid };
        fixture.world.ids = Some(pretended);
        fixture.world.features.push(Feature::FakeIds);
        let task = fixture.tasks.get(Pid::this()).expect("the fixture has one task");
        *task.process.credentials.borrow_mut() = ids::initial(pretended);
        fixture
    }

    /// The call `name` of the task, with these arguments and zeros behind them.
    pub fn call<'a, const N: usize>(
        &'a mut self,
        name: &str,
        mem: &'a dyn Memory,
        given: [u64; N],
    ) -> Call<'a> {
        let row = table::TABLE.iter().find(|row| row.name == name).expect("the table has every call");
        let mut args = [0; 6];
        args[..N].copy_from_slice(&given);
        Call { row, args, tid: Pid::this(), tasks: &mut self.tasks, world: &self.world, mem }
    }
}

/// What `handler` answers to `call` in the kernel's place.
///
/// # Panics
/// If it lets the kernel run the call.
#[track_caller]
pub fn answer(mut call: Call<'_>, handler: Handler) -> Result<i64, Errno> {
    match handler(&mut call) {
        Ok(Action::Answer(value)) => Ok(value),
        Err(Failure::Errno(errno)) => Err(errno),
        Ok(Action::Pass) => panic!("{} passed", call.row.name),
        Ok(_) => panic!("{} was rewritten", call.row.name),
        Err(failure) => panic!("{}: {failure:?}", call.row.name),
    }
}

/// The errno with which `handler` refuses `call`; `None` if the kernel runs it.
pub fn refused(mut call: Call<'_>, handler: Handler) -> Option<Errno> {
    match handler(&mut call) {
        Err(Failure::Errno(errno)) => Some(errno),
        Ok(Action::Pass | Action::Rewrite(_)) => None,
        _ => panic!("{} was answered", call.row.name),
    }
}
