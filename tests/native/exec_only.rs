//! A tool takes the guest program's place when it is executed, and never else: files are read, changed and removed in
//! the guest, and nothing that a guest does changes the tools.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::job::{Job, copy_tree};
use crate::util::{Output, Scratch};

/// What would show a change of any file below a directory. Nothing changes a file and not its ctime (inode(7)).
#[derive(PartialEq, Eq)]
pub struct Fingerprint(BTreeMap<PathBuf, (u64, u64, u32, i64, i64)>);

impl Fingerprint {
    pub fn of(top: &Path) -> Self {
        let mut found = BTreeMap::new();
        let mut pending = vec![top.to_owned()];
        while let Some(directory) = pending.pop() {
            for entry in fs::read_dir(&directory).expect("it is the test user's").flatten() {
                let (path, meta) = (entry.path(), entry.metadata().expect("nobody removes it"));
                if meta.is_dir() {
                    pending.push(path.clone());
                }
                let size = if meta.is_dir() { 0 } else { meta.size() };
                found.insert(path, (meta.ino(), size, meta.mode(), meta.ctime(), meta.ctime_nsec()));
            }
        }
        assert!(found.len() > 1000, "{} holds no tools", top.display());
        Self(found)
    }

    #[track_caller]
    pub fn unchanged(&self, top: &Path, after: &str) {
        let now = Self::of(top);
        let differ: Vec<_> = self.0.iter().filter(|(path, state)| now.0.get(*path) != Some(state)).collect();
        let fresh: Vec<_> = now.0.keys().filter(|path| !self.0.contains_key(*path)).collect();
        assert!(differ.is_empty() && fresh.is_empty(), "after {after}: changed {differ:?}, new {fresh:?}");
    }
}

/// A guest that a test may damage: a copy of a tree, removed with the value.
pub struct Copy {
    pub job: Job,
    _scratch: Scratch,
}

/// What programs and their libraries do not need.
const BULK: &[&str] = &["./usr/share", "./usr/include", "./usr/lib/python3.11", "*.a"];

impl Copy {
    pub fn new(tree: &str) -> Option<Self> {
        Self::with(tree, &[])
    }

    /// A smaller one, which has programs and libraries only.
    pub fn lean(tree: &str) -> Option<Self> {
        Self::with(tree, BULK)
    }

    fn with(tree: &str, without: &[&str]) -> Option<Self> {
        let mut job = Job::new(tree)?;
        let scratch = Scratch::new();
        let copy = scratch.dir("tree");
        copy_tree(&job.rootfs, &copy, without);
        job.rootfs = copy;
        Some(Self { job, _scratch: scratch })
    }

    fn sh(&self, script: &str) -> Output {
        self.job.native().run(["sh", "-c", script])
    }
}

#[test]
fn a_tool_is_read_as_the_guests_file() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let seen = job.same(
        "file -L /usr/bin/make /bin/sh /usr/bin/as | sed 's/, BuildID.*//'; dpkg --verify make bash coreutils binutils-arm-linux-gnueabihf gcc-12; cp /usr/bin/make ./m; md5sum m /usr/bin/make; cmp m /usr/bin/make; stat -L -c '%n %s %a %i' /usr/bin/make /usr/lib/gcc/*/12/cc1; ls -lL /usr/bin/ld; head -c 20 /usr/bin/sed | od -c; exec 5</usr/bin/grep; md5sum <&5; readlink -f /usr/bin/gcc /proc/self/fd/5; test -x /usr/bin/make; command -v make cc1 as; ./m --version",
    );
    assert_eq!(seen.matches("ELF 32-bit LSB").count(), 3, "{seen}");
}

/// The table's programs and libraries are not to be found in the guest under any name.
#[test]
fn the_guest_sees_no_file_of_the_tools() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let top = job.tools.to_str().expect("its path is text");
    job.same(&format!("for p in /lib64 /usr/lib64 /usr/lib/x86_64-linux-gnu /lib/x86_64-linux-gnu/libc.so.6 /usr/lib/gcc-cross /usr/libexec/gcc-cross /usr/arm-linux-gnueabihf/lib {top} /.xroot; do perl -e 'print -e shift ? 1 : 0' $p; ls -d $p 2>&1 || :; done; ls -a / /usr /usr/lib /usr/bin | md5sum; echo /lib*; find /usr/lib -maxdepth 1 -name 'x86*'"));
}

