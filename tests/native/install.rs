//! `xroot tools install` gets the tools of a guest's release, and they are used from then on.
#![forbid(unsafe_code)]

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, killpg};

use crate::job::{HELLO_C, Job};
use crate::trace::How::Native;
use crate::trace::Trace;
use crate::util::live::{Live, eventually, marked};
use crate::util::run::{Xroot, run_for};
use crate::util::{binary, data, full, run, skip};

fn path() -> String {
    format!("{}:/usr/bin:/bin", data("qemu").expect("it comes with the trees").display())
}

/// `xroot tools ACTION -r TREE` with a data directory of its own.
fn tools(job: &Job, rootfs: &Path, share: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.arg("tools").args(words).arg("-r").arg(rootfs).env_clear().current_dir(&job.project);
    command.env("PATH", path()).env("HOME", &job.project).env("XDG_DATA_HOME", share);
    command
}

fn names(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// Downloads packages.
#[test]
fn what_was_installed_is_used_and_replaced() {
    if !full() {
        return;
    }
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = job.file("hello.c", HELLO_C);
    let share = job.beside("share");
    let kept = share.join("xroot/tools");
    interrupted(&job, &share);
    let install = || {
        let mut command = tools(&job, &job.rootfs, &share, &["install"]);
        let output = run_for(&mut command, std::time::Duration::from_secs(600));
        PathBuf::from(
            output.unwrap_or_else(|hung| panic!("{hung}")).success().lines().last().expect("it says where"),
        )
    };
    let tree = install();
    // What the interrupted run left is gone.
    assert_eq!(names(&kept), std::slice::from_ref(&tree));
    let table = run(&mut tools(&job, &job.rootfs, &share, &[])).success();
    assert!(
        table.starts_with(&format!("guest arm, triplet arm-linux-gnueabihf, tools of {}\n", tree.display())),
        "{table}"
    );
    let file = job.project.join("trace");
    let native =
        Xroot::new(&job.rootfs, &job.project).own_env("PATH", path()).own_env("XDG_DATA_HOME", &share);
    let args = ["--native".as_ref(), "auto".as_ref(), "--trace-exec".as_ref(), file.as_os_str()];
    let seen = native.args(args).run(["sh", "-ec", "gcc hello.c -o h; ./h; echo 'a:;@echo made' | make -f -; sed -n 1p hello.c | head -n 1; bash -c :"]).success();
    assert_eq!(seen, "hello from armv7l sizeof(long)=4\nmade\n#include <stdio.h>\n");
    let trace = Trace::parse(&fs::read_to_string(&file).expect("it was asked for"));
    for name in ["cc1", "as", "ld", "dash", "bash", "make", "sed", "head"] {
        trace.shows(Native, name);
    }
    assert!(
        trace.execs.iter().filter_map(|exec| exec.host.as_ref()).all(|host| host.starts_with(&tree)),
        "{trace:?}"
    );
    // Again, over the first.
    fs::write(tree.join("marker"), "").expect("the tree is ours");
    let before = fs::metadata(&tree).expect("it is there").ino();
    assert_eq!(install(), tree);
    assert!(!tree.join("marker").exists() && fs::metadata(&tree).expect("it is there").ino() != before);
    assert_eq!(names(&kept), [tree]);
}

/// ^C in the middle: nothing runs any more, and there is no tree that could be taken for a whole one.
fn interrupted(job: &Job, share: &Path) {
    let mut command = tools(job, &job.rootfs, share, &["install"]);
    command.env("XROOT_TEST_INSTALL", "yes").stderr(Stdio::null());
    let mut live = Live::start(&mut command);
    let kept = share.join("xroot/tools");
    let lists = || names(&kept).iter().any(|path| !names(&path.join("state/lists")).is_empty());
    eventually("apt is at work", lists);
    killpg(live.pid(), Signal::SIGINT).expect("it runs");
    assert_ne!(live.end(), 0);
    eventually("nothing of it runs", || marked("XROOT_TEST_INSTALL=yes").is_empty());
    let finished = names(&kept).into_iter().filter(|path| path.join("usr").exists()).count();
    assert_eq!(finished, 0);
}

#[test]
fn where_nothing_can_be_installed_the_reason_is_given() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let share = job.beside("share");
    let (Some(without_apt), Some(own)) = (data("rootfs/arm64"), data("rootfs/amd64")) else {
        return skip("no trees arm64 and amd64 in XROOT_TEST_DATA");
    };
    for (rootfs, words, why) in [
        (&without_apt, &["install"][..], "the guest has no /usr/bin/apt-get"),
        (&own, &["install"], "the guest is of this host's machine"),
        (&job.rootfs, &["install", "--no-native"], "--no-native"),
    ] {
        let output = run(&mut tools(&job, rootfs, &share, words));
        assert_eq!((output.code(), &*output.stdout), (125, ""), "{output}");
        assert!(output.stderr.contains(why), "{why}: {output}");
    }
    assert_eq!(names(&share), [""; 0].map(PathBuf::from));
}
