//! A tool that cannot start breaks nothing: the user is told once, and the guest's own program runs.
#![forbid(unsafe_code)]

use std::fs;
use std::path::Path;

use crate::exec_only::Copy;
use crate::job::{Job, copy_tree};
use crate::util::{Output, Scratch, chmod};

/// A guest with tools that a test may damage.
struct Damaged {
    job: Job,
    tools: Scratch,
}

impl Damaged {
    fn new() -> Option<Self> {
        let mut job = Job::new("armhf-dev")?.file("lines", "b\na\n");
        let tools = Scratch::new();
        copy_tree(
            &job.tools,
            tools.path(),
            &["./usr/share", "*aarch64*", "*lto-dump*", "*.a", "./usr/lib/gcc*"],
        );
        job.tools = tools.path().to_owned();
        Some(Self { job, tools })
    }

    fn program(&self, name: &str) -> std::path::PathBuf {
        self.tools.path().join("usr/bin").join(name)
    }

    /// Exchanges bytes of a program.
    #[track_caller]
    fn patch(&self, name: &str, from: &[u8], to: &[u8]) {
        let path = self.program(name);
        let mut bytes = fs::read(&path).expect("the tools have it");
        let found: Vec<_> =
            (0..bytes.len() - from.len()).filter(|&at| bytes[at..].starts_with(from)).collect();
        assert!(!found.is_empty(), "{name} does not hold {from:?}");
        found.into_iter().for_each(|at| bytes[at..][..to.len()].copy_from_slice(to));
        fs::write(&path, bytes).expect("the tools are ours");
    }

    fn cut(&self, name: &str, len: u64) {
        let file = fs::OpenOptions::new().write(true).open(self.program(name)).expect("the tools have it");
        file.set_len(len).expect("the tools are ours");
    }

    fn sh(&self, script: &str) -> Output {
        self.job.native().run(["sh", "-c", script])
    }
}

/// As many warnings as `tools`, one for each of them, and no other line.
#[track_caller]
fn warned(output: &Output, tools: &[&str]) {
    let lines: Vec<_> = output.stderr.lines().collect();
    let warnings = lines.iter().filter(|line| line.starts_with("xroot: native ")).count();
    assert_eq!(warnings, tools.len(), "{output}");
    for tool in tools {
        let begin = format!("xroot: native {tool}: ");
        let about = lines.iter().filter(|line| line.starts_with(&begin)).collect::<Vec<_>>();
        assert!(about.len() == 1 && about[0].contains("the guest's own runs"), "{tool}: {output}");
    }
    assert!(lines.iter().all(|line| line.starts_with("xroot: ")), "{output}");
}

/// From the emulated run: what is printed, and the status.
#[track_caller]
fn as_emulated(damaged: &Damaged, script: &str, tools: &[&str]) {
    damaged.job.fresh();
    let emulated = damaged.job.emulated().run(["sh", "-c", script]);
    damaged.job.fresh();
    let native = damaged.sh(script);
    assert_eq!((&native.stdout, native.code()), (&emulated.stdout, emulated.code()), "{script}: {native}");
    warned(&native, tools);
}

#[test]
fn what_cannot_start_is_told_once_and_the_guests_own_runs() {
    let Some(damaged) = Damaged::new() else { return };
    damaged.patch("cut", b"ld-linux-x86-64.so.2", b"ld-linux-x86-99.so.9");
    damaged.patch("head", b"libc.so.6", b"libq.so.6");
    damaged.cut("sed", 60_000);
    damaged.cut("tail", 100);
    chmod(&damaged.program("tac"), 0o644);
    for (tool, script) in [
        ("cut", "cut -c1 lines; cut -c2 lines; cut --bad 2>/dev/null"),
        ("head", "head -1 lines | head -1; head -2 lines; head /missing 2>/dev/null"),
        ("sed", "sed -n 1p lines; /bin/sed -n 2p lines; sed -n 'q7' lines"),
        ("tail", "tail -1 lines; tail -1 lines; exec tail -2 lines"),
        ("tac", "tac lines; tac lines | tac"),
    ] {
        as_emulated(&damaged, script, &[tool]);
    }
    let all = "for i in 1 2 3; do cut -c1 lines | sed s/a/c/ | head -1; tail -1 lines; tac lines; done";
    as_emulated(&damaged, all, &["cut", "head", "sed", "tac", "tail"]);
    // Not in the output of what is emulated from the start.
    as_emulated(&damaged, "sort lines; wc -l <lines; ls", &[]);
}

