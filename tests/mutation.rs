//! Every row of the syscall table is good for something: let its call through untouched, or treat a last symlink in it
//! the wrong way, and a test fails.
//!
//! `xroot --let-through CALL` and `--wrong-links CALL` are the mutations. A row is caught when a program of `tests/guest` that makes the call then
//! prints something else than it should, or ends otherwise.
#![forbid(unsafe_code)]

mod util;

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;
use std::{fs, thread};

use util::host::HostProcess;
use util::programs::{self, Kind};
use util::run::{native, run_for};
use util::{Rootfs, Scratch, binary, give, run, xroot};

/// The guest's working directory. The host has none of this name, so a path that is let through hits nothing.
const WORK: &str = "/xroot-mutation-work";

/// Rows that need not make a difference: rt_sigaction is trapped for SIGSYS alone, which only matters where a filter
/// from outside makes xroot use RET_TRAP, and landlock_create_ruleset before Linux 6.8. mount_setattr and setns are refused to an ordinary user by the kernel as well.
const UNNOTICED: &[&str] = &[
    "landlock_create_ruleset (handled)",
    "mount_setattr (handled)",
    "rt_sigaction (handled)",
    "setns (handled)",
];

/// A row of `xroot syscalls`.
#[derive(Clone, Debug)]
struct Row {
    call: String,
    number: String,
    verdict: String,
}

fn rows() -> Vec<Row> {
    let text = run(Command::new(binary()).arg("syscalls")).success();
    let mut lines = text.lines();
    let header = lines.next().expect("there is a header");
    let column = |line: &str, name: &str, next: &str| {
        let from = header.find(name).unwrap_or_else(|| panic!("a column {name}"));
        let to = header.find(next).unwrap_or_else(|| panic!("a column {next}"));
        line.chars().skip(from).take(to - from).collect::<String>().trim().to_owned()
    };
    // Numbers are right-aligned, so they begin where the calls' names end.
    let rows: Vec<_> = lines
        .take_while(|line| !line.is_empty())
        .map(|line| Row {
            call: line.split_whitespace().next().expect("a row begins with its call").to_owned(),
            number: line.split_whitespace().nth(1).expect("then comes its number").to_owned(),
            verdict: column(line, "verdict", "trapped"),
        })
        .collect();
    assert!(rows.len() > 350, "only {} rows in\n{text}", rows.len());
    rows
}

/// What a run shows of itself.
type Seen = (String, i32);

/// An option of xroot that makes one call wrong, and the call.
type Mutation<'m> = (&'static str, &'m str);

const LET_THROUGH: &str = "--let-through";
const WRONG_LINKS: &str = "--wrong-links";

/// A run that needs more than a program: options, arguments, something outside.
struct Scenario {
    program: String,
    options: Vec<String>,
    args: Vec<String>,
}

impl Scenario {
    fn new(program: &str, options: &[&str], args: &[&str]) -> Self {
        let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self { program: program.into(), options: own(options), args: own(args) }
    }

    /// Runs it in a fresh guest, with a mutation or without.
    #[track_caller]
    fn run(&self, mutation: Option<Mutation<'_>>) -> Seen {
        let rootfs = Rootfs::new("root").dir(WORK).program(&self.program, Kind::Static);
        let rootfs = rootfs.expect("the host has a compiler");
        let mut guest = xroot(&rootfs).workdir(WORK).args(&self.options);
        if let Some((option, call)) = mutation {
            guest = guest.args([option, call]);
        }
        let mut command =
            guest.args([format!("/bin/{}", self.program)].iter().chain(&self.args)).into_command();
        // A program that waits for what no longer comes has noticed, too.
        run_for(&mut command, Duration::from_secs(60))
            .map_or_else(|hung| (hung, -1), |output| (output.stdout.clone(), output.code()))
    }

    /// True if it goes another way under the mutation.
    fn notices(&self, mutation: Mutation<'_>) -> bool {
        self.run(None) != self.run(Some(mutation))
    }
}

/// What a program prints, natively and untouched under xroot; nothing where the two differ. Each is asked once.
fn expected(name: &str) -> Option<Seen> {
    static KNOWN: OnceLock<Mutex<HashMap<String, Option<Seen>>>> = OnceLock::new();
    let known = KNOWN.get_or_init(Mutex::default);
    if let Some(seen) = known.lock().expect("nobody panics with it").get(name) {
        return seen.clone();
    }
    let scratch = Scratch::new();
    let program = programs::build(name, Kind::Static).expect("the host has a compiler");
    let output = native(&program, &scratch.dir("w"));
    // A program that fails anyway tells nothing about a row; `tests/guest.rs` is where it is reported.
    let seen = Some((output.stdout.clone(), output.code()));
    let seen = seen.filter(|seen| Scenario::new(name, &[], &[]).run(None) == *seen);
    known.lock().expect("nobody panics with it").insert(name.to_owned(), seen.clone());
    seen
}

