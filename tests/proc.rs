//! /proc and directory listings show the guest's tree. A chroot with bind mounts, in a user namespace, is the measure.
//!
//! Guests are made of the host's own programs, bound into a bare rootfs.
#![forbid(unsafe_code)]

mod util;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use util::programs::Kind;
use util::run::Xroot;
use util::{Rootfs, give, run, xroot};

/// What every guest here has of the host's beside programs.
const HOST: [&str; 2] = ["/proc", "/dev"];

/// Where the host's programs and their libraries are.
fn programs() -> impl Iterator<Item = &'static str> {
    ["/usr", "/bin", "/lib", "/lib64", "/sbin"].into_iter().filter(|dir| Path::new(dir).exists())
}

/// A rootfs with nothing but the places for the host's programs, that knows the user.
fn bare() -> Rootfs {
    let own = fs::metadata("/proc/self").expect("/proc is mounted");
    let (uid, gid) = util::user().unwrap_or((own.uid(), own.gid()));
    let rootfs = Rootfs::new("root")
        .file("/etc/passwd", &format!("tester:x:{uid}:{gid}::/work:/bin/sh\n"))
        .file("/etc/group", &format!("testers:x:{gid}:\n"));
    programs().chain(HOST).fold(rootfs, Rootfs::dir)
}

/// An xroot command line with these and nothing else of the host's.
fn guest(rootfs: &Rootfs) -> Xroot {
    let bare = xroot(rootfs).args(["--no-default-binds", "--no-home"]).workdir("/work");
    programs().chain(HOST).fold(bare, |command, dir| command.bind(Path::new(dir), dir))
}

/// Runs `script` and compares what it prints, errors included.
#[track_caller]
fn prints(command: Xroot, script: &str, expected: &str) {
    let output = command.run(["sh", "-c", script]);
    assert_eq!(output.stdout + &output.stderr, expected, "{script}");
}

/// What `script` prints on the host.
#[track_caller]
fn on_the_host(script: &str, top: &Path) -> String {
    let mut native = Command::new("sh");
    native.args(["-c", script]).env("TOP", top).stdin(Stdio::null()).current_dir("/");
    run(&mut native).success()
}

/// Names the links and files of the caller, of a process beside it, of its parent and of the system that tell the path in
/// /etc/needle.
const SEARCH: &str = r#"
exec 3< $TOP/etc/needle 4< $TOP/work 5> $TOP/work/deleted
rm $TOP/work/deleted
cd $TOP/work
cp $(command -v sleep) sleeper
./sleeper 1000 > sibling &
sibling=$!
until grep -q sleeper /proc/$sibling/cmdline; do sleep 0.1; done
search() {
    find "$@" -type l -printf "$name%f %l\n" 2> links.err | grep -F -f $TOP/etc/needle | sed 's/ .*//'
    find "$@" -type f ! -name mem ! -name pagemap ! -name clear_refs ! -name kmsg ! -name kcore 2> files.err |
        xargs grep -lsF -f $TOP/etc/needle | sed "s,.*/,$name,"
}
for dir in /proc/self /proc/thread-self /proc/$$ /proc/$$/task/$$; do
    search $dir/
done | sort -u
name=sibling: && search /proc/$sibling/ | sort -u
name=parent: && search /proc/$PPID/ | sort -u
name=system: && search /proc -maxdepth 1 | sort -u
search /proc/sys /proc/tty /proc/driver /proc/bus /proc/fs /proc/sysvipc | sort -u
kill $sibling
rm sleeper sibling links.err files.err
"#;

/// What the search finds on the host below each of these: for it must not be blind.
const FOUND: [&str; 9] =
    ["3", "4", "5", "cwd", "environ", "sibling:1", "sibling:exe", "sibling:maps", "sibling:cwd"];

#[test]
fn nothing_below_proc_tells_where_the_rootfs_lies() {
    let rootfs = bare();
    let needle = format!("{}\n", rootfs.path().display());
    let rootfs = rootfs.file("/etc/needle", &needle);
    let found = on_the_host(SEARCH, rootfs.path());
    for name in FOUND {
        assert!(found.lines().any(|line| line == name), "the search is blind to {name}:\n{found}");
    }
    prints(guest(&rootfs), SEARCH, "");
}

