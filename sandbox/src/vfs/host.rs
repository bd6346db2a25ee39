//! Looks at the real host, following no symlink ever: a link swapped in meanwhile leads nowhere.
//!
//! Source: openat2(2), open(2) for O_PATH, proc_sys_fs(5) for `protected_symlinks`.
#![forbid(unsafe_code)]

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::sync::Arc;

use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, OpenHow, ResolveFlag, openat, openat2, readlinkat};
use nix::libc;
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat};

use super::{GuestPath, HostPath, Lookup, Node, Resolved, Spot};
use crate::error::Errno;
use crate::sys::fs;

/// PATH_MAX without the NUL, and without a slash and a dot to say that this is a directory.
const MAX_PART: usize = 4093;

/// How a path is opened without following a symlink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// At once: Linux 5.6, where no outer filter denies it.
    OpenAt2,
    /// Name by name.
    Names,
}

impl Way {
    /// The best that works here.
    pub fn probe() -> Self {
        if open_at_once(AT_FDCWD, b"/").is_ok() { Self::OpenAt2 } else { Self::Names }
    }
}

/// A file that the resolver found.
#[derive(Debug)]
pub struct Found {
    /// Opened with O_PATH, a symlink itself.
    pub fd: OwnedFd,
    pub stat: FileStat,
}

/// The host as it is. One serves all walks, one at a time.
#[derive(Debug)]
pub struct HostLookup {
    way: Way,
    protected_symlinks: bool,
    base: Option<Arc<OwnedFd>>,
    /// Walks go up from their base by its own `..`, which asks nothing of the directories above.
    pub may_climb: bool,
    /// The directory above the base that the walk has come to.
    above: Option<Arc<OwnedFd>>,
    /// The last link of a process in /proc that the walk went through, and what it had still to go from there.
    pub crossed: Option<(HostPath, Vec<u8>)>,
    found: Option<(GuestPath, Found)>,
}

impl HostLookup {
    /// Probes what the kernel has.
    pub fn new() -> Self {
        Self::with(Way::probe())
    }

    /// Opens paths in the given way.
    pub fn with(way: Way) -> Self {
        let sysctl = std::fs::read("/proc/sys/fs/protected_symlinks");
        let protected_symlinks = sysctl.is_ok_and(|text| text.trim_ascii() == b"1");
        Self {
            way,
            protected_symlinks,
            base: None,
            may_climb: false,
            above: None,
            crossed: None,
            found: None,
        }
    }

    /// The directory that the following walks find below their base: that of [`super::Base::Held`].
    pub fn hold(&mut self, base: Option<Arc<OwnedFd>>) {
        self.base = base;
        self.above = None;
    }

    /// The directory that the last walk went up to.
    pub fn climbed(&self) -> Option<Arc<OwnedFd>> {
        self.above.clone()
    }

    /// Closes what the last walk found and where it began.
    pub fn forget(&mut self) {
        self.base = None;
        self.above = None;
        self.found = None;
    }

    /// The file at a resolved place: what the walk itself found, or else a new look at it.
    ///
    /// # Errors
    /// As lstat(2); ENOENT where [`Resolved::node`] is `None`.
    pub fn open(&mut self, resolved: &Resolved) -> Result<Found, Errno> {
        match self.found.take() {
            Some((guest, found)) if guest == resolved.guest => Ok(found),
            _ => {
                let fd = self.open_path(resolved.below_base.as_deref(), resolved.host.as_bytes(), b"")?;
                let stat = fstat(&fd)?;
                Ok(Found { fd, stat })
            }
        }
    }

    /// Opens `rest` below a directory, or the directory itself.
    fn open_path(&self, below_base: Option<&[u8]>, host: &[u8], rest: &[u8]) -> Result<OwnedFd, Errno> {
        let (start, dir) = match (below_base, self.above.as_ref().or(self.base.as_ref())) {
            (Some(below), Some(base)) => (base.as_fd(), below),
            (None, _) | (_, None) => (AT_FDCWD, host),
        };
        let slash: &[u8] = if dir.is_empty() || dir.ends_with(b"/") || rest.is_empty() { b"" } else { b"/" };
        let path = [dir, slash, rest].concat();
        if path.is_empty() {
            // Itself, for which it need not be searched.
            return start
                .try_clone_to_owned()
                .map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EBADF)));
        }
        // A guest may use all of PATH_MAX, and the rootfs has a name of its own in front of that.
        let (mut part, mut rest) = cut(&path);
        let mut parent: Option<OwnedFd> = None;
        loop {
            let start = parent.as_ref().map_or(start, AsFd::as_fd);
            if rest.is_empty() {
                return self.open_part(start, part);
            }
            parent = Some(self.open_part(start, &[part, b"/."].concat())?);
            (part, rest) = cut(rest);
        }
    }

    fn open_part(&self, start: BorrowedFd<'_>, path: &[u8]) -> Result<OwnedFd, Errno> {
        match self.way {
            Way::OpenAt2 => open_at_once(start, path),
            Way::Names => open_by_names(start, path),
        }
    }

    /// Keeps `fd` for [`HostLookup::open`].
    fn node(&mut self, guest: GuestPath, fd: OwnedFd) -> Result<Node, Errno> {
        let stat = fstat(&fd)?;
        let node = match file_type(&stat) {
            SFlag::S_IFDIR => Node::Directory,
            SFlag::S_IFLNK => Node::Symlink(readlinkat(&fd, c"")?.into_vec()),
            _ => Node::Other,
        };
        self.found = Some((guest, Found { fd, stat }));
        Ok(node)
    }
}

