//! Bindings are bind mounts to the guest: the same program runs with real mounts and under xroot.
//!
//! The kernel is the oracle, in a user namespace where one is allowed. What has no native counterpart, such as a
//! binding over a name that does not exist, is compared with the nearest that has one.
#![forbid(unsafe_code)]

#[path = "../util/mod.rs"]
mod util;

mod world;

use std::os::unix::net::UnixListener;
use std::path::Path;

use util::give;
use world::{World, compare};

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
