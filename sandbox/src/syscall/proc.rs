//! What of /proc must agree with the guest's view: who may open what, what links say, and files whose text names
//! host paths or the tracer.
//!
//! A file with another text is as it was when it was opened: mountinfo cannot be waited for with poll(2), and epoll(7)
//! does not take it. fstat(2) of it tells the memfd that it is.
//!
//! Source: proc(5). Compared with what a process sees that has the same tree by chroot and bind mounts.
#![forbid(unsafe_code)]

mod cpu;

mod maps;

mod mounts;

mod status;

pub use mounts::procfs;

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;

use nix::errno::Errno as Raw;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::unistd::Pid;

use super::call::Call;
use super::paths::Target;
use super::socket::peer;
use super::table::Base;
use crate::error::{Errno, Failure};
use crate::sys::fs;
use crate::task::{Image, Tasks};
use crate::vfs::proc::{Entry, Name, Processes, shown_below};
use crate::vfs::{GuestPath, HostPath, Kind, Last, Node, Resolved};

/// The guest's processes, as one of them asks about them.
pub struct Guests<'a> {
    tasks: &'a Tasks,
    caller: Pid,
}

impl Processes for Guests<'_> {
    fn caller(&self) -> (Pid, Pid) {
        (self.tasks.get(self.caller).map_or(self.caller, |task| task.process.pid), self.caller)
    }

    fn contains(&self, id: Pid) -> bool {
        self.tasks.contains(id)
    }

    fn may_trace(&self, id: Pid) -> bool {
        self.tasks.may_trace(self.caller, id)
    }

    fn exe(&self, id: Pid) -> Option<GuestPath> {
        Some(self.tasks.get(id)?.mm.exe.borrow().clone())
    }

    fn image(&self, id: Pid) -> Option<Name> {
        let image = self.tasks.get(id)?.mm.image.borrow().clone()?;
        let text = fs::readlink(&fs::own_link(&image.file)).ok()?;
        let own = fs::fstat(image.file.as_fd()).ok()?;
        let named = HostPath::from_bytes(text.clone()).as_path().symlink_metadata();
        let is_path = named.is_ok_and(|named| (named.dev(), named.ino()) == (own.st_dev, own.st_ino));
        Some(Name { text, is_path })
    }

    fn cwd(&self, id: Pid) -> Option<GuestPath> {
        self.tasks.get(id)?.fs.cwd.borrow().clone()
    }

    fn root(&self, id: Pid) -> Option<GuestPath> {
        Some(self.tasks.get(id)?.fs.root.borrow().clone())
    }
}

/// A file in the place of one of /proc, for as long as the call that opens it takes.
pub struct Replacement {
    /// Holds the text.
    pub file: OwnedFd,
    /// Leads the tracee to it, by a magic link.
    pub path: HostPath,
}

/// What a file of /proc says, and must say otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Text {
    Maps,
    NumaMaps,
    Mounts(mounts::Format),
    Status,
    Sockets,
    /// A command line of xroot's own, which names the host's paths.
    Command,
}

impl Text {
    fn of(entry: &Entry<'_>) -> Option<Self> {
        match entry.names[..] {
            [b"maps" | b"smaps"] => Some(Self::Maps),
            [b"numa_maps"] => Some(Self::NumaMaps),
            [b"mountinfo"] => Some(Self::Mounts(mounts::Format::Mountinfo)),
            [b"mounts"] => Some(Self::Mounts(mounts::Format::Mounts)),
            [b"mountstats"] => Some(Self::Mounts(mounts::Format::Mountstats)),
            [b"status"] => Some(Self::Status),
            [b"net", b"unix"] => Some(Self::Sockets),
            [b"cmdline"] => Some(Self::Command),
            _ => None,
        }
    }
}

