//! The process that stands for the command in the eyes of whoever started xroot: it is waited for, signalled and
//! stopped in the command's place, while its child traces.
//!
//! They are two, because a stopped process can do nothing: the tree has to be traced while the command is stopped, and
//! whoever continues the command, be it the guest itself, has to continue what stands for it.
//!
//! Source: signal(7), sigqueue(3), prctl(2) "PR_SET_PDEATHSIG".

use std::collections::VecDeque;
use std::time::Duration;

use nix::unistd::{Pid, getpgid, getpgrp, getsid, tcgetpgrp, tcsetpgrp};

use super::signal::{Blocked, Received, Sender, queue};
use crate::error::{Errno, Error};

/// Signals that a process may send to xroot and mean the command.
const PASSED_ON: [i32; 12] = [
    libc::SIGTERM,
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGWINCH,
    libc::SIGALRM,
    libc::SIGTSTP,
    libc::SIGTTIN,
    libc::SIGTTOU,
    libc::SIGCONT,
];

/// Time in which a signal to the whole group reaches its other members.
const GROUP_LAG: Duration = Duration::from_millis(2);

/// Which of the two processes this is.
pub enum Side {
    /// The first one; the tracer has ended with this status.
    Front(u8),
    /// The tracer.
    Tracer(Front),
}

/// The tracer's handle on the first process.
pub struct Front(Pid);

/// What the tracer tells, as the value of a queued signal.
enum Note {
    /// The command is this process.
    Started(Pid),
    /// This signal has stopped it.
    Stopped(i32),
    Continued,
}

fn note_signal() -> i32 {
    libc::SIGRTMAX()
}

/// Forks the tracer off. Both processes return from this, the first one only when the tracer has ended.
///
/// The caller has no other thread.
///
/// # Errors
/// EAGAIN if there may be no more processes; in the first process also what happened to the tracer.
pub fn split() -> Result<Side, Error> {
    let blocked = Blocked::new(PASSED_ON.into_iter().chain([libc::SIGCHLD, note_signal()]));
    // Who ignores SIGCHLD cannot wait. The command gets it back as it was.
    // SAFETY: SIG_DFL is a valid disposition.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
    let front = Pid::this();
    // SAFETY: there is one thread, so the child may go on as its parent does.
    let pid = Errno::result(unsafe { libc::fork() }).map_err(Error::os("cannot start a process"))?;
    if pid != 0 {
        return Ok(Side::Front(Standing::new(Pid::from_raw(pid)).stand(&blocked)?));
    }
    // SAFETY: takes a number only.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    if nix::unistd::getppid() != front {
        // It died before that.
        return Err(Error::os("the process that xroot was started as is gone")(Errno::ESRCH));
    }
    Ok(Side::Tracer(Front(front)))
}

impl Front {
    pub fn pid(&self) -> Pid {
        self.0
    }

    /// The command is the process `root`.
    pub fn started(&self, root: Pid) {
        self.tell(Note::Started(root));
    }

    /// `signal` has stopped the command.
    pub fn stopped(&self, signal: i32) {
        if signal == libc::SIGSTOP {
            // Nobody can block it, so it needs no help, and keeps its order with SIGCONT.
            let _ = nix::sys::signal::kill(self.0, nix::sys::signal::SIGSTOP);
        } else {
            self.tell(Note::Stopped(signal));
        }
    }

    /// The command has been continued.
    pub fn continued(&self) {
        self.tell(Note::Continued);
        let _ = nix::sys::signal::kill(self.0, nix::sys::signal::SIGCONT);
    }

    fn tell(&self, note: Note) {
        // If the user may have no more signals pending, job control suffers; nothing else does.
        let _ = queue(self.0, note_signal(), note.value());
    }
}

impl Note {
    fn value(&self) -> u64 {
        match self {
            Self::Started(pid) => 1 << 32 | pid.as_raw() as u64,
            Self::Stopped(signal) => 2 << 32 | *signal as u64,
            Self::Continued => 3 << 32,
        }
    }

