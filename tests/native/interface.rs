//! What the user asks for, what he is told of it, and what becomes of wishes that cannot be met.
#![forbid(unsafe_code)]

use crate::job::{HELLO_C, HELLO_CC, Job, copy_tree};
use crate::trace::How::{Emulated, Native};
use crate::util::Scratch;
use std::fs;

/// The tools without their C++ compiler.
fn without_cxx(job: &mut Job) -> Scratch {
    let scratch = Scratch::new();
    let tools = scratch.dir("tools");
    let bulk = ["./usr/share", "*aarch64*", "*lto-dump*", "*/libstdc++.a", "*g++-12", "*/12/cc1plus"];
    copy_tree(&job.tools, &tools, &bulk);
    job.tools = tools;
    scratch
}

#[test]
fn the_table_names_every_tool_its_state_and_versions() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let table = job.tools_command(&[]).success();
    let header = table.lines().find(|line| line.contains("GUEST PATH")).unwrap_or_else(|| panic!("{table}"));
    assert!(header.contains("NATIVE") && header.contains("STATE"), "{header}");
    let row = |name: &str| {
        let found = table
            .lines()
            .find(|line| line.split_whitespace().next().is_some_and(|path| path.ends_with(name)));
        found.unwrap_or_else(|| panic!("no {name}\n{table}"))
    };
    for (name, version) in [("/12/cc1", "12.2.0"), ("/make", "4.3"), ("-as", "2.40"), ("/bash", "5.2")] {
        let row = row(name);
        assert!(row.contains(" on ") && row.matches(version).count() >= 2, "{row}");
    }
    for name in ["/pkgconf", "/getconf", "/dpkg", "/perl", "/ldd"] {
        let row = row(name);
        assert!(row.contains(" refused ") || row.contains(" off "), "{row}");
    }
    assert!(!table.contains('\t') && !table.contains('\u{1b}'), "{table}");
}

#[test]
fn the_table_can_be_read_by_programs() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let json = job.tools_command(&["--json"]).success();
    fs::write(job.project.join("tools.json"), &json).expect("the project is ours");
    let check = "import json; t = json.load(open('tools.json')); print(type(t).__name__ in ('list', 'dict'), 'cc1' in str(t))";
    assert_eq!(job.emulated().run(["python3", "-c", check]).success(), "True True\n", "{json}");
}

#[test]
fn strict_fails_where_something_asked_for_is_missing() {
    let Some(mut job) = Job::new("armhf-dev") else { return };
    assert_eq!(job.tools_command(&["--strict", "--native", "g++"]).code(), 0);
    let _tools = without_cxx(&mut job);
    let output = job.tools_command(&["--strict", "--native", "g++"]);
    assert_eq!(output.code(), 1, "{output}");
    assert!(output.to_string().contains("g++-12-arm-linux-gnueabihf"), "{output}");
    assert_eq!(job.tools_command(&["--native", "g++"]).code(), 0);
}

#[test]
fn a_missing_tool_that_is_asked_for_stops_before_anything_runs() {
    let Some(mut job) = Job::new("armhf-dev") else { return };
    let _tools = without_cxx(&mut job);
    for spec in ["g++", "make,g++"] {
        let output = job.native().args(["--native", spec]).run(["touch", "ran"]);
        assert_eq!((output.code(), output.stdout.as_str()), (125, ""), "{output}");
        assert!(output.stderr.contains("g++-12-arm-linux-gnueabihf"), "{output}");
        assert!(!job.project.join("ran").exists());
    }
}

#[test]
fn a_missing_tool_that_nobody_asked_for_leaves_the_guests() {
    let Some(mut job) = Job::new("armhf-dev") else { return };
    let _tools = without_cxx(&mut job);
    let job = job.file("hello.c", HELLO_C).file("hello.cc", HELLO_CC);
    let (seen, trace) = job.traced("gcc hello.c -o h; ./h; g++ hello.cc -o hc; ./hc");
    assert_eq!(seen, "hello from armv7l sizeof(long)=4\nx3 __GLIBCXX__=20220819 gcc=12\n");
    trace.shows(Native, "cc1");
    trace.shows(Emulated, "cc1plus");
}

