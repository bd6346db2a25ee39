//! Places whose host path is longer than a path may be: the rootfs has a name in front of the guest's 4,095 bytes, and a
//! directory may lie deeper than any path leads.
//!
//! The resolver finds them part by part; the kernel is led through a descriptor of the tracer's, `/proc/TRACER/fd/N`.
#![forbid(unsafe_code)]

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;

use super::call::Call;
use super::paths::Target;
use crate::error::{Errno, Failure};
use crate::sys::fs;
use crate::vfs::{self, GuestPath, HostPath, Last, Node, Resolved, Tail};

/// A way to a place that is too far for a path.
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
    pub fn reachable(&self, mut target: Target) -> Result<Target, Failure> {
        if target.argument().len() < libc::PATH_MAX as usize {
            return Ok(target);
        }
        let is_followed = matches!(target.last, Last::Follow | Last::Create);
        let is_link = matches!(target.resolved.node, Some(Node::Symlink(_) | Node::Magic(_)));
        let whole = is_followed && !is_link && target.resolved.node.is_some();
        let (file, name) = if whole {
            (self.open_target(&target)?, Vec::new())
        } else {
            let (above, name) = parent(&target.resolved).ok_or(Errno::ENAMETOOLONG)?;
            let mut lookup = self.world.lookup.borrow_mut();
            lookup.hold(target.handle.clone());
            (lookup.open(&above)?.fd, [b"/", &name[..]].concat())
        };
        let end: &[u8] = match target.resolved.tail {
            Tail::Name | Tail::Root => b"",
            Tail::Slash => b"/",
            Tail::DotDot if target.last == Last::Entry => b"/..",
            Tail::DotDot => b"",
            Tail::Dot => b"/.",
        };
        let link = format!("/proc/{}/fd/{}", self.world.tracer, file.as_raw_fd());
        target.via = Some(Via { file: Arc::new(file), path: [link.as_bytes(), &name, end].concat() });
        Ok(target)
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
