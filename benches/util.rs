//! What the benchmarks share: ways to run a command, figures, and how they are shown.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A way to run a command.
pub struct Subject {
    pub name: &'static str,
    pub prefix: Vec<String>,
    /// In how many of the interleaved rounds it takes part: the first ones.
    pub rounds: usize,
}

impl Subject {
    pub fn command(&self, directory: &Path, argv: &[&str]) -> Command {
        let all: Vec<&str> = self.prefix.iter().map(String::as_str).chain(argv.iter().copied()).collect();
        let mut command = Command::new(all[0]);
        command.args(&all[1..]).current_dir(directory).stdin(Stdio::null());
        command
    }

    /// What the command prints; it must end well.
    #[track_caller]
    pub fn run(&self, command: &mut Command) -> String {
        let output = command.output().unwrap_or_else(|error| panic!("{}: {command:?}: {error}", self.name));
        let [text, complaints] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
        assert!(output.status.success(), "{}: {command:?}: {}\n{complaints}", self.name, output.status);
        text.into_owned()
    }
}

/// Rounds over all subjects, because machines are noisy: for each turn its subject, announced on stderr.
pub fn interleaved<'a>(subjects: &'a [Subject], what: &str) -> impl Iterator<Item = &'a Subject> {
    let rounds = subjects.iter().map(|subject| subject.rounds).max().unwrap_or(0);
    let turns = (0..rounds).flat_map(move |round| subjects.iter().map(move |subject| (round, subject)));
    turns.filter(|(round, subject)| *round < subject.rounds).map(move |(round, subject)| {
        eprintln!("{what}, round {} of {}: {}", round + 1, subject.rounds, subject.name);
        subject
    })
}

/// The xroot to measure: `XROOT_BIN`, else the one that cargo built for this.
pub fn xroot() -> String {
    std::env::var("XROOT_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_xroot").to_owned())
}

pub fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// Nanoseconds by workload, then by subject, one a round.
pub type Figures = BTreeMap<String, BTreeMap<&'static str, Vec<f64>>>;

pub fn record(figures: &mut Figures, workload: &str, subject: &Subject, figure: f64) {
    figures.entry(workload.to_owned()).or_default().entry(subject.name).or_default().push(figure);
}

fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// What figures are shown in: its name, and how many nanoseconds it has.
pub type Unit = (&'static str, f64);

/// A row a workload: what the first of these subjects takes that has figures there, and the others as ratios to it.
pub fn table(subjects: &[&str], unit: Unit, figures: &Figures) -> String {
    let width = figures.keys().map(String::len).max().unwrap_or(0).max(18) + 2;
    let mut text = format!("{:width$}", "");
    subjects.iter().for_each(|subject| write!(text, "{subject:>12}").expect("a string grows"));
    text.push('\n');
    for (workload, by_subject) in figures {
        write!(text, "{workload:width$}").expect("a string grows");
        let mut base = None;
        for subject in subjects {
            let cell = match (by_subject.get(subject).map(|rounds| median(rounds)), base) {
                (None, _) => "-".to_owned(),
                (Some(own), None) => {
                    base = Some(own);
                    format!("{:.3} {}", own / unit.1, unit.0)
                }
                (Some(own), Some(base)) => format!("{:.2}x", own / base),
            };
            write!(text, "{cell:>12}").expect("a string grows");
        }
        text.push('\n');
    }
    text
}

/// Writes the figures to `name` in `target`, or where this user may not, among the temporary files; prints where.
pub fn write_json(name: &str, figures: &Figures) {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join(name);
    let places = [target, std::env::temp_dir().join(name)];
    let written = places.iter().find(|path| fs::write(path, json_of(figures)).is_ok());
    println!("\nmachine-readable: {}", written.expect("the temp directory is writable").display());
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

/// A new directory, removed at the end.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new() -> Self {
        let scratch = Self(std::env::temp_dir().join(format!("xroot-bench-{}", std::process::id())));
        fs::create_dir_all(&scratch.0).expect("the temp directory is writable");
        scratch
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
