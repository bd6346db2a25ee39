//! Bindings are bind mounts to the guest: the same program runs with real mounts and under xroot.
//!
//! The kernel is the oracle, in a user namespace where one is allowed. What has no native counterpart, such as a
//! binding over a name that does not exist, is compared with the nearest that has one.
#![forbid(unsafe_code)]

#[path = "../util/mod.rs"]
mod util;

mod start;

mod world;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use util::give;
use world::{Shower, World, compare};

fn readonly(world: World) -> World {
    let world = world
        .dir("ro/dir")
        .file("ro/file", "text")
        .file("ro/dir/inner", "inner")
        .file_with_mode("ro/closed", "closed", 0)
        .file("ro/null", "")
        .link("ro/link", "file")
        .link("ro/dangling", "nowhere")
        .link("ro/to_rw", "/rw/file")
        .program("ro/program", "bind_readonly")
        .link("ro/link_to_program", "program")
        .dir("rw")
        .file("rw/file", "writable")
        .link("rw/link_to_ro", "../ro/file")
        .link("rw/new_in_ro", "/ro/new");
    let fifo = world.host("ro/fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::from_bits_retain(0o644))
        .expect("scratch can be written");
    give(&fifo);
    let socket = world.host("ro/socket");
    drop(UnixListener::bind(&socket).expect("scratch can be written"));
    give(&socket);
    world.rootfs(|root| root.dir("/ro").dir("/rw")).bind("ro", "/ro", "ro").bind("rw", "/rw", "rw").bind_path(
        Path::new("/dev/null"),
        "/ro/null",
        "ro",
    )
}

#[test]
fn a_readonly_binding_is_a_readonly_mount() {
    compare("bind_readonly", readonly);
}

#[test]
fn names_of_bindings_are_mount_points() {
    compare("bind_points", |world| {
        world
            .dir("b1/in")
            .dir("b1/sub")
            .file("b1/file", "covered")
            .file("b1/own", "own")
            .link("b1/link", "own")
            .link("b1/absolute", "/old")
            .link("b1/relative", "../old")
            .link("b1/far", "../../../../..")
            .dir("b2/sub")
            .dir("in")
            .file("in/inside", "inside")
            .link("in/sibling", "../own")
            .link("in/through", "/b2/sub")
            .dir("point")
            .file("bound", "bound")
            .file("single", "single")
            .rootfs(|root| {
                root.dir("/b1")
                    .dir("/b2")
                    .dir("/par/ent/point")
                    .file("/one", "covered")
                    .file("/old", "old")
                    .dir("/dir")
                    .dir("/d2")
                    .symlink("/to_b1", "b1")
                    .symlink("/to_file", "/b1/file")
            })
            .bind("b1", "/b1", "rw")
            .bind("b2", "/b2", "rw")
            .bind("in", "/b1/in", "rw")
            .bind("bound", "/b1/file", "rw")
            .bind("point", "/par/ent/point", "rw")
            .bind("single", "/one", "rw")
    });
}

#[test]
fn landlock_rules_reach_what_is_bound_below() {
    compare("bind_landlock", |world| {
        world
            .dir("src/sub")
            .file("src/file", "bound")
            .file("src/sub/file", "deep")
            .file("single", "single")
            .program("src/program", "bind_landlock")
            .dir("b/in")
            .file("b/file", "b")
            .dir("in/sub")
            .file("in/file", "in")
            .rootfs(|root| {
                root.dir("/a/point").file("/a/file", "own").file("/a/one", "").dir("/b").file("/file", "top")
            })
            .bind("src", "/a/point", "rw")
            .bind("single", "/a/one", "rw")
            .bind("b", "/b", "rw")
            .bind("in", "/b/in", "rw")
    });
}

/// Names that the rootfs lacks, and the kernel needs.
fn missing(world: World) -> World {
    let not_utf8 = OsStr::from_bytes(b"/odd names/caf\xe9");
    let world = world
        .dir("empty/inside")
        .dir("dir/deep")
        .file("dir/own", "own")
        .file("single", "single")
        .file("second", "second")
        .file("third", "third")
        .file("fourth", "fourth")
        .link("by_link", "empty")
        .program("exe", "bind_missing");
    let world =
        ["a", "b", "c", "d", "e"].into_iter().fold(world, |world, name| world.dir(&format!("{name}/inside")));
    world
        .rootfs(|root| root.dir("/target").symlink("/link", "target").symlink("/etc/was_link", "link_target"))
        .kernel_needs(|world| {
            world.skeleton("/par", &[OsStr::new("ent")]).skeleton("/par/ent", &[OsStr::new("point")]).rootfs(
                |root| {
                    root.dir("/new")
                        .file("/etc/file", "")
                        .dir("/dir")
                        .dir("/target/point")
                        .file("/program", "")
                },
            )
        })
        .kernel_needs(|world| {
            let odd = [OsStr::new("a:b\\c"), OsStr::from_bytes(b"caf\xe9")];
            let world =
                world.skeleton("/odd names", &odd).skeleton("/other", &[]).file("skeleton-other/one", "");
            world.dir("dir/deep/er").file("dir/file", "").rootfs(|root| root.file("/etc/link_target", ""))
        })
        .bind("a", "/new", "rw")
        .bind("b", "/par/ent/point", "rw")
        .bind("single", "/etc/file", "rw")
        .bind("c", "/odd names/a:b\\c", "rw")
        .bind("dir", "/dir", "rw")
        .bind("d", "/dir/deep/er", "rw")
        .bind("second", "/dir/file", "rw")
        .bind("by_link", "/link/point", "rw")
        .bind("e", not_utf8, "rw")
        .bind("third", "/etc/was_link", "rw")
        .bind("fourth", "/other/one", "rw")
        .bind("exe", "/program", "rw")
}

#[test]
fn a_binding_needs_no_mount_point() {
    compare("bind_missing", missing);
}

#[test]
fn listings_and_stat_agree_about_bound_names() {
    let world = missing(World::new(Shower::Xroot, "bind_entries"));
    let seen = world.run().expect("xroot needs no namespace").success();
    assert_eq!(seen, "/: 14\n/par: 2\n/par/ent: 2\n/etc: 6\n/dir: 4\n/odd names: 3\n");
}

#[test]
fn nothing_is_made_on_disk() {
    let world = missing(World::new(Shower::Xroot, "bind_entries"));
    let snapshot = || (tree(world.rootfs.path()), tree(world.scratch.path()));
    let before = snapshot();
    assert!(before.0.len() > 10 && before.1.len() > 20, "{before:?}");
    world.run().expect("xroot needs no namespace").success();
    assert_eq!(snapshot(), before);
}

#[test]
fn the_rootfs_lies_below_the_bound_working_directory() {
    compare("bind_cwd", |world| {
        let project = world.rootfs.outside().to_path_buf();
        world
            .rootfs(|root| {
                root.dir("/etc/deep")
                    .file("/etc/deep/file", "")
                    .dir("/home/proj")
                    .symlink("/to_etc", "/etc")
                    .symlink("/to_home", "home/proj")
            })
            .bind_path(&project, "/home/proj", "rw")
            .workdir("/home/proj")
    });
}

/// Every file below `top`, with what a change of it or in it would change.
fn tree(top: &Path) -> BTreeMap<PathBuf, [i64; 6]> {
    let mut found = BTreeMap::new();
    let mut todo = vec![top.to_path_buf()];
    while let Some(path) = todo.pop() {
        let stat = path.symlink_metadata().expect("nobody removes it");
        if stat.is_dir() {
            let entries = path.read_dir().expect("it can be read");
            todo.extend(entries.map(|entry| entry.expect("it can be read").path()));
        }
        let numbers = [stat.ino() as i64, stat.mode().into(), stat.ctime(), stat.ctime_nsec()];
        found.insert(path, [numbers[0], numbers[1], numbers[2], numbers[3], stat.mtime(), stat.mtime_nsec()]);
    }
    found
}
