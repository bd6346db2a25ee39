//! Walks over a tree written as text. What a kernel does with the same paths is the business of `tests/resolver.rs`.

use std::collections::BTreeMap;

use super::*;
use crate::error::Errno;

/// A host whose rootfs is `/r`.
const TREE: &str = "
    /r/
    /r/bin -> usr/bin
    /r/usr/bin/sh
    /r/usr/bin/absolute -> /etc/passwd
    /r/usr/lib/a.so -> a.so.1
    /r/usr/lib/a.so.1
    /r/etc/passwd
    /r/etc/slashed -> passwd/
    /r/etc/dangling -> missing
    /r/etc/dangling-slash -> missing/
    /r/etc/up -> ../../../../etc
    /r/etc/self -> self
    /r/etc/into-bind -> /home/u/work
    /r/proc/self/fd/3 => /etc
    /r/proc/self/fd/4 => ENOTDIR
    /r/proc/9/exe => EACCES
    /r/closed!/file
    /u/work/file
    /u/work/out -> ../../../bin/sh
    /u/work/back -> ..
    /opt/tool
    /skeleton/
";

struct Fake {
    nodes: BTreeMap<Vec<u8>, Node>,
    closed: Vec<Vec<u8>>,
    shortcuts: bool,
    /// Where `Base::Held` begins.
    base: &'static [u8],
    probes: Vec<String>,
}

impl Fake {
    fn new(shortcuts: bool) -> Self {
        let mut fake =
            Self { nodes: BTreeMap::new(), closed: Vec::new(), shortcuts, base: b"/", probes: Vec::new() };
        for line in TREE.lines().map(str::trim).filter(|line| !line.is_empty()) {
            fake.add(line);
        }
        fake
    }

    fn add(&mut self, line: &str) {
        let (path, node) = match (line.split_once(" -> "), line.split_once(" => ")) {
            (Some((path, text)), _) => (path, Node::Symlink(text.into())),
            (_, Some((path, "EACCES"))) => (path, Node::Magic(Err(Errno::EACCES))),
            (_, Some((path, "ENOTDIR"))) => (path, Node::Magic(Err(Errno::ENOTDIR))),
            (_, Some((path, text))) => (path, Node::Magic(Ok(text.into()))),
            _ if line.ends_with('/') => (&line[..line.len() - 1], Node::Directory),
            _ => (line, Node::Other),
        };
        let names = path.replace('!', "");
        for (slash, _) in path.match_indices('/').skip(1) {
            let closed = path[..slash].ends_with('!');
            let parent = path[..slash].replace('!', "").into_bytes();
            if closed {
                self.closed.push(parent.clone());
            }
            self.nodes.insert(parent, Node::Directory);
        }
        self.nodes.insert(names.into(), node);
    }

    fn at(&self, path: &[u8]) -> Result<Node, Errno> {
        let mut known = Vec::new();
        let mut node = Node::Directory;
        for name in path.split(|&byte| byte == b'/').skip(1).filter(|name| !name.is_empty()) {
            match node {
                Node::Directory if self.closed.contains(&known) => return Err(Errno::EACCES),
                Node::Directory => {}
                Node::Symlink(_) | Node::Jump(_) => return Err(Errno::ELOOP),
                Node::Magic(_) | Node::Other => return Err(Errno::ENOTDIR),
            }
            if name != b"." {
                known.push(b'/');
                known.extend_from_slice(name);
            }
            node = self.nodes.get(&known).cloned().ok_or(Errno::ENOENT)?;
        }
        Ok(node)
    }

    fn path(&mut self, spot: &Spot<'_>, rest: &[u8]) -> Vec<u8> {
        let dir = match spot.below_base {
            Some(below) => [self.base, b"/", below].concat(),
            None => spot.host.as_bytes().to_vec(),
        };
        let path = [&dir[..], b"/", rest].concat();
        self.probes.push(String::from_utf8_lossy(&path).into_owned());
        path
    }
}

impl Lookup for Fake {
    fn look(&mut self, spot: &Spot<'_>) -> Result<Node, Errno> {
        let path = self.path(spot, b"");
        self.at(path.strip_suffix(b"/").unwrap_or(&path))
    }

    fn shortcut(&mut self, dir: &Spot<'_>, rest: &[u8]) -> Result<Option<Node>, Errno> {
        if !self.shortcuts {
            return Ok(None);
        }
        let path = self.path(dir, rest);
        match self.at(&path) {
            Err(Errno::ELOOP) => Ok(None),
            node => node.map(Some),
        }
    }

    fn search(&mut self, dir: &Spot<'_>) -> Result<(), Errno> {
        let path = self.path(dir, b".");
        self.at(&path).map(drop)
    }
}

