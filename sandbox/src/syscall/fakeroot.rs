//! What a pretended root may do, in a first form without a memory.
//!
//! Nothing is recorded, so the guest finds out what a package manager does not look at: a file keeps the owner that it
//! is shown with, a device node is an empty file, and a mode has at least what the owner needs to read and write (a
//! real root is not bound by modes; the caller who plays it is). Where the kernel refuses for want of a privilege that
//! the guest believes to have, the answer is success.
//!
//! Source: chown(2), mknod(2), chmod(2), setxattr(2), chroot(2), sethostname(2), capabilities(7).
#![forbid(unsafe_code)]

use std::fs::Permissions;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::PermissionsExt;

use super::call::{Action, Call, OnExit, Rewrite};
use super::paths::{check_intent, translate};
use super::table::{Base, Feature, Intent};
use crate::error::{Errno, Failure};
use crate::sys::fs;
use crate::vfs::{Last, Node};

// As in include/uapi/linux/capability.h.
const CAP_CHOWN: u32 = 0;
const CAP_FOWNER: u32 = 3;
const CAP_SYS_CHROOT: u32 = 18;
pub(super) const CAP_SYS_ADMIN: u32 = 21;
const CAP_MKNOD: u32 = 27;

const KEEP: u32 = u32::MAX;

/// chown(2), lchown(2), fchownat(2): ids follow the path.
///
/// The kernel is given -1 for both ids: it finds every fault of the path and takes the set-id bits away, as always.
pub fn chown(call: &mut Call<'_>) -> Result<Action, Failure> {
    let ids = usize::from(call.row.paths[0].arg) + 1;
    if call.is_trapped() {
        return accept_owner(call, ids);
    }
    let action = translate(call)?;
    if !call.pretends() {
        return Ok(action);
    }
    match action {
        Action::Rewrite(rewrite) => keep_owner(call, rewrite, ids),
        other => Ok(other),
    }
}

/// fchown(2), trapped under a pretended identity or with a read-only binding.
pub fn fchown(call: &mut Call<'_>) -> Result<Action, Failure> {
    call.check_open_descriptor(0)?;
    if !call.pretends() {
        return Ok(Action::Pass);
    }
    if call.is_trapped() {
        check_owner(call, 1)?;
        drop_set_ids(call.open_descriptor(0)?.as_fd());
        return Ok(Action::Answer(0));
    }
    keep_owner(call, Rewrite::default(), 1)
}

/// In the place of a kernel that an outer filter does not let do it.
fn accept_owner(call: &Call<'_>, ids: usize) -> Result<Action, Failure> {
    const FLAGS: i32 = libc::AT_SYMLINK_NOFOLLOW | libc::AT_EMPTY_PATH;
    if call.row.name == "fchownat" && call.int(4) & !FLAGS != 0 {
        return Err(Errno::EINVAL.into());
    }
    let file = match call.target(&call.row.paths[0])? {
        Some(target) => {
            let file = call.open_target(&target)?;
            check_intent(call.row, Intent::Write, &target.resolved)?;
            file
        }
        None => call.open_descriptor(0)?,
    };
    check_owner(call, ids)?;
    drop_set_ids(file.as_fd());
    Ok(Action::Answer(0))
}

/// "When the owner or group of an executable file is changed ..., the S_ISUID and S_ISGID mode bits are cleared." Where the
/// caller may not change the mode, nothing is lost: he gave the file nothing.
fn drop_set_ids(file: BorrowedFd<'_>) {
    let Ok(stat) = fs::fstat(file) else { return };
    let group = if stat.st_mode & libc::S_IXGRP != 0 { libc::S_ISGID } else { 0 };
    let kept = stat.st_mode & 0o7777 & !(libc::S_ISUID | group);
    if stat.st_mode & libc::S_IFMT == libc::S_IFREG && kept != stat.st_mode & 0o7777 {
        let link = format!("/proc/self/fd/{}", file.as_raw_fd());
        let (Ok(()) | Err(_)) = std::fs::set_permissions(link, Permissions::from_mode(kept));
    }
}

fn keep_owner(call: &Call<'_>, mut rewrite: Rewrite, ids: usize) -> Result<Action, Failure> {
    check_owner(call, ids)?;
    rewrite.set(ids, u64::from(KEEP));
    rewrite.set(ids + 1, u64::from(KEEP));
    Ok(Action::Rewrite(rewrite))
}

