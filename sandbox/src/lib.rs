//! Runs a process tree inside a root filesystem that is not the host's, as an ordinary user.
//!
//! A [`Session`] runs a process tree and, at each syscall that its **table** names, hands a **call** to **handlers**
//! that decide; an **engine** traps and resumes; a pure **vfs** says where guest paths are; only **sys** touches the
//! kernel unsafely. Modules are listed here in reading order; each may import only those below it (`tests/tidy.rs`).
//!
//! # A call's way
//!
//! One row of [`syscall::table`] says everything about a syscall: its number per ABI, when it is trapped, which of its
//! arguments are paths, and who decides. From the rows [`engine::filter`] computes a seccomp filter that lets
//! everything else run at full speed, and stops unknown numbers and foreign ABIs too: they are ENOSYS, but for those calls
//! of i386's that [`syscall::i386`] takes for the host's own. At a stop
//! [`engine::ptrace`] builds a [`syscall::Call`] and asks the row's handler, which answers with an
//! [`syscall::Action`]:
//!
//! * `Pass`: the kernel runs the call as it is.
//! * `Answer`: the kernel runs nothing, and this is the result. So stat, access, readlink and getcwd need one stop.
//! * `Rewrite`: the kernel runs the call with other arguments, which are staged in the thread's **scratch slot**, memory
//!   that the guest can only read. Afterwards the guest must find its registers unchanged.
//! * `Exec`: the kernel runs xroot's own file, and the **stub** in it loads the program.
//!
//! # Where a path is
//!
//! [`vfs::Namespace`] maps guest paths to host paths; [`vfs::resolve()`] walks a path in guest terms, and sees the host
//! only through a [`vfs::Lookup`]. The kernel's working directory and descriptors stay real, so what a program does
//! relative to them survives renames, deletion and unreadable parents as it does natively.
//!
//! The way back is no function: the rootfs often lies below the bound home, so that its directories have two guest names.
//! [`vfs::Reached`] keeps the one by which a process reached a directory, for `..` and for bindings below it.
//!
//! [`vfs::proc`] answers the links of a procfs, which would speak of host paths, and closes the processes that are not the
//! guest's; [`syscall::proc`] serves the files whose text would (maps, mountinfo, status ...) from a memfd.
//! [`syscall::getdents`] lists bound names after a directory's own, and keeps how far it has come in the file's position.
//!
//! # Native tools
//!
//! In a guest of another machine some programs are this host's. [`tools`] decides which before the session starts, by
//! asking the programs of both sides; the session gets plain data ([`config::Toolset`]). At an execve [`exec::native`]
//! looks up the file that the path leads to; every other call sees the guest's file. The tool's process has a
//! [`vfs::View`], chosen at exec and inherited over fork: the guest's mount table with *overlays* that no listing shows,
//! for the tool's libraries above all. The stub gives its dynamic linker a search path of its own and takes it back behind
//! the linker, at AT_ENTRY, so that neither the program nor its children see it.
//!
//! # Guests that trace or confine themselves
//!
//! A task has one tracer in the kernel, so xroot keeps the books of who traces whom among the guests, in `guest` of
//! [`engine::ptrace`]: a stop that a guest's tracer would see is a task that is not resumed, and its requests are xroot's.
//! That is how gdb, strace and another xroot work inside. A guest's seccomp filter is installed with a mark in front, by
//! which the kernel lets pass what xroot does in its name ([`syscall::seccomp`]); about a call that stops, `judge` asks it
//! once more as the guest made it. Landlock's rules stay the kernel's: what they are about is done by the tracee, in calls
//! that it makes before its own ([`syscall::Action::Prepare`]).
//!
//! # Where the code departs from the plan it began with
//!
//! * **A rewritten call needs one stop, not two.** The plan restored the argument registers at an exit stop. Instead the
//!   program counter is moved to a *trampoline* in the stub: behind a syscall instruction of its own it reloads the
//!   registers from the scratch slot, which the one free register (rcx, which a syscall clobbers anyway) points at, and
//!   jumps back. At any stop inside the trampoline, a signal's above all, the tracer undoes it first, so neither
//!   handlers nor restarted calls ever see it. This saves about 8 us a call, and is what makes open cheaper than in
//!   PRoot. AArch64 leaves no register free, and takes the exit stop.
//! * **The stub needs no file.** It is a flat blob in an executable section of xroot's own binary. execve is made to
//!   run that binary (the *carrier*), of which no instruction ever runs: at the exec event the tracer points the program
//!   counter at the blob. So there is no memfd, no temp file, and nothing that vm.memfd_noexec or a noexec temp
//!   directory could forbid.
//! * **Every program is loaded by the stub**, static ones and emulators too, not only those with an interpreter. With
//!   PR_SET_MM_MAP the kernel knows the program's addresses, heap included, so a static QEMU runs well; and the process's
//!   name, AT_EXECFN and the scratch memory are right for all from their first instruction.
//! * **open is made openat2(RESOLVE_NO_SYMLINKS)** on the resolved path: a symlink that another thread swaps in behind
//!   the resolver's back is an error then, not a way out.
//! * **The registers are all that is read at a stop**, not PTRACE_GET_SYSCALL_INFO: each request costs more than a
//!   microsecond. Calls of another architecture (`int 0x80`) stop as SIGSYS instead, which names it; so do those of a
//!   pretended identity that an outer filter denies, whose ERRNO comes before TRACE ([`engine::ptrace`], `sigsys`).
//! * **xroot is two processes.** The one that was started stands for the command in the eyes of the caller's shell: it
//!   waits, and is signalled and stopped in the command's place. Its child traces. A stopped process can do nothing, so
//!   one alone could neither let the rest of the tree go on nor follow when somebody continues the command.
//! * **A signal to a whole group that contains xroot is sent by the tracer**, process by process, so that the guest
//!   cannot kill what keeps it; si_pid is the tracer's then.

#[cfg(any(test, fuzzing))]
pub mod fuzzing;

pub mod tools;

pub mod session;

pub mod image;

pub mod engine;

pub mod syscall;

pub mod exec;

pub mod task;

pub mod config;

pub mod vfs;

pub mod sys;

pub mod arch;

pub mod error;

pub use config::Config;
pub use error::Error;
pub use session::{Front, Session, Side, split};
