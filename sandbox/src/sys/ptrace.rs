//! ptrace(2), one function a request. A tracee that is gone answers ESRCH everywhere.
//!
//! Source: ptrace(2); include/uapi/linux/ptrace.h.

use std::mem::{MaybeUninit, size_of};
use std::ptr;

use libc::{c_long, c_void};
use nix::unistd::Pid;

use crate::arch::Regs;
use crate::error::Errno;

/// Events and options that xroot's tracees are seized with.
const OPTIONS: libc::c_int = libc::PTRACE_O_EXITKILL
    | libc::PTRACE_O_TRACESYSGOOD
    | libc::PTRACE_O_TRACESECCOMP
    | libc::PTRACE_O_TRACEFORK
    | libc::PTRACE_O_TRACEVFORK
    | libc::PTRACE_O_TRACECLONE
    | libc::PTRACE_O_TRACEEXEC;

/// The type in which this C library takes a request.
#[cfg(target_env = "gnu")]
type Request = libc::c_uint;
#[cfg(not(target_env = "gnu"))]
type Request = libc::c_int;

/// Runs a request whose result is only success or an errno.
fn request(request: Request, pid: Pid, address: u64, data: u64) -> Result<c_long, Errno> {
    // SAFETY: callers pass requests for which address and data are numbers, or pointers that outlive the call.
    let result = unsafe { libc::ptrace(request, pid.as_raw(), address as *mut c_void, data as *mut c_void) };
    Errno::result(result)
}

/// What a tracer is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// What it has to know.
    Events,
    /// That, and each thread before it ends.
    EventsAndExits,
}

impl Told {
    fn options(self) -> libc::c_int {
        match self {
            Self::Events => OPTIONS,
            Self::EventsAndExits => OPTIONS | libc::PTRACE_O_TRACEEXIT,
        }
    }
}

/// False under an emulator, which does not know the call. The process 0 is nobody's tracee.
pub fn is_there() -> bool {
    request(libc::PTRACE_CONT, Pid::from_raw(0), 0, 0) != Err(Errno::ENOSYS)
}

/// Becomes the tracer of `pid` without stopping it. What it makes later is traced alike.
///
/// # Errors
/// EPERM if a security module, a seccomp filter or another tracer forbids it.
pub fn seize(pid: Pid, told: Told) -> Result<(), Errno> {
    request(libc::PTRACE_SEIZE, pid, 0, told.options() as u64).map(drop)
}

/// Lets a stopped tracee run until its next event; `signal` is delivered to it, 0 for none.
pub fn cont(pid: Pid, signal: i32) -> Result<(), Errno> {
    request(libc::PTRACE_CONT, pid, 0, signal as u64).map(drop)
}

/// As [`cont`], and stops again when the tracee enters or leaves a syscall.
pub fn syscall(pid: Pid, signal: i32) -> Result<(), Errno> {
    request(libc::PTRACE_SYSCALL, pid, 0, signal as u64).map(drop)
}

/// Leaves a tracee in its group-stop, to be told of SIGCONT.
pub fn listen(pid: Pid) -> Result<(), Errno> {
    request(libc::PTRACE_LISTEN, pid, 0, 0).map(drop)
}

/// As [`cont`], for one instruction.
pub fn step(pid: Pid, signal: i32) -> Result<(), Errno> {
    request(libc::PTRACE_SINGLESTEP, pid, 0, signal as u64).map(drop)
}

/// Brings a running tracee to a stop, and one in a group-stop to another.
pub fn interrupt(pid: Pid) -> Result<(), Errno> {
    request(libc::PTRACE_INTERRUPT, pid, 0, 0).map(drop)
}

/// Changes what a stopped tracee stops for from now on: what xroot has to know, and `more`.
pub fn set_options(pid: Pid, told: Told, more: i32) -> Result<(), Errno> {
    request(libc::PTRACE_SETOPTIONS, pid, 0, (told.options() | more) as u64).map(drop)
}

/// The number that belongs to the event a tracee is stopped for: a child's id, the old id at an exec.
pub fn event_message(pid: Pid) -> Result<u64, Errno> {
    let mut message: libc::c_ulong = 0;
    // The kernel writes one `unsigned long` to `message`, which outlives the call.
    request(libc::PTRACE_GETEVENTMSG, pid, 0, &raw mut message as u64)?;
    Ok(message)
}

/// What signal a tracee is stopped for.
pub fn signal_info(pid: Pid) -> Result<libc::siginfo_t, Errno> {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    request(libc::PTRACE_GETSIGINFO, pid, 0, info.as_mut_ptr() as u64)?;
    // SAFETY: all-zero bytes are a valid siginfo_t, and the kernel has filled it.
    Ok(unsafe { info.assume_init() })
}

/// Changes what a tracee that is stopped for a signal will be told about it.
pub fn set_signal_info(pid: Pid, info: &libc::siginfo_t) -> Result<(), Errno> {
    // The kernel reads one siginfo_t.
    request(libc::PTRACE_SETSIGINFO, pid, 0, ptr::from_ref(info) as u64).map(drop)
}

/// A call that a filter has turned into SIGSYS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilteredCall {
    /// `AUDIT_ARCH_*` of the ABI by which the call came in.
    pub arch: u32,
    pub nr: u32,
}

