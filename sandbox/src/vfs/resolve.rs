//! Finds the place that a guest's path names, as the kernel would. Pure: a [`Lookup`] is its only eye.
//!
//! Source: path_resolution(7), fs/namei.c. Oracle in tests: openat2(2) with RESOLVE_IN_ROOT.
#![forbid(unsafe_code)]

use super::walk::{Stop, Walk};
use super::{GuestPath, HostPath, Kind, Lookup, Namespace, Node};
use crate::error::Errno;

/// PATH_MAX without the NUL.
const MAX_PATH: usize = 4095;
/// How often a walk begins anew when a directory on its way turned into a symlink under it.
const MAX_RACES: u32 = 64;

/// What the call does with the last component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Last {
    /// The file must exist, a last symlink is followed: stat, chdir, open without O_CREAT.
    Follow,
    /// The file must exist, a last symlink is the file unless a slash follows it: lstat, readlink, lchown.
    NoFollow,
    /// open with O_CREAT: the file may be absent, also at the end of a dangling symlink.
    Create,
    /// open with O_CREAT and O_EXCL or O_NOFOLLOW: the file may be absent, a last symlink is the file.
    CreateNew,
    /// An entry of a directory, never followed even where a slash ends the path, perhaps absent: mkdir, mknod, unlink,
    /// rmdir, rename, symlink, link's new name.
    Entry,
}

impl Last {
    /// What differs from this in nothing but what becomes of a last symlink.
    pub fn opposite(self) -> Self {
        match self {
            Self::Follow => Self::NoFollow,
            Self::NoFollow => Self::Follow,
            Self::Create => Self::CreateNew,
            Self::CreateNew | Self::Entry => Self::Create,
        }
    }
}

/// How the path ended, links spliced in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    Name,
    /// A name with a slash behind it.
    Slash,
    Dot,
    DotDot,
    /// Nothing but slashes.
    Root,
}

/// Where a relative path begins.
#[derive(Debug, Clone, Copy)]
pub enum Base<'a> {
    /// At this directory, found by its name.
    Named(&'a GuestPath),
    /// At a directory that the lookup holds open, and whose guest name this is.
    Held(&'a GuestPath),
    /// At a directory that the lookup holds open, and for which the guest has no name. `..` does not leave it (ENOENT).
    Outside,
}

impl<'a> From<&'a GuestPath> for Base<'a> {
    fn from(guest: &'a GuestPath) -> Self {
        Self::Named(guest)
    }
}

/// Where a path leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The canonical name. With [`Last::Entry`] and a tail of `.` or `..`: the directory before that component.
    pub guest: GuestPath,
    /// The same place on the host.
    pub host: HostPath,
    /// The same place as a path below the handle of [`Base::Held`], while the way never left it; empty for the
    /// handle's own directory.
    pub below_base: Option<Vec<u8>>,
    /// The path as given, relative to that handle, leads the kernel here as well: no symlink, mount or `..` on the way.
    pub unchanged: bool,
    /// The way never left a directory that the guest has no name for; `guest` and the mount say nothing then.
    pub outside: bool,
    /// The kind of the mount that shows the place.
    pub kind: Kind,
    /// Changing the place is EROFS.
    pub readonly: bool,
    /// The place is a mount point or leads to one: mkdir is EEXIST, unlink and rename are EBUSY.
    ///
    /// This and `readonly` are false for [`Last::Entry`] where the tail is no name: the kernel refuses such a call
    /// before it looks further, with an errno of its own.
    pub holds_mount: bool,
    /// `None`: nothing is there, but its parent is a directory that can be searched. Only where [`Last`] allows it.
    pub node: Option<Node>,
    pub tail: Tail,
}

impl Resolved {
    /// The argument with which the kernel gives this call's own result or errno, given an absolute path.
    ///
    /// It repeats a slash or dot at the end of the guest's path, and is never followed further: a `..` is there only
    /// for [`Last::Entry`], whose calls refuse it unwalked (rmdir("a/..") is ENOTEMPTY).
    pub fn host_argument(&self, last: Last) -> Vec<u8> {
        if last == Last::Entry && self.tail == Tail::Root {
            return b"/".to_vec();
        }
        with_tail(self.host.as_bytes(), self.tail, last)
    }

