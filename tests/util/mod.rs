//! What the integration tests share: the binary under test, scratch directories, small root file systems, runs.
//!
//! Tests run as an ordinary user. Started as root, as in most containers, every program that they start gets the
//! identity of [`user`] first.
#![forbid(unsafe_code)]
#![allow(dead_code, reason = "each test file uses its own part of it")]

pub mod behind;
pub mod diff;
pub mod host;
pub mod live;
pub mod programs;
pub mod rootfs;
pub mod run;
pub mod terminal;

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, process};

pub use rootfs::Rootfs;
#[allow(unused_imports, reason = "as above")]
pub use run::{Output, native, run, xroot};

/// The xroot to test: `XROOT_BIN`, else the one that cargo built for these tests.
pub fn binary() -> PathBuf {
    env::var_os("XROOT_BIN").map_or_else(|| env!("CARGO_BIN_EXE_xroot").into(), PathBuf::from)
}

/// The checkout, where the test user can read it.
pub fn source() -> PathBuf {
    env::var_os("XROOT_TEST_SRC").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
}

/// What `make test` prepared under this name (`rootfs/armhf`, `qemu`), or nothing where it did not run.
pub fn data(name: &str) -> Option<PathBuf> {
    let found = PathBuf::from(env::var_os("XROOT_TEST_DATA")?).join(name);
    found.exists().then_some(found)
}

/// Says that a test cannot run here; fails where that is not allowed.
#[track_caller]
pub fn skip(reason: &str) {
    assert!(env::var_os("XROOT_TEST_MUST_RUN").is_none_or(|set| set != "1"), "skipped: {reason}");
    eprintln!("skipped: {reason}");
}

/// True where the tests that take minutes are wanted.
pub fn full() -> bool {
    env::var_os("XROOT_TEST_FULL").is_some_and(|set| set == "1")
}

/// The user and group that programs run as, where the tests themselves run as root.
pub fn user() -> Option<(u32, u32)> {
    static USER: OnceLock<Option<(u32, u32)>> = OnceLock::new();
    *USER.get_or_init(|| {
        let mine = fs::metadata("/proc/self").expect("/proc is mounted").uid();
        let wanted = env::var("XROOT_TEST_UID").ok().and_then(|id| id.parse().ok()).unwrap_or(54321);
        (mine == 0).then_some((wanted, wanted))
    })
}

/// Gives `path` to the test user, where the tests run as root.
pub fn give(path: &Path) {
    if let Some((uid, gid)) = user() {
        std::os::unix::fs::lchown(path, Some(uid), Some(gid)).expect("root may give files away");
    }
}

/// Where scratch directories are made. The path is short, because AF_UNIX addresses hold 108 bytes.
pub fn scratch_base() -> PathBuf {
    env::var_os("XROOT_TEST_TMP").map_or_else(env::temp_dir, PathBuf::from)
}

/// A fresh directory of the test user's, removed when dropped.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("xt{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = scratch_base().join(name);
        fs::create_dir_all(&path).unwrap_or_else(|error| panic!("cannot make {}: {error}", path.display()));
        give(&path);
        // The kernel's view of the path, which getcwd(2) shows to programs.
        Self(path.canonicalize().expect("it was just made"))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Makes a directory of the test user's in it.
    pub fn dir(&self, name: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir(&path).unwrap_or_else(|error| panic!("cannot make {}: {error}", path.display()));
        give(&path);
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

/// Removes a tree whatever the modes in it, as far as this user may.
///
/// Step by step into each directory: guests make paths that are longer than a path may be.
pub fn remove(tree: &Path) {
    // Guests may have taken every permission away.
    let _ = process::Command::new("chmod")
        .args(["-R", "u+rwx"])
        .arg(tree)
        .stderr(process::Stdio::null())
        .status();
    let _ = process::Command::new("rm").arg("-rf").arg(tree).stderr(process::Stdio::null()).status();
}

/// Sets the mode of a file.
pub fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .unwrap_or_else(|error| panic!("cannot change the mode of {}: {error}", path.display()));
}
