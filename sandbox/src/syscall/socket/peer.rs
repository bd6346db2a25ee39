//! Names that the kernel tells: the guest's own take the place of those which the kernel was given.
//!
//! Source: accept(2), getsockname(2), getpeername(2), recv(2), unix(7); net/socket.c, move_addr_to_user.
#![forbid(unsafe_code)]

use super::address::{Address, FAMILY_SIZE, MAX_SIZE, PATH_SIZE, path_of};
use super::{credentials, may_be_unix};
use crate::error::{Errno, Failure};
use crate::sys::fs;
use crate::syscall::call::{Action, Call, Rewrite};
use crate::syscall::table::Feature;
use crate::vfs::HostPath;

/// Bytes of `struct msghdr` and `struct mmsghdr` on 64-bit machines.
const ENTRY_SIZE: u64 = 64;
/// Offset of the length of a header's name.
const NAME_LEN: u64 = 8;
/// Offset of the control data's address, its length behind it.
const CONTROL: u64 = 32;
/// UIO_MAXIOV.
const MAX_MESSAGES: u64 = 1024;

/// accept(2), accept4(2), getsockname(2), getpeername(2).
pub fn told(call: &mut Call<'_>) -> Result<Action, Failure> {
    after(call, vec![(call.args[1], call.args[2])], |_| 1)
}

/// recvfrom(2).
pub fn recvfrom(call: &mut Call<'_>) -> Result<Action, Failure> {
    after(call, vec![(call.args[4], call.args[5])], |_| 1)
}

/// recvmsg(2).
pub fn recvmsg(call: &mut Call<'_>) -> Result<Action, Failure> {
    let header = call.args[1];
    let Ok(name) = call.mem.read_u64(header) else { return Ok(Action::Pass) };
    let control = call.mem.read_u64(header + CONTROL).unwrap_or(0);
    let mut action = after(call, vec![(name, header + NAME_LEN)], |_| 1)?;
    if control == 0 || !call.world.has(Feature::FakeIds) || !may_be_unix(call) {
        return Ok(action);
    }
    let names = if let Action::Rewrite(rewrite) = &mut action { rewrite.exit.take() } else { None };
    let exit = move |call: &mut Call<'_>, ret: i64| {
        if ret >= 0 {
            let len = call.mem.read_u64(header + CONTROL + 8)?;
            credentials::incoming(call, control, len)?;
        }
        match names {
            Some(names) => names(call, ret),
            None => Ok(ret),
        }
    };
    Ok(Action::Rewrite(Rewrite { exit: Some(Box::new(exit)), ..Rewrite::default() }))
}

/// recvmmsg(2): as many names as messages have come.
pub fn recvmmsg(call: &mut Call<'_>) -> Result<Action, Failure> {
    let count = MAX_MESSAGES.min(u64::from(call.args[2] as u32));
    let headers = (0..count).map(|index| call.args[1] + index * ENTRY_SIZE);
    let names = headers.map_while(|header| Some((call.mem.read_u64(header).ok()?, header + NAME_LEN)));
    let names = names.collect();
    after(call, names, |ret| ret as usize)
}

/// Where the kernel is to write a name.
struct Buffer {
    address: u64,
    /// Where the buffer's size is, and afterwards the name's.
    len_at: u64,
    size: usize,
    /// What the guest has there; a shorter name leaves the rest of it as it was.
    before: Vec<u8>,
}

/// Lets the call run, and replaces the names in the first buffers, as many as `told` makes of the result.
fn after(call: &mut Call<'_>, buffers: Vec<(u64, u64)>, told: fn(i64) -> usize) -> Result<Action, Failure> {
    let buffers: Vec<Option<Buffer>> =
        buffers.into_iter().map(|(address, len_at)| Buffer::read(call, address, len_at)).collect();
    if buffers.iter().all(Option::is_none) || !may_be_unix(call) {
        return Ok(Action::Pass);
    }
    let exit = move |call: &mut Call<'_>, ret: i64| {
        if ret >= 0 {
            for buffer in buffers.iter().take(told(ret)).flatten() {
                buffer.replace(call)?;
            }
        }
        Ok(ret)
    };
    Ok(Action::Rewrite(Rewrite { exit: Some(Box::new(exit)), ..Rewrite::default() }))
}

impl Buffer {
    /// `None` where there is no buffer for a name.
    fn read(call: &Call<'_>, address: u64, len_at: u64) -> Option<Self> {
        let tells_length = call.row.name.starts_with("get");
        if address == 0 && !tells_length {
            return None;
        }
        let size = usize::try_from(read_len(call, len_at).ok()?).ok()?;
        let mut before = vec![0; size.min(MAX_SIZE)];
        let readable = if before.is_empty() { 0 } else { call.mem.read_some(address, &mut before).ok()? };
        before.truncate(readable);
        Some(Self { address, len_at, size, before })
    }

