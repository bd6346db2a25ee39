//! Distributions differ in where they keep libraries: the guest's and the tools' may have the same names. Each program
//! finds those of its own side, and is shown the guest's only.
#![forbid(unsafe_code)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::exec_only::Fingerprint;
use crate::job::{Job, copy_tree};
use crate::trace::How::{Emulated, Native};
use crate::util::{Scratch, chmod};

const ROOTS_C: &str = "#include <math.h>\n#include <stdio.h>\n\
    int main(int n, char **v) { (void)v; printf(\"%.3f\\n\", sqrt(n + 1)); return 0; }\n";

struct Collision {
    job: Job,
    scratch: Scratch,
}

/// An AArch64 guest whose /usr/lib64 holds its libraries, as in Fedora, and tools whose libraries are only there.
fn collision() -> Option<Collision> {
    let mut job = Job::new("arm64-dev")?.file("roots.c", ROOTS_C);
    let scratch = Scratch::new();
    let (guest, tools) = (scratch.dir("guest"), scratch.dir("tools"));
    copy_tree(&job.rootfs, &guest, &["./usr/share", "./usr/lib/python3*", "*/libasan*", "*/libtsan*"]);
    merge(&guest, "aarch64-linux-gnu", |from, to| symlink(from, to).expect("the tree is ours"));
    copy_tree(
        &job.tools,
        &tools,
        &["./usr/share", "*arm-linux-gnueabihf*", "*lto-dump*", "./etc/ld.so.conf.d"],
    );
    fs::remove_dir_all(tools.join("usr/lib64")).expect("the tree is ours");
    merge(&tools, "x86_64-linux-gnu", |_, _| {});
    (job.rootfs, job.tools) = (guest, tools);
    Some(Collision { job, scratch })
}

/// Makes a tree's /usr/lib64 of what is in its multiarch directory; `link` says what stays there.
fn merge(tree: &Path, triplet: &str, link: impl Fn(&str, &Path)) {
    let (old, new) = (tree.join("usr/lib").join(triplet), tree.join("usr/lib64"));
    fs::rename(&old, &new).expect("the tree is ours");
    link("../lib64", &old);
    if !tree.join("lib64").is_symlink() {
        symlink("usr/lib64", tree.join("lib64")).expect("the tree is ours");
    }
}

#[test]
fn each_program_finds_the_libraries_of_its_own_side() {
    let Some(Collision { job, scratch: _scratch }) = collision() else { return };
    let script = "sed -n 1p /etc/passwd; bash -c 'echo $BASH_VERSION'; perl -e 'print qq(perl $$_\\n) for 1'; ls -d /usr/lib64\n\
                  export LD_LIBRARY_PATH=/usr/lib64:/lib64; sed -n 1p /etc/passwd; perl -MPOSIX -e 'print floor(2.5), qq(\\n)'; sort roots.c";
    job.same(script);
    let (_, trace) = job.traced(script);
    for name in ["sed", "bash", "ls", "sort"] {
        trace.shows(Native, name);
    }
    trace.shows(Emulated, "perl");
}

#[test]
fn a_native_linker_links_with_the_guests_libraries() {
    let Some(Collision { job, scratch: _scratch }) = collision() else { return };
    let script = "gcc roots.c -lm -o r -Wl,-t | grep -v '^/tmp/'; ./r; gcc -L/usr/lib64 roots.c /lib64/libm.so.6 -o r2; ./r2 a; gcc -flto -O2 roots.c -lm -o r3; ./r3 a b";
    let seen = job.same(script);
    assert!(seen.ends_with("1.414\n1.732\n2.000\n"), "{seen}");
    let (_, trace) = job.traced(script);
    for name in ["cc1", "as", "ld", "lto1"] {
        trace.shows(Native, name);
    }
    trace.shows(Emulated, "r2");
}

#[test]
fn listings_and_mount_tables_show_nothing_of_the_tools() {
    let Some(Collision { job, scratch: _scratch }) = collision() else { return };
    // What the host changes meanwhile is left out, widths of columns too.
    job.same("cd /; ls -lad . .. $(ls -A | grep -vx 'dev\\|proc\\|sys\\|tmp'); ls -la /usr/lib64 /usr/lib; echo /.* /* /usr/lib64/* /usr/lib/*");
    job.same("cat /proc/self/mounts /proc/self/mountinfo; df / | tail -1 | cut -d% -f2");
    // /tmp is the host's, and others write there; what is known of the tools is kept below the home that is bound.
    job.same("find / -xdev -path /tmp -prune -o -path /proc -prune -o -path '*/.cache/xroot' -prune -o -printf '%p %s %m %l\\n' | sort");
}

/// Modules of character sets have a place that is built into the C library: the tools' have to be shown at it, but not
/// to who copies files.
#[test]
fn modules_of_character_sets_are_copied_as_the_guests() {
    let Some(Collision { job, scratch: _scratch }) = collision() else { return };
    let before = Fingerprint::of(&job.tools);
    job.same(
        "cd /usr/lib64/gconv; ls -l | md5sum; md5sum UTF-16.so; stat -c %i . UTF-16.so; tar cf - --mtime=@0 . | md5sum; cp UTF-16.so $OLDPWD/u; cmp UTF-16.so $OLDPWD/u\n\
         cp UTF-16.so new.so; mv new.so newer.so; rm newer.so; du -s .",
    );
    before.unchanged(&job.tools, "writing to /usr/lib64/gconv");
}

/// The list of preloaded libraries is the guest's, so a native program's ld.so must not read it; the program may.
#[test]
fn the_list_of_preloaded_libraries_is_a_file_of_the_guests() {
    let Some(Collision { job, scratch: _scratch }) = collision() else { return };
    let list = job.rootfs.join("etc/ld.so.preload");
    fs::write(&list, "/usr/lib64/libm.so.6\n").expect("the tree is ours");
    chmod(&list, 0o666);
    job.same(
        "cat /etc/ld.so.preload; ls -l /etc/ld.so.preload; cp -a /etc/ld.so.preload here; cmp /etc/ld.so.preload here; test -f /etc/ld.so.preload; test -s /etc/ld.so.preload\n\
         echo >>/etc/ld.so.preload; wc -l </etc/ld.so.preload; mv /etc/ld.so.preload /etc/moved; mv /etc/moved /etc/ld.so.preload; sed -i 2d /etc/ld.so.preload; cat /etc/ld.so.preload",
    );
}
