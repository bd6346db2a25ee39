//! The main job: an ordinary user compiles and runs programs inside trees of Debian, foreign and native ones.
#![forbid(unsafe_code)]

mod util;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use util::run::Xroot;
use util::{Output, Scratch, data, full, give, run, skip};

const HELLO: &str = r#"#include <stdio.h>
int main(void) { printf("hello from %d bits\n", (int)(8 * sizeof(void *))); return 7; }
"#;

/// A tree that `make test` prepared, and a fresh directory below the caller's home to work in.
struct Job {
    rootfs: PathBuf,
    home: Scratch,
    project: PathBuf,
}

impl Job {
    fn new(arch: &str) -> Option<Self> {
        let Some(rootfs) = data(&format!("rootfs/{arch}")) else {
            skip(&format!("no {arch} tree in XROOT_TEST_DATA: make test prepares it"));
            return None;
        };
        let home = Scratch::new();
        let project = home.dir("project");
        Some(Self { rootfs, home, project })
    }

    fn file(&self, name: &str, text: &str) {
        let path = self.project.join(name);
        fs::write(&path, text).expect("the scratch directory is writable");
        give(&path);
    }

    /// xroot as the user calls it in the project's directory, with emulators on PATH.
    fn xroot(&self) -> Xroot {
        let path = format!("{}:/usr/bin:/bin", data("qemu").expect("it comes with the trees").display());
        Xroot::new(&self.rootfs, &self.project).own_env("HOME", self.home.path()).own_env("PATH", path)
    }

    #[track_caller]
    fn sh(&self, script: &str) -> String {
        self.xroot().run(["sh", "-ec", script]).success()
    }
}

#[track_caller]
fn kind_of(file: &Path) -> String {
    run(Command::new("file").arg("-b").arg(file)).success()
}

#[track_caller]
fn compiles_and_runs(arch: &str, kind: &str, bits: u32) {
    let Some(job) = Job::new(arch) else { return };
    job.file("hello.c", HELLO);
    job.xroot().run(["gcc", "hello.c", "-o", "hello"]).success();
    assert!(kind_of(&job.project.join("hello")).contains(kind), "{}", kind_of(&job.project.join("hello")));
    let ran = job.xroot().run(["./hello"]);
    assert_eq!((ran.stdout.as_str(), ran.code()), (&*format!("hello from {bits} bits\n"), 7), "{ran}");
}

#[test]
fn an_armhf_compiler_makes_a_program_that_runs() {
    compiles_and_runs("armhf", "ARM, EABI5", 32);
}

#[test]
fn a_compiler_of_another_release_uses_its_own_libc() {
    compiles_and_runs("amd64", "x86-64", 64);
    let Some(job) = Job::new("amd64") else { return };
    let release = fs::read_to_string(job.rootfs.join("etc/debian_version")).expect("it is a Debian tree");
    assert_eq!(job.sh("cat /etc/debian_version"), release);
}

#[test]
fn a_project_builds_with_make_in_parallel() {
    let Some(job) = Job::new("armhf") else { return };
    job.file("Makefile", "prog: a.o b.o c.o\n\tgcc -o $@ $^\n%.o: %.c\n\tgcc -O2 -c $< -o $@\n");
    job.file(
        "a.c",
        "#include <stdio.h>\nint b(int), c(int);\nint main(void) { printf(\"%d\\n\", b(c(5))); return 0; }\n",
    );
    job.file("b.c", "int b(int x) { return x * 2; }\n");
    job.file("c.c", "int c(int x) { return x + 16; }\n");
    job.xroot().run(["make", "-j2"]).success();
    assert_eq!(job.xroot().run(["./prog"]).success(), "42\n");
    assert!(job.xroot().run(["make", "-j2"]).success().contains("up to date"));
}

#[test]
fn scripts_and_interpreters_run_in_the_armhf_tree() {
    let Some(job) = Job::new("armhf") else { return };
    assert_eq!(job.sh("echo b c a | tr ' ' '\\n' | sort -r | head -2"), "c\nb\n");
    assert_eq!(job.sh("perl -e 'print 6 * 7, qq(\\n)'"), "42\n");
    assert_eq!(job.sh("python3 -c 'import os; print(os.uname().machine, os.getcwd())'"), {
        format!("armv7l {}\n", job.project.display())
    });
    job.file("script", "#!/usr/bin/env sh\necho \"$0\" \"$1\"\n");
    job.sh("chmod +x script");
    assert_eq!(job.xroot().run(["./script", "one"]).success(), "./script one\n");
    assert_eq!(job.sh("uname -m; pwd"), format!("armv7l\n{}\n", job.project.display()));
}

#[test]
fn many_threads_run_under_an_emulator() {
    let Some(job) = Job::new("armhf") else { return };
    let sum = "use threads; my @t = map { my $n = $_; threads->create(sub { my $s = 0; \
               for (1..200) { open(my $f, '<', '/etc/passwd') or die; $s += $n; close $f } $s }) } 1..16; \
               my $all = 0; $all += $_->join for @t; print \"$all\\n\"";
    assert_eq!(job.xroot().run(["perl", "-e", sum]).success(), "27200\n");
}

