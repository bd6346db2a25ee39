//! A rootfs before it runs: checked, and laid out as the guest will see it. Never traces.
//!
//! Nothing is ever written into the rootfs: what the guest lacks is shown from the session's [`Private`] directory.
#![forbid(unsafe_code)]

pub mod check;
mod environ;
mod mounts;
mod place;
mod private;
mod users;
mod views;
mod workdir;

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use crate::config::Config;
use crate::error::Error;
use crate::vfs::{GuestPath, HostLookup, Namespace};

pub use private::Private;
pub use views::views;

/// A rootfs that is ready to run a command in.
#[derive(Debug)]
pub struct Prepared {
    /// Where everything is.
    pub namespace: Namespace,
    /// Where the command starts: a directory of the guest, without symlinks.
    pub workdir: GuestPath,
    /// The command and its arguments, never empty.
    pub command: Vec<OsString>,
    /// Its environment.
    pub env: Vec<(OsString, OsString)>,
    /// What the namespace shows of it is gone when this is dropped.
    pub private: Option<Private>,
}

/// Checks the rootfs, lays out the bindings, and settles what depends on the guest's own files.
///
/// # Errors
/// What keeps the session from starting, in the words of [`Error`].
pub fn prepare(config: &Config) -> Result<Prepared, Error> {
    let rootfs = check::rootfs(&config.rootfs)?;
    let mut lookup = HostLookup::new();
    let mut table = mounts::Table::new(rootfs, &config.temp_dirs);
    table.bind_all(&config.bindings, &mut lookup)?;
    if config.ids.is_none() {
        users::introduce(&config.caller, &mut table, &mut lookup)?;
    }
    let (namespace, private) = table.finish();
    let workdir = workdir::find(&config.workdir, &config.rootfs, &namespace, &mut lookup)?;
    let uid = config.ids.unwrap_or(config.caller.ids).uid;
    let shell = users::shell(uid, &namespace, &mut lookup);
    let home = config.caller.home.as_os_str().as_bytes();
    let env = environ::settle(&config.env, home, &shell, &workdir, &namespace, &mut lookup);
    let command = match &config.command[..] {
        [] => vec![OsString::from_vec(shell)],
        command => command.to_vec(),
    };
    Ok(Prepared { namespace, workdir, command, env, private })
}

/// A guest path in a message.
fn shown(guest: &[u8]) -> String {
    String::from_utf8_lossy(guest).into_owned()
}

#[cfg(test)]
mod tests;
