//! xroot on older and stranger kernels, played by filters: what a faculty's lack changes is what it changes natively.
//!
//! tests/util/lacks.c takes away one system call, or one way of using it, from xroot and its guest alike.
#![forbid(unsafe_code)]

mod util;

use std::path::PathBuf;
use std::process::Command;

use util::behind::{differences, guest};
use util::programs::{self, Kind};
use util::{Rootfs, run, skip};

/// The programs that are run: those whose calls xroot answers, changes and stages in different ways.
const PROGRAMS: &[&str] = &[
    "access",
    "auxv",
    "brk",
    "chdir_getcwd",
    "chmod",
    "clone3",
    "data_transfer",
    "deleted_cwd",
    "dotdot",
    "efault",
    "exec_state",
    "exec_thread",
    "execve",
    "execveat",
    "fchmodat2",
    "getdents",
    "link",
    "listing",
    "memfd_exec",
    "mkdir",
    "o_path",
    "o_tmpfile",
    "open_flags",
    "openat2_resolve",
    "path_limits",
    "pidfd",
    "proc_open",
    "proc_paths",
    "proc_self",
    "readlink",
    "registers",
    "rename",
    "renameat2",
    "scm_rights",
    "shebang",
    "signals",
    "stat_family",
    "statfs",
    "statx",
    "symlink_loops",
    "threads",
    "trailing_slash",
    "unix_dgram",
    "unix_stream",
    "utime",
    "vfork",
    "xattr",
];

/// The program that waits for ever without them.
const NEEDS_PIDFDS: &[&str] = &["pidfd"];

fn programs_but(without: &[&str]) -> Vec<&'static str> {
    PROGRAMS.iter().copied().filter(|name| !without.contains(name)).collect()
}

fn lacks(errno: &str, faculties: &str) -> Vec<String> {
    let helper: PathBuf = programs::helper("lacks");
    [helper.to_str().expect("its name is plain"), errno, faculties].map(str::to_owned).to_vec()
}

#[track_caller]
fn check(errno: &str, faculties: &str, but: &[&str]) {
    let found = differences(&lacks(errno, faculties), &[], &programs_but(but));
    assert!(
        found.is_empty(),
        "without {faculties} ({errno}), native (-) and xroot (+):\n{}",
        found.join("\n")
    );
}

#[test]
fn without_openat2_places_are_opened_name_by_name() {
    check("ENOSYS", "openat2", &[]);
}

#[test]
fn where_openat2_is_denied_it_is_not_used() {
    check("EPERM", "openat2", &[]);
}

#[test]
fn without_process_vm_readv_and_writev_memory_is_a_file() {
    check("ENOSYS", "process_vm_readv,process_vm_writev", &[]);
    check("EPERM", "process_vm_readv,process_vm_writev", &[]);
}

#[test]
fn without_faccessat2_access_is_asked_by_name() {
    check("ENOSYS", "faccessat2", &[]);
    check("EPERM", "faccessat2", &[]);
}

#[test]
fn without_statx_and_fchmodat2_programs_see_that_they_are_missing() {
    check("ENOSYS", "statx,fchmodat2", &[]);
}

#[test]
fn without_pidfds_sockets_and_processes_are_known_by_number() {
    check("ENOSYS", "pidfd_open,pidfd_getfd,pidfd_send_signal", NEEDS_PIDFDS);
}

#[test]
fn without_memfds_or_their_newer_flags_files_of_proc_are_replaced_all_the_same() {
    check("EINVAL", "memfd_noexec", &[]);
    // The link of such a descriptor tells the unnamed file that takes the memfd's place.
    check("ENOSYS", "memfd_create", &["proc_open"]);
    check("EPERM", "memfd_create", &["proc_open"]);
}

#[test]
fn without_set_mm_programs_run() {
    // The kernel goes by the file that it was made to run then: brk(2) starts behind that, and /proc/PID/auxv and stat
    // tell its addresses.
    check("EINVAL", "set_mm", &["brk", "proc_self"]);
}

#[test]
fn without_flags_of_seccomp_the_filter_is_installed() {
    check("EINVAL", "seccomp_flags", &[]);
}

#[test]
fn linux_4_8_has_all_that_is_needed() {
    const NEWER: &str =
        "openat2,faccessat2,fchmodat2,statx,pidfd_open,pidfd_getfd,pidfd_send_signal,clone3,close_range";
    check("ENOSYS", NEWER, NEEDS_PIDFDS);
}

#[test]
fn a_traced_session_gives_the_same_results() {
    // A changed call takes another way back then.
    let helper = programs::helper("lacks").to_str().expect("its name is plain").to_owned();
    let none = [helper, "ENOSYS".into(), "kcmp".into()];
    let found = differences(&none, &["--trace=/dev/null"], PROGRAMS);
    assert!(found.is_empty(), "native (-) and xroot (+):\n{}", found.join("\n"));
}

#[test]
fn without_seccomp_filters_xroot_says_so() {
    let rootfs = Rootfs::new("root").program("one_call", Kind::Static).expect("static programs can be built");
    for (errno, message, fix) in [
        ("EINVAL", "Invalid argument", "run it on a kernel that is built with CONFIG_SECCOMP_FILTER"),
        ("EPERM", "Operation not permitted", "run it outside the sandbox that denies seccomp(2)"),
    ] {
        let output = guest(&lacks(errno, "seccomp"), &rootfs, &[], "one_call");
        let expected = format!(
            "xroot: this kernel does not filter system calls for a tracer: {message}\nxroot: fix: {fix}\n"
        );
        assert_eq!((output.code(), output.stderr), (125, expected));
    }
}

#[test]
fn without_proc_xroot_says_so() {
    let rootfs = Rootfs::new("root").program("one_call", Kind::Static).expect("static programs can be built");
    let script = "mount -t tmpfs none /proc && exec \"$0\" \"$@\"";
    let unshare = ["unshare", "-Urm", "sh", "-c", script].map(str::to_owned);
    let allowed = run(Command::new("unshare").args(["-Urm", "true"]).current_dir("/")).status.success();
    if !allowed {
        return skip("no user namespace to hide /proc in");
    }
    let output = guest(&unshare, &rootfs, &[], "one_call");
    let message = "/proc is not mounted, and xroot needs it to look at the processes it traces";
    let fix = "mount -t proc proc /proc (in a container: as root of it)";
    assert_eq!((output.code(), output.stderr), (125, format!("xroot: {message}\nxroot: fix: {fix}\n")));
}
