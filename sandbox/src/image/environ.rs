//! The variables whose values are paths: kept where the guest has such a place, corrected where it has not.
#![forbid(unsafe_code)]

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use super::users::is_file;
use super::workdir::directory;
use crate::vfs::{GuestPath, Lookup, Namespace};

/// As login(1) and Docker have it.
const PATH: &[u8] = b"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The environment of a caller who lives at `home`, with PATH, SHELL, PWD, OLDPWD and TMPDIR as they make sense in the guest.
pub fn settle(
    env: &[(OsString, OsString)],
    home: &[u8],
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
                Some(search_path(value.as_bytes(), home, ns, lookup))
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

/// The search path, with the usual one behind it where it leads to nothing but the caller's own programs: that of a host
/// which keeps its system's elsewhere.
fn search_path(value: &[u8], home: &[u8], ns: &Namespace, lookup: &mut dyn Lookup) -> Vec<u8> {
    let home = GuestPath::lexical(home);
    let mut own = false;
    for entry in value.split(|&byte| byte == b':').filter(|entry| entry.starts_with(b"/")) {
        if directory(entry, ns, lookup).is_err() {
            continue;
        }
        if home == GuestPath::root() || GuestPath::lexical(entry).below(&home).is_none() {
            return value.to_vec();
        }
        own = true;
    }
    if own { [value, PATH].join(&b':') } else { PATH.to_vec() }
}
