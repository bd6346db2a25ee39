//! Random file system operations print the same under xroot and under the kernel's own chroot and bind mounts.
//!
//! `tests/guest/random_ops.c` makes the operations: what is compared, line by line, is each one's result, then the
//! contents of all trees, as the guest and as the host see them. Where the two differ, the fewest operations that still
//! differ are looked for and shown. `XROOT_TEST_SEED` repeats a seed; `XROOT_TEST_MINUTES` runs fresh seeds for so long.
#![forbid(unsafe_code)]

mod util;

#[path = "bindings/world.rs"]
mod world;

use std::env;
use std::time::{Duration, Instant, UNIX_EPOCH};

use util::programs::{self, Kind};
use util::{diff, full, skip};
use world::{Shower, World};

const PROGRAM: &str = "random_ops";

/// Operations of one run.
const COUNT: usize = 2500;

/// Which operations a run makes.
#[derive(Clone, Copy)]
enum Which<'a> {
    First(usize),
    Only(&'a [usize]),
}

/// A rootfs with bindings of every sort: writable and read-only ones, one below each, a file, a file below a binding.
///
/// No directory is bound at two places: nothing tells by which of them a descriptor of it was opened.
fn world(shower: Shower) -> World {
    let world = World::new(shower, PROGRAM)
        .dir("m/in")
        .dir("m/a")
        .file("m/f", "covered")
        .program("m/prog", PROGRAM)
        .link("m/b", "/w/a")
        .link("m/c", "../r/a")
        .file("bound", "bound below")
        .dir("in/a/b")
        .link("in/c", "../../w")
        .link("in/d", "../a")
        .dir("r/rw")
        .dir("r/a/b")
        .file("r/b", "read only")
        .file_with_mode("r/script", "#!/bin/random_ops say\n", 0o755)
        .program("r/prog", PROGRAM)
        .link("r/c", "rw/a")
        .link("r/d", "/m/in/a")
        .dir("rw/a")
        .dir("x/a/b")
        .link("x/c", "a/b/../../../y")
        .dir("y/a")
        .link("y/c", "/x/a")
        .file("single", "single file")
        .dir("bin")
        .program("bin/random_ops", PROGRAM);
    world
        .rootfs(|root| {
            let root = root.dir("/w/a/b").dir("/w/c").dir("/m").dir("/r").dir("/x").dir("/y");
            let root = root.file("/f", "covered").file("/w/a/d", "text").symlink("/w/b", "a/b");
            root.symlink("/w/d", "/m/in").symlink("/w/e", "e").script("/w/script", "#!/w/prog say\n")
        })
        .program_in_rootfs("/w/prog", PROGRAM)
        .bind("m", "/m", "rw")
        .bind("in", "/m/in", "rw")
        .bind("bound", "/m/f", "rw")
        .bind("r", "/r", "ro")
        .bind("rw", "/r/rw", "rw")
        .bind("x", "/x", "rw")
        .bind("y", "/y", "rw")
        .bind("single", "/f", "rw")
        .bind("bin", "/bin", "ro")
        .workdir("/w")
}

/// What a run prints, and what it leaves behind; nothing where the kernel's own mounts cannot be had.
fn run(shower: Shower, seed: u64, which: Which<'_>) -> Option<String> {
    let mut args = vec!["run".to_owned(), seed.to_string()];
    match which {
        Which::First(count) => args.push(count.to_string()),
        Which::Only(list) => {
            args.push(list.last().map_or(0, |last| last + 1).to_string());
            args.push(list.iter().map(ToString::to_string).collect::<Vec<_>>().join(","));
        }
    }
    let world = world(shower).args(args);
    let output = world.run()?;
    let dump = programs::build(PROGRAM, Kind::Static).expect("it was just built");
    let trees = ["m", "in", "r", "rw", "x", "y", "single", "bound"].map(|tree| world.host(tree));
    let mut command = std::process::Command::new(dump);
    command.arg("dump").arg(world.rootfs.path()).args(trees);
    let left = util::run(&mut command);
    // A message on stderr is xroot's or the end of a program: neither belongs here.
    Some(format!("{}exit {} {}\n{}", output.stdout, output.code(), output.stderr, left.stdout))
}

/// How the two differ, if they do.
fn difference(seed: u64, which: Which<'_>) -> Option<String> {
    let expected = run(Shower::Kernel, seed, which).expect("it was there a moment ago");
    let seen = run(Shower::Xroot, seed, which).expect("xroot needs no namespace");
    (expected != seen).then(|| diff::first(&expected, &seen))
}