const DAMAGE: &[&str] = &[
    "echo junk > /usr/bin/make",
    "chmod 700 /usr/bin/sed; chmod u+s /usr/bin/sed",
    "touch -d 2001-01-01 /usr/bin/bash /usr/bin/dash",
    "rm /usr/bin/tac; mv /usr/bin/seq /usr/bin/sequence; ln /usr/bin/head /usr/bin/head2; ln -sf /usr/bin/sort /usr/bin/uniq",
    "cp /bin/true /usr/lib/gcc/*/12/lto1; truncate -s 0 /usr/lib/gcc/*/12/liblto_plugin.so; rm /usr/bin/*-ld.gold",
    "perl -e 'open F, q(+<), q(/usr/bin/grep) or die; print F q(x)'; dd if=/dev/zero of=/usr/bin/gzip bs=1 count=4 conv=notrunc",
    "cd /usr/bin && for f in cut tr wc; do cat true > $f; done; mkdir /usr/lib64 /usr/lib/x86_64-linux-gnu; touch /usr/lib64/x",
];

/// By every path that leads to the program that runs, or to a library that it has mapped.
const DETOURS: &[&str] = &[
    "chmod 777 /proc/self/exe; touch -d 2001-01-01 /proc/self/exe; chmod 777 /proc/$$/exe; touch -d 2001-01-01 /proc/$$/exe",
    "bash -c 'echo x >> /proc/self/exe; : > /proc/$$/exe; exec 9<>/proc/$$/exe; echo x >&9'; truncate -s 0 /proc/self/exe; truncate -s 0 /proc/$$/exe",
    "for f in /proc/self/map_files/* /proc/$$/map_files/*; do chmod 777 $f; touch $f; echo x >> $f; done",
    "exec 8</proc/self/exe 7</proc/$$/exe; for n in 7 8; do chmod 777 /proc/self/fd/$n /dev/fd/$n; touch /proc/self/fd/$n; echo x >> /proc/self/fd/$n; done",
    "for f in $(sed -n 's,.* \\(/[^ ]*\\)$,\\1,p' /proc/self/maps /proc/$$/maps | sort -u); do chmod 777 $f; touch $f; echo x >> $f; rm -f $f.x; mv $f $f.x; mv $f.x $f; done",
    "for f in /lib64/ld-linux-x86-64.so.2 /usr/lib/x86_64-linux-gnu/libc.so.6 /usr/lib/x86_64-linux-gnu /usr/lib/gcc-cross /usr/lib/gcc-cross/*/12/*; do chmod 777 $f; touch $f; echo x > $f/x; rm -rf $f; mv $f /tmp/away.$$; done",
    "cd /proc/self/root && chmod 777 usr/bin/make; ln /proc/self/exe stolen; ln -L /proc/self/exe stolen2; cp -l /proc/$$/exe stolen3; chmod 777 stolen*; mv /proc/self/exe away",
    "exec 3</.xroot-lib-0/libc.so.6 4</.xroot-lib-0; for n in 3 4; do chmod 777 /dev/fd/$n; touch /dev/fd/$n; done; echo x >> /proc/self/fd/3; perl -e 'open F, q(+<), q(/proc/self/fd/3) and print F q(x); open F, q(<&=3); open D, q(<&=4); chmod 0777, q(/proc/self/fd/3), *F, *D; utime 1, 1, *F, *D; link q(/proc/self/fd/3), q(l); chdir *D; $f = q(libc.so.6); open F, q(+<), $f and print F q(x); open F, q(>), q(new); mkdir q(d); symlink q(x), q(s); link $f, q(/tmp/stolen); rename $f, q(x); unlink $f; chmod 0777, $f, q(.); rmdir q(gconv)'",
    "touch /.xroot /.xroot/x; chmod -R 777 /.xroot; rm -rf /.xroot/*; setfattr -n user.x -v y /proc/self/exe /usr/bin/make; chown 1:1 /proc/self/exe",
];

#[test]
fn what_is_done_to_a_tool_is_done_to_the_guests_file() {
    let Some(copy) = Copy::lean("armhf-dev") else { return };
    let Some(copy_emulated) = Copy::lean("armhf-dev") else { return };
    let before = Fingerprint::of(&copy.job.tools);
    for script in DAMAGE {
        let (native, emulated) = (copy.sh(script), copy_emulated.job.emulated().run(["sh", "-c", script]));
        assert_eq!(native.code(), emulated.code(), "{script}: {native}\nemulated: {emulated}");
        before.unchanged(&copy.job.tools, script);
    }
    // The same has become of both guests; and what they now execute is what is there.
    let listing = "find /usr/bin /usr/lib/gcc /usr/lib64 -printf '%p %s %m %y\\n' | sort";
    let state = |copy: &Copy| copy.job.emulated().run(["sh", "-c", listing]).success();
    let (native, emulated) = (state(&copy), state(&copy_emulated));
    assert!(native == emulated, "{}", crate::util::diff::lines(&emulated, &native));
    for script in [
        "tac /etc/passwd",
        "seq 3",
        "sequence 3",
        "make --version",
        "gzip --version",
        "chmod -x /usr/bin/mawk; mawk 1",
    ] {
        let (native, emulated) = (copy.sh(script), copy_emulated.job.emulated().run(["sh", "-c", script]));
        assert_eq!(
            (&native.stdout, native.code()),
            (&emulated.stdout, emulated.code()),
            "{script}: {native}"
        );
    }
}

