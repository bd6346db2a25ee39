//! Calls that remove, move and share names: what mount points and the edges of mounts refuse.
//!
//! A binding may lie on the same host file system as what is beside it, and its name may not be on disk at all. So the
//! kernel would do what it refuses at a mount, and the answer is made here, in the order of its own checks.
//!
//! Source: unlink(2), rmdir(2), rename(2), link(2); do_unlinkat, do_rmdir, do_renameat2 and do_linkat of fs/namei.c.
#![forbid(unsafe_code)]

use std::os::fd::AsFd;

use super::call::{Action, Call, Rewrite};
use super::paths::{Target, check_intent, is_too_long, translate};
use super::table::{Base, Intent};
use crate::error::{Errno, Failure};
use crate::sys::fs;
use crate::vfs::{GuestPath, HostPath, Mount, Namespace, Node, Resolved, Tail};

/// unlink(2).
pub fn unlink(call: &mut Call<'_>) -> Result<Action, Failure> {
    remove(call, Removed::File)
}

/// rmdir(2).
pub fn rmdir(call: &mut Call<'_>) -> Result<Action, Failure> {
    remove(call, Removed::Directory)
}

/// unlinkat(2): flags are the third argument.
pub fn unlinkat(call: &mut Call<'_>) -> Result<Action, Failure> {
    match call.int(2) {
        0 => remove(call, Removed::File),
        libc::AT_REMOVEDIR => remove(call, Removed::Directory),
        _ => Err(Errno::EINVAL.into()),
    }
}

/// rename(2), renameat(2).
pub fn rename(call: &mut Call<'_>) -> Result<Action, Failure> {
    move_entry(call, 0)
}

/// renameat2(2): flags are the fifth argument.
pub fn renameat2(call: &mut Call<'_>) -> Result<Action, Failure> {
    const KNOWN: u32 = libc::RENAME_NOREPLACE | libc::RENAME_EXCHANGE | libc::RENAME_WHITEOUT;
    let flags = call.args[4] as u32;
    let with_exchange = flags & (libc::RENAME_NOREPLACE | libc::RENAME_WHITEOUT) != 0;
    if flags & !KNOWN != 0 || flags & libc::RENAME_EXCHANGE != 0 && with_exchange {
        return Err(Errno::EINVAL.into());
    }
    move_entry(call, flags)
}

/// symlink(2), symlinkat(2): the text is read before the path.
pub fn symlink(call: &mut Call<'_>) -> Result<Action, Failure> {
    if call.read_path(0)?.is_empty() {
        return Err(Errno::ENOENT.into());
    }
    translate(call)
}

/// link(2), linkat(2): both names must be of one mount.
pub fn link(call: &mut Call<'_>) -> Result<Action, Failure> {
    let [old_spec, new_spec] = call.row.paths else { unreachable!("the row has two paths") };
    if call.row.name == "linkat" && call.int(4) & !(libc::AT_SYMLINK_FOLLOW | libc::AT_EMPTY_PATH) != 0 {
        return Err(Errno::EINVAL.into());
    }
    let old = call.pinned(old_spec)?;
    if let (None, Base::Fd(arg)) = (&old, old_spec.base) {
        call.open_descriptor(arg.into())?;
    }
    let new = required(call.pinned(new_spec)?)?;
    check_intent(call.row, Intent::Create, &new.resolved)?;
    let names = call.names();
    let from = match &old {
        Some(Target { resolved: Resolved { node: Some(Node::Magic(_)), host, .. }, last, .. })
            if *last == crate::vfs::Last::Follow =>
        {
            mount_of_link(names, host.as_bytes())
        }
        Some(old) => (!old.resolved.outside).then(|| names.locate(&old.resolved.guest).mount),
        None => match old_spec.base {
            Base::Fd(arg) => mount_of_link(names, &call.descriptor_link(arg.into())),
            Base::Cwd => None,
        },
    };
    // The guest has no name for it, nor for its mount: that is a tool's.
    let is_tools = match &old {
        Some(old) => old.resolved.readonly,
        None => matches!(old_spec.base, Base::Fd(arg) if call.check_descriptor(arg.into()).is_err()),
    };
    let to = parent_mount(names, &new.resolved);
    let other_mount = !new.resolved.outside && from.is_some_and(|from| !std::ptr::eq(from, to));
    if from.is_none() && is_tools || other_mount {
        // filename_create comes first.
        if new.resolved.node.is_some() {
            return Err(Errno::EEXIST.into());
        }
        if may_be_made(&new) {
            return Err(Errno::EXDEV.into());
        }
    }
    let mut rewrite = Rewrite::default();
    match old {
        Some(old) => old.stage(old_spec, &mut rewrite),
        None => rewrite.stage_path(old_spec.arg.into(), b""),
    }
    new.stage(new_spec, &mut rewrite);
    Ok(Action::Rewrite(rewrite))
}

