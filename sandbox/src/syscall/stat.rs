//! Questions about a file, answered by the tracer in one stop: stat, statx, access, readlink, statfs.
//!
//! The resolver has the file open as a place (O_PATH), so the answer is about the very file that it found.
//!
//! Source: stat(2), statx(2), access(2), readlink(2), statfs(2).
#![forbid(unsafe_code)]

use std::os::fd::{AsFd, OwnedFd};

use super::call::{Action, Call, Rewrite};
use super::paths::Target;
use super::table::{Feature, PathArg};
use super::{ids, proc};
use crate::error::{Errno, Failure};
use crate::sys::fs;
use crate::vfs::{GuestPath, Last, Node, ViewId};

/// stat(2), lstat(2): path and buffer.
pub fn stat(call: &mut Call<'_>) -> Result<Action, Failure> {
    if call.row.name == "lstat" {
        if let Some(entry) = call.plain_entry(0)? {
            return Ok(Action::Rewrite(entry));
        }
    }
    answer_stat(call, 1)
}

/// newfstatat(2), which the C library's stat functions are.
pub fn newfstatat(call: &mut Call<'_>) -> Result<Action, Failure> {
    if call.args[3] as u32 & !KNOWN != 0 {
        return unknown_flags(call);
    }
    if call.args[3] as u32 & libc::AT_SYMLINK_NOFOLLOW as u32 != 0 {
        if let Some(entry) = call.plain_entry(1)? {
            return Ok(Action::Rewrite(entry));
        }
    }
    answer_stat(call, 2)
}

/// Flags that the kernel does not know it refuses before it looks at the path; what a descriptor alone names it answers.
fn unknown_flags(call: &mut Call<'_>) -> Result<Action, Failure> {
    match call.target(&call.row.paths[0]) {
        Ok(None) => of_descriptor(call),
        _ => Err(Errno::EINVAL.into()),
    }
}

/// Flags of newfstatat and statx.
const KNOWN: u32 =
    (libc::AT_SYMLINK_NOFOLLOW | libc::AT_NO_AUTOMOUNT | libc::AT_EMPTY_PATH) as u32 | AT_STATX_SYNC_TYPE;

/// How stale an answer may be (include/uapi/linux/fcntl.h).
const AT_STATX_SYNC_TYPE: u32 = 0x6000;

fn answer_stat(call: &mut Call<'_>, buffer: usize) -> Result<Action, Failure> {
    let Some(file) = call.file(&call.row.paths[0])? else { return of_descriptor(call) };
    let mut stat = fs::fstat(file.as_fd())?;
    ids::show_stat(call.world, &mut stat);
    call.mem.write(call.args[buffer], fs::bytes_of(&stat))?;
    Ok(Action::Answer(0))
}

/// fstat(2), trapped only under a pretended identity.
pub fn fstat(call: &mut Call<'_>) -> Result<Action, Failure> {
    let mut stat = call.fstat(0)?;
    ids::show_stat(call.world, &mut stat);
    call.mem.write(call.args[1], fs::bytes_of(&stat))?;
    Ok(Action::Answer(0))
}

/// statx(2).
pub fn statx(call: &mut Call<'_>) -> Result<Action, Failure> {
    const RESERVED: u32 = 0x8000_0000;
    let (flags, mask) = (call.args[2] as u32, call.args[3] as u32);
    if mask & RESERVED != 0 || flags & AT_STATX_SYNC_TYPE == AT_STATX_SYNC_TYPE {
        return Err(Errno::EINVAL.into());
    }
    if flags & !KNOWN != 0 {
        return unknown_flags(call);
    }
    if flags & libc::AT_SYMLINK_NOFOLLOW as u32 != 0 {
        if let Some(entry) = call.plain_entry(1)? {
            return Ok(Action::Rewrite(entry));
        }
    }
    let Some(file) = call.file(&call.row.paths[0])? else { return of_descriptor(call) };
    let mut buffer = fs::statx(file.as_fd(), flags, mask)?;
    ids::show_statx(call.world, &mut buffer);
    call.mem.write(call.args[4], fs::bytes_of(&buffer))?;
    Ok(Action::Answer(0))
}

