//! Where the command starts.
#![forbid(unsafe_code)]

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::shown;
use crate::config::Workdir;
use crate::error::{Errno, Error};
use crate::vfs::{GuestPath, HostPath, Last, Lookup, Namespace, Node, Resolved, resolve};

/// The guest directory that `workdir` means.
///
/// # Errors
/// [`Error::Workdir`] where the guest has no such directory. A host directory that the guest does not see at all means
/// the guest's root, as for chroot(1).
pub fn find(
    workdir: &Workdir,
    rootfs: &Path,
    ns: &Namespace,
    lookup: &mut dyn Lookup,
) -> Result<GuestPath, Error> {
    match workdir {
        Workdir::Guest(guest) => match directory(guest, ns, lookup) {
            Ok(found) => Ok(found.guest),
            Err(errno) => Err(Error::Workdir { guest: shown(guest), errno }),
        },
        Workdir::Host(dir) => Ok(name_of(dir, rootfs, ns, lookup).unwrap_or_else(GuestPath::root)),
    }
}

/// A directory that may be entered.
pub fn directory(guest: &[u8], ns: &Namespace, lookup: &mut dyn Lookup) -> Result<Resolved, Errno> {
    let guest = [guest, b"/."].concat();
    let found = resolve(ns, lookup, &GuestPath::root(), &guest, Last::Follow)?;
    if found.node == Some(Node::Directory) { Ok(found) } else { Err(Errno::ENOTDIR) }
}

/// One host directory may have several names; the rootfs's own comes first, then the host's.
fn name_of(dir: &Path, rootfs: &Path, ns: &Namespace, lookup: &mut dyn Lookup) -> Option<GuestPath> {
    let host = HostPath::new(fs::canonicalize(dir).ok()?);
    let rootfs = HostPath::new(fs::canonicalize(rootfs).ok()?);
    let inside = host.below(&rootfs).map(GuestPath::lexical).filter(|guest| ns.shows(guest, &host));
    if inside.is_some() {
        return inside;
    }
    let same = directory(dir.as_os_str().as_bytes(), ns, lookup).ok();
    let exact = same.as_ref().filter(|found| found.host == host).map(|found| found.guest.clone());
    exact.or_else(|| ns.guest_of(&host)).or(same.map(|found| found.guest))
}
