//! What building for another machine costs in processor time: emulated, with native tools, and with a cross compiler.
//!
//! `cargo bench --bench build [-- PART... [--rounds N] [--emulated N]]`, where a part is one of [`PARTS`], prints a table
//! and writes `target/bench-build.json`. Trees and sources are those of `make test`, in `XROOT_TEST_DATA`; started by
//! `tests/setup/cargo-runner`, it runs with them and as the tests' user.
//!
//! Figures are user and system time of the whole process tree, xroot's own included, because wall time says little on a
//! machine that others use. The first column is the same work without xroot: by the host's cross compiler, or for single
//! programs by the emulator alone. Where it is missing, the ratios are to the next column.
#![forbid(unsafe_code)]

mod util;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use util::{Figures, Scratch, Subject, interleaved, record, table, words, write_json, xroot};

/// Measures one kind of work.
type Part = fn(&Bench, &mut Figures);

/// The parts, and their names on the command line.
const PARTS: &[(&str, Part)] = &[("lua", lua), ("configure", configure), ("exec", exec), ("start", start)];

/// The columns.
const SUBJECTS: [&str; 4] = ["host", "driver", "inner", "emulated"];

/// What a loop of the shell runs so often.
const EXECS: usize = 200;
const STARTS: usize = 50;

const TRIPLET: &str = "arm-linux-gnueabihf";
const EMULATOR: &str = "qemu-arm-static";

struct Bench {
    data: PathBuf,
    scratch: Scratch,
    /// The host's compiler for the guest's machine.
    cross: Option<String>,
    subjects: Vec<Subject>,
}

fn main() {
    let (parts, rounds, emulated) = arguments();
    let Some(data) = std::env::var_os("XROOT_TEST_DATA").map(PathBuf::from) else {
        println!(
            "no XROOT_TEST_DATA: make test prepares it, and tests/setup/cargo-runner names it; nothing measured"
        );
        return;
    };
    let bench = Bench::new(data, rounds, emulated);
    let mut figures = Figures::new();
    parts.iter().for_each(|part| part(&bench, &mut figures));
    match &bench.cross {
        Some(cross) => println!("host: {cross}, or {EMULATOR} alone"),
        None => println!("host: {EMULATOR} alone; there is no {TRIPLET}-gcc"),
    }
    print!("{}", table(&SUBJECTS, ("s", 1e9), &figures));
    write_json("bench-build.json", &figures);
}

/// The parts wanted, and the rounds of the fast and of the slow subjects.
fn arguments() -> (Vec<Part>, usize, usize) {
    let (mut parts, mut rounds, mut emulated) = (Vec::new(), 3, 1);
    // cargo itself adds --bench.
    let mut given = std::env::args().skip(1).filter(|word| word != "--bench");
    while let Some(word) = given.next() {
        let mut number =
            || given.next().and_then(|word| word.parse().ok()).filter(|&n| n > 0).expect("a number");
        match word.as_str() {
            "--rounds" => rounds = number(),
            "--emulated" => emulated = number(),
            name => {
                let named = PARTS.iter().find(|(part, _)| *part == name);
                let names: Vec<_> = PARTS.iter().map(|(part, _)| *part).collect();
                parts.push(
                    named.unwrap_or_else(|| panic!("no part {name}: there are {}", names.join(", "))).1,
                );
            }
        }
    }
    if parts.is_empty() {
        parts.extend(PARTS.iter().map(|(_, part)| *part));
    }
    (parts, rounds, emulated)
}

impl Bench {
    fn new(data: PathBuf, rounds: usize, emulated: usize) -> Self {
        let [guest, tools] = ["armhf-dev", "tools-bookworm"].map(|tree| {
            let tree = data.join("rootfs").join(tree);
            assert!(tree.is_dir(), "{} is missing: make test prepares it", tree.display());
            tree.to_str().expect("it has a plain name").to_owned()
        });
        let xroot = xroot();
        let native = |name, mode: &str| Subject {
            name,
            prefix: words(&[&xroot, "-r", &guest, "--tools", &tools, "--native-cc", mode]),
            rounds,
        };
        let [host, driver, inner, all_emulated] = SUBJECTS;
        let subjects = vec![
            Subject { name: host, prefix: Vec::new(), rounds },
            native(driver, "driver"),
            native(inner, "inner"),
            Subject {
                name: all_emulated,
                prefix: words(&[&xroot, "-r", &guest, "--no-native"]),
                rounds: emulated,
            },
        ];
        let bench = Self { data, scratch: Scratch::new(), cross: cross(), subjects };
        // What compilers and tools are like is found out once, and remembered below the home directory.
        bench.subjects[1..]
            .iter()
            .for_each(|subject| drop(subject.run(&mut bench.command(subject, &["true"]))));
        bench
    }

