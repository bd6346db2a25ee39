//! Sockets with a name in the file system.
//!
//! The kernel is told a name by a descriptor that the tracer holds, `/proc/TRACER/fd/N`: for connect and send the
//! descriptor of the socket's file itself, for bind that of its directory. Such a name is short, so that the guest may
//! use all 108 bytes of `sun_path` however long the rootfs's own path is, and nobody can put a symlink in its way. The
//! guest makes the call itself, so the file gets its umask and the peer its credentials. The guest never sees these
//! names: [`peer`] puts the ones that it gave in their place.
//!
//! Addresses are copied where no other thread can change them before the kernel reads them, whatever their family.
//! Exception: sendmmsg(2) without a single name.
//!
//! Source: unix(7), bind(2), connect(2), send(2), net/unix/af_unix.c.
#![forbid(unsafe_code)]

mod address;
mod credentials;
mod message;
mod names;
pub mod peer;

pub use message::{sendmmsg, sendmsg};
pub use names::Names;

use std::os::fd::{AsRawFd, OwnedFd};

use nix::unistd::Pid;

use self::address::Address;
use super::call::{Action, Call, Rewrite};
use super::paths::check_intent;
use super::table::{Base, Intent};
use crate::error::{Errno, Failure};
use crate::sys::{fs, socket};
use crate::vfs::{Last, Tail};

/// bind(2).
pub fn bind(call: &mut Call<'_>) -> Result<Action, Failure> {
    let Some(address) = Address::read(call, call.args[1], call.int(2))? else { return Ok(Action::Pass) };
    let path = address.path().filter(|_| may_be_unix(call)).map(<[u8]>::to_vec);
    let mut rewrite = Rewrite::default();
    let Some(path) = path else {
        rewrite.stage(1, address.as_bytes());
        return Ok(Action::Rewrite(rewrite));
    };
    let place = place(call, &path).map_err(|failure| fault(call, failure))?;
    let address = Address::of_path(&place.name);
    rewrite.stage(1, address.as_bytes());
    rewrite.set(2, address.as_bytes().len() as u64);
    rewrite.exit = Some(Box::new(move |call, ret| {
        if ret == 0 {
            place.give(call, &path)?;
        }
        Ok(ret)
    }));
    Ok(Action::Rewrite(rewrite))
}

/// connect(2).
pub fn connect(call: &mut Call<'_>) -> Result<Action, Failure> {
    with_address(call, 1)
}

/// sendto(2).
pub fn sendto(call: &mut Call<'_>) -> Result<Action, Failure> {
    with_address(call, 4)
}

/// A call whose argument `at` is the address of an existing socket, its length behind it.
fn with_address(call: &mut Call<'_>, at: usize) -> Result<Action, Failure> {
    let Some(address) = Address::read(call, call.args[at], call.int(at + 1))? else {
        return Ok(Action::Pass);
    };
    let mut rewrite = Rewrite::default();
    let reached = match reach(call, address) {
        // A connection takes no address, and the kernel says so before it looks at one.
        Err(failure) if failure.is_tracers_limit() => return Err(failure),
        Err(Failure::Errno(errno)) if call.row.name == "sendto" => {
            let nowhere = Address::of_path(b"/proc/self/-/-");
            rewrite.stage(at, nowhere.as_bytes());
            rewrite.set(at + 1, nowhere.as_bytes().len() as u64);
            rewrite.replace_missing(errno);
            return Ok(Action::Rewrite(rewrite));
        }
        reached => reached?,
    };
    rewrite.stage(at, reached.address.as_bytes());
    rewrite.set(at + 1, reached.address.as_bytes().len() as u64);
    if let Some(file) = reached.file {
        rewrite.exit = Some(Box::new(move |_, ret| {
            drop(file);
            Ok(ret)
        }));
    }
    Ok(Action::Rewrite(rewrite))
}

/// An address as the kernel is to see it.
struct Reached {
    address: Address,
    /// What a name in it stands on; to be held until the call has returned.
    file: Option<OwnedFd>,
}

/// Finds the socket that an address names; other addresses stay as they are.
fn reach(call: &Call<'_>, address: Address) -> Result<Reached, Failure> {
    let Some(path) = address.path().filter(|_| may_be_unix(call)) else {
        return Ok(Reached { address, file: None });
    };
    let found = call.target_of(Base::Cwd, path, Last::Follow).and_then(|target| {
        let file = call.open_target(&target)?;
        if !call.is_confined() && call.world.sockets.borrow().can_follow(call.tid) {
            let name = format!("/proc/{}/fd/{}", Pid::this(), file.as_raw_fd());
            return Ok((name.into_bytes(), file));
        }
        Ok((fitting(target.resolved.host.as_bytes())?, file))
    });
    let (name, file) = match found {
        Ok(found) => found,
        // Any address will do that is none of a datagram socket's either.
        Err(_) if !looks_at_name(call) => return Ok(Reached { address: Address::unnamed(), file: None }),
        Err(failure) => return Err(fault(call, failure)),
    };
    Ok(Reached { address: Address::of_path(&name), file: Some(file) })
}

