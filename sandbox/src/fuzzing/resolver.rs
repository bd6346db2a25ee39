//! Paths over trees, against a walk that looks at one name after the other and knows no shortcut.
#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};

use super::bytes::Bytes;
use crate::error::Errno;
use crate::vfs::{
    Base, GuestPath, HostPath, Kind, Last, Lookup, Mount, Namespace, Node, Resolved, Spot, Tail, resolve,
};

/// The input is a tree, bindings, a directory to begin at, a path and what is done with its last component.
pub fn resolver(data: &[u8]) {
    let mut bytes = Bytes(data);
    let world = World::read(&mut bytes);
    let base = GuestPath::lexical(&world.directory(&mut bytes));
    let last = bytes.pick(&[Last::Follow, Last::NoFollow, Last::Create, Last::CreateNew, Last::Entry]);
    let path = path(&mut bytes);

    let walk = |shortcuts: bool, base: Base<'_>, start: &GuestPath| {
        let start = world.names.locate(start).host.as_bytes().to_vec();
        let mut memory = Memory { world: &world, shortcuts, start };
        resolve(&world.names, &mut memory, base, &path, last)
    };
    let slow = walk(false, Base::Named(&base), &base);
    assert_eq!(walk(true, Base::Named(&base), &base), slow, "{world:?} {base:?} {path:?} {last:?}");
    let seen = |resolved: &Result<Resolved, Errno>| {
        resolved.as_ref().map(|found| (found.guest.clone(), found.node.clone())).map_err(|errno| *errno)
    };
    for shortcuts in [false, true] {
        let held = walk(shortcuts, Base::Held(&base), &base);
        assert_eq!(seen(&held), seen(&slow), "held, {world:?} {base:?} {path:?} {last:?}");
    }
    if let Ok(found) = &slow {
        let names = found.guest.as_bytes().split(|&byte| byte == b'/').skip(1);
        let is_plain = |name: &[u8]| !name.is_empty() && name != b"." && name != b"..";
        assert!(found.guest == GuestPath::root() || names.into_iter().all(is_plain), "{found:?}");
        assert_eq!(found.host, world.names.locate(&found.guest).host, "{found:?}");
    }
    let ends_in_dots = slow.as_ref().is_ok_and(|found| matches!(found.tail, Tail::Dot | Tail::DotDot));
    if matches!(last, Last::Create | Last::CreateNew) || last == Last::Entry && ends_in_dots {
        // Open and its like refuse a slash at the end, and the directory before a dot is given back: what only this
        // resolver does.
        return;
    }
    let expected = Reference { world: &world, links: 0 }.walk(base.clone(), path.clone(), last);
    assert_eq!(seen(&slow), expected, "{world:?} {base:?} {path:?} {last:?}");
}

const NAMES: [&[u8]; 4] = [b"a", b"b", b"c", b"d"];

/// A path of a few components.
fn path(bytes: &mut Bytes<'_>) -> Vec<u8> {
    let start: &[u8] = bytes.pick(&[&b""[..], b"/", b"", b"//", b"./", b"../"]);
    let parts = (0..bytes.below(8)).map(|_| match bytes.below(12) {
        0 | 1 => &b".."[..],
        2 => b".",
        3 => b"",
        other => NAMES[other % 4],
    });
    let middle = parts.collect::<Vec<_>>().join(&b'/');
    let end: &[u8] = bytes.pick(&[&b""[..], b"", b"/", b"/.", b"/..", b"//"]);
    [start, &middle, end].concat()
}

/// A host with a rootfs at `/0` and sources of bindings beside it.
#[derive(Debug)]
struct World {
    nodes: BTreeMap<Vec<u8>, Node>,
    /// Directories that cannot be searched.
    closed: BTreeSet<Vec<u8>>,
    names: Namespace,
}

