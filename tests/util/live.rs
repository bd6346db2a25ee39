//! Programs that a test talks to while they run, and what is left of them afterwards.
#![forbid(unsafe_code)]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use super::programs::{self, Kind};
use super::{Rootfs, user};

/// Nothing takes this long; what does, hangs.
pub const HANG: Duration = Duration::from_secs(60);

/// Long enough for a signal, or a second one that should not come, to arrive.
pub const SETTLE: Duration = Duration::from_millis(200);

/// A rootfs with a shell and the host's `tools`.
pub fn with_shell(tools: &[&str]) -> Rootfs {
    let rootfs = Rootfs::new("root").dir("/tmp").dir("/proc").dir("/dev");
    for tool in ["sh"].iter().chain(tools) {
        add_tool(&rootfs, tool);
    }
    rootfs
}

fn add_tool(rootfs: &Rootfs, tool: &str) {
    let dirs = ["/bin", "/usr/bin", "/sbin", "/usr/sbin"];
    let host = dirs.iter().map(|dir| Path::new(dir).join(tool)).find(|path| path.exists());
    // What a link leads to: a copy may be a hard link.
    let host = host.unwrap_or_else(|| panic!("this host has no {tool}")).canonicalize().expect("it exists");
    rootfs.copy(&host, &format!("/bin/{tool}"));
    for library in programs::libraries(&host) {
        let guest = library.to_str().expect("libraries have plain names");
        if !rootfs.host(guest).exists() {
            rootfs.copy(&library, guest);
        }
    }
}

/// Adds a test program to `/bin`.
pub fn with_program(rootfs: Rootfs, name: &str) -> Rootfs {
    rootfs.program(name, Kind::Static).expect("static programs can be built everywhere")
}

/// A program that runs, and whose lines are read.
pub struct Live {
    pub child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Live {
    /// Starts `command` as the test user, in a group of its own.
    #[track_caller]
    pub fn start(command: &mut Command) -> Self {
        if let Some((uid, gid)) = user() {
            command.uid(uid).gid(gid);
        }
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().expect("stdout is a pipe");
        let (send, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, stdin, lines }
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("a pid fits"))
    }

    /// Sends it a line.
    #[track_caller]
    pub fn say(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("its input has not been closed");
        writeln!(stdin, "{line}").expect("it reads what it is told");
    }

    /// Closes its input.
    pub fn close(&mut self) {
        self.stdin = None;
    }

    /// The next line that it prints.
    #[track_caller]
    pub fn line(&self) -> String {
        self.lines.recv_timeout(HANG).expect("it prints another line")
    }

    /// The pid in the next line, its last word.
    #[track_caller]
    pub fn line_pid(&self) -> Pid {
        let line = self.line();
        let pid = line.rsplit(' ').next().and_then(|word| word.parse().ok());
        Pid::from_raw(pid.unwrap_or_else(|| panic!("no pid in {line:?}")))
    }

    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).expect("it runs");
    }

    /// Waits for its end; gives the exit code, or 128 + the signal's number.
    #[track_caller]
    pub fn end(&mut self) -> i32 {
        let status = self.wait();
        status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
    }

    /// Waits for its end.
    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        eventually("it ends", || {
            status = self.child.try_wait().expect("it is a child of this process");
            status.is_some()
        });
        status.expect("it has ended, or this has panicked")
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // Gone already, unless the test has failed.
        let _ = killpg(self.pid(), Signal::SIGKILL);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until `holds`.
#[track_caller]
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + HANG;
    while !holds() {
        assert!(Instant::now() < deadline, "it never came true that {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The letter that says what a process does (proc_pid_stat(5)); none if it is gone.
pub fn state(pid: Pid) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat[stat.rfind(')')? + 2..].chars().next()
}

/// True while a process runs; one that has ended but not been waited for does not.
pub fn runs(pid: Pid) -> bool {
    state(pid).is_some_and(|state| state != 'Z' && state != 'X')
}

/// The processes of this host in whose environment the variable `marker` is.
pub fn marked(marker: &str) -> Vec<Pid> {
    let entries = fs::read_dir("/proc").expect("/proc is mounted");
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter(|pid| {
        let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environ.split(|&byte| byte == 0).any(|entry| entry.starts_with(marker.as_bytes()))
    })
    .map(Pid::from_raw)
    .filter(|&pid| runs(pid))
    .collect()
}
