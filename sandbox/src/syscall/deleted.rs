//! Directories without a name: a task works in them or holds them open while they are deleted, or they lie deeper than
//! a path can say.
//!
//! The kernel still knows what `..` of one is, and the guest may go there: a directory that was deleted in the guest's
//! tree had its parents there. `..` of a directory that never had a guest name stays closed.
//!
//! Source: getcwd(2), fs/namei.c follow_dotdot(), fs/proc/base.c do_proc_readlink().
#![forbid(unsafe_code)]

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;

use super::call::Call;
use crate::error::Errno;
use crate::sys::fs::{self, DELETED};
use crate::vfs::{GuestPath, HostPath};

/// The place that leading `..` of a path lead to.
pub struct Climbed<'p> {
    pub handle: Arc<OwnedFd>,
    /// Its guest name, unless it has none either.
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

    /// Goes up from a directory of the guest's that is deleted or too deep, as long as `path` says so; `None` for any other.
    ///
    /// # Errors
    /// As open(2).
    pub fn climb<'p>(&self, start: &Arc<OwnedFd>, path: &'p [u8]) -> Result<Option<Climbed<'p>>, Errno> {
        let mut climbed =
            Climbed { handle: Arc::clone(start), name: None, steps: 0, rest: path, is_last: false };
        while climbed.name.is_none() && self.was_in_the_guest(&climbed.handle) {
            let Some(rest) = after_dotdot(climbed.rest) else { break };
            climbed.handle = Arc::new(above(&climbed.handle)?);
            climbed.name = match self.name_of_link(&fs::own_link(&climbed.handle)) {
                Err(Errno::ENAMETOOLONG) => None,
                name => name?,
            };
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
        let link = fs::own_link(handle);
        let text = match fs::readlink(&link) {
            Err(Errno::ENAMETOOLONG) => return self.is_too_deep(handle),
            text => text.unwrap_or_default(),
        };
        let name = text.strip_suffix(DELETED).filter(|_| is_deleted(&link));
        name.is_some_and(|name| self.name_of(HostPath::from_bytes(name.to_vec())).is_some())
    }

    /// Whether the nearest directory above that has a name is the guest's. Every mount point has one, so that none lies
    /// in between.
    fn is_too_deep(&self, handle: &OwnedFd) -> bool {
        let mut upper = above(handle);
        while let Ok(dir) = &upper {
            match fs::readlink(&fs::own_link(dir)) {
                Err(Errno::ENAMETOOLONG) => upper = above(dir),
                text => return text.is_ok_and(|text| self.name_of(HostPath::from_bytes(text)).is_some()),
            }
        }
        false
    }
}

/// The directory that `..` of one leads to.
fn above(dir: &OwnedFd) -> Result<OwnedFd, Errno> {
    openat(dir.as_fd(), "..", OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())
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
