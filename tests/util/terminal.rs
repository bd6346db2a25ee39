//! A terminal that a test types at, and what is printed there.
#![forbid(unsafe_code)]

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Instant;

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, poll};
use nix::pty::{PtyMaster, grantpt, posix_openpt, ptsname_r, unlockpt};

use super::live::HANG;
use super::user;

/// Bytes that only a terminal's owner sees: what a program prints there, without what was typed.
pub struct Terminal {
    pub child: Child,
    master: Option<PtyMaster>,
    pub slave: File,
    pub output: Receiver<Vec<u8>>,
    /// Read, and not asked for yet.
    pub seen: String,
}

impl Terminal {
    /// Starts `command` as the leader of a session on a new terminal, which echoes nothing.
    pub fn start(command: &mut Command) -> Self {
        let master =
            posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).expect("ptys are there");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("it is ours");
        let name = ptsname_r(&master).expect("it has a name");
        let slave = OpenOptions::new().read(true).write(true).open(name).expect("it is unlocked");
        let end = || Stdio::from(slave.try_clone().expect("descriptors are left"));
        let quiet = Command::new("stty").args(["-echo", "-onlcr"]).stdin(end()).status();
        assert!(quiet.is_ok_and(|status| status.success()), "stty works");
        if let Some((uid, gid)) = user() {
            command.uid(uid).gid(gid);
        }
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().expect("setsid is installed");
        let reader = master.as_fd().try_clone_to_owned().expect("descriptors are left");
        let (send, output) = mpsc::channel();
        thread::spawn(move || pass_on(File::from(reader), &send));
        Self { child, master: Some(master), slave, output, seen: String::new() }
    }

    pub fn type_in(&mut self, keys: &str) {
        let master = self.master.as_mut().expect("it has not been hung up");
        master.write_all(keys.as_bytes()).expect("a terminal takes keys");
    }

    /// What has been printed up to and with `end`.
    #[track_caller]
    pub fn until(&mut self, end: &str) -> String {
        let deadline = Instant::now() + HANG;
        loop {
            if let Some(at) = self.seen.find(end) {
                return self.seen.drain(..at + end.len()).collect();
            }
            assert!(Instant::now() < deadline, "no {end:?} in {:?}", self.seen);
            let block = self.output.recv_timeout(HANG).expect("the terminal is open");
            self.seen.push_str(&String::from_utf8_lossy(&block));
        }
    }

    pub fn hang_up(&mut self) {
        self.master = None;
        self.output = mpsc::channel().1;
    }
}

/// Sends what comes, and from time to time nothing: when nobody listens any more, the terminal must not stay open.
fn pass_on(mut reader: File, to: &Sender<Vec<u8>>) {
    let mut block = [0; 4096];
    loop {
        let mut ready = [PollFd::new(reader.as_fd(), PollFlags::POLLIN)];
        let len = match poll(&mut ready, 50u16) {
            Ok(0) | Err(_) => 0,
            Ok(_) => reader.read(&mut block).unwrap_or(0),
        };
        if to.send(block[..len].to_vec()).is_err() {
            return;
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Both may be gone already.
        self.hang_up();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
