//! File-system calls that xroot makes for itself or in a tracee's place, on raw bytes and descriptors.
//!
//! Source: the man page of each function's name.

use std::ffi::{CStr, CString, c_int};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::fcntl::{AT_FDCWD, OFlag, OpenHow, ResolveFlag, openat2};

use crate::error::Errno;

fn c_path(path: &[u8]) -> Result<CString, Errno> {
    CString::new(path).map_err(|_| Errno::ENOENT)
}

/// Opens what `path` leads to, magic links of /proc included, only as a place (O_PATH).
///
/// # Errors
/// As open(2).
pub fn open_path(path: &[u8]) -> Result<OwnedFd, Errno> {
    let path = c_path(path)?;
    // SAFETY: `path` is NUL-terminated and outlives the call.
    let fd = Errno::result(unsafe { libc::open(path.as_ptr(), libc::O_PATH | libc::O_CLOEXEC) })?;
    // SAFETY: the kernel has just made this descriptor, and nothing else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Opens `path` only as a place, and only if no component of it is a symlink.
///
/// # Errors
/// As openat2(2); ENOSYS where there is none.
pub fn open_path_without_links(path: &[u8]) -> Result<OwnedFd, Errno> {
    let how =
        OpenHow::new().flags(OFlag::O_PATH | OFlag::O_CLOEXEC).resolve(ResolveFlag::RESOLVE_NO_SYMLINKS);
    openat2(AT_FDCWD, path, how)
}

/// What the kernel appends to the path of a file that has no name any more.
pub const DELETED: &[u8] = b" (deleted)";

/// The link of /proc that one of this process's own descriptors has.
pub fn own_link(file: &impl AsFd) -> Vec<u8> {
    format!("/proc/self/fd/{}", file.as_fd().as_raw_fd()).into_bytes()
}

/// A file of the caller's that no directory has a name for.
///
/// # Errors
/// As open(2) with O_TMPFILE, in the last of the directories that every system has for such files.
pub fn unnamed_file() -> Result<OwnedFd, Errno> {
    let open = |directory: &CStr| {
        let flags = libc::O_TMPFILE | libc::O_RDWR | libc::O_CLOEXEC;
        // SAFETY: `directory` is NUL-terminated and outlives the call.
        let fd = Errno::result(unsafe { libc::open(directory.as_ptr(), flags, 0o600) })?;
        // SAFETY: the kernel has just made this descriptor, and nothing else knows it.
        Ok(unsafe { OwnedFd::from_raw_fd(fd) })
    };
    open(c"/dev/shm").or_else(|_: Errno| open(c"/tmp")).or_else(|_| open(c"/var/tmp"))
}

/// How the links of a path are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    All,
    /// All but the last component.
    NotLast,
    /// The first is as far as a path goes.
    Nothing,
}

/// Whether `path` leads out of the directory `start`, by openat2(2) with RESOLVE_BENEATH.
pub fn leaves_directory(start: BorrowedFd<'_>, path: &[u8], follow: Follow) -> bool {
    let (last, links) = match follow {
        Follow::All => (OFlag::empty(), ResolveFlag::empty()),
        Follow::NotLast => (OFlag::O_NOFOLLOW, ResolveFlag::empty()),
        Follow::Nothing => (OFlag::O_NOFOLLOW, ResolveFlag::RESOLVE_NO_SYMLINKS),
    };
    let flags = OFlag::O_PATH | OFlag::O_CLOEXEC | last;
    let how = OpenHow::new().flags(flags).resolve(ResolveFlag::RESOLVE_BENEATH | links);
    // A rename or mount anywhere in the system during a ".." is EAGAIN.
    let mut tries = (0..1000).map(|_| openat2(start, path, how));
    matches!(tries.find(|opened| !matches!(opened, Err(Errno::EAGAIN))), Some(Err(Errno::EXDEV)))
}

/// Whether openat2(2) with these flags, or openat(2) where `resolve` is `None`, goes as far as to look at the descriptor.
pub fn open_flags_are_valid(flags: u64, mode: u64, resolve: Option<u64>) -> bool {
    let path = c"-";
    let ret = match resolve {
        Some(resolve) => {
            let how = [flags, mode, resolve];
            // SAFETY: the kernel reads `how` and the NUL-terminated `path`, which outlive the call.
            unsafe { libc::syscall(libc::SYS_openat2, -1, path.as_ptr(), how.as_ptr(), size_of_val(&how)) }
        }
        // SAFETY: the kernel reads the NUL-terminated `path`, which outlives the call.
        None => unsafe { libc::syscall(libc::SYS_openat, -1, path.as_ptr(), flags, mode) },
    };
    Errno::result(ret) != Err(Errno::EINVAL)
}

