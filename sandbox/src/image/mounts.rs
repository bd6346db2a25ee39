//! From the bindings that were meant to the mount table.
#![forbid(unsafe_code)]

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use nix::sys::statfs::{PROC_SUPER_MAGIC, statfs};

use super::check::errno_of;
use super::place::{missing_parents, place};
use super::{Private, shown};
use crate::config::{Binding, Origin};
use crate::error::{Errno, Error};
use crate::syscall::proc::procfs;
use crate::vfs::{GuestPath, HostPath, Kind, Last, Lookup, Mount, Namespace};

/// PROC_ROOT_INO in fs/proc/internal.h: the top of a procfs, not a part of one.
const PROC_ROOT_INO: u64 = 1;

/// A mount table in the making.
pub struct Table<'a> {
    rootfs: HostPath,
    namespace: Namespace,
    temp_dirs: &'a [PathBuf],
    private: Option<Private>,
}

impl<'a> Table<'a> {
    /// Nothing but the rootfs. The private directory is made in one of `temp_dirs` when it is needed.
    pub fn new(rootfs: HostPath, temp_dirs: &'a [PathBuf]) -> Self {
        Self { namespace: Namespace::new(rootfs.clone()), rootfs, temp_dirs, private: None }
    }

    /// Adds all `bindings`, parents before what lies below them, whatever the order they were given in.
    ///
    /// # Errors
    /// [`Error::BindSource`], [`Error::BindGuest`] for a binding of the user's; [`Error::NoTempDir`].
    pub fn bind_all(&mut self, bindings: &[Binding], lookup: &mut dyn Lookup) -> Result<(), Error> {
        let mut sorted: Vec<_> = bindings.iter().collect();
        // A stable sort: a later binding of the same place still replaces the earlier one.
        sorted.sort_by_key(|binding| depth(&binding.guest));
        for binding in sorted {
            match self.bind(binding, lookup) {
                Err(Error::BindSource { .. } | Error::BindGuest { .. })
                    if binding.origin == Origin::Default => {}
                result => result?,
            }
        }
        Ok(())
    }

    fn bind(&mut self, binding: &Binding, lookup: &mut dyn Lookup) -> Result<(), Error> {
        let guest_error = |errno| Error::BindGuest {
            source_path: binding.source.clone(),
            guest: shown(&binding.guest),
            errno,
        };
        let (host, kind) = source(binding)?;
        let default = binding.origin == Origin::Default;
        if default && kind != Kind::Proc && host.below(&self.rootfs).is_some() {
            // It has a name in the guest already.
            return Ok(());
        }
        // /etc/resolv.conf is often a symlink to what a daemon of the guest would write: shown in its place.
        let last = if default && kind == Kind::File { Last::NoFollow } else { Last::Follow };
        let guest = place(&self.namespace, lookup, &binding.guest, last).map_err(guest_error)?;
        let missing = missing_parents(&self.namespace, lookup, &guest).map_err(guest_error)?;
        let shown_already = || {
            let place = self.namespace.locate(&guest);
            place.host == host && place.mount.readonly == binding.readonly
        };
        // A file that no program of this guest looks for is not worth a directory that cannot be written.
        let superfluous =
            (kind == Kind::File && !missing.is_empty()) || (kind != Kind::Proc && shown_already());
        if default && superfluous {
            return Ok(());
        }
        for parent in missing {
            let host = self.private()?.skeleton()?;
            self.namespace.bind(Mount { guest: parent, host, kind: Kind::Skeleton, readonly: false });
        }
        self.namespace.bind(Mount { guest, host, kind, readonly: binding.readonly });
        Ok(())
    }

    /// Shows a file with `content` at `guest`, in the place of the one there.
    ///
    /// # Errors
    /// Those of the private directory.
    pub fn replace_file(&mut self, guest: GuestPath, name: &str, content: &[u8]) -> Result<(), Error> {
        let host = self.private()?.file(name, content)?;
        self.namespace.bind(Mount { guest, host, kind: Kind::File, readonly: false });
        Ok(())
    }

    /// The table so far.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// The table, and what it shows that is the session's own.
    pub fn finish(mut self) -> (Namespace, Option<Private>) {
        // Without /proc here there may still be one elsewhere; but then nothing tells of it.
        let mounted = fs::read("/proc/self/mountinfo").unwrap_or_default();
        for mount in procfs(&self.namespace, &mounted) {
            self.namespace.bind(mount);
        }
        (self.namespace, self.private)
    }

    fn private(&mut self) -> Result<&mut Private, Error> {
        if self.private.is_none() {
            self.private = Some(Private::create(self.temp_dirs, &self.rootfs)?);
        }
        Ok(self.private.as_mut().expect("it was made just now"))
    }
}

/// The canonical source of a binding and what kind of mount it makes.
fn source(binding: &Binding) -> Result<(HostPath, Kind), Error> {
    let wrong = |errno| Error::BindSource {
        source_path: binding.source.clone(),
        guest: shown(&binding.guest),
        errno,
    };
    let host = fs::canonicalize(&binding.source).map_err(|error| wrong(errno_of(&error)))?;
    let facts = fs::metadata(&host).map_err(|error| wrong(errno_of(&error)))?;
    let procfs = || statfs(&host).is_ok_and(|fs| fs.filesystem_type() == PROC_SUPER_MAGIC);
    let kind = match facts.is_dir() {
        false => Kind::File,
        true if facts.ino() == PROC_ROOT_INO && procfs() => Kind::Proc,
        true => Kind::Directory,
    };
    if binding.guest.first() != Some(&b'/') {
        return Err(wrong(Errno::EINVAL));
    }
    Ok((HostPath::new(host), kind))
}

fn depth(guest: &[u8]) -> usize {
    guest.split(|&byte| byte == b'/').filter(|name| !name.is_empty()).count()
}
