//! The mount table: which host place is shown at a guest path, and the way back. Pure, no I/O.
//!
//! Bindings do not cover each other by order, as mounts do, but by depth: `/a/b` stays visible whenever `/a` is bound.
#![forbid(unsafe_code)]

use std::collections::HashSet;

use super::{GuestPath, HostPath};

/// What a mount shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A host directory with everything below it.
    Directory,
    /// One host file of any type but directory.
    File,
    /// A missing parent of another mount, shown from a private empty directory; nothing can be created in it (EROFS).
    Skeleton,
    /// A procfs, whose links mean something else to the guest.
    Proc,
}

/// A host place shown at a guest path.
///
/// Both paths are canonical: no component of either is a symlink in its own view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    pub guest: GuestPath,
    pub host: HostPath,
    pub kind: Kind,
    pub readonly: bool,
}

impl Mount {
    /// Whether changing what lies here is EROFS.
    pub fn is_readonly(&self) -> bool {
        self.readonly || self.kind == Kind::Skeleton
    }
}

/// Where a guest path lies: the mount that shows it, and its name on the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place<'a> {
    pub mount: &'a Mount,
    pub host: HostPath,
}

/// All mounts of a session. The rootfs is one of them, at `/`.
#[derive(Debug, Clone)]
pub struct Namespace {
    /// Sorted by guest path, so the root comes first.
    mounts: Vec<Mount>,
    /// What a tool of the host finds at its own names, and never lists: see [`Namespace::lay`].
    overlays: Vec<Mount>,
}

impl Namespace {
    /// A table with nothing but a writable `root`.
    pub fn new(root: HostPath) -> Self {
        let mount = Mount { guest: GuestPath::root(), host: root, kind: Kind::Directory, readonly: false };
        Self { mounts: vec![mount], overlays: Vec::new() }
    }

    /// The table as a process sees it whose root is the directory `top`.
    pub fn below(&self, top: &GuestPath) -> Self {
        let place = self.locate(top);
        let root = Mount { guest: GuestPath::root(), host: place.host, ..place.mount.clone() };
        let below = |mounts: &[Mount]| -> Vec<Mount> {
            let moved = mounts.iter().filter_map(|mount| {
                let rest = mount.guest.below(top).filter(|rest| !rest.is_empty())?;
                Some(Mount { guest: GuestPath::lexical(rest), ..mount.clone() })
            });
            // Sorted still: all of them lost the same prefix.
            moved.collect()
        };
        Self { mounts: [vec![root], below(&self.mounts)].concat(), overlays: below(&self.overlays) }
    }

    /// Adds `mount`, in the place of an earlier one at the same guest path.
    pub fn bind(&mut self, mount: Mount) {
        match self.mounts.binary_search_by(|known| known.guest.cmp(&mount.guest)) {
            Ok(at) => self.mounts[at] = mount,
            Err(at) => self.mounts.insert(at, mount),
        }
    }

    /// Lays `mount` over the table: it is found by whoever knows its name, but no listing and no mount table tells of
    /// it. The last one laid at a place wins.
    pub fn lay(&mut self, mount: Mount) {
        self.overlays.retain(|known| known.guest != mount.guest);
        self.overlays.push(mount);
    }

    /// Whether an overlay shows `guest`.
    pub fn is_overlay(&self, guest: &GuestPath) -> bool {
        let mount = self.locate(guest).mount;
        self.overlays.iter().any(|overlay| std::ptr::eq(overlay, mount))
    }

    /// What was laid over the table.
    pub fn overlays(&self) -> &[Mount] {
        &self.overlays
    }

    fn all(&self) -> impl Iterator<Item = &Mount> {
        self.overlays.iter().chain(&self.mounts)
    }

