//! Path arguments: where they lead, and how the kernel is made to go there.
//!
//! Source: path_resolution(7), and the man page of each row.
#![forbid(unsafe_code)]

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use super::call::{Action, Call, Rewrite};
use super::deleted::{Climbed, link};
use super::far::Via;
use super::table::{Base, Feature, Intent, LastRule, Null, PathArg, Row};
use crate::error::{Errno, Failure, tell};
use crate::sys::fs;
use crate::vfs::proc::{ProcLookup, Refuse};
use crate::vfs::{self, GuestPath, HostPath, Kind, Last, Namespace, Node, Resolved, Tail, resolve_below};

/// Where a path argument leads.
pub struct Target {
    pub resolved: Resolved,
    pub last: Last,
    /// The directory that the path starts at, held open by the tracer, if the path is relative.
    pub handle: Option<Arc<OwnedFd>>,
    /// How the kernel gets there where the path is too long for it.
    pub via: Option<Via>,
}

/// What openat2(2) keeps inside a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// RESOLVE_BENEATH.
    Beneath,
    /// RESOLVE_IN_ROOT.
    InRoot,
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
                let path = path_that_fails(failure)?;
                rewrite.stage_path(spec.arg.into(), path);
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

/// fanotify_mark(2): FAN_MARK_FLUSH names no file.
pub fn fanotify_mark(call: &mut Call<'_>) -> Result<Action, Failure> {
    if call.args[1] as u32 & libc::FAN_MARK_FLUSH != 0 { Ok(Action::Pass) } else { translate(call) }
}

/// A path by which the kernel gives the errno of a path that leads nowhere.
///
/// For the kernel looks at flags, lengths and other pointers before or after the path, each call in its own order, and
/// knows that order best.
///
/// # Errors
/// The failure itself, where no path is sure to give it.
pub fn path_that_fails(failure: Failure) -> Result<&'static [u8], Failure> {
    match failure {
        Failure::Errno(Errno::ENOENT) => Ok(b"/proc/self/-/-"),
        Failure::Errno(Errno::ENOTDIR) => Ok(b"/proc/self/comm/-"),
        Failure::Errno(Errno::ENAMETOOLONG) => Ok(&[b'-'; 256]),
        failure => Err(failure),
    }
}