/// `siginfo_t` of a SIGSYS (include/uapi/asm-generic/siginfo.h), 128 bytes in all.
#[repr(C)]
#[derive(Default)]
struct SigsysInfo {
    signo: i32,
    errno: i32,
    code: i32,
    _pad: i32,
    call_address: u64,
    nr: u32,
    arch: u32,
    _rest: [u64; 12],
}

/// `si_code` of a SIGSYS that a seccomp filter caused (SYS_SECCOMP).
const SYS_SECCOMP: i32 = 1;

/// The call that the signal is about which a tracee is stopped for; `None` if it is about none.
pub fn filtered_call(pid: Pid) -> Result<Option<FilteredCall>, Errno> {
    let mut info = SigsysInfo::default();
    // The kernel writes a siginfo_t, whose size this struct has.
    request(libc::PTRACE_GETSIGINFO, pid, 0, &raw mut info as u64)?;
    let is_filtered = info.signo == libc::SIGSYS && info.code == SYS_SECCOMP;
    Ok(is_filtered.then_some(FilteredCall { arch: info.arch, nr: info.nr }))
}

/// Changes the address that a tracee, stopped for the SIGSYS of a seccomp filter, is told as the call's.
pub fn set_call_address(pid: Pid, address: u64) -> Result<(), Errno> {
    let mut info = SigsysInfo::default();
    // The kernel writes and reads a siginfo_t, whose size this struct has.
    request(libc::PTRACE_GETSIGINFO, pid, 0, &raw mut info as u64)?;
    info.call_address = address;
    request(libc::PTRACE_SETSIGINFO, pid, 0, &raw const info as u64).map(drop)
}

const _: () = assert!(size_of::<SigsysInfo>() == 128);

/// The registers of a stopped tracee.
#[cfg(target_arch = "x86_64")]
pub fn regs(pid: Pid) -> Result<Regs, Errno> {
    let mut regs = MaybeUninit::<libc::user_regs_struct>::zeroed();
    request(libc::PTRACE_GETREGS, pid, 0, regs.as_mut_ptr() as u64)?;
    // SAFETY: all-zero bytes are a valid value of this plain struct, and the kernel has filled it.
    Ok(Regs(unsafe { regs.assume_init() }))
}

/// Sets the registers of a stopped tracee.
#[cfg(target_arch = "x86_64")]
pub fn set_regs(pid: Pid, regs: &Regs) -> Result<(), Errno> {
    request(libc::PTRACE_SETREGS, pid, 0, ptr::from_ref(&regs.0) as u64).map(drop)
}

/// The register set that holds the number of the call being made (include/uapi/linux/elf.h).
#[cfg(target_arch = "aarch64")]
const NT_ARM_SYSTEM_CALL: u64 = 0x404;

/// The registers of a stopped tracee.
#[cfg(target_arch = "aarch64")]
pub fn regs(pid: Pid) -> Result<Regs, Errno> {
    let mut user = MaybeUninit::<libc::user_regs_struct>::zeroed();
    let mut part =
        libc::iovec { iov_base: user.as_mut_ptr().cast(), iov_len: size_of::<libc::user_regs_struct>() };
    request(libc::PTRACE_GETREGSET, pid, libc::NT_PRSTATUS as u64, &raw mut part as u64)?;
    let mut nr: u32 = 0;
    let mut part = libc::iovec { iov_base: (&raw mut nr).cast(), iov_len: size_of::<u32>() };
    request(libc::PTRACE_GETREGSET, pid, NT_ARM_SYSTEM_CALL, &raw mut part as u64)?;
    // SAFETY: all-zero bytes are a valid value of this plain struct, and the kernel has filled it.
    let user = unsafe { user.assume_init() };
    Ok(Regs { user, nr: i64::from(nr as i32) as u64 })
}

/// Sets the registers of a stopped tracee.
#[cfg(target_arch = "aarch64")]
pub fn set_regs(pid: Pid, regs: &Regs) -> Result<(), Errno> {
    let mut part = libc::iovec {
        iov_base: ptr::from_ref(&regs.user).cast_mut().cast(),
        iov_len: size_of::<libc::user_regs_struct>(),
    };
    request(libc::PTRACE_SETREGSET, pid, libc::NT_PRSTATUS as u64, &raw mut part as u64)?;
    let mut nr = regs.nr as u32;
    let mut part = libc::iovec { iov_base: (&raw mut nr).cast(), iov_len: size_of::<u32>() };
    request(libc::PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &raw mut part as u64).map(drop)
}

/// Writes one word into a stopped tracee, whatever the page's protection.
pub fn poke(pid: Pid, address: u64, word: u64) -> Result<(), Errno> {
    request(libc::PTRACE_POKEDATA, pid, address, word).map(drop)
}

/// Reads one word of a stopped tracee, whatever the page's protection.
pub fn peek(pid: Pid, address: u64) -> Result<u64, Errno> {
    let mut word: libc::c_long = 0;
    // The raw call writes the word through `data`; only the C library returns it.
    // SAFETY: the kernel writes one word to `word`, which outlives the call.
    let result = unsafe {
        libc::syscall(libc::SYS_ptrace, libc::PTRACE_PEEKDATA, pid.as_raw(), address, &raw mut word)
    };
    Errno::result(result)?;
    Ok(word as u64)
}