    fn command(&self, subject: &Subject, argv: &[&str]) -> Command {
        let mut command = subject.command(&self.scratch.0, argv);
        command.env("HOME", &self.scratch.0).env_remove("MAKEFLAGS").env_remove("MAKELEVEL");
        command.env_remove("XROOT_NATIVE").env_remove("XDG_CACHE_HOME").env_remove("XDG_CONFIG_HOME");
        command
    }

    /// Interleaved rounds over the subjects for which `argv_of` has a command, each after `prepare`.
    fn measure(
        &self,
        figures: &mut Figures,
        workload: &str,
        prepare: impl Fn(),
        argv_of: impl Fn(&Subject) -> Option<Vec<String>>,
    ) {
        for subject in interleaved(&self.subjects, workload) {
            let Some(argv) = argv_of(subject) else { continue };
            let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
            prepare();
            let before = children_time();
            subject.run(&mut self.command(subject, &argv));
            record(figures, workload, subject, children_time() - before);
        }
    }

    /// Puts fresh sources of a program into the scratch directory.
    fn sources(&self, name: &str) {
        let (from, to) = (self.data.join("sources").join(name), self.scratch.0.join(name));
        let _ = fs::remove_dir_all(&to);
        // With their times: makefiles that regenerate configure go by them.
        let copied = Command::new("cp").arg("-a").arg(&from).arg(&to).status();
        assert!(copied.is_ok_and(|status| status.success()), "{} is missing", from.display());
    }

    /// The words for the guest, and for the host those that need its cross compiler.
    fn words_for(
        &self,
        subject: &Subject,
        guest: &[&str],
        host: impl Fn(&str) -> Vec<String>,
    ) -> Option<Vec<String>> {
        if subject.prefix.is_empty() { self.cross.as_deref().map(host) } else { Some(words(guest)) }
    }
}

/// 30,000 lines of C, by a makefile.
fn lua(bench: &Bench, figures: &mut Figures) {
    let make = ["make", "-C", "lua/src", "posix"];
    bench.measure(
        figures,
        "make Lua",
        || bench.sources("lua"),
        |subject| {
            bench.words_for(subject, &make, |cross| {
                let tools = [
                    format!("CC={cross} -std=gnu99"),
                    format!("AR={TRIPLET}-ar rcu"),
                    format!("RANLIB={TRIPLET}-ranlib"),
                ];
                words(&make).into_iter().chain(tools).collect()
            })
        },
    );
}

/// A configure script of the usual size.
fn configure(bench: &Bench, figures: &mut Figures) {
    let shell = |words: &str| format!("cd hello && ./configure {words}");
    bench.measure(
        figures,
        "configure hello",
        || bench.sources("hello"),
        |subject| {
            let guest = shell("");
            bench.words_for(subject, &["sh", "-c", &guest], |cross| {
                words(&["sh", "-c", &shell(&format!("--host={TRIPLET} CC={cross}"))])
            })
        },
    );
}

/// Nothing but fork and exec.
fn exec(bench: &Bench, figures: &mut Figures) {
    bench.measure(figures, "start and end", || {}, |_| Some(words(&["true"])));
    bench.measure(figures, &format!("{EXECS} x true"), || {}, |_| Some(repeated(EXECS, "/bin/true")));
}

/// Programs that are always emulated, started by a native shell; on the host the emulator is started itself.
fn start(bench: &Bench, figures: &mut Figures) {
    let source = bench.scratch.0.join("tiny.c");
    fs::write(source, "int main(void)\n{\n    return 0;\n}\n").expect("the scratch directory is ours");
    let [host, driver, ..] = SUBJECTS;
    let builder = bench.subjects.iter().find(|subject| subject.name == driver).expect("it is one of them");
    let guest = bench.data.join("rootfs/armhf-dev");
    for (kind, options) in [("static", "-static"), ("dynamic", "")] {
        let program = format!("tiny-{kind}");
        let build = format!("gcc -O2 {options} tiny.c -o {program}");
        builder.run(&mut bench.command(builder, &["sh", "-c", &build]));
        let alone = format!("{EMULATOR} -L {} ./{program}", guest.display());
        bench.measure(
            figures,
            &format!("{STARTS} x {program}"),
            || {},
            |subject| {
                let program = format!("./{program}");
                Some(repeated(STARTS, if subject.name == host { &alone } else { &program }))
            },
        );
    }
}

/// A shell's loop.
fn repeated(times: usize, command: &str) -> Vec<String> {
    words(&["sh", "-c", &format!("i=0; while [ $i -lt {times} ]; do {command} || exit; i=$((i+1)); done")])
}

/// The host's cross compiler of the guest's release, or another.
fn cross() -> Option<String> {
    let names = [format!("{TRIPLET}-gcc-12"), format!("{TRIPLET}-gcc")];
    names.into_iter().find(|name| on_path(name))
}

fn on_path(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir: PathBuf| Path::is_file(&dir.join(name)))
}

/// Nanoseconds of processor time that the children waited for have used, and theirs.
fn children_time() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("it is a constant");
    ((usage.user_time() + usage.system_time()).num_microseconds() * 1000) as f64
}
