//! Many of everything at once: no hang, no crash, no process left, nothing written that the guest has not written.
//!
//! `tests/guest.rs` compares storms within one program with a native run (`signal_storm`, `exec_storm`,
//! `many_processes`, `many_threads`, `race_stat`); here several runs and whole trees meet.
#![forbid(unsafe_code)]

mod util;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use util::live::{Live, eventually, marked, with_program, with_shell};
use util::{Rootfs, binary, run, xroot};

use nix::sys::signal::Signal;

/// What a run could change in a tree, one line a file. Programs are links to files that other tests link to as well, so
/// the number of links and the time of the last change of status say nothing.
fn snapshot(tree: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    let mut left = vec![tree.to_owned()];
    while let Some(path) = left.pop() {
        let data = fs::symlink_metadata(&path).expect("the rootfs can be read");
        let what = (data.mode(), data.uid(), data.ino(), data.size(), data.mtime(), data.mtime_nsec());
        lines.push(format!("{} {what:?}", path.display()));
        if data.is_dir() {
            left.extend(
                fs::read_dir(&path)
                    .expect("it is a directory")
                    .map(|entry| entry.expect("it is there").path()),
            );
        }
    }
    lines.sort();
    lines
}

/// Runs a program in a directory of its own that is bound over /work.
fn in_own_directory(rootfs: &Rootfs, program: &str, index: usize) -> util::Output {
    let work = rootfs.host_dir(&format!("work{index}"));
    xroot(rootfs).bind(&work, "/work").workdir("/work").run([program])
}

#[test]
fn several_runs_share_a_rootfs_and_leave_it_as_it_was() {
    let rootfs = with_program(with_program(with_shell(&[]), "many_processes"), "exec_storm");
    let before = snapshot(rootfs.path());
    thread::scope(|scope| {
        let runs: Vec<_> = ["many_processes", "exec_storm", "many_processes"]
            .into_iter()
            .enumerate()
            .map(|(index, name)| {
                let rootfs = &rootfs;
                (name, scope.spawn(move || in_own_directory(rootfs, &format!("/bin/{name}"), index)))
            })
            .collect();
        for (name, run) in runs {
            let seen = run.join().expect("it does not panic").success();
            let expected = match name {
                "exec_storm" => "4 of 4 came to the end\n",
                _ => "fine 1400, killed 200, exec 200, exit 3 200\n",
            };
            assert_eq!(seen, expected, "{name}");
        }
    });
    assert_eq!(snapshot(rootfs.path()), before, "something was written into the rootfs");
}

#[test]
fn a_snapshot_sees_a_change() {
    let rootfs = Rootfs::new("root").file("/etc/x", "one");
    let before = snapshot(rootfs.path());
    fs::write(rootfs.host("/etc/x"), "two").expect("it is ours");
    assert_ne!(snapshot(rootfs.path()), before);
    let before = snapshot(rootfs.path());
    fs::write(rootfs.host("/etc/y"), "").expect("it is ours");
    assert_ne!(snapshot(rootfs.path()), before);
}

#[test]
fn a_tree_that_forks_and_executes_dies_with_xroot() {
    let rootfs = with_program(with_program(with_shell(&["sleep", "mkdir"]), "exec_storm"), "many_processes");
    for (round, signal) in
        [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGKILL, Signal::SIGINT].into_iter().enumerate()
    {
        let name = format!("XROOT_TEST_STORM{round}");
        let script =
            "mkdir -p /work/a /work/b; (cd /work/a && exec exec_storm) & (cd /work/b && exec many_processes) &
            while :; do sh -c 'sh -c :' & sleep 0.01; done & echo ready; while :; do sleep 0.05; done";
        let mut command = xroot(&rootfs).env(&name, "yes").args(["sh", "-c", script]).into_command();
        let mut live = Live::start(&mut command);
        assert_eq!(live.line(), "ready");
        thread::sleep(util::live::SETTLE);
        live.signal(signal);
        assert_eq!(live.end(), 128 + signal as i32);
        eventually("nothing is left", || marked(&format!("{name}=yes")).is_empty());
    }
}

#[test]
fn a_tracer_that_is_killed_takes_the_tree_along_and_is_missed() {
    let rootfs = with_shell(&["sleep"]);
    let script = "sleep 1000 & echo $PPID; sleep 1000";
    let mut command =
        xroot(&rootfs).env("XROOT_TEST_TRACER", "yes").args(["sh", "-c", script]).into_command();
    let mut live = Live::start(command.stderr(Stdio::piped()));
    let tracer = live.line_pid();
    assert_ne!(tracer, live.pid(), "the tracer is a process of its own");
    nix::sys::signal::kill(tracer, Signal::SIGKILL).expect("it is ours");
    assert_eq!(live.end(), 125);
    eventually("nothing is left", || marked("XROOT_TEST_TRACER=yes").is_empty());
}

#[test]
fn two_hundred_runs_at_most_eight_at_a_time_end_with_their_own_status() {
    let rootfs = with_shell(&[]);
    thread::scope(|scope| {
        for worker in 0..8 {
            let rootfs = &rootfs;
            scope.spawn(move || {
                for round in 0..25 {
                    let code = (worker * 25 + round) % 120;
                    let seen = xroot(rootfs).run(["sh", "-c", &format!("(exit 1) & exit {code}")]);
                    assert_eq!(seen.code(), code, "{seen}");
                }
            });
        }
    });
}

#[test]
fn addresses_are_not_random_where_that_was_asked_for() {
    let rootfs = with_shell(&["cat"]);
    let maps = |prefix: &[&str]| {
        let mut words = prefix.iter().map(ToString::to_string).collect::<Vec<_>>();
        words.push(binary().display().to_string());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).arg("-r").arg(rootfs.path()).args(["cat", "/proc/self/maps"]);
        run(command.env("HOME", rootfs.outside()).current_dir(rootfs.outside()).stdin(Stdio::null()))
            .success()
    };
    // Pages of the kernel's own may lie elsewhere.
    let places = |maps: String| {
        let named = maps
            .lines()
            .filter(|line| line.contains('/'))
            .map(|line| line.split(' ').next().map(str::to_owned));
        named.collect::<Vec<_>>()
    };
    let fixed = ["setarch", "-R"];
    assert_eq!(places(maps(&fixed)), places(maps(&fixed)));
    assert_ne!(places(maps(&["env"])), places(maps(&["env"])));
}