impl Call<'_> {
    /// The guest's processes, as the caller asks about them.
    pub fn guests(&self) -> Guests<'_> {
        Guests { tasks: self.tasks, caller: self.tid }
    }

    /// The program's file that the link /proc/PID/exe, if `link` is one, leads to. The kernel's own leads to xroot's.
    pub fn image_behind(&self, link: &GuestPath) -> Option<Image> {
        let entry = Entry::of(self.names(), link).filter(Entry::is_exe)?;
        self.tasks.get(entry.id)?.mm.image.borrow().clone()
    }
}

/// What readlink(2) says of a magic link.
///
/// # Errors
/// EACCES for a link of a process that is not the guest's.
pub fn link_text(call: &Call<'_>, link: &Resolved) -> Result<Vec<u8>, Errno> {
    if link.node == Some(Node::Magic(Err(Errno::EACCES))) {
        return Err(Errno::EACCES);
    }
    let text = match call.image_behind(&link.guest) {
        Some(image) => fs::readlink(&fs::own_link(&image.file))?,
        None => fs::readlink(link.host.as_bytes())?,
    };
    if let Some(name) = text.strip_prefix(MEMFD_PREFIX) {
        return Ok(name.strip_suffix(fs::DELETED).unwrap_or(name).to_vec());
    }
    // A path outside is shown as a process in a chroot sees it.
    Ok(shown_below((call.names(), &call.root()), &text).unwrap_or(text))
}

/// The link of /proc that a descriptor, by the tracer's link to it, was opened for (O_PATH and O_NOFOLLOW); `None` for
/// any other file.
///
/// # Errors
/// As lstat(2) of the link.
pub fn link_of_descriptor(call: &Call<'_>, descriptor: &[u8]) -> Result<Option<Target>, Failure> {
    let Ok(Some(guest)) = call.name_of_link(descriptor) else { return Ok(None) };
    if Entry::of(call.names(), &guest).is_none() {
        return Ok(None);
    }
    call.target_of(Base::Cwd, guest.as_bytes(), Last::NoFollow).map(Some)
}

/// Refuses to open what belongs to a process that is not the guest's, but for what ps reads. The file that a magic link
/// leads to counts too: a descriptor of it may have been received, or made with O_PATH.
///
/// # Errors
/// EACCES, as the kernel answers for another user's process.
pub fn check_open(call: &Call<'_>, file: &Resolved, writes: bool) -> Result<(), Errno> {
    let led_to = match &file.node {
        Some(Node::Magic(Ok(name))) => Some(GuestPath::lexical(name)),
        _ => None,
    };
    let is_closed = |guest: &GuestPath| {
        Entry::of(call.names(), guest)
            .is_some_and(|entry| !call.tasks.contains(entry.id) && !entry.is_public(writes))
    };
    if [Some(&file.guest), led_to.as_ref()].into_iter().flatten().any(is_closed) {
        return Err(Errno::EACCES);
    }
    Ok(())
}

/// A file with the text that the guest must read in the place of `file`; `None` if the kernel's own is right.
///
/// # Errors
/// As open(2) of the kernel's own file.
pub fn replacement(call: &Call<'_>, file: &Resolved) -> Result<Option<Replacement>, Failure> {
    let Some(entry) = Entry::of(call.names(), &file.guest) else { return of_system(call, file) };
    let root = call.root();
    let tree = (call.names(), &root);
    let Some(text) = Text::of(&entry) else { return Ok(None) };
    // The other files of other processes that may be opened at all say nothing of the guest.
    let says_ours = match text {
        Text::Sockets => true,
        Text::Command => is_xroots(call, entry.id),
        _ => call.tasks.contains(entry.id),
    };
    if file.kind != Kind::Proc || !says_ours {
        return Ok(None);
    }
    let own = read(file.host.as_bytes())?;
    let text = match text {
        Text::Maps => maps::maps(tree, &fs::readlink(b"/proc/self/exe")?, &own),
        Text::NumaMaps => maps::numa_maps(tree, &own),
        Text::Sockets => maps::sockets(&own, |path| peer::guest_of(call, path)),
        Text::Mounts(format) => mounts::shown(tree, format, &read(b"/proc/self/mountinfo")?),
        Text::Status => status::status(call, entry.id, &own),
        Text::Command => b"xroot\0".to_vec(),
    };
    Replacement::new(call, file, &text).map(Some)
}

