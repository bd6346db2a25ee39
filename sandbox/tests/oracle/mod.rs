//! Random trees, random paths over them, and what the kernel says of both.
#![forbid(unsafe_code)]
#![allow(dead_code, reason = "each test binary uses a part")]

pub mod rng;
pub mod tree;

use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::Mode;
use sandbox::error::Errno;
use sandbox::vfs::{HostLookup, Lookup, Node, Spot};

/// A file as the kernel found it.
pub struct Opened {
    pub file: File,
    /// What the kernel calls it: /proc/self/fd/N.
    pub name: Vec<u8>,
}

/// Lets the kernel resolve `path` with `root` as its root.
pub fn open_in_root(root: &File, path: &[u8], flags: OFlag) -> Result<Opened, Errno> {
    let mode = if flags.contains(OFlag::O_CREAT) { Mode::from_bits_truncate(0o600) } else { Mode::empty() };
    let how = OpenHow::new().flags(flags | OFlag::O_CLOEXEC).mode(mode).resolve(ResolveFlag::RESOLVE_IN_ROOT);
    let mut loops = 0;
    loop {
        match openat2(root, path, how) {
            // Something was renamed or mounted somewhere during a "..".
            Err(Errno::EAGAIN) => {}
            // A mount made anywhere meanwhile lets the walk begin anew, which goes on counting links where it was: up to
            // one in twenty chains of 40 is then too long.
            Err(Errno::ELOOP) if loops < ASK_AGAIN => loops += 1,
            result => return result.map(|fd| named(fd.into())),
        }
    }
}

/// How often ELOOP is doubted.
const ASK_AGAIN: u32 = 8;

pub fn named(file: File) -> Opened {
    let link = format!("/proc/self/fd/{}", file.as_raw_fd());
    let name = std::fs::read_link(link).expect("an open file has a name").into_os_string().into_vec();
    Opened { file, name }
}

pub fn path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

/// The host without shortcuts: the walk alone. Counts the links it shows.
pub struct Steps {
    pub host: HostLookup,
    pub links: usize,
}

impl Lookup for Steps {
    fn look(&mut self, spot: &Spot<'_>) -> Result<Node, Errno> {
        let node = self.host.look(spot)?;
        self.links += usize::from(matches!(node, Node::Symlink(_)));
        Ok(node)
    }

    fn search(&mut self, dir: &Spot<'_>) -> Result<(), Errno> {
        self.host.search(dir)
    }

    fn may_follow(&mut self, dir: &Spot<'_>) -> Result<(), Errno> {
        self.host.may_follow(dir)
    }
}