fn guest(path: &str) -> GuestPath {
    GuestPath::lexical(path.as_bytes())
}

fn table() -> Namespace {
    let mut table = Namespace::new(HostPath::new("/r"));
    for (name, host, kind, readonly) in [
        ("/home", "/skeleton", Kind::Skeleton, false),
        ("/home/u", "/u", Kind::Directory, false),
        ("/etc/tool", "/opt/tool", Kind::File, true),
        ("/proc", "/r/proc", Kind::Proc, false),
    ] {
        table.bind(Mount { guest: guest(name), host: HostPath::new(host), kind, readonly });
    }
    table
}

/// The guest path, then the host path where it is not the one below the rootfs, then what else is remarkable.
fn describe(result: &Result<Resolved, Errno>) -> String {
    let resolved = match result {
        Ok(resolved) => resolved,
        Err(errno) => return format!("{errno:?}"),
    };
    let mut words = vec![String::from_utf8_lossy(resolved.guest.as_bytes()).into_owned()];
    let host = String::from_utf8_lossy(resolved.host.as_bytes()).into_owned();
    if host.strip_prefix("/r") != Some(words[0].trim_end_matches('/')) {
        words.push(format!("={host}"));
    }
    words.extend(resolved.node.is_none().then(|| "absent".into()));
    words.extend(matches!(resolved.node, Some(Node::Symlink(_))).then(|| "link".into()));
    words.extend(matches!(resolved.node, Some(Node::Magic(_))).then(|| "magic".into()));
    words.extend((resolved.tail != Tail::Name).then(|| format!("{:?}", resolved.tail)));
    words.extend(resolved.readonly.then(|| "ro".into()));
    words.extend(resolved.holds_mount.then(|| "mount".into()));
    words.extend(resolved.below_base.iter().map(|below| format!("below:{}", String::from_utf8_lossy(below))));
    words.extend(resolved.unchanged.then(|| "unchanged".into()));
    words.join(" ")
}

#[track_caller]
fn check_at(base: Base<'_>, handle: &'static [u8], vectors: &[(&str, Last, &str)]) {
    for shortcuts in [false, true] {
        for (path, last, expected) in vectors {
            let mut fake = Fake::new(shortcuts);
            fake.base = handle;
            let result = resolve(&table(), &mut fake, base, path.as_bytes(), *last);
            let found = describe(&result);
            assert_eq!(found, *expected, "{path:?} {last:?} from {base:?}, shortcuts: {shortcuts}");
        }
    }
}

#[track_caller]
fn check(vectors: &[(&str, Last, &str)]) {
    check_at(Base::Named(&guest("/etc")), b"/", vectors);
}

use Last::{Create, CreateNew, Entry, Follow, NoFollow};

#[test]
fn names_lead_to_places() {
    check(&[
        ("", Follow, "ENOENT"),
        ("/", Follow, "/ Root mount"),
        ("//", Entry, "/ Root"),
        (".", Follow, "/etc Dot mount"),
        ("..", Follow, "/ DotDot mount"),
        ("../../..", Follow, "/ DotDot mount"),
        ("../../../usr//./lib", Follow, "/usr/lib"),
        ("passwd", Follow, "/etc/passwd"),
        ("passwd/", Follow, "ENOTDIR"),
        ("passwd/.", Follow, "ENOTDIR"),
        ("passwd/..", Follow, "ENOTDIR"),
        ("passwd/x", Entry, "ENOTDIR"),
        ("missing", Follow, "ENOENT"),
        ("missing/..", Follow, "ENOENT"),
        ("/usr/lib/", NoFollow, "/usr/lib Slash"),
        ("/usr/lib/..", NoFollow, "/usr DotDot"),
        ("/usr/lib/../bin/./", NoFollow, "/usr/bin Dot"),
        ("/closed", Follow, "/closed"),
        ("/closed/", Follow, "/closed Slash"),
        ("/closed/.", Follow, "EACCES"),
        ("/closed/..", Follow, "EACCES"),
        ("/closed/new", Entry, "EACCES"),
    ]);
}

#[test]
fn links_are_spliced_in_guest_terms() {
    check(&[
        ("/bin", NoFollow, "/bin link"),
        ("/bin", Follow, "/usr/bin"),
        ("/bin/", NoFollow, "/usr/bin Slash"),
        ("/bin/sh", NoFollow, "/usr/bin/sh"),
        ("/bin/..", Follow, "/usr DotDot"),
        ("/bin/absolute", Follow, "/etc/passwd"),
        ("/usr/lib/a.so", Follow, "/usr/lib/a.so.1"),
        ("up/up/passwd", Follow, "/etc/passwd"),
        ("slashed", Follow, "ENOTDIR"),
        ("slashed", NoFollow, "/etc/slashed link"),
        ("self", Follow, "ELOOP"),
        ("self", NoFollow, "/etc/self link"),
        ("self/x", NoFollow, "ELOOP"),
        ("into-bind/file", Follow, "/home/u/work/file =/u/work/file"),
        ("dangling", Follow, "ENOENT"),
        ("dangling/", NoFollow, "ENOENT"),
    ]);
}

