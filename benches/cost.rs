//! What interception costs, as ratios to native in the same run: single calls, fork and exec, find, a configure script.
//!
//! `cargo bench` prints a table and writes `target/bench.json`. PRoot (5.4 or newer) and bubblewrap are measured beside
//! xroot where they are installed; XROOT_BIN and PROOT_BIN name binaries that are not on PATH. All run with the host's
//! own `/` as root, so that every subject runs the same programs.
//!
//! Rounds are interleaved and medians are quoted, because machines are noisy.
#![forbid(unsafe_code)]

mod util;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use util::{Figures, Scratch, Subject, interleaved, record, table, words, write_json, xroot};

/// Rounds over all subjects.
const ROUNDS: usize = 5;
/// Files in the tree that find walks.
const FILES: usize = 50_000;
/// Checks that the configure script makes.
const CHECKS: usize = 40;

fn main() {
    let scratch = Scratch::new();
    fill(&scratch.0);
    let subjects = subjects();
    let mut figures = Figures::new();
    for subject in interleaved(&subjects, "all") {
        calls(subject, &scratch.0, &mut figures);
        wall(subject, &scratch.0, "find 50,000 files", &["find", "tree", "-size", "+1"], &mut figures);
        wall(subject, &scratch.0, "configure", &["sh", "configure"], &mut figures);
    }
    let names: Vec<_> = subjects.iter().map(|subject| subject.name).collect();
    print!("{}", table(&names, ("us", 1e3), &figures));
    write_json("bench.json", &figures);
}

fn subjects() -> Vec<Subject> {
    let subject = |name, prefix| Subject { name, prefix, rounds: ROUNDS };
    let mut subjects = vec![subject("native", vec![]), subject("xroot", words(&[&xroot(), "-r", "/"]))];
    let named = std::env::var("PROOT_BIN");
    let proot = named.clone().unwrap_or_else(|_| "proot".to_owned());
    // One that was built from its sources does not know its version: whoever names it vouches for it.
    if named.is_ok() || is_new_proot(&proot) {
        subjects.push(subject("proot", words(&[&proot, "-r", "/"])));
    } else {
        eprintln!("no PRoot of version 5.4 or newer: left out");
    }
    let bwrap = words(&["bwrap", "--dev-bind", "/", "/"]);
    if runs(&bwrap) {
        subjects.push(subject("bwrap", bwrap));
    } else {
        eprintln!("bubblewrap does not run here: left out");
    }
    subjects
}

fn runs(prefix: &[String]) -> bool {
    let status = Command::new(&prefix[0]).args(&prefix[1..]).arg("true").stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Versions before 5.4 stop at every call of every program and miss statx, so they are no measure.
fn is_new_proot(proot: &str) -> bool {
    let Ok(output) = Command::new(proot).arg("--version").output() else { return false };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text.split(|c: char| !(c.is_ascii_digit() || c == '.')).find(|word| word.contains('.'));
    let mut parts = version.unwrap_or_default().split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= (5, 4)
}

fn calls(subject: &Subject, scratch: &Path, figures: &mut Figures) {
    let directory = scratch.to_str().expect("the scratch directory has a plain name");
    for line in subject.run(&mut subject.command(scratch, &["./calls", directory])).lines() {
        let (name, cost) = line.rsplit_once(' ').expect("a name and a number");
        record(figures, name, subject, cost.parse().expect("a number"));
    }
}

/// Wall time of a whole command, in nanoseconds.
fn wall(subject: &Subject, scratch: &Path, name: &str, argv: &[&str], figures: &mut Figures) {
    let start = Instant::now();
    subject.run(&mut subject.command(scratch, argv));
    record(figures, name, subject, start.elapsed().as_nanos() as f64);
}

/// Puts what the workloads need into a directory.
fn fill(scratch: &Path) {
    let deep = scratch.join("a/b/c/d");
    fs::create_dir_all(&deep).expect("the scratch directory is ours");
    fs::write(deep.join("file"), "x").expect("a new file");
    std::os::unix::fs::symlink("file", deep.join("link")).expect("a new link");
    for directory in 0..FILES / 100 {
        let directory = scratch.join(format!("tree/{}/{}", directory / 25, directory % 25));
        fs::create_dir_all(&directory).expect("a new directory");
        (0..100).for_each(|file| fs::write(directory.join(file.to_string()), "").expect("a new file"));
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/guest/calls.c");
    let built =
        Command::new("cc").args(["-O2", "-static", "-o"]).arg(scratch.join("calls")).arg(source).status();
    assert!(built.is_ok_and(|status| status.success()), "cc builds benches/guest/calls.c");
    fs::write(scratch.join("configure"), configure()).expect("a new file");
}

/// A shell script that does what a generated configure spends its time on: for each check it writes a program, compiles
/// it, greps the outcome and cleans up.
fn configure() -> String {
    let mut script = String::from("set -e\nmkdir -p conf.$$\ncd conf.$$\n");
    for check in 0..CHECKS {
        write!(
            script,
            "cat > conftest.c <<END\n#include <stdio.h>\n#include <unistd.h>\nint main(void) {{ return getpid() == -{check}; }}\nEND\n\
             if cc -c conftest.c 2> conftest.err; then result=yes; else result=no; fi\n\
             echo \"checking for $(expr {check} + 1)... $result\" | sed -e 's/checking/checked/' >> config.log\n\
             test -f conftest.o && rm -f conftest.o conftest.err conftest.c\n"
        )
        .expect("a string grows");
    }
    script.push_str("grep -c yes config.log > /dev/null\ncd ..\nrm -rf conf.$$\n");
    script
}
