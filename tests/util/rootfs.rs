//! A root file system in a scratch directory, made of a few files.
#![forbid(unsafe_code)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::programs::{self, Kind};
use super::{Scratch, chmod, give};

/// The search path in guests of these tests.
pub const PATH: &str = "/usr/bin:/bin";

/// A small root file system; guest paths are absolute. Removed when dropped.
#[derive(Debug)]
pub struct Rootfs {
    scratch: Scratch,
    path: PathBuf,
}

impl Rootfs {
    /// Starts with `/bin`, `/etc` and an empty `/work`.
    pub fn new(name: &str) -> Self {
        let scratch = Scratch::new();
        let path = scratch.dir(name);
        scratch.dir("outside");
        Self { scratch, path }.dir("/bin").dir("/etc").dir("/work")
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A directory of the host's, beside the rootfs, which xroot is run from.
    pub fn outside(&self) -> &Path {
        self.path.parent().expect("it is below the scratch directory")
    }

    /// Makes a fresh directory of the host's, outside the rootfs.
    pub fn host_dir(&self, name: &str) -> PathBuf {
        self.scratch.dir(name)
    }

    /// Where a guest path is on the host.
    pub fn host(&self, guest: &str) -> PathBuf {
        self.path.join(guest.strip_prefix('/').expect("guest paths are absolute"))
    }

    pub fn dir(self, guest: &str) -> Self {
        self.parents(guest);
        let host = self.host(guest);
        if !host.is_dir() {
            fs::create_dir(&host).unwrap_or_else(|error| panic!("cannot make {guest}: {error}"));
            give(&host);
        }
        self
    }

    pub fn file(self, guest: &str, text: &str) -> Self {
        self.parents(guest);
        let host = self.host(guest);
        fs::write(&host, text).unwrap_or_else(|error| panic!("cannot write {guest}: {error}"));
        give(&host);
        self
    }

    pub fn script(self, guest: &str, text: &str) -> Self {
        let this = self.file(guest, text);
        chmod(&this.host(guest), 0o755);
        this
    }

    pub fn symlink(self, guest: &str, target: &str) -> Self {
        self.parents(guest);
        let host = self.host(guest);
        symlink(target, &host).unwrap_or_else(|error| panic!("cannot link {guest}: {error}"));
        give(&host);
        self
    }

    /// Puts the test program `name` into `/bin`, with the libraries that it needs; none where it cannot be built.
    pub fn program(self, name: &str, kind: Kind) -> Option<Self> {
        let built = programs::build(name, kind)?;
        let guest = format!("/bin/{name}");
        // Each is used by several tests, and none of them writes to it.
        if fs::hard_link(&built, self.host(&guest)).is_err() {
            self.copy(&built, &guest);
        }
        for library in programs::libraries(&built) {
            self.copy(&library, library.to_str().expect("libraries have plain names"));
        }
        Some(self)
    }

    /// Copies a file of the host's, its links followed.
    pub fn copy(&self, from: &Path, guest: &str) {
        self.parents(guest);
        let to = self.host(guest);
        // By a process of its own: a thread that forks here meanwhile would inherit the open file, and executing it
        // would give ETXTBSY.
        let copied = Command::new("cp").arg("-L").arg(from).arg(&to).status();
        assert!(copied.is_ok_and(|status| status.success()), "cannot copy {} to {guest}", from.display());
        give(&to);
    }

    fn parents(&self, guest: &str) {
        let mut host = self.path.clone();
        let mut names: Vec<_> = guest.split('/').filter(|name| !name.is_empty()).collect();
        names.pop();
        for name in names {
            host.push(name);
            if !host.is_dir() {
                fs::create_dir(&host)
                    .unwrap_or_else(|error| panic!("cannot make {}: {error}", host.display()));
                give(&host);
            }
        }
    }
}
