//! Texts that name one file a line: memory maps and sockets. Everything but the names stays as the kernel wrote it.
//!
//! Source: proc_pid_maps(5), proc_pid_smaps(5), unix(7); fs/proc/task_mmu.c, net/unix/af_unix.c.
#![forbid(unsafe_code)]

use super::lines;
use crate::sys::fs;
use crate::vfs::proc::shown_below;
use crate::vfs::{GuestPath, Namespace};

/// Columns before the path in a line of maps: range, permissions, offset, device, inode.
const COLUMNS: usize = 5;

/// The text of maps or smaps, where `carrier` is the kernel's name of xroot's own file.
///
/// The stub's pages are `[xroot]`; a file that the guest has no name for, as the emulator, is its last name in brackets.
/// Addresses are the true ones: an emulator finds its way by them.
pub fn maps(tree: (&Namespace, &GuestPath), carrier: &[u8], text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for line in lines(text) {
        match path_column(line) {
            Some(at) if line[at..].trim_ascii_end() == carrier => {
                out.extend_from_slice(&line[..at]);
                out.extend_from_slice(b"[xroot]\n");
            }
            Some(at) => {
                out.extend_from_slice(&line[..at]);
                out.extend_from_slice(&escape(&guest_name(tree, &unescape(line[at..].trim_ascii_end()))));
                out.push(b'\n');
            }
            None => out.extend_from_slice(line),
        }
    }
    out
}

/// Where the path begins in a line of maps; `None` for a line without one, and for those of smaps about the line before.
fn path_column(line: &[u8]) -> Option<usize> {
    // "Rss:  4 kB" and its like begin with a capital.
    if !line.first()?.is_ascii_hexdigit() || line[0].is_ascii_uppercase() {
        return None;
    }
    let mut at = 0;
    for _ in 0..COLUMNS {
        at += line[at..].iter().position(|&byte| byte == b' ')? + 1;
    }
    at += line[at..].iter().position(|&byte| byte != b' ')?;
    (line[at] == b'/').then_some(at)
}

/// The text of numa_maps, whose lines have `file=PATH` as one of their words.
pub fn numa_maps(tree: (&Namespace, &GuestPath), text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for line in lines(text) {
        const KEY: &[u8] = b" file=";
        let Some(at) = line.windows(KEY.len()).position(|word| word == KEY).map(|at| at + KEY.len()) else {
            out.extend_from_slice(line);
            continue;
        };
        // Blanks are escaped here.
        let end = line[at..].iter().position(u8::is_ascii_whitespace).map_or(line.len(), |len| at + len);
        out.extend_from_slice(&line[..at]);
        out.extend_from_slice(&super::mounts::escape(&guest_name(
            tree,
            &super::mounts::unescape(&line[at..end]),
        )));
        out.extend_from_slice(&line[end..]);
    }
    out
}

/// The text of net/unix: a path may follow seven columns. `guest` gives the guest's name for it; a socket outside the
/// guest's tree keeps its host path, as for a process in a chroot.
pub fn sockets(text: &[u8], guest: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for line in lines(text) {
        let at = line.windows(2).position(|pair| pair == b" /").map(|at| at + 1);
        let name = at.and_then(|at| Some((at, guest(line[at..].strip_suffix(b"\n")?)?)));
        match name {
            Some((at, guest)) => {
                out.extend_from_slice(&line[..at]);
                out.extend_from_slice(&guest);
                out.push(b'\n');
            }
            None => out.extend_from_slice(line),
        }
    }
    out
}

fn guest_name(tree: (&Namespace, &GuestPath), path: &[u8]) -> Vec<u8> {
    // Memory that is shared but in no file has such a name of the kernel's own: "/dev/zero (deleted)", "/SYSV0 (deleted)".
    if path.ends_with(fs::DELETED) {
        return shown_below(tree, path).unwrap_or_else(|| path.to_vec());
    }
    shown_below(tree, path).unwrap_or_else(|| {
        let last = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
        [b"[", last, b"]"].concat()
    })
}

/// In maps a newline is the only character that is escaped (fs/proc/task_mmu.c, show_map_vma).
fn unescape(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((&first, after)) = rest.split_first() {
        match rest.strip_prefix(b"\\012") {
            Some(after) => {
                out.push(b'\n');
                rest = after;
            }
            None => {
                out.push(first);
                rest = after;
            }
        }
    }
    out
}

fn escape(path: &[u8]) -> Vec<u8> {
    path.iter().flat_map(|byte| if *byte == b'\n' { b"\\012".to_vec() } else { vec![*byte] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vfs::HostPath;

    fn check(shown: Vec<u8>, expected: &str) {
        assert_eq!(String::from_utf8_lossy(&shown), expected);
    }

    #[test]
    fn memory_maps_name_guest_files_and_keep_addresses() {
        let names = Namespace::new(HostPath::new("/srv/my\nroot"));
        let text = "\
00400000-00500000 r-xp 00000000 fe:00 11                         /srv/my\\012root/bin/a b
Rss:                   4 kB
VmFlags: rd ex /srv
7f0000000000-7f0000001000 r--p 00000000 00:00 0
7f0000001000-7f0000002000 r-xp 00001000 fe:00 12                 /opt/xroot
7f0000002000-7f0000003000 r-xp 00001000 fe:00 13                 /usr/bin/qemu-arm-static
7f0000003000-7f0000004000 rw-s 00000000 00:05 14                 /dev/zero (deleted)
7f0000004000-7f0000005000 r--p 00000000 fe:00 15                 /srv/my\\012root/x\\012y (deleted)
7ffc00000000-7ffc00001000 rw-p 00000000 00:00 0                  [stack]
";
        let expected = "\
00400000-00500000 r-xp 00000000 fe:00 11                         /bin/a b
Rss:                   4 kB
VmFlags: rd ex /srv
7f0000000000-7f0000001000 r--p 00000000 00:00 0
7f0000001000-7f0000002000 r-xp 00001000 fe:00 12                 [xroot]
7f0000002000-7f0000003000 r-xp 00001000 fe:00 13                 [qemu-arm-static]
7f0000003000-7f0000004000 rw-s 00000000 00:05 14                 /dev/zero (deleted)
7f0000004000-7f0000005000 r--p 00000000 fe:00 15                 /x\\012y (deleted)
7ffc00000000-7ffc00001000 rw-p 00000000 00:00 0                  [stack]
";
        check(maps((&names, &GuestPath::root()), b"/opt/xroot", text.as_bytes()), expected);
    }

    #[test]
    fn numa_maps_and_sockets_name_guest_files() {
        let names = Namespace::new(HostPath::new("/srv/my root"));
        let numa = "7f00 default file=/srv/my\\040root/lib/c\\040d mapped=4\n7f10 default heap anon=1\n";
        check(
            numa_maps((&names, &GuestPath::root()), numa.as_bytes()),
            "7f00 default file=/lib/c\\040d mapped=4\n7f10 default heap anon=1\n",
        );
        let unix = "Num RefCount Path\n0: 2 0 1 1 1 5 /srv/my root/run/a s\n0: 2 0 1 1 1 6 @/srv/x\n0: 3 0 0 1 3 7\n\
            0: 2 0 1 1 1 8 /run/host\n";
        let expected = "Num RefCount Path\n0: 2 0 1 1 1 5 /run/a s\n0: 2 0 1 1 1 6 @/srv/x\n0: 3 0 0 1 3 7\n0: 2 0 1 1 1 8 /run/host\n";
        check(sockets(unix.as_bytes(), |path| shown_below((&names, &GuestPath::root()), path)), expected);
    }
}
