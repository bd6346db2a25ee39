//! The variables whose values are paths: kept where the guest has such a place, corrected where it has not.
#![forbid(unsafe_code)]

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use super::users::is_file;
use super::workdir::directory;
use crate::vfs::{GuestPath, Lookup, Namespace};

/// As login(1) and Docker have it.
const PATH: &[u8] = b"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The environment with PATH, SHELL, PWD, OLDPWD and TMPDIR as they make sense in the guest.
pub fn settle(
    env: &[(OsString, OsString)],
    shell: &[u8],
    workdir: &GuestPath,
    ns: &Namespace,
    lookup: &mut dyn Lookup,
) -> Vec<(OsString, OsString)> {
    let mut settled = Vec::with_capacity(env.len() + 1);
    let mut has_path = false;
    for (name, value) in env {
        let value = match name.as_bytes() {
            b"PATH" => {
                has_path = true;
                Some(search_path(value.as_bytes(), ns, lookup))
            }
            b"SHELL" if !is_file(value.as_bytes(), ns, lookup) => Some(shell.to_vec()),
            b"PWD" => Some(workdir.as_bytes().to_vec()),
            b"TMPDIR" | b"OLDPWD" if directory(value.as_bytes(), ns, lookup).is_err() => None,
            _ => Some(value.as_bytes().to_vec()),
        };
        settled.extend(value.map(|value| (name.clone(), OsString::from_vec(value))));
    }
    if !has_path {
        settled.push(("PATH".into(), OsStr::from_bytes(PATH).into()));
    }
    settled
}

/// The search path, with the usual one behind it where it leads to no directory of the rootfs itself: that of a host
/// which keeps its programs elsewhere, or with nothing but directories of the caller's home.
fn search_path(value: &[u8], ns: &Namespace, lookup: &mut dyn Lookup) -> Vec<u8> {
    let mut of_host = false;
    for entry in value.split(|&byte| byte == b':').filter(|entry| entry.starts_with(b"/")) {
        match directory(entry, ns, lookup) {
            Ok(found) if ns.locate(&found.guest).mount.guest == GuestPath::root() => return value.to_vec(),
            Ok(_) => of_host = true,
            Err(_) => {}
        }
    }
    if of_host { [value, PATH].join(&b':') } else { PATH.to_vec() }
}