#[test]
fn an_absent_last_name_is_found_by_calls_that_create() {
    check(&[
        ("missing", Create, "/etc/missing absent"),
        ("dangling", Create, "/etc/missing absent"),
        ("dangling", CreateNew, "/etc/dangling link"),
        ("dangling-slash", Create, "EISDIR"),
        ("dangling/", Entry, "/etc/dangling link Slash"),
        ("missing/", Entry, "/etc/missing absent Slash"),
        ("missing/", Create, "EISDIR"),
        ("passwd/", CreateNew, "EISDIR"),
        ("missing/new/", Create, "ENOENT"),
        ("missing/new", Create, "ENOENT"),
        ("missing/new", Entry, "ENOENT"),
        ("/bin/new", Create, "/usr/bin/new absent"),
        ("/bin/no/new", Create, "ENOENT"),
        ("/bin/", Entry, "/bin link Slash"),
        ("/bin/.", Entry, "/usr/bin Dot"),
        ("/usr/bin/..", Entry, "/usr/bin DotDot"),
        ("/usr/bin/../", Entry, "/usr/bin DotDot"),
        ("..", Entry, "/etc DotDot"),
        ("passwd/..", Entry, "ENOTDIR"),
        ("passwd/", Entry, "/etc/passwd Slash"),
    ]);
}

#[test]
fn mounts_are_crossed_by_guest_names() {
    check(&[
        ("/home/u", Follow, "/home/u =/u mount"),
        ("/home/u/", Entry, "/home/u =/u Slash mount"),
        ("/home", Entry, "/home =/skeleton ro mount"),
        ("/home/new", Entry, "/home/new =/skeleton/new absent ro"),
        ("/home/u/..", Follow, "/home =/skeleton DotDot ro mount"),
        ("/home/u/../..", Follow, "/ DotDot mount"),
        ("/home/u/work/out", Follow, "/usr/bin/sh"),
        ("/home/u/work/out", NoFollow, "/home/u/work/out =/u/work/out link"),
        ("/home/u/work/back/..", Follow, "/home =/skeleton DotDot ro mount"),
        ("tool", Create, "/etc/tool =/opt/tool ro mount"),
        ("tool/", Follow, "ENOTDIR"),
        ("tool/..", Follow, "ENOTDIR"),
        ("tool/x", Entry, "ENOTDIR"),
        ("/home/u/..", Entry, "/home/u =/u DotDot"),
    ]);
}

#[test]
fn magic_links_are_followed_by_the_kernel_and_crossed_by_the_walk() {
    check(&[
        ("/proc/self/fd/3", Follow, "/proc/self/fd/3 magic"),
        ("/proc/self/fd/3/passwd", Follow, "/etc/passwd"),
        ("/proc/self/fd/3/", Follow, "/etc Slash mount"),
        ("/proc/self/fd/4", Follow, "/proc/self/fd/4 magic"),
        ("/proc/self/fd/4/x", Follow, "ENOTDIR"),
        // Nobody may follow this one.
        ("/proc/9/exe", NoFollow, "/proc/9/exe magic"),
        ("/proc/9/exe", Follow, "EACCES"),
    ]);
}

#[test]
fn a_held_base_needs_no_name() {
    // The handle leads to /u/work although its name says something else: it was renamed meanwhile.
    let name = guest("/home/u/old");
    check_at(
        Base::Held(&name),
        b"/u/work",
        &[
            ("file", Follow, "/home/u/old/file =/u/old/file below:file unchanged"),
            (".", Follow, "/home/u/old =/u/old Dot below: unchanged"),
            ("new", Create, "/home/u/old/new =/u/old/new absent below:new unchanged"),
            ("out", NoFollow, "/home/u/old/out =/u/old/out link below:out unchanged"),
            ("./file/..", Follow, "ENOTDIR"),
            ("..", Follow, "/home/u =/u DotDot mount"),
            ("../work/file", Follow, "/home/u/work/file =/u/work/file"),
            ("/etc/passwd", Follow, "/etc/passwd"),
            ("back", Follow, "/home/u =/u DotDot mount"),
        ],
    );
    check_at(
        Base::Held(&guest("/")),
        b"/r",
        &[
            ("bin/sh", Follow, "/usr/bin/sh below:usr/bin/sh"),
            ("usr/../usr/bin/sh", Follow, "/usr/bin/sh below:usr/bin/sh"),
            ("etc/tool", Follow, "/etc/tool =/opt/tool ro mount"),
            ("home/u/work", Follow, "/home/u/work =/u/work"),
            ("proc/self", Follow, "/proc/self"),
        ],
    );
}

