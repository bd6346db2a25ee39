//! The command's environment.
//!
//! It is inherited, as chroot(1) and make(1) users expect, without what steers the host's loader, emulators and
//! interpreters. What depends on the guest's files (PATH, TMPDIR, PWD, SHELL) is corrected when those can be seen.
#![forbid(unsafe_code)]

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use sandbox::config::Ids;

use super::Ambient;
use crate::cli::Cli;
use crate::report::Report;

/// Variables that name the host's libraries and modules, which a guest's program must not load.
const OF_THE_HOST: &[&str] = &[
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "LD_AUDIT",
    "QEMU_LD_PREFIX",
    "PERL5LIB",
    "PERLLIB",
    "PYTHONHOME",
    "PYTHONPATH",
    "GCONV_PATH",
    "LOCPATH",
    "GIO_MODULE_DIR",
    "GTK_PATH",
    "OPENSSL_CONF",
    "OPENSSL_MODULES",
    // What some shells and distributions tell of the host's machine.
    "HOSTTYPE",
    "MACHTYPE",
    "MAKE_HOST",
];

/// Variables that even a clean environment has, since the terminal and the home are the caller's.
const CLEAN: &[&str] = &["TERM", "COLORTERM"];

/// What a login gives; the first directories are root's tools, which harm nobody.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Says what the command's environment is.
///
/// # Errors
/// An `-e` without a name.
pub fn plan(cli: &Cli, ids: Option<Ids>, ambient: &Ambient) -> Result<Vec<(OsString, OsString)>, Report> {
    let kept = |name: &OsStr| match cli.clean_env {
        true => CLEAN.iter().any(|&clean| name == clean),
        false => !OF_THE_HOST.iter().any(|&host| name == host),
    };
    let mut env: Vec<_> = ambient.env.iter().filter(|(name, _)| kept(name)).cloned().collect();
    if cli.clean_env {
        set(&mut env, "PATH", PATH);
    }
    if ids.is_some_and(|ids| ids.uid == 0) {
        // dpkg(1) refuses to work without them.
        if let Some((_, path)) = env.iter_mut().find(|(name, _)| name == "PATH") {
            append(path, &["/usr/local/sbin", "/usr/sbin", "/sbin"]);
        }
        set(&mut env, "HOME", "/root");
        set(&mut env, "USER", "root");
        set(&mut env, "LOGNAME", "root");
    } else {
        set(&mut env, "HOME", &ambient.caller.home);
    }
    set(&mut env, "XROOT", "1");
    // As systemd's container interface has it: programs ask it before they talk to an init that is not there.
    set(&mut env, "container", "xroot");
    for word in &cli.env {
        let bytes = word.as_bytes();
        match bytes.iter().position(|&byte| byte == b'=') {
            Some(0) => {
                return Err(Report::usage(
                    format!("-e {}: no name before the equals sign", word.to_string_lossy()),
                    Some("-e NAME=VALUE".into()),
                ));
            }
            Some(at) => set(&mut env, OsStr::from_bytes(&bytes[..at]), OsStr::from_bytes(&bytes[at + 1..])),
            None => match ambient.env.iter().find(|(name, _)| name == word) {
                Some((name, value)) => set(&mut env, name, value),
                None => env.retain(|(name, _)| name != word),
            },
        }
    }
    Ok(env)
}

/// Appends the directories that a search path lacks.
fn append(path: &mut OsString, dirs: &[&str]) {
    for dir in dirs {
        if !path.as_bytes().split(|&byte| byte == b':').any(|entry| entry == dir.as_bytes()) {
            path.push(":");
            path.push(dir);
        }
    }
}

fn set(env: &mut Vec<(OsString, OsString)>, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) {
    let (name, value) = (name.as_ref(), value.as_ref().to_owned());
    match env.iter_mut().find(|(present, _)| present == name) {
        Some((_, old)) => *old = value,
        None => env.push((name.to_owned(), value)),
    }
}
