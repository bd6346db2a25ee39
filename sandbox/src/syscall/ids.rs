//! The identity that the guest is told.
#![forbid(unsafe_code)]

use std::os::fd::BorrowedFd;

use super::world::World;
use crate::error::Errno;

/// Shows the caller's own files as belonging to the pretended identity.
pub fn show_stat(world: &World, stat: &mut libc::stat) {
    (stat.st_uid, stat.st_gid) = shown(world, stat.st_uid, stat.st_gid);
}

/// As [`show_stat`], for statx(2).
pub fn show_statx(world: &World, stat: &mut libc::statx) {
    (stat.stx_uid, stat.stx_gid) = shown(world, stat.stx_uid, stat.stx_gid);
}

fn shown(world: &World, uid: u32, gid: u32) -> (u32, u32) {
    let Some(ids) = world.ids else { return (uid, gid) };
    let own = (nix::unistd::getuid().as_raw(), nix::unistd::getgid().as_raw());
    (if uid == own.0 { ids.uid } else { uid }, if gid == own.1 { ids.gid } else { gid })
}

/// What access(2) says under the pretended identity; `None` where the kernel's own answer is right.
pub fn access(_world: &World, _file: BorrowedFd<'_>, _mode: i32) -> Option<Result<(), Errno>> {
    None
}
