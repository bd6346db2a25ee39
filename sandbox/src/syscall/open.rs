//! The open family, which the kernel runs on the resolved path.
//!
//! Where it can, as openat2 with RESOLVE_NO_SYMLINKS: a symlink that another thread swaps in behind the resolver's
//! back is then an error instead of a way out.
//!
//! Source: open(2), openat2(2); fs/open.c build_open_flags().
#![forbid(unsafe_code)]

mod confined;

use std::os::fd::AsFd;

use super::call::{Action, Call, Rewrite};
use super::paths::{Target, stage_failure, translate};
use super::proc::{self, Replacement};
use super::scoped::Scope;
use super::table::{Base, number};
use crate::error::{Errno, Failure};
use crate::sys::fs;
use crate::vfs::proc::{Links, Refuse};
use crate::vfs::{Kind, Last, Node};

/// `struct open_how` of include/uapi/linux/openat2.h.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct How {
    flags: u64,
    mode: u64,
    resolve: u64,
}

/// Size of the first version of `struct open_how`, and the only one so far.
const HOW_SIZE: u64 = 24;

const RESOLVE_NO_XDEV: u64 = 0x01;
const RESOLVE_NO_MAGICLINKS: u64 = 0x02;
const RESOLVE_NO_SYMLINKS: u64 = 0x04;
const RESOLVE_BENEATH: u64 = 0x08;
const RESOLVE_IN_ROOT: u64 = 0x10;
const RESOLVE_CACHED: u64 = 0x20;

/// Flags that keep the walk inside the descriptor's directory.
const SCOPED: u64 = RESOLVE_BENEATH | RESOLVE_IN_ROOT;

/// Flags that the resolver has obeyed. The path that the kernel gets may lead over other mounts and links.
const OBEYED: u64 = RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | SCOPED;

/// Flags that open(2) knows: others are ignored there, and an error in openat2(2).
const KNOWN: i32 = libc::O_ACCMODE
    | libc::O_CREAT
    | libc::O_EXCL
    | libc::O_NOCTTY
    | libc::O_TRUNC
    | libc::O_APPEND
    | libc::O_NONBLOCK
    | libc::O_SYNC
    | libc::O_DSYNC
    | libc::O_ASYNC
    | libc::O_DIRECT
    | O_LARGEFILE
    | libc::O_DIRECTORY
    | libc::O_NOFOLLOW
    | libc::O_NOATIME
    | libc::O_CLOEXEC
    | libc::O_PATH
    | libc::O_TMPFILE;

/// The kernel's value, which 64-bit C libraries hide because every open has it.
const O_LARGEFILE: i32 = if cfg!(target_arch = "aarch64") { 0o400_000 } else { 0o100_000 };

/// open(2): path, flags, mode.
pub fn open(call: &mut Call<'_>) -> Result<Action, Failure> {
    let how = How::of_open(call.int(1), call.args[2]);
    rewrite(call, how, Place { base: Base::Cwd, path: 0 })
}

/// creat(2): open with O_CREAT, O_WRONLY and O_TRUNC.
pub fn creat(call: &mut Call<'_>) -> Result<Action, Failure> {
    let how = How::of_open(libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC, call.args[1]);
    rewrite(call, how, Place { base: Base::Cwd, path: 0 })
}

/// openat(2): dirfd, path, flags, mode.
pub fn openat(call: &mut Call<'_>) -> Result<Action, Failure> {
    let how = How::of_open(call.int(2), call.args[3]);
    // As fts(3) walks a tree. Neither a link nor a file can be reached by such a call, so it needs no resolving.
    if how.has(libc::O_DIRECTORY)
        && how.has(libc::O_NOFOLLOW)
        && !how.has(libc::O_CREAT)
        && !how.has(TMPFILE_BIT)
    {
        if let Some(entry) = call.plain_entry(1)? {
            return Ok(Action::Rewrite(entry));
        }
    }
    rewrite(call, how, Place { base: Base::Fd(0), path: 1 })
}

/// openat2(2): dirfd, path, how, size.
pub fn openat2(call: &mut Call<'_>) -> Result<Action, Failure> {
    let how = How::read(call)?;
    if how.resolve & SCOPED == SCOPED {
        return Err(Errno::EINVAL.into());
    }
    rewrite(call, how, Place { base: Base::Fd(0), path: 1 })
}

/// open_tree(2), which gives what openat(2) gives with O_PATH, so that what may not be opened is closed to it too.
pub fn open_tree(call: &mut Call<'_>) -> Result<Action, Failure> {
    if let Ok(Some(target)) = call.target(&call.row.paths[0]) {
        proc::check_open(call, &target.resolved, false)?;
    }
    translate(call)
}

/// Which arguments say where.
#[derive(Clone, Copy)]
struct Place {
    base: Base,
    path: usize,
}