/// `cp` is as good in any version, and yet it is the one that was looked at, or none.
#[test]
fn another_program_at_a_tools_place_runs_itself() {
    let Some(copy) = Copy::lean("armhf-dev") else { return };
    let script = copy.job.beside("bin").join("mine");
    fs::write(&script, "#!/bin/sh\necho mine\n").expect("the directory is ours");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("the file is ours");
    let binding = format!("{}:/usr/bin/cp", script.display());
    let bound = copy.job.native().args(["-b", &binding]).run(["sh", "-c", "cp --version"]);
    assert_eq!(bound.success(), "mine\n");
    let replaced =
        format!("mv /usr/bin/cp /usr/bin/copy; copy {} /usr/bin/cp; cp --version", script.display());
    assert_eq!(copy.sh(&replaced).success(), "mine\n");
}

#[test]
fn directories_above_a_tools_own_are_the_guests_to_make_and_remove() {
    let Some(copy) = Copy::lean("armhf-dev") else { return };
    let dir = "/usr/lib/x86_64-linux-gnu";
    copy.sh(&format!("mkdir -p {dir}/x && perl -e '-d q({dir}/x) or die' && rm -r {dir} && ! test -e {dir}"))
        .success();
}

#[test]
fn the_program_that_runs_is_the_guests_file_to_itself() {
    let Some(copy) = Copy::lean("armhf-dev") else { return };
    let before = Fingerprint::of(&copy.job.tools);
    copy.sh(
        "chmod 711 /proc/self/exe; touch -d 2001-01-01 /proc/self/exe; bash -c 'chmod 711 /proc/$$/exe; :'",
    )
    .success();
    let meta = |name: &str| {
        let path = copy.job.rootfs.join("usr/bin").join(name);
        fs::metadata(path).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    assert_eq!((meta("chmod").mode() & 0o777, meta("bash").mode() & 0o777), (0o711, 0o711));
    assert_eq!(meta("touch").mtime(), 978_307_200);
    before.unchanged(&copy.job.tools, "chmod and touch of /proc/self/exe");
}

#[test]
fn no_detour_leads_to_the_tools_files() {
    for script in DETOURS {
        // As an ordinary user, and with every call of a package manager's allowed. Each in a fresh guest: a tool
        // that stands for a file that has changed may no longer be one.
        for (shell, options) in [("sh", &[][..]), ("bash", &["-0"][..])] {
            let Some(copy) = Copy::lean("armhf-dev") else { return };
            let before = Fingerprint::of(&copy.job.tools);
            // Whether each command fails is not the point.
            copy.job.native().args(options).run([shell, "-c", script]);
            before.unchanged(&copy.job.tools, &format!("{shell}: {script}"));
        }
    }
}

/// `xroot tools install` puts them below the home, which the guest sees.
#[test]
fn nobody_changes_tools_that_lie_in_a_bound_directory() {
    let Some(mut job) = Job::new("armhf-dev") else { return };
    let scratch = Scratch::new();
    let tools = scratch.dir("tools");
    copy_tree(&job.tools, &tools, &["./usr/share", "*gcc*", "*g++*", "*libstdc++*"]);
    job.tools = tools.clone();
    let shell = tools.join("usr/bin/dash");
    let script = "exec 2>/dev/null; { echo junk >\"$1\"; } || echo no; rm \"$1\" || echo no; \
                  perl -e 'open(F, q(>>), shift) or print qq(no\\n)' \"$1\"; mkdir \"$2/new\" || echo no; cat \"$1\" | wc -c";
    let dir = scratch.path().display().to_string();
    let output = job.native().args(["-b", &dir]).run([
        "sh".as_ref(),
        "-c".as_ref(),
        script.as_ref(),
        "sh".as_ref(),
        shell.as_os_str(),
        tools.as_os_str(),
    ]);
    let len = fs::metadata(&shell).expect("it is still there").len();
    assert_eq!(output.stdout, format!("no\nno\nno\nno\n{len}\n"), "{output}");
}