/// The text of the symlink `path`.
///
/// # Errors
/// As readlink(2).
pub fn readlink(path: &[u8]) -> Result<Vec<u8>, Errno> {
    let path = c_path(path)?;
    let mut text = vec![0u8; libc::PATH_MAX as usize];
    // SAFETY: the kernel writes at most `text.len()` bytes to `text`.
    let len = Errno::result(unsafe { libc::readlink(path.as_ptr(), text.as_mut_ptr().cast(), text.len()) })?;
    text.truncate(len as usize);
    Ok(text)
}

/// What stat(2) says of `path`, symlinks followed.
///
/// # Errors
/// As stat(2).
pub fn stat(path: &[u8]) -> Result<libc::stat, Errno> {
    let path = c_path(path)?;
    let mut stat = MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: the kernel fills `stat`, which outlives the call.
    Errno::result(unsafe { libc::stat(path.as_ptr(), stat.as_mut_ptr()) })?;
    // SAFETY: all-zero bytes are a valid value of this plain struct, and the kernel has filled it.
    Ok(unsafe { stat.assume_init() })
}

/// What stat(2) says of an open file.
///
/// # Errors
/// As fstat(2).
pub fn fstat(fd: BorrowedFd<'_>) -> Result<libc::stat, Errno> {
    let mut stat = MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: the kernel fills `stat`, which outlives the call.
    Errno::result(unsafe { libc::fstat(fd.as_raw_fd(), stat.as_mut_ptr()) })?;
    // SAFETY: all-zero bytes are a valid value of this plain struct, and the kernel has filled it.
    Ok(unsafe { stat.assume_init() })
}

/// What statx(2) says of an open file, as the kernel's 256 bytes.
///
/// # Errors
/// As statx(2), EINVAL for unknown flags included.
pub fn statx(fd: BorrowedFd<'_>, flags: u32, mask: u32) -> Result<libc::statx, Errno> {
    let mut buffer = MaybeUninit::<libc::statx>::zeroed();
    let flags = flags | libc::AT_EMPTY_PATH as u32;
    // SAFETY: the path is NUL-terminated, and the kernel fills `buffer`, which outlives the call.
    let result = unsafe {
        libc::syscall(libc::SYS_statx, fd.as_raw_fd(), c"".as_ptr(), flags, mask, buffer.as_mut_ptr())
    };
    Errno::result(result)?;
    // SAFETY: all-zero bytes are a valid value of this plain struct, and the kernel has filled it.
    Ok(unsafe { buffer.assume_init() })
}

/// What statfs(2) says of the filesystem of an open file.
///
/// # Errors
/// As fstatfs(2).
pub fn fstatfs(fd: BorrowedFd<'_>) -> Result<Statfs, Errno> {
    let mut buffer = Statfs::default();
    // SAFETY: the kernel fills `buffer`, which has the size of its struct and outlives the call.
    Errno::result(unsafe { libc::syscall(libc::SYS_fstatfs, fd.as_raw_fd(), &raw mut buffer) })?;
    Ok(buffer)
}

/// `struct statfs` of a 64-bit kernel (include/uapi/asm-generic/statfs.h): 15 words.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Statfs {
    /// f_type, f_bsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree, f_fsid, f_namelen, f_frsize.
    head: [u64; 10],
    pub flags: u64,
    spare: [u64; 4],
}

/// Whether this process may access an open file, by its real or (AT_EACCESS) effective ids.
///
/// # Errors
/// As faccessat2(2); where the kernel lacks that call, or an outer filter denies it, flags are not looked at.
pub fn access(fd: BorrowedFd<'_>, mode: c_int, flags: c_int) -> Result<(), Errno> {
    let empty = flags | libc::AT_EMPTY_PATH;
    // SAFETY: the path is NUL-terminated.
    let result = unsafe { libc::syscall(libc::SYS_faccessat2, fd.as_raw_fd(), c"".as_ptr(), mode, empty) };
    match Errno::result(result) {
        // EPERM is the older container profiles' word for a call that they do not know.
        Err(Errno::ENOSYS | Errno::EPERM) => {}
        other => return other.map(drop),
    }
    let link = c_path(&own_link(&fd))?;
    // SAFETY: the path is NUL-terminated and outlives the call.
    Errno::result(unsafe { libc::access(link.as_ptr(), mode) }).map(drop)
}

