//! Directories that have lost their name while a task works in them or holds them open.
//!
//! The kernel still knows what `..` of one is, and the guest may go there: a directory that was deleted in the guest's
//! tree had its parents there. `..` of a directory that never had a guest name stays closed.
//!
//! Source: getcwd(2), fs/namei.c follow_dotdot().
#![forbid(unsafe_code)]

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;

use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;

use super::call::Call;
use crate::error::Errno;
use crate::sys::fs;
use crate::vfs::{GuestPath, HostPath};

/// What d_path of the kernel appends to the path of a file that has no name any more.
const DELETED: &[u8] = b" (deleted)";

/// The place that leading `..` of a path lead to.
pub struct Climbed<'p> {
    pub handle: Arc<OwnedFd>,
    /// Its guest name, unless it is deleted too.
    pub name: Option<GuestPath>,
    /// How many `..` that took.
    pub steps: usize,
    /// What follows them; "." for nothing.
    pub rest: &'p [u8],
    /// Nothing follows.
    pub is_last: bool,
}

impl Call<'_> {
    /// The guest name of the directory that a link of /proc leads to; `None` if it is deleted or outside.
    ///
    /// # Errors
    /// As readlink(2).
    pub fn name_of_link(&self, link: &[u8]) -> Result<Option<GuestPath>, Errno> {
        let text = fs::readlink(link)?;
        if text.ends_with(DELETED) && is_deleted(link) {
            return Ok(None);
        }
        Ok(self.name_of(HostPath::from_bytes(text)))
    }

    /// Goes up from a directory of the guest's that is deleted, as long as `path` says so; `None` for any other.
    ///
    /// # Errors
    /// As open(2).
    pub fn climb<'p>(&self, start: &Arc<OwnedFd>, path: &'p [u8]) -> Result<Option<Climbed<'p>>, Errno> {
        let mut climbed =
            Climbed { handle: Arc::clone(start), name: None, steps: 0, rest: path, is_last: false };
        while climbed.name.is_none() && self.was_in_the_guest(&climbed.handle) {
            let Some(rest) = after_dotdot(climbed.rest) else { break };
            let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
            climbed.handle = Arc::new(openat(climbed.handle.as_fd(), "..", flags, Mode::empty())?);
            climbed.name = self.name_of_link(&link(&climbed.handle))?;
            climbed.steps += 1;
            climbed.rest = rest;
        }
        if climbed.rest.is_empty() {
            climbed.is_last = true;
            climbed.rest = b".";
        }
        Ok((climbed.steps > 0).then_some(climbed))
    }

    fn was_in_the_guest(&self, handle: &OwnedFd) -> bool {
        let link = link(handle);
        let text = fs::readlink(&link).unwrap_or_default();
        let name = text.strip_suffix(DELETED).filter(|_| is_deleted(&link));
        name.is_some_and(|name| self.name_of(HostPath::from_bytes(name.to_vec())).is_some())
    }
}

/// The link of one of xroot's own descriptors.
pub fn link(handle: &OwnedFd) -> Vec<u8> {
    format!("/proc/self/fd/{}", handle.as_raw_fd()).into_bytes()
}

fn is_deleted(link: &[u8]) -> bool {
    fs::stat(link).is_ok_and(|stat| stat.st_nlink == 0)
}

/// What follows the first component and its slashes, if that is `..`; each `.` before it is skipped.
fn after_dotdot(path: &[u8]) -> Option<&[u8]> {
    let end = path.iter().position(|&byte| byte == b'/').unwrap_or(path.len());
    let slashes = path[end..].iter().position(|&byte| byte != b'/').unwrap_or(path.len() - end);
    let rest = &path[end + slashes..];
    match &path[..end] {
        b".." => Some(rest),
        b"." if !rest.is_empty() => after_dotdot(rest),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::after_dotdot;

    #[test]
    fn only_a_leading_dotdot_goes_up() {
        for (path, rest) in [
            ("..", Some("")),
            ("../", Some("")),
            ("..//a/..", Some("a/..")),
            ("././/../b", Some("b")),
            (".", None),
            ("a/..", None),
            ("..a", None),
            ("", None),
        ] {
            assert_eq!(after_dotdot(path.as_bytes()), rest.map(str::as_bytes), "{path}");
        }
    }
}