impl How {
    /// What open(2) makes of its flags and mode.
    fn of_open(flags: i32, mode: u64) -> Self {
        let mut flags = flags & KNOWN;
        if flags & libc::O_PATH != 0 {
            flags &= libc::O_PATH | libc::O_DIRECTORY | libc::O_NOFOLLOW | libc::O_CLOEXEC;
        }
        let creates = flags & (libc::O_CREAT | TMPFILE_BIT) != 0;
        Self { flags: flags as u64, mode: if creates { mode & 0o7777 } else { 0 }, resolve: 0 }
    }

    /// Reads the guest's `struct open_how`.
    fn read(call: &Call<'_>) -> Result<Self, Errno> {
        let size = call.args[3];
        if size < HOW_SIZE {
            return Err(Errno::EINVAL);
        }
        if size > 4096 {
            return Err(Errno::E2BIG);
        }
        let mut bytes = vec![0; size as usize];
        call.mem.read(call.args[2], &mut bytes)?;
        if bytes[HOW_SIZE as usize..].iter().any(|&byte| byte != 0) {
            return Err(Errno::E2BIG);
        }
        let word = |at: usize| u64::from_ne_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        Ok(Self { flags: word(0), mode: word(8), resolve: word(16) })
    }

    fn has(&self, flag: i32) -> bool {
        self.flags & flag as u64 != 0
    }

    /// What happens to the last component.
    fn last(&self) -> Last {
        let creates = self.has(libc::O_CREAT) && !self.has(libc::O_PATH);
        match (creates, self.has(libc::O_NOFOLLOW), creates && self.has(libc::O_EXCL)) {
            (true, false, false) => Last::Create,
            (true, _, _) => Last::CreateNew,
            (false, true, _) => Last::NoFollow,
            (false, false, _) => Last::Follow,
        }
    }

    /// Whether the file's contents may be changed through the descriptor, or by the call itself.
    fn writes(&self) -> bool {
        !self.has(libc::O_PATH)
            && (matches!(self.flags as i32 & libc::O_ACCMODE, libc::O_WRONLY | libc::O_RDWR)
                || self.has(libc::O_TRUNC))
    }

    /// What the walk must not do.
    fn refuses(&self) -> Refuse {
        let links = match self.resolve {
            resolve if resolve & RESOLVE_NO_SYMLINKS != 0 => Links::All,
            resolve if resolve & RESOLVE_NO_MAGICLINKS != 0 => Links::Magic,
            _ => Links::None,
        };
        Refuse { links, crossing: self.resolve & RESOLVE_NO_XDEV != 0, ..Refuse::default() }
    }

    /// Passes the struct as openat2's third and fourth argument.
    fn stage(&self, rewrite: &mut Rewrite) {
        let bytes: Vec<u8> =
            [self.flags, self.mode, self.resolve].into_iter().flat_map(u64::to_ne_bytes).collect();
        rewrite.stage(2, &bytes);
        rewrite.set(3, HOW_SIZE);
    }
}

/// The bit of O_TMPFILE that is not O_DIRECTORY.
const TMPFILE_BIT: i32 = libc::O_TMPFILE & !libc::O_DIRECTORY;

fn rewrite(call: &mut Call<'_>, how: How, place: Place) -> Result<Action, Failure> {
    let is_openat2 = call.row.name == "openat2";
    match rewrite_known(call, how, place) {
        // The kernel looks at the flags before it reads the path. Which ones go together depends on its version.
        Err(Failure::Errno(_))
            if !fs::open_flags_are_valid(how.flags, how.mode, is_openat2.then_some(how.resolve)) =>
        {
            Err(Errno::EINVAL.into())
        }
        decided => decided,
    }
}

fn rewrite_known(call: &mut Call<'_>, how: How, place: Place) -> Result<Action, Failure> {
    let path = match call.read_path(place.path) {
        Ok(path) => path,
        Err(errno) => return fail(call, how, place, errno.into()),
    };
    let target = match find(call, place.base, &path, how) {
        Ok(target) => target,
        Err(failure) => return fail(call, how, place, failure),
    };
    let resolved = &target.resolved;
    let follows = matches!(target.last, Last::Follow | Last::Create);
    if follows && resolved.node == Some(Node::Magic(Err(Errno::ELOOP))) {
        return Err(Errno::ELOOP.into());
    }
    // A program is no directory, which is found out first.
    let may_be_text =
        how.writes() && !how.has(libc::O_DIRECTORY) && !(how.has(libc::O_CREAT) && how.has(libc::O_EXCL));
    let text = if may_be_text { call.check_text(&target) } else { Ok(()) };
    // Only where the file is cut does the kernel look at the mount first: do_open() of fs/namei.c, do_dentry_open() of
    // fs/open.c.
    if !how.has(libc::O_TRUNC) {
        text?;
    }
    check_readonly(call, &target, how)?;
    text?;
    if resolved.node == Some(Node::Directory) {
        let mut reached = call.task().process.reached.borrow_mut();
        reached.note(call.names(), &resolved.host, &resolved.guest);
    }
    let replacement = match resolved.kind {
        Kind::Proc => {
            proc::check_open(call, resolved, how.writes())?;
            let as_is = how.has(libc::O_PATH) || how.writes();
            if !as_is && call.is_confined() {
                if let Some(action) = confined::open_replaced(call, how, place, &target)? {
                    return Ok(action);
                }
            }
            if as_is || call.is_confined() { None } else { proc::replacement(call, resolved)? }
        }
        Kind::Directory | Kind::File | Kind::Skeleton => None,
    };
    if let Some(replacement) = replacement {
        return Ok(replaced(call, how, place, replacement));
    }
    Ok(Action::Rewrite(led_to(call, how, place, &target)))
}

