//! What the guest's passwd and group know of the caller.
//!
//! Source: passwd(5), group(5).
#![forbid(unsafe_code)]

use std::fs;
use std::os::unix::ffi::OsStrExt;

use super::mounts::Table;
use crate::config::Caller;
use crate::error::Error;
use crate::vfs::{GuestPath, Last, Lookup, Namespace, Node, Resolved, resolve};

/// Shows a passwd and a group with one line more where the guest's do not know the caller: whoami, git and ssh ask.
///
/// # Errors
/// Those of the private directory.
pub fn introduce(caller: &Caller, table: &mut Table<'_>, lookup: &mut dyn Lookup) -> Result<(), Error> {
    let name = caller.name.as_bytes();
    let shell = default_shell(table.namespace(), lookup);
    let (uid, gid) = (caller.ids.uid.to_string(), caller.ids.gid.to_string());
    let user: [&[u8]; 7] =
        [name, b"x", uid.as_bytes(), gid.as_bytes(), b"", caller.home.as_os_str().as_bytes(), &shell];
    let group: [&[u8]; 4] = [name, b"x", gid.as_bytes(), b""];
    for (file, id, line) in [("passwd", &uid, user.join(&b':')), ("group", &gid, group.join(&b':'))] {
        let guest = format!("/etc/{file}");
        let Some((place, mut content)) = read(guest.as_bytes(), table.namespace(), lookup) else { continue };
        // A home or name that would break the line is better not introduced.
        let whole = line.iter().filter(|&&byte| byte == b':').count() == if file == "passwd" { 6 } else { 3 };
        if field_of(&content, id.as_bytes(), 0).is_some() || !whole || line.contains(&b'\n') {
            continue;
        }
        if content.last().is_some_and(|&byte| byte != b'\n') {
            content.push(b'\n');
        }
        content.extend_from_slice(&line);
        content.push(b'\n');
        match table.replace_file(place.guest, file, &content) {
            // A convenience: not worth failing where nothing can be written, or where the rootfs is the host's.
            Err(Error::NoTempDir { .. }) => return Ok(()),
            result => result?,
        }
    }
    Ok(())
}

/// The shell of user `uid` in the guest, as a guest path.
pub fn shell(uid: u32, ns: &Namespace, lookup: &mut dyn Lookup) -> Vec<u8> {
    let known = read(b"/etc/passwd", ns, lookup)
        .and_then(|(_, content)| field_of(&content, uid.to_string().as_bytes(), 6))
        .filter(|shell| shell.starts_with(b"/") && is_file(shell, ns, lookup));
    known.unwrap_or_else(|| default_shell(ns, lookup))
}

fn default_shell(ns: &Namespace, lookup: &mut dyn Lookup) -> Vec<u8> {
    let bash: &[u8] = b"/bin/bash";
    if is_file(bash, ns, lookup) { bash.into() } else { b"/bin/sh".into() }
}

/// Whether `guest` leads to a file.
pub fn is_file(guest: &[u8], ns: &Namespace, lookup: &mut dyn Lookup) -> bool {
    let found = resolve(ns, lookup, &GuestPath::root(), guest, Last::Follow);
    found.is_ok_and(|found| found.node == Some(Node::Other))
}

/// A text file of the guest, empty where it is missing in a directory that is there: a rootfs just unpacked has none.
/// `None` where it cannot be read.
fn read(guest: &[u8], ns: &Namespace, lookup: &mut dyn Lookup) -> Option<(Resolved, Vec<u8>)> {
    let place = resolve(ns, lookup, &GuestPath::root(), guest, Last::Create).ok()?;
    let content = match place.node {
        None => Vec::new(),
        // A fifo or a device of that name must not be waited for.
        Some(_) => place.host.as_path().is_file().then(|| fs::read(&place.host).ok()).flatten()?,
    };
    Some((place, content))
}

/// Field `index` of the line whose third field is `id`.
fn field_of(content: &[u8], id: &[u8], index: usize) -> Option<Vec<u8>> {
    let lines = content.split(|&byte| byte == b'\n');
    let mut fields = lines.map(|line| line.split(|&byte| byte == b':').collect::<Vec<_>>());
    fields.find(|fields| fields.get(2) == Some(&id))?.get(index).map(|field| field.to_vec())
}
