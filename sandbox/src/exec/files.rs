//! How a plan looks at the guest's files.
//!
//! Source: execve(2), "Errors".
#![forbid(unsafe_code)]

use std::fs::{self, File};
use std::os::fd::AsFd;

use nix::unistd::AccessFlags;

use crate::config::FileId;
use crate::error::{Errno, Failure};
use crate::sys::fs::is_open_for_writing;
use crate::vfs::{GuestPath, HostPath};

/// The guest's files, as the process that calls execve sees them.
pub trait Files {
    /// The file that `path` means: as the guest spelled it, relative to the working directory, links followed.
    ///
    /// # Errors
    /// As execve(2) for a path that cannot be executed: ENOENT (for an empty path too), EACCES, ELOOP, ENOTDIR,
    /// ENAMETOOLONG.
    fn find(&mut self, path: &[u8]) -> Result<Found, Failure>;

    /// True if what execve was given has no name by which a script's interpreter could open it: its descriptor is closed
    /// by then.
    ///
    /// Source: fs/binfmt_script.c, BINPRM_FLAGS_PATH_INACCESSIBLE.
    ///
    /// # Errors
    /// Where the tracer may open no more files to find out.
    fn is_closed(&self) -> Result<bool, Errno> {
        Ok(false)
    }
}

/// A regular file that may be executed.
#[derive(Debug)]
pub struct Found {
    /// Without symlinks: what /proc/PID/exe shows.
    pub guest: GuestPath,
    pub host: HostPath,
    /// Open for reading; `None` if it may be executed but not read.
    pub file: Option<File>,
    /// What tells it from another file; `None` for one without a name of its own.
    pub id: Option<FileId>,
}

impl Found {
    /// Checks and opens the resolved `host`, which the guest knows as `guest`.
    ///
    /// # Errors
    /// EACCES if it is not a regular file, not executable, or on a filesystem mounted noexec; ETXTBSY if it is open for
    /// writing; ENOENT if it is gone.
    pub fn open(guest: GuestPath, host: HostPath) -> Result<Self, Errno> {
        let metadata = fs::symlink_metadata(host.as_path()).map_err(errno)?;
        if !metadata.is_file() {
            return Err(Errno::EACCES);
        }
        // access(2) knows about noexec too.
        nix::unistd::access(host.as_path(), AccessFlags::X_OK)?;
        let file = match File::open(host.as_path()).map_err(errno) {
            Ok(file) if is_open_for_writing(file.as_fd()) => return Err(Errno::ETXTBSY),
            Ok(file) => Some(file),
            Err(Errno::EACCES) => None,
            Err(errno) => return Err(errno),
        };
        Ok(Self { guest, host, file, id: Some(FileId::of(&metadata)) })
    }
}

fn errno(error: std::io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))
}
