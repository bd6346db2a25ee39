//! Where a binding lands: its guest path through the guest's own symlinks, also where it leads to nothing yet.
//!
//! Source: mount(8) follows the symlinks of its target; here the target and its parents may be missing.
#![forbid(unsafe_code)]

use std::collections::VecDeque;

use crate::error::Errno;
use crate::vfs::{GuestPath, Last, Lookup, Namespace, Node, resolve};

/// As MAXSYMLINKS in include/linux/namei.h.
const MAX_LINKS: u32 = 40;

/// The canonical place that `guest` leads to; a last symlink is followed only with [`Last::Follow`].
///
/// # Errors
/// ENOTDIR where a parent is a file, ELOOP, ENAMETOOLONG, EACCES.
pub fn place(ns: &Namespace, lookup: &mut dyn Lookup, guest: &[u8], last: Last) -> Result<GuestPath, Errno> {
    let mut at = GuestPath::root();
    let mut todo: VecDeque<Vec<u8>> = components(guest).collect();
    let mut links = 0;
    while let Some(name) = todo.pop_front() {
        if name == b".." {
            at = at.parent().unwrap_or(at);
            continue;
        }
        let target = match resolve(ns, lookup, &at, &name, Last::NoFollow) {
            // Nothing below a missing directory exists either: what is left is taken by its text.
            Err(Errno::ENOENT) => None,
            Err(errno) => return Err(errno),
            Ok(found) => match found.node {
                Some(Node::Symlink(text) | Node::Jump(text)) if !todo.is_empty() || last == Last::Follow => {
                    Some(text)
                }
                Some(Node::Magic(target)) if !todo.is_empty() || last == Last::Follow => Some(target?),
                Some(Node::Other) if !todo.is_empty() => return Err(Errno::ENOTDIR),
                Some(Node::Other | Node::Directory | Node::Symlink(_) | Node::Jump(_) | Node::Magic(_))
                | None => None,
            },
        };
        let Some(target) = target else {
            at = at.join(&name);
            continue;
        };
        links += 1;
        if links > MAX_LINKS {
            return Err(Errno::ELOOP);
        }
        if target.starts_with(b"/") {
            at = GuestPath::root();
        }
        todo = components(&target).chain(todo).collect();
    }
    Ok(at)
}

/// The parents of `guest` that do not exist, the highest first.
///
/// # Errors
/// As lstat(2).
pub fn missing_parents(
    ns: &Namespace,
    lookup: &mut dyn Lookup,
    guest: &GuestPath,
) -> Result<Vec<GuestPath>, Errno> {
    let mut missing = Vec::new();
    let mut next = guest.parent();
    while let Some(parent) = next {
        match resolve(ns, lookup, &GuestPath::root(), parent.as_bytes(), Last::NoFollow) {
            Ok(_) => break,
            Err(Errno::ENOENT) => next = parent.parent(),
            Err(errno) => return Err(errno),
        }
        missing.insert(0, parent);
    }
    Ok(missing)
}

fn components(path: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    path.split(|&byte| byte == b'/').filter(|name| !name.is_empty() && *name != b".").map(<[u8]>::to_vec)
}
