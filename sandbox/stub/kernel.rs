//! The system calls that loading takes.

use crate::arch::{self, nr};

pub const PROT_READ: usize = 1;
pub const PROT_WRITE: usize = 2;
pub const PROT_EXEC: usize = 4;
pub const PROT_GROWSDOWN: usize = 0x0100_0000;
pub const MAP_PRIVATE: usize = 2;
pub const MAP_FIXED: usize = 0x10;
pub const MAP_ANONYMOUS: usize = 0x20;
pub const MAP_FIXED_NOREPLACE: usize = 0x10_0000;
pub const PR_SET_NAME: u64 = 15;
pub const PR_SET_MM: u64 = 35;
pub const PR_SET_MM_MAP: usize = 14;
pub const ADDR_NO_RANDOMIZE: usize = 0x0004_0000;

const AT_FDCWD: usize = -100_isize as usize;
const O_CLOEXEC: usize = 0o2_000_000;
const SEEK_END: usize = 2;
const RLIMIT_NOFILE: usize = 7;

/// As errno(3), positive.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Errno(pub i32);

pub const E2BIG: Errno = Errno(7);
pub const ENOEXEC: Errno = Errno(8);
pub const EFAULT: Errno = Errno(14);
pub const EEXIST: Errno = Errno(17);
pub const EINVAL: Errno = Errno(22);
pub const EMFILE: Errno = Errno(24);
pub const EIO: Errno = Errno(5);

fn checked(ret: isize) -> Result<usize, Errno> {
    if (-4095..0).contains(&ret) { Err(Errno(-ret as i32)) } else { Ok(ret as usize) }
}

/// Opens the file that the string at `path` names for reading, for as long as `work` takes.
///
/// A program may be executed while its process can open no further file, and execve(2) does not mind. So the soft limit
/// is raised for the moment; and if all descriptors that the hard one allows are in use, a child does the work: it shares
/// the memory, but its table of descriptors is a copy, in which one can be closed.
pub fn with_file<T>(path: usize, mut work: impl FnMut(isize) -> Result<T, Errno>) -> Result<T, Errno> {
    match open(path) {
        Ok(fd) => {
            let result = work(fd);
            close(fd);
            result
        }
        Err(EMFILE) => in_child(path, work),
        Err(errno) => Err(errno),
    }
}

/// What a child is to do, and what came of it.
struct Errand<T, F> {
    path: usize,
    work: F,
    result: Result<T, Errno>,
}

fn in_child<T, F: FnMut(isize) -> Result<T, Errno>>(path: usize, work: F) -> Result<T, Errno> {
    const CLONE_VM: usize = 0x100;
    const CLONE_VFORK: usize = 0x4000;
    const WALL: usize = 0x4000_0000;

    extern "C" fn run<T, F: FnMut(isize) -> Result<T, Errno>>(errand: *mut Errand<T, F>) {
        // SAFETY: it lies on the stack of the parent, which does not run meanwhile.
        let errand = unsafe { &mut *errand };
        close(0);
        errand.result = open(errand.path).and_then(&mut errand.work);
    }

    let mut errand = Errand { path, work, result: Err(EMFILE) };
    let function = run::<T, F> as extern "C" fn(*mut Errand<T, F>) as usize;
    let child = checked(arch::in_child(CLONE_VM | CLONE_VFORK, function, (&raw mut errand) as usize))?;
    arch::syscall(nr::WAIT4, [child, 0, WALL, 0, 0, 0]);
    errand.result
}

/// open(2) for reading of the string at `path`, with the soft limit raised if need be.
fn open(path: usize) -> Result<isize, Errno> {
    match openat(path) {
        Err(EMFILE) => {
            let mut old = [0_u64; 2];
            prlimit(None, Some(&mut old))?;
            prlimit(Some([old[1], old[1]]), None)?;
            let opened = openat(path);
            prlimit(Some(old), None)?;
            opened
        }
        opened => opened,
    }
}

fn openat(path: usize) -> Result<isize, Errno> {
    checked(arch::syscall(nr::OPENAT, [AT_FDCWD, path, O_CLOEXEC, 0, 0, 0])).map(|fd| fd as isize)
}