/// Where a name is to be bound.
struct Place {
    /// The name that the kernel is told.
    name: Vec<u8>,
    /// Its directory, and the entry that takes the place of a stand-in.
    rename: Option<(OwnedFd, Vec<u8>, Vec<u8>)>,
}

fn place(call: &Call<'_>, path: &[u8]) -> Result<Place, Failure> {
    let target = call.target_of(Base::Cwd, path, Last::Entry)?;
    let resolved = &target.resolved;
    // unix_bind_bsd: "err == -EEXIST ? -EADDRINUSE : err". A name that is no name exists.
    if matches!(resolved.tail, Tail::Dot | Tail::DotDot | Tail::Root) {
        return Err(Errno::EADDRINUSE.into());
    }
    check_intent(call.row, Intent::Create, resolved).map_err(|errno| match errno {
        Errno::EEXIST => Errno::EADDRINUSE,
        other => other,
    })?;
    // In the working directory itself the kernel needs no help, and the name stays as the guest gave it.
    let is_here = |below: &[u8]| !below.is_empty() && !below.contains(&b'/');
    if resolved.unchanged && resolved.below_base.as_deref().is_some_and(is_here) {
        return Ok(Place { name: path.to_vec(), rename: None });
    }
    let (parent, entry) = split(path);
    let parent = call.target_of(Base::Cwd, parent, Last::Follow)?;
    let directory = call.open_target(&parent)?;
    let mut names = call.world.sockets.borrow_mut();
    if call.is_confined() || !names.can_follow(call.tid) {
        return Ok(Place { name: fitting(&resolved.host_argument(Last::Entry))?, rename: None });
    }
    let held = names.hold(&directory)?;
    let named = |entry: &[u8]| [format!("/proc/{}/fd/{held}/", Pid::this()).as_bytes(), entry].concat();
    if let Ok(name) = fitting(&named(entry)) {
        return Ok(Place { name, rename: None });
    }
    let stand_in = names.stand_in();
    Ok(Place { name: named(&stand_in), rename: Some((directory, stand_in, entry.to_vec())) })
}

impl Place {
    /// The socket is bound: the guest's name for it is `path`.
    fn give(self, call: &Call<'_>, path: &[u8]) -> Result<(), Errno> {
        if let Some((directory, from, to)) = &self.rename {
            if let Err(errno) = fs::rename_new(directory, from, to) {
                let (Ok(()) | Err(_)) = fs::unlink_at(directory, from);
                return Err(if errno == Errno::EEXIST { Errno::EADDRINUSE } else { errno });
            }
        }
        call.world.sockets.borrow_mut().give(self.name, path);
        Ok(())
    }
}

/// The directory's part of a path, and its entry with the slashes behind it.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    let end = path.iter().rposition(|&byte| byte != b'/').map_or(0, |at| at + 1);
    match path[..end].iter().rposition(|&byte| byte == b'/') {
        Some(slash) => (&path[..=slash], &path[slash + 1..]),
        None => (b".", path),
    }
}

/// A name that fits into `sun_path` with its NUL, so that a buffer of the usual size holds it when the kernel tells it.
fn fitting(name: &[u8]) -> Result<Vec<u8>, Errno> {
    if name.len() < address::PATH_SIZE { Ok(name.to_vec()) } else { Err(Errno::ENAMETOOLONG) }
}

/// True unless the descriptor in the first argument is known to be a socket of another family.
fn may_be_unix(call: &Call<'_>) -> bool {
    let domain = socket::domain(call.task().process.pid, call.tid, call.int(0));
    domain.is_none_or(|domain| domain == libc::AF_UNIX)
}

/// Whether the kernel walks the name that the call has. Of the sockets that have a connection it does not: they send along
/// that, and refuse an address (EISCONN, EOPNOTSUPP) or overlook it.
fn looks_at_name(call: &Call<'_>) -> bool {
    let kind = || socket::kind(call.task().process.pid, call.tid, call.int(0));
    call.row.name == "connect" || kind().is_none_or(|kind| kind == libc::SOCK_DGRAM)
}

/// Why a call fails whose address leads nowhere: the kernel looks at the descriptor before.
fn fault(call: &Call<'_>, failure: Failure) -> Failure {
    match fs::readlink(&call.descriptor_link(0)) {
        Ok(link) if link.starts_with(b"socket:") => failure,
        Ok(_) => Errno::ENOTSOCK.into(),
        Err(Errno::ENOENT) => Errno::EBADF.into(),
        Err(_) => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_split_before_its_last_name() {
        for (path, parent, entry) in [
            ("sock", ".", "sock"),
            ("a/sock", "a/", "sock"),
            ("/sock", "/", "sock"),
            ("a//sock//", "a//", "sock//"),
        ] {
            let expected = (parent.as_bytes(), entry.as_bytes());
            assert_eq!(split(path.as_bytes()), expected, "{path}");
        }
    }
}
