//! A directory that is the root of a file system of its own: where a path leads that is meant inside of it.
#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::path::Path;

use crate::error::Errno;
use crate::vfs::{GuestPath, HostLookup, HostPath, Last, Namespace, Resolved, resolve};

/// A root file system that nobody runs in: its links are followed in its own terms.
#[derive(Debug)]
pub struct Root {
    names: Namespace,
    lookup: RefCell<HostLookup>,
}

impl Root {
    /// The file system below the host directory `top`.
    pub fn new(top: &Path) -> Self {
        Self { names: Namespace::new(HostPath::new(top)), lookup: RefCell::new(HostLookup::new()) }
    }

    /// Where `path` leads, links followed.
    ///
    /// # Errors
    /// Those of path_resolution(7).
    pub fn find(&self, path: &[u8]) -> Result<Resolved, Errno> {
        let mut lookup = self.lookup.borrow_mut();
        let found = resolve(&self.names, &mut *lookup, &GuestPath::root(), path, Last::Follow);
        lookup.forget();
        found
    }

    /// The same on the host.
    ///
    /// # Errors
    /// As [`Root::find`].
    pub fn host(&self, path: &[u8]) -> Result<HostPath, Errno> {
        Ok(self.find(path)?.host)
    }

    /// The path in here of a host path; `None` for what lies outside.
    pub fn path_of(&self, host: &HostPath) -> Option<GuestPath> {
        self.names.guest_of(host)
    }
}