#[test]
fn a_descriptor_of_a_file_outside_is_shown_as_in_a_chroot() {
    let rootfs = bare();
    let outside = rootfs.host_dir("elsewhere").join("input");
    fs::write(&outside, "text\n").expect("it is ours");
    give(&outside);
    let input = fs::File::open(&outside).expect("it was just made");
    let expected = format!("{}\ntext\n", outside.display());
    prints(guest(&rootfs).stdin(input), "readlink /proc/self/fd/0; cat /proc/self/fd/0", &expected);
}

/// A process of the same user that is not the guest's.
struct Bystander(Child);

impl Bystander {
    fn new() -> Self {
        let mut command = Command::new("sleep");
        command.arg("1000").stdin(Stdio::null()).stdout(Stdio::null());
        if let Some((uid, gid)) = util::user() {
            command.uid(uid).gid(gid);
        }
        Self(command.spawn().expect("sleep(1) is everywhere"))
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        self.0.kill().and_then(|()| self.0.wait()).expect("it is a child of this process");
    }
}

/// Tells what is open of process $1 below $P and should not be, and the other way round.
const CLOSED: &str = r#"
for name in environ auxv maps smaps pagemap syscall mountinfo io fd map_files ns fdinfo/0 cwd/. root/. root/etc \
    task/$1/root/. task/$1/maps task/$1/fd; do
    if [ -d $P/$1/$name ]; then ls $P/$1/$name; else head -c 9 $P/$1/$name; fi > out 2> err && echo "$name is open"
    grep -q 'Permission denied' err || cat err
done
for link in exe cwd root fd/0 task/$1/exe; do
    readlink $P/$1/$link && echo "$link can be read"
    (exec 3< $P/$1/$link) 2> err && echo "$link can be opened"
done
for name in fd map_files task/$1/fd; do
    (cd $P/$1/$name) 2> err && echo "$name can be entered"
done
for name in mem oom_score_adj comm; do
    (exec 3>> $P/$1/$name) 2> err && echo "$name can be written"
done
for name in stat status cmdline comm statm; do
    cat $P/$1/$name > out || echo "$name is closed"
done
ls $P/$1 > out && ls $P/$1/task > out || echo "its directories are closed"
"#;

#[test]
fn processes_outside_are_closed_but_for_what_ps_reads() {
    let rootfs = bare();
    let bystander = Bystander::new();
    // What is open is found: on the host all of it.
    let pid = bystander.0.id();
    let open = on_the_host(&format!("cd $TOP/work; P=/proc; set -- {pid}; {CLOSED}"), rootfs.path());
    for line in ["root/etc is open", "task/{pid}/fd is open", "exe can be read", "comm can be written"] {
        let line = line.replace("{pid}", &pid.to_string());
        assert!(open.lines().any(|found| found == line), "{line}:\n{open}");
    }
    prints(guest(&rootfs), &format!("P=/proc; set -- {pid}; {CLOSED}"), "");
    // Under another name it is the same procfs.
    let everything = || guest(&rootfs).bind(Path::new("/"), "/host");
    prints(everything(), &format!("P=/host/proc; set -- {pid}; {CLOSED}"), "");
    // xroot itself is such a process.
    prints(everything(), &format!("P=/proc; set -- $PPID; {CLOSED} P=/host/proc; {CLOSED}"), "");
}

#[test]
fn a_procfs_below_a_binding_knows_the_guest_too() {
    let rootfs = bare();
    prints(
        guest(&rootfs).bind(Path::new("/"), "/host"),
        "test $(readlink /host/proc/self) -ne $PPID; readlink /host/proc/$$/cwd /host/proc/$$/root; \
         cd -P /host/proc/$$/cwd && pwd",
        "/work\n/\n/work\n",
    );
}

