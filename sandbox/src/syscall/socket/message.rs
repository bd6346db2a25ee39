//! sendmsg(2) and sendmmsg(2): the address is inside a structure.
#![forbid(unsafe_code)]

use std::os::fd::OwnedFd;

use super::address::{Address, MAX_SIZE};
use super::{may_be_unix, reach};
use crate::error::{Errno, Failure};
use crate::syscall::call::{Action, Call, Rewrite};
use crate::syscall::table::number;
use crate::task::SAVED_SIZE;

/// Bytes of `struct msghdr` on 64-bit machines.
const HEADER_SIZE: usize = 56;
/// Bytes of `struct mmsghdr`: a header and how much of it has been sent, padded.
const ENTRY_SIZE: u64 = 64;
/// UIO_MAXIOV: more messages are not looked at.
const MAX_MESSAGES: u64 = 1024;

/// sendmsg(2).
pub fn sendmsg(call: &mut Call<'_>) -> Result<Action, Failure> {
    let (mut rewrite, file) = staged(call, call.args[1])?;
    if let Some(file) = file {
        rewrite.exit = Some(Box::new(move |_, ret| {
            drop(file);
            Ok(ret)
        }));
    }
    Ok(Action::Rewrite(rewrite))
}

/// sendmmsg(2), on a socket that may have names: one message a call, which the man page allows ("may be less than vlen")
/// and its users must expect.
///
/// The kernel reads and writes the same array, so none can be put where the guest cannot change it.
pub fn sendmmsg(call: &mut Call<'_>) -> Result<Action, Failure> {
    let count = call.args[2] as u32;
    let is_named = |index: u64| {
        let name = call.mem.read_u64(call.args[1] + index * ENTRY_SIZE);
        name.is_ok_and(|name| name != 0)
    };
    let any_named = (0..MAX_MESSAGES.min(count.into())).any(is_named);
    if count == 0 || !any_named || !may_be_unix(call) {
        return Ok(Action::Pass);
    }
    if call.task().process.has_filter.get() {
        // The guest's own filter would judge the other number. As before Linux 3.0.
        return Err(Errno::ENOSYS.into());
    }
    let first = call.args[1];
    let (mut rewrite, file) = staged(call, first)?;
    rewrite.nr = Some(number("sendmsg"));
    rewrite.set(2, call.args[3]);
    rewrite.exit = Some(Box::new(move |call, ret| {
        drop(file);
        if ret < 0 {
            return Ok(ret);
        }
        call.mem.write(first + HEADER_SIZE as u64, &(ret as u32).to_ne_bytes())?;
        Ok(1)
    }));
    Ok(Action::Rewrite(rewrite))
}

/// A changed call whose second argument is a copy of the header at `address`, with what its name stands on.
fn staged(call: &Call<'_>, address: u64) -> Result<(Rewrite, Option<OwnedFd>), Failure> {
    let mut header = [0; HEADER_SIZE];
    call.mem.read(address, &mut header).map_err(|errno| super::fault(call, errno.into()))?;
    let mut rewrite = Rewrite::default();
    let (name, len) = name_of(&header);
    // copy_msghdr_from_user: negative is an error, more than the largest address is cut. The kernel's to say.
    if name == 0 || len <= 0 {
        rewrite.stage(1, &header);
        return Ok((rewrite, None));
    }
    let Some(given) = Address::read(call, name, len.min(MAX_SIZE as i32))? else {
        return Err(Errno::EINVAL.into());
    };
    let reached = reach(call, given)?;
    let slot = call.task().slot.as_ref().expect("a slot is taken before a handler runs").address;
    header[..8].copy_from_slice(&(slot + SAVED_SIZE + HEADER_SIZE as u64).to_ne_bytes());
    header[8..12].copy_from_slice(&(reached.address.as_bytes().len() as u32).to_ne_bytes());
    rewrite.stage(1, &[&header, reached.address.as_bytes()].concat());
    Ok((rewrite, reached.file))
}

/// Where a header's name is, and its length.
pub fn name_of(header: &[u8; HEADER_SIZE]) -> (u64, i32) {
    let name = u64::from_ne_bytes(header[..8].try_into().expect("eight bytes"));
    let len = i32::from_ne_bytes(header[8..12].try_into().expect("four bytes"));
    (name, len)
}
