#![forbid(unsafe_code)]

use std::collections::HashMap;

use super::*;
use crate::vfs::{Last, Mount, resolve};

/// A host tree written as text: links by path; every other path that ends in a known name exists.
struct Tree(HashMap<&'static str, &'static str>);

impl Lookup for Tree {
    fn look(&mut self, spot: &Spot<'_>) -> Result<Node, Errno> {
        let path = std::str::from_utf8(spot.host.as_bytes()).expect("the tests' paths are text");
        match self.0.get(path) {
            Some(&"dir") => Ok(Node::Directory),
            Some(&"file") => Ok(Node::Other),
            Some(text) => Ok(Node::Symlink(text.as_bytes().to_vec())),
            None => Err(Errno::ENOENT),
        }
    }
}

/// Process 7 with a thread 8 is the guest's and asks; it runs /bin/sh in /work.
struct Guest;

impl Processes for Guest {
    fn caller(&self) -> (Pid, Pid) {
        (Pid::from_raw(7), Pid::from_raw(8))
    }

    fn contains(&self, id: Pid) -> bool {
        [7, 8].contains(&id.as_raw())
    }

    fn may_trace(&self, _id: Pid) -> bool {
        true
    }

    fn exe(&self, _: Pid) -> Option<GuestPath> {
        Some(GuestPath::lexical(b"/bin/sh"))
    }

    fn image(&self, _: Pid) -> Option<super::Name> {
        None
    }

    fn cwd(&self, _: Pid) -> Option<GuestPath> {
        Some(GuestPath::lexical(b"/twice"))
    }

    fn root(&self, _: Pid) -> Option<GuestPath> {
        Some(GuestPath::root())
    }
}

fn names() -> Namespace {
    let mut names = Namespace::new(HostPath::new("/srv/root"));
    let mounts = [
        ("/proc", "/proc", Kind::Proc),
        ("/work", "/home/u/w", Kind::Directory),
        ("/twice", "/home/u/w/t", Kind::Directory),
    ];
    for (guest, host, kind) in mounts {
        let guest = GuestPath::lexical(guest.as_bytes());
        names.bind(Mount { guest, host: HostPath::new(host), kind, readonly: false });
    }
    names
}

fn tree() -> Tree {
    let text = "/proc/self=99 /proc/mounts=self/mounts /proc/7=dir /proc/7/task=dir /proc/7/task/8=dir \
        /proc/7/mounts=file /proc/7/exe=/home/u/xroot /proc/7/task/8/exe=/home/u/xroot /proc/8=dir /proc/8/exe=/x \
        /proc/7/cwd=/home/u/w/t /proc/7/task/8/cwd=/home/u/w /proc/8/cwd=/gone /proc/7/root=/ /proc/7/fd=dir \
        /proc/7/fd/0=pipe:[5] /proc/7/fd/1=/srv/root/etc /proc/7/fd/2=/var/log /proc/7/fd/3=/home/u/w/f \
        /proc/7/ns=dir /proc/7/ns/mnt=mnt:[40] /proc/7/map_files=dir /proc/7/map_files/1-2=/srv/root/bin/sh \
        /proc/9=dir /proc/9/exe=/home/u/xroot /proc/9/cwd=/ /proc/9/root=/ /proc/9/fd=dir /proc/9/fd/0=/etc/shadow \
        /proc/9/stat=file /proc/9/mem=file /proc/9/task=dir /proc/9/task/9=dir /proc/9/task/9/root=/ \
        /proc/9/net=dir /proc/9/net/tcp=file /proc/10=dir \
        /srv/root/bin=dir /srv/root/bin/sh=file /srv/root/etc=dir /srv/root/etc/x=file /srv/root/l=/proc/self/exe \
        /home/u/w/t=dir /home/u/w=dir /home/u/w/f=file";
    Tree(text.split_whitespace().map(|word| word.split_once('=').expect("each word is name=what")).collect())
}

/// Where a path leads: the guest's name of it and, where it is a link or cannot be told, what.
fn walk(path: &str, last: Last) -> String {
    let (names, mut tree) = (names(), tree());
    let mut lookup = ProcLookup::new(&mut tree, &names, &Guest);
    let text = |text: Vec<u8>| String::from_utf8(text).expect("the tests' paths are text");
    match resolve(&names, &mut lookup, &GuestPath::root(), path.as_bytes(), last) {
        Err(errno) => format!("{errno:?}"),
        Ok(found) => {
            let guest = text(found.guest.as_bytes().to_vec());
            match found.node {
                Some(Node::Symlink(link) | Node::Jump(link)) => format!("{guest} -> {}", text(link)),
                Some(Node::Magic(Ok(link))) => format!("{guest} => {}", text(link)),
                Some(Node::Magic(Err(errno))) => format!("{guest} => {errno:?}"),
                Some(Node::Directory | Node::Other) => guest,
                None => format!("{guest} absent"),
            }
        }
    }
}

#[track_caller]
fn check(last: Last, cases: &[(&str, &str)]) {
    for (path, expected) in cases {
        assert_eq!(walk(path, last), *expected, "{path}");
    }
}

