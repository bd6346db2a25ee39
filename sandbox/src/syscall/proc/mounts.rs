//! The mount table as the guest's files of /proc tell it: one line a mount, and the host's mounts below each.
//!
//! Source: proc_pid_mountinfo(5), proc_pid_mounts(5), proc_pid_mountstats(5); fs/proc_namespace.c.
#![forbid(unsafe_code)]

use std::collections::HashSet;

use super::lines;
use crate::vfs::{GuestPath, HostPath, Kind, Mount, Namespace};

/// Which file tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Mountinfo,
    Mounts,
    Mountstats,
}

/// A line of the host's mountinfo.
struct Entry<'t> {
    id: u64,
    parent: u64,
    /// As major:minor.
    device: &'t [u8],
    /// The directory of the file system that is mounted, escaped.
    root: &'t [u8],
    point: HostPath,
    options: &'t [u8],
    /// Optional fields up to the single hyphen.
    tags: &'t [u8],
    fstype: &'t [u8],
    source: &'t [u8],
    super_options: &'t [u8],
}

/// A mount as the guest sees it.
struct Line<'e, 't> {
    guest: GuestPath,
    entry: &'e Entry<'t>,
    /// The top of the host's mount is what is shown, not a directory in it.
    whole: bool,
    readonly: bool,
}

/// The guest's table in this format, from the text of the host's mountinfo.
///
/// Like a bind mount, a binding tells device and file system of the host's mount that it lies on; unlike one, not
/// where in it, for that would be a host path: as if it lay there at its name in the guest. So it differs from a whole
/// file system, which df(1) and findmnt(8) look at.
///
/// Under another root, only what is mounted there and below it is told, from there.
pub fn shown(tree: (&Namespace, &GuestPath), format: Format, mountinfo: &[u8]) -> Vec<u8> {
    let (names, root) = tree;
    let (names, has_top) = (&names.below(root), names.is_mount_point(root));
    let entries: Vec<_> = lines(mountinfo).filter_map(Entry::parse).collect();
    let entries = visible(&entries);
    let mut table: Vec<_> =
        names.mounts().iter().flat_map(|mount| shown_by(names, mount, &entries)).collect();
    table.retain(|line| has_top || line.guest != GuestPath::root());
    table.sort_by(|one, other| one.guest.cmp(&other.guest));

    let known: HashSet<u64> = entries.iter().map(|entry| entry.id).collect();
    let outer = entries.iter().map(|entry| entry.parent).find(|parent| !known.contains(parent)).unwrap_or(0);
    let mut ids = Vec::with_capacity(table.len());
    let mut next = known.iter().max().map_or(1, |max| max + 1);
    for line in &table {
        // A host mount keeps its id in the first line that shows it: statx(2) tells the same.
        let id = if ids.contains(&line.entry.id) { next } else { line.entry.id };
        next += u64::from(id == next);
        ids.push(id);
    }
    let mut out = Vec::new();
    for (at, line) in table.iter().enumerate() {
        // Parents come before what lies below them.
        let above = table[..at].iter().rposition(|parent| line.guest.below(&parent.guest).is_some());
        line.write(format, ids[at], above.map_or(outer, |parent| ids[parent]), &mut out);
    }
    out
}

/// Every procfs of the host that the guest would see below one of its directories: a mount of its own each, or the
/// links in it would lead out.
pub fn procfs(names: &Namespace, mountinfo: &[u8]) -> Vec<Mount> {
    let entries: Vec<_> = lines(mountinfo).filter_map(Entry::parse).collect();
    let entries: Vec<_> =
        entries.iter().filter(|entry| entry.fstype == b"proc" && entry.root == b"/").collect();
    let directories = names.mounts().iter().filter(|mount| mount.kind == Kind::Directory);
    let below = directories.flat_map(|mount| shown_below(names, mount, &entries));
    below
        .map(|line| Mount {
            guest: line.guest,
            host: line.entry.point.clone(),
            kind: Kind::Proc,
            readonly: line.readonly,
        })
        .collect()
}

/// What the guest sees by one of its mounts: the place itself, and the host's mounts below it.
fn shown_by<'e, 't>(names: &Namespace, mount: &Mount, entries: &[&'e Entry<'t>]) -> Vec<Line<'e, 't>> {
    // In a real tree these would be directories.
    if mount.kind == Kind::Skeleton {
        return Vec::new();
    }
    let holding = entries.iter().filter_map(|entry| Some((entry, mount.host.below(&entry.point)?)));
    let own = holding.min_by_key(|(_, rest)| rest.len()).map(|(entry, rest)| Line {
        guest: mount.guest.clone(),
        entry,
        whole: rest.is_empty(),
        readonly: mount.readonly,
    });
    own.into_iter().chain(shown_below(names, mount, entries)).collect()
}

