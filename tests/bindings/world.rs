//! A root file system with bindings, twice: for the kernel, with real mounts, and for xroot.
#![forbid(unsafe_code)]
#![allow(dead_code, reason = "each test file uses its own part of it")]

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::{getgid, getuid};

use crate::util::programs::{self, Kind};
use crate::util::{Output, Rootfs, Scratch, chmod, diff, give, run, user, xroot};

/// Who shows the tree to the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shower {
    Kernel,
    Xroot,
}

/// One binding.
struct Binding {
    source: PathBuf,
    guest: OsString,
    mode: &'static str,
}

/// A rootfs and directories of the host's, built anew for each [`Shower`].
pub struct World {
    pub shower: Shower,
    pub rootfs: Rootfs,
    /// Holds the sources of bindings.
    pub scratch: Scratch,
    bindings: Vec<Binding>,
    workdir: String,
    args: Vec<String>,
}

impl World {
    /// A rootfs with the test program, and the host's /proc and /dev.
    pub fn new(shower: Shower, program: &str) -> Self {
        let rootfs =
            Rootfs::new("root").program(program, Kind::Static).expect("static programs can be built");
        // Guests whose users do not know the caller are shown files that do.
        let (uid, gid) = user().unwrap_or((getuid().as_raw(), getgid().as_raw()));
        let rootfs = rootfs
            .dir("/proc")
            .dir("/dev")
            .file("/etc/passwd", &format!("me:x:{uid}:{gid}::/:/bin/sh\n"))
            .file("/etc/group", &format!("me:x:{gid}:\n"));
        let this = Self {
            shower,
            rootfs,
            scratch: Scratch::new(),
            bindings: Vec::new(),
            workdir: "/".into(),
            args: vec![format!("/bin/{program}")],
        };
        this.bind_path(Path::new("/proc"), "/proc", "rw").bind_path(Path::new("/dev"), "/dev", "rw")
    }

