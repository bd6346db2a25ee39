//! A trapped call, as handlers see it, and what they may decide.
#![forbid(unsafe_code)]

use std::os::fd::OwnedFd;
use std::sync::Arc;

use nix::unistd::Pid;

use super::table::Row;
use super::world::World;
use crate::error::{Errno, Failure};
use crate::exec::Plan;
use crate::sys::mem::Memory;
use crate::task::{Task, Tasks};
use crate::vfs::{GuestPath, Namespace, View};

/// One call of one task, stopped before the kernel runs it.
pub struct Call<'a> {
    /// The table's row of this call.
    pub row: &'static Row,
    /// The arguments as the guest gave them.
    pub args: [u64; 6],
    /// The calling thread.
    pub tid: Pid,
    /// Every tracee, the caller among them.
    pub tasks: &'a mut Tasks,
    /// The session's mount table, identity and settings.
    pub world: &'a World,
    /// The caller's memory.
    pub mem: &'a dyn Memory,
}

/// Decides what becomes of a call.
///
/// # Errors
/// `Errno` is the call's result, `Gone` and `Broken` are the engine's to handle.
pub type Handler = fn(&mut Call<'_>) -> Result<Action, Failure>;

/// Runs when a rewritten call has returned, with its result; returns the result that the guest gets.
pub type OnExit = Box<dyn FnOnce(&mut Call<'_>, i64) -> Result<i64, Failure>>;

/// A handler's decision.
pub enum Action {
    /// The kernel runs the call as it is.
    Pass,
    /// The kernel runs nothing; this is the result, a negated errno if negative.
    Answer(i64),
    /// The kernel runs a changed call; the guest's argument registers are put back afterwards.
    Rewrite(Rewrite),
    /// The tracee makes these calls first. Then it makes its own again, and the handler finds their results in
    /// [`Task::prepared`]. No signal is delivered meanwhile.
    Prepare(Vec<Rewrite>),
    /// ptrace: the engine, which is everybody's tracer, answers for the one that the guest means.
    Trace,
    /// execve: the kernel runs xroot's own file with the guest's arguments, and the stub in it loads the program.
    Exec(Box<Exec>),
}

/// What an execve is to run, and the arguments of it that the tracer must know.
pub struct Exec {
    pub plan: Plan,
    /// Where the guest's argv and envp arrays are, as it gave them.
    pub argv: u64,
    pub envp: u64,
    /// Which argument of the call is the path; argv and envp follow it.
    pub path_argument: usize,
    /// A file without a name, held open until the stub has mapped it.
    pub held: Option<OwnedFd>,
    /// The program lies on a read-only mount, whatever its name says.
    pub readonly: bool,
}

/// How a call is changed before the kernel sees it.
#[derive(Default)]
pub struct Rewrite {
    /// Another call's number; `None` keeps it.
    pub nr: Option<u64>,
    /// New argument values by index.
    pub args: Vec<(usize, Value)>,
    /// Bytes for the scratch slot, which [`Value::Scratch`] points into.
    pub data: Vec<u8>,
    /// Words of `data` that hold an address of it: the offset of each, and the offset it points to.
    pub addresses: Vec<(usize, usize)>,
    /// `data` may be more than a scratch slot holds. Otherwise that much is a path too long.
    pub may_be_large: bool,
    /// What is left to do when the call has returned.
    pub exit: Option<OnExit>,
    /// The tracer's descriptors that the arguments lead through: held until the call has returned.
    pub keep: Vec<Arc<OwnedFd>>,
}

/// A new argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// This number.
    Plain(u64),
    /// The address of this offset of [`Rewrite::data`].
    Scratch(usize),
}

impl Rewrite {
    /// Makes argument `index` the number `value`.
    pub fn set(&mut self, index: usize, value: u64) {
        self.args.push((index, Value::Plain(value)));
    }

    /// The call `nr` with numbers alone, and zeros behind them.
    pub fn of<const N: usize>(nr: u64, args: [u64; N]) -> Self {
        let mut rewrite = Self { nr: Some(nr), ..Self::default() };
        (0..6).for_each(|index| rewrite.set(index, args.get(index).copied().unwrap_or(0)));
        rewrite
    }

    /// Makes argument `index` a pointer to `bytes`, 8-byte aligned.
    pub fn stage(&mut self, index: usize, bytes: &[u8]) {
        self.data.resize(self.data.len().next_multiple_of(8), 0);
        self.args.push((index, Value::Scratch(self.data.len())));
        self.data.extend_from_slice(bytes);
    }

    /// What is left to do when the call has returned, what is kept until then included.
    pub fn take_exit(&mut self) -> Option<OnExit> {
        let (keep, exit) = (std::mem::take(&mut self.keep), self.exit.take());
        if keep.is_empty() {
            return exit;
        }
        Some(Box::new(move |call, ret| {
            drop(keep);
            exit.map_or(Ok(ret), |exit| exit(call, ret))
        }))
    }

    /// Makes the guest see `errno` where the kernel says ENOENT.
    pub fn replace_missing(&mut self, errno: Errno) {
        const MISSING: i64 = -(Errno::ENOENT as i64);
        self.exit = Some(Box::new(move |_, ret| if ret == MISSING { Err(errno.into()) } else { Ok(ret) }));
    }

    /// Makes argument `index` a pointer to a NUL-terminated copy of `path`.
    pub fn stage_path(&mut self, index: usize, path: &[u8]) {
        self.stage(index, path);
        self.data.push(0);
    }
}

impl Call<'_> {
    /// The calling task.
    pub fn task(&self) -> &Task {
        self.tasks.get(self.tid).expect("a call is made by a task that is in the table")
    }

    /// The mount table as the caller sees it.
    pub fn names(&self) -> &Namespace {
        &self.view().names
    }

    /// What the caller sees.
    pub fn view(&self) -> &View {
        self.world.views.get(self.task().process.view.get())
    }

    /// The caller's root: `/` but after a chroot(2).
    pub fn root(&self) -> GuestPath {
        self.task().fs.root.borrow().clone()
    }

    /// Argument `index` as the C type `int`, in which descriptors, flags and modes travel.
    pub fn int(&self, index: usize) -> i32 {
        self.args[index] as i32
    }

    /// Reads the path that argument `index` points to.
    ///
    /// # Errors
    /// EFAULT, and ENAMETOOLONG for PATH_MAX bytes and more.
    pub fn read_path(&self, index: usize) -> Result<Vec<u8>, Errno> {
        self.mem.read_cstr(self.args[index], libc::PATH_MAX as usize - 1)
    }
}
