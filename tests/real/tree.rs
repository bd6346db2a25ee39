//! A Debian tree, and a command that runs in it twice: natively and under xroot.
#![forbid(unsafe_code)]

use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{fs, thread};

use crate::util::run::{Xroot, run_for};
use crate::util::{Output, Scratch, data, diff, give, run, skip, source, user};

/// Nothing takes this long, emulated or not; what does, hangs.
const HANG: Duration = Duration::from_secs(900);

const PATH: &str = "/usr/local/bin:/usr/bin:/bin:/usr/sbin";

/// A tree that `make test` has prepared.
pub struct Tree {
    rootfs: PathBuf,
}

/// What both runs left behind, with the names of their homes replaced.
pub struct Both {
    pub native: Output,
    pub xroot: Output,
}

/// What a command finds in its working directory.
#[derive(Default)]
pub struct Work<'a> {
    /// A directory whose content is copied to it.
    pub copy: Option<&'a Path>,
    pub files: &'a [(&'a str, &'a str)],
}

impl Tree {
    pub fn new(name: &str) -> Option<Self> {
        let rootfs = data(&format!("rootfs/{name}"));
        if rootfs.is_none() {
            skip(&format!("no tree {name} in XROOT_TEST_DATA: make test prepares it"));
        }
        rootfs.map(|rootfs| Self { rootfs })
    }

    /// A tree that only `make test-full` prepares; none where the tests that take minutes are not wanted.
    pub fn full(name: &str) -> Option<Self> {
        crate::util::full().then(|| Self::new(name)).flatten()
    }

    /// Runs the shell script at once natively and under xroot; none where a user may make no user namespace.
    #[track_caller]
    pub fn both(&self, work: &Work<'_>, script: &str) -> Option<Both> {
        if !run(Command::new("unshare").args(["-Urm", "true"]).stdin(Stdio::null())).status.success() {
            // Not in our hands, so no failure where tests must run.
            println!("skipped: no user namespace here");
            return None;
        }
        let (native, xroot) = thread::scope(|scope| {
            let native = scope.spawn(|| self.run(work, script, Self::native));
            let xroot = self.run(work, script, Self::xroot);
            (native.join().expect("it has panicked, and said why"), xroot)
        });
        Some(Both { native, xroot })
    }

    /// Runs the script under xroot.
    #[track_caller]
    pub fn alone(&self, work: &Work<'_>, script: &str) -> Output {
        self.run(work, script, Self::xroot)
    }

    #[track_caller]
    fn run(&self, work: &Work<'_>, script: &str, command: fn(&Self, &Path) -> Command) -> Output {
        let home = Scratch::new();
        let dir = home.dir("work");
        home.dir("tmp");
        if let Some(from) = work.copy {
            run(Command::new("cp").arg("-a").arg(from.join(".")).arg(&dir)).success();
        }
        for (name, text) in work.files {
            fs::write(dir.join(name), text).expect("the directory is ours");
            give(&dir.join(name));
        }
        let port = free_port();
        let mut command = command(self, home.path());
        command.env_clear().stdin(Stdio::null()).current_dir(&dir);
        command
            .env("PATH", self.search_path())
            .env("HOME", home.path())
            .env("TMPDIR", home.path().join("tmp"));
        command.env("LANG", "C.UTF-8").env("TERM", "dumb").env("PORT", &port);
        command.args(["sh", "-c", script]);
        let mut output = run_for(&mut command, HANG).unwrap_or_else(|hung| panic!("{hung}"));
        let name = home.path().to_str().expect("scratch directories have plain names");
        for text in [&mut output.stdout, &mut output.stderr] {
            *text = text.replace(name, "HOME").replace(&port, "PORT");
        }
        output
    }

    /// The emulators first, which no guest of this machine has there.
    fn search_path(&self) -> String {
        data("qemu").map_or_else(|| PATH.to_owned(), |qemu| format!("{}:{PATH}", qemu.display()))
    }

    fn native(&self, home: &Path) -> Command {
        let mine = fs::metadata("/proc/self").expect("/proc is mounted");
        let (uid, gid) = user().unwrap_or((mine.uid(), mine.gid()));
        let mut command = Command::new("unshare");
        command.args(["-Urm", "sh"]).arg(source().join("tests/real/native.sh"));
        command.args([&self.rootfs, home]).args([uid, gid].map(|id| id.to_string()));
        command
    }

    fn xroot(&self, home: &Path) -> Command {
        Xroot::new(&self.rootfs, &home.join("work")).args(["--no-native"]).into_command()
    }
}

impl Both {
    /// Fails unless both have ended well and printed the same; gives what they printed.
    #[track_caller]
    pub fn same(self) -> String {
        let differ = diff::lines(&self.native.stdout, &self.xroot.stdout);
        assert!(
            differ.is_empty() && self.native.code() == self.xroot.code(),
            "native (-) and xroot (+) differ; exit {} and {}\n{differ}\n--- stderr natively\n{}\n--- stderr under xroot\n{}",
            self.native.code(),
            self.xroot.code(),
            self.native.stderr.trim_end(),
            self.xroot.stderr.trim_end()
        );
        self.native.stdout
    }
}

/// A port that nobody listens at, as text. Of five digits, so that nothing else in an output looks like it.
fn free_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("the host has a loopback network");
    listener.local_addr().expect("it is bound").port().to_string()
}
