//! What the tracer knows of each tracee, grouped by how clone(2) shares it.
#![forbid(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use nix::unistd::Pid;

use crate::vfs::GuestPath;

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
}

/// One thread group.
pub struct Process {
    /// The thread group id.
    pub pid: Pid,
    /// The ids that the guest believes to have; only kept under a fake identity.
    pub credentials: RefCell<Credentials>,
    /// Set once the process has installed a seccomp filter of its own: no rewrite may change a call's number then.
    pub has_filter: Cell<bool>,
}

/// What chdir(2) and chroot(2) change.
pub struct Fs {
    /// The working directory's guest path as the task reached it.
    pub cwd: RefCell<GuestPath>,
    /// The kernel's own working directory (O_PATH), kept open so that a relative lookup costs no readlink.
    pub cwd_fd: RefCell<Option<Rc<OwnedFd>>>,
}

/// One address space.
pub struct Mm {
    /// The guest path that /proc/PID/exe shows.
    pub exe: RefCell<GuestPath>,
    /// What prctl(PR_GET_DUMPABLE) answers; the kernel's own flag stays 1, or the tracer would go blind.
    pub dumpable: Cell<u64>,
    /// The scratch area: read-only to the guest, written by the tracer.
    pub scratch: RefCell<Scratch>,
    /// Start of the stub's pages, 0 if there are none.
    pub stub: Cell<u64>,
    /// True from execve until the stub has loaded the program: its calls are xroot's own.
    pub loading: Cell<bool>,
}

/// The part of a scratch area that one thread uses, given back when the thread is gone.
pub struct Slot {
    mm: Rc<Mm>,
    /// Address of the slot in the tracee.
    pub address: u64,
}

/// Bytes of a slot: the saved registers, two paths of PATH_MAX and a page for small structures.
pub const SLOT_SIZE: u64 = 4 * 4096;

/// Slots in one mapping of a scratch area.
pub const SLOTS: u64 = 32;

/// The free slots of an address space.
#[derive(Default)]
pub struct Scratch {
    free: Vec<u64>,
}

impl Scratch {
    /// Adds a mapping of [`SLOTS`] slots at `address`.
    pub fn add(&mut self, address: u64) {
        self.free.extend((0..SLOTS).rev().map(|index| address + index * SLOT_SIZE));
    }
}

impl Slot {
    /// A free slot of `mm`; `None` if another mapping is needed first.
    pub fn take(mm: &Rc<Mm>) -> Option<Self> {
        let address = mm.scratch.borrow_mut().free.pop()?;
        Some(Self { mm: Rc::clone(mm), address })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.mm.scratch.borrow_mut().free.push(self.address);
    }
}

/// User and group ids as credentials(7) names them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    pub uid: Ids,
    pub gid: Ids,
    pub groups: Vec<u32>,
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

    /// True if nothing is traced any more.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True if `pid` is a process or a thread of the guest.
    pub fn contains(&self, pid: Pid) -> bool {
        self.0.contains_key(&pid)
    }
}
