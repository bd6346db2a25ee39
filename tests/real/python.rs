//! Python's own tests: one that passes natively passes under xroot, and one that is skipped is skipped for the same reason.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;

use crate::tree::{Tree, Work};

/// Results by test, as `python3 -m test -v` prints them.
type Results = BTreeMap<String, String>;

/// Reads the output of `python3 -m test -v`.
///
/// ```text
/// test_access (test.test_os.AccessTests.test_access) ... ok
/// test_chown (test.test_os.ChownTests.test_chown)
/// What the test is about ... skipped 'needs root'
/// ```
fn parse(output: &str) -> Results {
    let mut results = Results::new();
    let mut current = None;
    for line in output.lines() {
        if let Some(name) = test_of(line) {
            current = Some(name);
        }
        let ended = ["ok", "FAIL", "ERROR", "expected failure"].iter().any(|end| {
            line.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with("... "))
        });
        let skipped = line.find("... skipped ");
        let result = match skipped {
            Some(at) => &line[at + 4..],
            None if ended => line.rsplit("... ").next().unwrap_or(line),
            None => continue,
        };
        if let Some(name) = current.take() {
            results.insert(name, result.to_owned());
        }
    }
    results
}

/// The full name of the test that a line begins with: `name (test.module.Class.name)`.
fn test_of(line: &str) -> Option<String> {
    let (name, rest) = line.split_once(" (")?;
    let (full, _) = rest.split_once(')')?;
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._".contains(&byte));
    (name.starts_with("test") && plain(name) && full.contains('.') && plain(full)).then(|| full.to_owned())
}

/// Tests that are a matter of chance, natively too. This one's main thread closes the client's socket as soon as it has
/// accepted the connection, which the client's thread may not have asked for its name yet.
const CHANCE: &[&str] = &["test.test_socket.NetworkConnectionAttributesTest.testSourceAddress"];

/// What of the native results is not so under xroot, line by line. A test that fails natively may do as it likes: not all
/// user ids are mapped in the namespace of the native run, so that chown(2) and setuid(2) fail otherwise there.
fn differences(native: &Results, xroot: &Results) -> Vec<String> {
    let bad = |result: &String| result == "FAIL" || result == "ERROR";
    let expected = native.iter().filter(|(test, result)| !bad(result) && !CHANCE.contains(&test.as_str()));
    let differ = expected.filter_map(|(test, result)| {
        let seen = xroot.get(test).map_or("nothing", String::as_str);
        (seen != result).then(|| format!("{test}: {result} natively, {seen} under xroot"))
    });
    differ.collect()
}

/// Compares one module's results. What depends on the time that things take may fail once, so what differs must do so twice.
#[track_caller]
fn same(tree: &Tree, module: &str) {
    let script = format!("python3 -m test -v -u network {module} 2>&1");
    let mut last: Option<Vec<String>> = None;
    loop {
        let Some(both) = tree.both(&Work::default(), &script) else { return };
        let (native, xroot) = (parse(&both.native.stdout), parse(&both.xroot.stdout));
        assert!(native.values().any(|result| result == "ok"), "nothing passes natively: {}", both.native);
        let differ = differences(&native, &xroot);
        let Some(before) = last else {
            if differ.is_empty() {
                return;
            }
            last = Some(differ);
            continue;
        };
        let twice: Vec<_> = differ.into_iter().filter(|line| before.contains(line)).collect();
        assert!(twice.is_empty(), "{}\n--- under xroot\n{}", twice.join("\n"), both.xroot.stdout);
        return;
    }
}

/// One test a module.
macro_rules! modules {
    ($tree:expr; $($module:ident)*) => {
        $(#[test]
        fn $module() {
            let Some(tree) = $tree else { return };
            same(&tree, stringify!($module));
        })*
    };
}

modules! { Tree::new("amd64"); test_glob test_posix test_pty test_shutil test_tempfile }

// Some of these take a minute.
modules! {
    Tree::full("amd64-dev");
    test_asyncio test_concurrent_futures test_fcntl test_mmap test_multiprocessing_fork test_os test_pathlib test_selectors
    test_signal test_socket test_subprocess test_threading
}

#[test]
fn results_are_read_as_they_are_printed() {
    let output = "== CPython\n\
        test_a (test.test_os.A.test_a) ... ok\n\
        test_b (test.test_os.A.test_b)\n\
        What it is about. ... skipped 'needs root'\n\
        test_c (test.test_os.A.test_c) ... noise\n\
        ok\n\
        test_d (test.test_os.A.test_d) ... FAIL\n\
        look (at) ok\n";
    let results = parse(output);
    let expected = [("a", "ok"), ("b", "skipped 'needs root'"), ("c", "ok"), ("d", "FAIL")]
        .map(|(test, result)| (format!("test.test_os.A.test_{test}"), result.to_owned()));
    assert_eq!(results, Results::from(expected.clone()));
    let mut other = results.clone();
    other.insert("test.test_os.A.test_a".into(), "ERROR".into());
    other.remove("test.test_os.A.test_b");
    other.remove("test.test_os.A.test_d");
    let differ = differences(&results, &other);
    assert_eq!(differ.len(), 2, "{differ:?}");
}
