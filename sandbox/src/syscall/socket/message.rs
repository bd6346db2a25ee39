//! sendmsg(2) and sendmmsg(2): the address is inside a structure.
#![forbid(unsafe_code)]

use std::os::fd::OwnedFd;
use std::rc::Rc;

use super::address::{Address, MAX_SIZE};
use super::{Reached, credentials, fault, may_be_unix, reach};
use crate::error::{Errno, Failure};
use crate::syscall::call::{Action, Call, Rewrite};
use crate::syscall::table::number;
use crate::task::SAVED_SIZE;

/// Bytes of `struct msghdr` on 64-bit machines.
const HEADER_SIZE: usize = 56;
/// Bytes of `struct mmsghdr`: a header and how much of it has been sent, padded.
const ENTRY_SIZE: u64 = 64;
/// Offset of the control data's address, its length behind it.
const CONTROL: usize = 32;
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

/// sendmmsg(2). The kernel reads and writes the same array, so its names are replaced where they are, and put back
/// afterwards. Where another thread could replace them again, one message goes at a time: "may be less than vlen".
pub fn sendmmsg(call: &mut Call<'_>) -> Result<Action, Failure> {
    let count = MAX_MESSAGES.min(u64::from(call.args[2] as u32));
    let headers: Vec<_> =
        (0..count).map_while(|index| header(call, call.args[1] + index * ENTRY_SIZE).ok()).collect();
    if headers.iter().all(|header| name_of(header).0 == 0) || !may_be_unix(call) {
        return Ok(Action::Pass);
    }
    let mm = &call.task().mm;
    let sharing = call.tasks.iter().filter(|task| Rc::ptr_eq(&task.mm, mm)).count();
    if sharing == 1 {
        return in_place(call, &headers);
    }
    one_message(call)
}

/// The first message alone, by sendmsg(2).
fn one_message(call: &mut Call<'_>) -> Result<Action, Failure> {
    let first = call.args[1];
    let (mut rewrite, file) = staged(call, first)?;
    rewrite.nr = Some(const { number("sendmsg") });
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

/// Every message up to one whose name leads nowhere, with its address in the scratch slot.
fn in_place(call: &mut Call<'_>, headers: &[Header]) -> Result<Action, Failure> {
    /// As many addresses as fit.
    const MOST: usize = 64;
    let array = call.args[1];
    let (mut rewrite, mut files, mut sent) = (Rewrite::default(), Vec::new(), 0u64);
    for header in headers.iter().take(MOST) {
        let entry = array + sent * ENTRY_SIZE;
        match reached(call, header) {
            Ok(None) => {}
            Ok(Some(found)) => {
                let at = scratch(call, rewrite.data.len());
                let address = found.address.as_bytes();
                let name = [&at.to_ne_bytes()[..], &(address.len() as u32).to_ne_bytes()].concat();
                call.mem.write(entry, &name)?;
                rewrite.data.extend_from_slice(address);
                files.extend(found.file);
            }
            Err(failure) if sent == 0 => return Err(failure),
            Err(_) => break,
        }
        sent += 1;
    }
    rewrite.set(2, sent);
    let names: Vec<[u8; 12]> = headers[..sent as usize]
        .iter()
        .map(|header| header[..12].try_into().expect("twelve bytes"))
        .collect();
    rewrite.exit = Some(Box::new(move |call, ret| {
        drop(files);
        for (index, name) in names.iter().enumerate() {
            call.mem.write(array + index as u64 * ENTRY_SIZE, name)?;
        }
        Ok(ret)
    }));
    Ok(Action::Rewrite(rewrite))
}

/// A changed call whose second argument is a copy of the header at `address`, with what its name stands on.
fn staged(call: &Call<'_>, address: u64) -> Result<(Rewrite, Option<OwnedFd>), Failure> {
    let mut header = header(call, address).map_err(|errno| fault(call, errno.into()))?;
    let mut rewrite = Rewrite::default();
    // Behind the header.
    let mut rest = Vec::new();
    if let Some(control) = credentials::outgoing(call, word(&header, CONTROL), word(&header, CONTROL + 8))? {
        header[CONTROL..CONTROL + 8].copy_from_slice(&scratch(call, HEADER_SIZE).to_ne_bytes());
        rest = control;
    }
    let found = reached(call, &header)?;
    if let Some(found) = &found {
        let address = found.address.as_bytes();
        header[..8].copy_from_slice(&scratch(call, HEADER_SIZE + rest.len()).to_ne_bytes());
        header[8..12].copy_from_slice(&(address.len() as u32).to_ne_bytes());
        rest.extend_from_slice(address);
    }
    rewrite.stage(1, &[&header[..], &rest].concat());
    Ok((rewrite, found.and_then(|found| found.file)))
}

/// One word of a header.
fn word(header: &Header, at: usize) -> u64 {
    u64::from_ne_bytes(header[at..at + 8].try_into().expect("eight bytes"))
}

/// A header's address as the kernel is to see it; `None` without one.
fn reached(call: &Call<'_>, header: &Header) -> Result<Option<Reached>, Failure> {
    let (name, len) = name_of(header);
    // copy_msghdr_from_user: a negative length is an error, one above the largest address is cut. The kernel's to say.
    if name == 0 || len <= 0 {
        return Ok(None);
    }
    let given = Address::read(call, name, len.min(MAX_SIZE as i32))?;
    given.map(|given| reach(call, given)).transpose()
}

type Header = [u8; HEADER_SIZE];

fn header(call: &Call<'_>, address: u64) -> Result<Header, Errno> {
    let mut header = [0; HEADER_SIZE];
    call.mem.read(address, &mut header)?;
    Ok(header)
}

/// Where a header's name is, and its length.
fn name_of(header: &Header) -> (u64, i32) {
    let name = word(header, 0);
    let len = i32::from_ne_bytes(header[8..12].try_into().expect("four bytes"));
    (name, len)
}

/// The address at which `offset` of the staged bytes will be.
fn scratch(call: &Call<'_>, offset: usize) -> u64 {
    let slot = call.task().slot.as_ref().expect("a slot is taken before a handler runs");
    slot.address + SAVED_SIZE + offset as u64
}
