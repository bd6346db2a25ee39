//! Path arguments: where they lead, and how the kernel is made to go there.
//!
//! Source: path_resolution(7), and the man page of each row.
#![forbid(unsafe_code)]

use std::os::fd::OwnedFd;
use std::sync::Arc;

use super::call::{Action, Call, Rewrite};
use super::far::Via;
use super::table::{Base, Feature, Intent, LastRule, Null, PathArg, Row};
use crate::error::{Errno, Failure};
use crate::sys::fs;
use crate::vfs::proc::{ProcLookup, Refuse};
use crate::vfs::{self, GuestPath, HostPath, Last, NAME_MAX, Namespace, Node, Resolved, Tail, resolve_below};

/// Where a path argument leads.
pub struct Target {
    pub resolved: Resolved,
    pub last: Last,
    /// The directory that the path starts at, held open by the tracer, if the path is relative.
    pub handle: Option<Arc<OwnedFd>>,
    /// How the kernel gets there where the path is too long for it.
    pub via: Option<Via>,
}

/// Rewrites every path argument of the row: the handler of calls that need nothing else.
pub fn translate(call: &mut Call<'_>) -> Result<Action, Failure> {
    if call.row.paths.is_empty() {
        return Ok(Action::Pass);
    }
    let mut rewrite = Rewrite::default();
    let mut fails = false;
    for spec in call.row.paths {
        let target = match call.pinned(spec) {
            Ok(target) => target,
            Err(failure) => {
                stage_failure(&mut rewrite, spec.arg.into(), failure)?;
                fails = true;
                continue;
            }
        };
        let Some(target) = target else {
            call.check_empty(spec)?;
            // Another thread must not put a path there behind our back. A null pointer stays one.
            if call.args[usize::from(spec.arg)] != 0 {
                rewrite.stage_path(spec.arg.into(), b"");
            }
            continue;
        };
        if !fails {
            check_intent(call.row, spec.intent, &target.resolved)?;
        }
        target.stage(spec, &mut rewrite);
    }
    Ok(Action::Rewrite(rewrite))
}

/// fanotify_mark(2): FAN_MARK_FLUSH names no file, and NULL none but the descriptor's, EBADF for AT_FDCWD.
pub fn fanotify_mark(call: &mut Call<'_>) -> Result<Action, Failure> {
    let null_of_cwd = call.args[4] == 0 && call.int(3) == libc::AT_FDCWD;
    if null_of_cwd || call.args[1] as u32 & libc::FAN_MARK_FLUSH != 0 {
        Ok(Action::Pass)
    } else {
        translate(call)
    }
}

/// Makes argument `arg` a path by which the kernel gives the errno of one that leads nowhere.
///
/// For the kernel looks at flags, lengths and other pointers before or after the path, each call in its own order, and
/// knows that order best. The paths are absolute, so that no descriptor is looked at.
///
/// # Errors
/// The failure itself, where it is no errno, or none of the path's.
pub fn stage_failure(rewrite: &mut Rewrite, arg: usize, failure: Failure) -> Result<(), Failure> {
    const MISSING: &[u8] = b"/proc/self/-/-";
    if failure.is_tracers_limit() {
        return Err(failure);
    }
    let Failure::Errno(errno) = failure else { return Err(failure) };
    match errno {
        Errno::ENOENT => rewrite.stage_path(arg, MISSING),
        Errno::ENOTDIR => rewrite.stage_path(arg, b"/proc/self/comm/-"),
        Errno::ENAMETOOLONG => rewrite.stage_path(arg, &[&b"/"[..], &[b'-'; 256]].concat()),
        // No program has memory there, and no other thread can map any.
        Errno::EFAULT => rewrite.set(arg, u64::MAX),
        // No path is sure to give it, so it takes the place of one that is.
        errno => {
            rewrite.stage_path(arg, MISSING);
            rewrite.replace_missing(errno);
        }
    }
    Ok(())
}

/// Refuses what a read-only mount refuses, and a name that is a mount point's, in the kernel's order.
///
/// filename_create of fs/namei.c finds an existing name before it looks at the mount, and a slash behind the name of
/// what will be no directory. What has nothing to do with a mount the kernel finds itself, in its own order.
/// For [`Intent::Remove`] see [`super::entries`].
pub fn check_intent(row: &Row, intent: Intent, resolved: &Resolved) -> Result<(), Errno> {
    match intent {
        Intent::Read | Intent::Open | Intent::Remove => Ok(()),
        Intent::Write if resolved.readonly => Err(Errno::EROFS),
        // Too long a name is found before the mount is looked at.
        Intent::Create if resolved.node.is_none() && is_too_long(&resolved.guest) => Ok(()),
        Intent::Create if resolved.holds_mount => Err(Errno::EEXIST),
        // No other argument of theirs could be wrong: the answer needs no second stop.
        Intent::Create if resolved.node.is_some() && row.name.starts_with("mkdir") => Err(Errno::EEXIST),
        Intent::Create if resolved.readonly && resolved.node.is_some() => Err(Errno::EEXIST),
        Intent::Create
            if resolved.readonly && resolved.tail == Tail::Slash && !row.name.starts_with("mkdir") =>
        {
            Err(Errno::ENOENT)
        }
        Intent::Create if resolved.readonly => Err(Errno::EROFS),
        Intent::Write | Intent::Create => Ok(()),
    }
}

