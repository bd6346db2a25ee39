//! Programs that run are not written to.
//!
//! The kernel sees to that for what it executes itself; the stub only maps the guest's programs.
//!
//! Source: open(2) and truncate(2), ETXTBSY; fs/namei.c, get_write_access().
#![forbid(unsafe_code)]

use std::os::fd::AsFd;

use super::call::Call;
use super::paths::Target;
use crate::error::Errno;
use crate::sys::fs;
use crate::vfs::Node;

impl Call<'_> {
    /// Refuses to write to a program that a process of the guest runs.
    ///
    /// # Errors
    /// ETXTBSY. A file that the caller may not write to is left to the kernel, whose EACCES comes first.
    pub fn check_text(&self, target: &Target) -> Result<(), Errno> {
        if !matches!(target.resolved.node, Some(Node::Other | Node::Magic(_))) {
            return Ok(());
        }
        let file = self.open_target(target)?;
        let stat = fs::fstat(file.as_fd())?;
        let is_program = stat.st_mode & libc::S_IFMT == libc::S_IFREG && stat.st_mode & 0o111 != 0;
        let runs = || self.tasks.iter().any(|task| task.mm.text.get() == Some((stat.st_dev, stat.st_ino)));
        if is_program && runs() && fs::access(file.as_fd(), libc::W_OK, libc::AT_EACCESS).is_ok() {
            return Err(Errno::ETXTBSY);
        }
        Ok(())
    }
}
