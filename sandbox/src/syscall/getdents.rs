//! Lists bound names although nothing is created on disk: they follow the directory's own entries.
//!
//! How far a listing has come is kept where the kernel keeps it, in the file's position, so that descriptors share it
//! over dup(2) and fork(2), and telldir, seekdir and rewinddir need nothing from us. Positions from `FIRST` on mean
//! bound names. The tracer reads the directory through a description of its own, and the call becomes the lseek(2)
//! that moves the guest's.
//!
//! Limit: a process with a seccomp filter of its own, whose calls keep their number, lists what is on disk.
//!
//! Source: getdents(2), lseek(2); fs/readdir.c.
#![forbid(unsafe_code)]

use std::os::fd::{AsFd, OwnedFd};

use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, open};
use nix::sys::stat::{Mode, SFlag, fstatat};
use nix::unistd::{Whence, lseek};

use super::call::{Action, Call, Rewrite};
use super::table::number;
use crate::error::{Errno, Failure};
use crate::sys::{dirents, fs};
use crate::vfs::{GuestPath, HostPath, Kind, Mount, Namespace};

/// The position of the first bound name. Below 2^31, which is where the positions of some file systems and of 32-bit
/// programs end, and not at the end itself, which btrfs gives a meaning.
///
/// ext4 has hashes for positions: one in 2^47 entries may come out of turn.
const FIRST: i64 = 0x7ffe_0000;

/// No listing takes a larger buffer.
const MAX_BUFFER: usize = 1 << 20;

/// Bytes of a record before its name (include/linux/dirent.h), and what the whole is rounded up to.
const HEADER: usize = 19;
const ALIGN: usize = 8;

/// getdents64(2): fd, buffer, size.
pub fn getdents64(call: &mut Call<'_>) -> Result<Action, Failure> {
    list(call, |records| records)
}

/// getdents(2), whose records have the type behind the name.
pub fn getdents(call: &mut Call<'_>) -> Result<Action, Failure> {
    list(call, old_records)
}

fn list(call: &mut Call<'_>, encode: fn(Vec<u8>) -> Vec<u8>) -> Result<Action, Failure> {
    let Some(dir) = Directory::of(call) else { return Ok(Action::Pass) };
    let size = (call.args[2] as u32 as usize).min(MAX_BUFFER);
    let Some((records, next)) = dir.read(size)? else { return Ok(Action::Answer(0)) };
    let count = records.len() as i64;
    call.mem.write(call.args[1], &encode(records))?;
    let mut rewrite = Rewrite { nr: Some(const { number("lseek") }), ..Rewrite::default() };
    rewrite.set(1, next as u64);
    rewrite.set(2, libc::SEEK_SET as u64);
    rewrite.exit = Some(Box::new(move |_, ret| Ok(if ret < 0 { ret } else { count })));
    Ok(Action::Rewrite(rewrite))
}

/// A directory that has bound names in it.
struct Directory {
    /// The tracer's own description of it.
    handle: OwnedFd,
    /// The position of the guest's.
    position: i64,
    bound: Vec<Bound>,
}

/// A bound name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bound {
    name: Vec<u8>,
    kind: u8,
    inode: u64,
    /// The directory has such an entry itself.
    on_disk: bool,
}

impl Directory {
    /// The directory that the call lists; `None` if the kernel can list it.
    fn of(call: &Call<'_>) -> Option<Self> {
        let names = call.names();
        let link = call.descriptor_link(0);
        let guest = call.name_of(HostPath::from_bytes(fs::readlink(&link).ok()?))?;
        names.names_below(&guest).next()?;
        let position = position(call)?;
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let handle = open(&link[..], flags, Mode::empty()).ok()?;
        let bound =
            names.names_below(&guest).map(|(name, mount)| Bound::find(names, &guest, name, mount, &handle));
        Some(Self { bound: bound.collect(), handle, position })
    }

    /// Records from the position on, in at most `size` bytes, and the position behind them; `None` at the end.
    fn read(&self, size: usize) -> Result<Option<(Vec<u8>, i64)>, Errno> {
        let names = FIRST..=FIRST + self.bound.len() as i64;
        if names.contains(&self.position) {
            return virtual_records(&self.bound, (self.position - FIRST) as usize, size);
        }
        lseek(self.handle.as_fd(), self.position, Whence::SeekSet)?;
        let mut records = vec![0; size];
        let count = dirents::getdents64(self.handle.as_fd(), &mut records)?;
        records.truncate(count);
        match set_kinds(&mut records, &self.bound) {
            Some(next) => Ok(Some((records, next))),
            None => virtual_records(&self.bound, 0, size),
        }
    }
}

impl Bound {
    fn find(
        names: &Namespace,
        dir: &GuestPath,
        name: &[u8],
        mount: Option<&Mount>,
        handle: &OwnedFd,
    ) -> Self {
        let on_disk = fstatat(handle, name, AtFlags::AT_SYMLINK_NOFOLLOW).is_ok();
        let host = names.locate(&dir.join(name)).host;
        let stat = fstatat(AT_FDCWD, host.as_bytes(), AtFlags::AT_SYMLINK_NOFOLLOW).ok();
        let kind = match mount {
            Some(Mount { kind: Kind::File, .. }) => stat.map_or(libc::DT_REG, |stat| kind_of(stat.st_mode)),
            Some(Mount { kind: Kind::Directory | Kind::Skeleton | Kind::Proc, .. }) | None => libc::DT_DIR,
        };
        // 0 would mean that the entry is deleted.
        let inode = stat.map_or(1, |stat| stat.st_ino);
        Self { name: name.to_vec(), kind, inode, on_disk }
    }
}