/// EPERM for ids that the caller may not give a file.
fn check_owner(call: &Call<'_>, ids: usize) -> Result<(), Errno> {
    let (uid, gid) = (call.args[ids] as u32, call.args[ids + 1] as u32);
    let credentials = call.task().process.credentials.borrow();
    let own_group = gid == KEEP || gid == credentials.gid.fs || credentials.groups.contains(&gid);
    let permitted =
        credentials.caps.has(CAP_CHOWN) || (own_group && [KEEP, credentials.uid.fs].contains(&uid));
    if permitted { Ok(()) } else { Err(Errno::EPERM) }
}

/// mknod(2), mknodat(2): a device is made as an empty file. A whiteout (character device 0:0) needs no privilege.
pub fn mknod(call: &mut Call<'_>) -> Result<Action, Failure> {
    let mode_at = usize::from(call.row.paths[0].arg) + 1;
    let (mode, device) = (call.args[mode_at] as u32, call.args[mode_at + 1]);
    // may_mknod() comes before the path.
    let is_device = match mode & libc::S_IFMT {
        libc::S_IFBLK => true,
        libc::S_IFCHR => device != 0,
        0 | libc::S_IFREG | libc::S_IFIFO | libc::S_IFSOCK => false,
        libc::S_IFDIR => return Err(Errno::EPERM.into()),
        _ => return Err(Errno::EINVAL.into()),
    };
    let mut action = translate(call)?;
    if let Action::Rewrite(rewrite) = &mut action {
        if is_device && call.pretends_capability(CAP_MKNOD) {
            let regular = libc::S_IFREG | (mode & 0o7777) | libc::S_IRUSR | libc::S_IWUSR;
            rewrite.set(mode_at, regular.into());
        }
    }
    Ok(action)
}

/// chmod(2), fchmodat(2), fchmodat2(2): the mode follows the path.
pub fn chmod(call: &mut Call<'_>) -> Result<Action, Failure> {
    let mode_at = usize::from(call.row.paths[0].arg) + 1;
    if !call.pretends() {
        return translate(call);
    }
    let is_directory = match call.target(&call.row.paths[0])? {
        Some(target) => matches!(target.resolved.node, Some(Node::Directory)),
        None => call.descriptor_is_directory(0),
    };
    match translate(call)? {
        Action::Rewrite(rewrite) => Ok(keep_access(call, rewrite, mode_at, is_directory)),
        other => Ok(other),
    }
}

/// fchmod(2), trapped as [`fchown`].
pub fn fchmod(call: &mut Call<'_>) -> Result<Action, Failure> {
    call.check_open_descriptor(0)?;
    if !call.pretends() {
        return Ok(Action::Pass);
    }
    let is_directory = call.descriptor_is_directory(0);
    Ok(keep_access(call, Rewrite::default(), 1, is_directory))
}

fn keep_access(call: &Call<'_>, mut rewrite: Rewrite, mode_at: usize, is_directory: bool) -> Action {
    let needed = libc::S_IRUSR | libc::S_IWUSR | if is_directory { libc::S_IXUSR } else { 0 };
    rewrite.set(mode_at, u64::from(call.args[mode_at] as u32 | needed));
    rewrite.exit = rewrite.exit.take().or_else(|| call.forgive(CAP_FOWNER));
    Action::Rewrite(rewrite)
}

/// mkdir(2), mkdirat(2): the mode follows the path.
pub fn mkdir(call: &mut Call<'_>) -> Result<Action, Failure> {
    let mode_at = usize::from(call.row.paths[0].arg) + 1;
    let mut action = translate(call)?;
    if let (Action::Rewrite(rewrite), true) = (&mut action, call.pretends()) {
        rewrite.set(mode_at, u64::from(call.args[mode_at] as u32 | libc::S_IRWXU));
    }
    Ok(action)
}

/// setxattr(2), lsetxattr(2), removexattr(2), lremovexattr(2): the attribute's name follows the path.
///
/// security.* and trusted.* need a privilege, and are not kept.
pub fn xattr(call: &mut Call<'_>) -> Result<Action, Failure> {
    let name_at = usize::from(call.row.paths[0].arg) + 1;
    let mut action = translate(call)?;
    if let Action::Rewrite(rewrite) = &mut action {
        rewrite.exit = rewrite.exit.take().or_else(|| forgive_xattr(call, name_at));
    }
    Ok(action)
}

