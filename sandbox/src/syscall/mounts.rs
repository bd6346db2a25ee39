//! Mounts and namespaces: refused as the kernel refuses them to an ordinary user, a pretended root included, who then
//! finds himself without CAP_SYS_ADMIN as in many a container.
//!
//! What is wrong with the arguments is found first, in the kernel's order.
//!
//! Source: mount(2), umount(2), mount_setattr(2), setns(2); fs/namespace.c, kernel/nsproxy.c.
#![forbid(unsafe_code)]

use super::call::{Action, Call};
use super::open;
use crate::error::{Errno, Failure};
use crate::sys::fs;
use crate::vfs::Last;

/// `strndup_user` takes strings of this many bytes, the NUL included.
const PAGE_SIZE: usize = 4096;

/// mount(2): type, device and data are copied before the directory is looked for.
pub fn mount(call: &mut Call<'_>) -> Result<Action, Failure> {
    // As in include/uapi/linux/mount.h.
    const MS_MGC_VAL: u64 = 0xc0ed_0000;
    const MS_MGC_MSK: u64 = 0xffff_0000;
    const MS_NOUSER: u64 = 1 << 31;
    for argument in [2, 0] {
        copy_string(call, argument)?;
    }
    if call.args[4] != 0 {
        call.mem.read(call.args[4], &mut [0])?;
    }
    let spec = &call.row.paths[0];
    let path = call.read_path(spec.arg.into())?;
    call.target_of(spec.base, &path, Last::Follow)?;
    let flags = call.args[3];
    if flags & MS_MGC_MSK != MS_MGC_VAL && flags & MS_NOUSER != 0 {
        return Err(Errno::EINVAL.into());
    }
    refuse(call)
}

/// As `copy_mount_string`: a null pointer is no string.
fn copy_string(call: &Call<'_>, argument: usize) -> Result<(), Errno> {
    match call.args[argument] {
        0 => Ok(()),
        address => match call.mem.read_cstr(address, PAGE_SIZE - 1) {
            Err(Errno::ENAMETOOLONG) => Err(Errno::EINVAL),
            result => result.map(drop),
        },
    }
}

/// umount(2).
pub fn umount(call: &mut Call<'_>) -> Result<Action, Failure> {
    const FLAGS: i32 = libc::MNT_FORCE | libc::MNT_DETACH | libc::MNT_EXPIRE | libc::UMOUNT_NOFOLLOW;
    let flags = call.int(1);
    if flags & !FLAGS != 0 {
        return Err(Errno::EINVAL.into());
    }
    let spec = &call.row.paths[0];
    let path = call.read_path(spec.arg.into())?;
    let last = if flags & libc::UMOUNT_NOFOLLOW != 0 { Last::NoFollow } else { Last::Follow };
    call.target_of(spec.base, &path, last)?;
    refuse(call)
}

/// mount_setattr(2): the privilege is missed before the path is looked at.
pub fn mount_setattr(call: &mut Call<'_>) -> Result<Action, Failure> {
    /// AT_EMPTY_PATH, AT_RECURSIVE, AT_SYMLINK_NOFOLLOW and AT_NO_AUTOMOUNT.
    const FLAGS: u32 = 0x1000 | 0x8000 | 0x100 | 0x800;
    if call.args[2] as u32 & !FLAGS != 0 {
        return Err(Errno::EINVAL.into());
    }
    check_size(call.args[4])?;
    refuse(call)
}

/// The size of a `struct mount_attr`: MOUNT_ATTR_SIZE_VER0 and more.
fn check_size(size: u64) -> Result<(), Errno> {
    if size > PAGE_SIZE as u64 {
        return Err(Errno::E2BIG);
    }
    if size < 32 { Err(Errno::EINVAL) } else { Ok(()) }
}

/// open_tree_attr: open_tree(2) where no attributes are to be changed.
pub fn open_tree_attr(call: &mut Call<'_>) -> Result<Action, Failure> {
    if call.args[3] == 0 && call.args[4] != 0 {
        return Err(Errno::EINVAL.into());
    }
    if call.args[3] == 0 {
        return open::open_tree(call);
    }
    // The tree is opened before the attributes are looked at.
    call.target(&call.row.paths[0])?;
    check_size(call.args[4])?;
    refuse(call)
}

/// setns(2): what is no namespace, or not the one that is meant, is EINVAL.
///
/// A user namespace of another process would be open to the guest natively; it would give it capabilities.
pub fn setns(call: &mut Call<'_>) -> Result<Action, Failure> {
    let text = fs::readlink(&call.descriptor_link(0)).unwrap_or_default();
    let flags = call.args[1] as u32;
    let kind =
        KINDS.iter().find(|(name, _)| text.strip_prefix(*name).is_some_and(|rest| rest.starts_with(b":[")));
    let is_pidfd = text == b"anon_inode:[pidfd]" || text.starts_with(b"pidfd:");
    let user = libc::CLONE_NEWUSER as u32;
    let fits = match kind {
        Some((_, flag)) => flags == 0 || flags == *flag,
        None if is_pidfd => flags != 0 && KINDS.iter().fold(flags, |rest, (_, flag)| rest & !flag) == 0,
        // EBADF, EINVAL, as the kernel answers by itself.
        None => return Ok(Action::Pass),
    };
    // Nor does a process enter the user namespace that it is in.
    let is_user = kind.is_some_and(|(_, flag)| *flag == user) || (is_pidfd && flags & user != 0);
    if !fits || is_user && is_own_user_namespace(call, &text) {
        return Err(Errno::EINVAL.into());
    }
    refuse(call)
}

/// The namespaces as links of /proc/PID/ns name them, and their flags.
const KINDS: [(&[u8], u32); 8] = [
    (b"mnt", libc::CLONE_NEWNS as u32),
    (b"uts", libc::CLONE_NEWUTS as u32),
    (b"ipc", libc::CLONE_NEWIPC as u32),
    (b"pid", libc::CLONE_NEWPID as u32),
    (b"net", libc::CLONE_NEWNET as u32),
    (b"cgroup", libc::CLONE_NEWCGROUP as u32),
    (b"user", libc::CLONE_NEWUSER as u32),
    (b"time", 0x80),
];

/// True for the link of the caller's own, and for a pidfd: all of the guest are in one user namespace.
fn is_own_user_namespace(call: &Call<'_>, text: &[u8]) -> bool {
    let own = fs::readlink(format!("/proc/{}/ns/user", call.tid).as_bytes());
    !text.starts_with(b"user:") || own.is_ok_and(|own| own == text)
}

fn refuse(call: &Call<'_>) -> Result<Action, Failure> {
    call.world.count_refused(call.row, Errno::EPERM);
    Err(Errno::EPERM.into())
}
