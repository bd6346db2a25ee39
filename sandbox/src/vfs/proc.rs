//! What the links of a procfs mean to the guest.
//!
//! The kernel's links speak of host paths, and the tracer's own walk would find itself behind `self`. So every link
//! that belongs to a process is answered here, and those of processes outside the guest are closed, as the kernel
//! closes those of another user: with EACCES.
//!
//! Source: proc(5), fs/proc/base.c, fs/d_path.c; a bind mount in a user namespace shows the same.
#![forbid(unsafe_code)]

use nix::libc;
use nix::unistd::Pid;

use super::{GuestPath, HostPath, Kind, Lookup, Mount, Namespace, Node, Spot};
use crate::error::Errno;
use crate::sys::fs::{self, DELETED};

/// What a procfs must know of the guest's processes. An id may be a thread's: /proc/TID exists, though unlisted.
pub trait Processes {
    /// The process and the thread that ask.
    fn caller(&self) -> (Pid, Pid);

    /// Whether this process or thread is the guest's.
    fn contains(&self, id: Pid) -> bool;

    /// Whether the caller may see of it what only a tracer may.
    fn may_trace(&self, id: Pid) -> bool;

    /// The program that it runs, as it was called when it was executed.
    fn exe(&self, id: Pid) -> Option<GuestPath>;

    /// What has become of that program's file; `None` if nobody knows.
    fn image(&self, id: Pid) -> Option<Name>;

    /// The name by which it last reached its working directory, which may be another one meanwhile.
    fn cwd(&self, id: Pid) -> Option<GuestPath>;

    /// Its root.
    fn root(&self, id: Pid) -> Option<GuestPath>;
}

/// What the kernel calls an open file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    pub text: Vec<u8>,
    /// Whether it is found by that name.
    pub is_path: bool,
}

/// A place below /proc/PID or /proc/PID/task/TID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'p> {
    /// The process or thread that it belongs to.
    pub id: Pid,
    /// What is named of it; nothing for its directory.
    pub names: Vec<&'p [u8]>,
}

/// What anybody may read of any process, and ps reads.
const PUBLIC: &[&[u8]] = &[
    b"arch_status",
    b"autogroup",
    b"cgroup",
    b"cmdline",
    b"comm",
    b"cpuset",
    b"limits",
    b"loginuid",
    b"oom_adj",
    b"oom_score",
    b"oom_score_adj",
    b"sched",
    b"schedstat",
    b"sessionid",
    b"stat",
    b"statm",
    b"status",
    b"wchan",
];

/// The links to a place by name.
const PLACES: &[&[u8]] = &[b"exe", b"cwd", b"root"];

/// The directories of links to files that need no name.
const HANDLES: &[&[u8]] = &[b"fd", b"map_files", b"ns"];

impl<'p> Entry<'p> {
    /// Takes apart a path below the top of a procfs; `None` where it belongs to no process.
    pub fn parse(below: &'p [u8]) -> Option<Self> {
        let mut names: Vec<_> = below.split(|&byte| byte == b'/').collect();
        let mut id = number(names[0])?;
        names.remove(0);
        if let [b"task", thread, ..] = names[..] {
            id = number(thread)?;
            names.drain(..2);
        }
        Some(Self { id, names })
    }

    /// The same for a guest path; `None` also where no procfs shows it.
    pub fn of(names: &Namespace, guest: &'p GuestPath) -> Option<Self> {
        let mount = names.locate(guest).mount;
        if mount.kind != Kind::Proc {
            return None;
        }
        Self::parse(guest.below(&mount.guest)?)
    }

    /// Whether it may be opened, though it belongs to a process that is not the guest's.
    pub fn is_public(&self, writes: bool) -> bool {
        match self.names[..] {
            [] | [b"task"] | [b"net", ..] => true,
            [name] => !writes && PUBLIC.contains(&name),
            _ => false,
        }
    }

    /// Whether it is the link to a program.
    pub fn is_exe(&self) -> bool {
        self.names == [b"exe"]
    }

