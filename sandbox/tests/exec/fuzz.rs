//! Damaged programs: the errno or the signal is the kernel's.
#![forbid(unsafe_code)]

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sandbox::error::Failure;

use crate::mutate::{Random, mutate};
use crate::programs::{NAME, Scratch, plan_for};
use crate::tracer::{Output, Setup, load, native};

/// Compares the kernel's answers and ours for a program while `damaged`, itself or its interpreter, takes many forms.
fn check(dir: &Scratch, program: &Path, damaged: &Path, original: &[u8]) {
    let (program, argv) = (program.as_os_str().as_bytes(), [NAME.to_vec()]);
    // A damaged program may run anywhere, for as long as it likes.
    let setup = Setup { before: "ulimit -c 0; ulimit -t 1; exec setarch -R", ..Setup::default() };
    let (mut refused, mut ran, mut killed) = (0, 0, 0);
    for seed in 0..150 {
        let mut file = original.to_vec();
        mutate(&mut file, &mut Random::new(seed));
        fs::write(damaged, &file).expect("the scratch directory is writable");
        fs::set_permissions(damaged, fs::Permissions::from_mode(0o755)).expect("it is ours");
        let native = native(program, &argv, &setup);
        let ours = match plan_for(program) {
            Ok(plan) => load(&plan, &argv, &setup).output,
            Err(why) => match why.failure {
                Failure::Errno(errno) => {
                    Output { text: format!("errno {}\n", errno as i32), code: Some(99), signal: None }
                }
                other => panic!("{other:?}"),
            },
        };
        assert_eq!(ours, native, "{:?} seed {seed}", dir.0);
        match native {
            Output { code: Some(99), .. } => refused += 1,
            Output { signal: Some(_), .. } => killed += 1,
            Output { .. } => ran += 1,
        }
    }
    assert!(refused > 20 && ran > 20 && killed > 20, "{refused} refused, {ran} ran, {killed} killed");
}

fn check_program(name: &str, flags: &[&str]) {
    let dir = Scratch::new(name);
    let original = fs::read(dir.cc("cc", "show.c", "show", flags)).expect("it was compiled");
    let damaged = dir.0.join("damaged");
    check(&dir, &damaged, &damaged, &original);
}

#[test]
fn damaged_dynamic_programs_fail_as_they_do_natively() {
    check_program("fuzz-dynamic", &["-pie", "-fPIE"]);
}

#[test]
fn damaged_static_programs_fail_as_they_do_natively() {
    check_program("fuzz-static", &["-static", "-no-pie", "-fno-pie"]);
}

#[test]
fn damaged_static_position_independent_programs_fail_as_they_do_natively() {
    check_program("fuzz-static-pie", &["-static-pie", "-fPIE"]);
}

#[test]
fn damaged_interpreters_fail_as_they_do_natively() {
    let dir = Scratch::new("fuzz-interpreter");
    let damaged = dir.0.join("ld.so");
    let original = fs::read("/lib64/ld-linux-x86-64.so.2").expect("glibc is there");
    let program = dir.cc("cc", "show.c", "show", &[&format!("-Wl,--dynamic-linker={}", damaged.display())]);
    check(&dir, &program, &damaged, &original);
}
