//! The core of the other files' promises, for a guest of another architecture.
#![forbid(unsafe_code)]

use crate::job::{HELLO_CC, Job};
use crate::{answers, compile};

#[test]
fn a_c_program_is_compiled_and_runs() {
    compile::a_c_program_runs("arm64-dev", "hello from aarch64 sizeof(long)=8\n", (2, 183));
}

#[test]
fn the_compiler_proper_is_native_and_its_programs_are_not() {
    compile::what_works_is_native("arm64-dev");
}

#[test]
fn the_machine_code_is_the_emulated_compilers() {
    compile::machine_code_is_the_guests("arm64-dev");
}

#[test]
fn the_machine_is_an_aarch64() {
    answers::the_machine_is_the_guests("arm64-dev", "aarch64", "aarch64-unknown-linux-gnu");
}

#[test]
fn a_cxx_program_uses_the_guests_library() {
    let Some(job) = Job::new("arm64-dev") else { return };
    let job = job.file("hello.cc", HELLO_CC);
    assert_eq!(job.same("g++ -O2 hello.cc -o hc && ./hc"), "x3 __GLIBCXX__=20220819 gcc=12\n");
    for option in ["-static", "-fopenmp", "-flto"] {
        assert_eq!(
            job.sh(&format!("g++ {option} hello.cc -o hc && ./hc")),
            "x3 __GLIBCXX__=20220819 gcc=12\n"
        );
    }
}

#[test]
fn make_runs_jobs_of_both_kinds() {
    let Some(job) = Job::new("arm64-dev") else { return };
    let job = job.file("Makefile", crate::builds::JOBS);
    assert_eq!(job.same("make -j4 --output-sync 2>&1 | sort"), "a\nb\nc\nd\n");
}