    fn is_place(&self) -> bool {
        matches!(self.names[..], [name] if PLACES.contains(&name))
    }

    fn is_handle(&self) -> bool {
        matches!(self.names[..], [dir, _] if HANDLES.contains(&dir))
    }
}

fn number(name: &[u8]) -> Option<Pid> {
    let digits = !name.is_empty() && name.iter().all(u8::is_ascii_digit);
    let id = digits.then(|| std::str::from_utf8(name).ok()?.parse().ok())??;
    Some(Pid::from_raw(id))
}

/// A host path that the kernel printed (d_path), as it would print it for a process whose root is the guest's.
///
/// What has no name keeps the kernel's word for it (`pipe:[7]`, `/memfd:x (deleted)`). `None` for a host path that the
/// guest has no name for.
pub fn shown(names: &Namespace, text: &[u8]) -> Option<Vec<u8>> {
    if !text.starts_with(b"/") || text.starts_with(b"/memfd:") {
        return Some(text.to_vec());
    }
    let name = |text: &[u8]| name_of(names, &HostPath::from_bytes(text.to_vec()));
    name(text).or_else(|| Some([&name(text.strip_suffix(DELETED)?)?, DELETED].concat()))
}

/// The same for a process with this root: a path below it is told from there, any other one from the guest's own root,
/// as d_path tells what is out of reach.
pub fn shown_below((names, root): (&Namespace, &GuestPath), text: &[u8]) -> Option<Vec<u8>> {
    let text = shown(names, text)?;
    let within = text.starts_with(b"/").then(|| GuestPath::lexical(&text));
    Some(within.as_ref().and_then(|path| path.below(root)).map_or(text.clone(), |rest| [b"/", rest].concat()))
}

/// The guest's name of a host path, or the one that it would have if no other mount covered it, as the kernel says.
fn name_of(names: &Namespace, host: &HostPath) -> Option<Vec<u8>> {
    if let Some(guest) = names.guest_of(host) {
        return Some(guest.as_bytes().to_vec());
    }
    let holding = names.mounts().iter().filter_map(|mount| Some((mount, host.below(&mount.host)?)));
    let (mount, rest) = holding.min_by_key(|(_, rest)| rest.len())?;
    Some(mount.guest.join_bytes(rest).as_bytes().to_vec())
}

/// What a walk must not do, as openat2(2) may say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Refuse {
    pub links: Links,
    /// Leaving the mount where the walk begins is EXDEV, also where it comes back: RESOLVE_NO_XDEV.
    pub crossing: bool,
    /// Following a link of procfs that leads to a file without walking a path is EXDEV: RESOLVE_BENEATH, RESOLVE_IN_ROOT.
    pub jumps: bool,
    /// Leaving the root is EXDEV, by `..` or by an absolute link: RESOLVE_BENEATH.
    pub leaving: bool,
}

/// Which links a walk must not follow: to follow one is ELOOP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Links {
    #[default]
    None,
    /// RESOLVE_NO_MAGICLINKS: the links of procfs that lead to a file without walking a path.
    Magic,
    /// RESOLVE_NO_SYMLINKS.
    All,
}

/// The host with every procfs that is mounted in the guest as the guest must see it.
pub struct ProcLookup<'a> {
    host: &'a mut dyn Lookup,
    names: &'a Namespace,
    processes: &'a dyn Processes,
    refuse: Refuse,
    /// The only mount to look at, if it must not be left.
    only: Option<&'a Mount>,
}

impl<'a> ProcLookup<'a> {
    /// Asks `host` for all that is not a process's.
    pub fn new(host: &'a mut dyn Lookup, names: &'a Namespace, processes: &'a dyn Processes) -> Self {
        Self { host, names, processes, refuse: Refuse::default(), only: None }
    }

    /// The same, with links that must not be followed.
    pub fn refusing(self, refuse: Refuse) -> Self {
        Self { refuse, ..self }
    }

    /// The same, where nothing is to be seen but what `only` shows.
    pub fn within(self, only: Option<&'a Mount>) -> Self {
        Self { only, ..self }
    }

