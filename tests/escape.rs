//! No call of any ABI reaches a host file outside the rootfs and the bindings, and the tracer survives the guest.
//!
//! Each program first runs natively, where it does get there: an attempt that never works would prove nothing.
#![forbid(unsafe_code)]

mod util;

use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, process};

use util::host::HostProcess;
use util::programs::{self, Kind};
use util::{Output, Rootfs, Scratch, chmod, run, xroot};

/// A directory of the host's that no guest may get at.
struct Secret {
    _scratch: Scratch,
    path: PathBuf,
    _stream: UnixListener,
    _dgram: UnixDatagram,
}

impl Secret {
    fn new() -> Self {
        let scratch = Scratch::new();
        let path = scratch.dir("secret");
        let program = programs::build("escape_paths", Kind::Static).expect("the host has a compiler");
        native(&program, scratch.path(), [path.as_os_str(), "prepare".as_ref()]).success();
        let stream = UnixListener::bind(path.join("stream")).expect("the name is free and short");
        let dgram = UnixDatagram::bind(path.join("dgram")).expect("the name is free and short");
        for socket in ["stream", "dgram"] {
            chmod(&path.join(socket), 0o777);
        }
        Self { _scratch: scratch, path, _stream: stream, _dgram: dgram }
    }

    fn path(&self) -> &str {
        self.path.to_str().expect("scratch directories have plain names")
    }

    /// All that a change would alter: names, inodes, sizes, modes, and the times that no program can set.
    fn state(&self) -> Vec<String> {
        let mut entries = vec![describe(&self.path)];
        entries.extend(
            fs::read_dir(&self.path)
                .expect("it can be listed")
                .map(|entry| describe(&entry.expect("it can be listed").path())),
        );
        entries.sort();
        entries
    }
}

fn describe(path: &Path) -> String {
    let meta = fs::symlink_metadata(path).expect("it was just listed");
    let (size, nlink) = if meta.is_dir() { (0, 0) } else { (meta.size(), meta.nlink()) };
    format!(
        "{}: inode {} mode {:o} size {size} links {nlink} changed {}.{:09}",
        path.file_name().expect("it has a name").to_string_lossy(),
        meta.ino(),
        meta.mode(),
        meta.ctime(),
        meta.ctime_nsec()
    )
}

/// Runs a program of the host's with arguments.
#[track_caller]
fn native<S: AsRef<std::ffi::OsStr>>(
    program: &Path,
    cwd: &Path,
    args: impl IntoIterator<Item = S>,
) -> Output {
    run(Command::new(program).args(args).current_dir(cwd).env_clear().stdin(Stdio::null()))
}

/// Runs a program in a guest that is shown nothing of the host but `/proc` and `/dev`.
#[track_caller]
fn confined(name: &str, args: &[&str]) -> Output {
    let rootfs = Rootfs::new("root").program(name, Kind::Static).expect("the host has a compiler");
    let program = format!("/bin/{name}");
    xroot(&rootfs)
        .current_dir("/")
        .args(["--no-default-binds", "--no-home", "-b", "/proc", "-b", "/dev"])
        .workdir("/work")
        .run([program.as_str()].iter().chain(args))
}

/// The lines that say "reached".
fn reached(output: &str) -> Vec<&str> {
    output.lines().filter(|line| line.ends_with(": reached")).collect()
}

fn labels(output: &str) -> Vec<&str> {
    output.lines().filter_map(|line| line.split_once(": ")).map(|(label, _)| label).collect()
}

/// Tries all path calls, with the directory named in one way.
#[track_caller]
fn paths(way: &str, at_least: usize) {
    let program = programs::build("escape_paths", Kind::Static).expect("the host has a compiler");
    let (open, scratch) = (Secret::new(), Scratch::new());
    let expected = native(&program, scratch.path(), [open.path(), way]).success();
    let there = reached(&expected);
    assert!(there.len() >= at_least, "natively only {} calls get there:\n{expected}", there.len());
    assert_ne!(open.state(), Secret::new().state(), "natively the directory changes");

    let secret = Secret::new();
    let before = secret.state();
    let seen = confined("escape_paths", &[secret.path(), way]);
    assert_eq!(seen.code(), 0, "{seen}");
    assert_eq!(reached(&seen.stdout), Vec::<&str>::new(), "{seen}");
    assert_eq!(labels(&seen.stdout), labels(&expected), "{seen}");
    assert_eq!(secret.state(), before);
}

#[test]
fn no_absolute_path_leads_out() {
    paths("0", 70);
}

#[test]
fn no_number_of_dots_leads_out() {
    paths("1", 70);
}

#[test]
fn no_directory_descriptor_leads_out() {
    paths("2", 30);
}

#[test]
fn no_dots_below_a_descriptor_lead_out() {
    paths("3", 30);
}

#[test]
fn no_symlink_leads_out() {
    paths("4", 70);
}

#[test]
fn no_link_of_proc_to_the_root_leads_out() {
    paths("5", 70);
}

#[test]
fn no_link_of_proc_to_the_working_directory_leads_out() {
    paths("6", 70);
}

#[test]
fn no_symlink_to_a_link_of_proc_leads_out() {
    paths("7", 70);
}

#[test]
fn no_way_round_through_proc_leads_out() {
    paths("8", 70);
}