/// Refuses what a read-only mount refuses, and a name that is a mount point's, in the kernel's order.
///
/// filename_create of fs/namei.c finds an existing name before it looks at the mount, and a slash behind the name of
/// what will be no directory. For [`Intent::Remove`] see [`super::entries`].
pub fn check_intent(row: &Row, intent: Intent, resolved: &Resolved) -> Result<(), Errno> {
    let readonly = if resolved.readonly { Err(Errno::EROFS) } else { Ok(()) };
    match intent {
        Intent::Read | Intent::Open | Intent::Remove => Ok(()),
        Intent::Write => readonly,
        Intent::Create if resolved.node.is_some() || resolved.holds_mount => Err(Errno::EEXIST),
        Intent::Create if resolved.tail == Tail::Slash && !row.name.starts_with("mkdir") => {
            Err(Errno::ENOENT)
        }
        Intent::Create => readonly,
    }
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
        self.target_refusing(base, path, last, Refuse::Nothing)
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
        let found = self.find_target(base, path, last, refuse);
        if self.world.verbose {
            let path = String::from_utf8_lossy(path);
            match &found {
                Ok(Target { resolved, .. }) => {
                    let (tid, name) = (self.tid, self.row.name);
                    tell(format!("{tid} {name}({path:?}) {:?} → {:?}", resolved.guest, resolved.host));
                }
                Err(why) => tell(format!("{} {}({path:?}) {why:?}", self.tid, self.row.name)),
            }
        }
        found
    }

    fn find_target(&self, base: Base, path: &[u8], last: Last, refuse: Refuse) -> Result<Target, Failure> {
        if path.starts_with(b"/") || path.is_empty() {
            let root = self.root();
            let resolved = self.walk(None, vfs::Base::Named(&root), path, (last, refuse))?;
            return self.reachable(Target { resolved, last, handle: None, via: None });
        }
        let (handle, guest) = self.base(base, path)?;
        let start = match &guest {
            Some(guest) => vfs::Base::Held(guest),
            None => {
                if let Some(climbed) = self.climb(&handle, path)? {
                    return self.find_climbed(handle, climbed, (last, refuse));
                }
                vfs::Base::Outside
            }
        };
        let resolved = self.walk(Some(&handle), start, path, (last, refuse))?;
        self.reachable(Target { resolved, last, handle: Some(handle), via: None })
    }

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
        let (last, refuse) = how;
        let (handle, guest) = self.base(base, b"..")?;
        let Some(top) = guest else { return self.target_refusing(base, path, last, refuse) };
        let names = self.names();
        if names.locate(&top).mount.kind == Kind::Proc {
            // The links of a procfs are known by their place in it.
            let leaves = path.starts_with(b"/") || path.split(|&byte| byte == b'/').any(|name| name == b"..");
            return if leaves {
                Err(Errno::EXDEV.into())
            } else {
                self.target_refusing(base, path, last, refuse)
            };
        }
        if scope == Scope::Beneath && fs::leaves_directory(handle.as_fd(), path) {
            return Err(Errno::EXDEV.into());
        }
        let (names, root) = (names.below(&top), GuestPath::root());
        let mut resolved = self.walk_in((&names, &root), Some(&handle), vfs::Base::Held(&root), path, how)?;
        resolved.guest = GuestPath::lexical(&[top.as_bytes(), b"/", resolved.guest.as_bytes()].concat());
        Ok(Target { resolved, last, handle: Some(handle), via: None })
    }

    /// The guest name of the directory that `base` means; `None` if it has none.
    ///
    /// # Errors
    /// EBADF, or as readlink(2).
    pub fn base_name(&self, base: Base) -> Result<Option<GuestPath>, Failure> {
        Ok(self.base(base, b"..")?.1)
    }

    /// Where a path leads that begins with `..` of the deleted directory `handle`.
    fn find_climbed(
        &self,
        handle: Arc<OwnedFd>,
        climbed: Climbed<'_>,
        (last, refuse): (Last, Refuse),
    ) -> Result<Target, Failure> {
        let Climbed { handle: upper, name, steps, rest } = climbed;
        if let Some(name) = name {
            let resolved = self.walk(None, vfs::Base::Named(&name), rest, (last, refuse))?;
            return self.reachable(Target { resolved, last, handle: None, via: None });
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

    /// Where a path leads from a named directory.
    ///
    /// # Errors
    /// Those of path_resolution(7).
    pub fn walk_from(&self, start: vfs::Base<'_>, path: &[u8]) -> Result<Resolved, Errno> {
        self.walk(None, start, path, (Last::Follow, Refuse::Nothing))
    }

    fn walk(
        &self,
        handle: Option<&Arc<OwnedFd>>,
        start: vfs::Base<'_>,
        path: &[u8],
        (last, refuse): (Last, Refuse),
    ) -> Result<Resolved, Errno> {
        self.walk_in((self.names(), &self.root()), handle, start, path, (last, refuse))
    }

    fn walk_in(
        &self,
        tree: (&Namespace, &GuestPath),
        handle: Option<&Arc<OwnedFd>>,
        start: vfs::Base<'_>,
        path: &[u8],
        (last, refuse): (Last, Refuse),
    ) -> Result<Resolved, Errno> {
        let mut lookup = self.world.lookup.borrow_mut();
        lookup.hold(handle.cloned());
        let guests = self.guests();
        let mut lookup = ProcLookup::new(&mut *lookup, tree.0, &guests).refusing(refuse);
        let mut resolved = resolve_below(tree, &mut lookup, start, path, last)?;
        let follows = matches!(last, Last::Follow | Last::Create);
        if !self.world.has(Feature::ReadOnly) {
            return Ok(resolved);
        }
        if follows && matches!(resolved.node, Some(Node::Magic(_))) {
            resolved.readonly = self.leads_to_readonly(resolved.host.as_bytes());
        } else if let (true, Some(handle)) = (resolved.outside, handle) {
            // A tool's directory, which the caller has inherited and has no name for.
            resolved.readonly = self.leads_to_readonly(&link(handle));
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
        if !is_name || may_be_closed || self.world.ids.is_some() || self.view().special.contains(&name) {
            return Ok(None);
        }
        let mut rewrite = Rewrite::default();
        rewrite.stage_path(arg, &name);
        Ok(Some(rewrite))
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
    fn base(&self, base: Base, path: &[u8]) -> Result<(Arc<OwnedFd>, Option<GuestPath>), Failure> {
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
