//! execve: from the guest's call to the first instruction of its program.
//!
//! The kernel runs xroot's own file; the stub in it is started at the exec event and loads the program. See
//! [`crate::exec::loader`] for the order of things.
#![forbid(unsafe_code)]

use std::os::fd::AsFd;
use std::rc::Rc;
use std::sync::Arc;

use nix::unistd::Pid;

use super::inject::Purpose;
use super::step::restore_args;
use super::{Engine, PendingExec, Phase, Runs};
use crate::arch::Regs;
use crate::error::{Errno, Error, Failure, tell};
use crate::exec::loader::{Report, StackInfo, Start, entry_point};
use crate::sys::fs;
use crate::sys::mem::Memory;
use crate::sys::{inherited, process, ptrace, stub, tracee};
use crate::syscall::call::Exec;
use crate::syscall::ids;
use crate::syscall::table::number;
use crate::task::{Area, Image, Mm, SAVED_SIZE, SLOT_SIZE, SLOTS, Seen, Task};

/// What execve(2) allows for arguments and environment together, at the most (MAX_ARG_STRINGS is far above it).
const MAX_POINTERS: usize = 1 << 20;

impl Engine<'_> {
    /// Makes the kernel run xroot's own file instead of the guest's program.
    pub(super) fn start_exec(&mut self, pid: Pid, regs: Regs, exec: Exec) -> Result<(), Failure> {
        let path = [&self.world.carrier.argument(&exec.plan.execfn)[..], b"\0"].concat();
        let argv = match &exec.plan.arguments {
            Some(words) => match self.pointers_after_first(pid, exec.argv) {
                Ok(rest) => Some(Argv { words, rest, append: &exec.plan.append }),
                Err(Failure::Errno(errno)) => return self.answer(pid, regs, -(errno as i64)),
                Err(failure) => return Err(failure),
            },
            None => None,
        };
        let len = path.len() as u64 + 8 + argv.as_ref().map_or(0, Argv::len);
        let Some(base) = self.room(pid, len)? else { return self.inject_mmap(pid, regs, Purpose::Area(len)) };
        let mut bytes = path;
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        let mut changed = regs;
        if let Some(mark) = self.mark(pid) {
            changed.set_ip(mark);
        }
        changed.set_nr(const { number("execve") });
        changed.set_arg(0, base);
        changed.set_arg(1, exec.argv);
        changed.set_arg(2, exec.envp);
        if let Some(argv) = argv {
            changed.set_arg(1, argv.place(base, &mut bytes));
        }
        if !self.stage(pid, base, &bytes)? {
            return self.inject_mmap(pid, regs, Purpose::Slots);
        }
        self.trace_exec(pid, &exec.plan);
        ptrace::set_regs(pid, &changed)?;
        self.phases.insert(pid, Phase::Exec(Box::new(PendingExec { regs, exec })));
        if self.task(pid)?.process.pid != pid {
            self.executing.insert(pid);
        }
        Ok(self.resume(pid, 0)?)
    }

    /// Where `len` bytes can be staged; `None` if memory must be mapped first.
    pub(super) fn room(&mut self, pid: Pid, len: u64) -> Result<Option<u64>, Failure> {
        let task = self.tasks.get_mut(pid).ok_or(Failure::Gone)?;
        if len <= SLOT_SIZE - SAVED_SIZE {
            let slot = task.slot.as_ref().expect("a slot is taken before a handler runs");
            return Ok(Some(slot.address + SAVED_SIZE));
        }
        if task.area.as_ref().is_none_or(|area| area.len < len) {
            task.area = Area::take(&task.mm, len);
        }
        Ok(task.area.as_ref().map(|area| area.address))
    }

    /// The pointers of a NULL-terminated array in the tracee, without the first, the NULL included.
    fn pointers_after_first(&self, pid: Pid, array: u64) -> Result<Vec<u64>, Failure> {
        let memory = self.memory(pid)?;
        if array == 0 || memory.read_u64(array)? == 0 {
            return Ok(vec![0]);
        }
        let mut pointers = Vec::new();
        while pointers.len() < MAX_POINTERS {
            let pointer = memory.read_u64(array + 8 * (pointers.len() as u64 + 1))?;
            pointers.push(pointer);
            if pointer == 0 {
                return Ok(pointers);
            }
        }
        Err(Errno::E2BIG.into())
    }

    /// execve returns: the guest's registers are put back, as it has failed after all.
    pub(super) fn on_exec_return(&mut self, pid: Pid, pending: PendingExec) -> Result<(), Failure> {
        self.executing.remove(&pid);
        let mut regs = ptrace::regs(pid)?;
        let ret = regs.ret();
        if ret == 0 {
            // Its own stop was taken for another's: see [`Self::let_end`].
            return self.load(pid, pending);
        }
        restore_args(&mut regs, &pending.regs);
        regs.set_ret(ret);
        self.trace_result(pid, ret);
        ptrace::set_regs(pid, &regs)?;
        self.leave_call(pid, true)
    }

    /// execve has replaced the image.
    ///
    /// A thread that was not the leader has the leader's id now; all other threads are gone or going.
    pub(super) fn on_exec(&mut self, pid: Pid) -> Result<(), Failure> {
        let before = Pid::from_raw(self.message(pid, libc::PTRACE_EVENT_EXEC)? as i32);
        self.on_renamed(before, pid);
        let Some(Phase::Exec(pending)) = self.phases.remove(&pid) else {
            return Err(Failure::Broken(Error::os("an execve went unseen")(Errno::EPROTO)));
        };
        self.load(pid, *pending)
    }

    /// The stub starts in the new image, in place of xroot's own first instruction.
    fn load(&mut self, pid: Pid, pending: PendingExec) -> Result<(), Failure> {
        let plan = &pending.exec.plan;
        let task = self.tasks.get_mut(pid).ok_or(Failure::Gone)?;
        task.slot = None;
        task.area = None;
        task.mm = Rc::new(Mm::loading(plan.exe.clone()));
        let place = self.world.views.guest().locate(&plan.exe);
        let image = match &pending.exec.held {
            Some(held) => fs::open_path(&fs::own_link(held)).ok(),
            // Of the host's tree, where the guest may have another file of that name.
            None if plan.tool.as_ref().is_some_and(|tool| tool.is_part) => None,
            // Another process may have put a link to somewhere else there by now.
            None => fs::open_path_without_links(place.host.as_bytes())
                .ok()
                .filter(|image| !inherited::is_late_descriptor(image.as_fd())),
        };
        let image = image.map(Arc::new);
        let text = match (&plan.tool, &image) {
            (Some(_), _) => fs::stat(plan.program.as_bytes()).ok(),
            (None, Some(image)) => fs::fstat(image.as_fd()).ok(),
            (None, None) => fs::stat(place.host.as_bytes()).ok(),
        };
        task.mm.text.set(text.map(|stat| (stat.st_dev, stat.st_ino)));
        let readonly = place.mount.is_readonly() || pending.exec.readonly;
        *task.mm.image.borrow_mut() = image.map(|file| Image { file, readonly });
        task.held = pending.exec.held;
        task.sigsys = Rc::new(task.sigsys.after_exec());
        task.forced = None;
        task.seen = Seen { told: 0, ..task.seen };
        task.process.view.set(plan.view);
        if let Some(usage) = &mut self.usage {
            usage.executed(pid, plan);
        }
        self.world.tell_exec(pid, Runs::of(plan).word(), plan);
        ids::after_exec(&mut task.process.credentials.borrow_mut());
        self.adopt_parked();
        let mut regs = ptrace::regs(pid)?;
        // A kept file may be the last one that this process may open.
        let read = || std::fs::read(format!("/proc/{pid}/auxv"));
        let auxv = read().or_else(|_| (self.tasks.close_kept(), read()).1).map_err(|_| Failure::Gone)?;
        let entry = entry_point(&auxv).unwrap_or(regs.ip());
        let info = StackInfo { stack: regs.sp(), entry };
        let is_part = plan.tool.as_ref().is_some_and(|tool| tool.is_part);
        let drop_env = if is_part { &[][..] } else { &self.world.tool_env };
        let start = self.world.carrier.start(plan, info, SLOTS * SLOT_SIZE, drop_env);
        if self.memory(pid)?.write(start.at, &start.bytes).is_ok() {
            return enter(pid, regs, &start);
        }
        // Very many arguments leave no mapped page below the stack pointer, and only the task itself can make the
        // stack grow: it reads a return address there. That is 0, so it comes back with a SIGSEGV.
        let Some(offset) = stub::return_instruction() else {
            return Ok(process::send(pid, libc::SIGKILL)?);
        };
        regs.set_ip(start.blob + offset);
        regs.set_sp(start.at);
        ptrace::set_regs(pid, &regs)?;
        self.phases.insert(pid, Phase::Grow(Box::new(start)));
        Ok(ptrace::cont(pid, 0)?)
    }

    /// The stack has grown, if it may: true if the loader is on its way.
    pub(super) fn on_stack_grown(&mut self, pid: Pid) -> Result<bool, Failure> {
        if !matches!(self.phases.get(&pid), Some(Phase::Grow(_))) {
            return Ok(false);
        }
        let Some(Phase::Grow(start)) = self.phases.remove(&pid) else { return Ok(false) };
        if self.memory(pid)?.write(start.at, &start.bytes).is_err() {
            // As where the kernel finds no room for a program's arguments.
            return Ok(false);
        }
        enter(pid, ptrace::regs(pid)?, &start)?;
        Ok(true)
    }

    /// The thread `before` has become `pid`, the leader of its process, and the only thread of it.
    pub(super) fn on_renamed(&mut self, before: Pid, pid: Pid) {
        if !self.tasks.contains(before) {
            return;
        }
        self.trace_result(before, 0);
        self.trace_renamed(before, pid);
        self.executing.remove(&before);
        self.inherit(before, pid);
        self.on_guest_renamed(before, pid);
    }

    /// The books of the thread `before` become the leader's.
    fn inherit(&mut self, before: Pid, pid: Pid) {
        if before == pid {
            return;
        }
        if let Some(leader) = self.tasks.remove(pid) {
            self.remember(leader);
        }
        if let Some(task) = self.tasks.remove(before) {
            self.tasks.insert(Task { tid: pid, ..task });
        }
        self.preparing.remove(&pid);
        self.phases.remove(&pid);
        if let Some(phase) = self.phases.remove(&before) {
            self.phases.insert(pid, phase);
        }
    }

    /// The stub makes a call while it loads a program: it opens host paths, and says at last how it went.
    pub(super) fn on_loader_call(&mut self, pid: Pid, regs: Regs) -> Result<(), Failure> {
        let args = std::array::from_fn(|index| regs.arg(index));
        let report = if regs.nr() == const { number("prctl") } { Report::of(args) } else { None };
        match report {
            None => Ok(ptrace::cont(pid, 0)?),
            Some(Report::Done { scratch, blob, mm, .. }) => {
                let task = self.tasks.get_mut(pid).ok_or(Failure::Gone)?;
                task.held = None;
                task.mm.scratch.borrow_mut().add(scratch);
                task.mm.stub.set(blob);
                task.mm.loading.set(false);
                if task.mm.stops_later.take() {
                    self.nudge(pid);
                }
                self.set_nonce(pid)?;
                if let (Some(errno), true) = (mm, self.world.verbose) {
                    tell(format!(
                        "xroot: process {pid}: the kernel did not take the program's addresses: {errno}"
                    ));
                }
                let regs = self.start_program(pid, regs.arg(5))?;
                if self.guest.is_traced(pid) {
                    return self.show_exec(pid, regs);
                }
                Ok(self.resume(pid, 0)?)
            }
            Some(Report::Failed { errno, stage }) => {
                self.trace_event(pid, || format!("cannot be loaded: {stage}: {errno}"));
                if self.world.verbose {
                    tell(format!("xroot: process {pid}: {stage} failed: {errno}"));
                }
                self.answer(pid, regs, 0)
            }
        }
    }

    /// Has the loaded program stand where it begins, as the kernel starts programs. The loader does not go there itself,
    /// or a tracer of the guest's that comes at this moment would find it on its way. `start` is the address of the
    /// first instruction and the stack pointer.
    fn start_program(&self, pid: Pid, start: u64) -> Result<Regs, Failure> {
        let memory = self.memory(pid)?;
        let (entry, stack) = (memory.read_u64(start)?, memory.read_u64(start + 8)?);
        let regs = ptrace::regs(pid)?.starting(entry, stack);
        tracee::clear_vectors(pid)?;
        ptrace::set_regs(pid, &regs)?;
        Ok(regs)
    }
}