#[test]
fn no_other_entry_to_the_kernel_is_open() {
    let program = programs::build("escape_abi", Kind::Static).expect("the host has a compiler");
    let (open, scratch) = (Secret::new(), Scratch::new());
    let file = |secret: &Secret| format!("{}/marker", secret.path());
    let expected = native(&program, scratch.path(), [file(&open)]).success();
    // Which entries a kernel has, and lets users have, is its own affair; where it has none there is nothing to close.
    let there = reached(&expected).len();
    println!("natively {there} of {} attempts get there", labels(&expected).len());

    let secret = Secret::new();
    let before = secret.state();
    let seen = confined("escape_abi", &[&file(&secret)]);
    assert_eq!(seen.code(), 0, "{seen}");
    // This one names no file, and is made.
    let names_file = |line: &&str| line.contains(": ") && !line.starts_with("i386_getpid: ");
    for line in seen.stdout.lines().filter(names_file) {
        // A call that is made all the same looks for the file in the guest.
        let is_closed = [": ENOSYS", ": ENOENT", ": no such entry"].iter().any(|end| line.ends_with(end));
        assert!(is_closed, "{seen}");
    }
    assert_eq!(labels(&seen.stdout), labels(&expected), "{seen}");
    assert!(seen.stdout.ends_with(" = 0\n"), "the process does not go on: {seen}");
    assert_eq!(seen.stderr.matches("system calls of another ABI").count(), 1, "{seen}");
    assert_eq!(secret.state(), before);
}

#[test]
fn no_process_leads_out() {
    let program = programs::build("escape_proc", Kind::Static).expect("the host has a compiler");
    let (secret, scratch) = (Secret::new(), Scratch::new());
    let host = HostProcess::new(&secret.path);
    let (pid, me) = (host.id().to_string(), process::id().to_string());
    let expected = native(&program, scratch.path(), [secret.path(), &pid, &me]).success();
    let there = reached(&expected);
    assert!(there.len() >= 15, "natively only {} attempts get there:\n{expected}", there.len());

    let seen = confined("escape_proc", &[secret.path(), &pid, &me]);
    assert_eq!(seen.code(), 0, "{seen}");
    assert_eq!(reached(&seen.stdout), Vec::<&str>::new(), "{seen}");
    assert!(labels(&seen.stdout).len() >= labels(&expected).len(), "{seen}");
}

/// Runs one attempt on the tracer's life; the guest must end with `code`, and so must xroot.
#[track_caller]
fn survives(what: &str, code: i32) -> Output {
    let seen = confined("escape_kill", &[what]);
    assert_eq!(seen.status.code(), Some(code), "xroot itself was hit: {seen}");
    seen
}

#[test]
fn the_tracer_survives_signals_limits_and_ptrace() {
    let seen = survives("tracer", 7);
    assert!(seen.stdout.ends_with("alive\n"), "{seen}");
    assert!(!seen.stdout.contains("accepted"), "{seen}");
}

#[test]
fn the_parent_survives_signals_limits_and_ptrace() {
    let seen = survives("parent", 7);
    assert!(seen.stdout.ends_with("alive\n"), "{seen}");
}

#[test]
fn a_signal_to_everybody_reaches_the_guest_only() {
    let secret = Secret::new();
    let mut host = HostProcess::new(&secret.path);
    let seen = survives("everybody", 7);
    assert!(seen.stdout.contains("child: signal 9\n"), "{seen}");
    assert!(seen.stdout.ends_with("alive\n"), "{seen}");
    assert!(host.is_alive(), "a host process was killed: {seen}");
}

#[test]
fn a_signal_to_the_own_group_spares_the_tracer() {
    let seen = survives("own group", 128 + 9);
    assert!(seen.stdout.ends_with("alive\n"), "{seen}");
    survives("own group by number", 128 + 9);
}

#[test]
fn no_race_shows_a_host_file() {
    let program = programs::build("escape_race", Kind::Static).expect("the host has a compiler");
    let (open, scratch) = (Secret::new(), Scratch::new());
    let expected = native(&program, scratch.path(), [open.path(), "100000"]).success();
    let there = expected.lines().filter(|line| line.ends_with("SEEN")).count();
    assert_eq!(there, expected.lines().count(), "natively not every race shows the host's file:\n{expected}");

    let secret = Secret::new();
    let before = secret.state();
    let seen = confined("escape_race", &[secret.path(), "100000"]);
    assert_eq!(seen.code(), 0, "{seen}");
    assert!(!seen.stdout.contains("SEEN") && !seen.stdout.contains("no race"), "{seen}");
    assert!(!seen.stdout.contains("inside never seen"), "the races never hit the inside file either: {seen}");
    assert_eq!(seen.stdout.lines().count(), expected.lines().count(), "{seen}");
    assert_eq!(secret.state(), before);
}

#[test]
fn no_race_changes_a_host_file() {
    programs::build("escape_race", Kind::Static).expect("the host has a compiler");
    let secret = Secret::new();
    let before = secret.state();
    let seen = confined("escape_race", &[secret.path(), "30000", "change"]);
    assert_eq!(seen.code(), 0, "{seen}");
    assert!(!seen.stdout.contains("SEEN") && !seen.stdout.contains("no race"), "{seen}");
    assert_eq!(secret.state(), before);
}

#[test]
fn no_race_of_a_program_leads_to_a_host_file() {
    programs::build("escape_exe", Kind::Static).expect("the host has a compiler");
    let secret = Secret::new();
    let before = secret.state();
    let seen = confined("escape_exe", &[secret.path(), "3000"]);
    assert_eq!((seen.stdout.as_str(), seen.code()), ("programs: raced\nbirths: looked\n", 0), "{seen}");
    assert_eq!(secret.state(), before);
}
