//! By which of its names a task reached a directory, where the guest has several for it.
//!
//! That is the normal case: the rootfs lies below the bound home, so all of it has a name there as well. The kernel tells
//! only the host's name of an open directory, and `..` of it is where it was reached.
#![forbid(unsafe_code)]

use std::collections::HashMap;

use super::{GuestPath, HostPath, Namespace};

/// More directories than a task holds open at once under names of its own; then all are forgotten.
const MAX_NAMES: usize = 1024;

/// Names that differ from what the mount table alone would say. A name holds for what lies below it too.
#[derive(Clone, Debug, Default)]
pub struct Reached(HashMap<HostPath, GuestPath>);

impl Reached {
    /// Notes that the directory `host` was reached as `guest`.
    pub fn note(&mut self, names: &Namespace, host: &HostPath, guest: &GuestPath) {
        if self.name(names, host).as_ref() == Some(guest) || !names.shows(guest, host) {
            return;
        }
        if self.0.len() == MAX_NAMES {
            self.0.clear();
        }
        self.0.insert(host.clone(), guest.clone());
    }

    /// The guest's name of a canonical host path: the one by which it or a directory above it was reached last, else the
    /// mount table's own choice. `None` where the guest has no name for it.
    pub fn name(&self, names: &Namespace, host: &HostPath) -> Option<GuestPath> {
        let known = (!self.0.is_empty()).then(|| self.reached(names, host)).flatten();
        known.or_else(|| names.guest_of(host))
    }

    fn reached(&self, names: &Namespace, host: &HostPath) -> Option<GuestPath> {
        let path = host.as_bytes();
        let slashes = (1..path.len()).rev().filter(|&at| path[at] == b'/');
        let mut ends = std::iter::once(path.len()).chain(slashes);
        ends.find_map(|end| {
            let above = HostPath::from_bytes(path[..end].to_vec());
            let guest = self.0.get(&above)?.join_bytes(host.below(&above)?);
            names.shows(&guest, host).then_some(guest)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vfs::{Kind, Mount};

    fn guest(path: &str) -> GuestPath {
        GuestPath::lexical(path.as_bytes())
    }

    fn host(path: &str) -> HostPath {
        HostPath::new(path)
    }

    /// The rootfs below the bound home, and a directory bound over a part of that.
    fn names() -> Namespace {
        let mut names = Namespace::new(host("/home/u/r"));
        for (place, source) in [("/home/u", "/home/u"), ("/home/u/r/opt", "/opt")] {
            let (guest, host) = (guest(place), host(source));
            names.bind(Mount { guest, host, kind: Kind::Directory, readonly: false });
        }
        names
    }

    #[test]
    fn the_last_way_to_a_directory_names_it_and_what_lies_below() {
        let names = names();
        let mut reached = Reached::default();
        let name = |reached: &Reached, path: &str| reached.name(&names, &host(path));
        assert_eq!(name(&reached, "/home/u/r/usr"), Some(guest("/usr")));
        reached.note(&names, &host("/home/u/r"), &guest("/home/u/r"));
        assert_eq!(name(&reached, "/home/u/r/usr"), Some(guest("/home/u/r/usr")));
        reached.note(&names, &host("/home/u/r/usr"), &guest("/usr"));
        assert_eq!(name(&reached, "/home/u/r/usr/lib"), Some(guest("/usr/lib")));
        assert_eq!(name(&reached, "/home/u/r/usrx"), Some(guest("/home/u/r/usrx")));
        // Where a mount covers the one name, there is the other.
        assert_eq!(name(&reached, "/home/u/r/opt/x"), Some(guest("/opt/x")));
        assert_eq!(name(&reached, "/elsewhere"), None);
    }

    #[test]
    fn what_the_mount_table_says_itself_takes_no_room() {
        let names = names();
        let mut reached = Reached::default();
        reached.note(&names, &host("/home/u/r/usr"), &guest("/usr"));
        reached.note(&names, &host("/home/u/p"), &guest("/home/u/p"));
        // Not a name of it at all, as of a directory that was renamed meanwhile.
        reached.note(&names, &host("/home/u/p"), &guest("/home/u/q"));
        assert_eq!(reached.0.len(), 0);
        reached.note(&names, &host("/home/u/r"), &guest("/home/u/r"));
        for name in ["usr", "usr/lib", "etc"] {
            let (host, guest) = (format!("/home/u/r/{name}"), format!("/home/u/r/{name}"));
            reached.note(&names, &self::host(&host), &self::guest(&guest));
        }
        assert_eq!(reached.0.len(), 1);
    }
}
