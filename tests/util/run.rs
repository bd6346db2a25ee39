//! Runs a program, natively or under xroot, and never waits for ever.
#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};
use std::{fmt, thread};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::{Rootfs, binary, rootfs, user};

/// No run comes near this; one that reaches it hangs.
const HANG: Duration = Duration::from_secs(240);

/// What a program left behind.
pub struct Output {
    pub stdout: String,
    pub stderr: String,
    pub status: ExitStatus,
}

impl Output {
    /// The exit code, or 128 + the signal's number.
    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| 128 + self.status.signal().unwrap_or(0))
    }

    /// Fails unless the program ended with 0; gives its output.
    #[track_caller]
    pub fn success(self) -> String {
        assert!(self.status.success(), "{self}");
        self.stdout
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.status)?;
        writeln!(f, "--- stdout\n{}", self.stdout.trim_end())?;
        write!(f, "--- stderr\n{}", self.stderr.trim_end())
    }
}

/// Runs `command` as the test user, in a process group of its own, with nothing to read unless it says otherwise.
///
/// # Panics
/// When it does not end: the group is killed, and what it had printed is shown.
#[track_caller]
pub fn run(command: &mut Command) -> Output {
    run_for(command, HANG).unwrap_or_else(|hung| panic!("{hung}"))
}

/// As [`run`], for at most `limit`; gives what there is to say about a program that does not end.
#[track_caller]
pub fn run_for(command: &mut Command, limit: Duration) -> Result<Output, String> {
    if let Some((uid, gid)) = user() {
        command.uid(uid).gid(gid);
    }
    command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let stdout = collect(child.stdout.take().expect("stdout is a pipe"));
    let stderr = collect(child.stderr.take().expect("stderr is a pipe"));
    let deadline = Instant::now() + limit;
    let status = wait(&mut child, deadline);
    if status.is_none() {
        kill_group(&child);
    }
    // What a program left running may hold the pipes open; it gets a moment, not for ever.
    let mut hung = status.is_none();
    let mut text = |from: &Receiver<Vec<u8>>| {
        let mut bytes = Vec::new();
        loop {
            match from.recv_timeout(Duration::from_secs(if hung { 1 } else { 20 })) {
                Ok(block) => bytes.extend(block),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    hung = true;
                    break;
                }
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let (stdout, stderr) = (text(&stdout), text(&stderr));
    if hung {
        kill_group(&child);
        let what = if status.is_some() { "left processes that hold its output" } else { "did not end" };
        return Err(format!("{command:?} {what}\n--- stdout\n{stdout}\n--- stderr\n{stderr}"));
    }
    Ok(Output { stdout, stderr, status: status.expect("it has ended, or this has returned") })
}

fn wait(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    let mut pause = Duration::from_millis(1);
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait().expect("it is a child of this process") {
            return Some(status);
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
    None
}

fn kill_group(child: &Child) {
    let group = Pid::from_raw(i32::try_from(child.id()).expect("a pid fits"));
    // It may be gone already; then there is nothing to do.
    let _ = killpg(group, Signal::SIGKILL);
}

fn collect(mut from: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut block = [0; 65536];
        while let Ok(n @ 1..) = from.read(&mut block) {
            if send.send(block[..n].to_vec()).is_err() {
                return;
            }
        }
    });
    receive
}

/// Runs `program` on the host, in `cwd`, with the environment that guests get in these tests.
#[track_caller]
pub fn native(program: &Path, cwd: &Path) -> Output {
    let mut command = Command::new(program);
    run(command.current_dir(cwd).env_clear().env("PATH", rootfs::PATH).env("HOME", "/").stdin(Stdio::null()))
}

/// An xroot command line in the making.
pub struct Xroot {
    command: Command,
}

/// Starts an xroot command line for `rootfs`, run from a directory beside it, with an empty home.
pub fn xroot(rootfs: &Rootfs) -> Xroot {
    Xroot::new(rootfs.path(), rootfs.outside())
}

impl Xroot {
    /// Starts one for any rootfs, run from `cwd`, which is the caller's home too.
    pub fn new(rootfs: &Path, cwd: &Path) -> Self {
        let mut command = Command::new(binary());
        command.arg("-r").arg(rootfs).current_dir(cwd).env_clear();
        command.env("PATH", rootfs::PATH).env("HOME", cwd).stdin(Stdio::null());
        Self { command }
    }

    /// Adds any options.
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// Adds `-b SRC:DST`.
    pub fn bind(self, source: &Path, guest: &str) -> Self {
        let mut binding = source.as_os_str().to_owned();
        binding.push(":");
        binding.push(guest);
        self.args(["-b".as_ref(), binding.as_os_str()])
    }

    /// Adds `-w DIR`.
    pub fn workdir(self, guest: &str) -> Self {
        self.args(["-w", guest])
    }

    /// Adds `-e KEY=VALUE`.
    pub fn env(self, key: &str, value: &str) -> Self {
        self.args(["-e".to_owned(), format!("{key}={value}")])
    }

    /// Sets a variable of xroot's own environment.
    pub fn own_env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(key, value);
        self
    }

    /// Sets the directory that xroot is called in.
    pub fn current_dir(mut self, host: impl Into<PathBuf>) -> Self {
        self.command.current_dir(host.into());
        self
    }

    pub fn stdin(mut self, stdin: impl Into<Stdio>) -> Self {
        self.command.stdin(stdin);
        self
    }

    /// Runs a guest command.
    #[track_caller]
    pub fn run<S: AsRef<OsStr>>(mut self, command: impl IntoIterator<Item = S>) -> Output {
        run(self.command.args(command))
    }

    /// The command line itself, for tests that start it their own way; it lacks [`user`]'s identity.
    pub fn into_command(self) -> Command {
        self.command
    }
}
