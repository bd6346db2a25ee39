//! Places to which a path alone does not lead the kernel surely: the tracer holds the file, or the directory of its
//! name, open, and the kernel is led through that descriptor, `/proc/TRACER/fd/N`.
//!
//! One kind is too far: the rootfs has a name in front of the guest's 4,095 bytes, and a directory may lie deeper than
//! any path leads. The other may be taken away: between the tracer's look and the kernel's, another thread can put a
//! symlink in the place of the file or of a directory on the way, and whoever changes a file must not follow it.
#![forbid(unsafe_code)]

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;

use super::call::Call;
use super::paths::Target;
use super::table::{Feature, PathArg};
use crate::error::{Errno, Failure};
use crate::sys::fs;
use crate::task::Image;
use crate::vfs::{self, GuestPath, HostPath, Last, Node, Resolved, Tail};

/// A way to a place through a descriptor.
pub struct Via {
    /// The file itself, or the directory that holds its name.
    pub file: Arc<OwnedFd>,
    pub path: Vec<u8>,
}

impl Call<'_> {
    /// Sees to it that the kernel can be led to `target`.
    ///
    /// # Errors
    /// As open(2).
    pub fn reachable(&self, target: Target) -> Result<Target, Failure> {
        if target.argument().len() < libc::PATH_MAX as usize {
            return Ok(target);
        }
        if self.is_confined() {
            return Err(Errno::ENAMETOOLONG.into());
        }
        let led = self.led(target)?;
        if led.via.is_some() { Ok(led) } else { Err(Errno::ENAMETOOLONG.into()) }
    }

    /// Where the path argument `spec` leads, held so that nothing else can take its place before the kernel has gone
    /// there; for calls that change what they find, or that go on from there.
    ///
    /// A tracer with capabilities cannot be seen by a guest without them, nor any tracer from within a Landlock domain:
    /// then the place is named by its path.
    ///
    /// # Errors
    /// As [`Call::target`].
    pub fn pinned(&self, spec: &PathArg) -> Result<Option<Target>, Failure> {
        match self.target(spec)? {
            Some(target) if self.world.pins && !self.is_confined() && target.via.is_none() => {
                self.led(target).map(Some)
            }
            target => Ok(target),
        }
    }

    /// Leads the kernel to `target`, whose directory is not the one that the caller's path starts at.
    ///
    /// # Errors
    /// As open(2).
    pub fn led_from(&self, target: Target) -> Result<Target, Failure> {
        let mut led = self.led(target)?;
        if led.via.is_none() {
            let handle = led.handle.clone().expect("the directory is held");
            let path = match (led.last, led.resolved.tail) {
                (Last::Entry, Tail::DotDot) => [&self.link_for_guest(&handle)[..], b"/.."].concat(),
                (Last::Entry, _) => [&self.link_for_guest(&handle)[..], b"/."].concat(),
                // The directory itself, where a link to it would not be followed: the kernel must find it by its name.
                _ => led.resolved.host_argument(led.last),
            };
            led.via = Some(Via { file: handle, path });
        }
        Ok(led)
    }

    /// Leads the kernel to `target` through a descriptor, unless it is the very directory that the path starts at.
    fn led(&self, mut target: Target) -> Result<Target, Failure> {
        let tail = target.resolved.tail;
        // Behind a slash the kernel follows whatever has the name.
        let is_directory =
            matches!(tail, Tail::Slash | Tail::Dot | Tail::DotDot) && target.last != Last::Entry;
        let is_followed = matches!(target.last, Last::Follow | Last::Create) || is_directory;
        let is_link = matches!(target.resolved.node, Some(Node::Symlink(_) | Node::Jump(_) | Node::Magic(_)));
        let whole = is_followed && !is_link && target.resolved.node.is_some();
        let file = if whole { Some(self.open_target(&target)?) } else { None };
        // A call that follows no link must be told that this one is to be followed, by a dot for which the directory is
        // searched. The directory above a ".." was found without.
        let needs_dot = tail == Tail::DotDot && matches!(target.last, Last::NoFollow | Last::CreateNew);
        let is_open = |file: &OwnedFd| fs::access(file.as_fd(), libc::X_OK, libc::AT_EACCESS).is_ok();
        let file = file.filter(|file| !needs_dot || is_open(file));
        let by_name = file.is_none();
        let (file, name) = if let Some(file) = file {
            (file, Vec::new())
        } else {
            let Some((above, name)) = parent(&target.resolved) else { return Ok(target) };
            let mut lookup = self.world.lookup.borrow_mut();
            lookup.hold(target.handle.clone());
            (lookup.open(&above)?.fd, [b"/", &name[..]].concat())
        };
        let end: &[u8] = match target.resolved.tail {
            Tail::Name | Tail::Root => b"",
            Tail::Slash => b"/",
            Tail::DotDot if target.last == Last::Entry => b"/..",
            Tail::DotDot if needs_dot && !by_name => b"/.",
            Tail::DotDot => b"",
            Tail::Dot => b"/.",
        };
        let path = [&self.link_for_guest(&file)[..], &name, end].concat();
        target.via = Some(Via { file: Arc::new(file), path });
        Ok(target)
    }

    /// Leads the kernel to the program of a process where its own link /proc/PID/exe would lead it to xroot's.
    pub fn led_to_image(&self, mut target: Target) -> Target {
        let follows = matches!(target.last, Last::Follow | Last::Create);
        if !follows || !matches!(target.resolved.node, Some(Node::Magic(_))) {
            return target;
        }
        let Some(Image { file, readonly }) = self.image_behind(&target.resolved.guest) else { return target };
        let is_shut = |file| self.world.has(Feature::ReadOnly) && self.leads_to_readonly(&fs::own_link(file));
        target.resolved.readonly = readonly || is_shut(&file);
        let path = self.link_for_guest(&file);
        target.resolved.host = HostPath::from_bytes(path.clone());
        target.via = Some(Via { file, path });
        target
    }

    /// The tracer's descriptor, as the caller finds it.
    fn link_for_guest(&self, file: &OwnedFd) -> Vec<u8> {
        format!("/proc/{}/fd/{}", self.world.tracer, file.as_raw_fd()).into_bytes()
    }

    /// Whether the directory `handle`, which lies too deep for the kernel to tell its path, is the one named `guest`.
    pub fn is_at(&self, guest: &GuestPath, handle: &OwnedFd) -> bool {
        let found = || {
            let named = self.walk_from(vfs::Base::Named(guest), b".")?;
            let found = self.world.lookup.borrow_mut().open(&named)?;
            let own = fs::fstat(handle.as_fd())?;
            Ok::<_, Errno>((found.stat.st_dev, found.stat.st_ino) == (own.st_dev, own.st_ino))
        };
        found().unwrap_or(false)
    }
}

/// The directory that holds a place, and the place's name in it.
fn parent(resolved: &Resolved) -> Option<(Resolved, Vec<u8>)> {
    let host = resolved.host.as_bytes();
    let slash = host.iter().rposition(|&byte| byte == b'/')?;
    let below_base = match &resolved.below_base {
        Some(below) if below.is_empty() => return None,
        Some(below) => {
            let end = below.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
            Some(below[..end].to_vec())
        }
        None => None,
    };
    let above = Resolved {
        guest: resolved.guest.parent()?,
        host: HostPath::from_bytes(host[..slash.max(1)].to_vec()),
        below_base,
        node: Some(Node::Directory),
        ..resolved.clone()
    };
    Some((above, host[slash + 1..].to_vec()))
}