#[test]
fn a_base_outside_the_guest_is_not_left_by_dotdot() {
    check_at(
        Base::Outside,
        b"/u/work",
        &[
            ("file", Follow, "/(unreachable)/file below:file unchanged"),
            ("..", Follow, "ENOENT"),
            ("back/etc", Follow, "ENOENT"),
            ("/etc/passwd", Follow, "/etc/passwd"),
        ],
    );
}

#[test]
fn forty_links_are_followed_and_no_more() {
    for (count, expected) in [(39, "/end"), (40, "/end"), (41, "ELOOP")] {
        for shortcuts in [false, true] {
            let mut fake = Fake::new(shortcuts);
            fake.add("/r/end");
            fake.add("/r/l1 -> end");
            (2..=count).for_each(|link| fake.add(&format!("/r/l{link} -> l{}", link - 1)));
            let path = format!("/l{count}");
            let result = resolve(&table(), &mut fake, &GuestPath::root(), path.as_bytes(), Follow);
            assert_eq!(describe(&result), expected, "{count} links");
        }
    }
}

#[test]
fn a_path_has_4095_bytes_at_most() {
    let mut fake = Fake::new(true);
    for (len, expected) in [(4095, "/etc/passwd"), (4096, "ENAMETOOLONG")] {
        let path = format!("{}etc/passwd", "/".repeat(len - 10));
        let result = resolve(&table(), &mut fake, &GuestPath::root(), path.as_bytes(), Follow);
        assert_eq!(describe(&result), expected, "{len} bytes");
    }
}

#[test]
fn a_plain_path_costs_one_probe() {
    for (path, probes) in [
        ("/usr/bin/sh", &["/r/usr/bin/sh"][..]),
        ("/home/u/work/file", &["/u/work/file"]),
        ("/usr/lib/../bin/sh", &["/r/usr/lib/.", "/r/usr/bin/sh"]),
        ("/etc/tool", &[]),
        ("/bin/sh", &["/r/bin/sh", "/r/bin/", "/r/usr/bin/sh"]),
    ] {
        let mut fake = Fake::new(true);
        resolve(&table(), &mut fake, &GuestPath::root(), path.as_bytes(), Follow).expect(path);
        assert_eq!(fake.probes, probes, "{path}");
    }
}

/// Says once that a parent became a symlink, as it does when the guest swaps one in.
struct Racing(Fake, u32);

impl Lookup for Racing {
    fn look(&mut self, spot: &Spot<'_>) -> Result<Node, Errno> {
        if self.1 > 0 {
            self.1 -= 1;
            return Err(Errno::ELOOP);
        }
        self.0.look(spot)
    }
}

#[test]
fn a_walk_begins_anew_when_its_way_changed() {
    for (races, expected) in [(3, "/usr/bin/sh"), (1000, "ELOOP")] {
        let mut racing = Racing(Fake::new(false), races);
        let result = resolve(&table(), &mut racing, &GuestPath::root(), b"/bin/sh", Follow);
        assert_eq!(describe(&result), expected);
    }
}

#[test]
fn the_kernel_is_given_the_end_of_the_path() {
    for (path, last, argument) in [
        ("/usr/new/", Entry, "/r/usr/new/"),
        ("/usr/lib/..", Entry, "/r/usr/lib/.."),
        ("/usr/lib/..", Follow, "/r/usr"),
        ("/usr/lib/.", Follow, "/r/usr/lib/."),
        ("/usr/lib/.", Entry, "/r/usr/lib/."),
        ("/", Entry, "/"),
        ("/", Follow, "/r"),
        ("/usr/lib/", Follow, "/r/usr/lib/"),
        ("/usr/lib", Follow, "/r/usr/lib"),
    ] {
        let result = resolve(&table(), &mut Fake::new(true), &GuestPath::root(), path.as_bytes(), last);
        let resolved = result.expect(path);
        assert_eq!(String::from_utf8_lossy(&resolved.host_argument(last)), argument, "{path}");
        assert_eq!(resolved.base_argument(last), None);
    }
    let base = guest("/usr");
    let mut fake = Fake::new(true);
    fake.base = b"/r/usr";
    let at = |path: &[u8], fake: &mut Fake| {
        resolve(&table(), fake, Base::Held(&base), path, Entry).expect("below")
    };
    assert_eq!(at(b"new/", &mut fake).base_argument(Entry).as_deref(), Some(&b"new/"[..]));
    assert_eq!(at(b".", &mut fake).base_argument(Entry).as_deref(), Some(&b"./."[..]));
}