/// Wherever a copy to the tools was cut off.
#[test]
fn a_program_without_its_end_is_not_tried() {
    let Some(damaged) = Damaged::new() else { return };
    let len = fs::metadata(damaged.program("sort")).expect("the tools have it").len();
    for keep in [len - 1, len - 4000, len - 8000, len - 16_000, len / 2, len / 4] {
        damaged.cut("sort", keep);
        let output = damaged.sh("sort lines; sort -r lines");
        assert_eq!((&*output.stdout, output.code()), ("a\nb\nb\na\n", 0), "{keep} of {len}: {output}");
    }
}

#[test]
fn a_library_that_a_library_needs_may_be_missing() {
    let Some(damaged) = Damaged::new() else { return };
    let library = damaged.tools.path().join("usr/lib/x86_64-linux-gnu");
    fs::remove_file(library.join("libpcre2-8.so.0")).expect("the tools have it");
    // ls needs libselinux, which needs it.
    as_emulated(&damaged, "ls lines; ls lines; cat lines", &["ls"]);
}

#[test]
fn what_is_no_program_of_this_host_is_no_tool() {
    let Some(damaged) = Damaged::new() else { return };
    let put = |name: &str, text: &[u8]| fs::write(damaged.program(name), text).expect("the tools are ours");
    put("sort", &fs::read(damaged.job.rootfs.join("usr/bin/sort")).expect("the guest has it"));
    put("wc", b"#!/bin/sh\necho of the host\n");
    put("uniq", b"");
    fs::remove_file(damaged.program("tr")).expect("the tools have it");
    fs::create_dir(damaged.program("tr")).expect("the tools are ours");
    as_emulated(&damaged, "sort lines; wc <lines; uniq lines; tr a b <lines", &[]);
    for (tool, why) in [("sort", "program for arm"), ("wc", "script"), ("uniq", "uniq"), ("tr", "tr")] {
        let output = damaged.job.native().args(["--native", tool]).run(["touch", "ran"]);
        assert_eq!((output.code(), &*output.stdout), (125, ""), "{output}");
        assert!(output.stderr.contains(why), "{output}");
    }
    assert!(!damaged.job.project.join("ran").exists());
}

#[test]
fn a_tool_that_breaks_in_the_middle_of_a_make_stops_nothing() {
    let Some(mut damaged) = Damaged::new() else { return };
    let rules = "all: 1 2 3 4 5 6\n\t@cat $^\n1 2 3 4 5 6: lines\n\t@cut -c1 lines | tac | head -1 >$@\n";
    damaged.job = damaged.job.file("Makefile", rules);
    damaged.patch("cut", b"libc.so.6", b"libq.so.6");
    damaged.cut("tac", 20_000);
    as_emulated(&damaged, "make -j3; echo $?; rm 1; make 1; make none 2>/dev/null", &["cut", "tac"]);
}

#[test]
fn a_shell_that_cannot_start_runs_scripts_all_the_same() {
    let Some(mut damaged) = Damaged::new() else { return };
    damaged.job = damaged.job.file("script", "#!/bin/sh -e\necho $0 $*; false; echo no\n");
    damaged.cut("dash", 30_000);
    as_emulated(
        &damaged,
        "chmod 755 script; ./script a; echo $?; ./script; echo 'a:;@echo made' >mk; make -f mk",
        &["dash"],
    );
}

/// The version that was compared is another one now.
#[test]
fn a_program_that_is_replaced_in_a_session_runs_itself() {
    let Some(copy) = Copy::lean("armhf-dev") else { return };
    let Some(other) = Copy::lean("armhf-dev") else { return };
    let script = "cd /usr/bin; echo hi | sed s/i/o/; cp sed sed.old; cp echo sed; sed was echo; mv sed.old sed; echo hi | sed s/i/e/\n\
                  cp make make.old; cat echo >make; make was echo; mv -f make.old make; printf 'a:;@echo a' | make -f -\n\
                  cp tac new; mv new cat; printf '1\\n2\\n' >/tmp/lines.$$; cat /tmp/lines.$$; rm -f head; ln -s tail head; head -n 1 /tmp/lines.$$\n\
                  rm /tmp/lines.$$; rm wc; wc -l; echo $?; printf '#!/bin/sh\\necho script $1\\n' >wc; chmod 755 wc; wc x; mv cut sort; sort -c1 /etc/hostname";
    let run = |xroot: crate::util::run::Xroot| xroot.run(["sh", "-c", script]);
    let (native, emulated) = (run(copy.job.native()), run(other.job.emulated()));
    assert_eq!((&native.stdout, native.code()), (&emulated.stdout, emulated.code()), "{native}\n{emulated}");
    assert!(native.stdout.starts_with("ho\nwas echo\nhe\nwas echo\n"), "{native}");
    assert!(Path::new(&copy.job.rootfs).join("usr/bin/wc").exists());
}
