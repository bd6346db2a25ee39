//! Ids inside messages (SCM_CREDENTIALS) under a pretended identity: the kernel is told the real ones, the guest its own.
//!
//! Source: unix(7), cmsg(3).
#![forbid(unsafe_code)]

use crate::error::Errno;
use crate::syscall::call::Call;
use crate::syscall::ids;
use crate::syscall::table::Feature;

/// Bytes of `struct cmsghdr`: length, level, type.
const HEADER_SIZE: usize = 16;
/// Bytes of `struct ucred`: process, user, group.
const UCRED_SIZE: usize = 12;
/// More control data than this is left as it is.
const MOST: u64 = 4096;

/// The control data at `address` with the real ids; `None` if it needs no change.
///
/// # Errors
/// EFAULT.
pub fn outgoing(call: &Call<'_>, address: u64, len: u64) -> Result<Option<Vec<u8>>, Errno> {
    let Some(mut data) = read(call, address, len)? else { return Ok(None) };
    let credentials = call.task().process.credentials.borrow();
    let changed = replace(&mut data, |uid, gid| {
        let (real_uid, real_gid) = ids::own();
        let uid = if ids::may_claim_uid(&credentials, uid) { real_uid } else { uid };
        (uid, if ids::may_claim_gid(&credentials, gid) { real_gid } else { gid })
    });
    Ok(changed.then_some(data))
}

/// Puts the pretended ids into control data that the kernel has written.
///
/// # Errors
/// EFAULT.
pub fn incoming(call: &Call<'_>, address: u64, len: u64) -> Result<(), Errno> {
    let Some(mut data) = read(call, address, len)? else { return Ok(()) };
    if replace(&mut data, |uid, gid| ids::shown(call.world, uid, gid)) {
        call.mem.write(address, &data)?;
    }
    Ok(())
}

fn read(call: &Call<'_>, address: u64, len: u64) -> Result<Option<Vec<u8>>, Errno> {
    if !call.world.has(Feature::FakeIds) || address == 0 || len < HEADER_SIZE as u64 || len > MOST {
        return Ok(None);
    }
    let mut data = vec![0; len as usize];
    call.mem.read(address, &mut data)?;
    Ok(Some(data))
}

/// Replaces the ids of each credentials entry; true if there was one.
fn replace(data: &mut [u8], ids: impl Fn(u32, u32) -> (u32, u32)) -> bool {
    let (mut at, mut found) = (0, false);
    while let Some(entry) = data.get_mut(at..).filter(|rest| rest.len() >= HEADER_SIZE) {
        let number = |from: usize| i32::from_ne_bytes(entry[from..from + 4].try_into().expect("four bytes"));
        let len = usize::from_ne_bytes(entry[..8].try_into().expect("eight bytes"));
        if len < HEADER_SIZE || len > entry.len() {
            break;
        }
        let is_credentials = (number(8), number(12)) == (libc::SOL_SOCKET, libc::SCM_CREDENTIALS);
        if is_credentials && len >= HEADER_SIZE + UCRED_SIZE {
            let (uid, gid) = ids(number(HEADER_SIZE + 4) as u32, number(HEADER_SIZE + 8) as u32);
            let new = [uid.to_ne_bytes(), gid.to_ne_bytes()].concat();
            entry[HEADER_SIZE + 4..HEADER_SIZE + UCRED_SIZE].copy_from_slice(&new);
            found = true;
        }
        at += len.next_multiple_of(8);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(level: i32, kind: i32, data: &[u32]) -> Vec<u8> {
        let len = HEADER_SIZE + 4 * data.len();
        let mut bytes = len.to_ne_bytes().to_vec();
        bytes.extend([level, kind].into_iter().flat_map(i32::to_ne_bytes));
        bytes.extend(data.iter().flat_map(|word| word.to_ne_bytes()));
        bytes.resize(len.next_multiple_of(8), 0);
        bytes
    }

    #[test]
    fn only_credentials_are_replaced() {
        let rights = entry(libc::SOL_SOCKET, libc::SCM_RIGHTS, &[5, 6, 7]);
        let given = entry(libc::SOL_SOCKET, libc::SCM_CREDENTIALS, &[99, 0, 0]);
        let wanted = entry(libc::SOL_SOCKET, libc::SCM_CREDENTIALS, &[99, 1500, 100]);
        let mut data = [&rights[..], &given].concat();
        assert!(replace(&mut data, |_, _| (1500, 100)));
        assert_eq!(data, [&rights[..], &wanted].concat());
        assert!(!replace(&mut rights.clone(), |_, _| (1500, 100)));
    }

    #[test]
    fn a_length_that_lies_ends_the_walk() {
        for len in [0usize, 15, 29, usize::MAX] {
            let mut data = entry(libc::SOL_SOCKET, libc::SCM_CREDENTIALS, &[99, 0, 0]);
            data.truncate(28);
            data[..8].copy_from_slice(&len.to_ne_bytes());
            assert!(!replace(&mut data, |_, _| (1, 1)), "{len}");
        }
    }
}
