//! Servers that an ordinary user starts for himself.
#![forbid(unsafe_code)]

use crate::tree::{Tree, Work};

#[track_caller]
fn same(script: &str) {
    let Some(tree) = Tree::full("amd64-dev") else { return };
    let Some(both) = tree.both(&Work::default(), script) else { return };
    assert!(both.native.status.success(), "{}", both.native);
    both.same();
}

#[test]
fn nginx_serves_reloads_and_stops() {
    same(include_str!("nginx.sh"));
}

#[test]
fn postgresql_answers_and_recovers() {
    same(include_str!("postgres.sh"));
}