/// Renames an entry of an open directory, to a name that nothing has.
///
/// # Errors
/// As renameat2(2): EEXIST if there is something.
pub fn rename_new(directory: &OwnedFd, from: &[u8], to: &[u8]) -> Result<(), Errno> {
    let (fd, from, to) = (directory.as_raw_fd(), c_path(from)?, c_path(to)?);
    // SAFETY: both names are NUL-terminated and outlive the call.
    let result = unsafe {
        libc::syscall(libc::SYS_renameat2, fd, from.as_ptr(), fd, to.as_ptr(), libc::RENAME_NOREPLACE)
    };
    Errno::result(result).map(drop)
}

/// Removes an entry of an open directory.
///
/// # Errors
/// As unlinkat(2).
pub fn unlink_at(directory: &OwnedFd, name: &[u8]) -> Result<(), Errno> {
    let name = c_path(name)?;
    // SAFETY: the name is NUL-terminated and outlives the call.
    Errno::result(unsafe { libc::unlinkat(directory.as_raw_fd(), name.as_ptr(), 0) }).map(drop)
}

/// Whether somebody has this file, open for reading here, open for writing.
///
/// By a read lease, which the kernel grants only where there is no writer (fcntl(2), F_SETLEASE), and which is given
/// back at once. Only the file's owner may ask, and not on every filesystem: else the kernel is asked whether it would
/// execute the file, which Linux before 6.14 does not know and which is no then.
pub fn is_open_for_writing(file: BorrowedFd<'_>) -> bool {
    // SAFETY: F_SETLEASE takes a number.
    let lease = |kind: c_int| unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLEASE, kind) };
    if lease(libc::F_RDLCK) == 0 {
        lease(libc::F_UNLCK);
        return false;
    }
    Errno::last() == Errno::EAGAIN || check_execve(file.as_raw_fd()) == Err(Errno::ETXTBSY)
}

/// A flag of execveat(2) that asks whether a file would be executed: nothing is (include/uapi/linux/fcntl.h, Linux 6.14).
pub const AT_EXECVE_CHECK: c_int = 0x10000;

/// Asks the kernel whether it would execute the file of a descriptor.
fn check_execve(fd: c_int) -> Result<(), Errno> {
    // An empty argv is worth a line in the kernel's log, even where nothing is executed.
    let (argv, envp) = ([c"xroot".as_ptr(), std::ptr::null()], [std::ptr::null::<libc::c_char>()]);
    let flags = libc::AT_EMPTY_PATH | AT_EXECVE_CHECK;
    // SAFETY: the path and both arrays are as execveat(2) wants them and outlive the call.
    let ret =
        unsafe { libc::syscall(libc::SYS_execveat, fd, c"".as_ptr(), argv.as_ptr(), envp.as_ptr(), flags) };
    Errno::result(ret).map(drop)
}

/// True if execve(2) finds out that a file cannot be executed before it looks at the arguments.
pub fn execve_opens_first() -> bool {
    let nowhere = usize::MAX as *const *const libc::c_char;
    // SAFETY: the kernel finds that there is no memory at such an address, or that a directory is no program.
    let ret = unsafe { libc::execve(c"/".as_ptr(), nowhere, std::ptr::null()) };
    Errno::result(ret) == Err(Errno::EACCES)
}

/// The bytes of a plain struct that the kernel has filled.
pub fn bytes_of<T: Plain>(value: &T) -> &[u8] {
    // SAFETY: `Plain` promises that every byte of the value is initialised.
    unsafe { std::slice::from_raw_parts(std::ptr::from_ref(value).cast::<u8>(), size_of::<T>()) }
}

/// A struct of the kernel's interface that was zeroed before it was filled, so that its padding is initialised too.
pub trait Plain {}

impl Plain for libc::stat {}
impl Plain for libc::statx {}
impl Plain for Statfs {}

#[cfg(test)]
mod tests {
    use std::fs::{File, OpenOptions, remove_file};
    use std::os::fd::AsFd;
    use std::os::unix::fs::OpenOptionsExt;

    use super::*;

    #[test]
    fn a_writer_is_found_by_either_way_of_asking() {
        let path = std::env::temp_dir().join(format!("xroot-writer-{}", std::process::id()));
        let new = OpenOptions::new().write(true).create_new(true).mode(0o700).open(&path);
        let writer = new.expect("the temporary directory is writable");
        let file = File::open(&path).expect("it was just made");
        remove_file(&path).expect("it was just made");
        // EACCES where nothing may be executed in that directory.
        let busy = [Errno::ETXTBSY, Errno::EACCES].map(Err);
        assert!(is_open_for_writing(file.as_fd()));
        assert!(check_execve(-1) != Err(Errno::EBADF) || busy.contains(&check_execve(file.as_raw_fd())));
        drop(writer);
        assert!(!is_open_for_writing(file.as_fd()));
        assert_ne!(check_execve(file.as_raw_fd()), Err(Errno::ETXTBSY));
    }
}