impl Default for HostLookup {
    fn default() -> Self {
        Self::new()
    }
}

impl Lookup for HostLookup {
    fn begin(&mut self) {
        self.found = None;
        self.above = None;
        self.crossed = None;
    }

    fn look(&mut self, spot: &Spot<'_>) -> Result<Node, Errno> {
        self.found = None;
        let fd = self.open_path(spot.below_base, spot.host.as_bytes(), b"")?;
        self.node(spot.guest.clone(), fd)
    }

    fn shortcut(&mut self, dir: &Spot<'_>, rest: &[u8]) -> Result<Option<Node>, Errno> {
        self.found = None;
        match self.open_path(dir.below_base, dir.host.as_bytes(), rest) {
            Ok(fd) => {
                let guest = dir.guest.join_bytes(rest.strip_suffix(b"/.").unwrap_or(rest));
                self.node(guest, fd).map(Some)
            }
            Err(Errno::ELOOP) => Ok(None),
            Err(errno) => Err(errno),
        }
    }

    fn search(&mut self, dir: &Spot<'_>) -> Result<(), Errno> {
        self.open_path(dir.below_base, dir.host.as_bytes(), b".").map(drop)
    }

    fn follow(&mut self, link: &Spot<'_>, rest: &[u8]) {
        self.crossed = Some((link.host.clone(), rest.to_vec()));
    }

    fn climb(&mut self, above: &Spot<'_>) -> Result<bool, Errno> {
        let base = self.above.as_ref().or(self.base.as_ref()).filter(|_| self.may_climb);
        let Some(base) = base else { return Ok(false) };
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let found = openat(base, "..", flags, Mode::empty())?;
        // It may have been moved to where the guest has nothing.
        let name = fs::readlink(&fs::own_link(&found));
        let is_there = name.is_ok_and(|name| name == above.host.as_bytes());
        if is_there {
            self.above = Some(Arc::new(found));
        }
        Ok(is_there)
    }

    /// As may_follow_link in fs/namei.c: nobody is led on by another user's link in a directory like /tmp.
    fn may_follow(&mut self, dir: &Spot<'_>) -> Result<(), Errno> {
        let Some((_, link)) = &self.found else { return Ok(()) };
        let owner = link.stat.st_uid;
        if !self.protected_symlinks || owner == nix::unistd::geteuid().as_raw() {
            return Ok(());
        }
        let dir = fstat(self.open_path(dir.below_base, dir.host.as_bytes(), b"")?)?;
        let shared = libc::S_ISVTX | libc::S_IWOTH;
        if dir.st_mode & shared == shared && dir.st_uid != owner { Err(Errno::EACCES) } else { Ok(()) }
    }
}

fn file_type(stat: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits())
}

/// Cuts a path at a slash so that the kernel takes the first part. Canonical paths have no two slashes in a row.
fn cut(path: &[u8]) -> (&[u8], &[u8]) {
    if path.len() <= MAX_PART {
        return (path, b"");
    }
    match path[..=MAX_PART].iter().rposition(|&byte| byte == b'/') {
        Some(slash) if slash > 0 => (&path[..slash], &path[slash + 1..]),
        // No such name: the kernel says so.
        _ => (path, b""),
    }
}

/// Opens a path that has no symlink but as its last component.
///
/// # Errors
/// ELOOP at a symlink before that.
fn open_at_once(start: BorrowedFd<'_>, path: &[u8]) -> Result<OwnedFd, Errno> {
    let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    openat2(start, path, OpenHow::new().flags(flags).resolve(ResolveFlag::RESOLVE_NO_SYMLINKS))
}

/// As [`open_at_once`], for kernels without openat2.
fn open_by_names(start: BorrowedFd<'_>, path: &[u8]) -> Result<OwnedFd, Errno> {
    let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let first: &[u8] = if path.starts_with(b"/") { b"/" } else { b"." };
    let mut dir = None;
    let mut names = path.split(|&byte| byte == b'/').filter(|name| !name.is_empty());
    let Some(mut name) = names.next() else { return openat(start, first, flags, Mode::empty()) };
    if first == b"/" {
        dir = Some(openat(start, first, flags, Mode::empty())?);
    }
    for next in names {
        let at = dir.as_ref().map_or(start, AsFd::as_fd);
        dir = Some(open_directory(at, name, flags)?);
        name = next;
    }
    openat(dir.as_ref().map_or(start, AsFd::as_fd), name, flags, Mode::empty())
}

fn open_directory(parent: BorrowedFd<'_>, name: &[u8], flags: OFlag) -> Result<OwnedFd, Errno> {
    match openat(parent, name, flags | OFlag::O_DIRECTORY, Mode::empty()) {
        // O_DIRECTORY with O_NOFOLLOW says this of a symlink too, which may be a directory again by now.
        Err(Errno::ENOTDIR) => match file_type(&fstatat(parent, name, AtFlags::AT_SYMLINK_NOFOLLOW)?) {
            SFlag::S_IFLNK | SFlag::S_IFDIR => Err(Errno::ELOOP),
            _ => Err(Errno::ENOTDIR),
        },
        result => result,
    }
}
