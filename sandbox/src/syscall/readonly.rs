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
use super::paths::translate;
use super::table::{Base, Feature, Intent, Null, PathArg};
use crate::error::{Errno, Failure};
use crate::sys::fs;
use crate::vfs::{GuestPath, HostPath, Namespace, Views};

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
            call.check_open_descriptor(0)?;
            Ok(Action::Pass)
        }
    }
}

/// truncate(2): the length is looked at before the path, and what the file is before where it is (vfs_truncate of
/// fs/open.c).
pub fn truncate(call: &mut Call<'_>) -> Result<Action, Failure> {
    if (call.args[1] as i64) < 0 {
        return Err(Errno::EINVAL.into());
    }
    if let Ok(Some(target)) = call.target(&call.row.paths[0]) {
        if !target.resolved.readonly {
            call.check_text(&target)?;
        }
    }
    match translate(call) {
        Err(Failure::Errno(Errno::EROFS)) => {}
        other => return other,
    }
    let target = call.target(&call.row.paths[0])?.ok_or(Errno::ENOENT)?;
    let file = call.open_target(&target)?;
    match fs::fstat(file.as_fd())?.st_mode & libc::S_IFMT {
        libc::S_IFREG => fs::access(file.as_fd(), libc::W_OK, libc::AT_EACCESS)?,
        libc::S_IFDIR => return Err(Errno::EISDIR.into()),
        _ => return Err(Errno::EINVAL.into()),
    }
    Err(Errno::EROFS.into())
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
        if self.leads_to_readonly(&self.descriptor_link(index)) { Err(Errno::EROFS) } else { Ok(()) }
    }

    /// Whether a link of /proc leads to what the guest may not change.
    pub fn leads_to_readonly(&self, link: &[u8]) -> bool {
        let Ok(text) = fs::readlink(link) else { return false };
        let name = text.strip_suffix(fs::DELETED).unwrap_or(&text);
        name.starts_with(b"/")
            && is_readonly(&self.world.views, self.names(), &HostPath::from_bytes(name.to_vec()))
    }

    /// The same for a call that works on open files only. One opened with O_PATH gives EBADF, which is the kernel's to
    /// say.
    ///
    /// # Errors
    /// EROFS.
    pub fn check_open_descriptor(&self, index: usize) -> Result<(), Errno> {
        if !self.world.has(Feature::ReadOnly) || self.is_place(index) {
            return Ok(());
        }
        self.check_descriptor(index)
    }

    /// The same for a path argument that is empty or null, and so means the descriptor itself.
    ///
    /// # Errors
    /// EROFS.
    pub fn check_empty(&self, spec: &PathArg) -> Result<(), Errno> {
        let Base::Fd(index) = spec.base else { return Ok(()) };
        let is_null = self.args[usize::from(spec.arg)] == 0;
        match (spec.intent, spec.null) {
            (Intent::Write, Null::Base) if is_null => self.check_open_descriptor(index.into()),
            (Intent::Write, _) => self.check_descriptor(index.into()),
            (Intent::Read | Intent::Open | Intent::Create | Intent::Remove, _) => Ok(()),
        }
    }

    /// Whether the descriptor was opened with O_PATH.
    fn is_place(&self, index: usize) -> bool {
        let info = format!("/proc/{}/fdinfo/{}", self.tid, self.int(index));
        let text = std::fs::read_to_string(info).unwrap_or_default();
        let flags = text.lines().find_map(|line| line.strip_prefix("flags:"));
        let flags = flags.and_then(|flags| i32::from_str_radix(flags.trim(), 8).ok());
        flags.is_some_and(|flags| flags & libc::O_PATH != 0)
    }
}

/// True if the guest knows the file by names on read-only mounts alone, or by none and it belongs to a tool: a descriptor
/// that a tool has opened may be inherited by a program that has another view.
///
/// The kernel knows by which mount a file was opened and its name does not tell: a file that has a writable name too
/// can be changed by that anyway.
fn is_readonly(views: &Views, namespace: &Namespace, host: &HostPath) -> bool {
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
    }) && (any || views.overlaid().any(|shown| host.below(shown).is_some()))
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
            let (names, host) = (namespace(&both), HostPath::new(host));
            assert_eq!(is_readonly(&Views::new(names.clone()), &names, &host), expected, "{host:?}");
        }
    }

    #[test]
    fn a_tools_file_is_readonly_to_those_who_do_not_see_it() {
        let guest = namespace(&[("/home", "/home", false)]);
        let mut views = Views::new(guest.clone());
        let mut tool = guest.clone();
        for host in ["/opt/lib", "/home/lib"] {
            let mount = |host| Mount { guest: lib(), host, kind: Kind::Directory, readonly: true };
            tool.lay(mount(HostPath::new(host)));
            views.add(tool.clone());
        }
        for (host, expected) in [("/opt/lib/x.so", true), ("/opt/x", false), ("/home/lib/x.so", false)] {
            assert_eq!(is_readonly(&views, &guest, &HostPath::new(host)), expected, "{host}");
        }
    }

    fn lib() -> GuestPath {
        GuestPath::lexical(b"/lib64")
    }
}