    /// As [`Resolved::host_argument`], relative to the handle of [`Base::Held`].
    pub fn base_argument(&self, last: Last) -> Option<Vec<u8>> {
        let below = self.below_base.as_deref()?;
        Some(with_tail(if below.is_empty() { b"." } else { below }, self.tail, last))
    }
}

fn with_tail(path: &[u8], tail: Tail, last: Last) -> Vec<u8> {
    let suffix: &[u8] = match (tail, last) {
        (Tail::Name | Tail::Root, _) => b"",
        (Tail::Slash, _) => b"/",
        (Tail::DotDot, Last::Entry) => b"/..",
        // The directory above is found without being searched.
        (Tail::DotDot, _) => b"",
        (Tail::Dot, _) => b"/.",
    };
    [path, suffix].concat()
}

/// Finds the place that `path` names, from `base` where it is relative.
///
/// # Errors
/// Those of path_resolution(7): ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG, and what `lookup` meets; EISDIR for
/// [`Last::Create`] and [`Last::CreateNew`] of a path that ends in a slash.
pub fn resolve<'a>(
    ns: &Namespace,
    lookup: &mut dyn Lookup,
    base: impl Into<Base<'a>>,
    path: &[u8],
    last: Last,
) -> Result<Resolved, Errno> {
    resolve_below((ns, &GuestPath::root()), lookup, base.into(), path, last)
}

/// The same for a process whose root is another directory (chroot(2)): there absolute paths begin, and `..` of it is
/// itself.
///
/// # Errors
/// As [`resolve`].
pub fn resolve_below(
    tree: (&Namespace, &GuestPath),
    lookup: &mut dyn Lookup,
    base: Base<'_>,
    path: &[u8],
    last: Last,
) -> Result<Resolved, Errno> {
    if path.is_empty() {
        return Err(Errno::ENOENT);
    }
    if path.len() > MAX_PATH {
        return Err(Errno::ENAMETOOLONG);
    }
    for _ in 0..MAX_RACES {
        lookup.begin();
        match resolve_once(tree, lookup, base, path, last) {
            Ok(resolved) => return Ok(resolved),
            Err(Stop::Errno(errno)) => return Err(errno),
            Err(Stop::Race) => {}
        }
    }
    Err(Errno::ELOOP)
}

/// Takes apart what calls that create or remove see as directory and entry, then walks.
fn resolve_once(
    tree: (&Namespace, &GuestPath),
    lookup: &mut dyn Lookup,
    base: Base<'_>,
    path: &[u8],
    last: Last,
) -> Result<Resolved, Stop> {
    let end = path.iter().rposition(|&byte| byte != b'/').map_or(0, |at| at + 1);
    let start = path[..end].iter().rposition(|&byte| byte == b'/').map_or(0, |at| at + 1);
    let parent = || [if start == 0 { b"." } else { &path[..start] }, b"/."].concat();
    match (&path[start..end], last) {
        (b"." | b"..", Last::Entry) => {
            let mut resolved = Walk::begin(tree, lookup, base, &parent(), Last::Follow).run()?;
            resolved.tail = if end - start == 1 { Tail::Dot } else { Tail::DotDot };
            (resolved.readonly, resolved.holds_mount) = (false, false);
            Ok(resolved)
        }
        (b"" | b"." | b"..", _) => Walk::begin(tree, lookup, base, path, last).run(),
        // As lookup_fast_for_open: whatever lies there.
        (_, Last::Create | Last::CreateNew) if end < path.len() => {
            Walk::begin(tree, lookup, base, &parent(), Last::Follow).run()?;
            Err(Errno::EISDIR.into())
        }
        (_, _) => Walk::begin(tree, lookup, base, path, last).run(),
    }
}