#[test]
fn status_tells_nothing_of_the_tracer() {
    let rootfs = bare();
    let script = "grep -E '^(TracerPid|NoNewPrivs|Seccomp|Seccomp_filters|Uid|Gid):' /proc/self/status";
    let expected = on_the_host(script, Path::new("/"));
    assert!(expected.contains("TracerPid:\t0\n"), "{expected}");
    prints(guest(&rootfs), script, &expected);
    let pretended = guest(&rootfs).args(["-0"]).run(["sh", "-c", script]).success();
    assert!(pretended.contains("Uid:\t0\t0\t0\t0\n"), "{pretended}");
}

#[test]
fn a_pretended_release_is_told_everywhere() {
    let script = "uname -r; cat /proc/sys/kernel/osrelease; cut -d' ' -f1-3 /proc/version";
    let expected = "4.19.7\n4.19.7\nLinux version 4.19.7\n";
    prints(guest(&bare()).args(["-k", "4.19.7"]), script, expected);
}

#[test]
fn a_file_opened_again_by_its_descriptor_is_still_on_a_read_only_binding() {
    let rootfs = bare();
    let source = rootfs.host_dir("source");
    fs::write(source.join("file"), "old\n").expect("it is ours");
    give(&source.join("file"));
    let script = "exec 3< /ro/file; for file in /proc/self/fd/3 /dev/fd/3; do \
        (echo new >> $file) 2>&1 | grep -o 'Read-only file system'; done; cat /ro/file";
    prints(
        guest(&rootfs).bind(&source, "/ro:ro"),
        script,
        "Read-only file system\nRead-only file system\nold\n",
    );
}

#[test]
fn a_program_of_a_read_only_binding_is_still_on_it_without_its_name() {
    let rootfs = bare();
    let source = rootfs.host_dir("source");
    give(&source);
    // The same directory with a name to write by.
    let script = "cp $(command -v sleep) /rw/sleeper; /ro/sleeper 1000 & pid=$!; exe=/proc/$pid/exe
        until readlink $exe | grep -q sleeper; do sleep 0.1; done
        ln /rw/sleeper /rw/kept; rm /rw/sleeper; readlink $exe
        for change in 'chmod 700' 'touch -c' 'truncate -s 0'; do $change $exe 2>&1 | grep -o '[^:]*$'; done
        kill $pid; stat -c %a /rw/kept; head -c 4 $(command -v sleep) | cmp -n 4 - /rw/kept && echo kept";
    prints(
        guest(&rootfs).bind(&source, "/ro:ro").bind(&source, "/rw"),
        script,
        "/ro/sleeper (deleted)\n Read-only file system\n Read-only file system\n Text file busy\n755\nkept\n",
    );
}

/// What is bound beside the programs: the host's place, the guest's, read-only.
type Bound = (PathBuf, String, bool);

/// Runs `command` in a chroot with real bind mounts; none where a user may make no user namespace.
fn mounted(bound: &[Bound], prepare: fn(Rootfs) -> Rootfs, command: &str) -> Option<String> {
    let mut probe = Command::new("unshare");
    if !run(probe.args(["-Urm", "true"]).stdin(Stdio::null())).status.success() {
        // Not in our hands, so no failure where tests must run.
        println!("skipped: no user namespace here");
        return None;
    }
    let rootfs = prepare(bare());
    let mut script = format!("set -e; cd {}; mount --bind . .; cd $PWD\n", rootfs.path().display());
    let fixed = programs().chain(HOST).map(|dir| (PathBuf::from(dir), dir.to_owned(), false));
    for (source, place, readonly) in fixed.chain(bound.iter().cloned()) {
        let source = source.display();
        script +=
            &format!("mkdir -p $(dirname .{place}); [ -d {source} ] && mkdir -p .{place} || : > .{place}\n");
        script += &format!("mount --rbind {source} .{place}\n");
        script += &if readonly { format!("mount -o remount,ro,bind .{place}\n") } else { String::new() };
    }
    let chroot = "PATH=$PATH:/usr/sbin:/sbin";
    script += &format!("{chroot}; exec chroot . sh -c 'cd /work; {command}'\n");
    let mut unshare = Command::new("unshare");
    Some(run(unshare.args(["-Urm", "sh", "-c", &script]).stdin(Stdio::null())).success())
}

