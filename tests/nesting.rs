//! xroot inside what else looks after processes: containers, namespaces, tracers, another xroot. It works, with the
//! results of a native run there, or says why not in one line.
#![forbid(unsafe_code)]

mod util;

use std::process::Command;

use util::behind::{differences, guest};
use util::live::with_shell;
use util::programs::{self, Kind};
use util::{Output, Rootfs, binary, run, skip, xroot};

/// The programs that are run inside containers: those whose calls a profile denies, and one of every family.
const PROGRAMS: &[&str] = &[
    "access",
    "brk",
    "chmod",
    "clone3",
    "data_transfer",
    "efault",
    "exec_state",
    "exec_thread",
    "execve",
    "execveat",
    "fanotify",
    "fork_wait",
    "getdents",
    "inotify",
    "kill",
    "link",
    "many_threads",
    "memfd_exec",
    "open_flags",
    "openat2_resolve",
    "posix_spawn",
    "privileged",
    "proc_open",
    "proc_self",
    "ptrace_attach",
    "ptrace_events",
    "ptrace_seize",
    "ptrace_syscall_info",
    "scm_rights",
    "seccomp_filter",
    "seccomp_trap",
    "signals",
    "sigstop_cont",
    "stat_family",
    "statx",
    "symlink_loops",
    "threads",
    "unix_stream",
    "unknown_syscall",
    "vfork",
    "waitid",
    "xattr",
    "xattrat",
];

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn one_call() -> Rootfs {
    Rootfs::new("root").program("one_call", Kind::Static).expect("static programs can be built")
}

/// True if this host has the command, run with these arguments.
fn works(command: &[&str]) -> bool {
    let output = std::process::Command::new(command[0]).args(&command[1..]).current_dir("/").output();
    let works = output.is_ok_and(|output| output.status.success());
    if !works {
        skip(&format!("this host has no working {}", command.join(" ")));
    }
    works
}

/// xroot behind `wrapper` gives what the program gives there.
#[track_caller]
fn same(wrapper: &[String], programs: &[&str]) {
    let found = differences(wrapper, &[], programs);
    assert!(found.is_empty(), "{wrapper:?}: native (-) and xroot (+)\n{}", found.join("\n"));
}

/// xroot behind `wrapper` says this and does nothing else.
#[track_caller]
fn refuses(wrapper: &[String], message: &str, fix: &str) {
    let output = guest(wrapper, &one_call(), &[], "one_call");
    assert_eq!(output.stderr, format!("xroot: {message}\nxroot: fix: {fix}\n"), "{output}");
    assert_eq!((output.code(), &output.stdout[..]), (125, ""));
}

#[test]
fn in_a_container_with_dockers_default_profile_it_works() {
    let profile = programs::helper("docker_profile");
    same(&words(&[profile.to_str().expect("its name is plain")]), PROGRAMS);
}

#[test]
fn in_a_container_of_an_older_engine_it_works() {
    let profile = programs::helper("docker_profile");
    // Without clone3, and told so by EPERM, the C library makes no threads; these programs wait for them.
    let no_threads = PROGRAMS.iter().copied().filter(|name| !name.contains("thread"));
    let programs: Vec<_> = no_threads.collect();
    same(&words(&[profile.to_str().expect("its name is plain"), "old"]), &programs);
}

#[test]
fn without_new_privileges_it_works() {
    if works(&["setpriv", "--no-new-privs", "true"]) {
        same(&words(&["setpriv", "--no-new-privs"]), &["exec_state", "privileged", "proc_self", "signals"]);
    }
}

#[test]
fn in_namespaces_of_one_user_id_it_works() {
    const SOME: &[&str] =
        &["chown", "exec_state", "fork_wait", "kill", "proc_self", "scm_rights", "signals", "unix_stream"];
    if works(&["unshare", "-Urpf", "--mount-proc", "true"]) {
        same(&words(&["unshare", "-Urpf", "--mount-proc", "--kill-child"]), SOME);
        // The caller's id has no name there.
        same(&words(&["unshare", "-U"]), SOME);
    }
}

#[test]
fn where_proc_is_another_namespaces_it_says_so() {
    if works(&["unshare", "-Urpf", "true"]) {
        refuses(
            &words(&["unshare", "-Urpf", "--kill-child"]),
            "/proc is that of another pid namespace, and xroot needs this one's to look at the processes it traces",
            "unshare --pid --fork --mount-proc ... (or: mount -t proc proc /proc)",
        );
    }
}