/// Whether filename_create of fs/namei.c finds nothing wrong with a new name; what is wrong with it the kernel says.
fn may_be_made(new: &Target) -> bool {
    let in_deleted = || {
        let parent = new.handle.as_ref().filter(|_| new.resolved.below_base.is_some());
        parent.is_some_and(|parent| fs::fstat(parent.as_fd()).is_ok_and(|stat| stat.st_nlink == 0))
    };
    new.resolved.tail == Tail::Name && !is_too_long(&new.resolved.guest) && !in_deleted()
}

/// What the caller takes the name for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Removed {
    File,
    Directory,
}

fn remove(call: &mut Call<'_>, what: Removed) -> Result<Action, Failure> {
    let spec = &call.row.paths[0];
    let target = required(call.pinned(spec)?)?;
    let names = call.names();
    let entry = &target.resolved;
    if is_name(entry) {
        let readonly = if entry.outside { entry.readonly } else { parent_mount(names, entry).is_readonly() };
        if readonly {
            return Err(Errno::EROFS.into());
        }
        if entry.holds_mount {
            may_change_parent(call, entry)?;
            return Err(busy(entry, what, names.is_mount_point(&entry.guest)).into());
        }
    }
    let mut rewrite = Rewrite::default();
    target.stage(spec, &mut rewrite);
    Ok(Action::Rewrite(rewrite))
}

/// Whether the directory of an entry may be changed, which may_delete of fs/namei.c asks before it finds a mount.
fn may_change_parent(call: &Call<'_>, entry: &Resolved) -> Result<(), Errno> {
    entry.guest.parent().map_or(Ok(()), |parent| may_change(call, &parent, libc::W_OK | libc::X_OK))
}

fn may_change(call: &Call<'_>, directory: &GuestPath, mode: i32) -> Result<(), Errno> {
    if call.world.ids.is_some() {
        // A pretended root may change any.
        return Ok(());
    }
    // A directory of bindings need not be on disk.
    let Ok(directory) = fs::open_path(call.names().locate(directory).host.as_bytes()) else { return Ok(()) };
    match fs::access(directory.as_fd(), mode, libc::AT_EACCESS) {
        Err(Errno::EACCES) => Err(Errno::EACCES),
        _ => Ok(()),
    }
}

/// Why a mount point, or what leads to one, is not removed.
fn busy(entry: &Resolved, what: Removed, is_mount_point: bool) -> Errno {
    match (what, entry.node == Some(Node::Directory)) {
        (Removed::File, true) => Errno::EISDIR,
        (Removed::Directory, false) => Errno::ENOTDIR,
        (Removed::File, false) if entry.tail == Tail::Slash => Errno::ENOTDIR,
        (Removed::Directory, true) if !is_mount_point => Errno::ENOTEMPTY,
        (Removed::File, false) | (Removed::Directory, true) => Errno::EBUSY,
    }
}

fn move_entry(call: &mut Call<'_>, flags: u32) -> Result<Action, Failure> {
    let [old_spec, new_spec] = call.row.paths else { unreachable!("the row has two paths") };
    let old = required(call.pinned(old_spec)?)?;
    let new = required(call.pinned(new_spec)?)?;
    let names = call.names();
    if let (Some(one), Some(other)) = (mount_of(names, &old), mount_of(names, &new)) {
        if !std::ptr::eq(one, other) {
            return Err(Errno::EXDEV.into());
        }
    }
    check_rename(call, &old.resolved, &new.resolved, flags)?;
    if old.resolved.holds_mount && old.resolved.guest == new.resolved.guest && is_name(&new.resolved) {
        return Ok(Action::Answer(0));
    }
    let mut rewrite = Rewrite::default();
    old.stage(old_spec, &mut rewrite);
    new.stage(new_spec, &mut rewrite);
    Ok(Action::Rewrite(rewrite))
}

