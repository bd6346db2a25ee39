//! The walk itself, from the base to the place.
//!
//! It goes by runs: all names up to the next `..`. The mount table knows some of them, one probe of the host answers
//! for the rest, and only where that probe met a symlink does the walk go name by name.
//!
//! Source: link_path_walk and pick_link in fs/namei.c.
#![forbid(unsafe_code)]

use super::run::{After, Run};
use super::{Base, GuestPath, Kind, Last, Lookup, Namespace, Node, Resolved, Spot, Tail};
use crate::error::Errno;

/// As MAXSYMLINKS in include/linux/namei.h.
const MAX_LINKS: u32 = 40;

/// As in include/uapi/linux/limits.h.
pub const NAME_MAX: usize = 255;

/// Why a walk ended without a place.
pub(super) enum Stop {
    Errno(Errno),
    /// A directory of the way became a symlink while we walked.
    Race,
}

impl Stop {
    /// What a probe of the host failed with. It follows no symlink, so its ELOOP is not the guest's.
    fn probe(errno: Errno) -> Self {
        if errno == Errno::ELOOP { Self::Race } else { Self::Errno(errno) }
    }
}

impl From<Errno> for Stop {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno)
    }
}

/// What a probe found.
enum Found {
    Node(Node),
    /// Nothing, in a directory that is there.
    Nothing,
    /// A symlink on the way: go by steps up to it.
    Link,
}

