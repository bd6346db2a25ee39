//! Under a filter from outside that denies calls by which a pretended identity shows: xroot answers them all the same,
//! and nothing else of the guest tells that they come to it as SIGSYS.
//!
//! The oracle is what a program sees without such a filter.
#![forbid(unsafe_code)]

mod util;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use util::behind::{behind, differences, guest, native};
use util::programs::{self, Kind};
use util::run::Xroot;
use util::{Output, Rootfs, Scratch, diff, rootfs, run, skip, xroot};

/// What a sandbox for services may well deny: ids, capabilities, owners, the root and the host's names.
const DENIED: &str = "chroot,sethostname,setdomainname,setuid,setgid,setreuid,setregid,setresuid,setresgid,setfsuid,\
    setfsgid,setgroups,capget,capset,chown,lchown,fchown,fchownat";

fn lacks(errno: &str, faculties: &str) -> Vec<String> {
    let helper = programs::helper("lacks");
    [helper.to_str().expect("its name is plain"), errno, faculties].map(str::to_owned).to_vec()
}

fn docker() -> Vec<String> {
    vec![programs::helper("docker_profile").to_str().expect("its name is plain").to_owned()]
}

/// The option that pretends the identity which the programs have anyway.
fn own_identity(rootfs: &Rootfs) -> String {
    let (uid, gid) = util::user().unwrap_or_else(|| {
        let own = fs::metadata(rootfs.path()).expect("it was just made");
        (own.uid(), own.gid())
    });
    format!("{uid}:{gid}")
}

/// Runs the program natively without `wrapper`, and under xroot with a pretended identity behind it.
#[track_caller]
fn as_without(wrapper: &[String], name: &str) {
    let rootfs = Rootfs::new("root").program(name, Kind::Static).expect("static programs can be built");
    let built = programs::build(name, Kind::Static).expect("it was just built");
    let expected = native(&lacks("EIO", "kcmp"), &built, &Scratch::new().dir("w"));
    let seen = guest(wrapper, &rootfs, &["-i", &own_identity(&rootfs)], name);
    assert!(
        expected.stdout == seen.stdout && expected.code() == seen.code(),
        "{name} behind {wrapper:?}, exit {} and {}: native (-) and xroot (+)\n{}\n{}",
        expected.code(),
        seen.code(),
        diff::lines(&expected.stdout, &seen.stdout),
        seen.stderr
    );
}

#[test]
fn what_sigsys_does_is_what_the_guest_has_set() {
    for errno in ["EIO", "EPERM", "ENOSYS"] {
        as_without(&lacks(errno, DENIED), "sigsys_kept");
    }
}

#[test]
fn signals_and_filters_are_the_guests_own_where_sigsys_is_forced() {
    for name in [
        "exec_signals",
        "seccomp_actions",
        "seccomp_args",
        "seccomp_filter",
        "seccomp_inherit",
        "seccomp_place",
        "seccomp_stack",
        "seccomp_trap",
        "seccomp_tsync",
        "sigaction_flags",
        "siginfo",
        "signals",
        "signal_storm",
        "posix_spawn",
        "vfork",
    ] {
        as_without(&lacks("EIO", DENIED), name);
    }
}

#[test]
fn without_a_pretended_identity_a_denied_call_fails_as_it_does_natively() {
    let found = differences(&lacks("EIO", DENIED), &[], &["sigsys_kept"]);
    assert!(found.is_empty(), "native (-) and xroot (+)\n{}", found.join("\n"));
}

/// Runs tests/util/identity.c, behind `wrapper` if there is one.
fn identity(wrapper: &[String]) -> Output {
    let rootfs = Rootfs::new("root");
    let program = rootfs.host("/bin/identity");
    let mut compiler = Command::new("cc");
    compiler.args(["-static", "-w", "-o"]).arg(&program);
    run(compiler.arg(util::source().join("tests/util/identity.c"))).success();
    let options = ["--no-default-binds", "--no-home", "-0", "-k", "4.19.0-x"];
    let command = xroot(&rootfs).args(options).workdir("/work").args(["/bin/identity"]).into_command();
    run(&mut behind(wrapper, &command))
}

#[test]
fn a_pretended_root_is_one_in_a_container_and_in_a_stricter_sandbox() {
    // Calls newer than the profile are missing in its container.
    let known = |text: &str| -> String {
        text.lines().filter(|line| !line.contains("xattrat")).map(|line| format!("{line}\n")).collect()
    };
    let expected = known(include_str!("util/identity.txt"));
    for wrapper in [docker(), lacks("EPERM", DENIED), lacks("ENOSYS", DENIED)] {
        let output = identity(&wrapper);
        let seen = known(&output.stdout);
        let differ = util::diff::lines(&expected, &seen);
        assert!(
            seen == expected,
            "{wrapper:?}: expected (-) and seen (+) differ\n{differ}\n{}",
            output.stderr
        );
    }
}

#[test]
fn what_is_answered_in_the_place_of_a_filter_is_told_on_request() {
    let rootfs = Rootfs::new("root").program("one_call", Kind::Static).expect("static programs can be built");
    let wrapper = lacks("EPERM", "chown,capget");
    let identity = own_identity(&rootfs);
    let seen = guest(&wrapper, &rootfs, &["-i", &identity, "--verbose"], "one_call");
    let line = seen.stderr.lines().find(|line| line.contains("a filter of whoever started xroot"));
    let told = "xroot: a filter of whoever started xroot denies chown, capget: answered all the same";
    assert_eq!(line, Some(told), "{seen}");
    let seen = guest(&wrapper, &rootfs, &["-i", &identity], "one_call");
    assert_eq!((seen.stderr.as_str(), seen.code()), ("", 0));
}

#[test]
fn strace_inside_sees_the_results_that_the_program_gets() {
    if !Path::new("/usr/bin/strace").exists() {
        return skip("strace is not installed");
    }
    const TRACED: &str = "trace=setresuid,chroot,sethostname,rt_sigprocmask";
    const SCRIPT: &str = "strace -f -o log -e $0 ./sigsys_calls; sed 's/^[0-9]* *//' log";
    let scratch = Scratch::new();
    let outputs = [("n", None), ("x", Some(lacks("EIO", DENIED)))].map(|(name, wrapper)| {
        let dir = scratch.dir(name);
        let built = programs::build("sigsys_calls", Kind::Static).expect("static programs can be built");
        fs::copy(built, dir.join("sigsys_calls")).expect("the directory was just made");
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SCRIPT, TRACED]).current_dir(&dir).env_clear().env("PATH", rootfs::PATH);
        let Some(wrapper) = wrapper else { return run(&mut command) };
        let shown = dir.to_str().expect("scratch directories have plain names");
        let rootfs = Rootfs::new("root");
        let inside = Xroot::new(Path::new("/"), &dir).args(["-i", &own_identity(&rootfs)]).workdir(shown);
        run(&mut behind(&wrapper, &inside.args(["/bin/sh", "-c", SCRIPT, TRACED]).into_command()))
    });
    let [expected, seen] = outputs;
    assert!(expected.stdout.contains("ENOENT"), "{expected}");
    let differ = diff::lines(&expected.stdout, &seen.stdout);
    assert!(expected.stdout == seen.stdout, "native (-) and xroot (+)\n{differ}\n{}", seen.stderr);
}