#[test]
fn names_and_groups_choose_the_tools() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = job.file("hello.c", HELLO_C);
    let script = "make -s hello; ./hello; sed -n 1p /etc/passwd; bash -c :";
    for (index, (spec, native, emulated)) in [
        ("make", &["make"][..], &["sed", "cc1", "bash"][..]),
        ("@toolchain", &["cc1", "as", "ld"], &["make", "sed", "bash"]),
        ("auto,-sed", &["make", "cc1", "bash"], &["sed"]),
        ("@shell,sed", &["bash", "sed"], &["make", "cc1"]),
        ("", &[], &["make", "cc1", "bash", "sed"]),
    ]
    .into_iter()
    .enumerate()
    {
        job.fresh();
        let file = job.beside(&format!("trace{index}")).join("trace");
        let args = ["--native".as_ref(), spec.as_ref(), "--trace-exec".as_ref(), file.as_os_str()];
        job.native().args(args).run(["sh", "-ec", script]).success();
        let trace = crate::trace::Trace::parse(&fs::read_to_string(&file).expect("it was asked for"));
        native.iter().for_each(|name| trace.shows(Native, name));
        emulated.iter().for_each(|name| trace.shows(Emulated, name));
    }
    let output = job.native().args(["--native", "no-such-tool"]).run(["touch", "ran"]);
    assert_eq!(output.code(), 125, "{output}");
    assert!(output.stderr.contains("no-such-tool"), "{output}");
}

#[test]
fn a_reason_is_given_for_each_decision() {
    let Some(job) = Job::new("armhf-dev") else { return };
    for (name, words) in [
        ("cc1", &["12.2.0", "cc1", "gcc-cross"][..]),
        ("make", &["4.3", "/usr/bin/make"]),
        ("pkg-config", &["pkg-config"]),
    ] {
        let output = job.native().args(["--explain-native", name]).run([""; 0]);
        assert_eq!(output.code(), 0, "{output}");
        words.iter().for_each(|word| assert!(output.stdout.contains(word), "{name} {word}: {output}"));
    }
}

#[test]
fn the_report_counts_both_kinds_and_their_time() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = job.file("hello.c", HELLO_C);
    let output = job.native().args(["--report"]).run(["sh", "-ec", "gcc -O2 hello.c -o h; ./h; ./h"]);
    assert_eq!(output.stdout, "hello from armv7l sizeof(long)=4\n".repeat(2), "{output}");
    for word in ["native", "emulated", "cc1"] {
        assert!(output.stderr.contains(word), "{word}: {output}");
    }
    let row = output
        .stderr
        .lines()
        .find(|line| line.split_whitespace().any(|word| word == "h" || word.ends_with("/h")));
    let row = row.unwrap_or_else(|| panic!("no h: {output}"));
    assert!(row.split_whitespace().any(|word| word == "2"), "{row}");
}

#[test]
fn nothing_is_native_where_that_is_refused() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = job.file("hello.c", HELLO_C);
    let file = job.beside("out").join("trace");
    let args = ["--trace-exec".as_ref(), file.as_os_str()];
    job.emulated().args(args).run(["sh", "-ec", "gcc hello.c -o h; ./h"]).success();
    let trace = crate::trace::Trace::parse(&fs::read_to_string(&file).expect("it was asked for"));
    assert!(trace.execs.iter().all(|exec| exec.how == Emulated), "{trace:?}");
    for name in ["sh", "gcc", "cc1", "as", "h"] {
        trace.shows(Emulated, name);
    }
}

/// The default works on whatever host this is, with its own tools or none.
#[test]
fn the_hosts_own_tools_are_taken_where_it_has_them() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = job.file("hello.c", HELLO_C);
    let path =
        format!("{}:/usr/bin:/bin", crate::util::data("qemu").expect("it comes with the trees").display());
    let plain = crate::util::run::Xroot::new(&job.rootfs, &job.project).own_env("PATH", path);
    let output = plain.run(["sh", "-ec", "gcc hello.c -o h; ./h; make --version | head -1; uname -m"]);
    assert_eq!(output.success(), "hello from armv7l sizeof(long)=4\nGNU Make 4.3\narmv7l\n");
}
