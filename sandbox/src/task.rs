//! What the tracer knows of each tracee, grouped by how clone(2) shares it.
#![forbid(unsafe_code)]

mod landlock;
mod scratch;
mod seccomp;
mod sigsys;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::Arc;

use nix::unistd::Pid;

pub use self::landlock::Domain;
pub use self::scratch::{Area, SAVED_SIZE, SLOT_SIZE, SLOTS, Scratch, Slot};
pub use self::seccomp::{Filter, Seccomp};
pub use self::sigsys::{ACTION_SIZE, Disposition, Forced, Seen, SignalAction, Sigsys, kept};
use crate::sys::mem::MemFile;
use crate::vfs::{GuestPath, Reached, ViewId};

/// One thread of the guest.
pub struct Task {
    /// The kernel's thread id.
    pub tid: Pid,
    /// Shared with CLONE_THREAD.
    pub process: Rc<Process>,
    /// Shared with CLONE_FS.
    pub fs: Rc<Fs>,
    /// Shared with CLONE_VM, replaced by execve.
    pub mm: Rc<Mm>,
    /// This thread's slot in the scratch area of `mm`.
    pub slot: Option<Slot>,
    /// A larger piece of memory, for the arguments of an execve.
    pub area: Option<Area>,
    /// What it has forbidden itself.
    pub seccomp: Seccomp,
    /// What SIGSYS does; shared with CLONE_SIGHAND.
    pub sigsys: Rc<Sigsys>,
    /// The kernel has taken SIGSYS's handler and blocking away.
    pub forced: Option<Forced>,
    /// What SIGSYS was like in it before.
    pub seen: Seen,
    /// The process is about to end by this SIGSYS.
    pub fatal: Option<libc::siginfo_t>,
    /// The innermost Landlock domain that it is in.
    pub domain: Option<Rc<Domain>>,
    /// The results of the calls that were made in preparation of the one that it makes now.
    pub prepared: Vec<i64>,
    /// A file without a name that the stub is about to map.
    pub held: Option<OwnedFd>,
    /// The process of the guest that traces this thread.
    pub traced_by: Option<Pid>,
    /// What the guest believes it to be doing.
    pub stopped: Stopped,
}

/// Whether a task stands still as far as the guest can tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stopped {
    /// If it stops at all, xroot alone knows.
    #[default]
    No,
    /// With its process, by a stop signal.
    WithGroup,
    /// For its tracer.
    ForTracer,
}

/// One thread group.
pub struct Process {
    /// The thread group id.
    pub pid: Pid,
    /// The ids that the guest believes to have; only kept under a fake identity.
    pub credentials: RefCell<Credentials>,
    /// The names by which it reached directories that have several.
    pub reached: RefCell<Reached>,
    /// What it sees: chosen by execve, inherited over fork.
    pub view: Cell<ViewId>,
    /// The standard signals, a bit each, that guests have sent to it since it last got one of that number.
    pub sent: Cell<u64>,
}

/// What chdir(2) changes.
pub struct Fs {
    /// The working directory's guest path as the task reached it; `None` where the guest has no name for it.
    pub cwd: RefCell<Option<GuestPath>>,
    /// The root, as chroot(2) has changed it: a guest path, which every other one is told relative to. The kernel's own
    /// stays the host's.
    pub root: RefCell<GuestPath>,
    /// The kernel's own working directory (O_PATH), kept open so that a relative lookup costs one call less.
    pub handle: RefCell<Option<Arc<OwnedFd>>>,
}

/// The file of a program.
#[derive(Clone, Debug)]
pub struct Image {
    /// Open as a place (O_PATH).
    pub file: Arc<OwnedFd>,
    /// It was executed on a read-only mount.
    pub readonly: bool,
}