/// The host's mounts below one of the guest's.
fn shown_below<'e, 't>(names: &Namespace, mount: &Mount, entries: &[&'e Entry<'t>]) -> Vec<Line<'e, 't>> {
    let below = entries.iter().filter_map(|entry| {
        let rest = entry.point.below(&mount.host).filter(|rest| !rest.is_empty())?;
        let guest = GuestPath::lexical(&[mount.guest.as_bytes(), b"/", rest].concat());
        let covered = !std::ptr::eq(names.locate(&guest).mount, mount);
        (!covered).then_some(Line { guest, entry, whole: true, readonly: mount.readonly })
    });
    below.collect()
}

impl Line<'_, '_> {
    fn write(&self, format: Format, id: u64, parent: u64, out: &mut Vec<u8>) {
        let entry = self.entry;
        let point = escape(self.guest.as_bytes());
        let root = if self.whole { entry.root } else { &point };
        let options = read_only_if(self.readonly, entry.options);
        let ids = format!("{id} {parent}").into_bytes();
        let words: Vec<&[u8]> = match format {
            Format::Mountinfo if entry.tags.is_empty() => {
                let rest = [b"-", entry.fstype, entry.source, entry.super_options];
                [&[&ids, entry.device, root, &point, &options], &rest[..]].concat()
            }
            Format::Mountinfo => {
                let rest = [entry.tags, b"-", entry.fstype, entry.source, entry.super_options];
                [&[&ids, entry.device, root, &point, &options], &rest[..]].concat()
            }
            Format::Mounts => {
                let all = both(&options, entry.super_options);
                return out.extend_from_slice(
                    &[&[entry.source, &point, entry.fstype, &all, b"0 0"].join(&b' '), &b"\n"[..]].concat(),
                );
            }
            Format::Mountstats => {
                vec![b"device", entry.source, b"mounted on", &point, b"with fstype", entry.fstype]
            }
        };
        out.extend_from_slice(&words.join(&b' '));
        out.push(b'\n');
    }
}

/// Options of a mount, which begin with "rw" or "ro".
fn read_only_if(readonly: bool, options: &[u8]) -> Vec<u8> {
    match options.strip_prefix(b"rw") {
        Some(rest) if readonly => [b"ro", rest].concat(),
        _ => options.to_vec(),
    }
}

/// The options of a mount and of its file system in one list: read-only if either is.
fn both(mount: &[u8], file_system: &[u8]) -> Vec<u8> {
    let rest = file_system.get(2..).unwrap_or_default();
    [&read_only_if(file_system.starts_with(b"ro"), mount), rest].concat()
}

impl<'t> Entry<'t> {
    /// One line; `None` if it is none.
    fn parse(line: &'t [u8]) -> Option<Self> {
        let mut words = line.trim_ascii_end().split(|&byte| byte == b' ');
        let number = |word: &[u8]| std::str::from_utf8(word).ok()?.parse::<u64>().ok();
        let (id, parent) = (number(words.next()?)?, number(words.next()?)?);
        let (device, root, point, options) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let separator = line.windows(3).position(|window| window == b" - ")?;
        let tags_at = line[..separator + 1].splitn(7, |&byte| byte == b' ').nth(6)?;
        let mut last = line[separator + 3..].trim_ascii_end().splitn(3, |&byte| byte == b' ');
        Some(Self {
            id,
            parent,
            device,
            root,
            point: HostPath::from_bytes(unescape(point)),
            options,
            tags: tags_at.trim_ascii(),
            fstype: last.next()?,
            source: last.next()?,
            super_options: last.next().unwrap_or(b"rw"),
        })
    }
}

/// The mounts that a path can reach: not those that a later mount covers, at the same point or above it.
fn visible<'e, 't>(entries: &'e [Entry<'t>]) -> Vec<&'e Entry<'t>> {
    let covered = |at: usize| {
        let entry = &entries[at];
        let same_point = |later: &Entry<'_>| later.parent == entry.id && later.point == entry.point;
        let above =
            |later: &Entry<'_>| later.parent == entry.parent && entry.point.below(&later.point).is_some();
        entries.iter().any(same_point) || entries[at + 1..].iter().any(above)
    };
    let hidden: HashSet<u64> =
        (0..entries.len()).filter(|&at| covered(at)).map(|at| entries[at].id).collect();
    let reached = |entry: &Entry<'_>| {
        let mut entry = entry;
        // Each step leads to another mount; a table that was read while it changed may have a loop.
        for _ in 0..entries.len() {
            let Some(parent) = entries.iter().find(|parent| parent.id == entry.parent) else { return true };
            // What covers its parent is reached although the parent is not.
            if parent.point != entry.point && hidden.contains(&parent.id) {
                return false;
            }
            entry = parent;
        }
        true
    };
    entries.iter().filter(|entry| !hidden.contains(&entry.id) && reached(entry)).collect()
}