fn ends_in_dotdot(path: &[u8]) -> bool {
    path.rsplit(|&byte| byte == b'/').find(|name| !name.is_empty()) == Some(b"..")
}

/// Whether no file system has an entry of this name.
pub fn is_too_long(entry: &GuestPath) -> bool {
    entry.name().is_some_and(|name| name.len() > NAME_MAX)
}

impl Call<'_> {
    /// Where the path argument `spec` leads; `None` if it is empty and the call allows that (AT_EMPTY_PATH), or NULL
    /// where the descriptor alone is meant.
    ///
    /// # Errors
    /// What the guest's own call would fail with before it looks at the file.
    pub fn target(&self, spec: &PathArg) -> Result<Option<Target>, Failure> {
        let address = self.args[usize::from(spec.arg)];
        let may_be_empty =
            spec.empty.is_some_and(|(arg, bit)| bit == 0 || self.args[usize::from(arg)] as u32 & bit != 0);
        let null = match spec.null {
            Null::Address => false,
            Null::Base => !matches!(spec.base, Base::Fd(arg) if self.int(arg.into()) == libc::AT_FDCWD),
            Null::Empty => may_be_empty,
        };
        if address == 0 && null {
            return Ok(None);
        }
        let path = self.read_path(spec.arg.into())?;
        if path.is_empty() && may_be_empty {
            return Ok(None);
        }
        self.target_of(spec.base, &path, self.last_of(spec)?).map(Some)
    }

    /// Where `path` leads for this task, from `base` if it is relative.
    ///
    /// # Errors
    /// As [`Call::target`].
    pub fn target_of(&self, base: Base, path: &[u8], last: Last) -> Result<Target, Failure> {
        self.target_refusing(base, path, last, Refuse::default())
    }

    /// The same, where following some links is ELOOP.
    ///
    /// # Errors
    /// As [`Call::target`].
    pub fn target_refusing(
        &self,
        base: Base,
        path: &[u8],
        last: Last,
        refuse: Refuse,
    ) -> Result<Target, Failure> {
        let how = (self.treated(last), refuse);
        self.world.lookup.borrow_mut().crossed = None;
        let found = match self.find_target(base, path, how) {
            Err(Failure::Errno(errno @ (Errno::ENOENT | Errno::EACCES))) => {
                let crossed = self.world.lookup.borrow_mut().crossed.take();
                let Some((link, mut rest)) = crossed else { return Err(errno.into()) };
                if how.0 == Last::Entry && ends_in_dotdot(path) {
                    // Such a walk ends in the directory before that, as a dot.
                    rest.push(b'.');
                }
                self.find_behind(&link, rest, how)?
            }
            found => found?,
        };
        let found = self.led_to_image(found);
        self.trace_place(&found.resolved);
        Ok(found)
    }

    /// Lets the trace know where a path of this call leads.
    pub fn trace_place(&self, resolved: &Resolved) {
        if let Some(trace) = &self.world.trace {
            trace.place(&resolved.guest, &resolved.host);
        }
    }

    fn find_target(
        &self,
        base: Base,
        path: &[u8],
        (last, refuse): (Last, Refuse),
    ) -> Result<Target, Failure> {
        if path.starts_with(b"/") || path.is_empty() {
            let root = self.root();
            let resolved = self.walk(None, vfs::Base::Named(&root), path, (last, refuse))?;
            return self.reachable(Target { resolved, last, handle: None, via: None });
        }
        let (handle, guest) = self.base(base, path)?;
        self.find_from(handle, guest, path, (last, refuse))
    }

    /// The guest name of the directory that `base` means; `None` if it has none.
    ///
    /// # Errors
    /// EBADF, or as readlink(2).
    pub fn base_name(&self, base: Base) -> Result<Option<GuestPath>, Failure> {
        Ok(self.base(base, b"..")?.1)
    }

    /// Where a path leads from a named directory.
    ///
    /// # Errors
    /// Those of path_resolution(7).
    pub fn walk_from(&self, start: vfs::Base<'_>, path: &[u8]) -> Result<Resolved, Errno> {
        self.walk(None, start, path, (Last::Follow, Refuse::default()))
    }

    pub(super) fn walk(
        &self,
        handle: Option<&Arc<OwnedFd>>,
        start: vfs::Base<'_>,
        path: &[u8],
        (last, refuse): (Last, Refuse),
    ) -> Result<Resolved, Errno> {
        self.walk_in((self.names(), &self.root()), handle, start, path, (last, refuse))
    }

    /// Where a path leads in the mount table `names`.
    ///
    /// # Errors
    /// Those of path_resolution(7).
    pub fn walk_in(
        &self,
        tree: (&Namespace, &GuestPath),
        handle: Option<&Arc<OwnedFd>>,
        start: vfs::Base<'_>,
        path: &[u8],
        (last, refuse): (Last, Refuse),
    ) -> Result<Resolved, Errno> {
        let names = tree.0;
        let mut lookup = self.world.lookup.borrow_mut();
        lookup.hold(handle.cloned());
        let guests = self.guests();
        let mount = |guest: &GuestPath| names.locate(guest).mount;
        let only = match start {
            vfs::Base::Named(guest) | vfs::Base::Held(guest) if refuse.crossing => Some(mount(guest)),
            _ => None,
        };
        let mut lookup = ProcLookup::new(&mut *lookup, names, &guests).refusing(refuse).within(only);
        let mut resolved = resolve_below(tree, &mut lookup, start, path, last)?;
        let follows = matches!(last, Last::Follow | Last::Create);
        let leads_away = match &resolved.node {
            Some(Node::Magic(Err(Errno::EXDEV))) => follows,
            // ELOOP is the caller's to give: the link is not followed.
            Some(Node::Magic(target)) => follows && only.is_some() && *target != Err(Errno::ELOOP),
            _ => false,
        };
        let has_crossed = only.is_some_and(|only| !std::ptr::eq(only, mount(&resolved.guest)));
        if leads_away || has_crossed {
            return Err(Errno::EXDEV);
        }
        if !self.world.has(Feature::ReadOnly) {
            return Ok(resolved);
        }
        if follows && matches!(resolved.node, Some(Node::Magic(_))) {
            resolved.readonly = self.leads_to_readonly(resolved.host.as_bytes());
        } else if let (true, Some(handle)) = (resolved.outside, handle) {
            // A tool's directory, which the caller has inherited and has no name for.
            resolved.readonly = self.leads_to_readonly(&fs::own_link(handle));
        }
        Ok(resolved)
    }

    /// The call with a copy of its path argument, if that is the name of an entry which the kernel finds by itself: one
    /// component of a directory that the caller has open, and not one of [`crate::vfs::Namespace::special_names`].
    ///
    /// Only for calls that follow no symlink, which is then the only way to somewhere else.
    ///
    /// # Errors
    /// As [`Call::target`].
    pub fn plain_entry(&self, arg: usize) -> Result<Option<Rewrite>, Errno> {
        let name = self.read_path(arg)?;
        let is_name = !name.is_empty() && !name.contains(&b'/') && name != b"." && name != b"..";
        // Of a process outside these are closed, and the directory may be its own in /proc.
        let may_be_closed = matches!(&name[..], b"fd" | b"fdinfo" | b"map_files" | b"ns");
        let is_plain = self.treated(Last::NoFollow) == Last::NoFollow;
        if !is_name
            || may_be_closed
            || !is_plain
            || self.world.ids.is_some()
            || self.view().special.contains(&name)
        {
            return Ok(None);
        }
        let spec = self.row.paths.iter().find(|spec| usize::from(spec.arg) == arg);
        if let (Some(_), Some(spec)) = (&self.world.trace, spec) {
            // Only for the reader, who wants to know where the kernel goes.
            let (Ok(_) | Err(_)) = self.target_of(spec.base, &name, Last::NoFollow);
        }
        let mut rewrite = Rewrite::default();
        rewrite.stage_path(arg, &name);
        Ok(Some(rewrite))
    }

    /// `last`, or the opposite in the call that a test has picked.
    pub fn treated(&self, last: Last) -> Last {
        if self.world.wrong_links.as_deref() == Some(self.row.name) { last.opposite() } else { last }
    }

    fn last_of(&self, spec: &PathArg) -> Result<Last, Errno> {
        if matches!(spec.intent, Intent::Create | Intent::Remove) {
            return Ok(Last::Entry);
        }
        let flags = |arg: u8| self.args[usize::from(arg)] as u32;
        let follow = match spec.last {
            LastRule::Follow => true,
            LastRule::NoFollow => false,
            LastRule::NoFollowIf(arg, bit) => flags(arg) & bit == 0,
            LastRule::FollowIf(arg, bit) => flags(arg) & bit != 0,
            LastRule::Open(_) | LastRule::OpenHow(_) => unreachable!("the open family has its own handler"),
        };
        Ok(if follow { Last::Follow } else { Last::NoFollow })
    }

    /// The directory that `base` means, held open, and its guest name.
    ///
    /// # Errors
    /// EBADF, or as readlink(2).
    pub fn base(&self, base: Base, path: &[u8]) -> Result<(Arc<OwnedFd>, Option<GuestPath>), Failure> {
        let fd = match base {
            Base::Cwd => libc::AT_FDCWD,
            Base::Fd(arg) => self.int(arg.into()),
        };
        if fd != libc::AT_FDCWD {
            let link = format!("/proc/{}/fd/{fd}", self.tid);
            let handle = match fs::open_path(link.as_bytes()) {
                Err(Errno::ENOENT) => return Err(Errno::EBADF.into()),
                other => other?,
            };
            let name = match self.name_of_link(link.as_bytes()) {
                Err(Errno::ENAMETOOLONG) => None,
                name => name?,
            };
            return Ok((Arc::new(handle), name));
        }
        let goes_up = path.split(|&byte| byte == b'/').any(|name| name == b"..");
        let handle = self.cwd_handle()?;
        let known = || self.task().fs.cwd.borrow().clone();
        let guest = match goes_up.then(|| self.cwd_name()) {
            None => known(),
            Some(Err(Errno::ENAMETOOLONG)) => known().filter(|known| self.is_at(known, &handle)),
            Some(name) => name?,
        };
        Ok((handle, guest))
    }

    /// The working directory, held open by the tracer.
    ///
    /// # Errors
    /// As open(2), where the task is gone or has no working directory any more.
    pub fn cwd_handle(&self) -> Result<Arc<OwnedFd>, Errno> {
        let fs_state = &self.task().fs;
        if let Some(handle) = &*fs_state.handle.borrow() {
            return Ok(Arc::clone(handle));
        }
        let handle = Arc::new(fs::open_path(format!("/proc/{}/cwd", self.tid).as_bytes())?);
        *fs_state.handle.borrow_mut() = Some(Arc::clone(&handle));
        Ok(handle)
    }

    /// The working directory's guest name now: the one by which the task reached it while that still names the same
    /// directory, else the one that it has now in the same mount, else the deepest; `None` if the guest has no name for it, as when it is deleted.
    ///
    /// # Errors
    /// As readlink(2), where the task is gone.
    pub fn cwd_name(&self) -> Result<Option<GuestPath>, Errno> {
        let link = format!("/proc/{}/cwd", self.tid);
        let host = HostPath::from_bytes(fs::readlink(link.as_bytes())?);
        let known = self.task().fs.cwd.borrow().clone();
        let names = self.names();
        if let Some(known) = known.as_ref().filter(|known| names.shows(known, &host)) {
            return Ok(Some(known.clone()));
        }
        let name = self.name_of_link(link.as_bytes())?;
        let moved = name.as_ref().and(known).and_then(|known| names.moved(&known, &host));
        let name = moved.or(name);
        *self.task().fs.cwd.borrow_mut() = name.clone();
        Ok(name)
    }

    /// The guest name of what a /proc link says; `None` for what is deleted or outside.
    pub fn name_of(&self, host: HostPath) -> Option<GuestPath> {
        self.task().process.reached.borrow().name(self.names(), &host)
    }
}

