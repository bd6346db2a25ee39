//! One line for every decision of the tracer, as strace(1) writes them.
//!
//! `1234 openat(AT_FDCWD, "lib/x", O_RDONLY) guest:/lib/x host:/srv/t/usr/lib/x -> rewrite to openat2 = 3`
//!
//! A line is written when the call has its result, so that the lines of several tasks stand in the order in which
//! their calls ended. Bytes that no terminal should get are escaped.
#![forbid(unsafe_code)]

mod arguments;
mod flags;

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Display;

use nix::sys::signal::Signal;
use nix::unistd::Pid;

pub use arguments::call;

use super::log::Log;
use crate::error::Errno;
use crate::vfs::{GuestPath, HostPath};

/// Writes the lines of a session.
pub struct Trace {
    log: Log,
    /// Calls that have no result yet, by thread.
    lines: RefCell<HashMap<Pid, Line>>,
    /// Where the paths of the call that is being decided lead.
    places: RefCell<Vec<String>>,
}

/// What is known of a call so far.
struct Line {
    call: String,
    places: Vec<String>,
    /// What the tracer makes of it.
    how: Option<String>,
}

impl Trace {
    pub fn new(log: Log) -> Self {
        Self { log, lines: RefCell::default(), places: RefCell::default() }
    }

    /// A call is about to be decided. One that is only made again, because memory had to be mapped first, replaces
    /// itself.
    pub fn begin(&self, tid: Pid, call: String) {
        self.places.borrow_mut().clear();
        self.lines.borrow_mut().insert(tid, Line { call, places: Vec::new(), how: None });
    }

    /// A path of the call that is being decided leads here.
    pub fn place(&self, guest: &GuestPath, host: &HostPath) {
        let (guest, host) = (guest.as_bytes().escape_ascii(), host.as_bytes().escape_ascii());
        let place = format!(" guest:{guest} host:{host}");
        let mut places = self.places.borrow_mut();
        if !places.contains(&place) {
            places.push(place);
        }
    }

    /// What becomes of the call; its result is to come.
    pub fn decided(&self, tid: Pid, how: impl Into<String>) {
        if let Some(line) = self.lines.borrow_mut().get_mut(&tid) {
            line.how = Some(how.into());
            line.places.append(&mut self.places.borrow_mut());
        }
    }

    /// The kernel runs the call as it is, and nobody looks at its result.
    pub fn passed(&self, tid: Pid) {
        self.decided(tid, "pass");
        self.end(tid, "");
    }

    /// The call has this result. By default that is the tracer's answer.
    pub fn returned(&self, tid: Pid, value: i64) {
        if self.lines.borrow().get(&tid).is_some_and(|line| line.how.is_none()) {
            self.decided(tid, "answer");
        }
        self.end(tid, &result(value));
    }

    /// The task is gone, its call without a result.
    pub fn gone(&self, tid: Pid, how: impl Display) {
        self.end(tid, " = ?");
        self.event(tid, how);
    }

    /// The thread `before` has become the leader of its process, whose own call ends without a result.
    pub fn renamed(&self, before: Pid, now: Pid) {
        self.end(now, " = ?");
        self.event(before, format!("goes on as {now}"));
    }

    /// A signal or a stop has come to a task.
    pub fn signalled(&self, tid: Pid, what: impl Display) {
        self.log.line(&format!("{tid} --- {what} ---"));
    }

    /// A task has begun, changed or ended.
    pub fn event(&self, tid: Pid, what: impl Display) {
        self.log.line(&format!("{tid} +++ {what} +++"));
    }

    fn end(&self, tid: Pid, result: &str) {
        let Some(Line { call, places, how }) = self.lines.borrow_mut().remove(&tid) else { return };
        let how = how.as_deref().unwrap_or("none");
        self.log.line(&format!("{tid} {call}{} -> {how}{result}", places.concat()));
    }
}

/// A result as strace shows it.
fn result(value: i64) -> String {
    match value {
        // The kernel makes these calls again, or says EINTR (include/linux/errno.h).
        -516..=-512 => " = ? (interrupted)".into(),
        -4095..=-1 => {
            let errno = Errno::from_raw(-value as i32);
            format!(" = -1 {errno:?} ({})", errno.desc())
        }
        value => format!(" = {value}"),
    }
}

/// The name of a signal.
pub fn signal(number: i32) -> String {
    match Signal::try_from(number) {
        Ok(signal) => signal.as_str().to_owned(),
        Err(_) if number == 0 => "0".into(),
        Err(_) => format!("signal {number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_numbers_or_errnos_with_their_meaning() {
        assert_eq!(result(3), " = 3");
        assert_eq!(result(-2), " = -1 ENOENT (No such file or directory)");
        assert_eq!(result(-512), " = ? (interrupted)");
        assert_eq!(result(-5000), " = -5000");
    }

    #[test]
    fn signals_have_their_names() {
        assert_eq!((signal(15), signal(34)), ("SIGTERM".to_owned(), "signal 34".to_owned()));
    }
}
