//! Whether a directory can be the guest's `/`, and if not, why.
#![forbid(unsafe_code)]

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::{AccessFlags, access, getuid};

use crate::error::{Errno, Error};
use crate::vfs::HostPath;

/// Names of which every distribution's root directory has several.
const TOP_LEVEL: &[&str] = &["bin", "dev", "etc", "lib", "opt", "proc", "root", "sbin", "tmp", "usr", "var"];
/// Directories without which no program starts.
const VITAL: &[&str] = &["bin", "etc", "lib", "lib64", "usr", "usr/bin", "usr/lib"];

/// The canonical path of the rootfs at `path`.
///
/// # Errors
/// What keeps it from being one: missing, not a directory, empty, one level too deep, unreadable, noexec.
pub fn rootfs(path: &Path) -> Result<HostPath, Error> {
    let rootfs = fs::canonicalize(path).map_err(|error| unreachable(path, &error))?;
    if !rootfs.is_dir() {
        return Err(Error::RootfsNotDirectory { path: path.into() });
    }
    let mut entries = fs::read_dir(&rootfs).map_err(|error| unreachable(path, &error))?;
    if entries.next().is_none() {
        return Err(Error::RootfsEmpty { path: path.into() });
    }
    if score(&rootfs) == 0 {
        if let Some(inside) = nested(&rootfs, 2) {
            // In the user's own words, relative where they were.
            let below = inside.strip_prefix(&rootfs).expect("it was found below the rootfs");
            return Err(Error::RootfsTooHigh { path: path.into(), inside: path.join(below) });
        }
    }
    readable(path, &rootfs)?;
    if is_noexec(&rootfs)? {
        return Err(Error::Noexec { path: path.into() });
    }
    Ok(HostPath::new(rootfs))
}

/// Whether programs below `path` cannot be executed because of how the filesystem is mounted.
///
/// # Errors
/// As statvfs(3).
pub fn is_noexec(path: &Path) -> Result<bool, Error> {
    let facts = statvfs(path).map_err(Error::os(format!("statvfs of {}", path.display())))?;
    Ok(facts.flags().contains(FsFlags::ST_NOEXEC))
}

/// How many top-level names of a root filesystem `dir` has.
fn score(dir: &Path) -> usize {
    TOP_LEVEL.iter().filter(|name| dir.join(name).symlink_metadata().is_ok()).count()
}

/// The likeliest root filesystem up to `depth` levels below `dir`.
fn nested(dir: &Path, depth: usize) -> Option<PathBuf> {
    let entries = fs::read_dir(dir).ok()?.flatten();
    let children: Vec<_> = entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect();
    let best = children.iter().max_by_key(|child| score(child)).filter(|child| score(child) >= 3).cloned();
    best.or_else(|| (depth > 1).then(|| children.iter().find_map(|child| nested(child, depth - 1))).flatten())
}

fn readable(path: &Path, rootfs: &Path) -> Result<(), Error> {
    for name in VITAL {
        let dir = rootfs.join(name);
        // A symlink is the guest's, and means another place there.
        let Ok(facts) = dir.symlink_metadata() else { continue };
        if facts.is_dir() && access(&dir, AccessFlags::R_OK | AccessFlags::X_OK) == Err(Errno::EACCES) {
            return Err(unreadable(path, name.into(), facts.uid()));
        }
    }
    Ok(())
}

fn unreadable(path: &Path, entry: PathBuf, owner: u32) -> Error {
    Error::RootfsUnreadable { path: path.into(), entry, owner, uid: getuid().as_raw() }
}

/// Names the directory that bars the way to the rootfs, which is often a parent of it (a rootfs below /root).
fn unreachable(path: &Path, error: &io::Error) -> Error {
    let errno = errno_of(error);
    let absolute = std::path::absolute(path).unwrap_or(path.into());
    let barrier = (errno == Errno::EACCES)
        .then(|| absolute.ancestors().skip(1).find_map(|dir| Some((dir, dir.metadata().ok()?))))
        .flatten()
        .filter(|(dir, _)| access(*dir, AccessFlags::X_OK).is_err());
    match barrier {
        Some((dir, facts)) => unreadable(path, dir.into(), facts.uid()),
        None => Error::Rootfs { path: path.into(), errno },
    }
}

/// The errno of a failed call of the standard library.
pub(super) fn errno_of(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}

#[cfg(test)]
mod tests;
