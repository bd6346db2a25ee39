//! Whose stop comes next.
//!
//! wait(2) takes the first of the tracees that have stopped, the newest before the others (do_wait() of kernel/exit.c).
//! One that stops again at once is always the first, on a machine with one processor above all, and the older ones
//! would never go on. So from time to time all that have stopped are taken, and each has its turn.
#![forbid(unsafe_code)]

use std::collections::VecDeque;

use nix::unistd::Pid;

use crate::error::Errno;
use crate::sys::wait::{Event, poll_any, wait_any};

/// How many stops are taken as the kernel gives them. Asking for more than one costs a call for each time.
const UNFAIR: u32 = 16;

/// Stops that have been taken, but not answered.
#[derive(Default)]
pub(super) struct Queue {
    taken: VecDeque<(Pid, Event)>,
    in_a_row: u32,
}

impl Queue {
    /// The next event.
    ///
    /// # Errors
    /// As [`wait_any`].
    pub(super) fn next(&mut self) -> Result<(Pid, Event), Errno> {
        if let Some(event) = self.taken.pop_front() {
            return Ok(event);
        }
        let first = wait_any()?;
        self.in_a_row += 1;
        if self.in_a_row < UNFAIR {
            return Ok(first);
        }
        self.in_a_row = 0;
        self.push(first);
        // Without any left there is no more to be told.
        while let Ok(Some(event)) = poll_any() {
            self.push(event);
        }
        self.next()
    }

    /// A task that is killed leaves a stop that has not been answered yet.
    fn push(&mut self, (pid, event): (Pid, Event)) {
        let is_end = |event: &Event| matches!(event, Event::Exited(_) | Event::Killed(_));
        self.taken.retain(|(other, before)| *other != pid || is_end(before));
        self.taken.push_back((pid, event));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_stop_of_a_task_is_the_one_that_counts_but_an_end_stays() {
        let mut queue = Queue::default();
        let [one, two] = [10, 11].map(Pid::from_raw);
        for event in [
            (one, Event::Seccomp),
            (two, Event::Seccomp),
            (one, Event::Exit),
            (one, Event::Killed(9)),
            // The number is another task's by now.
            (one, Event::Trap),
        ] {
            queue.push(event);
        }
        let left = [(two, Event::Seccomp), (one, Event::Killed(9)), (one, Event::Trap)];
        assert_eq!(queue.taken, left);
        assert_eq!(queue.next(), Ok(left[0]));
    }
}
