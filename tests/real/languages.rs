//! Programs of compiled and of managed languages: their threads, files, sockets and processes.
#![forbid(unsafe_code)]

use crate::tree::{Tree, Work};

/// Compiles and runs a program; it ends with `code`.
#[track_caller]
fn same(file: (&str, &str), script: &str, code: i32) {
    let Some(tree) = Tree::full("amd64-dev") else { return };
    let script = format!("mkdir files; {script}");
    let Some(both) = tree.both(&Work { copy: None, files: &[file] }, &script) else { return };
    assert_eq!(both.native.code(), code, "{}", both.native);
    both.same();
}

#[test]
fn go() {
    let program = ("main.go", include_str!("programs/main.go"));
    same(program, "GO111MODULE=off go build -o program main.go && ./program", 0);
}

#[test]
fn rust() {
    let program = ("main.rs", include_str!("programs/main.rs"));
    same(program, "rustc -O -o program main.rs && ./program", 0);
}

#[test]
fn java() {
    let program = ("Main.java", include_str!("programs/Main.java"));
    same(program, "javac Main.java && java Main", 3);
}

#[test]
fn node() {
    same(("main.js", include_str!("programs/main.js")), "node main.js", 5);
}