impl World {
    fn read(bytes: &mut Bytes<'_>) -> Self {
        let roots: [&[u8]; 3] = [b"/0", b"/1", b"/2"];
        let mut nodes: BTreeMap<Vec<u8>, Node> =
            roots.iter().map(|root| (root.to_vec(), Node::Directory)).collect();
        let mut closed = BTreeSet::new();
        for _ in 0..bytes.below(24) {
            let directories: Vec<_> =
                nodes.iter().filter(|(_, node)| **node == Node::Directory).map(|(path, _)| path).collect();
            let above = directories[bytes.below(directories.len())].clone();
            let place = [&above[..], b"/", bytes.pick(&NAMES)].concat();
            let node = match bytes.below(8) {
                0..4 => Node::Directory,
                4 => Node::Other,
                _ => Node::Symlink(path(bytes)),
            };
            if node == Node::Directory && bytes.below(16) == 1 {
                closed.insert(place.clone());
            }
            nodes.entry(place).or_insert(node);
        }
        let mut world = Self { nodes, closed, names: Namespace::new(HostPath::new("/0")) };
        for root in [&b"/1"[..], b"/2"] {
            let above = world.directory(bytes);
            let guest = GuestPath::lexical(&[&above[..], b"/", bytes.pick(&NAMES)].concat());
            let kind = bytes.pick(&[Kind::Directory, Kind::Directory, Kind::Skeleton, Kind::File]);
            let covers = kind == Kind::File && world.names.holds_mount(&guest);
            if bytes.below(3) > 0 && !covers {
                let host = HostPath::from_bytes(root.to_vec());
                if kind == Kind::File {
                    world.nodes.retain(|path, _| !path.starts_with(root));
                    world.nodes.insert(root.to_vec(), Node::Other);
                }
                world.names.bind(Mount { guest, host, kind, readonly: bytes.below(2) == 1 });
            }
        }
        // Mount points are found by their names, whoever may search the directories that they are in.
        let leads = |host: &Vec<u8>| {
            let host = HostPath::from_bytes(host.clone());
            world.names.guest_of(&host).is_some_and(|guest| world.names.leads_to_mount(&guest))
        };
        world.closed = world.closed.iter().filter(|host| !leads(host)).cloned().collect();
        // The directories that they are in are directories: a binding's name is taken without links.
        let holders: Vec<_> = world.nodes.keys().filter(|host| leads(host)).cloned().collect();
        for host in holders {
            let guest = world.names.guest_of(&HostPath::from_bytes(host.clone()));
            if guest.is_some_and(|guest| !world.names.is_mount_point(&guest)) {
                world.nodes.insert(host, Node::Directory);
            }
        }
        world
    }

    /// The guest name of a directory that can be reached from the root.
    fn directory(&self, bytes: &mut Bytes<'_>) -> Vec<u8> {
        let named = |(host, node): (&Vec<u8>, &Node)| {
            let guest = self.names.guest_of(&HostPath::from_bytes(host.clone()));
            guest.filter(|guest| *node == Node::Directory && self.is_reached(guest))
        };
        let mut all: Vec<_> = self.nodes.iter().filter_map(named).collect();
        all.insert(0, GuestPath::root());
        all[bytes.below(all.len())].as_bytes().to_vec()
    }

    fn is_reached(&self, directory: &GuestPath) -> bool {
        self.at(directory) == Ok(Node::Directory)
            && directory.parent().is_none_or(|above| self.is_reached(&above))
    }

    /// What lies at a guest path whose parents are directories.
    fn at(&self, guest: &GuestPath) -> Result<Node, Errno> {
        let place = self.names.locate(guest);
        if self.names.leads_to_mount(guest) {
            let is_file = place.mount.guest == *guest && place.mount.kind == Kind::File;
            return Ok(if is_file { Node::Other } else { Node::Directory });
        }
        if let Some(above) = guest.parent() {
            self.search(&above)?;
        }
        self.nodes.get(place.host.as_bytes()).cloned().ok_or(Errno::ENOENT)
    }

    fn search(&self, dir: &GuestPath) -> Result<(), Errno> {
        match self.closed.contains(self.names.locate(dir).host.as_bytes()) {
            true => Err(Errno::EACCES),
            false => Ok(()),
        }
    }
}

/// The host as the resolver sees it.
struct Memory<'a> {
    world: &'a World,
    shortcuts: bool,
    /// Where [`Base::Held`] begins.
    start: Vec<u8>,
}

