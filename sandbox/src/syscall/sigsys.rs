//! rt_sigaction(2) for SIGSYS, where xroot's filter forces that signal upon the guest.
//!
//! Source: rt_sigaction(2); [`crate::task::Sigsys`].
#![forbid(unsafe_code)]

use super::call::{Action, Call, Rewrite};
use crate::error::{Errno, Failure};
use crate::task::{ACTION_SIZE, SignalAction, kept};

/// rt_sigaction(2): the kernel gets another action than the guest sets, and the guest is shown its own.
pub fn rt_sigaction(call: &mut Call<'_>) -> Result<Action, Failure> {
    let (new_at, old_at) = (call.args[1], call.args[2]);
    // EINVAL for another size of a mask comes first.
    if call.world.trapped.is_empty() || call.args[3] != 8 {
        return Ok(Action::Pass);
    }
    let mut rewrite = Rewrite::default();
    let mut new = None;
    if new_at != 0 {
        let mut bytes = [0; ACTION_SIZE];
        call.mem.read(new_at, &mut bytes)?;
        let action = SignalAction::from_bytes(bytes);
        rewrite.stage(1, &kept(action).to_bytes());
        new = Some(action);
    }
    let own = call.task().sigsys.action();
    rewrite.exit = Some(Box::new(move |call, ret| {
        // An old action that cannot be written is found when the new one is in place.
        let is_set = [0, -(Errno::EFAULT as i64)].contains(&ret);
        if ret == 0 && old_at != 0 {
            // As the kernel has filled it, flags and mask that it does not know taken away.
            let mut bytes = [0; ACTION_SIZE];
            call.mem.read(old_at, &mut bytes)?;
            let mut shown = SignalAction::from_bytes(bytes);
            shown.handler = own.handler;
            shown.flags |= own.flags & libc::SA_RESETHAND as u32 as u64;
            call.mem.write(old_at, &shown.to_bytes())?;
        }
        if let (true, Some(action)) = (is_set, new) {
            call.task().sigsys.set(action);
        }
        Ok(ret)
    }));
    Ok(Action::Rewrite(rewrite))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::mem::FakeMemory;
    use crate::syscall::testing::{Fixture, refused};

    #[test]
    fn only_where_sigsys_is_forced_and_an_action_can_be_read() {
        let memory = FakeMemory::new(&[0; ACTION_SIZE]);
        let mut fixture = Fixture::new("/");
        let signal = libc::SIGSYS as u64;
        let bad = [signal, FakeMemory::BASE + 8, 0, 8];
        assert_eq!(refused(fixture.call("rt_sigaction", &memory, bad), rt_sigaction), None);
        fixture.world.trapped = vec!["chroot"];
        assert_eq!(refused(fixture.call("rt_sigaction", &memory, bad), rt_sigaction), Some(Errno::EFAULT));
        let good = [signal, FakeMemory::BASE, 0, 8];
        assert_eq!(refused(fixture.call("rt_sigaction", &memory, good), rt_sigaction), None);
    }
}
