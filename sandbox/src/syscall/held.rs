//! Paths that go on from a directory which the tracer holds open: up from it by its own `..`, and behind a link of /proc.
//!
//! A directory may be deleted, or one above it closed to the caller: then its name leads nowhere, and the kernel still goes
//! on from it. So does this walk, and what it finds is held for the kernel (see [`super::far`]).
#![forbid(unsafe_code)]

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use super::call::Call;
use super::deleted::Climbed;
use super::paths::Target;
use crate::error::{Errno, Failure};
use crate::sys::fs;
use crate::vfs::proc::Refuse;
use crate::vfs::{self, GuestPath, HostPath, Last, Tail};

impl Call<'_> {
    /// Where a relative path leads from the directory `handle`, which is called `guest` if it has a name.
    ///
    /// # Errors
    /// As [`Call::target`].
    pub fn find_from(
        &self,
        handle: Arc<OwnedFd>,
        guest: Option<GuestPath>,
        path: &[u8],
        (last, refuse): (Last, Refuse),
    ) -> Result<Target, Failure> {
        let start = match &guest {
            Some(guest) => vfs::Base::Held(guest),
            None => {
                if let Some(climbed) = self.climb(&handle, path)? {
                    return self.find_climbed(handle, climbed, (last, refuse));
                }
                vfs::Base::Outside
            }
        };
        match self.walk(Some(&handle), start, path, (last, refuse)) {
            Err(Errno::EACCES) if guest.is_some() => self.find_above(handle, start, path, (last, refuse)),
            resolved => self.reachable(Target { resolved: resolved?, last, handle: Some(handle), via: None }),
        }
    }

    /// Where a path leads from the directory `handle` if its `..` are gone by one by one: none of the directories above
    /// needs to be open to the caller by its name.
    fn find_above(
        &self,
        handle: Arc<OwnedFd>,
        start: vfs::Base<'_>,
        path: &[u8],
        (last, refuse): (Last, Refuse),
    ) -> Result<Target, Failure> {
        self.world.lookup.borrow_mut().may_climb = true;
        let resolved = self.walk(Some(&handle), start, path, (last, refuse));
        let mut lookup = self.world.lookup.borrow_mut();
        lookup.may_climb = false;
        let above = lookup.climbed();
        drop(lookup);
        let resolved = resolved?;
        let below_above = above.filter(|_| resolved.below_base.is_some());
        let Some(above) = below_above else {
            return self.reachable(Target { resolved, last, handle: Some(handle), via: None });
        };
        self.led_from(Target { resolved, last, handle: Some(above), via: None })
    }

    /// Where a path leads that begins with `..` of the deleted directory `handle`.
    fn find_climbed(
        &self,
        handle: Arc<OwnedFd>,
        climbed: Climbed<'_>,
        (last, refuse): (Last, Refuse),
    ) -> Result<Target, Failure> {
        let Climbed { handle: upper, name, steps, rest, is_last } = climbed;
        if let Some(name) = name {
            let mut resolved = self.walk(Some(&upper), vfs::Base::Held(&name), rest, (last, refuse))?;
            if is_last && last == Last::Entry {
                resolved.tail = Tail::DotDot;
            }
            let is_below = resolved.below_base.is_some();
            let target = Target { resolved, last, handle: Some(upper), via: None };
            return if is_below { self.led_from(target) } else { self.reachable(target) };
        }
        let mut resolved = self.walk(Some(&upper), vfs::Base::Outside, rest, (last, refuse))?;
        // The kernel finds the way up from the same directory.
        let up = vec![&b".."[..]; steps].join(&b'/');
        resolved.below_base = resolved.below_base.map(|below| match &below[..] {
            b"" => up,
            below => [&up[..], b"/", below].concat(),
        });
        Ok(Target { resolved, last, handle: Some(handle), via: None })
    }

    /// Where `rest` leads behind a link of /proc to a directory. The kernel gets there whether that has a name or not, and
    /// whether it may be reached by it.
    ///
    /// # Errors
    /// As [`Call::target`].
    pub fn find_behind(
        &self,
        link: &HostPath,
        rest: Vec<u8>,
        how: (Last, Refuse),
    ) -> Result<Target, Failure> {
        let begin = rest.iter().position(|&byte| byte != b'/');
        let rest = begin.map_or(&b"."[..], |begin| &rest[begin..]);
        let handle = Arc::new(fs::open_path(link.as_bytes())?);
        if fs::fstat(handle.as_fd())?.st_mode & libc::S_IFMT != libc::S_IFDIR {
            return Err(Errno::ENOTDIR.into());
        }
        let guest = match self.name_of_link(link.as_bytes()) {
            Err(Errno::ENAMETOOLONG) => None,
            name => name?,
        };
        let target = self.find_from(handle, guest, rest, how)?;
        let is_below =
            target.via.is_none() && target.handle.is_some() && target.resolved.below_base.is_some();
        if is_below { self.led_from(target) } else { Ok(target) }
    }
}