#[track_caller]
fn compare(expected: &str, bound: Xroot, command: &str) {
    let found = bound.run(["sh", "-c", command]).success();
    let differences = util::diff::lines(expected, &found);
    assert!(differences.is_empty(), "mounted (-) and bound (+) differ:\n{differences}");
}

/// Directories and files, some of them where the rootfs has something already.
fn many_bindings(source: &Path) -> Vec<Bound> {
    fs::write(source.join("file"), "").expect("it is ours");
    let mut bound: Vec<Bound> = (0..30)
        .map(|at| match at % 3 {
            0 => (source.join("file"), format!("/etc/file-{at}"), false),
            1 => (source.to_path_buf(), format!("/etc/dir-{at}"), at % 2 == 0),
            _ => (source.to_path_buf(), format!("/etc/a-rather-long-name-of-a-directory-{at}"), false),
        })
        .collect();
    bound.push((source.to_path_buf(), "/missing/parent/dir".into(), false));
    bound.push((source.to_path_buf(), "/missing/other".into(), true));
    bound
}

fn with_entries(rootfs: Rootfs) -> Rootfs {
    let rootfs = rootfs.file("/etc/file-3", "on disk").dir("/etc/dir-4").file("/etc/own", "");
    rootfs.program("listing", Kind::Static).expect("a C compiler is needed for these tests")
}

fn bind_all(mut command: Xroot, bound: &[Bound]) -> Xroot {
    for (source, place, readonly) in bound {
        command = command.bind(source, &format!("{place}{}", if *readonly { ":ro" } else { "" }));
    }
    command
}

#[test]
fn bound_names_are_listed_as_mounts_are() {
    let rootfs = with_entries(bare());
    let bound = many_bindings(&rootfs.host_dir("source"));
    let command = "for place in / /etc /missing /missing/parent; do /bin/listing $place; done";
    // /bin is the host's.
    let command = command.replace("/bin/listing", "/work/listing");
    fs::rename(rootfs.host("/bin/listing"), rootfs.host("/work/listing")).expect("both are ours");
    let with_program = |rootfs: Rootfs| {
        let rootfs = with_entries(rootfs);
        fs::rename(rootfs.host("/bin/listing"), rootfs.host("/work/listing")).expect("both are ours");
        rootfs
    };
    let Some(expected) = mounted(&bound, with_program, &command) else { return };
    compare(&expected, bind_all(guest(&rootfs), &bound), &command);
    // Nothing was made for them.
    assert!(!rootfs.host("/missing").exists() && !rootfs.host("/etc/dir-1").exists());
}

#[test]
fn a_tree_with_two_names_is_walked_by_the_one_that_it_was_reached_by() {
    // The rootfs lies below a binding, as it does below most users' homes; find(1) goes up by `..` of descriptors.
    let rootfs = bare().file("/etc/deep/down/file", "").file("/work/file", "").symlink("/work/up", "..");
    let home = rootfs.outside().to_owned();
    let script = format!(
        "cd {}; find . | sort; cd root/etc/deep; find ../../work ../.. -name 'f*' | sort",
        home.display()
    );
    let expected = on_the_host(&script, &home);
    assert!(expected.lines().count() > 12, "{expected}");
    let place = home.to_str().expect("its path is plain").to_owned();
    compare(&expected, guest(&rootfs).bind(&home, &place), &script);
}

#[test]
fn mounts_are_told_as_real_ones_are() {
    let rootfs = bare();
    let bound = many_bindings(&rootfs.host_dir("source"));
    let command = r#"
        grep -E " /(etc|missing|ro|usr|proc)[/ ]" /proc/self/mounts | sort
        cut -d" " -f3,5- /proc/self/mountinfo | grep -E " /(etc|missing|ro|usr|proc)[/ ]" | sort
        cut -d" " -f5 /proc/self/mountinfo | sort -u
    "#;
    let Some(expected) = mounted(&bound, |rootfs| rootfs, command) else { return };
    let found = bind_all(guest(&rootfs), &bound).run(["sh", "-c", command]).success();
    assert_eq!(
        found,
        expected,
        "mounted (-) and bound (+) differ:\n{}",
        util::diff::lines(&expected, &found)
    );
}