fn prlimit(new: Option<[u64; 2]>, old: Option<&mut [u64; 2]>) -> Result<(), Errno> {
    let new = new.as_ref().map_or(0, |new| new.as_ptr() as usize);
    let old = old.map_or(0, |old| old.as_mut_ptr() as usize);
    checked(arch::syscall(nr::PRLIMIT64, [0, RLIMIT_NOFILE, new, old, 0, 0])).map(|_| ())
}

fn close(fd: isize) {
    arch::syscall(nr::CLOSE, [fd as usize, 0, 0, 0, 0, 0]);
}

/// pread(2): how many bytes there were, up to `len`.
pub fn read_at(fd: isize, to: usize, len: usize, offset: usize) -> Result<usize, Errno> {
    checked(arch::syscall(nr::PREAD64, [fd as usize, to, len, offset, 0, 0]))
}

/// The length of a file.
pub fn file_len(fd: isize) -> Result<usize, Errno> {
    checked(arch::syscall(nr::LSEEK, [fd as usize, 0, SEEK_END, 0, 0, 0]))
}

pub fn mmap(
    addr: usize,
    len: usize,
    prot: usize,
    flags: usize,
    fd: isize,
    offset: usize,
) -> Result<usize, Errno> {
    let at = checked(arch::syscall(nr::MMAP, [addr, len, prot, flags, fd as usize, offset]))?;
    // Linux before 4.17 takes MAP_FIXED_NOREPLACE for a hint.
    if flags & MAP_FIXED_NOREPLACE != 0 && at != addr {
        munmap(at, len);
        return Err(EEXIST);
    }
    Ok(at)
}

pub fn munmap(addr: usize, len: usize) {
    if len != 0 {
        arch::syscall(nr::MUNMAP, [addr, len, 0, 0, 0, 0]);
    }
}

pub fn mprotect(addr: usize, len: usize, prot: usize) -> Result<(), Errno> {
    checked(arch::syscall(nr::MPROTECT, [addr, len, prot, 0, 0, 0])).map(|_| ())
}

pub fn prctl(option: u64, args: [usize; 4]) -> Result<usize, Errno> {
    checked(arch::syscall(nr::PRCTL, [option as usize, args[0], args[1], args[2], args[3], 0]))
}

/// A prctl(2) whose result does not matter.
pub fn tell(option: u64, args: [usize; 4]) {
    let (Ok(_) | Err(_)) = prctl(option, args);
}

/// Ends the loading, and tells where the program's `start` is told: its first instruction and its stack pointer. The tracer goes on there.
pub fn done(args: [usize; 4], start: &[usize; 2]) {
    let start = core::ptr::from_ref(start) as usize;
    arch::syscall(nr::PRCTL, [crate::wire::DONE as usize, args[0], args[1], args[2], args[3], start]);
}

/// Gives SIGSYS a handler that is never run.
pub fn catch() {
    const SIGSYS: usize = 31;
    let action = [crate::wire::CAUGHT as usize, 0, 0, 0];
    arch::syscall(nr::RT_SIGACTION, [SIGSYS, action.as_ptr() as usize, 0, 8, 0, 0]);
}

/// The execution domain, ADDR_NO_RANDOMIZE among it.
pub fn personality() -> usize {
    arch::syscall(nr::PERSONALITY, [0xffff_ffff, 0, 0, 0, 0, 0]) as usize
}

/// A random multiple of `page`, less than two to the power of `bits`.
pub fn random_pages(bits: u32, page: usize) -> usize {
    let mut random = 0_u64;
    // A kernel without it, or one without entropy yet (GRND_NONBLOCK): the fixed address is better than none.
    arch::syscall(nr::GETRANDOM, [core::ptr::from_mut(&mut random) as usize, 8, 1, 0, 0, 0]);
    (random as usize & ((1 << bits) - 1)) & !(page - 1)
}

/// Where position-independent programs that have an interpreter begin (ELF_ET_DYN_BASE): two thirds into the address
/// space, whose size the stack, which lies at its end, tells. Not at a page's start: programs begin in that page, heaps
/// that begin here in the next.
pub fn program_base(stack: usize) -> usize {
    let window = 1_usize << (usize::BITS - stack.leading_zeros());
    (window - arch::WINDOW_GUARD) / 3 * 2
}
