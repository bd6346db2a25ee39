//! Calls that change a file through a descriptor opened for reading, on a read-only binding: EROFS, as on a read-only
//! mount. Trapped only in sessions that have such a binding.
//!
//! A descriptor open for writing cannot exist there, so write, ftruncate and fallocate need no look.
//!
//! Source: fchmod(2), utimensat(2), fsetxattr(2), ioctl_iflags(2), statfs(2); mnt_want_write_file in fs/namespace.c.
#![forbid(unsafe_code)]

use std::os::fd::AsFd;

use super::call::{Action, Call};
use super::kill;
use super::table::{Base, Feature, Intent};
use crate::error::{Errno, Failure};
use crate::sys::fs;
use crate::vfs::{GuestPath, HostPath, Namespace};

/// ioctl(2), for the requests that the table traps: they change a file, name a process to be signalled, or type.
pub fn ioctl(call: &mut Call<'_>) -> Result<Action, Failure> {
    // As in include/uapi/asm-generic/sockios.h and ioctls.h.
    const FIOSETOWN: u32 = 0x8901;
    const SIOCSPGRP: u32 = 0x8902;
    const TIOCSTI: u32 = 0x5412;
    const TIOCLINUX: u32 = 0x541c;
    match call.args[1] as u32 {
        FIOSETOWN | SIOCSPGRP => kill::ioctl_owner(call),
        // Would type into the shell that started xroot. As where the sysctl dev.tty.legacy_tiocsti is 0.
        TIOCSTI | TIOCLINUX => Err(Errno::EIO.into()),
        _ => {
            call.check_descriptor(0)?;
            Ok(Action::Pass)
        }
    }
}

/// fstatfs(2): ST_RDONLY is told.
pub fn fstatfs(call: &mut Call<'_>) -> Result<Action, Failure> {
    if call.check_descriptor(0).is_ok() {
        return Ok(Action::Pass);
    }
    let file = call.open_descriptor(0)?;
    let mut stat = fs::fstatfs(file.as_fd())?;
    stat.flags |= libc::ST_RDONLY;
    call.mem.write(call.args[1], fs::bytes_of(&stat))?;
    Ok(Action::Answer(0))
}

impl Call<'_> {
    /// Refuses a change of the file behind the descriptor in argument `index`.
    ///
    /// # Errors
    /// EROFS.
    pub fn check_descriptor(&self, index: usize) -> Result<(), Errno> {
        if !self.world.has(Feature::ReadOnly) {
            return Ok(());
        }
        let Ok(link) = fs::readlink(&self.descriptor_link(index)) else { return Ok(()) };
        let name = link.strip_suffix(b" (deleted)").unwrap_or(&link);
        if name.starts_with(b"/") && is_readonly(&self.world.namespace, &HostPath::from_bytes(name.to_vec()))
        {
            return Err(Errno::EROFS);
        }
        Ok(())
    }

    /// The same for a path argument that is empty or null, and so means the descriptor itself.
    ///
    /// # Errors
    /// EROFS.
    pub fn check_empty(&self, base: Base, intent: Intent) -> Result<(), Errno> {
        match (intent, base) {
            (Intent::Write, Base::Fd(index)) => self.check_descriptor(index.into()),
            _ => Ok(()),
        }
    }
}

/// True if the guest knows the file by names on read-only mounts alone.
///
/// The kernel knows by which mount a file was opened and its name does not tell: a file that has a writable name too
/// can be changed by that anyway.
fn is_readonly(namespace: &Namespace, host: &HostPath) -> bool {
    let mut names = namespace.mounts().iter().filter_map(|mount| {
        let rest = host.below(&mount.host)?;
        let guest = GuestPath::lexical(&[mount.guest.as_bytes(), b"/", rest].concat());
        let is_covered = !std::ptr::eq(namespace.locate(&guest).mount, mount);
        (!is_covered).then_some(mount.is_readonly())
    });
    let mut any = false;
    names.all(|readonly| {
        any = true;
        readonly
    }) && any
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vfs::{Kind, Mount};

    fn namespace(mounts: &[(&str, &str, bool)]) -> Namespace {
        let mut namespace = Namespace::new(HostPath::new("/srv/root"));
        for &(guest, host, readonly) in mounts {
            let guest = GuestPath::lexical(guest.as_bytes());
            namespace.bind(Mount { guest, host: HostPath::new(host), kind: Kind::Directory, readonly });
        }
        namespace
    }

    #[test]
    fn a_file_is_readonly_where_none_of_its_names_is_writable() {
        let both = [("/ro", "/data", true), ("/rw", "/data/work", false)];
        for (host, expected) in [
            ("/data/file", true),
            ("/data/work/file", false),
            ("/srv/root/etc/passwd", false),
            // Covered by the binding, and so without a name.
            ("/srv/root/ro/file", false),
            ("/elsewhere", false),
        ] {
            assert_eq!(is_readonly(&namespace(&both), &HostPath::new(host)), expected, "{host}");
        }
    }
}