impl Target {
    /// Makes the kernel find the target by argument `spec` of the changed call.
    ///
    /// A place below the directory that the path starts at stays relative to it, so that the directory may be
    /// renamed, deleted or unreachable by name, as natively.
    pub fn stage(&self, spec: &PathArg, rewrite: &mut Rewrite) {
        rewrite.stage_path(spec.arg.into(), &self.argument());
        rewrite.keep.extend(self.kept());
    }

    /// The path that leads the kernel to the target, absolute or relative to the directory where the guest's began.
    /// Where it leads through [`Target::kept`], that must stay open until the kernel has gone there.
    pub fn argument(&self) -> Vec<u8> {
        if let Some(via) = &self.via {
            return via.path.clone();
        }
        self.resolved.base_argument(self.last).unwrap_or_else(|| self.resolved.host_argument(self.last))
    }

    /// The tracer's descriptor that the argument leads through, if it does.
    pub fn kept(&self) -> Option<Arc<OwnedFd>> {
        self.via.as_ref().map(|via| Arc::clone(&via.file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_path_is_left_to_the_kernel_and_the_tracers_limit_is_not() {
        for (errno, of_the_path) in [
            (Errno::ENOENT, true),
            (Errno::EFAULT, true),
            (Errno::ELOOP, true),
            (Errno::EMFILE, false),
            (Errno::ENFILE, false),
        ] {
            let staged = stage_failure(&mut Rewrite::default(), 0, errno.into());
            assert_eq!(staged.is_ok(), of_the_path, "{errno}");
        }
    }
}
