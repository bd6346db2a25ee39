//! What interception costs, as ratios to native in the same run: single calls, fork and exec, find, a configure script.
//!
//! `cargo bench` prints a table and writes `target/bench.json`. PRoot (5.4 or newer) and bubblewrap are measured beside
//! xroot where they are installed; XROOT_BIN and PROOT_BIN name binaries that are not on PATH. All run with the host's
//! own `/` as root, so that every subject runs the same programs.
//!
//! Rounds are interleaved and medians are quoted, because machines are noisy.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Rounds over all subjects.
const ROUNDS: usize = 5;
/// Files in the tree that find walks.
const FILES: usize = 50_000;
/// Checks that the configure script makes.
const CHECKS: usize = 40;

/// A way to run a command.
struct Subject {
    name: &'static str,
    prefix: Vec<String>,
}

/// Figures by workload, then by subject, one a round.
type Figures = BTreeMap<String, BTreeMap<&'static str, Vec<f64>>>;

fn main() {
    let scratch = Scratch::new();
    let subjects = subjects();
    let mut figures = Figures::new();
    for round in 0..ROUNDS {
        for subject in &subjects {
            eprintln!("round {} of {ROUNDS}: {}", round + 1, subject.name);
            calls(subject, &scratch.0, &mut figures);
            wall(subject, &scratch.0, "find 50,000 files", &["find", "tree", "-size", "+1"], &mut figures);
            wall(subject, &scratch.0, "configure", &["sh", "configure"], &mut figures);
        }
    }
    print!("{}", table(&subjects, &figures));
    let json = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench.json");
    fs::write(&json, json_of(&figures)).expect("target is writable");
    println!("\nmachine-readable: {}", json.display());
}

fn subjects() -> Vec<Subject> {
    let xroot = std::env::var("XROOT_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_xroot").to_owned());
    let mut subjects = vec![
        Subject { name: "native", prefix: vec![] },
        Subject { name: "xroot", prefix: words(&[&xroot, "-r", "/"]) },
    ];
    let named = std::env::var("PROOT_BIN");
    let proot = named.clone().unwrap_or_else(|_| "proot".to_owned());
    // One that was built from its sources does not know its version: whoever names it vouches for it.
    if named.is_ok() || is_new_proot(&proot) {
        subjects.push(Subject { name: "proot", prefix: words(&[&proot, "-r", "/"]) });
    } else {
        eprintln!("no PRoot of version 5.4 or newer: left out");
    }
    let bwrap = words(&["bwrap", "--dev-bind", "/", "/"]);
    if runs(&bwrap) {
        subjects.push(Subject { name: "bwrap", prefix: bwrap });
    } else {
        eprintln!("bubblewrap does not run here: left out");
    }
    subjects
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
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

impl Subject {
    fn command(&self, directory: &Path, argv: &[&str]) -> Command {
        let all: Vec<&str> = self.prefix.iter().map(String::as_str).chain(argv.iter().copied()).collect();
        let mut command = Command::new(all[0]);
        command.args(&all[1..]).current_dir(directory).stdin(Stdio::null());
        command
    }
}

fn calls(subject: &Subject, scratch: &Path, figures: &mut Figures) {
    let directory = scratch.to_str().expect("the scratch directory has a plain name");
    let output = subject.command(scratch, &["./calls", directory]).output().expect("the program starts");
    assert!(output.status.success(), "{}: {}", subject.name, String::from_utf8_lossy(&output.stderr));
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let (name, cost) = line.rsplit_once(' ').expect("a name and a number");
        record(figures, name, subject, cost.parse().expect("a number"));
    }
}

/// Wall time of a whole command, in nanoseconds.
fn wall(subject: &Subject, scratch: &Path, name: &str, argv: &[&str], figures: &mut Figures) {
    let start = Instant::now();
    let output = subject.command(scratch, argv).output().expect("the program starts");
    let took = start.elapsed().as_nanos() as f64;
    assert!(output.status.success(), "{}: {}", subject.name, String::from_utf8_lossy(&output.stderr));
    record(figures, name, subject, took);
}

fn record(figures: &mut Figures, workload: &str, subject: &Subject, figure: f64) {
    figures.entry(workload.to_owned()).or_default().entry(subject.name).or_default().push(figure);
}

fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn table(subjects: &[Subject], figures: &Figures) -> String {
    let mut text = format!("{:<20}{:>14}", "", "native");
    subjects[1..].iter().for_each(|subject| write!(text, "{:>10}", subject.name).expect("a string grows"));
    text.push('\n');
    for (workload, by_subject) in figures {
        let native = median(&by_subject["native"]);
        write!(text, "{workload:<20}{:>11.2} us", native / 1000.0).expect("a string grows");
        for subject in &subjects[1..] {
            let ratio = median(&by_subject[subject.name]) / native;
            write!(text, "{ratio:>9.2}x").expect("a string grows");
        }
        text.push('\n');
    }
    text
}

/// Names hold nothing that JSON would want escaped.
fn json_of(figures: &Figures) -> String {
    let workloads: Vec<String> = figures
        .iter()
        .map(|(workload, by_subject)| {
            let subjects: Vec<String> = by_subject
                .iter()
                .map(|(name, rounds)| {
                    format!("\"{name}\":{{\"median_ns\":{:.0},\"rounds_ns\":{rounds:?}}}", median(rounds))
                })
                .collect();
            format!("\"{workload}\":{{{}}}", subjects.join(","))
        })
        .collect();
    format!("{{{}}}\n", workloads.join(",\n"))
}

/// A directory with what the workloads need, removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let scratch = Self(std::env::temp_dir().join(format!("xroot-bench-{}", std::process::id())));
        let deep = scratch.0.join("a/b/c/d");
        fs::create_dir_all(&deep).expect("the temp directory is writable");
        fs::write(deep.join("file"), "x").expect("a new file");
        std::os::unix::fs::symlink("file", deep.join("link")).expect("a new link");
        for directory in 0..FILES / 100 {
            let directory = scratch.0.join(format!("tree/{}/{}", directory / 25, directory % 25));
            fs::create_dir_all(&directory).expect("a new directory");
            (0..100).for_each(|file| fs::write(directory.join(file.to_string()), "").expect("a new file"));
        }
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/guest/calls.c");
        let built = Command::new("cc")
            .args(["-O2", "-static", "-o"])
            .arg(scratch.0.join("calls"))
            .arg(source)
            .status();
        assert!(built.is_ok_and(|status| status.success()), "cc builds benches/guest/calls.c");
        fs::write(scratch.0.join("configure"), configure()).expect("a new file");
        scratch
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
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