    /// The deepest mount that shows `guest`, and the host's name of the place.
    pub fn locate(&self, guest: &GuestPath) -> Place<'_> {
        let (mount, rest) = self
            .all()
            .filter_map(|mount| Some((mount, guest.below(&mount.guest)?)))
            .min_by_key(|(_, rest)| rest.len())
            .expect("the rootfs is bound at /, so every guest path has a host path");
        Place { mount, host: mount.host.join_bytes(rest) }
    }

    /// The guest's name of a canonical host path: by the deepest host prefix whose name no other mount covers.
    ///
    /// `None` where the guest has no name for it. Where several names are right, see [`Namespace::shows`].
    pub fn guest_of(&self, host: &HostPath) -> Option<GuestPath> {
        let mut by_depth: Vec<_> =
            self.all().filter_map(|mount| Some((mount, host.below(&mount.host)?))).collect();
        // A stable sort: among equal host prefixes the first guest path wins.
        by_depth.sort_by_key(|(_, rest)| rest.len());
        by_depth.into_iter().find_map(|(mount, rest)| {
            let guest = mount.guest.join_bytes(rest);
            std::ptr::eq(self.locate(&guest).mount, mount).then_some(guest)
        })
    }

    /// The name of `host` by the mount that shows `known`: what became of that name when the file was moved.
    pub fn moved(&self, known: &GuestPath, host: &HostPath) -> Option<GuestPath> {
        let mount = self.locate(known).mount;
        let guest = mount.guest.join_bytes(host.below(&mount.host)?);
        self.shows(&guest, host).then_some(guest)
    }

    /// Whether `guest` is a name of `host`, perhaps one of several.
    pub fn shows(&self, guest: &GuestPath, host: &HostPath) -> bool {
        self.locate(guest).host == *host
    }

    /// The entries of `dir` that the table knows, each once and sorted: those which are mounts (with the mount) and
    /// those which only lead to one.
    pub fn names_below<'a>(
        &'a self,
        dir: &'a GuestPath,
    ) -> impl Iterator<Item = (&'a [u8], Option<&'a Mount>)> {
        let mut last: Option<&[u8]> = None;
        self.mounts.iter().filter_map(move |mount| {
            let rest = mount.guest.below(dir).filter(|rest| !rest.is_empty())?;
            let name = rest.split(|&byte| byte == b'/').next()?;
            // Sorting by bytes puts "a-b" between "a" and "a/c", hence the look at the table and not at `last` alone.
            let seen = last == Some(name) || (rest != name && self.is_mount_point(&dir.join(name)));
            last = Some(name);
            (!seen).then_some((name, (rest == name).then_some(mount)))
        })
    }

    /// Whether a mount is shown exactly here.
    pub fn is_mount_point(&self, guest: &GuestPath) -> bool {
        self.mounts.binary_search_by(|mount| mount.guest.cmp(guest)).is_ok()
            || self.overlays.iter().any(|mount| mount.guest == *guest)
    }

    /// Whether `guest` is a mount point or leads to one: a name that mkdir finds taken (EEXIST) and that unlink and
    /// rename find busy (EBUSY).
    ///
    /// What leads to an overlay is an ordinary name: it need not exist, and the guest may make and remove it.
    pub fn holds_mount(&self, guest: &GuestPath) -> bool {
        self.mounts.iter().any(|mount| mount.guest.below(guest).is_some())
            || self.overlays.iter().any(|mount| mount.guest == *guest)
    }

    /// Whether `guest` is a mount point or leads to one, overlays among them: who comes up from there comes through it.
    pub fn leads_to_mount(&self, guest: &GuestPath) -> bool {
        self.all().any(|mount| mount.guest.below(guest).is_some())
    }

    /// How many leading `names` below `dir` are mount points or lead to one that is among them, if it is an overlay.
    pub fn known_names(&self, dir: &GuestPath, names: &[&[u8]]) -> usize {
        let known = |mount: &Mount| {
            let mounted: Vec<_> = mount.guest.below(dir)?.split(|&byte| byte == b'/').collect();
            let alike = mounted.iter().zip(names).take_while(|(mounted, name)| mounted == name).count();
            Some((alike, alike == mounted.len()))
        };
        let mounts = self.mounts.iter().filter_map(known).map(|(alike, _)| alike);
        let overlays = self.overlays.iter().filter_map(known).filter(|(_, whole)| *whole);
        mounts.chain(overlays.map(|(alike, _)| alike)).max().unwrap_or(0)
    }

    /// Whether a binding was made read-only, so that descriptors into it must be watched.
    pub fn any_readonly(&self) -> bool {
        self.mounts.iter().any(|mount| mount.readonly)
    }

    /// The names that may mean more than an entry of the directory they are found in: every component of every mount
    /// point, the last of every mounted directory, which has another name here, and what is closed in a procfs.
    pub fn special_names(&self) -> HashSet<Vec<u8>> {
        const CLOSED: [&[u8]; 5] = [b"attr", b"fd", b"fdinfo", b"map_files", b"ns"];
        let of_mount = |mount: &Mount| {
            let components = mount.guest.as_bytes().split(|&byte| byte == b'/').map(<[u8]>::to_vec);
            let source = mount.host.as_bytes().rsplit(|&byte| byte == b'/').next().map(<[u8]>::to_vec);
            let closed = if mount.kind == Kind::Proc { &CLOSED[..] } else { &[] };
            components.chain(source).chain(closed.iter().map(|name| name.to_vec())).collect::<Vec<_>>()
        };
        self.all().flat_map(of_mount).collect()
    }

    /// All mounts but the overlays, parents before children.
    pub fn mounts(&self) -> &[Mount] {
        &self.mounts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guest(path: &str) -> GuestPath {
        GuestPath::lexical(path.as_bytes())
    }

    fn table(mounts: &[(&str, &str)]) -> Namespace {
        let mut table = Namespace::new(HostPath::new("/srv/root"));
        for (guest_path, host) in mounts {
            let mount = Mount {
                guest: guest(guest_path),
                host: HostPath::new(*host),
                kind: Kind::Directory,
                readonly: false,
            };
            table.bind(mount);
        }
        table
    }

    #[test]
    fn the_deepest_mount_shows_a_path() {
        let table = table(&[("/home/u", "/home/u"), ("/home/u/src/lib", "/opt/lib"), ("/dev", "/dev")]);
        for (path, host) in [
            ("/", "/srv/root"),
            ("/etc/x", "/srv/root/etc/x"),
            ("/home", "/srv/root/home"),
            ("/home/u", "/home/u"),
            ("/home/u2", "/srv/root/home/u2"),
            ("/home/u/src", "/home/u/src"),
            ("/home/u/src/lib/a", "/opt/lib/a"),
        ] {
            assert_eq!(table.locate(&guest(path)).host, HostPath::new(host), "{path}");
        }
    }

    #[test]
    fn a_later_binding_of_the_same_path_replaces_the_earlier() {
        let mut table = table(&[("/a", "/1"), ("/a", "/2")]);
        assert_eq!(table.locate(&guest("/a")).host, HostPath::new("/2"));
        table.bind(Mount {
            guest: guest("/"),
            host: HostPath::new("/3"),
            kind: Kind::Directory,
            readonly: true,
        });
        assert_eq!(table.locate(&guest("/b")).host, HostPath::new("/3/b"));
        assert_eq!(table.mounts().len(), 2);
        assert!(table.any_readonly());
    }

    #[test]
    fn the_way_back_avoids_names_that_are_covered() {
        // The rootfs lies below the bound home, as it does for most users.
        let table = table(&[("/home/u", "/srv"), ("/x", "/far/x"), ("/y", "/far/x/deep")]);
        for (host, name) in [
            ("/srv/root/etc", Some("/etc")),
            ("/srv/work", Some("/home/u/work")),
            ("/srv/root", Some("/")),
            ("/srv/root/home/u/hidden", Some("/home/u/root/home/u/hidden")),
            ("/far/x/deep/z", Some("/y/z")),
            ("/far/x/dee", Some("/x/dee")),
            ("/far", None),
            ("/etc", None),
        ] {
            let found = table.guest_of(&HostPath::new(host));
            assert_eq!(found, name.map(guest), "{host}");
            assert!(found.is_none_or(|name| table.shows(&name, &HostPath::new(host))), "{host}");
        }
        assert!(table.shows(&guest("/home/u/root/etc"), &HostPath::new("/srv/root/etc")));
    }

    #[test]
    fn bound_names_are_listed_once() {
        let table =
            table(&[("/a/b", "/1"), ("/a/b-c", "/2"), ("/a/b/c", "/3"), ("/a/d/e", "/4"), ("/a/d/f", "/5")]);
        let dir = guest("/a");
        let names: Vec<_> = table.names_below(&dir).map(|(name, mount)| (name, mount.is_some())).collect();
        assert_eq!(names, [(&b"b"[..], true), (b"b-c", true), (b"d", false)]);
        let root = guest("/");
        assert_eq!(table.names_below(&root).map(|(name, _)| name).collect::<Vec<_>>(), [b"a"]);
        assert_eq!(table.names_below(&guest("/a/b/c")).count(), 0);
    }

    #[test]
    fn an_overlay_is_found_but_not_told_of() {
        let mut table = table(&[("/a", "/1")]);
        let lay = |table: &mut Namespace, at: &str, host: &str| {
            let (guest, host) = (guest(at), HostPath::new(host));
            table.lay(Mount { guest, host, kind: Kind::Directory, readonly: true });
        };
        lay(&mut table, "/a/t/lib", "/old");
        lay(&mut table, "/a/t/lib", "/lib");
        lay(&mut table, "/a", "/2");
        assert_eq!(table.locate(&guest("/a/t/lib/x")).host, HostPath::new("/lib/x"));
        assert_eq!(table.locate(&guest("/a/y")).host, HostPath::new("/2/y"));
        // The guest may make /a/t, or not have it.
        assert_eq!(table.known_names(&guest("/"), &[b"a", b"t", b"x"]), 1);
        assert_eq!(table.known_names(&guest("/"), &[b"a", b"t", b"lib", b"x"]), 3);
        assert!(!table.holds_mount(&guest("/a/t")) && table.holds_mount(&guest("/a/t/lib")));
        assert!(table.is_mount_point(&guest("/a/t/lib")) && table.leads_to_mount(&guest("/a/t")));
        assert_eq!(table.guest_of(&HostPath::new("/lib/x")), Some(guest("/a/t/lib/x")));
        assert!(table.is_overlay(&guest("/a/t/lib/x")) && !table.is_overlay(&guest("/etc")));
        assert_eq!(table.mounts().len(), 2);
        assert_eq!(table.names_below(&guest("/a")).count(), 0);
        assert_eq!(table.below(&guest("/a/t")).locate(&guest("/lib/z")).host, HostPath::new("/lib/z"));
    }

    #[test]
    fn parents_of_mounts_are_known_too() {
        let table = table(&[("/a/b", "/1")]);
        for (path, holds, is) in
            [("/", true, true), ("/a", true, false), ("/a/b", true, true), ("/a/b/c", false, false)]
        {
            assert_eq!(table.holds_mount(&guest(path)), holds, "{path}");
            assert_eq!(table.is_mount_point(&guest(path)), is, "{path}");
        }
        assert_eq!(table.known_names(&guest("/"), &[b"a", b"b", b"c"]), 2);
        assert_eq!(table.known_names(&guest("/a"), &[b"c"]), 0);
    }
}
