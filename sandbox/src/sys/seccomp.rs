//! Installs a seccomp filter.
//!
//! Source: seccomp(2), PR_SET_NO_NEW_PRIVS in prctl(2).

use seccompiler::sock_filter;

use crate::error::Errno;

/// Gives the calling thread, and all that it will start, `filter`; nothing it executes gains privileges any more.
///
/// Async-signal-safe: it may run in the child of a fork of a program with threads.
///
/// # Errors
/// EINVAL where the kernel has no seccomp filters or does not accept this one, EPERM or ENOSYS where an outer filter
/// forbids them, E2BIG where `filter` is longer than the kernel's 4096 instructions.
pub fn install(filter: &[sock_filter]) -> Result<(), Errno> {
    let length = u16::try_from(filter.len()).map_err(|_| Errno::E2BIG)?;
    // The kernel only reads it; sock_filter of libc and of seccompiler are both the kernel's struct.
    let filter = libc::sock_fprog { len: length, filter: filter.as_ptr().cast_mut().cast() };
    // SAFETY: this option takes numbers only.
    Errno::result(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })?;
    // Without the flag, kernels before 5.16 slow down everything that runs under a filter (SSBD). It came with 4.17.
    match set_filter(libc::SECCOMP_FILTER_FLAG_SPEC_ALLOW, &raw const filter) {
        Err(Errno::EINVAL) => set_filter(0, &raw const filter),
        result => result,
    }
}

/// Whether [`install`] can work here at all, without installing anything.
///
/// "To check whether filter mode is supported, call with a null pointer: EFAULT" (PR_SET_SECCOMP in prctl(2)).
///
/// # Errors
/// As [`install`].
pub fn can_install() -> Result<(), Errno> {
    match set_filter(0, std::ptr::null()) {
        Err(Errno::EFAULT) | Ok(()) => Ok(()),
        Err(errno) => Err(errno),
    }
}

fn set_filter(flags: libc::c_ulong, filter: *const libc::sock_fprog) -> Result<(), Errno> {
    // SAFETY: the kernel reads `len` instructions at `filter`, which is a slice of that length in `install`, or fails at
    // a null pointer.
    let ret = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, filter) };
    Errno::result(ret).map(drop)
}