/// Whether this process is the tracer, or the one that stands for the command before whoever started it.
fn is_xroots(call: &Call<'_>, id: Pid) -> bool {
    let program = |id: &str| fs::readlink(format!("/proc/{id}/exe").as_bytes()).ok();
    id == call.world.tracer || id == Pid::parent() && program(&id.to_string()) == program("self")
}

/// The same for what tells the machine, where the guest's is another one, and the kernel's release, where another one is
/// pretended.
fn of_system(call: &Call<'_>, file: &Resolved) -> Result<Option<Replacement>, Failure> {
    let release = call.world.kernel_release.as_ref().map(|release| release.as_bytes());
    let mount = call.names().locate(&file.guest).mount;
    let text = match (file.guest.below(&mount.guest), release, call.world.machine) {
        (Some(b"sys/kernel/osrelease"), Some(release), _) => [release, b"\n"].concat(),
        // "Linux version RELEASE (who built it) ..."
        (Some(b"version"), Some(release), _) => {
            let own = read(file.host.as_bytes())?;
            let mut words: Vec<_> = own.split(|&byte| byte == b' ').collect();
            if let Some(word) = words.get_mut(2) {
                *word = release;
            }
            words.join(&b' ')
        }
        (Some(b"sys/kernel/arch"), _, Some(machine)) => format!("{}\n", machine.uname()).into_bytes(),
        (Some(b"cpuinfo"), _, Some(machine)) => match cpu::info(machine, &read(file.host.as_bytes())?) {
            Some(text) => text.into_bytes(),
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    Replacement::new(call, file, &text).map(Some)
}

impl Replacement {
    fn new(call: &Call<'_>, file: &Resolved, text: &[u8]) -> Result<Self, Failure> {
        let file = memory_file(file.guest.as_bytes(), text)?;
        let path = format!("/proc/{}/fd/{}", call.world.tracer, file.as_raw_fd());
        Ok(Self { file, path: HostPath::new(path) })
    }
}

/// How the link of a replacing file begins; its guest path follows.
const MEMFD_PREFIX: &[u8] = b"/memfd:xroot:";

/// A file without a name in any directory that holds `text`. It tells `guest` as its name, except where memfd_create(2) is
/// denied.
///
/// # Errors
/// As memfd_create(2) and write(2).
pub fn memory_file(guest: &[u8], text: &[u8]) -> Result<OwnedFd, Errno> {
    let file = match named_memory(guest) {
        Err(Errno::ENOSYS | Errno::EPERM) => fs::unnamed_file()?,
        result => result?,
    };
    let mut rest = text;
    while !rest.is_empty() {
        rest = &rest[nix::unistd::write(&file, rest)?..];
    }
    Ok(file)
}

/// As in include/uapi/linux/memfd.h: with vm.memfd_noexec=2 no other kind is allowed; older kernels know no such flag.
pub const MFD_NOEXEC_SEAL: u32 = 8;

/// The name for memfd_create(2) of a file that tells `guest` as its own.
pub fn memory_name(guest: &[u8]) -> Vec<u8> {
    [&MEMFD_PREFIX[b"/memfd:".len()..], guest].concat()
}

fn named_memory(guest: &[u8]) -> Result<OwnedFd, Errno> {
    let name = std::ffi::CString::new(memory_name(guest)).map_err(|_| Errno::ENOENT)?;
    let noexec = MFdFlags::MFD_CLOEXEC | MFdFlags::from_bits_retain(MFD_NOEXEC_SEAL);
    match memfd_create(&*name, noexec) {
        Err(Raw::EINVAL) => memfd_create(&*name, MFdFlags::MFD_CLOEXEC),
        result => result,
    }
}

/// The whole text of a file of /proc.
fn read(path: &[u8]) -> Result<Vec<u8>, Errno> {
    std::fs::read(std::ffi::OsStr::from_bytes(path))
        .map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))
}

/// The lines of a text, each with its end.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|&byte| byte == b'\n')
}
