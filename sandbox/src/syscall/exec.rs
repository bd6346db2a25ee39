//! execve(2) and execveat(2): which file is meant, and what the host's kernel is to run for it.
#![forbid(unsafe_code)]

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;

use super::call::{Action, Call, Exec};
use super::paths::translate;
use super::table::Base;
use crate::error::{Errno, Failure, is_file_limit};
use crate::exec::{self, Files, Found, Refused, Start};
use crate::sys::fs;
use crate::vfs::{self, GuestPath, HostPath, Last, Node, ViewId};

/// execve(2): path, argv, envp.
pub fn execve(call: &mut Call<'_>) -> Result<Action, Failure> {
    let path = call.read_path(0)?;
    let named = First { base: Base::Cwd, last: Last::Follow, path: path.clone() };
    run(call, &path, Named::Path(named), Arrays { argv: call.args[1], envp: call.args[2], path: 0 })
}

/// execveat(2): dirfd, path, argv, envp, flags.
pub fn execveat(call: &mut Call<'_>) -> Result<Action, Failure> {
    let flags = call.int(4);
    if flags & fs::AT_EXECVE_CHECK != 0 {
        // Nothing is executed, so the kernel may look at the guest's own file; an older one does not know the flag.
        return translate(call);
    }
    let path = call.read_path(1)?;
    if flags & !(libc::AT_EMPTY_PATH | libc::AT_SYMLINK_NOFOLLOW) != 0 {
        return Err(Errno::EINVAL.into());
    }
    let fd = call.int(0);
    let arrays = Arrays { argv: call.args[2], envp: call.args[3], path: 1 };
    if path.is_empty() && flags & libc::AT_EMPTY_PATH != 0 {
        // As fs/exec.c names it; a script's interpreter is given this name.
        return run(call, format!("/dev/fd/{fd}").as_bytes(), Named::Descriptor(0), arrays);
    }
    let last = if flags & libc::AT_SYMLINK_NOFOLLOW != 0 { Last::NoFollow } else { Last::Follow };
    let relative = !path.starts_with(b"/") && fd != libc::AT_FDCWD && !path.is_empty();
    let shown = if relative { [format!("/dev/fd/{fd}/").as_bytes(), &path].concat() } else { path.clone() };
    run(call, &shown, Named::Path(First { base: Base::Fd(0), last, path }), arrays)
}

/// Where the guest's argv and envp are, and which argument is the path.
struct Arrays {
    argv: u64,
    envp: u64,
    path: usize,
}

/// What the call itself names; interpreters are named by path from the working directory.
enum Named {
    Path(First),
    /// The descriptor in this argument.
    Descriptor(usize),
}

impl Named {
    fn is_below_descriptor(&self, call: &Call<'_>) -> bool {
        match self {
            Self::Descriptor(_) => true,
            Self::Path(First { base: Base::Cwd, .. }) => false,
            Self::Path(First { path, .. }) => call.int(0) != libc::AT_FDCWD && !path.starts_with(b"/"),
        }
    }
}

struct First {
    base: Base,
    last: Last,
    path: Vec<u8>,
}

fn run(call: &mut Call<'_>, shown: &[u8], start: Named, arrays: Arrays) -> Result<Action, Failure> {
    // What is wrong with the file comes before what is wrong with the arguments.
    let argv0 = match arrays.argv {
        0 => Ok(Vec::new()),
        argv => match call.mem.read_u64(argv) {
            Err(errno) => Err(errno),
            Ok(0) => Ok(Vec::new()),
            Ok(first) => call.mem.read_cstr(first, MAX_ARG_LEN).map_err(too_big),
        },
    };
    let by_descriptor = matches!(start, Named::Descriptor(_));
    let is_below = start.is_below_descriptor(call);
    let mut files =
        GuestFiles { call, start: Some(start), is_below, held: None, readonly: false, opened: Vec::new() };
    let mut vectors = Vectors { call, argv: arrays.argv, envp: arrays.envp };
    let first = argv0.as_deref().unwrap_or_default();
    let planned = exec::plan(&mut files, &mut vectors, &call.world.runners, shown, first);
    let GuestFiles { held, readonly, mut opened, .. } = files;
    let is_found = !opened.is_empty();
    for warning in call.world.runners.natives.take_warnings() {
        call.world.note(&warning);
    }
    if let Ok(plan) = &planned {
        // A tool of the host, or an emulator: what runs in the guest's program's place must be allowed as well.
        for file in [Some(&plan.program), plan.interpreter.as_ref()].into_iter().flatten() {
            if !opened.contains(file) {
                opened.push(file.clone());
            }
        }
    }
    if planned.is_err() && !shown.is_empty() && !call.world.probes.file_first {
        vectors.check()?;
    }
    if let Some(action) = call.check_execute(&opened)? {
        return Ok(action);
    }
    match planned {
        Ok(mut plan) => {
            argv0?;
            if by_descriptor && call.world.probes.names_by_file() {
                plan.comm = file_name(&plan.exe);
            }
            let Arrays { argv, envp, path } = arrays;
            Ok(Action::Exec(Box::new(Exec { plan, argv, envp, path_argument: path, held, readonly })))
        }
        Err(Refused { failure, note }) => {
            // The kernel copies the arguments between the file's opening and its reading.
            if is_found {
                vectors.check()?;
            }
            Err(refuse(call, failure, note.map(|note| *note)))
        }
    }
}

