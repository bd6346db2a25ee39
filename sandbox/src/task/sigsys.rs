//! What the guest believes SIGSYS to do, where xroot's filter forces that signal upon it.
//!
//! The kernel forces it upon a thread that blocks or ignores it by taking the handler and the blocking away. So the
//! handler in the kernel is always some function there, [`CAUGHT`] where the guest has none: if it is gone at the
//! signal's stop, the thread had blocked the signal.
//!
//! Source: `force_sig_info_to_task` of kernel/signal.c; sigaction(2); execve(2) and clone(2) on what is inherited.
#![forbid(unsafe_code)]

use std::cell::Cell;

use crate::sys::stub::CAUGHT;

/// Bytes of the kernel's `struct sigaction`.
pub const ACTION_SIZE: usize = 32;

/// The kernel's `struct sigaction`, the same on both hosts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignalAction {
    pub handler: u64,
    pub flags: u64,
    pub restorer: u64,
    pub mask: u64,
}

impl SignalAction {
    /// From its bytes in memory.
    pub fn from_bytes(bytes: [u8; ACTION_SIZE]) -> Self {
        let word =
            |index: usize| u64::from_ne_bytes(bytes[index * 8..][..8].try_into().expect("eight bytes"));
        Self { handler: word(0), flags: word(1), restorer: word(2), mask: word(3) }
    }

    /// Its bytes in memory.
    pub fn to_bytes(self) -> [u8; ACTION_SIZE] {
        let mut bytes = [0; ACTION_SIZE];
        for (place, word) in bytes.chunks_mut(8).zip([self.handler, self.flags, self.restorer, self.mask]) {
            place.copy_from_slice(&word.to_ne_bytes());
        }
        bytes
    }
}

/// What becomes of a SIGSYS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    Default,
    Ignored,
    Handled,
}

/// The action of SIGSYS in processes that share their handlers.
#[derive(Clone, Debug, Default)]
pub struct Sigsys {
    action: Cell<SignalAction>,
    /// How often the kernel has been told an action.
    told: Cell<u64>,
}

impl Sigsys {
    /// What a process starts with that has inherited this disposition.
    pub fn inherited(is_ignored: bool) -> Self {
        let handler = if is_ignored { libc::SIG_IGN as u64 } else { libc::SIG_DFL as u64 };
        Self { action: Cell::new(SignalAction { handler, ..SignalAction::default() }), told: Cell::new(0) }
    }

    /// What execve leaves of it.
    pub fn after_exec(&self) -> Self {
        Self::inherited(self.disposition() == Disposition::Ignored)
    }

    /// The action as the guest has set it.
    pub fn action(&self) -> SignalAction {
        self.action.get()
    }

    /// The guest sets it.
    pub fn set(&self, action: SignalAction) {
        self.action.set(action);
        self.has_been_told();
    }

    /// The kernel has been told an action.
    pub fn has_been_told(&self) {
        self.told.set(self.told.get() + 1);
    }

    pub fn told(&self) -> u64 {
        self.told.get()
    }

    pub fn disposition(&self) -> Disposition {
        match self.action.get().handler as usize {
            libc::SIG_DFL => Disposition::Default,
            libc::SIG_IGN => Disposition::Ignored,
            _ => Disposition::Handled,
        }
    }

    /// A handler is about to run. "SA_RESETHAND: Restore the signal action to the default upon entry."
    pub fn delivered(&self) {
        let action = self.action.get();
        if action.flags & libc::SA_RESETHAND as u32 as u64 != 0 {
            self.action.set(SignalAction { handler: libc::SIG_DFL as u64, ..action });
        }
    }
}

/// What the kernel is told in the place of `action`: a function, which it never takes away by itself.
pub fn kept(action: SignalAction) -> SignalAction {
    let is_function = ![libc::SIG_DFL, libc::SIG_IGN].contains(&(action.handler as usize));
    let handler = if is_function { action.handler } else { CAUGHT };
    SignalAction { handler, flags: action.flags & !(libc::SA_RESETHAND as u32 as u64), ..action }
}

/// What is left to do for a thread upon which the kernel has forced a SIGSYS that it blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forced {
    /// The signals that it blocks.
    pub mask: u64,
    /// The forced signal has taken the place of one that was pending already, which it is to be again.
    pub pending: bool,
}

/// What a thread was like when its last such call was over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Whether it blocked the signal; nothing where it has made none.
    pub blocked: Option<bool>,
    /// As [`Sigsys::told`].
    pub told: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_always_has_a_function() {
        let action = |handler, flags| SignalAction { handler, flags, restorer: 3, mask: 4 };
        assert_eq!(kept(action(0, 0)), action(CAUGHT, 0));
        assert_eq!(kept(action(1, libc::SA_SIGINFO as u64)), action(CAUGHT, libc::SA_SIGINFO as u64));
        let reset = libc::SA_RESETHAND as u32 as u64;
        assert_eq!(kept(action(0x4000, reset | 1)), action(0x4000, 1));
        assert_eq!(SignalAction::from_bytes(action(1, 2).to_bytes()), action(1, 2));
    }

    #[test]
    fn execve_keeps_only_that_it_is_ignored() {
        let sigsys = Sigsys::default();
        for (handler, before, after) in [
            (0, Disposition::Default, Disposition::Default),
            (1, Disposition::Ignored, Disposition::Ignored),
            (0x4000, Disposition::Handled, Disposition::Default),
        ] {
            sigsys.set(SignalAction { handler, flags: 4, ..SignalAction::default() });
            assert_eq!(sigsys.disposition(), before);
            let executed = sigsys.after_exec();
            assert_eq!((executed.disposition(), executed.action().flags), (after, 0));
        }
    }

    #[test]
    fn a_handler_that_runs_once_is_gone_then() {
        let sigsys = Sigsys::default();
        let flags = libc::SA_RESETHAND as u32 as u64;
        sigsys.set(SignalAction { handler: 0x4000, flags, ..SignalAction::default() });
        sigsys.delivered();
        assert_eq!((sigsys.disposition(), sigsys.action().flags), (Disposition::Default, flags));
    }
}