    fn of(value: u64) -> Option<Self> {
        match value >> 32 {
            1 => Some(Self::Started(Pid::from_raw(value as i32))),
            2 => Some(Self::Stopped(value as i32)),
            3 => Some(Self::Continued),
            _ => None,
        }
    }
}

/// The first process's knowledge.
struct Standing {
    tracer: Pid,
    root: Option<Pid>,
    /// What came before the command was there.
    early: VecDeque<Received>,
    /// Set while the command is stopped and this process has not followed it yet.
    stop: Option<i32>,
}

impl Standing {
    fn new(tracer: Pid) -> Self {
        Self { tracer, root: None, early: VecDeque::new(), stop: None }
    }

    fn stand(mut self, blocked: &Blocked) -> Result<u8, Error> {
        loop {
            let Ok(received) = blocked.wait() else { continue };
            if received.signal == libc::SIGCHLD {
                if let Some(ended) = self.tracer_ended() {
                    return ended;
                }
            } else if received.signal == note_signal() {
                self.take_note(&received);
                if let Some(signal) = self.stop.take() {
                    self.stop_by(signal);
                }
            } else if received.sender != Some(self.tracer) {
                self.pass_on(received);
            }
        }
    }

    fn tracer_ended(&self) -> Option<Result<u8, Error>> {
        let mut status = 0;
        // SAFETY: the kernel writes one int to `status`.
        let pid = unsafe { libc::waitpid(self.tracer.as_raw(), &raw mut status, libc::WNOHANG) };
        match pid {
            0 => None,
            _ if pid > 0 && libc::WIFEXITED(status) => Some(Ok(libc::WEXITSTATUS(status) as u8)),
            _ => Some(Err(Error::os("xroot's tracing process was killed")(Errno::ECHILD))),
        }
    }

    fn take_note(&mut self, received: &Received) {
        if received.sender != Some(self.tracer) {
            return;
        }
        match Note::of(received.value) {
            Some(Note::Started(root)) => {
                self.root = Some(root);
                while let Some(received) = self.early.pop_front() {
                    self.pass_on(received);
                }
            }
            Some(Note::Stopped(signal)) => self.stop = Some(signal),
            Some(Note::Continued) => self.stop = None,
            None => {}
        }
    }

    /// Stops as the command has, unless it has been continued meanwhile.
    fn stop_by(&mut self, signal: i32) {
        // First the stop signal is pending, and blocked: a SIGCONT from now on takes it back.
        let stop = Blocked::pend(signal);
        self.stop = Some(signal);
        // Then notes are read that came before that.
        while let Some(received) = Blocked::only(note_signal()).poll() {
            self.take_note(&received);
        }
        if self.stop.take().is_some() {
            stop.let_through();
        } else {
            stop.poll();
        }
    }

    /// Passes on what a process sent. What the terminal sends has reached the command already.
    fn pass_on(&mut self, received: Received) {
        let Some(root) = self.root else {
            self.early.push_back(received);
            return;
        };
        if received.signal == libc::SIGCONT {
            hand_over_terminal(root);
        }
        let value = match received.sender {
            Some(sender) => Sender::packed(sender, received.uid),
            // At a hang-up the kernel tells the leader of the session, and relies on it.
            None if received.signal == libc::SIGHUP && getsid(None) == Ok(Pid::this()) => 0,
            None => return,
        };
        if getpgid(Some(root)) == Ok(getpgrp()) {
            // It may have been sent to the whole group. The tracer drops the second one, if it comes second.
            std::thread::sleep(GROUP_LAG);
        }
        // Gone, if it fails.
        let _ = queue(root, received.signal, value);
    }
}

/// Makes the command's group the terminal's foreground group where this process's own group is.
///
/// A shell that continues a job gives the terminal to the job's group, which is this process's; an interactive shell as
/// the command has made a group of its own.
fn hand_over_terminal(root: Pid) {
    let (Ok(group), own) = (getpgid(Some(root)), getpgrp()) else { return };
    if group == own {
        return;
    }
    let Ok(terminal) = std::fs::File::open("/dev/tty") else { return };
    if tcgetpgrp(&terminal) == Ok(own) {
        // It may be gone.
        let _ = tcsetpgrp(&terminal, group);
    }
}
