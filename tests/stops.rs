//! How often a thread stops for the tracer: what a call costs, in a measure that no load changes.
#![forbid(unsafe_code)]

mod util;

use util::programs::Kind;
use util::{Rootfs, skip, xroot};

/// One stop is enough for what the tracer answers and for what it opens. What changes a name or a file's metadata goes
/// through a descriptor that the tracer holds until it has seen the call return; so do chdir and inotify_add_watch, and
/// names that are to be made and exist, for the kernel knows best what of a call is wrong first.
const STOPS: &[(&str, u64)] = &[
    ("stat", 1),
    ("lstat", 1),
    ("fstatat", 1),
    ("statx", 1),
    ("statfs", 1),
    ("access", 1),
    ("faccessat2", 1),
    ("missing", 1),
    ("readlink", 1),
    ("readlink_exe", 1),
    ("getcwd", 1),
    ("chdir", 2),
    ("chmod", 2),
    ("fchmodat", 2),
    ("chown", 2),
    ("utimensat", 2),
    ("truncate", 2),
    ("setxattr", 2),
    ("getxattr", 2),
    ("listxattr", 2),
    ("open", 1),
    ("openat", 1),
    ("openat_create", 1),
    ("openat2", 1),
    ("mkdir", 1),
    ("mknod", 2),
    ("symlink", 2),
    ("link", 2),
    ("rename", 2),
    ("renameat2", 2),
    ("unlink", 2),
    ("rmdir", 2),
    ("inotify_add_watch", 2),
    ("untouched", 0),
    ("read", 0),
    ("fstat", 0),
    ("getdents", 1),
];

/// How many calls are made to tell what one costs.
const CALLS: u64 = 100;

/// How often the threads of a run stop that makes `call` so many times.
#[track_caller]
fn stops(rootfs: &Rootfs, call: &str, count: u64) -> u64 {
    for leftover in ["link", "dir/new", "dir/file", "dir"] {
        let path = rootfs.path().join("w").join(leftover);
        let (Ok(()) | Err(_)) = std::fs::remove_file(&path).or_else(|_| std::fs::remove_dir(&path));
    }
    let guest = xroot(rootfs).args(["--report"]).workdir("/w");
    let output = guest.run(["/bin/count_stops", call, &count.to_string()]);
    assert!(output.status.success(), "{call}: {output}");
    let (before, _) =
        output.stderr.split_once(" stops of the guest's threads").expect("the report has a line for it");
    let number = before.rsplit(' ').next().expect("a number stands before the word");
    number.parse().unwrap_or_else(|_| panic!("{call}: {output}"))
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_call_stops_no_more_often_than_it_must() {
    let Some(rootfs) = Rootfs::new("root").dir("/w").program("count_stops", Kind::Static) else {
        return skip("no compiler");
    };
    for &(call, expected) in STOPS {
        let cost = stops(&rootfs, call, CALLS + 1) - stops(&rootfs, call, 1);
        assert_eq!(cost, CALLS * expected, "stops of {CALLS} calls of {call}");
    }
}
