//! Requests of ptrace(2) that xroot makes in the name of a guest's tracer, with memory of its own in place of the guest's.
//!
//! Source: ptrace(2); include/uapi/linux/ptrace.h, arch/x86/include/uapi/asm/ptrace-abi.h.

use std::mem::{size_of, zeroed};

use libc::c_long;
use nix::unistd::Pid;

use crate::error::Errno;

/// Requests by name, as the kernel numbers them.
pub mod request {
    pub const TRACEME: u64 = 0;
    pub const PEEKTEXT: u64 = 1;
    pub const PEEKDATA: u64 = 2;
    pub const PEEKUSER: u64 = 3;
    pub const POKETEXT: u64 = 4;
    pub const POKEDATA: u64 = 5;
    pub const POKEUSER: u64 = 6;
    pub const CONT: u64 = 7;
    pub const KILL: u64 = 8;
    pub const SINGLESTEP: u64 = 9;
    pub const ATTACH: u64 = 16;
    pub const DETACH: u64 = 17;
    pub const SYSCALL: u64 = 24;
    pub const SETOPTIONS: u64 = 0x4200;
    pub const GETEVENTMSG: u64 = 0x4201;
    pub const GETSIGINFO: u64 = 0x4202;
    pub const SETSIGINFO: u64 = 0x4203;
    pub const GETREGSET: u64 = 0x4204;
    pub const SETREGSET: u64 = 0x4205;
    pub const SEIZE: u64 = 0x4206;
    pub const INTERRUPT: u64 = 0x4207;
    pub const LISTEN: u64 = 0x4208;
    pub const PEEKSIGINFO: u64 = 0x4209;
    pub const GETSIGMASK: u64 = 0x420a;
    pub const SETSIGMASK: u64 = 0x420b;
    pub const SECCOMP_GET_FILTER: u64 = 0x420c;
    pub const SECCOMP_GET_METADATA: u64 = 0x420d;
    pub const GET_SYSCALL_INFO: u64 = 0x420e;
    pub const GET_RSEQ_CONFIGURATION: u64 = 0x420f;
    pub const SET_SYSCALL_INFO: u64 = 0x4212;
    /// Only x86-64 has these.
    pub const GETREGS: u64 = 12;
    pub const SETREGS: u64 = 13;
    pub const GETFPREGS: u64 = 14;
    pub const SETFPREGS: u64 = 15;
    pub const ARCH_PRCTL: u64 = 30;
}

/// Bytes of a `siginfo_t`.
pub const SIGINFO_SIZE: usize = 128;

/// Bytes of the register block that GETREGS and the like move whole; `None` where this machine lacks the request.
#[cfg(target_arch = "x86_64")]
pub fn block_size(number: u64) -> Option<usize> {
    match number {
        request::GETREGS | request::SETREGS => Some(size_of::<libc::user_regs_struct>()),
        request::GETFPREGS | request::SETFPREGS => Some(size_of::<libc::user_fpregs_struct>()),
        _ => None,
    }
}

/// As above.
#[cfg(not(target_arch = "x86_64"))]
pub fn block_size(_number: u64) -> Option<usize> {
    None
}

/// More than the kernel moves by any request whose length the caller does not say.
const LARGEST: usize = 4096;

/// The raw call, whose PEEK requests write to `data`.
fn raw(number: u64, pid: Pid, address: u64, data: u64) -> Result<c_long, Errno> {
    // SAFETY: callers pass numbers, or addresses of memory that is as large as the request takes and outlives the call.
    Errno::result(unsafe { libc::syscall(libc::SYS_ptrace, number, pid.as_raw(), address, data) })
}

/// A request that takes numbers only: POKE*, and those that resume.
///
/// # Errors
/// As ptrace(2).
pub fn with_number(number: u64, pid: Pid, address: u64, data: u64) -> Result<i64, Errno> {
    use request::{POKEDATA, POKETEXT, POKEUSER};
    if !matches!(number, POKETEXT | POKEDATA | POKEUSER) {
        return Err(Errno::EIO);
    }
    raw(number, pid, address, data)
}

/// A request by which the kernel fills memory; `address` is a number. Gives its result and what it has written, of
/// `size` bytes.
///
/// # Errors
/// As ptrace(2).
pub fn read(number: u64, pid: Pid, address: u64, size: usize) -> Result<(i64, Vec<u8>), Errno> {
    let mut bytes = vec![0; size.max(LARGEST)];
    let result = raw(number, pid, address, bytes.as_mut_ptr() as u64)?;
    bytes.truncate(size);
    Ok((result, bytes))
}

/// A request by which the kernel reads memory; `address` is a number.
///
/// # Errors
/// As ptrace(2).
pub fn write(number: u64, pid: Pid, address: u64, bytes: &[u8]) -> Result<i64, Errno> {
    let mut padded = bytes.to_vec();
    padded.resize(bytes.len().max(LARGEST), 0);
    raw(number, pid, address, padded.as_mut_ptr() as u64)
}

