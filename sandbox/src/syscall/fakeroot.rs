//! What a pretended root may do, in a first form without a memory.
//!
//! Nothing is recorded, so the guest finds out what a package manager does not look at: a file keeps the owner that it
//! is shown with, a device node is an empty file, and a mode has at least what the owner needs to read and write (a
//! real root is not bound by modes; the caller who plays it is). Where the kernel refuses for want of a privilege that
//! the guest believes to have, the answer is success.
//!
//! Source: chown(2), mknod(2), chmod(2), setxattr(2), chroot(2), sethostname(2), capabilities(7).
#![forbid(unsafe_code)]

use std::os::fd::AsFd;

use super::call::{Action, Call, OnExit, Rewrite};
use super::paths::translate;
use super::table::{Base, Feature};
use crate::error::{Errno, Failure};
use crate::sys::fs;
use crate::vfs::{GuestPath, Last, Node};

// As in include/uapi/linux/capability.h.
const CAP_CHOWN: u32 = 0;
const CAP_FOWNER: u32 = 3;
const CAP_SYS_CHROOT: u32 = 18;
const CAP_SYS_ADMIN: u32 = 21;
const CAP_MKNOD: u32 = 27;

const KEEP: u32 = u32::MAX;

/// chown(2), lchown(2), fchownat(2): ids follow the path.
///
/// The kernel is given -1 for both ids: it finds every fault of the path and takes the set-id bits away, as always.
pub fn chown(call: &mut Call<'_>) -> Result<Action, Failure> {
    let ids = usize::from(call.row.paths[0].arg) + 1;
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
    keep_owner(call, Rewrite::default(), 1)
}

fn keep_owner(call: &Call<'_>, mut rewrite: Rewrite, ids: usize) -> Result<Action, Failure> {
    let (uid, gid) = (call.args[ids] as u32, call.args[ids + 1] as u32);
    let credentials = call.task().process.credentials.borrow();
    let own_group = gid == KEEP || gid == credentials.gid.fs || credentials.groups.contains(&gid);
    let permitted =
        credentials.caps.has(CAP_CHOWN) || (own_group && [KEEP, credentials.uid.fs].contains(&uid));
    if !permitted {
        return Err(Errno::EPERM.into());
    }
    rewrite.set(ids, u64::from(KEEP));
    rewrite.set(ids + 1, u64::from(KEEP));
    Ok(Action::Rewrite(rewrite))
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

/// chroot(2): to where the guest's root is already; elsewhere it is refused, as it is to anybody without a privilege.
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
    let is_root = target.resolved.guest == GuestPath::root();
    if is_root && call.pretends_capability(CAP_SYS_CHROOT) {
        return Ok(Action::Answer(0));
    }
    Err(Errno::EPERM.into())
}

/// mount(2), umount2(2): the kernel finds the mount point before it asks for the privilege.
pub fn mount(call: &mut Call<'_>) -> Result<Action, Failure> {
    /// As in include/linux/fs.h and include/uapi/linux/fs.h.
    const UMOUNT_FLAGS: i32 = libc::MNT_FORCE | libc::MNT_DETACH | libc::MNT_EXPIRE | libc::UMOUNT_NOFOLLOW;
    if call.row.name == "umount2" && call.int(1) & !UMOUNT_FLAGS != 0 {
        return Err(Errno::EINVAL.into());
    }
    if call.row.name == "mount" {
        // Type, source and data are copied before anything is looked up.
        for text in [call.args[2], call.args[0], call.args[4]].into_iter().filter(|&text| text != 0) {
            call.mem.read(text, &mut [0])?;
        }
    }
    let target = call.target(&call.row.paths[0])?.ok_or(Errno::ENOENT)?;
    call.open_target(&target)?;
    call.world.count_refused(call.row, Errno::EPERM);
    Err(Errno::EPERM.into())
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
    /// True under a pretended identity.
    fn pretends(&self) -> bool {
        self.world.has(Feature::FakeIds)
    }

    /// True if the caller believes to have this capability, and does not.
    fn pretends_capability(&self, capability: u32) -> bool {
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
