//! What `--trace` writes: one line a decision, for every kind of decision, and one line a call.
#![forbid(unsafe_code)]

mod util;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use util::live::{Live, SETTLE, eventually, state, with_shell};
use util::programs::Kind;
use util::run::Xroot;
use util::{Output, Rootfs, Scratch, data, skip, xroot};

/// A rootfs that has the test program.
fn rootfs() -> Rootfs {
    let rootfs = Rootfs::new("root").program("traced", Kind::Static).expect("static programs can be built");
    rootfs.file("/etc/target", "").symlink("/etc/link", "target").symlink("/bin/again", "traced")
}

/// Runs the command with a trace in a file, and gives that too.
fn trace(rootfs: &Rootfs, command: &[&str]) -> (Output, String) {
    let file = rootfs.outside().join("trace");
    let output = xroot(rootfs).args([option(&file)]).workdir("/work").run(command);
    (output, read(file))
}

fn option(file: &Path) -> String {
    format!("--trace={}", file.display())
}

fn read(file: PathBuf) -> String {
    String::from_utf8(fs::read(file).expect("it is written")).expect("other bytes are escaped")
}

/// The lines with `ROOT` for the rootfs, `P1`, `P2` ... for tasks in the order in which they appear, and `ADDRESS`.
fn neutral(rootfs: &Rootfs, text: &str) -> Vec<String> {
    let text = text.replace(rootfs.path().to_str().expect("its name is plain"), "ROOT");
    let mut tasks: BTreeMap<String, String> = BTreeMap::new();
    let mut lines = Vec::new();
    for line in text.lines() {
        let (tid, _) = line.split_once(' ').expect("a line begins with a task");
        let next = format!("P{}", tasks.len() + 1);
        tasks.entry(tid.to_owned()).or_insert(next);
        let words = line.split_inclusive(|c: char| !c.is_ascii_alphanumeric()).map(|word| {
            let bare = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
            let end = &word[bare.len()..];
            let is_address = bare.len() > 8 && bare.starts_with("0x");
            let shown = if is_address { "ADDRESS" } else { tasks.get(bare).map_or(bare, String::as_str) };
            format!("{shown}{end}")
        });
        lines.push(words.collect());
    }
    lines
}

/// How many lines begin with this, whatever the task.
fn count(text: &str, start: &str) -> usize {
    text.lines().filter(|line| line.split_once(' ').is_some_and(|(_, rest)| rest.starts_with(start))).count()
}