/// The name that a file has in its directory, or had, or was given by memfd_create(2).
fn file_name(exe: &GuestPath) -> Vec<u8> {
    let name = exe.as_bytes().rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    name.strip_suffix(fs::DELETED).unwrap_or(name).to_vec()
}

/// The longest argument of execve, its NUL not counted (include/uapi/linux/binfmts.h).
const MAX_ARG_LEN: usize = 131_072 - 1;

fn too_big(errno: Errno) -> Errno {
    if errno == Errno::ENAMETOOLONG { Errno::E2BIG } else { errno }
}

/// The root command's own failure is the user's to read; of any other the guest gets the errno, the user a note.
fn refuse(call: &Call<'_>, failure: Failure, note: Option<crate::error::Error>) -> Failure {
    let is_root_command = call.task().mm.stub.get() == 0;
    match note {
        Some(note) if is_root_command => Failure::Broken(note),
        Some(note) => {
            call.world.note(&note);
            failure
        }
        None => failure,
    }
}

/// The argv and envp of the call.
struct Vectors<'a, 'b> {
    call: &'a Call<'b>,
    argv: u64,
    envp: u64,
}

/// As MAX_ARG_STRINGS is far above it: what execve(2) allows for arguments and environment together, at the most.
const MAX_STRINGS: u64 = 1 << 20;

impl Vectors<'_, '_> {
    /// The strings of a NULL-terminated array, for as long as `wanted` says so.
    fn strings(&self, array: u64, mut wanted: impl FnMut(Vec<u8>) -> bool) -> Result<(), Errno> {
        if array == 0 {
            return Ok(());
        }
        for index in 0..MAX_STRINGS {
            let pointer = self.call.mem.read_u64(array.wrapping_add(8 * index))?;
            if pointer == 0 || !wanted(self.call.mem.read_cstr(pointer, MAX_ARG_LEN).map_err(too_big)?) {
                return Ok(());
            }
        }
        Err(Errno::E2BIG)
    }

    /// Whether the kernel could copy each of them. What they take together only the kernel counts, where a program is
    /// executed.
    fn check(&self) -> Result<(), Errno> {
        self.strings(self.argv, |_| true)?;
        self.strings(self.envp, |_| true)
    }
}

impl Start for Vectors<'_, '_> {
    fn arguments(&mut self) -> Result<Vec<Vec<u8>>, Errno> {
        let mut words = Vec::new();
        self.strings(self.argv, |word| {
            words.push(word);
            true
        })?;
        Ok(words)
    }

    fn text(&mut self, path: &[u8]) -> Option<Vec<u8>> {
        const MOST: u64 = 1 << 20;
        let target = self.call.target_of(Base::Cwd, path, Last::Follow).ok()?;
        let mut text = Vec::new();
        File::open(target.resolved.host.as_path()).ok()?.take(MOST).read_to_end(&mut text).ok()?;
        Some(text)
    }

    fn variable(&mut self, name: &[u8]) -> Result<Option<Vec<u8>>, Errno> {
        let mut found = None;
        self.strings(self.envp, |string| {
            let value = string.strip_prefix(name).and_then(|rest| rest.strip_prefix(b"="));
            found = value.map(<[u8]>::to_vec);
            found.is_none()
        })?;
        Ok(found)
    }

    fn overlay(&self, file: &GuestPath) -> Option<ViewId> {
        self.call.names().is_overlay(file).then(|| self.call.task().process.view.get())
    }
}

/// The guest's files as the caller sees them.
struct GuestFiles<'a, 'b> {
    call: &'a Call<'b>,
    start: Option<Named>,
    /// What execve was given is a descriptor, or lies below one.
    is_below: bool,
    /// Keeps a file without a name open until the stub has mapped it.
    held: Option<OwnedFd>,
    /// The program has been led to by a link of /proc, and lies on a read-only mount.
    readonly: bool,
    /// What has been found, in this order.
    opened: Vec<HostPath>,
}

impl Files for GuestFiles<'_, '_> {
    fn find(&mut self, path: &[u8]) -> Result<Found, Failure> {
        let found = match self.start.take() {
            None => self.by_path(Base::Cwd, path, Last::Follow),
            Some(Named::Path(first)) => self.by_path(first.base, &first.path, first.last),
            Some(Named::Descriptor(argument)) => self.by_descriptor(argument),
        }?;
        self.opened.push(found.host.clone());
        Ok(found)
    }

