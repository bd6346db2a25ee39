//! What a start needs of the host: no file of xroot's but itself, and no place for programs.

#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::fs;
use std::process::{Command, Stdio};

use crate::util::programs::{self, Kind};
use crate::util::{self, Rootfs, Scratch, binary, give, run};

/// A rootfs whose program says that it runs, and ends with 7.
fn rootfs() -> Rootfs {
    Rootfs::new("root").program("bind_missing", Kind::Static).expect("static programs can be built")
}

const COMMAND: [&str; 2] = ["/bin/bind_missing", "again"];

#[test]
fn the_binary_alone_is_enough() {
    let (rootfs, scratch) = (rootfs(), Scratch::new());
    let alone = scratch.dir("alone").join("x");
    let copied = Command::new("cp").arg(binary()).arg(&alone).status();
    assert!(copied.is_ok_and(|status| status.success()), "cannot copy {}", binary().display());
    give(&alone);
    let mut command = Command::new(&alone);
    command.arg("-r").arg(rootfs.path()).args(COMMAND);
    let output = run(command.env_clear().env("HOME", "/").current_dir(scratch.path()).stdin(Stdio::null()));
    assert_eq!((output.stdout.as_str(), output.code()), ("executed\n", 7), "{output}");
}

/// The release is; cargo's own build for a developer need not be.
#[test]
fn the_release_is_static() {
    if binary().file_name() != Some(OsStr::new("xroot")) || std::env::var_os("XROOT_BIN").is_none() {
        return;
    }
    const PT_INTERP: u32 = 3;
    let elf = fs::read(binary()).expect("it can be read");
    let number =
        |at: usize, len: usize| elf[at..at + len].iter().rev().fold(0, |n, &byte| n << 8 | usize::from(byte));
    let (table, size, count) = (number(32, 8), number(54, 2), number(56, 2));
    assert!(count > 0);
    for header in 0..count {
        assert_ne!(
            number(table + header * size, 4),
            PT_INTERP as usize,
            "{} needs an interpreter",
            binary().display()
        );
    }
}

#[test]
fn no_file_need_be_executable_and_none_is_left() {
    let (rootfs, scratch) = (rootfs(), Scratch::new());
    let (temp, home) = (scratch.dir("temp"), scratch.dir("home"));
    let enter = programs::build("bind_enter", Kind::Static).expect("static programs can be built");
    let mut command = Command::new(enter);
    command.args(["--no-memfd", "/"]).arg(&home);
    command.arg(&temp).arg(&temp).arg("noexec").arg(&home).arg(&home).arg("ro").arg("--");
    // A binding with missing parents takes a private directory; the home cannot be written.
    let script = "exec 2>&1; touch here; cp /bin/true \"$TMPDIR\" && \"$TMPDIR/true\"; rm -f \"$TMPDIR/true\"; exec \"$@\"";
    command.args(["/bin/sh", "-c", script, "sh"]).arg(binary()).arg("-r").arg(rootfs.path());
    command.args(["-b", "/etc:/far/from/here"]).args(COMMAND).stdin(Stdio::null());
    command.env_clear().env("HOME", &home).env("TMPDIR", &temp).env("PATH", util::rootfs::PATH);
    let output = run(&mut command);
    if output.code() == 77 {
        eprintln!("skipped: no bind mounts here: {}", output.stderr.trim_end());
        return;
    }
    assert_eq!(output.code(), 7, "{output}");
    assert!(output.stdout.ends_with("executed\n"), "{output}");
    // The test is of such directories.
    assert!(output.stdout.contains("Read-only file system"), "{output}");
    assert!(output.stdout.contains("Permission denied"), "{output}");
    assert_eq!(fs::read_dir(&temp).expect("it is ours").count(), 0);
}
