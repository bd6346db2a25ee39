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

/// Fails where a package's checks differ twice: some wait for a second or two, and on a loaded machine that is not enough.
#[track_caller]
fn same(package: &str, script: &str, differ: impl Fn(&Both) -> String) {
    let Some(first) = both(package, script) else { return };
    if differ(&first).is_empty() {
        return;
    }
    let again = both(package, script).expect("it was there a moment ago");
    let differ = differ(&again);
    assert!(differ.is_empty(), "native (-) and xroot (+) differ:\n{differ}");
}

/// Where upstream's expectation is met nothing is printed but the check's name.
#[test]
fn bash_passes_what_it_passes_natively() {
    same("bash", include_str!("bash.sh"), |both| {
        assert!(both.native.stdout.matches("== run-").count() > 70, "{}", both.native);
        let [native, xroot] = [&both.native.stdout, &both.xroot.stdout].map(|text| without_chance(text));
        diff::lines(&native, &xroot)
    });
}

/// bash names its process group in one warning. Of a coprocess without commands it may have heard already when a check
/// asks for its id; where that stands is told by lines of diff(1) alone. And which of two that a pipe connects is the
/// first to miss a locale, none says.
fn without_chance(text: &str) -> String {
    let is_place = |line: &str| line.chars().all(|c| c.is_ascii_digit() || "acd,".contains(c));
    let is_told_by_chance =
        |line: &str| ["RO_PID", "cannot change locale"].iter().any(|part| line.contains(part));
    let lines = text.lines().filter(|line| !is_told_by_chance(line) && !is_place(line));
    let lines = lines.map(|line| match line.split_once("process group (") {
        Some((before, after)) => {
            format!("{before}process group{}", after.trim_start_matches(|digit: char| digit != ')'))
        }
        None => line.to_owned(),
    });
    lines.map(|line| line + "\n").collect()
}

#[test]
fn coreutils_pass_what_they_pass_natively() {
    same("coreutils", include_str!("coreutils.sh"), |both| {
        assert!(both.native.stdout.matches(" passes\n").count() > 300, "{}", both.native);
        let seen: Vec<_> = both.xroot.stdout.lines().collect();
        let of_check =
            |check: &str| seen.iter().filter(|line| line.starts_with(check)).copied().collect::<String>();
        let missing = both.native.stdout.lines().filter(|line| !seen.contains(line));
        missing
            .map(|line| {
                format!(
                    "{line} natively, under xroot: {}\n",
                    of_check(line.split(' ').next().unwrap_or(line))
                )
            })
            .collect()
    });
}
