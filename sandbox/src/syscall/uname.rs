//! uname(2) under a pretended kernel release, and for tools of this host in a guest of another machine.
#![forbid(unsafe_code)]

use std::os::unix::ffi::OsStrExt;

use super::call::{Action, Call};
use crate::error::Failure;
use crate::exec::Machine;
use crate::sys::fs::bytes_of;
use crate::vfs::ViewId;

/// uname(2). An emulator takes the release from here, as far as it does not set one itself (`qemu -r`), and never the
/// machine.
pub fn uname(call: &mut Call<'_>) -> Result<Action, Failure> {
    let (release, machine) = (&call.world.kernel_release, call.pretended_machine());
    if release.is_none() && machine.is_none() {
        return Ok(Action::Pass);
    }
    let mut name = crate::sys::process::uname()?;
    if let Some(release) = release {
        fill(&mut name.release, release.as_bytes());
    }
    if let Some(machine) = machine {
        let told = call.world.uname.as_deref().unwrap_or(machine.uname());
        fill(&mut name.machine, told.as_bytes());
    }
    call.mem.write(call.args[0], bytes_of(&name))?;
    Ok(Action::Answer(0))
}

impl Call<'_> {
    /// The machine that a tool of the host believes to be on; `None` for the guest's own programs.
    fn pretended_machine(&self) -> Option<&'static Machine> {
        self.world.machine.filter(|_| self.task().process.view.get() != ViewId::GUEST)
    }
}

/// Replaces a field, NUL-terminated and cut where it is too long.
fn fill(field: &mut [libc::c_char], text: &[u8]) {
    let keep = text.len().min(field.len() - 1);
    field.fill(0);
    for (to, &from) in field.iter_mut().zip(&text[..keep]) {
        *to = from as libc::c_char;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_cut_at_64_bytes_and_leaves_no_rest_of_the_old() {
        let mut field = [b'x' as libc::c_char; 65];
        fill(&mut field, b"4.19");
        assert_eq!(field[..5], [b'4', b'.', b'1', b'9', 0].map(|byte| byte as libc::c_char));
        assert!(field[4..].iter().all(|&byte| byte == 0));
        fill(&mut field, &[b'y'; 100]);
        assert_eq!(field[63..], [b'y' as libc::c_char, 0]);
    }
}