/// One line that names the tracer, and one that says what to do.
#[track_caller]
fn is_already_traced(output: &Output, tracer: &str) {
    // gdb has not always ended its own line.
    let said: Vec<_> =
        output.stderr.lines().filter_map(|line| Some(&line[line.find("xroot: ")?..])).collect();
    assert_eq!(said.len(), 2, "{output}");
    assert!(said[0].starts_with("xroot: xroot is already traced by process "), "{output}");
    assert!(said[0].ends_with(&format!(" ({tracer}), and a process has only one tracer")), "{output}");
    assert_eq!(said[1], "xroot: fix: start xroot outside strace, gdb or another tracer");
}

#[test]
fn strace_of_xroot_alone_works_and_that_of_all_its_processes_says_so() {
    if works(&["strace", "-o", "/dev/null", "true"]) {
        same(&words(&["strace", "-o", "/dev/null"]), &["exec_state", "signals", "threads"]);
        let output = guest(&words(&["strace", "-f", "-o", "/dev/null"]), &one_call(), &[], "one_call");
        is_already_traced(&output, "strace");
        assert_eq!((output.code(), &output.stdout[..]), (125, ""));
    }
}

#[test]
fn gdb_runs_xroot_unless_it_follows_its_children() {
    if !works(&["gdb", "--version"]) {
        return;
    }
    let gdb = |mode: &str| {
        let mode = format!("set follow-fork-mode {mode}");
        let rootfs = with_shell(&[]);
        let mut command = Command::new("gdb");
        command.args(["-nx", "-batch", "-ex", &mode, "-ex", "run", "--args"]).arg(binary()).arg("-r");
        command.arg(rootfs.path()).args(["-w", "/", "sh", "-c", "echo ran; exit 3"]);
        run(command.current_dir(rootfs.outside()).env("HOME", rootfs.outside()))
    };
    let output = gdb("parent");
    assert!(output.stdout.contains("ran\n") && output.stdout.contains(" exited with code 03]"), "{output}");
    let output = gdb("child");
    is_already_traced(&output, "gdb");
    assert!(!output.stdout.contains("ran\n"), "{output}");
}

/// xroot on the host's own tree.
fn over_the_host() -> Vec<String> {
    let binary = binary();
    words(&[binary.to_str().expect("its name is plain"), "-r", "/"])
}

#[test]
fn inside_xroot_it_works() {
    let some = [
        "chmod",
        "clone3",
        "exec_beside",
        "exec_thread",
        "execveat",
        "fork_killed",
        "fork_wait",
        "openat2_resolve",
        "proc_fd_cwd",
        "proc_self",
    ];
    same(&over_the_host(), &some);
    same(
        &over_the_host(),
        &["ptrace_seccomp", "scm_rights", "sigstop_cont", "stat_family", "unix_stream", "waitid"],
    );
}

#[test]
fn inside_xroot_inside_xroot_it_works() {
    same(&[over_the_host(), over_the_host()].concat(), &["exec_state"]);
}

/// As a foreign tree of another sandbox would run it.
#[test]
fn run_by_an_emulator_it_says_so() {
    let emulator = format!("qemu-{}-static", std::env::consts::ARCH);
    if works(&[&emulator, "--version"]) {
        let fix = "run the command as it is; for another tree, start xroot on the host with -r TREE";
        refuses(&[emulator], "xroot is run by an emulator, which cannot trace processes", fix);
    }
}

#[test]
fn two_sessions_share_a_tree() {
    let rootfs = with_shell(&["cat", "mkfifo"]);
    let script = "mkfifo /work/a /work/b; (cat /work/a; echo one > /work/b) & echo here > /work/a; wait";
    let first = std::thread::scope(|scope| {
        let path = &rootfs;
        let talks = scope.spawn(move || {
            xroot(path).run(["sh", "-c", "until read x < /work/b; do :; done 2>/dev/null; echo got $x"])
        });
        let output = xroot(path).run(["sh", "-c", script]);
        assert_eq!(output.success(), "here\n");
        talks.join().expect("it does not panic")
    });
    assert_eq!(first.success(), "got one\n");
}
