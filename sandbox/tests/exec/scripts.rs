//! Scripts: whom the kernel runs for a first line, and with which arguments.
#![forbid(unsafe_code)]

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sandbox::error::Failure;

use crate::mutate::Random;
use crate::programs::{NAME, Scratch, plan_for};
use crate::tracer::{Setup, load, native};

fn write(path: &Path, content: &[u8]) {
    fs::write(path, content).expect("the scratch directory is writable");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it is ours");
}

fn argv() -> Vec<Vec<u8>> {
    [NAME, b"one", b"", b"two"].map(<[u8]>::to_vec).to_vec()
}

/// The kernel and the plan agree about the file at `path`: on the errno, or on all that the interpreter sees.
#[track_caller]
fn check(path: &Path, what: &str) -> String {
    let path = path.as_os_str().as_bytes();
    let native = native(path, &argv(), &Setup::default());
    let ours = match plan_for(path) {
        Ok(plan) => load(&plan, &argv(), &Setup::default()).output.text,
        Err(refused) => match refused.failure {
            Failure::Errno(errno) => format!("errno {}\n", errno as i32),
            other => panic!("{other:?}"),
        },
    };
    assert_eq!(ours, native.text, "{what}");
    native.text
}

#[test]
fn an_interpreter_sees_what_the_kernel_shows_it() {
    let dir = Scratch::new("script");
    let show = dir.cc("cc", "show.c", "show", &["-static"]);
    let script = dir.0.join("script");
    write(&script, format!("#! {} an argument \n", show.display()).as_bytes());
    let text = check(&script, "one argument");
    let expected =
        format!("{0}|an argument|{1}|one||two|\nexecfn {1}\ncomm script\n", show.display(), script.display());
    assert_eq!(text, expected);
}

#[test]
fn chains_of_scripts_end_where_the_kernels_do() {
    let dir = Scratch::new("chain");
    let show = dir.cc("cc", "show.c", "show", &["-static"]);
    let mut interpreter = show;
    for level in 1..9 {
        let script = dir.0.join(format!("script{level}"));
        write(&script, format!("#!{} arg{level}\n", interpreter.display()).as_bytes());
        let text = check(&script, &format!("level {level}"));
        assert_eq!(text == format!("errno {}\n", libc::ELOOP), level > 5, "level {level}: {text}");
        interpreter = script;
    }
    let own = dir.0.join("own");
    write(&own, format!("#!{}\n", own.display()).as_bytes());
    assert_eq!(check(&own, "its own interpreter"), format!("errno {}\n", libc::ELOOP));
}

#[test]
fn first_lines_mean_what_they_mean_to_the_kernel() {
    let dir = Scratch::new("lines");
    let show = dir.cc("cc", "show.c", "show", &["-static"]);
    let show = show.as_os_str().as_bytes();
    let script = dir.0.join("script");
    let words: [&[u8]; 14] = [
        b" ",
        b"\t",
        b"  \t ",
        b"\n",
        b"\0",
        b"\r",
        b"-e",
        b"x",
        b"/",
        b"#",
        b"\xff",
        show,
        &[b'/'; 120],
        &[b' '; 120],
    ];
    let (mut ran, mut failed) = (0, 0);
    for seed in 0..400 {
        let mut random = Random::new(seed);
        let mut line = if random.below(20) == 0 { b"#".to_vec() } else { b"#!".to_vec() };
        if random.below(3) > 0 {
            // The interpreter, ending anywhere around the last byte that the kernel reads.
            let slashes = if random.below(2) == 0 { 0 } else { 254 - show.len().min(254) - random.below(6) };
            line.resize(line.len() + slashes, b'/');
            line.extend_from_slice(show);
        }
        for _ in 0..random.below(6) {
            line.extend_from_slice(words[random.below(words.len())]);
        }
        write(&script, &line);
        let text = check(&script, &format!("seed {seed}: {:?}", String::from_utf8_lossy(&line)));
        if text.starts_with("errno") { failed += 1 } else { ran += 1 }
    }
    assert!(ran > 80 && failed > 80, "{ran} ran, {failed} failed");
}

#[test]
fn a_first_line_of_a_megabyte_is_cut() {
    let dir = Scratch::new("megabyte");
    let show = dir.cc("cc", "show.c", "show", &["-static"]);
    let script = dir.0.join("script");
    write(&script, &[b"#!", show.as_os_str().as_bytes(), b" ", &vec![b'y'; 1 << 20]].concat());
    check(&script, "a long argument");
    write(&script, &[&b"#!/"[..], &vec![b'y'; 1 << 20]].concat());
    assert_eq!(check(&script, "a long interpreter"), format!("errno {}\n", libc::ENOEXEC));
}

#[test]
fn files_that_cannot_be_executed_have_the_kernels_errno() {
    let dir = Scratch::new("refused");
    let file = |name: &str, content: &[u8], mode: u32| {
        let path = dir.0.join(name);
        write(&path, content);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("it is ours");
        path
    };
    for (path, errno) in [
        (file("empty", b"", 0o755), libc::ENOEXEC),
        (file("text", b"echo hello\n", 0o755), libc::ENOEXEC),
        (file("plain", b"#!/bin/sh\n", 0o644), libc::EACCES),
        (file("no-interpreter", b"#!/no/such/file\n", 0o755), libc::ENOENT),
        (file("directory", b"#!/tmp\n", 0o755), libc::EACCES),
        (file("below-a-file", b"#!/etc/passwd/x\n", 0o755), libc::ENOTDIR),
        (dir.0.clone(), libc::EACCES),
        (dir.0.join("missing"), libc::ENOENT),
    ] {
        assert_eq!(check(&path, "refused"), format!("errno {errno}\n"), "{path:?}");
    }
}