pub(super) struct Walk<'a> {
    ns: &'a Namespace,
    /// Where absolute paths begin, and what `..` does not leave.
    root: &'a GuestPath,
    lookup: &'a mut dyn Lookup,
    last: Last,
    /// The directory reached, and its path below the handle of the base while it is there.
    dir: GuestPath,
    below_base: Option<Vec<u8>>,
    /// The base is the root of all, so that absolute paths go on there, by whatever name it has now.
    root_is_held: bool,
    /// The base has no guest name, so the mount table says nothing about what lies below it.
    outside: bool,
    /// What is left to walk from `dir`. Links are spliced in front of what follows them.
    todo: Vec<u8>,
    links: u32,
    unchanged: bool,
    /// Go name by name up to the next symlink.
    stepping: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn begin(
        (ns, root): (&'a Namespace, &'a GuestPath),
        lookup: &'a mut dyn Lookup,
        base: Base<'_>,
        path: &[u8],
        last: Last,
    ) -> Self {
        let (dir, held) = match base {
            Base::Named(dir) => (dir.clone(), false),
            Base::Held(dir) => (dir.clone(), true),
            // As getcwd(2) calls such a directory. The host has no such name, so nothing is found by it.
            Base::Outside => (GuestPath::lexical(b"(unreachable)"), true),
        };
        let mut walk = Self {
            ns,
            root,
            lookup,
            last,
            dir,
            below_base: held.then(Vec::new),
            root_is_held: matches!(base, Base::Held(dir) if *dir == GuestPath::root()),
            outside: matches!(base, Base::Outside),
            todo: Vec::new(),
            links: 0,
            unchanged: held,
            stepping: false,
        };
        walk.go_on_at(path.to_vec(), root);
        walk
    }

    pub(super) fn run(mut self) -> Result<Resolved, Stop> {
        loop {
            let todo = std::mem::take(&mut self.todo);
            if let Some(resolved) = self.advance(&todo)? {
                return Ok(resolved);
            }
        }
    }

    /// Goes through one run of `todo`, or through a part of it, and leaves the rest to the next call.
    fn advance(&mut self, todo: &[u8]) -> Result<Option<Resolved>, Stop> {
        let run = Run::parse(todo);
        let names: Vec<&[u8]> = run.names.iter().map(|name| &todo[name.clone()]).collect();
        let known = if self.outside { 0 } else { self.ns.known_names(&self.dir, &names) };
        self.enter_known(&names[..known])?;
        if known == names.len() {
            if run.after == After::Slash && self.last == Last::Create {
                // As below.
                return Err(Errno::EISDIR.into());
            }
            return self.arrive(self.known_node(), false, run.after, todo);
        }

        let count = if self.stepping { 1 } else { names.len() - known };
        let names = &names[known..known + count];
        let end = run.names[known + count - 1].end;
        let after = if known + count < run.names.len() { After::Names(end) } else { run.after };
        let searched = !self.stepping;
        match if self.stepping { self.step(names[0], after)? } else { self.leap(names, after)? } {
            Found::Link => {
                self.stepping = true;
                self.todo = todo[run.names[known].start..].to_vec();
                Ok(None)
            }
            // As lookup_fast_for_open, where the slash is the end of a symlink's text.
            Found::Node(_) | Found::Nothing if after == After::Slash && self.last == Last::Create => {
                Err(Errno::EISDIR.into())
            }
            Found::Nothing => {
                names.iter().for_each(|name| self.enter(name));
                let tail = if after == After::Slash { Tail::Slash } else { Tail::Name };
                Ok(Some(self.finish(None, tail)))
            }
            Found::Node(node) => {
                let (name, parents) = names.split_last().expect("a run with unknown names was looked at");
                parents.iter().for_each(|name| self.enter(name));
                self.note_link(&node, name, after, &todo[end..]);
                match node {
                    Node::Symlink(text) if self.follows(after) => self.follow(&text, after, &todo[end..]),
                    Node::Jump(target) if self.follows(after) => self.jump(&target, after, &todo[end..]),
                    Node::Magic(Err(Errno::EACCES)) if self.follows(after) => Err(Errno::EACCES.into()),
                    Node::Magic(target) if self.follows(after) && after != After::End => {
                        self.jump(&target?, after, &todo[end..])
                    }
                    Node::Directory | Node::Symlink(_) | Node::Jump(_) | Node::Magic(_) | Node::Other => {
                        self.enter(name);
                        self.arrive(node, searched, after, todo)
                    }
                }
            }
        }
    }

    /// Asks about the single `name`.
    fn step(&mut self, name: &[u8], after: After) -> Result<Found, Stop> {
        let guest = self.dir.join(name);
        let place = self.ns.locate(&guest);
        let below = self.below_base.clone().map(|below| join(below, name));
        let spot =
            Spot { guest: &guest, host: &place.host, mount: place.mount, below_base: below.as_deref() };
        match self.lookup.look(&spot) {
            Ok(node) => Ok(Found::Node(node)),
            Err(errno) if self.says_absent(errno, name, after) => Ok(Found::Nothing),
            Err(errno) => Err(Stop::probe(errno)),
        }
    }

    /// Asks about all `names` at once, and about the right to search the last where a dot follows.
    fn leap(&mut self, names: &[&[u8]], after: After) -> Result<Found, Stop> {
        if self.ns.locate(&self.dir).mount.kind == Kind::Proc {
            return Ok(Found::Link);
        }
        let mut rest = names.join(&b'/');
        if matches!(after, After::Dot | After::DotDot(_)) {
            rest.extend_from_slice(b"/.");
        }
        let found = match self.probe_dir(|lookup, dir| lookup.shortcut(dir, &rest)) {
            Err(Stop::Errno(errno)) if self.says_absent(errno, names[names.len() - 1], after) => {
                return self.leap_to_parent(&names[..names.len() - 1]);
            }
            found => found?,
        };
        Ok(found.map_or(Found::Link, Found::Node))
    }

    /// Makes sure that it is the last name which is missing, and not one of its `parents`.
    fn leap_to_parent(&mut self, parents: &[&[u8]]) -> Result<Found, Stop> {
        if parents.is_empty() {
            return Ok(Found::Nothing);
        }
        let rest = [&parents.join(&b'/'), &b"/."[..]].concat();
        let found = self.probe_dir(|lookup, dir| lookup.shortcut(dir, &rest))?;
        Ok(found.map_or(Found::Link, |_| Found::Nothing))
    }

    /// Calls `probe` for the directory reached.
    fn probe_dir<T>(
        &mut self,
        probe: impl FnOnce(&mut dyn Lookup, &Spot<'_>) -> Result<T, Errno>,
    ) -> Result<T, Stop> {
        let place = self.ns.locate(&self.dir);
        let spot = Spot {
            guest: &self.dir,
            host: &place.host,
            mount: place.mount,
            below_base: self.below_base.as_deref(),
        };
        probe(self.lookup, &spot).map_err(Stop::probe)
    }

    /// Goes on from `node`, which is no link to follow and which `dir` names now.
    fn arrive(
        &mut self,
        node: Node,
        searched: bool,
        after: After,
        todo: &[u8],
    ) -> Result<Option<Resolved>, Stop> {
        let tail = match after {
            After::Root => Tail::Root,
            After::End => Tail::Name,
            After::Slash => Tail::Slash,
            After::Dot => Tail::Dot,
            After::DotDot(_) => Tail::DotDot,
            After::Names(end) => {
                require_directory(&node)?;
                self.todo = todo[end..].to_vec();
                return Ok(None);
            }
        };
        // What removes or creates an entry refuses "file/" itself.
        if !(matches!(tail, Tail::Root | Tail::Name) || tail == Tail::Slash && self.last == Last::Entry) {
            require_directory(&node)?;
        }
        if matches!(tail, Tail::Dot | Tail::DotDot) && !searched {
            self.search()?;
        }
        if let After::DotDot(rest) = after {
            let was_held = self.below_base.is_some();
            self.ascend()?;
            if todo[rest..].iter().any(|&byte| byte != b'/') {
                self.todo = todo[rest..].to_vec();
                return Ok(None);
            }
            if was_held && self.below_base.is_none() {
                // From now on by name, for which the directories above must be open.
                if let Err(Stop::Errno(Errno::EACCES)) = self.probe_dir(|lookup, dir| lookup.look(dir)) {
                    return Err(Errno::EACCES.into());
                }
            }
        }
        Ok(Some(self.finish(Some(node), tail)))
    }

    /// Tells the lookup of a link that is to be followed, and of what comes behind it.
    fn note_link(&mut self, node: &Node, name: &[u8], after: After, rest: &[u8]) {
        let is_link = matches!(node, Node::Symlink(_) | Node::Jump(_) | Node::Magic(_));
        if self.outside || !is_link || !self.follows(after) {
            return;
        }
        let guest = self.dir.join(name);
        let place = self.ns.locate(&guest);
        self.lookup
            .follow(&Spot { guest: &guest, host: &place.host, mount: place.mount, below_base: None }, rest);
    }

    /// Splices the text of a link, found in `dir`, in front of what follows its name.
    fn follow(&mut self, text: &[u8], after: After, rest: &[u8]) -> Result<Option<Resolved>, Stop> {
        self.splice(text, after, rest, self.root)
    }

    /// The same for a link that leads to a file by itself, wherever the root is.
    fn jump(&mut self, target: &[u8], after: After, rest: &[u8]) -> Result<Option<Resolved>, Stop> {
        self.splice(target, after, rest, &GuestPath::root())
    }

    fn splice(
        &mut self,
        text: &[u8],
        after: After,
        rest: &[u8],
        root: &GuestPath,
    ) -> Result<Option<Resolved>, Stop> {
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(Errno::ELOOP.into());
        }
        if text.is_empty() {
            return Err(Errno::ENOENT.into());
        }
        if matches!(after, After::End | After::Slash) {
            self.probe_dir(|lookup, dir| lookup.may_follow(dir))?;
        }
        self.stepping = false;
        self.unchanged = false;
        self.go_on_at([text, rest].concat(), root);
        Ok(None)
    }

    /// Leaves `path` to be walked, from `root` where it is absolute.
    fn go_on_at(&mut self, path: Vec<u8>, root: &GuestPath) {
        if path.first() == Some(&b'/') {
            self.dir = root.clone();
            self.outside = false;
            self.leave_base();
            self.below_base = (self.root_is_held && *root == GuestPath::root()).then(Vec::new);
        }
        self.todo = path;
    }

    fn enter(&mut self, name: &[u8]) {
        self.dir.push(name);
        self.below_base = self.below_base.take().map(|below| join(below, name));
    }

    /// Enters names that the mount table knows. What is on the host's disk there does not matter.
    fn enter_known(&mut self, names: &[&[u8]]) -> Result<(), Errno> {
        for name in names {
            self.enter(name);
            if self.ns.is_mount_point(&self.dir) {
                self.leave_base();
                self.lookup.cross(self.ns.locate(&self.dir).mount)?;
            }
        }
        Ok(())
    }

    /// The node at `dir` without a look: it is a directory that we came through, or a name of the mount table.
    fn known_node(&self) -> Node {
        let mount = self.ns.locate(&self.dir).mount;
        if mount.guest == self.dir && mount.kind == Kind::File { Node::Other } else { Node::Directory }
    }

    fn search(&mut self) -> Result<(), Stop> {
        match self.probe_dir(|lookup, dir| lookup.search(dir)) {
            // A name that leads to a mount is a directory even if there is none on disk.
            Err(Stop::Errno(Errno::ENOENT)) if !self.outside && self.ns.leads_to_mount(&self.dir) => Ok(()),
            result => result,
        }
    }

    /// Goes to the parent, in guest terms.
    fn ascend(&mut self) -> Result<(), Stop> {
        self.stepping = false;
        self.unchanged = false;
        if self.dir == *self.root && !self.outside {
            return Ok(self.lookup.leave()?);
        }
        if self.climb()? {
            self.dir.pop();
            return Ok(());
        }
        match &mut self.below_base {
            Some(below) if !below.is_empty() => {
                let end = below.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
                below.truncate(end);
            }
            Some(_) if self.outside => return Err(Errno::ENOENT.into()),
            Some(_) if self.dir == GuestPath::root() => {}
            _ => self.leave_base(),
        }
        self.dir.pop();
        Ok(())
    }

    /// Lets the directory above the base be the base, if the lookup does that. Not over the edge of a mount.
    fn climb(&mut self) -> Result<bool, Errno> {
        let is_at_base = self.below_base.as_ref().is_some_and(Vec::is_empty) && !self.outside;
        let above = self.dir.parent().filter(|_| is_at_base && !self.ns.is_mount_point(&self.dir));
        let Some(above) = above else { return Ok(false) };
        let place = self.ns.locate(&above);
        let spot = Spot { guest: &above, host: &place.host, mount: place.mount, below_base: None };
        self.lookup.climb(&spot)
    }

    fn leave_base(&mut self) {
        self.below_base = None;
        self.unchanged = false;
    }

    /// Whether a symlink with this behind it is followed.
    fn follows(&self, after: After) -> bool {
        match after {
            After::Root | After::End => matches!(self.last, Last::Follow | Last::Create),
            After::Slash => self.last != Last::Entry,
            After::Dot | After::DotDot(_) | After::Names(_) => true,
        }
    }

    /// Whether a probe's `errno` means that the last `name` is missing, and may be.
    ///
    /// An entry whose name is too long is missing too: when the kernel says so depends on the call.
    fn says_absent(&self, errno: Errno, name: &[u8], after: After) -> bool {
        let is_missing = match errno {
            Errno::ENOENT => true,
            Errno::ENAMETOOLONG => {
                let is_looked_up =
                    self.last != Last::Entry && (self.last, after) != (Last::Create, After::Slash);
                !is_looked_up && name.len() > NAME_MAX
            }
            _ => false,
        };
        is_missing && self.may_be_absent(after)
    }

    /// Whether a name with this behind it may be missing.
    fn may_be_absent(&self, after: After) -> bool {
        matches!(after, After::End | After::Slash)
            && matches!(self.last, Last::Create | Last::CreateNew | Last::Entry)
    }

    fn finish(&mut self, node: Option<Node>, tail: Tail) -> Resolved {
        let place = self.ns.locate(&self.dir);
        // The lookup gives the names of a procfs another meaning than the kernel does, relative ones too.
        if place.mount.kind == Kind::Proc {
            self.below_base = None;
            self.unchanged = false;
        }
        let refused = self.last == Last::Entry && tail == Tail::Root;
        Resolved {
            guest: self.dir.clone(),
            host: place.host,
            below_base: self.below_base.take(),
            unchanged: self.unchanged,
            outside: self.outside,
            kind: place.mount.kind,
            readonly: place.mount.is_readonly() && !self.outside && !refused,
            holds_mount: !self.outside && !refused && self.ns.holds_mount(&self.dir),
            node,
            tail,
        }
    }
}

fn require_directory(node: &Node) -> Result<(), Errno> {
    match node {
        Node::Directory => Ok(()),
        Node::Symlink(_) | Node::Jump(_) | Node::Magic(_) | Node::Other => Err(Errno::ENOTDIR),
    }
}

fn join(mut path: Vec<u8>, name: &[u8]) -> Vec<u8> {
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}