impl Memory<'_> {
    /// As openat2(2) with RESOLVE_NO_SYMLINKS.
    fn open(&self, spot: &Spot<'_>, rest: &[u8]) -> Result<Node, Errno> {
        let dir = match spot.below_base {
            Some(below) => [&self.start[..], b"/", below].concat(),
            None => spot.host.as_bytes().to_vec(),
        };
        let mut place = Vec::new();
        let mut node = Node::Directory;
        for name in
            [&dir[..], b"/", rest].concat().split(|&byte| byte == b'/').filter(|name| !name.is_empty())
        {
            match node {
                Node::Directory if self.world.closed.contains(&place) => return Err(Errno::EACCES),
                Node::Directory => {}
                Node::Symlink(_) | Node::Jump(_) => return Err(Errno::ELOOP),
                Node::Magic(_) | Node::Other => return Err(Errno::ENOTDIR),
            }
            if name != b"." {
                place.push(b'/');
                place.extend_from_slice(name);
            }
            node = self.world.nodes.get(&place).cloned().ok_or(Errno::ENOENT)?;
        }
        Ok(node)
    }
}

impl Lookup for Memory<'_> {
    fn look(&mut self, spot: &Spot<'_>) -> Result<Node, Errno> {
        self.open(spot, b"")
    }

    fn shortcut(&mut self, dir: &Spot<'_>, rest: &[u8]) -> Result<Option<Node>, Errno> {
        if !self.shortcuts {
            return Ok(None);
        }
        match self.open(dir, rest) {
            Err(Errno::ELOOP) => Ok(None),
            node => node.map(Some),
        }
    }

    fn search(&mut self, dir: &Spot<'_>) -> Result<(), Errno> {
        self.open(dir, b".").map(drop)
    }
}

/// The walk of path_resolution(7), word for word.
struct Reference<'a> {
    world: &'a World,
    links: u32,
}

impl Reference<'_> {
    fn walk(
        &mut self,
        mut at: GuestPath,
        mut todo: Vec<u8>,
        last: Last,
    ) -> Result<(GuestPath, Option<Node>), Errno> {
        if todo.is_empty() {
            return Err(Errno::ENOENT);
        }
        loop {
            if todo.starts_with(b"/") {
                at = GuestPath::root();
            }
            let Some(start) = todo.iter().position(|&byte| byte != b'/') else {
                return Ok((at, Some(Node::Directory)));
            };
            let end =
                todo[start..].iter().position(|&byte| byte == b'/').map_or(todo.len(), |len| start + len);
            let (name, rest) = (todo[start..end].to_vec(), todo[end..].to_vec());
            let is_last = rest.iter().all(|&byte| byte == b'/');
            // What comes next begins at `at`: no slash of `rest` is to mean the root.
            let next: Vec<u8> = rest.iter().copied().skip_while(|&byte| byte == b'/').collect();
            if name == b"." || name == b".." {
                self.world.search(&at)?;
                if name == b".." {
                    at = at.parent().unwrap_or_else(GuestPath::root);
                }
                todo = next;
                continue;
            }
            let guest = at.join(&name);
            let node = match self.world.at(&guest) {
                Err(Errno::ENOENT) if is_last && last == Last::Entry => return Ok((guest, None)),
                node => node?,
            };
            let follow = match (is_last, rest.is_empty()) {
                (true, true) => last == Last::Follow,
                (true, false) => last != Last::Entry,
                (false, _) => true,
            };
            match node {
                Node::Symlink(text) if follow => {
                    self.links += 1;
                    if self.links > 40 {
                        return Err(Errno::ELOOP);
                    }
                    if text.is_empty() {
                        return Err(Errno::ENOENT);
                    }
                    todo = [text, rest].concat();
                }
                Node::Directory => {
                    at = guest;
                    todo = next;
                }
                node if rest.is_empty() || is_last && last == Last::Entry => return Ok((guest, Some(node))),
                Node::Symlink(_) | Node::Jump(_) | Node::Magic(_) | Node::Other => {
                    return Err(Errno::ENOTDIR);
                }
            }
        }
    }
}