/// GETREGSET and SETREGSET: as many bytes of the set `kind` as `bytes` has, and how many the kernel has moved.
///
/// # Errors
/// As ptrace(2).
pub fn register_set(number: u64, pid: Pid, kind: u64, bytes: &mut [u8]) -> Result<usize, Errno> {
    let mut part = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() };
    raw(number, pid, kind, &raw mut part as u64)?;
    Ok(part.iov_len)
}

/// PEEKSIGINFO: up to `count` pending signals from the one numbered `first` on.
///
/// # Errors
/// As ptrace(2).
pub fn pending_signals(pid: Pid, first: u64, flags: u32, count: i32) -> Result<Vec<u8>, Errno> {
    #[repr(C)]
    struct Wanted {
        first: u64,
        flags: u32,
        count: i32,
    }
    let most = count.clamp(0, 1024);
    let wanted = Wanted { first, flags, count: if count < 0 { count } else { most } };
    let mut bytes = vec![0; most as usize * SIGINFO_SIZE];
    let got = raw(request::PEEKSIGINFO, pid, &raw const wanted as u64, bytes.as_mut_ptr() as u64)?;
    bytes.truncate(got as usize * SIGINFO_SIZE);
    Ok(bytes)
}

/// The signals that a stopped tracee blocks.
///
/// # Errors
/// As ptrace(2).
pub fn signal_mask(pid: Pid) -> Result<u64, Errno> {
    let mut mask: u64 = 0;
    raw(request::GETSIGMASK, pid, size_of::<u64>() as u64, &raw mut mask as u64)?;
    Ok(mask)
}

/// Changes what signals a stopped tracee blocks.
///
/// # Errors
/// As ptrace(2).
pub fn set_signal_mask(pid: Pid, mask: u64) -> Result<(), Errno> {
    raw(request::SETSIGMASK, pid, size_of::<u64>() as u64, &raw const mask as u64).map(drop)
}

/// Sends `signal` to the thread `tid` of `process`.
///
/// # Errors
/// As tgkill(2).
pub fn send(process: Pid, tid: Pid, signal: i32) -> Result<(), Errno> {
    // SAFETY: tgkill takes three numbers.
    let result = unsafe { libc::syscall(libc::SYS_tgkill, process.as_raw(), tid.as_raw(), signal) };
    Errno::result(result).map(drop)
}

/// Gives a stopped tracee the floating-point and vector registers of a program that starts.
///
/// # Errors
/// As ptrace(2).
#[cfg(target_arch = "x86_64")]
pub fn clear_vectors(pid: Pid) -> Result<(), Errno> {
    // SAFETY: all-zero bytes are a valid value of this plain struct.
    let mut state: libc::user_fpregs_struct = unsafe { zeroed() };
    // FNINIT and the default of MXCSR: every exception is masked.
    state.cwd = 0x37f;
    state.mxcsr = 0x1f80;
    raw(request::SETFPREGS, pid, 0, &raw const state as u64).map(drop)
}

/// As above.
#[cfg(target_arch = "aarch64")]
pub fn clear_vectors(pid: Pid) -> Result<(), Errno> {
    // SAFETY: all-zero bytes are a valid value of this plain struct.
    let mut state: libc::user_fpsimd_struct = unsafe { zeroed() };
    let mut part =
        libc::iovec { iov_base: (&raw mut state).cast(), iov_len: size_of::<libc::user_fpsimd_struct>() };
    raw(request::SETREGSET, pid, libc::NT_PRFPREG as u64, &raw mut part as u64).map(drop)
}

/// ARCH_PRCTL: reads (`Some`) or sets a segment's base; `value` is what is set.
///
/// # Errors
/// EINVAL for another option, EIO where the machine has none of this.
#[cfg(target_arch = "x86_64")]
pub fn arch_prctl(pid: Pid, option: u64, value: u64) -> Result<Option<u64>, Errno> {
    // ARCH_SET_GS, ARCH_SET_FS, ARCH_GET_FS and ARCH_GET_GS of arch/x86/include/uapi/asm/prctl.h.
    match option {
        0x1001 | 0x1002 => raw(request::ARCH_PRCTL, pid, value, option).map(|_| None),
        0x1003 | 0x1004 => {
            let mut base: u64 = 0;
            raw(request::ARCH_PRCTL, pid, &raw mut base as u64, option)?;
            Ok(Some(base))
        }
        _ => Err(Errno::EINVAL),
    }
}

/// As above.
#[cfg(not(target_arch = "x86_64"))]
pub fn arch_prctl(_pid: Pid, _option: u64, _value: u64) -> Result<Option<u64>, Errno> {
    Err(Errno::EIO)
}