/// access(2), faccessat(2), faccessat2(2): the mode follows the path, flags follow the mode.
pub fn access(call: &mut Call<'_>) -> Result<Action, Failure> {
    let spec = &call.row.paths[0];
    let mode = call.int(usize::from(spec.arg) + 1);
    let flags = if call.row.name == "faccessat2" { call.int(3) } else { 0 };
    const FLAGS: i32 = libc::AT_EACCESS | libc::AT_SYMLINK_NOFOLLOW | libc::AT_EMPTY_PATH;
    if mode & !7 != 0 || flags & !FLAGS != 0 {
        return Err(Errno::EINVAL.into());
    }
    let Some((target, file)) = call.target_file(spec)? else {
        // By the file's own mode first.
        if mode & libc::W_OK != 0 && call.check_descriptor(0).is_err() {
            let file = call.open_descriptor(0)?;
            fs::access(file.as_fd(), mode, flags & libc::AT_EACCESS)?;
            if !is_special(&file)? {
                return Err(Errno::EROFS.into());
            }
        }
        return of_descriptor(call);
    };
    if is_preload_list(call, &target.resolved.guest, mode, flags) {
        return Err(Errno::ENOENT.into());
    }
    let allowed = match ids::access(call.world, file.as_fd(), mode) {
        Some(pretended) => pretended,
        None => fs::access(file.as_fd(), mode, flags & libc::AT_EACCESS),
    };
    allowed?;
    if mode & libc::W_OK != 0 && target.resolved.readonly && !is_special(&file)? {
        return Err(Errno::EROFS.into());
    }
    Ok(Action::Answer(0))
}

/// Whether the ld.so of a native tool asks for its list of libraries to be preloaded, which are the guest's.
///
/// ld.so asks in this way before it opens the list (elf/rtld.c of glibc), and programs hardly ever do: to them it is a
/// file of the guest's like any other.
fn is_preload_list(call: &Call<'_>, file: &GuestPath, mode: i32, flags: i32) -> bool {
    let is_tool = call.task().process.view.get() != ViewId::GUEST;
    is_tool && mode == libc::R_OK && flags == 0 && file.as_bytes() == b"/etc/ld.so.preload"
}

/// Whether a file is written to without the mount (do_faccessat of fs/open.c).
fn is_special(file: &OwnedFd) -> Result<bool, Errno> {
    let kind = fs::fstat(file.as_fd())?.st_mode & libc::S_IFMT;
    Ok(![libc::S_IFREG, libc::S_IFDIR, libc::S_IFLNK].contains(&kind))
}

/// readlink(2), readlinkat(2): buffer and size follow the path.
pub fn readlink(call: &mut Call<'_>) -> Result<Action, Failure> {
    let spec = &call.row.paths[0];
    let buffer = usize::from(spec.arg) + 1;
    let size = call.int(buffer + 1);
    if size <= 0 {
        return Err(Errno::EINVAL.into());
    }
    let named = call.target(spec)?;
    // What is no link is named by an empty path as if it were not there (do_readlinkat of fs/stat.c).
    let no_link = if named.is_some() { Errno::EINVAL } else { Errno::ENOENT };
    let target = match named {
        Some(target) => target,
        None => match proc::link_of_descriptor(call, &call.descriptor_link(0))? {
            Some(link) => link,
            None => return of_descriptor(call),
        },
    };
    let text = match &target.resolved.node {
        Some(Node::Symlink(text) | Node::Jump(text)) => text.clone(),
        Some(Node::Magic(_)) => proc::link_text(call, &target.resolved)?,
        Some(Node::Directory | Node::Other) => return Err(no_link.into()),
        None => return Err(Errno::ENOENT.into()),
    };
    let shown = &text[..text.len().min(size as usize)];
    call.mem.write(call.args[buffer], shown)?;
    Ok(Action::Answer(shown.len() as i64))
}