/// What do_renameat2 and vfs_rename refuse because of a mount; all else is the kernel's own to refuse.
fn check_rename(call: &Call<'_>, old: &Resolved, new: &Resolved, flags: u32) -> Result<(), Errno> {
    let names = call.names();
    let mount = parent_mount(names, old);
    if old.outside || new.outside {
        let is_tools = |entry: &Resolved| entry.outside && entry.readonly;
        return match (is_tools(old), is_tools(new)) {
            (false, false) => Ok(()),
            (true, true) => Err(Errno::EROFS),
            (true, false) | (false, true) => Err(Errno::EXDEV),
        };
    }
    if !is_name(old) || !is_name(new) {
        return Ok(());
    }
    if mount.is_readonly() {
        return Err(Errno::EROFS);
    }
    if !old.holds_mount && !new.holds_mount {
        return Ok(());
    }
    let exchange = flags & libc::RENAME_EXCHANGE != 0;
    let is_directory = |entry: &Resolved| entry.node == Some(Node::Directory);
    match (&old.node, &new.node) {
        (None, _) if is_too_long(&old.guest) => return Err(Errno::ENAMETOOLONG),
        (None, _) => return Err(Errno::ENOENT),
        (_, Some(_)) if flags & libc::RENAME_NOREPLACE != 0 => return Err(Errno::EEXIST),
        (_, None) if is_too_long(&new.guest) => return Err(Errno::ENAMETOOLONG),
        (_, None) if exchange => return Err(Errno::ENOENT),
        _ => {}
    }
    let slash = |entry: &Resolved| entry.tail == Tail::Slash;
    if !is_directory(new) && exchange && slash(new)
        || !is_directory(old) && (slash(old) || !exchange && slash(new))
    {
        return Err(Errno::ENOTDIR);
    }
    if old.guest == new.guest {
        return Ok(());
    }
    if new.guest.below(&old.guest).is_some() {
        return Err(Errno::EINVAL);
    }
    if old.guest.below(&new.guest).is_some() {
        return Err(if exchange { Errno::EINVAL } else { Errno::ENOTEMPTY });
    }
    may_change_parent(call, old)?;
    may_change_parent(call, new)?;
    match (is_directory(old), is_directory(new)) {
        (true, false) if !exchange && new.node.is_some() => return Err(Errno::ENOTDIR),
        (false, true) if !exchange => return Err(Errno::EISDIR),
        _ => {}
    }
    if old.guest.parent() != new.guest.parent() {
        // A directory that moves gets another `..`.
        let moved = [Some(old), exchange.then_some(new)];
        for entry in moved.into_iter().flatten().filter(|entry| is_directory(entry)) {
            may_change(call, &entry.guest, libc::W_OK)?;
        }
    }
    Err(Errno::EBUSY)
}

/// Whether the path ends in a name. The kernel refuses any other end before it looks at the mount.
fn is_name(entry: &Resolved) -> bool {
    matches!(entry.tail, Tail::Name | Tail::Slash)
}

/// The mount that shows the directory of an entry, which is not the one that is mounted on the entry.
fn parent_mount<'n>(names: &'n Namespace, entry: &Resolved) -> &'n Mount {
    let parent = if is_name(entry) { entry.guest.parent() } else { None };
    names.locate(parent.as_ref().unwrap_or(&entry.guest)).mount
}

/// The mount on which an entry is, also in a directory that is deleted; `None` in one of a tool's.
fn mount_of<'n>(names: &'n Namespace, target: &Target) -> Option<&'n Mount> {
    match &target.handle {
        Some(handle) if target.resolved.outside => mount_of_link(names, &fs::own_link(handle)),
        _ => Some(parent_mount(names, &target.resolved)),
    }
}

/// The mount of the file that a link of /proc leads to; `None` if the guest has no name for it.
fn mount_of_link<'n>(names: &'n Namespace, link: &[u8]) -> Option<&'n Mount> {
    let text = fs::readlink(link).ok()?;
    let name = text.strip_suffix(fs::DELETED).unwrap_or(&text);
    let guest = names.guest_of(&HostPath::from_bytes(name.to_vec())).filter(|_| name.starts_with(b"/"))?;
    Some(names.locate(&guest).mount)
}

/// These calls know no empty path.
fn required(target: Option<Target>) -> Result<Target, Errno> {
    target.ok_or(Errno::ENOENT)
}