/// The programs that make this call, those that name it most often first.
fn programs_with(call: &str) -> Vec<String> {
    let count = |name: &String| {
        let text = fs::read_to_string(programs::sources().join(format!("{name}.c"))).expect("it was listed");
        let word = |c: char| !(c.is_alphanumeric() || c == '_');
        let named = format!("SYS_{call}");
        let direct = text.split(word).filter(|&found| found == named).count()
            + text.matches(&format!("t({call},")).count();
        let loose = text.split(word).filter(|&found| found == call).count();
        direct * 100 + loose
    };
    let special = |name: &String| {
        name.starts_with("escape_")
            || name == "one_call"
            || ["conditional", "count_signals"].contains(&name.as_str())
    };
    let slow = |name: &String| name.starts_with("many_") || name.starts_with("race_");
    let mut found: Vec<_> = programs::names()
        .into_iter()
        .filter(|name| !special(name) && !slow(name))
        .map(|name| (count(&name), name))
        .filter(|(count, _)| *count > 0)
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, name)| name).collect()
}

/// True when some run tells that the row is wrong.
fn caught(mutation: Mutation<'_>) -> bool {
    let (option, call) = mutation;
    // First, because a tracer that can be signalled is gone at once, and hits nobody else.
    if option == LET_THROUGH && Scenario::new("escape_kill", &[], &["tracer"]).notices(mutation) {
        return true;
    }
    let differs = |name: &String| {
        expected(name).is_some_and(|expected| Scenario::new(name, &[], &[]).run(Some(mutation)) != expected)
    };
    programs_with(call).iter().any(differs) || caught_under_options(mutation)
}

/// The same for calls that are only trapped under an option, or that are about processes outside.
fn caught_under_options(mutation: Mutation<'_>) -> bool {
    let scratch = Scratch::new();
    let shared = scratch.dir("shared");
    for file in ["marker", "file"] {
        fs::write(shared.join(file), "x").expect("the directory is fresh");
        give(&shared.join(file));
    }
    let _host = HostProcess::new(&shared);
    let shared = shared.to_str().expect("scratch directories have plain names");
    let (read_only, in_work) = (format!("{shared}:/ro:ro"), format!("{shared}:{WORK}/shown"));
    // Elsewhere the directory would have a name that is not read-only as well.
    let alone = ["--no-default-binds", "--no-home", "-b", "/dev", "-b", "/proc", "-b", &read_only];
    [
        Scenario::new("conditional", &["-0", "-k", "9.9.9", "-e", "XROOT_FAKE_ROOT=1"], &["identity"]),
        Scenario::new("conditional", &alone, &["read-only", "/ro"]),
        Scenario::new("conditional", &["-b", &in_work], &["listing"]),
        Scenario::new("conditional", &["-b", &in_work], &["peer", "shown/peer"]),
    ]
    .iter()
    .any(|scenario| scenario.notices(mutation))
}

/// Checks rows on as many threads as the machine has processors, and gives those that nothing notices.
fn survivors(option: &'static str, rows: Vec<Row>) -> Vec<String> {
    let queue = Mutex::new(rows);
    let survivors = Mutex::new(Vec::new());
    let workers = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(row) = { queue.lock().expect("no panic holds it").pop() } {
                    if !caught((option, &row.call)) {
                        survivors
                            .lock()
                            .expect("no panic holds it")
                            .push(format!("{} ({})", row.call, row.verdict));
                    }
                }
            });
        }
    });
    let mut survivors = survivors.into_inner().expect("no panic held it");
    survivors.sort();
    survivors
}

#[test]
fn a_path_call_that_is_let_through_is_noticed() {
    let rows: Vec<_> = rows().into_iter().filter(|row| row.verdict == "translated").collect();
    assert!(rows.len() >= 55, "{rows:?}");
    assert_eq!(survivors(LET_THROUGH, rows), Vec::<String>::new());
}

#[test]
fn a_call_that_treats_a_last_symlink_the_wrong_way_is_noticed() {
    let rows: Vec<_> = rows().into_iter().filter(|row| row.verdict == "translated").collect();
    assert_eq!(survivors(WRONG_LINKS, rows), Vec::<String>::new());
}

#[test]
fn a_handled_call_that_is_let_through_is_noticed() {
    let rows: Vec<_> = rows().into_iter().filter(|row| row.verdict == "handled").collect();
    assert!(rows.len() >= 60, "{rows:?}");
    let mut survivors = survivors(LET_THROUGH, rows);
    survivors.retain(|row| !UNNOTICED.contains(&row.as_str()));
    assert_eq!(survivors, Vec::<String>::new());
}

#[test]
fn a_refused_call_gives_the_errno_of_its_row() {
    let rows: Vec<_> = rows().into_iter().filter(|row| row.verdict.starts_with("refused ")).collect();
    let numbers: Vec<_> = rows.iter().map(|row| row.number.clone()).collect();
    let refused = Scenario { program: "one_call".into(), options: Vec::new(), args: numbers };
    let (seen, _) = refused.run(None);
    let expected: String = rows
        .iter()
        .map(|row| format!("{} {}\n", row.number, row.verdict.trim_start_matches("refused ")))
        .collect();
    assert_eq!(seen, expected);
}

#[test]
fn the_guest_directory_of_this_test_is_none_of_the_host() {
    assert!(!Path::new(WORK).exists());
}