/// setxattrat(2), removexattrat(2): the flags come between path and name.
pub fn xattr_at(call: &mut Call<'_>) -> Result<Action, Failure> {
    let mut action = translate(call)?;
    if let Action::Rewrite(rewrite) = &mut action {
        rewrite.exit = rewrite.exit.take().or_else(|| forgive_xattr(call, 3));
    }
    Ok(action)
}

/// fsetxattr(2), fremovexattr(2), trapped as [`fchown`].
pub fn fxattr(call: &mut Call<'_>) -> Result<Action, Failure> {
    call.check_open_descriptor(0)?;
    match forgive_xattr(call, 1) {
        Some(exit) => Ok(Action::Rewrite(Rewrite { exit: Some(exit), ..Rewrite::default() })),
        None => Ok(Action::Pass),
    }
}

fn forgive_xattr(call: &Call<'_>, name_at: usize) -> Option<OnExit> {
    /// XATTR_NAME_MAX of include/uapi/linux/limits.h.
    const NAME_MAX: usize = 255;
    let name = call.mem.read_cstr(call.args[name_at], NAME_MAX).ok()?;
    let is_privileged = name.starts_with(b"security.") || name.starts_with(b"trusted.");
    if is_privileged { call.forgive(CAP_SYS_ADMIN) } else { None }
}

/// chroot(2): the caller's own, and of those who share its working directory, which stays where it is.
///
/// The tracer alone knows of it, by its name: a root that is renamed or removed later is not found any more.
pub fn chroot(call: &mut Call<'_>) -> Result<Action, Failure> {
    let path = call.read_path(0)?;
    let target = call.target_of(Base::Cwd, &path, Last::Follow)?;
    let file = call.open_target(&target)?;
    if fs::fstat(file.as_fd())?.st_mode & libc::S_IFMT != libc::S_IFDIR {
        return Err(Errno::ENOTDIR.into());
    }
    if !call.pretends() {
        fs::access(file.as_fd(), libc::X_OK, libc::AT_EACCESS)?;
    }
    if !call.pretends_capability(CAP_SYS_CHROOT) {
        return Err(Errno::EPERM.into());
    }
    if target.resolved.outside {
        // The guest has no name for it, so no path could begin there.
        return Err(Errno::ENOENT.into());
    }
    *call.task().fs.root.borrow_mut() = target.resolved.guest;
    Ok(Action::Answer(0))
}

/// sethostname(2), setdomainname(2): accepted from a pretended root, and forgotten.
pub fn set_name(call: &mut Call<'_>) -> Result<Action, Failure> {
    /// __NEW_UTS_LEN of include/uapi/linux/utsname.h.
    const NAME_MAX: i32 = 64;
    if !call.pretends_capability(CAP_SYS_ADMIN) {
        return Err(Errno::EPERM.into());
    }
    let len = call.int(1);
    if !(0..=NAME_MAX).contains(&len) {
        return Err(Errno::EINVAL.into());
    }
    call.mem.read(call.args[0], &mut vec![0; len as usize])?;
    Ok(Action::Answer(0))
}

impl Call<'_> {
    /// True for a call that an outer filter denies and that is a pretended identity's all the same.
    fn is_trapped(&self) -> bool {
        self.world.trapped.contains(&self.row.name)
    }

    /// True under a pretended identity.
    fn pretends(&self) -> bool {
        self.world.has(Feature::FakeIds)
    }

    /// True if the caller believes to have this capability, and does not.
    pub(super) fn pretends_capability(&self, capability: u32) -> bool {
        self.pretends() && self.task().process.credentials.borrow().caps.has(capability)
    }

    /// What makes success of the kernel's EPERM, for a caller who believes to have this capability.
    fn forgive(&self, capability: u32) -> Option<OnExit> {
        if !self.pretends_capability(capability) {
            return None;
        }
        Some(Box::new(|_, ret| Ok(if ret == -(Errno::EPERM as i64) { 0 } else { ret })))
    }

    fn descriptor_is_directory(&self, index: usize) -> bool {
        let stat = crate::sys::fs::stat(&self.descriptor_link(index));
        stat.is_ok_and(|stat| stat.st_mode & libc::S_IFMT == libc::S_IFDIR)
    }
}