    fn check_mount(&self, mount: &Mount) -> Result<(), Errno> {
        let stays = self.only.is_none_or(|only| std::ptr::eq(only, mount));
        if stays { Ok(()) } else { Err(Errno::EXDEV) }
    }

    fn guarded(&self, node: Node, is_magic: bool) -> Node {
        let refused = match self.refuse.links {
            Links::None => false,
            Links::Magic => is_magic,
            Links::All => matches!(node, Node::Symlink(_) | Node::Jump(_) | Node::Magic(_)),
        };
        match refused {
            true => Node::Magic(Err(Errno::ELOOP)),
            false if is_magic && self.refuse.jumps => Node::Magic(Err(Errno::EXDEV)),
            false
                if self.refuse.leaving && matches!(&node, Node::Symlink(text) if text.starts_with(b"/")) =>
            {
                Node::Magic(Err(Errno::EXDEV))
            }
            false => node,
        }
    }

    fn look_through(&mut self, spot: &Spot<'_>) -> Result<(Node, bool), Errno> {
        let host = |host: &mut dyn Lookup| host.look(spot).map(|node| (node, false));
        let Some(below) = procfs(spot) else { return host(self.host) };
        let (process, thread) = self.processes.caller();
        match below {
            b"self" => return Ok((Node::Symlink(process.to_string().into_bytes()), false)),
            b"thread-self" => {
                return Ok((Node::Symlink(format!("{process}/task/{thread}").into_bytes()), false));
            }
            _ => {}
        }
        let Some(entry) = Entry::parse(below) else { return host(self.host) };
        if !self.processes.contains(entry.id) {
            // As the kernel does for another user's: its directories are closed, its links are there.
            return match entry.names[..] {
                [_, _, ..] if !entry.is_public(false) => Err(Errno::EACCES),
                [_] if entry.is_place() => {
                    self.host.look(spot).map(|_| (Node::Magic(Err(Errno::EACCES)), true))
                }
                _ => host(self.host),
            };
        }
        match self.host.look(spot)? {
            Node::Symlink(_)
                if (entry.is_place() || entry.is_handle()) && !self.processes.may_trace(entry.id) =>
            {
                Ok((Node::Magic(Err(Errno::EACCES)), true))
            }
            Node::Symlink(text) if entry.is_place() => Ok((self.place(&entry, spot, &text), true)),
            Node::Symlink(text) if entry.is_handle() => Ok((Self::handle(self.names, spot, &text), true)),
            node => Ok((node, false)),
        }
    }

    /// The answer for a link that names a place: `text` is the host's.
    fn place(&self, entry: &Entry<'_>, spot: &Spot<'_>, text: &[u8]) -> Node {
        let image = if entry.is_exe() { self.processes.image(entry.id) } else { None };
        let text = image.as_ref().map_or(text, |image| &image.text);
        let guest = match entry.names[0] {
            // The kernel's own links lead out of the guest's tree, so nobody may follow them.
            b"root" => match self.processes.root(entry.id) {
                None => return Node::Magic(Err(Errno::EACCES)),
                root => root,
            },
            b"exe" => match (self.processes.exe(entry.id), &image) {
                (None, _) => return Node::Magic(Err(Errno::EACCES)),
                // The file has no name, and nobody holds it.
                (Some(known), None) if known.as_bytes().ends_with(DELETED) => {
                    return Node::Magic(Err(Errno::EACCES));
                }
                (known, None) => known,
                (_, Some(Name { is_path: false, .. })) => None,
                (Some(known), Some(_)) => {
                    let host = HostPath::from_bytes(text.to_vec());
                    if self.names.shows(&known, &host) { Some(known) } else { self.names.guest_of(&host) }
                }
            },
            // Or so it is called: the link itself leads there in either case.
            _ if text.ends_with(DELETED) => None,
            _ => {
                let host = HostPath::from_bytes(text.to_vec());
                let known = self.processes.cwd(entry.id).filter(|known| self.names.shows(known, &host));
                known.or_else(|| self.names.guest_of(&host))
            }
        };
        let Some(guest) = guest else { return Self::handle(self.names, spot, text) };
        let root = self.processes.root(self.processes.caller().1).unwrap_or_else(GuestPath::root);
        match guest.below(&root) {
            Some(rest) => Node::Symlink([b"/", rest].concat()),
            None => Node::Jump(guest.as_bytes().to_vec()),
        }
    }

