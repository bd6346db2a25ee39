//! Lines for the user, one write each.
#![forbid(unsafe_code)]

use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;

use crate::config::Output;
use crate::error::{Errno, Error};

/// Where lines go. The descriptor is the tracer's own, closed at exec: no guest can reach it.
pub struct Log(File);

impl Log {
    /// Opens `output`, which gets what `what` says.
    ///
    /// # Errors
    /// A file that cannot be made or written.
    pub fn open(output: &Output, what: &str) -> Result<Self, Error> {
        let opened = match output {
            Output::Stderr => std::io::stderr().as_fd().try_clone_to_owned().map(File::from),
            Output::File(path) => File::create(path),
        };
        opened.map(Self).map_err(|error| {
            let errno = Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO));
            let name = match output {
                Output::Stderr => "stderr".into(),
                Output::File(path) => path.display().to_string(),
            };
            Error::Log { what: what.into(), name, errno }
        })
    }

    /// Writes the line in one piece, so that lines of other processes stay whole too. If it cannot be written, the guest
    /// goes on.
    pub fn line(&self, line: &str) {
        let (Ok(()) | Err(_)) = (&self.0).write_all(format!("{line}\n").as_bytes());
    }
}
