//! git, and a project that is built.
#![forbid(unsafe_code)]

use crate::tree::{Tree, Work};
use crate::util::{data, skip};

/// Runs `script` in a copy of the sources of `project`; both runs must end well.
#[track_caller]
fn same(tree: &Tree, project: &str, script: &str) {
    let Some(copy) = data(&format!("sources/{project}")) else {
        return skip(&format!("no sources of {project} in XROOT_TEST_DATA: make test fetches them"));
    };
    let Some(both) = tree.both(&Work { copy: Some(&copy), files: &[] }, script) else { return };
    assert!(both.native.status.success(), "{}", both.native);
    both.same();
}

#[test]
fn git_keeps_a_tree() {
    let Some(tree) = Tree::new("amd64") else { return };
    same(&tree, "zlib", include_str!("git.sh"));
}

#[test]
fn make_builds_with_four_jobs() {
    let Some(tree) = Tree::new("amd64") else { return };
    same(&tree, "lua", include_str!("make.sh"));
}