    /// The kernel has written a name, cut to the buffer's size, and its whole length.
    fn replace(&self, call: &Call<'_>) -> Result<(), Failure> {
        let len = read_len(call, self.len_at)?.max(0) as usize;
        let mut written = vec![0; len.min(self.before.len())];
        call.mem.read(self.address, &mut written)?;
        // Of a name in less than three bytes nothing is known but how long it is.
        let is_blind = self.size <= FAMILY_SIZE && len > FAMILY_SIZE + 1;
        let Some(path) = path_of(&written).or(is_blind.then_some(&b""[..])) else { return Ok(()) };
        let Some(name) = guest_name(call, path, len > self.size, len) else { return Ok(()) };
        let (address, len) = (Address::of_path(&name), FAMILY_SIZE + name.len().min(PATH_SIZE) + 1);
        let mut shown = self.before.clone();
        let count = shown.len().min(address.as_bytes().len());
        shown[..count].copy_from_slice(&address.as_bytes()[..count]);
        call.mem.write(self.address, &shown)?;
        call.mem.write(self.len_at, &(len as u32).to_ne_bytes())?;
        Ok(())
    }
}

fn read_len(call: &Call<'_>, address: u64) -> Result<i32, Errno> {
    let mut len = [0; 4];
    call.mem.read(address, &mut len)?;
    Ok(i32::from_ne_bytes(len))
}

/// The guest's name for a socket's path that the kernel tells; `None` as for a name in an address.
pub fn guest_of(call: &Call<'_>, path: &[u8]) -> Option<Vec<u8>> {
    guest_name(call, path, false, 0)
}

/// The guest's name for the one that the kernel tells, of which only a part is known if it `is_cut`; `len` is that of
/// the whole address. `None` if it is the guest's own already, or the guest has none.
fn guest_name(call: &Call<'_>, path: &[u8], is_cut: bool, len: usize) -> Option<Vec<u8>> {
    let names = call.world.sockets.borrow();
    if is_cut {
        return names.guest_of_part(path, len.checked_sub(FAMILY_SIZE + 1)?).map(<[u8]>::to_vec);
    }
    if let Some(guest) = names.guest(path) {
        return Some(guest.to_vec());
    }
    let host = through_descriptor(path).unwrap_or_else(|| path.to_vec());
    if !host.starts_with(b"/") {
        return None;
    }
    let guest = call.name_of(HostPath::from_bytes(host))?;
    Some(guest.as_bytes().to_vec())
}

/// The host's path of a socket that another xroot has bound, as `/proc/PID/fd/N/NAME`.
fn through_descriptor(path: &[u8]) -> Option<Vec<u8>> {
    let mut parts = path.splitn(6, |&byte| byte == b'/');
    let [b"", b"proc", pid, b"fd", fd, name] = std::array::from_fn(|_| parts.next().unwrap_or_default())
    else {
        return None;
    };
    let link = [b"/proc/", pid, b"/fd/", fd].concat();
    let directory = fs::readlink(&link).ok().filter(|directory| directory.starts_with(b"/"))?;
    Some([&directory, &b"/"[..], name].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::mem::{FakeMemory, Memory};
    use crate::syscall::testing::Fixture;

    /// What the guest finds in a buffer of `size` bytes, and as length, when the kernel tells `kernel` of a socket.
    #[track_caller]
    fn check(kernel: &[u8], size: usize, expected: &[u8], expected_len: usize) {
        let mut fixture = Fixture::new("/srv/root");
        fixture.world.sockets.borrow_mut().give(b"/proc/9/fd/9/s".to_vec(), b"./s");
        // The length first, then the buffer.
        let memory = FakeMemory::new(&[&(size as u32).to_ne_bytes()[..], &[b'.'; 200]].concat());
        let (len_at, at) = (FakeMemory::BASE, FakeMemory::BASE + 4);
        let call = fixture.call("getsockname", &memory, [0, at, len_at]);
        let buffer = Buffer::read(&call, at, len_at).unwrap();
        let address = [&(libc::AF_UNIX as u16).to_ne_bytes(), kernel].concat();
        memory.write(at, &address[..size.min(address.len())]).unwrap();
        memory.write(len_at, &(address.len() as u32).to_ne_bytes()).unwrap();
        buffer.replace(&call).unwrap();
        assert_eq!(read_len(&call, len_at), Ok(expected_len as i32));
        let bytes = memory.0.borrow();
        assert_eq!(&bytes[4 + FAMILY_SIZE..][..expected.len()], expected, "{}", bytes.escape_ascii());
        assert_eq!(bytes[4 + size.max(address.len())..].iter().find(|&&byte| byte != b'.'), None);
    }

    #[test]
    fn the_guest_is_told_the_name_that_it_gave() {
        check(b"/proc/9/fd/9/s\0", 110, b"./s\0..........", 6);
        check(b"/srv/root/run/s\0", 110, b"/run/s\0........", 9);
    }

    #[test]
    fn a_cut_name_is_cut_from_the_guests() {
        check(b"/proc/9/fd/9/s\0", 4, b"./......", 6);
        check(b"/proc/9/fd/9/s\0", 5, b"./s.....", 6);
    }

    #[test]
    fn other_names_stay() {
        check(b"relative\0", 110, b"relative\0...", 11);
        check(b"\0abstract", 110, b"\0abstract...", 11);
        check(b"/elsewhere\0", 110, b"/elsewhere\0...", 13);
        check(b"", 110, b"...", 2);
    }
}
