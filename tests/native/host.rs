//! Without --tools the programs are the host's own, which are used and never changed; and a guest that the host can run
//! by itself needs none.
#![forbid(unsafe_code)]

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::exec_only::Copy;
use crate::job::{HELLO_C, Job};
use crate::trace::How::Native;
use crate::trace::Trace;
use crate::util::run::Xroot;
use crate::util::{data, run, skip};

fn path() -> String {
    format!("{}:/usr/bin:/bin", data("qemu").expect("it comes with the trees").display())
}

fn plain(rootfs: &Path, cwd: &Path) -> Xroot {
    Xroot::new(rootfs, cwd).own_env("PATH", path())
}

/// What `xroot tools` prints for a guest.
fn table(rootfs: &Path, cwd: &Path) -> String {
    let mut command = Command::new(crate::util::binary());
    command.args(["tools", "-r"]).arg(rootfs).env_clear().current_dir(cwd);
    run(command.env("PATH", path()).env("HOME", cwd)).success()
}

/// Content, mode, and the times of content and inode.
fn state(file: &Path) -> (u64, u32, i64, i64, i64) {
    let meta = fs::metadata(file).expect("the host has it");
    let mut hasher = DefaultHasher::new();
    fs::read(file).expect("it can be read").hash(&mut hasher);
    (hasher.finish(), meta.mode(), meta.mtime(), meta.ctime(), meta.ctime_nsec())
}

/// The host's programs for these names, and a library that all of them use.
fn hosts(names: &[&str]) -> Vec<PathBuf> {
    let real = |name: &&str| fs::canonicalize(Path::new("/usr/bin").join(name)).ok();
    let mut found: Vec<_> = names.iter().filter_map(real).collect();
    let libraries = crate::util::programs::libraries(&found[0]);
    found.extend(libraries);
    found
}

#[test]
fn the_hosts_own_programs_run_where_they_fit() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = job.file("hello.c", HELLO_C);
    let file = job.project.join("trace");
    let trace = ["--trace-exec".as_ref(), file.as_os_str()];
    let script = "gcc hello.c -o h; ./h; echo c | sed s/c/d/; sort hello.c | head -n 1; uname -m";
    let seen = plain(&job.rootfs, &job.project).args(trace).run(["sh", "-ec", script]).success();
    assert_eq!(seen, job.emulated().run(["sh", "-ec", script]).success());
    let trace = Trace::parse(&fs::read_to_string(&file).expect("it was asked for"));
    // Any host has these.
    for name in ["sed", "sort", "head"] {
        trace.shows(Native, name);
    }
    let hosts: Vec<_> = trace.execs.iter().filter_map(|exec| exec.host.as_ref()).collect();
    assert!(hosts.iter().all(|host| host.starts_with("/usr") || host.starts_with("/bin")), "{hosts:?}");
    // The compiler only if the host has one for the guest, of its version.
    let version = Command::new("arm-linux-gnueabihf-gcc").arg("-dumpversion").output();
    let major =
        version.map(|output| String::from_utf8_lossy(&output.stdout).split('.').next().map(str::to_owned));
    let table = table(&job.rootfs, &job.project);
    let row = table.lines().find(|line| line.contains("/cc1 ")).unwrap_or_else(|| panic!("{table}"));
    match major.ok().flatten().filter(|major| !major.trim().is_empty()) {
        Some(major) if major.trim() == "12" => {
            trace.shows(Native, "cc1");
            assert!(row.contains(" on "), "{row}");
        }
        Some(_) => assert!(row.contains("--native-cc driver"), "{row}"),
        None => assert!(row.contains("the host has no compiler for arm-linux-gnueabihf"), "{row}"),
    }
}

#[test]
fn the_hosts_own_programs_are_not_changed() {
    let Some(copy) = Copy::lean("armhf-dev") else { return };
    let job = &copy.job;
    let names = ["sed", "sort", "bash", "dash", "tac", "cat", "chmod"];
    let hosts = hosts(&names);
    let before: Vec<_> = hosts.iter().map(|file| state(file)).collect();
    let all = names.map(|name| format!("/usr/bin/{name}")).join(" ");
    for (options, script) in [
        (&[][..], format!("for f in {all}; do echo x >>$f; done; chmod 700 /proc/self/exe; truncate -s 0 /usr/bin/sort")),
        (&["-0"], "chown 5:6 /usr/bin/*; rm /usr/bin/tac; mv /usr/bin/cat /usr/bin/dog; cp /usr/bin/head /usr/bin/bash; ln -f /usr/bin/chmod /usr/bin/chmod2; touch -d 2001-01-01 /proc/$$/exe".to_owned()),
        (&[], "sed -i 1d /proc/self/exe; for f in $(sed -n 's,.* \\(/[^ ]*\\)$,\\1,p' /proc/self/maps | sort -u); do rm -f $f; echo x >$f; done".to_owned()),
    ] {
        // Whether each command fails is not the point.
        plain(&job.rootfs, &job.project).args(options).run(["sh", "-c", &script]);
    }
    assert!(fs::metadata(job.rootfs.join("usr/bin/dog")).is_ok(), "the guest's files were changed");
    let after: Vec<_> = hosts.iter().map(|file| state(file)).collect();
    assert_eq!(after, before, "{hosts:?}");
}

#[test]
fn a_guest_of_this_hosts_machine_runs_its_own_programs() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let Some(rootfs) = data("rootfs/amd64") else { return skip("no tree amd64 in XROOT_TEST_DATA") };
    if std::env::consts::ARCH != "x86_64" {
        return;
    }
    let file = job.project.join("trace");
    let trace = ["--trace-exec".as_ref(), file.as_os_str()];
    let script = "uname -srvm; sort /etc/debian_version; sed --version | head -n 1";
    let seen = plain(&rootfs, &job.project).args(trace).run(["sh", "-ec", script]).success();
    assert_eq!(seen, plain(&rootfs, &job.project).args(["--no-native"]).run(["sh", "-ec", script]).success());
    let true_name = run(Command::new("uname").arg("-srvm")).success();
    assert!(seen.starts_with(&true_name), "{seen}");
    let traced = fs::read_to_string(&file).expect("it was asked for");
    assert!(!traced.contains(" /usr/bin/sed /"), "{traced}");
    assert_eq!(table(&rootfs, &job.project), "the guest is of this host's machine: its own programs run\n");
}