/// statfs(2).
pub fn statfs(call: &mut Call<'_>) -> Result<Action, Failure> {
    let Some((target, file)) = call.target_file(&call.row.paths[0])? else { return of_descriptor(call) };
    let mut buffer = fs::fstatfs(file.as_fd())?;
    if target.resolved.readonly {
        buffer.flags |= libc::ST_RDONLY;
    }
    call.mem.write(call.args[1], fs::bytes_of(&buffer))?;
    Ok(Action::Answer(0))
}

/// A call whose path is empty is about the descriptor itself.
///
/// The kernel answers it, from a copy of the empty string that no other thread can change in between. Under a
/// pretended identity the owner must be replaced, so the tracer answers.
fn of_descriptor(call: &mut Call<'_>) -> Result<Action, Failure> {
    let spec = &call.row.paths[0];
    if call.world.has(Feature::FakeIds) {
        match call.row.name {
            "newfstatat" => {
                let mut stat = call.fstat(0)?;
                ids::show_stat(call.world, &mut stat);
                call.mem.write(call.args[2], fs::bytes_of(&stat))?;
                return Ok(Action::Answer(0));
            }
            "statx" => {
                let file = call.open_descriptor(0)?;
                let mut buffer = fs::statx(file.as_fd(), call.args[2] as u32, call.args[3] as u32)?;
                ids::show_statx(call.world, &mut buffer);
                call.mem.write(call.args[4], fs::bytes_of(&buffer))?;
                return Ok(Action::Answer(0));
            }
            _ => {}
        }
    }
    let mut rewrite = Rewrite::default();
    rewrite.stage_path(spec.arg.into(), b"");
    Ok(Action::Rewrite(rewrite))
}

impl Call<'_> {
    /// The file that the path argument `spec` leads to, open as a place; `None` as for [`Call::target`].
    fn file(&self, spec: &PathArg) -> Result<Option<OwnedFd>, Failure> {
        Ok(self.target_file(spec)?.map(|(_, file)| file))
    }

    fn target_file(&self, spec: &PathArg) -> Result<Option<(Target, OwnedFd)>, Failure> {
        let Some(target) = self.target(spec)? else { return Ok(None) };
        let file = self.open_target(&target)?;
        Ok(Some((target, file)))
    }

    /// Opens a resolved place for the tracer's own questions.
    ///
    /// # Errors
    /// ENOENT where nothing is there.
    pub fn open_target(&self, target: &Target) -> Result<OwnedFd, Errno> {
        let follows = matches!(target.last, Last::Follow | Last::Create);
        if follows && matches!(target.resolved.node, Some(Node::Magic(_))) {
            return fs::open_path(target.resolved.host.as_bytes());
        }
        let mut lookup = self.world.lookup.borrow_mut();
        lookup.hold(target.handle.clone());
        Ok(lookup.open(&target.resolved)?.fd)
    }

    /// The caller's descriptor in argument `index`, reopened as a place.
    ///
    /// # Errors
    /// EBADF.
    pub fn open_descriptor(&self, index: usize) -> Result<OwnedFd, Errno> {
        fs::open_path(&self.descriptor_link(index)).map_err(bad_descriptor)
    }

    fn fstat(&self, index: usize) -> Result<libc::stat, Errno> {
        fs::stat(&self.descriptor_link(index)).map_err(bad_descriptor)
    }

    /// The /proc link of the descriptor in argument `index`, AT_FDCWD included.
    pub fn descriptor_link(&self, index: usize) -> Vec<u8> {
        match self.int(index) {
            libc::AT_FDCWD => format!("/proc/{}/cwd", self.tid).into_bytes(),
            fd => format!("/proc/{}/fd/{fd}", self.tid).into_bytes(),
        }
    }
}

fn bad_descriptor(errno: Errno) -> Errno {
    if errno == Errno::ENOENT { Errno::EBADF } else { errno }
}
