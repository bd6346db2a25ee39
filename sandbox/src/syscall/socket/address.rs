//! A socket's address in bytes, as the guest gives it.
#![forbid(unsafe_code)]

use crate::error::Failure;
use crate::syscall::call::Call;

/// Bytes of `sun_path` (include/uapi/linux/un.h).
pub const PATH_SIZE: usize = 108;
/// Bytes of the family, in front of it.
pub const FAMILY_SIZE: usize = 2;
/// Bytes of `struct sockaddr_storage`, and the most that the kernel takes or gives.
pub const MAX_SIZE: usize = 128;

/// An address of any family.
pub struct Address(Vec<u8>);

impl Address {
    /// Copies the address of `len` bytes; `None` for a length that the kernel refuses before it reads.
    ///
    /// # Errors
    /// EFAULT; EBADF and ENOTSOCK, which the kernel finds first.
    pub fn read(call: &Call<'_>, address: u64, len: i32) -> Result<Option<Self>, Failure> {
        let Some(len) = usize::try_from(len).ok().filter(|&len| len <= MAX_SIZE) else { return Ok(None) };
        let mut bytes = vec![0; len];
        call.mem.read(address, &mut bytes).map_err(|errno| super::fault(call, errno.into()))?;
        Ok(Some(Self(bytes)))
    }

    /// The address of a socket whose name is `path`, with a NUL behind it where there is room.
    pub fn of_path(path: &[u8]) -> Self {
        let mut bytes = (libc::AF_UNIX as u16).to_ne_bytes().to_vec();
        bytes.extend_from_slice(path);
        bytes.push(0);
        bytes.truncate(FAMILY_SIZE + PATH_SIZE);
        Self(bytes)
    }

    /// The address of a socket without a name.
    pub fn unnamed() -> Self {
        Self((libc::AF_UNIX as u16).to_ne_bytes().to_vec())
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The path of a socket with a name in the file system: "the string up to a NUL, or all of it" (unix(7), BUGS).
    pub fn path(&self) -> Option<&[u8]> {
        path_of(&self.0).filter(|_| self.0.len() <= FAMILY_SIZE + PATH_SIZE)
    }
}

/// The path in these bytes of an address; `None` if it is of another family, unnamed or abstract.
pub fn path_of(bytes: &[u8]) -> Option<&[u8]> {
    let path = bytes.strip_prefix(&(libc::AF_UNIX as u16).to_ne_bytes()[..])?;
    let end = path.iter().position(|&byte| byte == 0).unwrap_or(path.len());
    (end > 0).then_some(&path[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_in_the_file_system_are_paths() {
        let unix = (libc::AF_UNIX as u16).to_ne_bytes();
        let inet = (libc::AF_INET as u16).to_ne_bytes();
        let long = [b'x'; PATH_SIZE];
        for (family, rest, path) in [
            (unix, &b"/a\0rest"[..], Some(&b"/a"[..])),
            (unix, b"a", Some(b"a")),
            (unix, &long, Some(&long)),
            (unix, b"", None),
            (unix, b"\0abstract", None),
            (inet, b"/a", None),
        ] {
            assert_eq!(Address([&family, rest].concat()).path(), path, "{family:?} {rest:?}");
        }
        assert_eq!(Address([&unix[..], &long, b"x"].concat()).path(), None);
        assert_eq!(Address(vec![1]).path(), None);
    }

    #[test]
    fn an_address_of_a_path_ends_in_a_nul_where_there_is_room() {
        assert_eq!(Address::of_path(b"a").as_bytes(), b"\x01\0a\0");
        assert_eq!(Address::of_path(&[b'x'; PATH_SIZE]).as_bytes().len(), FAMILY_SIZE + PATH_SIZE);
    }
}