#[test]
fn every_kind_of_decision_has_its_line() {
    let rootfs = rootfs();
    let (output, text) = trace(&rootfs, &["/bin/traced"]);
    assert_eq!((output.code(), &output.stdout[..], &output.stderr[..]), (5, "", ""), "{output}");
    let lines = neutral(&rootfs, &text);
    assert!(lines[0].starts_with(r#"P1 execve("/bin/traced", ["/bin/traced"], ADDRESS) guest:/bin/traced "#));
    let begin =
        lines.iter().position(|line| line.contains("\"/begin\"")).expect("the program makes this call");
    // The child runs beside its parent, and the C library has calls of its own.
    let (child, own): (Vec<_>, Vec<_>) = lines[begin..]
        .iter()
        .map(String::as_str)
        .filter(|line| !line.contains(" readlink("))
        .partition(|line| line.starts_with("P2"));
    let expected = [
        r#"P1 access("/begin", F_OK) -> answer = -1 ENOENT (No such file or directory)"#,
        r#"P1 openat(AT_FDCWD, "/etc/link", O_RDONLY|O_CLOEXEC) guest:/etc/target host:ROOT/etc/target -> rewrite to openat2 = 3"#,
        r#"P1 openat(AT_FDCWD, "made", O_WRONLY|O_CREAT|O_EXCL, 0640) guest:/work/made host:ROOT/work/made -> rewrite to openat2 = 3"#,
        r#"P1 openat(AT_FDCWD, "a\"b\n\xff", O_RDONLY) -> rewrite = -1 ENOENT (No such file or directory)"#,
        r#"P1 newfstatat(AT_FDCWD, "/etc/link", ADDRESS, 0) guest:/etc/target host:ROOT/etc/target -> answer = 0"#,
        r#"P1 newfstatat(AT_FDCWD, "/no", ADDRESS, AT_SYMLINK_NOFOLLOW) -> answer = -1 ENOENT (No such file or directory)"#,
        r#"P1 unlink("made") guest:/work/made host:ROOT/work/made -> rewrite = 0"#,
        r#"P1 rename("one", "two") guest:/work/one host:ROOT/work/one guest:/work/two host:ROOT/work/two -> rewrite = -1 ENOENT (No such file or directory)"#,
        r#"P1 pivot_root("a", "b") -> refuse (would change what host paths mean, and needs a capability) = -1 EPERM (Operation not permitted)"#,
        "P1 call 999(...) -> refuse (not supported) = -1 ENOSYS (Function not implemented)",
        "P1 kill(P1, 0) -> pass",
        "P1 tgkill(P1, P1, SIGUSR2) -> pass",
        "P1 --- SIGUSR2 ---",
        "P1 +++ starts P2 +++",
        "P1 --- SIGCHLD ---",
        r#"P1 execve("/no", ["no"], ADDRESS) -> answer = -1 ENOENT (No such file or directory)"#,
        r#"P1 execve("/bin/again", ["again", "end"], ADDRESS) guest:/bin/traced host:ROOT/bin/traced -> exec own = 0"#,
        "P1 +++ exited with 5 +++",
    ];
    // The child's number is known to the parent before it has a line.
    let own: Vec<_> = own.iter().map(|line| neutral_child(line)).collect();
    for (seen, expected) in own.iter().zip(expected) {
        assert_eq!(seen, expected);
    }
    assert_eq!(own.len(), expected.len(), "{text}");
    assert_eq!(child, ["P2 +++ exited with 3 +++"]);
}

fn neutral_child(line: &str) -> String {
    match line.split_once(" starts ") {
        Some((before, _)) => format!("{before} starts P2 +++"),
        None => line.to_owned(),
    }
}

#[test]
fn every_call_has_one_line_whoever_makes_it() {
    const CALLS: usize = 3 * 3 * 40;
    let rootfs = rootfs();
    let (output, text) = trace(&rootfs, &["/bin/traced", "many"]);
    assert_eq!(output.success(), "");
    for (start, end) in [
        (r#"openat(AT_FDCWD, "/etc/link", O_RDONLY) guest:/etc/target host:"#, "-> rewrite to openat2 = "),
        (r#"access("/no", F_OK)"#, "-> answer = -1 ENOENT (No such file or directory)"),
        (r#"pivot_root("a", "b")"#, " = -1 EPERM (Operation not permitted)"),
    ] {
        assert_eq!(count(&text, start), CALLS, "{start}");
        let ends =
            text.lines().filter(|line| line.contains(&format!(" {start}")) && line.contains(end)).count();
        assert_eq!(ends, CALLS, "{start} ... {end}");
    }
    assert_eq!(count(&text, "+++ exited with 0 +++"), 3 * 4 + 1);
    // Lines of several tasks do not run into each other.
    for line in text.lines() {
        let (tid, rest) = line.split_once(' ').expect("a line begins with a task");
        assert!(tid.bytes().all(|byte| byte.is_ascii_digit()), "{line}");
        assert!(rest.contains(" -> ") || rest.ends_with("+++") || rest.ends_with("---"), "{line}");
    }
}

#[test]
fn without_a_file_the_trace_goes_to_stderr_and_nowhere_without_the_option() {
    let rootfs = rootfs();
    let output = xroot(&rootfs).args(["--trace"]).workdir("/work").run(["/bin/traced", "end"]);
    assert_eq!((output.code(), &output.stdout[..]), (5, ""));
    assert_eq!(count(&output.stderr, "execve(\"/bin/traced\", "), 1, "{output}");
    assert!(output.stderr.ends_with(" +++ exited with 5 +++\n"), "{output}");
    let output = xroot(&rootfs).workdir("/work").run(["/bin/traced", "end"]);
    assert_eq!((output.code(), &output.stderr[..]), (5, ""), "{output}");
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_anything_runs() {
    let rootfs = rootfs();
    for option in ["--trace=/nonexistent/t", "--trace-exec=/nonexistent/t"] {
        let output = xroot(&rootfs).args([option]).run(["/bin/traced"]);
        let what = if option.starts_with("--trace=") { "trace" } else { "programs' log" };
        let fix = "name a file that you can write, or leave the option out";
        let expected = format!(
            "xroot: cannot write the {what} to /nonexistent/t: No such file or directory\nxroot: fix: {fix}\n"
        );
        assert_eq!((output.code(), output.stderr), (125, expected));
    }
}

#[test]
fn a_trace_that_cannot_be_written_any_more_harms_nobody() {
    let rootfs = rootfs();
    let output = xroot(&rootfs).args(["--trace=/dev/full"]).workdir("/work").run(["/bin/traced"]);
    assert_eq!((output.code(), &output.stderr[..]), (5, ""), "{output}");
}

#[test]
fn the_guest_does_not_have_the_file_open() {
    let rootfs = with_shell(&["ls"]);
    let (output, _) = trace(&rootfs, &["sh", "-c", "ls /proc/self/fd; ls /proc/$$/fd"]);
    let without = xroot(&rootfs).workdir("/work").run(["sh", "-c", "ls /proc/self/fd; ls /proc/$$/fd"]);
    assert_eq!(output.success(), without.success());
}

#[test]
fn a_call_that_never_returns_has_its_line_too() {
    let rootfs = with_shell(&["mkfifo"]);
    let file = rootfs.outside().join("trace");
    let script = "mkfifo /work/fifo; (: < /work/fifo) & echo $!; read x; kill -9 $!; wait $!; echo $?";
    let mut command =
        xroot(&rootfs).args([option(&file)]).workdir("/work").args(["sh", "-c", script]).into_command();
    let mut live = Live::start(&mut command);
    let reader = live.line_pid();
    eventually("the reader waits", || state(reader) == Some('S'));
    thread::sleep(SETTLE);
    live.say("go");
    assert_eq!((live.line(), live.end()), ("137".to_owned(), 0));
    let text = read(file);
    let open = text.lines().find(|line| line.contains("\"/work/fifo\", O_RDONLY)"));
    let open = open.unwrap_or_else(|| panic!("{text}"));
    assert!(open.ends_with(" -> rewrite to openat2 = ?"), "{open}");
    let tid = open.split(' ').next().expect("a line begins with a task");
    assert!(text.contains(&format!("{tid} +++ killed by SIGKILL +++\n")), "{text}");
}

#[test]
fn an_emulated_program_is_shown_with_its_emulator() {
    let Some((tree, qemu)) = data("rootfs/armhf").zip(data("qemu")) else {
        return skip("no armhf tree in XROOT_TEST_DATA: make test prepares it");
    };
    let scratch = Scratch::new();
    let file = scratch.path().join("trace");
    let path = format!("{}:/usr/bin:/bin", qemu.display());
    let xroot = Xroot::new(&tree, scratch.path()).own_env("PATH", path);
    let output = xroot.args([&option(&file)[..], "--no-native"]).run(["/bin/true"]);
    assert_eq!(output.success(), "");
    let text = read(file);
    let exec =
        text.lines().find(|line| line.contains(" execve(\"/bin/true\"")).unwrap_or_else(|| panic!("{text}"));
    assert!(exec.contains(" guest:/usr/bin/true host:"), "{exec}");
    assert!(exec.contains(" -> exec emulated by host:") && exec.contains("/qemu-arm"), "{exec}");
}

#[test]
fn calls_that_are_not_supported_are_counted_and_told_with_their_reason() {
    let rootfs = rootfs();
    let output = xroot(&rootfs).args(["--verbose"]).workdir("/work").run(["/bin/traced", "many"]);
    let told = |output: &Output| -> Vec<String> {
        let lines = output.stderr.lines().filter(|line| line.starts_with("xroot: not supported: "));
        lines.map(str::to_owned).collect()
    };
    let why = "would change what host paths mean, and needs a capability";
    assert_eq!(told(&output), [format!("xroot: not supported: pivot_root: EPERM, 360 times ({why})")]);
    let output = xroot(&rootfs).args(["--verbose"]).workdir("/work").run(["/bin/traced"]);
    assert_eq!(
        told(&output),
        [
            "xroot: not supported: call 999: ENOSYS, once (xroot knows no such call)".to_owned(),
            format!("xroot: not supported: pivot_root: EPERM, once ({why})"),
        ]
    );
    let output = xroot(&rootfs).workdir("/work").run(["/bin/traced"]);
    assert_eq!(output.stderr, "");
}
