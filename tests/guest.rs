//! Each program in `tests/guest` prints the same natively and under xroot.
//!
//! The kernel is the oracle: no expected output is written down. Where a native run fails, the program is wrong.
#![forbid(unsafe_code)]

mod util;

use std::path::Path;

use util::programs::{self, Kind};
use util::run::native;
use util::{Output, Rootfs, Scratch, diff, skip, xroot};

/// What `/work`, the guest's working directory, is.
#[derive(Clone, Copy)]
enum Work {
    InRootfs,
    Binding,
}

/// Runs the program natively and under xroot, each in a fresh directory, and compares.
#[track_caller]
fn compare(name: &str, kind: Kind, work: Work) {
    let Some(rootfs) = Rootfs::new("root").program(name, kind) else {
        return skip(&format!("no compiler for {kind:?} programs"));
    };
    let scratch = Scratch::new();
    let built = programs::build(name, kind).expect("it was just built");
    let expected = native(&built, &scratch.dir("w"));
    assert!(expected.status.success(), "the native run fails, so the program is wrong: {expected}");

    let guest = xroot(&rootfs);
    let guest = match work {
        Work::InRootfs => guest,
        Work::Binding => guest.bind(&rootfs.host_dir("bound"), "/work"),
    };
    let seen = guest.workdir("/work").run([format!("/bin/{name}")]);
    assert_same(&expected, &seen);
}

#[track_caller]
fn assert_same(expected: &Output, seen: &Output) {
    let differs = expected.stdout != seen.stdout || expected.code() != seen.code();
    assert!(
        !differs,
        "native (-) and xroot (+) differ; exit {} and {}\n{}\n--- stderr under xroot\n{}",
        expected.code(),
        seen.code(),
        diff::lines(&expected.stdout, &seen.stdout),
        seen.stderr.trim_end()
    );
}

/// One test a program and place, and the list of them.
macro_rules! programs {
    ($($name:ident)*) => {
        const PROGRAMS: &[&str] = &[$(stringify!($name)),*];

        mod in_the_rootfs {
            $(#[test]
            fn $name() {
                super::compare(stringify!($name), super::Kind::Static, super::Work::InRootfs);
            })*
        }

        mod in_a_binding {
            $(#[test]
            fn $name() {
                super::compare(stringify!($name), super::Kind::Static, super::Work::Binding);
            })*
        }
    };
}

programs! {
    access
    auxv
    block_all
    brk
    chdir_getcwd
    chmod
    chown
    clone3
    data_transfer
    deep_path
    deleted_cwd
    dirfd_rename
    dotdot
    dumpable
    efault
    elf_corrupt
    exec_limits
    exec_sizes
    exec_state
    exec_storm
    exec_thread
    execve
    execveat
    fanotify
    fchmodat2
    fd_table
    file_getattr
    fork_wait
    getdents
    getdents_old
    inotify
    kill
    killed_forks
    link
    listing
    locks
    many_processes
    many_threads
    memfd_exec
    mkdir
    mknod
    name_to_handle
    nonutf8
    o_path
    o_tmpfile
    open_flags
    open_tree
    openat2_resolve
    orphans
    path_limits
    pidfd
    posix_spawn
    privileged
    proc_open
    proc_paths
    proc_self
    process_groups
    ptrace_attach
    ptrace_calls
    ptrace_errors
    ptrace_events
    ptrace_memory
    ptrace_newborn
    ptrace_seize
    ptrace_signals
    ptrace_status
    ptrace_step
    ptrace_syscall_info
    ptrace_threads
    ptrace_traceme
    ptrace_tracer_exit
    ptrace_wait
    race_stat
    readlink
    registers
    rename
    renameat2
    sa_restart_fifo
    scm_rights
    seccomp_filter
    shebang
    sigaltstack
    signal_storm
    signals
    sigstop_cont
    small_stack
    stat_family
    statfs
    statx
    symlink_loops
    text_busy
    threads
    trailing_slash
    truncate
    umask
    unix_abstract
    unix_dgram
    unix_longname
    unix_seqpacket
    unix_stream
    unknown_syscall
    unlink
    unmapped
    untold_child
    utime
    vfork
    waitid
    xattr
    xattrat
}

/// Programs that other test files run: `tests/bindings` gives its own a tree, those of `tests/escape.rs` differ natively
/// on purpose, and `tests/lifecycle.rs` and `tests/mutation.rs` tell the others what to do.
const SPECIAL: &[&str] = &[
    "bind_cwd",
    "bind_enter",
    "bind_entries",
    "bind_missing",
    "bind_points",
    "bind_readonly",
    "conditional",
    "count_signals",
    "debug_fork",
    "debug_threads",
    "debug_wait",
    "escape_abi",
    "escape_kill",
    "escape_paths",
    "escape_proc",
    "escape_race",
    "exec_no_descriptor",
    "one_call",
];

/// One test a program and way of linking, for what a loader has to get right.
macro_rules! linked {
    ($($kind:ident $module:ident: $($name:ident)*;)*) => {
        $(mod $module {
            $(#[test]
            fn $name() {
                super::compare(stringify!($name), super::Kind::$kind, super::Work::InRootfs);
            })*
        })*
    };
}

linked! {
    StaticPie static_pie: auxv brk exec_state execve exec_thread fork_wait proc_self threads;
    Pie dynamic_pie: auxv brk exec_limits exec_state execve exec_thread execveat fork_wait memfd_exec posix_spawn
        proc_paths proc_self shebang sigaltstack signals threads vfork;
    NoPie dynamic_no_pie: auxv brk exec_state execve exec_thread fork_wait proc_self threads;
    Musl musl: brk exec_state exec_thread execve fork_wait proc_self shebang signals stat_family threads vfork;
}

/// FIXME: natively the program runs (exit 17). The stub opens it by a descriptor of the process, and where the hard limit
/// leaves none, the program dies of SIGSEGV as if it could not be mapped.
#[test]
fn exec_without_a_free_descriptor_kills_the_program() {
    let name = "exec_no_descriptor";
    let Some(rootfs) = Rootfs::new("root").program(name, Kind::Static) else { return skip("no compiler") };
    let built = programs::build(name, Kind::Static).expect("it was just built");
    assert_eq!(native(&built, &Scratch::new().dir("w")).success(), "all descriptors in use: exit 17\n");
    let seen = xroot(&rootfs).workdir("/work").run([format!("/bin/{name}")]);
    assert_eq!(seen.success(), "all descriptors in use: signal 11\n");
}

#[test]
fn every_program_is_run() {
    let mut listed: Vec<_> = PROGRAMS.iter().chain(SPECIAL).map(|name| (*name).to_owned()).collect();
    listed.sort();
    assert_eq!(listed, programs::names(), "{} and this file differ", programs::sources().display());
    assert!(PROGRAMS.len() >= 60);
}

#[test]
fn a_program_that_prints_otherwise_fails_the_comparison() {
    let output =
        |text: &str| util::run(std::process::Command::new("echo").arg(text).current_dir(Path::new("/")));
    let differ = std::panic::catch_unwind(|| assert_same(&output("one\nthree"), &output("one\ntwo")));
    let message =
        *differ.expect_err("it must fail").downcast::<String>().expect("assert! panics with a string");
    assert!(message.contains("- three\n+ two"), "{message}");
}