    /// The answer for a link that leads to a file with or without a name.
    fn handle(names: &Namespace, spot: &Spot<'_>, text: &[u8]) -> Node {
        let absolute = text.starts_with(b"/");
        // The name of another file by now, or none.
        if text.ends_with(DELETED) && !is_directory(spot.host) {
            return Node::Magic(Err(Errno::ENOTDIR));
        }
        let guest = absolute.then(|| names.guest_of(&HostPath::from_bytes(text.to_vec()))).flatten();
        Node::Magic(match guest {
            Some(guest) => Ok(guest.as_bytes().to_vec()),
            None if absolute => Err(Errno::ENOENT),
            None => Err(Errno::ENOTDIR),
        })
    }
}

impl Lookup for ProcLookup<'_> {
    fn begin(&mut self) {
        self.host.begin();
    }

    fn look(&mut self, spot: &Spot<'_>) -> Result<Node, Errno> {
        self.check_mount(spot.mount)?;
        let (node, is_magic) = self.look_through(spot)?;
        Ok(self.guarded(node, is_magic))
    }

    fn shortcut(&mut self, dir: &Spot<'_>, rest: &[u8]) -> Result<Option<Node>, Errno> {
        self.check_mount(dir.mount)?;
        if procfs(dir).is_some() {
            // Name by name, so that each is seen by `look`.
            return Ok(None);
        }
        Ok(self.host.shortcut(dir, rest)?.map(|node| self.guarded(node, false)))
    }

    fn cross(&mut self, mount: &Mount) -> Result<(), Errno> {
        self.check_mount(mount)
    }

    fn search(&mut self, dir: &Spot<'_>) -> Result<(), Errno> {
        self.check_mount(dir.mount)?;
        let closed = procfs(dir).and_then(Entry::parse).is_some_and(|entry| {
            !entry.names.is_empty() && !entry.is_public(false) && !self.processes.contains(entry.id)
        });
        if closed { Err(Errno::EACCES) } else { self.host.search(dir) }
    }

    fn leave(&mut self) -> Result<(), Errno> {
        if self.refuse.leaving { Err(Errno::EXDEV) } else { Ok(()) }
    }

    fn follow(&mut self, link: &Spot<'_>, rest: &[u8]) {
        let entry = procfs(link).and_then(Entry::parse);
        // Not `root`, which is the host's root until the guest's name for it is taken, and nothing of another's process.
        let leads_on = |entry: Entry<'_>| {
            let may = self.processes.contains(entry.id) && self.processes.may_trace(entry.id);
            may && matches!(entry.names[..], [b"cwd"] | [b"fd", _])
        };
        if entry.is_some_and(leads_on) {
            self.host.follow(link, rest);
        }
    }

    fn climb(&mut self, above: &Spot<'_>) -> Result<bool, Errno> {
        self.check_mount(above.mount)?;
        if procfs(above).is_some() { Ok(false) } else { self.host.climb(above) }
    }

    fn may_follow(&mut self, dir: &Spot<'_>) -> Result<(), Errno> {
        if procfs(dir).is_some() { Ok(()) } else { self.host.may_follow(dir) }
    }
}

/// Whether a link leads to a directory, whatever it is called.
fn is_directory(link: &HostPath) -> bool {
    fs::stat(link.as_bytes()).is_ok_and(|stat| stat.st_mode & libc::S_IFMT == libc::S_IFDIR)
}

/// The path below the top of the procfs that shows `spot`, if one does.
fn procfs<'s>(spot: &Spot<'s>) -> Option<&'s [u8]> {
    if spot.mount.kind == Kind::Proc { spot.guest.below(&spot.mount.guest) } else { None }
}

#[cfg(test)]
mod tests;
