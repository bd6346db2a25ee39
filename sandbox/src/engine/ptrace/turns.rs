//! Whose stop comes next.
//!
//! wait(2) takes the first of the tracees that have stopped, the newest before the others (do_wait() of kernel/exit.c).
//! One that stops again at once is always the first, on a machine with one processor above all, and the older ones
//! would never go on. So from time to time one after the other is asked for first.
//!
//! No stop is taken before it can be answered: an execve of another thread may give the task's number away meanwhile.
#![forbid(unsafe_code)]

use nix::unistd::Pid;

use super::Engine;
use crate::error::Errno;
use crate::sys::wait::{Event, poll, wait_any};

/// How many stops are taken as the kernel gives them before a task is asked for. That costs a call.
const UNFAIR: u32 = 8;

/// Who has had his turn.
pub(super) struct Turns {
    stops: u32,
    last: Pid,
}

impl Turns {
    pub(super) fn new(root: Pid) -> Self {
        Self { stops: 0, last: root }
    }

    /// The task of `tids` that is asked for before any other may come, if it is time for one.
    fn next(&mut self, tids: impl Iterator<Item = Pid>) -> Option<Pid> {
        self.stops = (self.stops + 1) % UNFAIR;
        if self.stops != 0 {
            return None;
        }
        let next = tids.min_by_key(|&tid| (tid <= self.last, tid))?;
        self.last = next;
        Some(next)
    }
}

impl Engine<'_> {
    /// Waits for the next event.
    ///
    /// # Errors
    /// As [`wait_any`].
    pub(super) fn next_event(&mut self) -> Result<(Pid, Event), Errno> {
        if let Some(pid) = self.turns.next(self.tasks.iter().map(|task| task.tid)) {
            if let Ok(Some(event)) = poll(pid) {
                return Ok((pid, event));
            }
        }
        wait_any()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_has_its_turn() {
        let tids = [30, 10, 20].map(Pid::from_raw);
        let mut turns = Turns::new(tids[1]);
        let asked: Vec<_> = (0..UNFAIR * 4).filter_map(|_| turns.next(tids.into_iter())).collect();
        assert_eq!(asked, [20, 30, 10, 20].map(Pid::from_raw));
        let nobody: Vec<_> = (0..UNFAIR).filter_map(|_| turns.next([].into_iter())).collect();
        assert_eq!(nobody, []);
    }
}