/// Starts the loader.
fn enter(pid: Pid, mut regs: Regs, start: &Start) -> Result<(), Failure> {
    regs.set_ip(start.ip);
    regs.set_sp(start.at);
    ptrace::set_regs(pid, &regs)?;
    Ok(ptrace::cont(pid, 0)?)
}

/// An argv array whose first entry is replaced.
struct Argv<'a> {
    words: &'a [Vec<u8>],
    /// The guest's own pointers behind the first, and NULL.
    rest: Vec<u64>,
    /// What follows them.
    append: &'a [Vec<u8>],
}

impl Argv<'_> {
    /// Bytes that [`Argv::place`] needs.
    fn len(&self) -> u64 {
        let strings: usize = self.words.iter().chain(self.append).map(|word| word.len() + 1).sum();
        ((self.words.len() + self.rest.len() + self.append.len() + 1) * 8 + strings) as u64
    }

    /// Appends array and strings to `bytes`, which will lie at `base`; returns the array's address.
    fn place(self, base: u64, bytes: &mut Vec<u8>) -> u64 {
        let array = base + bytes.len() as u64;
        let count = self.words.len() + self.rest.len() + self.append.len();
        let mut string = array + (count * 8) as u64;
        let mut place = |word: &Vec<u8>| {
            let at = string;
            string += word.len() as u64 + 1;
            at
        };
        let mut pointers: Vec<u64> = self.words.iter().map(&mut place).collect();
        pointers.extend(&self.rest[..self.rest.len() - 1]);
        pointers.extend(self.append.iter().map(&mut place));
        pointers.push(0);
        bytes.extend(pointers.into_iter().flat_map(u64::to_ne_bytes));
        for word in self.words.iter().chain(self.append) {
            bytes.extend_from_slice(word);
            bytes.push(0);
        }
        array
    }
}