#[test]
fn the_links_of_the_guests_processes_speak_of_guest_paths() {
    check(
        Last::NoFollow,
        &[
            ("/proc/self", "/proc/self -> 7"),
            ("/proc/thread-self", "/proc/thread-self -> 7/task/8"),
            ("/proc/self/exe", "/proc/7/exe -> /bin/sh"),
            ("/proc/thread-self/exe", "/proc/7/task/8/exe -> /bin/sh"),
            ("/proc/8/exe", "/proc/8/exe -> /bin/sh"),
            ("/proc/self/root", "/proc/7/root -> /"),
            // The name by which the task came, as long as it is right; else the deepest; else none.
            ("/proc/7/cwd", "/proc/7/cwd -> /twice"),
            ("/proc/7/task/8/cwd", "/proc/7/task/8/cwd -> /work"),
            ("/proc/8/cwd", "/proc/8/cwd => ENOENT"),
            ("/proc/self/fd/0", "/proc/7/fd/0 => ENOTDIR"),
            ("/proc/self/fd/1", "/proc/7/fd/1 => /etc"),
            ("/proc/self/fd/2", "/proc/7/fd/2 => ENOENT"),
            ("/proc/self/ns/mnt", "/proc/7/ns/mnt => ENOTDIR"),
            ("/proc/self/map_files/1-2", "/proc/7/map_files/1-2 => /bin/sh"),
        ],
    );
}

#[test]
fn following_them_leads_to_the_guests_files() {
    check(
        Last::Follow,
        &[
            ("/proc/self", "/proc/7"),
            ("/proc/mounts", "/proc/7/mounts"),
            ("/proc/self/exe", "/bin/sh"),
            ("/l", "/bin/sh"),
            ("/proc/self/root/etc/x", "/etc/x"),
            ("/proc/self/root/../..", "/"),
            ("/proc/self/cwd/../work/f", "/work/f"),
            ("/proc/self/fd/1/x", "/etc/x"),
            ("/proc/self/fd/1", "/proc/7/fd/1 => /etc"),
            ("/proc/self/fd/0/x", "ENOTDIR"),
            ("/proc/self/fd/2/x", "ENOENT"),
            ("/proc/self/fd/3/x", "ENOTDIR"),
            ("/proc/self/fd/9", "ENOENT"),
        ],
    );
}

#[test]
fn what_other_processes_hold_is_closed() {
    check(
        Last::NoFollow,
        &[
            ("/proc/9", "/proc/9"),
            ("/proc/9/stat", "/proc/9/stat"),
            ("/proc/9/mem", "/proc/9/mem"),
            ("/proc/9/net/tcp", "/proc/9/net/tcp"),
            ("/proc/9/exe", "/proc/9/exe => EACCES"),
            ("/proc/9/fd", "/proc/9/fd"),
            ("/proc/9/fd/.", "EACCES"),
            ("/proc/9/fd/0", "EACCES"),
            ("/proc/9/fd/7", "EACCES"),
            ("/proc/11/fd/7", "ENOENT"),
        ],
    );
    check(
        Last::Follow,
        &[
            ("/proc/9/exe", "EACCES"),
            ("/proc/9/cwd", "EACCES"),
            ("/proc/9/root", "EACCES"),
            ("/proc/9/root/", "EACCES"),
            ("/proc/9/root/etc", "EACCES"),
            ("/proc/9/task/9/root", "EACCES"),
            ("/proc/9/fd/0", "EACCES"),
            ("/proc/9/cwd/..", "EACCES"),
        ],
    );
}

#[test]
fn only_what_ps_reads_of_other_processes_may_be_opened() {
    for (below, reads, writes) in [
        ("9", true, true),
        ("9/task", true, true),
        ("9/task/9", true, true),
        ("9/stat", true, false),
        ("9/task/9/comm", true, false),
        ("9/net/unix", true, true),
        ("9/mem", false, false),
        ("9/environ", false, false),
        ("9/fd", false, false),
        ("9/fdinfo/0", false, false),
        ("9/attr/current", false, false),
    ] {
        let entry = Entry::parse(below.as_bytes()).expect("all of them are a process's");
        assert_eq!((entry.is_public(false), entry.is_public(true)), (reads, writes), "{below}");
    }
    for below in ["", "self", "sys/kernel", "9x", "-9", "99999999999"] {
        assert_eq!(Entry::parse(below.as_bytes()), None, "{below}");
    }
}

#[test]
fn printed_paths_lose_the_hosts_part() {
    for (text, guest) in [
        ("/srv/root/etc/x", Some("/etc/x")),
        ("/srv/root", Some("/")),
        ("/srv/root (deleted)", Some("/ (deleted)")),
        ("/srv/root/a (deleted)", Some("/a (deleted)")),
        // Covered by a mount, as d_path prints it too.
        ("/srv/root/work/old", Some("/work/old")),
        ("/home/u/w/x", Some("/work/x")),
        ("/home/u", None),
        ("/home/u (deleted)", None),
        ("pipe:[7]", Some("pipe:[7]")),
        ("/memfd:x (deleted)", Some("/memfd:x (deleted)")),
    ] {
        let found =
            shown(&names(), text.as_bytes()).map(|text| String::from_utf8(text).expect("it was text"));
        assert_eq!(found.as_deref(), guest, "{text}");
    }
}