/// Where the guest's description of the descriptor stands; `None` if it cannot be read from.
fn position(call: &Call<'_>) -> Option<i64> {
    let text = std::fs::read_to_string(format!("/proc/{}/fdinfo/{}", call.tid, call.int(0))).ok()?;
    let field = |key| text.lines().find_map(|line: &str| line.strip_prefix(key)).map(str::trim);
    let flags = i32::from_str_radix(field("flags:")?, 8).ok()?;
    if flags & libc::O_PATH != 0 { None } else { field("pos:")?.parse().ok() }
}

/// As S_DT of include/linux/fs.h.
fn kind_of(mode: u32) -> u8 {
    ((mode & SFlag::S_IFMT.bits()) >> 12) as u8
}

/// Gives the entries that are bound names the inode and the type of what is bound there, as stat(2) does. The position behind the last record.
fn set_kinds(records: &mut [u8], bound: &[Bound]) -> Option<i64> {
    let mut next = None;
    let mut at = 0;
    while at < records.len() {
        let len = usize::from(u16::from_ne_bytes([records[at + 16], records[at + 17]]));
        let record = &mut records[at..at + len];
        next = Some(i64::from_ne_bytes(record[8..16].try_into().expect("eight bytes")));
        let name = record[HEADER..].split(|&byte| byte == 0).next().unwrap_or_default();
        if let Some(bound) = bound.iter().find(|bound| bound.name == name) {
            record[..8].copy_from_slice(&bound.inode.to_ne_bytes());
            record[18] = bound.kind;
        }
        at += len;
    }
    next
}

/// Records of the names from index `from` on which the directory lacks.
fn virtual_records(bound: &[Bound], from: usize, size: usize) -> Result<Option<(Vec<u8>, i64)>, Errno> {
    let mut records = Vec::new();
    let mut next = FIRST + from as i64;
    for (index, bound) in bound.iter().enumerate().skip(from).filter(|(_, bound)| !bound.on_disk) {
        let len = (HEADER + bound.name.len() + 1).next_multiple_of(ALIGN);
        if records.len() + len > size {
            if records.is_empty() {
                return Err(Errno::EINVAL);
            }
            break;
        }
        next = FIRST + index as i64 + 1;
        let end = records.len() + len;
        records.extend_from_slice(&bound.inode.to_ne_bytes());
        records.extend_from_slice(&next.to_ne_bytes());
        records.extend_from_slice(&(len as u16).to_ne_bytes());
        records.push(bound.kind);
        records.extend_from_slice(&bound.name);
        records.resize(end, 0);
    }
    Ok((!records.is_empty()).then_some((records, next)))
}

/// The same records as `struct linux_dirent`: as long, but the name takes the type's place and the type the last byte.
fn old_records(mut records: Vec<u8>) -> Vec<u8> {
    let mut at = 0;
    while at < records.len() {
        let len = usize::from(u16::from_ne_bytes([records[at + 16], records[at + 17]]));
        let record = &mut records[at + 18..at + len];
        record.rotate_left(1);
        at += len;
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(name: &str, on_disk: bool) -> Bound {
        Bound { name: name.into(), kind: libc::DT_DIR, inode: 9, on_disk }
    }

    /// Each record as name, type, position.
    fn parse(records: &[u8]) -> Vec<(String, u8, i64)> {
        let mut rest = records;
        let mut found = Vec::new();
        while !rest.is_empty() {
            let (record, after) = rest.split_at(usize::from(u16::from_ne_bytes([rest[16], rest[17]])));
            let name = record[HEADER..].split(|&byte| byte == 0).next().expect("a name has an end");
            let offset = i64::from_ne_bytes(record[8..16].try_into().expect("eight bytes"));
            found.push((String::from_utf8_lossy(name).into_owned(), record[18], offset));
            rest = after;
        }
        found
    }

    #[test]
    fn bound_names_come_in_parts_that_fit_and_go_on_at_their_position() {
        let all = [bound("a", false), bound("bin", true), bound("a-long-name", false), bound("z", true)];
        let (first, next) = virtual_records(&all, 0, 32).expect("one record fits").expect("there are some");
        assert_eq!(parse(&first), [("a".to_string(), libc::DT_DIR, FIRST + 1)]);
        let (second, last) = virtual_records(&all, (next - FIRST) as usize, 32)
            .expect("one record fits")
            .expect("one is left");
        assert_eq!(parse(&second), [("a-long-name".to_string(), libc::DT_DIR, FIRST + 3)]);
        assert_eq!(virtual_records(&all, (last - FIRST) as usize, 32), Ok(None));
        assert_eq!(virtual_records(&all, 0, 23), Err(Errno::EINVAL));
        assert_eq!(virtual_records(&all, 4, 0), Ok(None));
    }

    #[test]
    fn entries_on_disk_get_the_type_of_what_is_bound() {
        let on_disk = [bound("link", false), bound("other", false)];
        let (mut records, _) = virtual_records(&on_disk, 0, 99).expect("both fit").expect("there are two");
        let file = Bound { kind: libc::DT_REG, ..bound("link", true) };
        assert_eq!(set_kinds(&mut records, &[file]), Some(FIRST + 2));
        let kinds: Vec<_> = parse(&records).into_iter().map(|(_, kind, _)| kind).collect();
        assert_eq!(kinds, [libc::DT_REG, libc::DT_DIR]);
        assert_eq!(set_kinds(&mut [], &on_disk), None);
    }

    #[test]
    fn old_records_have_the_type_last() {
        let (records, _) =
            virtual_records(&[bound("ab", false)], 0, 99).expect("it fits").expect("there is one");
        let old = old_records(records.clone());
        assert_eq!(old.len(), records.len());
        assert_eq!(&old[..18], &records[..18]);
        assert_eq!(&old[18..], b"ab\0\0\0\x04");
    }
}