/// Compares one seed; gives how the fewest operations differ.
fn check(seed: u64) -> Result<(), String> {
    let Some(first) = difference(seed, Which::First(COUNT)) else { return Ok(()) };
    // At once, for whoever does not want to wait until it is reduced.
    println!("XROOT_TEST_SEED={seed}\n{first}");
    // The shortest prefix: all the rest is of no interest.
    let (mut same, mut differs) = (0, COUNT);
    while differs - same > 1 {
        let middle = usize::midpoint(same, differs);
        if difference(seed, Which::First(middle)).is_some() { differs = middle } else { same = middle }
    }
    let fewest = fewest((0..differs).collect(), |list| difference(seed, Which::Only(list)).is_some());
    let list = fewest.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let how = difference(seed, Which::Only(&fewest)).unwrap_or(first);
    let run = run(Shower::Kernel, seed, Which::Only(&fewest)).unwrap_or_default();
    let lines = run.lines().take(fewest.len()).collect::<Vec<_>>().join("\n");
    Err(format!(
        "XROOT_TEST_SEED={seed}: mounts (-) and xroot (+) differ after {differs} operations, and after these alone: \
         {list}\n{lines}\n--- how they differ\n{how}"
    ))
}

/// Leaves out what can be left out while `differ` still holds (ddmin; Zeller and Hildebrandt 2002).
fn fewest(mut list: Vec<usize>, differ: impl Fn(&[usize]) -> bool) -> Vec<usize> {
    let mut chunk = list.len().div_ceil(2);
    while chunk > 0 && !list.is_empty() {
        let mut at = 0;
        let before = list.len();
        while at < list.len() {
            let end = (at + chunk).min(list.len());
            let without = [&list[..at], &list[end..]].concat();
            if differ(&without) { list = without } else { at = end }
        }
        // At the last size once more, until nothing can go.
        chunk = if chunk == 1 && list.len() < before { 1 } else { chunk / 2 };
    }
    list
}

fn fresh_seed() -> u64 {
    UNIX_EPOCH.elapsed().expect("it is after 1970").as_nanos() as u64
}

#[test]
fn random_operations_end_as_with_real_mounts() {
    if run(Shower::Kernel, 0, Which::First(0)).is_none() {
        return skip("no bind mounts in a user namespace");
    }
    let number = |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().expect("it is a number"));
    let minutes = number("XROOT_TEST_MINUTES");
    let until = Instant::now() + Duration::from_secs(minutes.unwrap_or(0) * 60);
    let fixed: Vec<u64> = match (number("XROOT_TEST_SEED"), minutes) {
        (Some(seed), _) => vec![seed],
        (None, Some(_)) => Vec::new(),
        (None, None) => (1..=if full() { 12 } else { 4 }).collect(),
    };
    let mut runs = 0;
    let fresh = std::iter::repeat_with(fresh_seed).take_while(|_| Instant::now() < until);
    for seed in fixed.into_iter().chain(fresh) {
        if let Err(how) = check(seed) {
            panic!("{how}");
        }
        runs += 1;
    }
    println!("{runs} runs of {COUNT} operations");
}

#[test]
fn the_operations_are_of_every_sort_and_mostly_arrive() {
    let Some(output) = run(Shower::Kernel, 1, Which::First(COUNT)) else {
        return skip("no bind mounts in a user namespace");
    };
    let lines: Vec<_> = output.lines().filter(|line| line.contains(" w")).collect();
    for call in
        ["openat ", "openat2", "mkdirat", "unlinkat", "renameat2", "linkat", "symlinkat", "bind ", "execve "]
    {
        let of_call = lines.iter().filter(|line| line.contains(call));
        // A program that is executed prints before its end is told; 7 is the end of a child that executed nothing.
        let arrives = |line: &str| match call {
            "execve " => line.contains(" exit ") && !line.contains(" exit 7"),
            _ => line.contains(" = 0"),
        };
        let arrived = of_call.clone().filter(|line| arrives(line)).count();
        assert!(arrived >= 3, "{call}: {arrived} of {}", of_call.count());
    }
}

#[test]
fn the_fewest_operations_are_found() {
    let differ = |list: &[usize]| [3, 40, 41].iter().all(|index| list.contains(index));
    assert_eq!(fewest((0..100).collect(), differ), [3, 40, 41]);
}