/// Undoes [`escape`].
pub(super) fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        let octal = (first == b'\\').then(|| after.get(..3)).flatten();
        match octal.and_then(|octal| u8::from_str_radix(std::str::from_utf8(octal).ok()?, 8).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = &after[3..];
            }
            None => {
                out.push(first);
                rest = after;
            }
        }
    }
    out
}

/// Writes blanks and backslashes as three octal digits, as seq_path(" \t\n\\") of the kernel does.
pub(super) fn escape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        match byte {
            b' ' | b'\t' | b'\n' | b'\\' => out.extend_from_slice(format!("\\{byte:03o}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "\
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
22 27 0:21 / /proc rw,nosuid - proc proc rw
24 27 0:5 / /dev rw,nosuid shared:2 master:3 - devtmpfs udev ro,size=4k
25 24 0:22 / /dev/pts rw - devpts devpts rw,gid=5
30 27 0:30 / /srv rw - tmpfs first rw
31 30 0:31 / /srv rw,noatime - tmpfs second rw
32 30 0:32 / /srv/hidden rw - tmpfs third rw
33 31 0:33 /in /srv/my\\040root/mnt ro - tmpfs fourth\\040x rw
34 31 0:34 / /srv/my\\040root/home/deep rw - tmpfs fifth rw
";

    fn names() -> Namespace {
        let mut names = Namespace::new(HostPath::new("/srv/my root"));
        for (guest, host, kind, readonly) in [
            ("/dev", "/dev", Kind::Directory, false),
            ("/proc", "/proc", Kind::Proc, false),
            ("/home", "/var/skeleton", Kind::Skeleton, false),
            ("/home/a b", "/home/u", Kind::Directory, true),
            ("/etc/passwd", "/srv/passwd", Kind::File, false),
        ] {
            let guest = GuestPath::lexical(guest.as_bytes());
            names.bind(Mount { guest, host: HostPath::new(host), kind, readonly });
        }
        names
    }

    #[track_caller]
    fn check(format: Format, expected: &str) {
        let found = shown((&names(), &GuestPath::root()), format, HOST.as_bytes());
        assert_eq!(String::from_utf8_lossy(&found), expected);
    }

    #[test]
    fn mountinfo_tells_the_guests_mounts_and_the_hosts_below_them() {
        check(
            Format::Mountinfo,
            "\
31 1 0:31 / / rw,noatime - tmpfs second rw
24 31 0:5 / /dev rw,nosuid shared:2 master:3 - devtmpfs udev ro,size=4k
25 24 0:22 / /dev/pts rw - devpts devpts rw,gid=5
35 31 0:31 /etc/passwd /etc/passwd rw,noatime - tmpfs second rw
27 31 254:0 /home/a\\040b /home/a\\040b ro,relatime shared:1 - ext4 /dev/vda rw,discard
33 31 0:33 /in /mnt ro - tmpfs fourth\\040x rw
22 31 0:21 / /proc rw,nosuid - proc proc rw
",
        );
    }

    #[test]
    fn mounts_and_mountstats_tell_the_same() {
        check(
            Format::Mounts,
            "\
second / tmpfs rw,noatime 0 0
udev /dev devtmpfs ro,nosuid,size=4k 0 0
devpts /dev/pts devpts rw,gid=5 0 0
second /etc/passwd tmpfs rw,noatime 0 0
/dev/vda /home/a\\040b ext4 ro,relatime,discard 0 0
fourth\\040x /mnt tmpfs ro 0 0
proc /proc proc rw,nosuid 0 0
",
        );
        let stats = shown((&names(), &GuestPath::root()), Format::Mountstats, HOST.as_bytes());
        assert!(stats.starts_with(b"device second mounted on / with fstype tmpfs\n"));
    }

    #[test]
    fn a_procfs_below_a_binding_is_found() {
        let mut names = names();
        names.bind(Mount {
            guest: GuestPath::lexical(b"/host"),
            host: HostPath::new("/"),
            kind: Kind::Directory,
            readonly: true,
        });
        let found: Vec<_> = procfs(&names, HOST.as_bytes());
        let expected = Mount {
            guest: GuestPath::lexical(b"/host/proc"),
            host: HostPath::new("/proc"),
            kind: Kind::Proc,
            readonly: true,
        };
        assert_eq!(found, [expected]);
    }

    #[test]
    fn escapes_are_undone() {
        for text in ["/a b", "/a\\040b", "/\t\n\\", "/\\9"] {
            assert_eq!(unescape(&escape(text.as_bytes())), text.as_bytes(), "{text}");
        }
    }
}