/// The call as the kernel is to make it.
fn led_to(call: &Call<'_>, how: How, place: Place, target: &Target) -> Rewrite {
    let magic = matches!(target.resolved.node, Some(Node::Magic(_)));
    let argument = target.argument();
    let is_openat2 = call.row.name == "openat2";
    let mut rewrite = Rewrite::default();
    rewrite.keep.extend(target.kept());
    let strict = !magic && target.via.is_none() && call.world.probes.openat2;
    if !strict && !is_openat2 {
        rewrite.stage_path(place.path, &argument);
        return rewrite;
    }
    rewrite.nr = Some(const { number("openat2") });
    let dirfd = if place.base == Base::Cwd { libc::AT_FDCWD as u64 } else { call.args[0] };
    rewrite.set(0, dirfd);
    rewrite.stage_path(1, &argument);
    let wanted = how.resolve & !OBEYED;
    let resolve = if strict { wanted | RESOLVE_NO_SYMLINKS } else { wanted };
    How { resolve, ..how }.stage(&mut rewrite);
    rewrite
}

/// Lets the kernel fail for the path, as it looks at the flags and for a free descriptor first.
fn fail(call: &Call<'_>, how: How, place: Place, failure: Failure) -> Result<Action, Failure> {
    let mut rewrite = Rewrite::default();
    stage_failure(&mut rewrite, place.path, failure)?;
    if call.row.name == "openat2" {
        // The kernel has no memory of the path that fails, as it has of the guest's; which files it would make or cut
        // it refuses at once.
        let makes = how.has(libc::O_CREAT | libc::O_TRUNC | TMPFILE_BIT);
        let done = if makes { OBEYED } else { OBEYED | RESOLVE_CACHED };
        How { resolve: how.resolve & !done, ..how }.stage(&mut rewrite);
    }
    Ok(Action::Rewrite(rewrite))
}

fn find(call: &Call<'_>, base: Base, path: &[u8], how: How) -> Result<Target, Failure> {
    let scope = match how.resolve & SCOPED {
        RESOLVE_BENEATH => Scope::Beneath,
        RESOLVE_IN_ROOT => Scope::InRoot,
        _ => return call.target_refusing(base, path, how.last(), how.refuses()),
    };
    call.scoped_target(base, path, (how.last(), how.refuses()), scope)
}

/// Opens a file in the place of one of /proc, which is held until the call has returned.
fn replaced(call: &Call<'_>, how: How, place: Place, replacement: Replacement) -> Action {
    let mut rewrite = Rewrite::default();
    rewrite.stage_path(place.path, replacement.path.as_bytes());
    // A magic link leads there, whatever the guest wants of the links in its own path.
    let flags = how.flags & !(libc::O_NOFOLLOW as u64);
    match call.row.name {
        "openat2" => How { flags, resolve: 0, ..how }.stage(&mut rewrite),
        _ => rewrite.set(place.path + 1, flags),
    }
    rewrite.exit = Some(Box::new(move |_, ret| {
        drop(replacement);
        Ok(ret)
    }));
    Action::Rewrite(rewrite)
}

/// On a read-only mount: no new files, and no writing to old ones but special files.
///
/// do_open() and may_open() of fs/namei.c: directories (EISDIR) and permission (EACCES) come before the mount.
fn check_readonly(call: &Call<'_>, target: &Target, how: How) -> Result<(), Errno> {
    if !target.resolved.readonly {
        return Ok(());
    }
    match &target.resolved.node {
        None => Err(Errno::EROFS),
        Some(Node::Directory) if how.has(TMPFILE_BIT) => Err(Errno::EROFS),
        Some(Node::Directory | Node::Symlink(_) | Node::Jump(_)) => Ok(()),
        // ENOTDIR, whatever else is asked for.
        Some(_) if how.has(libc::O_DIRECTORY) => Ok(()),
        Some(_) if how.has(libc::O_CREAT) && how.has(libc::O_EXCL) => Ok(()),
        Some(Node::Other | Node::Magic(_)) if how.writes() => {
            let file = call.open_target(target)?;
            let is_regular = fs::fstat(file.as_fd())?.st_mode & libc::S_IFMT == libc::S_IFREG;
            if !is_regular {
                return Ok(());
            }
            fs::access(file.as_fd(), libc::W_OK, libc::AT_EACCESS)?;
            Err(Errno::EROFS)
        }
        Some(_) => Ok(()),
    }
}
