//! What the user is told when xroot itself cannot go on, and the three ways in which a handler can fail.
#![forbid(unsafe_code)]

use std::path::PathBuf;

pub use nix::errno::Errno;

/// Why a call could not be handled.
#[derive(Debug)]
pub enum Failure {
    /// The guest's business: the call returns this errno.
    Errno(Errno),
    /// The tracee died: nobody's business, the next wait reaps it.
    Gone,
    /// Ours: the user reads it.
    Broken(Error),
}

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

/// What stopped xroot, in words that name the thing and the view.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A call of xroot's own failed.
    #[error("{what}: {}", errno.desc())]
    Os { what: String, errno: Errno },
    /// The root filesystem does not exist or is no directory.
    #[error("rootfs {}: {}", path.display(), errno.desc())]
    Rootfs { path: PathBuf, errno: Errno },
}

impl Error {
    /// An [`Error::Os`] for `what`, to be used with `map_err`.
    pub fn os(what: impl Into<String>) -> impl FnOnce(Errno) -> Self {
        let what = what.into();
        move |errno| Self::Os { what, errno }
    }

    /// What the user can do about it, as one command or sentence.
    pub fn hint(&self) -> Option<String> {
        None
    }
}