/// Builds a static program with the host's cross compiler and runs it in a tree that has none.
#[track_caller]
fn static_program(arch: &str, triplet: &str, machine: &str) {
    let Some(job) = Job::new(arch) else { return };
    job.file("hello.c", "#include <stdio.h>\n#include <sys/utsname.h>\nint main(void) {\n    struct utsname u;\n    uname(&u);\n    puts(u.machine);\n    return 3;\n}\n");
    let built = run(Command::new(format!("{triplet}-gcc"))
        .args(["-static", "-o", "hello", "hello.c"])
        .current_dir(&job.project));
    built.success();
    let ran = job.xroot().run(["./hello"]);
    assert_eq!((ran.stdout.trim_end(), ran.code()), (machine, 3), "{ran}");
    let listed = job.xroot().run(["busybox", "sh", "-c", "busybox ls | busybox sort -r | busybox head -1"]);
    assert_eq!(listed.success(), "hello.c\n");
}

#[test]
fn a_static_arm64_program_runs() {
    static_program("arm64", "aarch64-linux-gnu", "aarch64");
}

#[test]
fn a_static_riscv64_program_runs() {
    static_program("riscv64", "riscv64-linux-gnu", "riscv64");
}

#[test]
fn several_architectures_run_in_one_tree() {
    let Some(job) = Job::new("armhf") else { return };
    let Some(arm64) = data("rootfs/arm64") else { return skip("no arm64 tree") };
    let busybox = job.project.join("busybox64");
    fs::copy(arm64.join("bin/busybox"), &busybox).expect("the tree has a busybox");
    give(&busybox);
    assert_eq!(job.sh("uname -m; ./busybox64 uname -m; uname -m"), "armv7l\naarch64\narmv7l\n");
}

/// The guest's dpkg decides what is installed, so that a run that was stopped half-way does not matter.
#[test]
fn apt_installs_a_package_and_its_dependencies() {
    let Some(job) = Job::new("armhf") else { return };
    let root = |script: &str| -> Output { job.xroot().args(["-0"]).run(["sh", "-ec", script]) };
    let apt = "export DEBIAN_FRONTEND=noninteractive; apt-get -qq update; apt-get -qq install -y --no-install-recommends bc";
    root(apt).success();
    assert_eq!(root("dpkg -s bc libreadline8 | grep -c '^Status: install ok installed'").success(), "2\n");
    assert_eq!(job.sh("echo 2^10 | bc"), "1024\n");
    root("apt-get -qq purge -y bc").success();
    assert!(!root("command -v bc").status.success());
}

/// As an ordinary user who has no namespace: with a chroot that is xroot's own, and mounts that are refused.
#[test]
fn mmdebstrap_makes_a_tree_that_runs() {
    if !full() {
        return;
    }
    let Some(mut job) = Job::new("amd64-dev") else { return };
    let settings = "/etc/apt/apt.conf.d/99mmdebstrap";
    let script = format!(
        "touch empty; mmdebstrap --quiet --mode=root --variant=apt --aptopt=$(test -e {settings} && echo {settings} || echo $PWD/empty) \
         trixie tree /etc/apt/sources.list"
    );
    job.xroot().args(["-0"]).run(["sh", "-ec", &script]).success();
    let status = "dpkg --audit; dpkg -s apt | grep ^Status; id -u; test -e /root && echo inside";
    let inside = job.xroot().args(["-0"]).run(["chroot", "tree", "sh", "-c", status]);
    assert_eq!(inside.success(), "Status: install ok installed\n0\ninside\n");
    job.rootfs = job.project.join("tree");
    assert_eq!(
        job.sh("dpkg --print-architecture; apt-get --version | head -n 1 | cut -c1-4"),
        "amd64\napt \n"
    );
}

#[test]
fn makers_of_sandboxes_are_told_that_they_may_not() {
    if !full() {
        return;
    }
    let Some(job) = Job::new("amd64-dev") else { return };
    let kinds = [
        (&[][..], "bwrap: No permissions to create a new namespace"),
        (&["-0"], "bwrap: Creating new namespace failed: Operation not permitted"),
    ];
    for (identity, expected) in kinds {
        let refused = |command: &[&str]| {
            let seen = job.xroot().args(identity).run(command);
            assert_eq!((seen.stdout.as_str(), seen.code()), ("", 1), "{command:?} {identity:?}: {seen}");
            seen.stderr
        };
        let said = refused(&["bwrap", "--ro-bind", "/", "/", "true"]);
        assert!(said.starts_with(expected), "{said}");
        let said = refused(&["unshare", "--mount", "true"]);
        assert_eq!(said, "unshare: unshare failed: Operation not permitted\n");
    }
}

#[test]
fn debootstraps_second_stage_ends_well() {
    if !full() {
        return;
    }
    let Some(first_stage) = data("rootfs/debootstrap-armhf") else { return skip("no first stage") };
    let scratch = Scratch::new();
    run(Command::new("cp").arg("-a").arg(&first_stage).arg(scratch.path().join("tree"))).success();
    let Some(mut job) = Job::new("armhf") else { return };
    job.rootfs = scratch.path().join("tree");
    let staged = job.xroot().args(["-0", "-w", "/"]).run(["/debootstrap/debootstrap", "--second-stage"]);
    assert!(staged.stdout.contains("Base system installed successfully"), "{staged}");
    staged.success();
    let audit = job.xroot().args(["-0"]).run(["sh", "-c", "dpkg --audit; dpkg -s bash | grep Status"]);
    assert_eq!(audit.success(), "Status: install ok installed\n");
}