/// One address space.
pub struct Mm {
    /// The guest path that /proc/PID/exe shows.
    pub exe: RefCell<GuestPath>,
    /// That file, to be found however it is called meanwhile; `None` where the tracer has no descriptor to spare, or cannot
    /// be sure of it: then only its name is known.
    pub image: RefCell<Option<Image>>,
    /// Device and inode of the file that runs, which nobody may write to while it runs.
    pub text: Cell<Option<(u64, u64)>>,
    /// What prctl(PR_GET_DUMPABLE) answers; the kernel's own flag stays 1, or the tracer would go blind.
    pub dumpable: Cell<u64>,
    /// The scratch area: read-only to the guest, written by the tracer.
    pub scratch: RefCell<Scratch>,
    /// What the scratch area holds at [`Scratch::nonce_address`]: a number that no other address space has and nobody can
    /// guess, for a copy to tell what it is a copy of. Until a copy gets its own, it has that of the original.
    pub nonce: Cell<u64>,
    /// Start of the stub's pages, 0 if there are none.
    pub stub: Cell<u64>,
    /// True from execve until the stub has loaded the program: its calls are xroot's own.
    pub loading: Cell<bool>,
    /// A signal that stops the process has come meanwhile.
    pub stops_later: Cell<bool>,
    /// /proc/PID/mem of this address space, once it has been needed.
    pub file: MemFile,
}

impl Task {
    /// The task that clone(2) makes of this one with `flags`.
    pub fn child(&self, tid: Pid, flags: i32) -> Self {
        let has = |flag| flags & flag != 0;
        let process = &self.process;
        Self {
            tid,
            process: if has(libc::CLONE_THREAD) { Rc::clone(process) } else { Rc::new(process.copied(tid)) },
            fs: if has(libc::CLONE_FS) { Rc::clone(&self.fs) } else { Rc::new(self.fs.copied()) },
            mm: if has(libc::CLONE_VM) { Rc::clone(&self.mm) } else { Rc::new(self.mm.copied()) },
            slot: None,
            area: None,
            seccomp: self.seccomp.clone(),
            sigsys: if has(libc::CLONE_SIGHAND) {
                Rc::clone(&self.sigsys)
            } else {
                Rc::new(Sigsys::clone(&self.sigsys))
            },
            forced: None,
            seen: self.seen,
            fatal: None,
            domain: self.domain.clone(),
            prepared: Vec::new(),
            held: None,
            traced_by: None,
            stopped: Stopped::No,
        }
    }

    /// What is remembered of a task that has ended: nothing is held open, and `mm` stands for its memory.
    pub fn remembered(self, mm: Rc<Mm>) -> Self {
        let fs = Rc::new(self.fs.copied());
        *fs.handle.borrow_mut() = None;
        Self { fs, mm, slot: None, area: None, held: None, ..self }
    }
}

impl Process {
    fn copied(&self, pid: Pid) -> Self {
        Self {
            pid,
            credentials: RefCell::clone(&self.credentials),
            reached: RefCell::clone(&self.reached),
            view: Cell::clone(&self.view),
            sent: Cell::new(0),
        }
    }

    /// A guest is about to send it this signal.
    pub fn note_sent(&self, signal: i32) {
        self.sent.set(self.sent.get() | bit(signal));
    }

    /// Whether a guest has sent it this signal since this was last asked.
    pub fn was_sent(&self, signal: i32) -> bool {
        let sent = self.sent.get();
        self.sent.set(sent & !bit(signal));
        sent & bit(signal) != 0
    }
}

/// A signal in a set; none for what is no standard signal: the others are queued.
fn bit(signal: i32) -> u64 {
    if (1..32).contains(&signal) { 1 << signal } else { 0 }
}

impl Fs {
    /// What unshare(2) makes of it.
    pub fn copied(&self) -> Self {
        Self {
            cwd: RefCell::clone(&self.cwd),
            root: RefCell::clone(&self.root),
            handle: RefCell::clone(&self.handle),
        }
    }
}

impl Mm {
    /// The copy of xroot's own address space that the root command has until its execve.
    pub fn before_exec() -> Self {
        let mm = Self::loading(GuestPath::root());
        mm.loading.set(false);
        mm
    }

