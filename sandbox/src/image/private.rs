//! The session's private directory: what the guest is shown that is neither the rootfs's nor the host's.
//!
//! It lies outside the rootfs, belongs to the caller alone, and is removed at the end. The lock in it lives as long as
//! the session, so what a killed session left is known by its lock being free and swept by the next one.
#![forbid(unsafe_code)]

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use nix::fcntl::{Flock, FlockArg};
use nix::unistd::getuid;

use super::check::errno_of;
use crate::error::Error;
use crate::vfs::HostPath;

/// How old a directory without a lock must be before it counts as left over.
const GRACE: Duration = Duration::from_secs(60);

/// A directory that exists as long as this value.
#[derive(Debug)]
pub struct Private {
    dir: PathBuf,
    skeletons: usize,
    _lock: Flock<File>,
}

impl Private {
    /// Makes one in the first of `temp_dirs` where that is possible and which does not lie in `rootfs`; sweeps what
    /// killed sessions left there.
    ///
    /// # Errors
    /// [`Error::NoTempDir`] if none of them can be written.
    pub fn create(temp_dirs: &[PathBuf], rootfs: &HostPath) -> Result<Self, Error> {
        for temp in temp_dirs.iter().filter_map(|dir| fs::canonicalize(dir).ok()) {
            if temp.starts_with(rootfs) {
                continue;
            }
            sweep(&temp);
            if let Some((dir, lock)) = claim(&temp) {
                return Ok(Self { dir, skeletons: 0, _lock: lock });
            }
        }
        Err(Error::NoTempDir { tried: temp_dirs.to_vec() })
    }

    /// A new empty directory, for a parent that a binding lacks in the rootfs.
    ///
    /// Each has one of its own: two names of one directory, one below the other, look like a loop to find(1).
    ///
    /// # Errors
    /// As mkdir(2).
    pub fn skeleton(&mut self) -> Result<HostPath, Error> {
        let dir = self.dir.join(format!("skeleton-{}", self.skeletons));
        self.skeletons += 1;
        // The mode that a directory of the rootfs has, whatever the caller's umask.
        fs::create_dir(&dir)
            .and_then(|()| fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)))
            .map_err(|error| Error::os(format!("cannot make {}", dir.display()))(errno_of(&error)))?;
        Ok(HostPath::new(dir))
    }

    /// A new file that everybody may read, for one of the rootfs that lacks a line.
    ///
    /// # Errors
    /// As open(2) and write(2).
    pub fn file(&self, name: &str, content: &[u8]) -> Result<HostPath, Error> {
        let path = self.dir.join(name);
        let write = || {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            file.write_all(content)?;
            file.set_permissions(fs::Permissions::from_mode(0o444))
        };
        write().map_err(|error| Error::os(format!("cannot write {}", path.display()))(errno_of(&error)))?;
        Ok(HostPath::new(path))
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        // If it fails, the next session sweeps it.
        let _ = fs::remove_dir_all(&self.dir);
    }
}

fn prefix() -> String {
    format!("xroot-{}-", getuid())
}

/// Makes and locks a directory in `temp`; `None` where nothing can be written.
fn claim(temp: &Path) -> Option<(PathBuf, Flock<File>)> {
    let clock =
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
    for attempt in 0..100 {
        let dir = temp.join(format!("{}{}-{clock:x}-{attempt}", prefix(), std::process::id()));
        match DirBuilder::new().mode(0o700).create(&dir) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => continue,
            Err(_) => return None,
        }
        match lock(&dir, true) {
            Some(lock) => return Some((dir, lock)),
            // Another session swept it before we held the lock, or the disk is full.
            None => drop(fs::remove_dir_all(&dir)),
        }
    }
    None
}

/// Takes the lock of `dir` if nobody holds it and the lock still has its name.
fn lock(dir: &Path, create: bool) -> Option<Flock<File>> {
    let file = OpenOptions::new()
        .write(true)
        .create(create)
        .truncate(false)
        .mode(0o600)
        .open(dir.join("lock"))
        .ok()?;
    let lock = Flock::lock(file, FlockArg::LockExclusiveNonblock).ok()?;
    (lock.metadata().ok()?.nlink() > 0).then_some(lock)
}

/// Removes what killed sessions of this user left in `temp`.
fn sweep(temp: &Path) {
    let prefix = prefix();
    for entry in fs::read_dir(temp).into_iter().flatten().flatten() {
        if !entry.file_name().to_str().is_some_and(|name| name.starts_with(&prefix)) {
            continue;
        }
        let Ok(facts) = entry.metadata() else { continue };
        if !facts.is_dir() || facts.uid() != getuid().as_raw() {
            continue;
        }
        let dir = entry.path();
        let old = facts.modified().is_ok_and(|at| at.elapsed().is_ok_and(|age| age > GRACE));
        // Without a lock it is either being made right now or was abandoned in that moment.
        let has_lock = dir.join("lock").exists();
        // Held until all is gone: one who has just made it must not get it now, and who does not retries elsewhere.
        let held = has_lock.then(|| lock(&dir, false)).flatten();
        if held.is_some() || !has_lock && old {
            let _ = fs::remove_dir_all(&dir);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A temp directory for one test, removed afterwards.
    struct Temp(PathBuf);

    impl Temp {
        fn new(name: &str) -> Self {
            let dir = PathBuf::from(format!("/tmp/xrootprivate.{}.{name}", std::process::id()));
            fs::create_dir(&dir).unwrap();
            Self(dir)
        }

        fn names(&self) -> usize {
            fs::read_dir(&self.0).unwrap().count()
        }
    }

    impl Drop for Temp {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn elsewhere() -> HostPath {
        HostPath::new("/no/rootfs")
    }

    #[test]
    fn it_is_the_callers_alone_and_goes_with_the_session() {
        let temp = Temp::new("alone");
        let mut private = Private::create(&["/nonexistent".into(), temp.0.clone()], &elsewhere()).unwrap();
        assert_eq!(private.dir.metadata().unwrap().mode() & 0o7777, 0o700);
        let (one, two) = (private.skeleton().unwrap(), private.skeleton().unwrap());
        assert_ne!(one, two);
        assert_eq!(fs::read_dir(&one).unwrap().count(), 0);
        let file = private.file("passwd", b"line\n").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"line\n");
        assert_eq!(file.as_path().metadata().unwrap().mode() & 0o7777, 0o444);
        drop(private);
        assert_eq!(temp.names(), 0);
    }

    #[test]
    fn the_next_session_sweeps_a_killed_one_and_spares_a_living_one() {
        let temp = Temp::new("sweep");
        let dirs = [temp.0.clone()];
        let living = Private::create(&dirs, &elsewhere()).unwrap();
        // What a killed session leaves: everything but the lock's being held.
        let killed = temp.0.join(format!("{}1-0-0", prefix()));
        fs::create_dir_all(killed.join("skeleton-0")).unwrap();
        fs::write(killed.join("lock"), b"").unwrap();
        let foreign = temp.0.join("xroot-stranger");
        fs::create_dir(&foreign).unwrap();
        let next = Private::create(&dirs, &elsewhere()).unwrap();
        assert!(!killed.exists() && foreign.exists() && living.dir.exists() && next.dir.exists());
        assert_eq!(temp.names(), 3);
    }

    #[test]
    fn nothing_is_written_into_the_rootfs() {
        let temp = Temp::new("rootfs");
        let rootfs = HostPath::new(temp.0.clone());
        let tried = vec![temp.0.clone()];
        assert_eq!(Private::create(&tried, &rootfs).unwrap_err(), Error::NoTempDir { tried });
        assert_eq!(temp.names(), 0);
    }
}
