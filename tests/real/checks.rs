//! The own checks of bash and coreutils, run with the programs that the tree has installed.
#![forbid(unsafe_code)]

use crate::tree::{Both, Tree, Work};
use crate::util::{data, diff, skip};

#[track_caller]
fn both(package: &str, script: &str) -> Option<Both> {
    let tree = Tree::full("amd64-dev")?;
    let Some(copy) = data(&format!("sources-amd64/{package}")) else {
        skip(&format!("no sources of {package} in XROOT_TEST_DATA: make test-full fetches them"));
        return None;
    };
    let both = tree.both(&Work { copy: Some(&copy), files: &[("run.sh", script)] }, "bash run.sh")?;
    assert!(both.native.status.success(), "{}", both.native);
    Some(both)
}

/// Where upstream's expectation is met nothing is printed but the check's name.
#[test]
fn bash_passes_what_it_passes_natively() {
    let Some(both) = both("bash", include_str!("bash.sh")) else { return };
    assert!(both.native.stdout.matches("== run-").count() > 70, "{}", both.native);
    let [native, xroot] = [&both.native.stdout, &both.xroot.stdout].map(|text| without_pids(text));
    let differ = diff::lines(&native, &xroot);
    assert!(differ.is_empty(), "native (-) and xroot (+) differ:\n{differ}");
}

/// bash names its process group in one warning.
fn without_pids(text: &str) -> String {
    let lines = text.lines().map(|line| match line.split_once("process group (") {
        Some((before, after)) => {
            format!("{before}process group{}", after.trim_start_matches(|digit: char| digit != ')'))
        }
        None => line.to_owned(),
    });
    lines.map(|line| line + "\n").collect()
}

#[test]
fn coreutils_pass_what_they_pass_natively() {
    let Some(both) = both("coreutils", include_str!("coreutils.sh")) else { return };
    assert!(both.native.stdout.matches(" passes\n").count() > 300, "{}", both.native);
    let differ: Vec<_> = both
        .native
        .stdout
        .lines()
        .filter(|line| !both.xroot.stdout.lines().any(|seen| seen == *line))
        .collect();
    let list =
        |check: &str| both.xroot.stdout.lines().filter(|line| line.starts_with(check)).collect::<String>();
    let differ: Vec<_> = differ
        .into_iter()
        .map(|line| format!("{line} natively, under xroot: {}", list(line.split(' ').next().unwrap_or(line))))
        .collect();
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
