//! The working directory: the kernel's own stays real, its guest name is kept beside it.
//!
//! Source: chdir(2), getcwd(2).
#![forbid(unsafe_code)]

use super::call::{Action, Call, Rewrite};
use super::proc;
use crate::error::{Errno, Failure};
use crate::vfs::{GuestPath, Node, Resolved};

/// chdir(2).
pub fn chdir(call: &mut Call<'_>) -> Result<Action, Failure> {
    let spec = &call.row.paths[0];
    let Some(target) = call.pinned(spec)? else { return Err(Errno::ENOENT.into()) };
    proc::check_open(call, &target.resolved, false)?;
    let mut rewrite = Rewrite::default();
    target.stage(spec, &mut rewrite);
    let Resolved { guest, node, .. } = target.resolved;
    // The name of a link that the kernel follows is not that of the directory it leads to.
    let name = (!matches!(node, Some(Node::Magic(_)))).then_some(guest);
    rewrite.exit = Some(Box::new(move |call, ret| call.moved(name, ret)));
    Ok(Action::Rewrite(rewrite))
}

/// fchdir(2).
pub fn fchdir(_call: &mut Call<'_>) -> Result<Action, Failure> {
    let exit = |call: &mut Call<'_>, ret: i64| call.moved(None, ret);
    Ok(Action::Rewrite(Rewrite { exit: Some(Box::new(exit)), ..Rewrite::default() }))
}

/// getcwd(2): the length counts the NUL; ENOENT where the directory is deleted.
///
/// A directory that the guest has no name for (inherited from outside) is ENOENT too, where the kernel would say
/// "(unreachable)" and then the host's path.
pub fn getcwd(call: &mut Call<'_>) -> Result<Action, Failure> {
    let Some(name) = call.cwd_name()? else { return Err(Errno::ENOENT.into()) };
    let mut text = match name.below(&call.root()) {
        Some(rest) => [b"/", rest].concat(),
        // It lies outside a root that chroot(2) has made.
        None => [b"(unreachable)", name.as_bytes()].concat(),
    };
    text.push(0);
    if (call.args[1] as usize) < text.len() {
        return Err(Errno::ERANGE.into());
    }
    call.mem.write(call.args[0], &text)?;
    Ok(Action::Answer(text.len() as i64))
}

impl Call<'_> {
    /// Notes that the kernel's working directory is another one now, if the call has succeeded: `guest`, or what the
    /// kernel calls it.
    fn moved(&self, guest: Option<GuestPath>, ret: i64) -> Result<i64, Failure> {
        if ret != 0 {
            return Ok(ret);
        }
        let fs = &self.task().fs;
        *fs.handle.borrow_mut() = None;
        if guest.is_some() {
            *fs.cwd.borrow_mut() = guest;
            return Ok(ret);
        }
        *fs.cwd.borrow_mut() = None;
        match self.cwd_name() {
            // Deeper than any path can say.
            Err(Errno::ENAMETOOLONG) => Ok(ret),
            name => name.map(|_| ret).map_err(Failure::from),
        }
    }
}