    /// A place of the host's that bindings show.
    pub fn host(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    pub fn dir(self, name: &str) -> Self {
        let mut path = self.scratch.path().to_path_buf();
        for part in name.split('/') {
            path.push(part);
            if !path.is_dir() {
                fs::create_dir(&path).expect("scratch can be written");
                give(&path);
            }
        }
        self
    }

    pub fn file(self, name: &str, text: &str) -> Self {
        self.file_with_mode(name, text, 0o644)
    }

    pub fn file_with_mode(self, name: &str, text: &str, mode: u32) -> Self {
        let path = self.host(name);
        fs::write(&path, text).unwrap_or_else(|error| panic!("cannot write {name}: {error}"));
        give(&path);
        chmod(&path, mode);
        self
    }

    pub fn link(self, name: &str, text: &str) -> Self {
        let path = self.host(name);
        symlink(text, &path).unwrap_or_else(|error| panic!("cannot link {name}: {error}"));
        give(&path);
        self
    }

    /// Puts a copy of the test program there.
    pub fn program(self, name: &str, program: &str) -> Self {
        let built = programs::build(program, Kind::Static).expect("static programs can be built");
        let path = self.host(name);
        let copied = Command::new("cp").arg(built).arg(&path).status();
        assert!(copied.is_ok_and(|status| status.success()), "cannot copy {program}");
        give(&path);
        self
    }

    /// Puts a copy of the test program into the rootfs.
    pub fn program_in_rootfs(self, guest: &str, program: &str) -> Self {
        let built = programs::build(program, Kind::Static).expect("static programs can be built");
        self.rootfs.copy(&built, guest);
        self
    }

    /// Changes the rootfs.
    pub fn rootfs(mut self, change: impl FnOnce(Rootfs) -> Rootfs) -> Self {
        self.rootfs = change(self.rootfs);
        self
    }

    /// Binds the scratch's `source`.
    pub fn bind(self, source: &str, guest: impl AsRef<OsStr>, mode: &'static str) -> Self {
        let source = self.host(source);
        self.bind_path(&source, guest, mode)
    }

    pub fn bind_path(mut self, source: &Path, guest: impl AsRef<OsStr>, mode: &'static str) -> Self {
        self.bindings.push(Binding { source: source.into(), guest: guest.as_ref().into(), mode });
        self
    }

    /// What only the kernel needs: mount points, which xroot does without.
    pub fn kernel_needs(self, change: impl FnOnce(Self) -> Self) -> Self {
        if self.shower == Shower::Kernel { change(self) } else { self }
    }

    /// Missing parents of bindings: a directory with nothing but the names of what is bound, and read-only.
    pub fn skeleton(self, guest: &str, names: &[&OsStr]) -> Self {
        let name = format!("skeleton{}", guest.replace('/', "-"));
        let this = self.dir(&name);
        for entry in names {
            let path = this.host(&name).join(entry);
            fs::create_dir(&path).expect("scratch can be written");
            give(&path);
        }
        let is_below = this
            .bindings
            .iter()
            .any(|binding| binding.mode == "ro" && guest.starts_with(&*binding.guest.to_string_lossy()));
        let this = if is_below { this } else { this.rootfs(|root| root.dir(guest)) };
        this.bind(&name, guest, "ro")
    }

    pub fn workdir(mut self, guest: &str) -> Self {
        self.workdir = guest.into();
        self
    }

    /// Gives the program these arguments.
    pub fn args<S: Into<String>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Runs the program; nothing where the kernel allows no user namespace.
    #[track_caller]
    pub fn run(&self) -> Option<Output> {
        match self.shower {
            Shower::Kernel => self.run_mounted(),
            Shower::Xroot => Some(self.run_bound(&[])),
        }
    }

    /// Runs it under xroot with more options.
    #[track_caller]
    pub fn run_bound(&self, more: &[&str]) -> Output {
        let mut guest = xroot(&self.rootfs).args(["--no-default-binds"]);
        for Binding { source, guest: point, mode } in &self.bindings {
            let mut word = escaped(source.as_os_str());
            word.extend(b":");
            word.extend(escaped(point));
            word.extend(if *mode == "ro" { &b":ro"[..] } else { b"" });
            guest = guest.args([OsStr::new("-b"), OsStr::from_bytes(&word)]);
        }
        guest.args(more).workdir(&self.workdir).run(&self.args)
    }

    fn run_mounted(&self) -> Option<Output> {
        let enter = programs::build("bind_enter", Kind::Static).expect("static programs can be built");
        let mut command = Command::new(enter);
        command.arg(self.rootfs.path()).arg(&self.workdir).stdin(Stdio::null()).env_clear();
        command.current_dir("/").env("PATH", crate::util::rootfs::PATH).env("HOME", "/");
        for Binding { source, guest, mode } in &self.bindings {
            command.arg(source).arg(guest).arg(mode);
        }
        let output = run(command.arg("--").args(&self.args));
        if output.code() == 77 {
            // No skip that a set-up could avoid: such a machine cannot have the namespace at all.
            eprintln!("skipped: no bind mounts here: {}", output.stderr.trim_end());
            return None;
        }
        Some(output)
    }
}

/// A name as `-b` wants it.
fn escaped(name: &OsStr) -> Vec<u8> {
    let escape = |&byte: &u8| if b":\\".contains(&byte) { vec![b'\\', byte] } else { vec![byte] };
    name.as_bytes().iter().flat_map(escape).collect()
}

/// Runs the program with real mounts and under xroot, and compares what it prints.
#[track_caller]
pub fn compare(program: &str, build: impl Fn(World) -> World) {
    let seen = build(World::new(Shower::Xroot, program)).run().expect("xroot needs no namespace");
    assert!(seen.stdout.lines().count() > 5, "it compares nothing: {seen}");
    let Some(expected) = build(World::new(Shower::Kernel, program)).run() else { return };
    assert!(expected.status.success(), "the run with mounts fails, so the program is wrong: {expected}");
    assert!(
        expected.stdout == seen.stdout && expected.code() == seen.code(),
        "mounts (-) and xroot (+) differ; exit {} and {}\n{}\n--- stderr under xroot\n{}",
        expected.code(),
        seen.code(),
        diff::lines(&expected.stdout, &seen.stdout),
        seen.stderr.trim_end()
    );
}
