//! Paths that must stay inside the directory they begin at: openat2(2) with RESOLVE_BENEATH and RESOLVE_IN_ROOT.
//!
//! Source: openat2(2); path_init, handle_dots and nd_jump_link of fs/namei.c.
#![forbid(unsafe_code)]

use std::os::fd::AsFd;

use super::call::Call;
use super::paths::Target;
use super::table::Base;
use crate::error::{Errno, Failure};
use crate::sys::fs;
use crate::vfs::proc::{Links, Refuse};
use crate::vfs::{self, GuestPath, Kind, Last, Tail};

/// What openat2(2) keeps inside a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// RESOLVE_BENEATH.
    Beneath,
    /// RESOLVE_IN_ROOT.
    InRoot,
}

impl Call<'_> {
    /// Where `path` leads inside the directory `base`, which `..` and absolute paths do not leave: openat2(2) with
    /// RESOLVE_IN_ROOT, or with RESOLVE_BENEATH, where trying to is EXDEV.
    ///
    /// # Errors
    /// As [`Call::target`].
    pub fn scoped_target(
        &self,
        base: Base,
        path: &[u8],
        how: (Last, Refuse),
        scope: Scope,
    ) -> Result<Target, Failure> {
        let (last, refuse) = (self.treated(how.0), Refuse { jumps: true, ..how.1 });
        // Before the descriptor is looked at.
        if path.is_empty() {
            return Err(Errno::ENOENT.into());
        }
        if scope == Scope::Beneath && path.starts_with(b"/") {
            return Err(Errno::EXDEV.into());
        }
        let (handle, guest) = self.base(base, b"..")?;
        if fs::fstat(handle.as_fd())?.st_mode & libc::S_IFMT != libc::S_IFDIR {
            return Err(Errno::ENOTDIR.into());
        }
        let follow = match last {
            _ if refuse.links == Links::All => fs::Follow::Nothing,
            Last::Follow | Last::Create => fs::Follow::All,
            Last::NoFollow | Last::CreateNew | Last::Entry => fs::Follow::NotLast,
        };
        let walked = match last {
            Last::Create | Last::CreateNew => before_directory(path),
            Last::Follow | Last::NoFollow | Last::Entry => None,
        };
        if scope == Scope::Beneath && fs::leaves_directory(handle.as_fd(), walked.unwrap_or(path), follow) {
            return Err(Errno::EXDEV.into());
        }
        let Some(top) = guest else {
            return self.target_refusing(base, below_top(path), how.0, refuse);
        };
        let names = self.names();
        if names.locate(&top).mount.kind == Kind::Proc {
            // The links of a procfs are known by their place in it.
            let path = if scope == Scope::InRoot { below_top(path) } else { path };
            let leaves = path.starts_with(b"/") || path.split(|&byte| byte == b'/').any(|name| name == b"..");
            return if leaves {
                Err(Errno::EXDEV.into())
            } else {
                self.target_refusing(base, path, how.0, refuse)
            };
        }
        // Over mounts the kernel could not see it.
        let refuse = Refuse { leaving: scope == Scope::Beneath, ..refuse };
        let (names, root) = (names.below(&top), GuestPath::root());
        let walk = |path: &[u8], how| {
            self.walk_in((&names, &root), Some(&handle), vfs::Base::Held(&root), path, how)
        };
        let mut resolved = walk(path, (last, refuse))?;
        resolved.guest = GuestPath::lexical(&[top.as_bytes(), b"/", resolved.guest.as_bytes()].concat());
        self.trace_place(&resolved);
        let is_top = resolved.tail == Tail::Root && resolved.below_base.is_some();
        let target = Target { resolved, last, handle: Some(handle), via: None };
        // Not by ".", for which it would be searched.
        if is_top { self.led_from(target) } else { Ok(target) }
    }
}

/// What is walked of a path with a slash behind a name, where a file is to be made: EISDIR comes before that name is
/// looked up (open_last_lookups of fs/namei.c).
fn before_directory(path: &[u8]) -> Option<&[u8]> {
    let end = path.iter().rposition(|&byte| byte != b'/')? + 1;
    let start = path[..end].iter().rposition(|&byte| byte == b'/').map_or(0, |at| at + 1);
    let is_name = end < path.len() && !matches!(&path[start..end], b"." | b"..");
    is_name.then_some(if start == 0 { b"." } else { &path[..start] })
}

/// `path` without what would leave a directory that is the root: slashes, `.` and `..` at its beginning.
fn below_top(path: &[u8]) -> &[u8] {
    let mut rest = path;
    loop {
        let end = rest.iter().position(|&byte| byte == b'/').unwrap_or(rest.len());
        if !matches!(&rest[..end], b"" | b"." | b"..") {
            return rest;
        }
        if end == rest.len() {
            return b".";
        }
        rest = &rest[end + 1..];
    }
}
