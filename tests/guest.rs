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
    check_order
    chmod
    chown
    clone3
    clone_flags
    data_transfer
    deep_path
    deleted_cwd
    device_files
    dir_offsets
    dir_types
    dirfd_inherited
    dirfd_rename
    dotdot
    dumpable
    efault
    elf_corrupt
    elf_made
    exec_above
    exec_argv
    exec_attributes
    exec_beside
    exec_check
    exec_descriptors
    exec_fd_kinds
    exec_interpreter
    exec_killed
    exec_limits
    exec_no_descriptor
    exec_personality
    exec_proc
    exec_refused
    exec_script_fd
    exec_sharers
    exec_signals
    exec_sizes
    exec_state
    exec_storm
    exec_thread
    exec_writers
    execve
    execveat
    exit_core
    fanotify
    fchmodat2
    fd_passing_data
    fd_table
    file_getattr
    fork_inherit
    fork_killed
    fork_wait
    getdents
    getdents_old
    inotify
    int80
    int80_traced
    kill
    killed_forks
    landlock_errors
    landlock_exec
    landlock_files
    landlock_net
    landlock_proc
    landlock_scope
    landlock_trace
    last_symlink
    leases
    link
    link_kinds
    listing
    locks
    many_processes
    many_threads
    memfd_exec
    mkdir
    mknod
    mount_errors
    name_to_handle
    nonutf8
    o_path
    o_tmpfile
    open_create
    open_flags
    open_many
    open_matrix
    open_path_fd
    open_reopen
    open_tmpfile_link
    open_tree
    openat2_how
    openat2_magic
    openat2_resolve
    openat2_root
    orphaned_group
    orphans
    other_process
    path_above
    path_behind
    path_chain
    path_closed
    path_deleted
    path_dirfd
    path_dot
    path_empty
    path_empty_flag
    path_flags
    path_kinds
    path_lengths
    path_limits
    path_middle
    path_moved
    path_page_end
    path_root
    path_slash
    pidfd
    pidfd_thread
    posix_spawn
    prctl_mm
    privileged
    proc_child
    proc_deleted
    proc_exe_moved
    proc_fd_cwd
    proc_links
    proc_open
    proc_paths
    proc_self
    proc_tasks
    proc_texts
    process_groups
    ptrace_attach
    ptrace_busy
    ptrace_calls
    ptrace_change_call
    ptrace_end_order
    ptrace_ended
    ptrace_errors
    ptrace_events
    ptrace_int80
    ptrace_interrupt_call
    ptrace_memory
    ptrace_newborn
    ptrace_seccomp
    ptrace_seize
    ptrace_signals
    ptrace_status
    ptrace_step
    ptrace_stillborn
    ptrace_syscall_info
    ptrace_threads
    ptrace_traceme
    ptrace_tracer_exit
    ptrace_tracer_threads
    ptrace_unheard
    ptrace_wait
    ptrace_wait_exec
    ptrace_wait_fault
    ptrace_wait_stopped
    race_stat
    readlink
    registers
    rename
    rename_dirs
    rename_kinds
    renameat2
    restart_calls
    robust_futex
    rt_signals
    sa_restart_fifo
    scm_rights
    seccomp_actions
    seccomp_address
    seccomp_args
    seccomp_bare
    seccomp_errors
    seccomp_filter
    seccomp_inherit
    seccomp_place
    seccomp_quiet
    seccomp_stack
    seccomp_status
    seccomp_strict
    seccomp_trap
    seccomp_tsync
    sessions
    setns_errors
    shebang
    sigaction_flags
    sigaltstack
    siginfo
    signal_storm
    signalfd
    signals
    sigstop_cont
    sigsys_calls
    sigsys_kept
    small_stack
    spawn_actions
    stat_family
    statfs
    statx
    statx_masks
    sticky_dirs
    stop_blocked
    stop_exec
    stop_killed
    stop_threads
    subreaper
    symlink_loops
    text_busy
    text_image
    threads
    timers
    times_now
    too_deep
    trailing_slash
    truncate
    tty_stop
    umask
    unix_abstract
    unix_autobind
    unix_credentials
    unix_dgram
    unix_errors
    unix_lengths
    unix_longname
    unix_many
    unix_moved
    unix_rights
    unix_seqpacket
    unix_stream
    unix_told
    unknown_syscall
    unlink
    unlink_open
    unmapped
    unshare_flags
    untold_child
    utime
    vector_state
    vfork
    waitid
    xattr
    xattr_limits
    xattrat
    zombies
}

/// Programs that other test files run: `tests/bindings` gives its own a tree, those of `tests/escape.rs` differ natively
/// on purpose or by chance, and `tests/lifecycle.rs`, `tests/mutation.rs` and `tests/differ.rs` tell the others what to do.
const SPECIAL: &[&str] = &[
    "bind_cwd",
    "bind_enter",
    "bind_entries",
    "bind_landlock",
    "bind_missing",
    "bind_points",
    "bind_readonly",
    "conditional",
    "count_signals",
    "count_stops",
    "debug_fork",
    "debug_threads",
    "debug_wait",
    "ends_itself",
    "escape_abi",
    "escape_kill",
    "escape_paths",
    "escape_proc",
    "escape_exe",
    "escape_race",
    "one_call",
    "ptrace_leader_lost",
    "random_ops",
    "traced",
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
    Pie dynamic_pie: auxv brk exec_limits exec_state execve exec_thread execveat fork_wait landlock_exec memfd_exec
        posix_spawn proc_paths proc_self shebang sigaltstack signals threads vfork;
    NoPie dynamic_no_pie: auxv brk exec_state execve exec_thread fork_wait proc_self threads;
    Musl musl: brk exec_state exec_thread execve fork_wait proc_self shebang signals stat_family threads vfork;
}

#[test]
fn every_program_is_run() {
    let mut listed: Vec<_> = PROGRAMS.iter().chain(SPECIAL).map(|name| (*name).to_owned()).collect();
    listed.sort();
    assert_eq!(listed, programs::names(), "{} and this file differ", programs::sources().display());
    assert!(PROGRAMS.len() >= 130);
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