    /// The address space that execve makes, in which the stub is about to load the program `exe`.
    pub fn loading(exe: GuestPath) -> Self {
        Self {
            exe: RefCell::new(exe),
            image: RefCell::default(),
            text: Cell::new(None),
            dumpable: Cell::new(1),
            scratch: RefCell::default(),
            nonce: Cell::new(0),
            stub: Cell::new(0),
            loading: Cell::new(true),
            stops_later: Cell::new(false),
            file: MemFile::default(),
        }
    }

    /// What is remembered of it when it has ended: its program's file is not held open.
    pub fn remembered(&self) -> Self {
        Self { image: RefCell::default(), ..self.copied() }
    }

    /// What belongs at the end of the saved values of this slot.
    pub fn nonce_in(&self, slot: u64) -> u64 {
        if self.scratch.borrow().is_first(slot) { self.nonce.get() } else { 0 }
    }

    /// What a new number is to be.
    pub fn new_nonce() -> u64 {
        RandomState::new().hash_one(())
    }

    fn copied(&self) -> Self {
        Self {
            exe: RefCell::clone(&self.exe),
            image: RefCell::clone(&self.image),
            text: Cell::clone(&self.text),
            dumpable: Cell::clone(&self.dumpable),
            scratch: RefCell::new(self.scratch.borrow().copied()),
            nonce: Cell::clone(&self.nonce),
            stub: Cell::clone(&self.stub),
            loading: Cell::new(false),
            stops_later: Cell::new(false),
            file: MemFile::default(),
        }
    }
}

/// User and group ids as credentials(7) names them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    pub uid: Ids,
    pub gid: Ids,
    pub groups: Vec<u32>,
    pub caps: Capabilities,
    /// As prctl(PR_SET_KEEPCAPS) has left it.
    pub keep_caps: bool,
}

/// Sets of capabilities(7), as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    pub effective: u64,
    pub permitted: u64,
    pub inheritable: u64,
}

impl Capabilities {
    /// What root has: every capability up to CAP_CHECKPOINT_RESTORE, the last of Linux 6.18.
    pub const fn all() -> Self {
        let all = (1 << 41) - 1;
        Self { effective: all, permitted: all, inheritable: 0 }
    }

    /// True if `capability` is effective.
    pub fn has(&self, capability: u32) -> bool {
        self.effective >> capability & 1 == 1
    }
}

/// Real, effective, saved and file-system id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ids {
    pub real: u32,
    pub effective: u32,
    pub saved: u32,
    pub fs: u32,
}

/// All tracees, by thread id.
#[derive(Default)]
pub struct Tasks(HashMap<Pid, Task>);

impl Tasks {
    /// The task `tid`, if it is a tracee.
    pub fn get(&self, tid: Pid) -> Option<&Task> {
        self.0.get(&tid)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, tid: Pid) -> Option<&mut Task> {
        self.0.get_mut(&tid)
    }

    /// Adds a task, replacing one of the same id.
    pub fn insert(&mut self, task: Task) {
        self.0.insert(task.tid, task);
    }

    /// Forgets a task.
    pub fn remove(&mut self, tid: Pid) -> Option<Task> {
        self.0.remove(&tid)
    }

    /// Every task, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Task> {
        self.0.values()
    }

    /// False if Landlock forbids `tracer` to trace `tid`.
    pub fn may_trace(&self, tracer: Pid, tid: Pid) -> bool {
        let domain = |tid| self.get(tid).and_then(|task| task.domain.as_ref());
        Domain::holds(domain(tracer), domain(tid))
    }

    /// Closes what is only kept open to save a call next time.
    pub fn close_kept(&self) {
        for task in self.iter() {
            task.mm.file.close();
            *task.fs.handle.borrow_mut() = None;
        }
    }

    /// True if nothing is traced any more.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True if `pid` is a process or a thread of the guest.
    pub fn contains(&self, pid: Pid) -> bool {
        self.0.contains_key(&pid)
    }
}
