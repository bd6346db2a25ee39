//! What of /proc must agree with the guest's view.
#![forbid(unsafe_code)]

use super::call::Call;
use crate::error::{Errno, Failure};
use crate::sys::fs;
use crate::vfs::{HostPath, Resolved};

/// What readlink(2) says of a magic link.
pub fn link_text(call: &Call<'_>, link: &Resolved) -> Result<Vec<u8>, Errno> {
    let text = fs::readlink(link.host.as_bytes())?;
    if !text.starts_with(b"/") {
        return Ok(text);
    }
    let guest = call.name_of(HostPath::from_bytes(text)).ok_or(Errno::EACCES)?;
    Ok(guest.as_bytes().to_vec())
}

/// Where the tracee finds the translated contents of a file of /proc, if they differ from the kernel's.
pub fn replacement(_call: &Call<'_>, _file: &Resolved) -> Result<Option<HostPath>, Failure> {
    Ok(None)
}