    fn is_closed(&self) -> Result<bool, Errno> {
        Ok(self.is_below && closes_on_exec(self.call, self.call.int(0))?)
    }
}

impl GuestFiles<'_, '_> {
    fn by_path(&mut self, base: Base, path: &[u8], last: Last) -> Result<Found, Failure> {
        let target = self.call.target_of(base, path, last)?;
        match &target.resolved.node {
            Some(Node::Symlink(_) | Node::Jump(_)) => return Err(Errno::ELOOP.into()),
            Some(Node::Magic(_)) if last == Last::NoFollow => return Err(Errno::ELOOP.into()),
            Some(Node::Magic(_)) => {
                self.readonly = target.resolved.readonly;
                return self.by_link(&target.resolved.host);
            }
            // It may have no name any more.
            Some(Node::Directory) => return Err(Errno::EACCES.into()),
            Some(Node::Other) => {}
            None => return Err(Errno::ENOENT.into()),
        }
        let is_held = target.resolved.below_base.is_some();
        match Found::open(target.resolved.guest.clone(), target.resolved.host.clone()) {
            // Perhaps it is a directory above the one that the path begins at which is closed.
            Err(Errno::EACCES) if is_held => {
                let file = self.call.open_target(&target)?;
                self.by_link(&HostPath::from_bytes(fs::own_link(&file)))
            }
            found => Ok(found?),
        }
    }

    fn by_descriptor(&mut self, argument: usize) -> Result<Found, Failure> {
        let link = HostPath::from_bytes(self.call.descriptor_link(argument));
        self.readonly = self.call.leads_to_readonly(link.as_bytes());
        self.by_link(&link).map_err(|failure| match failure {
            Failure::Errno(Errno::ENOENT) => Errno::EBADF.into(),
            failure => failure,
        })
    }

    /// The file that a magic link leads to: by its name where it has one, so that /proc/PID/exe can say so, else by itself.
    fn by_link(&mut self, link: &HostPath) -> Result<Found, Failure> {
        // Only as a place at first: to open a FIFO would be to wait for its other end.
        let place = fs::open_path(link.as_bytes())?;
        let opened = fs::fstat(place.as_fd())?;
        match opened.st_mode & libc::S_IFMT {
            libc::S_IFREG => {}
            libc::S_IFLNK => return Err(Errno::ELOOP.into()),
            _ => return Err(Errno::EACCES.into()),
        }
        let host = HostPath::from_bytes(fs::readlink(link.as_bytes())?);
        let named = std::fs::symlink_metadata(host.as_path());
        let is_named = named.is_ok_and(|named| (named.dev(), named.ino()) == (opened.st_dev, opened.st_ino));
        if let Some(guest) = self.call.name_of(host.clone()).filter(|_| is_named) {
            return Ok(Found::open(guest, host)?);
        }
        fs::access(place.as_fd(), libc::X_OK, libc::AT_EACCESS)?;
        let file = File::open(link.as_path()).map_err(io_errno)?;
        if fs::is_open_for_writing(file.as_fd()) {
            return Err(Errno::ETXTBSY.into());
        }
        let host_link = if self.call.is_confined() {
            own_descriptor(self.call, link).ok_or(Errno::EACCES)?
        } else {
            format!("/proc/{}/fd/{}", self.call.world.tracer, file.as_raw_fd())
        };
        let name = vfs::proc::shown(self.call.names(), host.as_bytes());
        let shown = GuestPath::lexical(&name.unwrap_or_else(|| host.as_bytes().to_vec()));
        let duplicate = file.try_clone().map_err(io_errno)?;
        self.held = Some(file.into());
        Ok(Found {
            guest: shown,
            host: HostPath::from_bytes(host_link.into_bytes()),
            file: Some(duplicate),
            id: None,
        })
    }
}

/// The name under which a program will find the file of its own descriptor that `link` names; `None` if that is closed by
/// then, or another process's.
fn own_descriptor(call: &Call<'_>, link: &HostPath) -> Option<String> {
    let link = std::str::from_utf8(link.as_bytes()).ok()?;
    let (process, fd) = link.strip_prefix("/proc/")?.split_once("/fd/")?;
    let own = [call.tid, call.task().process.pid].map(|id| id.to_string());
    let stays = !closes_on_exec(call, fd.parse().ok()?).ok()?;
    (own.contains(&process.to_owned()) && stays).then(|| format!("/proc/self/fd/{fd}"))
}

fn closes_on_exec(call: &Call<'_>, fd: i32) -> Result<bool, Errno> {
    let info = match std::fs::read_to_string(format!("/proc/{}/fdinfo/{fd}", call.tid)).map_err(io_errno) {
        Err(errno) if is_file_limit(errno) => return Err(errno),
        info => info.unwrap_or_default(),
    };
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| i32::from_str_radix(flags.trim(), 8).ok());
    Ok(flags.is_some_and(|flags| flags & libc::O_CLOEXEC != 0))
}

fn io_errno(error: std::io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))
}
