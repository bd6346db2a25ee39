//! The one eye of the resolver: what it asks about a place, and what it is told. Pure, no I/O.
#![forbid(unsafe_code)]

use super::{GuestPath, HostPath, Mount};
use crate::error::Errno;

/// One place in both views.
#[derive(Debug)]
pub struct Spot<'a> {
    pub guest: &'a GuestPath,
    /// Canonical as far as the walk knows: whoever opens it follows no symlink.
    pub host: &'a HostPath,
    /// The deepest mount that shows the place.
    pub mount: &'a Mount,
    /// The path below the directory handle where the walk began, empty for the directory itself.
    ///
    /// Where present, look there and not by name: the directory may be renamed, deleted or out of reach by its name.
    pub below_base: Option<&'a [u8]>,
}

/// What lies at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    Directory,
    /// With its text, which speaks of guest paths.
    Symlink(Vec<u8>),
    /// A link of procfs that leads to this guest path wherever the caller's root is.
    Jump(Vec<u8>),
    /// A link of procfs that leads to a file without a name. To follow it as the last component is to hand the link's
    /// own path to the kernel; to cross it means to go on at this guest path, or to fail. With EACCES nobody may follow
    /// it, not even as the last component.
    Magic(Result<Vec<u8>, Errno>),
    Other,
}

/// Looks at the host.
pub trait Lookup {
    /// A walk begins, perhaps anew: what was seen before is old.
    fn begin(&mut self) {}

    /// What lies at `spot`, a last symlink not followed.
    ///
    /// # Errors
    /// As lstat(2). ELOOP means that a parent became a symlink meanwhile: the walk begins anew.
    fn look(&mut self, spot: &Spot<'_>) -> Result<Node, Errno>;

    /// What lies at `rest` below the directory `dir`, in one probe; `None` where a component but the last is a symlink,
    /// or where this cannot be told. `rest` may end in `/.`: then its last name is a directory that can be searched.
    ///
    /// # Errors
    /// Those of a walk by [`Lookup::look`].
    fn shortcut(&mut self, dir: &Spot<'_>, rest: &[u8]) -> Result<Option<Node>, Errno> {
        let _ = (dir, rest);
        Ok(None)
    }

    /// Whether the walk may enter `mount`, whose mount point it has come to.
    ///
    /// # Errors
    /// EXDEV.
    fn cross(&mut self, mount: &Mount) -> Result<(), Errno> {
        let _ = mount;
        Ok(())
    }

    /// Whether names below the directory `dir` may be looked up, its `.` and `..` included.
    ///
    /// # Errors
    /// EACCES, or what became of the directory meanwhile.
    fn search(&mut self, dir: &Spot<'_>) -> Result<(), Errno> {
        let _ = dir;
        Ok(())
    }

    /// Whether `..` of the root leads to the root.
    ///
    /// # Errors
    /// EXDEV.
    fn leave(&mut self) -> Result<(), Errno> {
        Ok(())
    }

    /// The walk goes through `link`, and `rest` is what it has still to go.
    fn follow(&mut self, link: &Spot<'_>, rest: &[u8]) {
        let _ = (link, rest);
    }

    /// Whether the walk's base is now the directory `above` it, so that places are found below that; `false` where the
    /// lookup stays with the base that it was given.
    ///
    /// # Errors
    /// EACCES where the base may not be searched.
    fn climb(&mut self, above: &Spot<'_>) -> Result<bool, Errno> {
        let _ = above;
        Ok(false)
    }

    /// Whether the symlink just found in the directory `dir` may be followed as the last component.
    ///
    /// # Errors
    /// EACCES, as for `fs.protected_symlinks`.
    fn may_follow(&mut self, dir: &Spot<'_>) -> Result<(), Errno> {
        let _ = dir;
        Ok(())
    }
}
