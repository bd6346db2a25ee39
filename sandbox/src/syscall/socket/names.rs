//! The names that the guest has given to sockets, and the directories that they are in.
#![forbid(unsafe_code)]

use std::cell::OnceCell;
use std::collections::{HashMap, VecDeque};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};

use nix::unistd::Pid;

use crate::error::Errno;
use crate::sys::{fs, process};

/// How many directories are held open. A process outside xroot that answers to a name finds its way by the descriptor;
/// nothing inside needs it once the socket is bound, so the oldest goes where there are more.
const MAX_HELD: usize = 128;

/// What is known of bound sockets.
#[derive(Default)]
pub struct Names {
    /// The guest's name by the kernel's.
    given: HashMap<Vec<u8>, Vec<u8>>,
    held: VecDeque<Held>,
    stand_ins: u64,
    seen_by_all: OnceCell<bool>,
}

struct Held {
    device: u64,
    inode: u64,
    fd: OwnedFd,
}

impl Names {
    /// Keeps `directory` open; returns the number of a descriptor for it.
    ///
    /// # Errors
    /// As dup(2).
    pub fn hold(&mut self, directory: &OwnedFd) -> Result<RawFd, Errno> {
        let stat = fs::fstat(directory.as_fd())?;
        let same = |held: &&Held| (held.device, held.inode) == (stat.st_dev, stat.st_ino);
        if let Some(held) = self.held.iter().find(same) {
            return Ok(held.fd.as_raw_fd());
        }
        let fd = directory.try_clone().map_err(|_| Errno::EMFILE)?;
        let number = fd.as_raw_fd();
        if self.held.len() == MAX_HELD {
            self.held.pop_front();
        }
        self.held.push_back(Held { device: stat.st_dev, inode: stat.st_ino, fd });
        Ok(number)
    }

    /// True if the task `tid` can follow a name that leads through a descriptor of the tracer's.
    pub fn can_follow(&self, tid: Pid) -> bool {
        *self.seen_by_all.get_or_init(process::shows_descriptors_to_all) || process::may_see_descriptors(tid)
    }

    /// An entry's name that no socket has had, to stand in for one that is too long until the socket is bound.
    pub fn stand_in(&mut self) -> Vec<u8> {
        self.stand_ins += 1;
        format!(".xroot-{}-{}", std::process::id(), self.stand_ins).into_bytes()
    }

    /// Notes that the socket which the kernel knows as `kernel` is `guest` to the guest.
    pub fn give(&mut self, kernel: Vec<u8>, guest: &[u8]) {
        if kernel == guest {
            self.given.remove(&kernel);
        } else {
            self.given.insert(kernel, guest.to_vec());
        }
    }

    /// The guest's name for `kernel`.
    pub fn guest(&self, kernel: &[u8]) -> Option<&[u8]> {
        self.given.get(kernel).map(Vec::as_slice)
    }

    /// The same where only the beginning of the kernel's name is known, and its length.
    pub fn guest_of_part(&self, part: &[u8], len: usize) -> Option<&[u8]> {
        let known = self.given.iter().find(|(kernel, _)| kernel.len() == len && kernel.starts_with(part));
        known.map(|(_, guest)| guest.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn one_directory_is_held_once_and_the_oldest_goes_first() {
        let mut names = Names::default();
        let root = OwnedFd::from(File::open("/").unwrap());
        let first = names.hold(&root).unwrap();
        assert_eq!(names.hold(&root), Ok(first));
        assert_eq!(names.held.len(), 1);
        let dir = std::env::temp_dir().join(format!("xroot-names-{}", std::process::id()));
        for index in 0..MAX_HELD {
            let dir = dir.join(index.to_string());
            std::fs::create_dir_all(&dir).unwrap();
            names.hold(&File::open(dir).unwrap().into()).unwrap();
        }
        std::fs::remove_dir_all(dir).unwrap();
        assert_eq!(names.held.len(), MAX_HELD);
        let root = fs::fstat(root.as_fd()).unwrap();
        assert!(!names.held.iter().any(|held| (held.device, held.inode) == (root.st_dev, root.st_ino)));
    }

    #[test]
    fn a_cut_name_is_known_by_its_beginning_and_length() {
        let mut names = Names::default();
        names.give(b"/proc/1/fd/2/sock".to_vec(), b"/run/sock");
        names.give(b"relative".to_vec(), b"relative");
        assert_eq!(names.guest(b"/proc/1/fd/2/sock"), Some(&b"/run/sock"[..]));
        assert_eq!(names.guest_of_part(b"/proc/1", 17), Some(&b"/run/sock"[..]));
        assert_eq!(names.guest_of_part(b"/proc/1", 16), None);
        assert_eq!(names.guest(b"relative"), None);
        // The kernel's names are used again.
        names.give(b"relative".to_vec(), b"by/../relative");
        names.give(b"relative".to_vec(), b"relative");
        assert_eq!(names.guest(b"relative"), None);
        assert_ne!(names.stand_in(), names.stand_in());
    }
}
