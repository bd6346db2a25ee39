//! With `--native-cc driver` the compiler's driver is native as well; what it makes is the same.
#![forbid(unsafe_code)]

use crate::compile::{OPTIONS, WORK_C};
use crate::job::{HELLO_C, HELLO_CC, Job};
use crate::trace::How::{Emulated, Native};

fn driver() -> Option<Job> {
    Some(Job::new("armhf-dev")?.options(&["--native-cc", "driver"]))
}

#[test]
fn the_driver_is_native_too() {
    let Some(job) = driver() else { return };
    let job = job.file("hello.c", HELLO_C).file("hello.cc", HELLO_CC);
    let (seen, trace) = job.traced("gcc hello.c -o h; ./h; g++ hello.cc -o hc; ./hc");
    assert_eq!(seen, "hello from armv7l sizeof(long)=4\nx3 __GLIBCXX__=20220819 gcc=12\n");
    for name in ["gcc", "g++", "cc1", "cc1plus", "as", "ld"] {
        trace.shows(Native, name);
    }
    trace.shows(Emulated, "h");
}

#[test]
fn off_leaves_the_compiler_to_the_emulator() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = job.file("hello.c", HELLO_C).options(&["--native-cc", "off"]);
    let (_, trace) = job.traced("gcc hello.c -o h; ./h");
    for name in ["gcc", "cc1", "collect2", "h"] {
        trace.shows(Emulated, name);
    }
    trace.shows(Native, "sh");
}

#[test]
fn the_machine_code_is_the_emulated_compilers() {
    let Some(job) = driver() else { return };
    let job = job.file("work.c", WORK_C).file("hello.cc", HELLO_CC);
    let both = job
        .twice("gcc -O2 -c work.c; gcc -O0 -c work.c -o work0.o; g++ -O2 -c hello.cc; g++ hello.o -o hello");
    for object in ["work.o", "work0.o", "hello.o"] {
        both.same_code(object);
    }
}

#[test]
fn what_only_the_guests_driver_knows_still_works() {
    let Some(job) = driver() else { return };
    let job = job.file("work.c", WORK_C);
    job.same("gcc -march=native -c work.c; gcc -mtune=native -c work.c; gcc -march=native -Q --help=target | grep -- -march=; echo -march=native > words; gcc @words -c work.c");
}

/// These end up in libtool's and CMake's files.
#[test]
fn the_driver_names_the_guests_directories() {
    let Some(job) = driver() else { return };
    job.same("gcc -dumpmachine -dumpversion; gcc -print-multiarch; gcc -print-libgcc-file-name; gcc -print-file-name=libstdc++.so; gcc -print-file-name=crt1.o; g++ -print-file-name=include");
    let searched = job.sh("gcc -x c++ -E -v - </dev/null 2>&1 | grep '^ /'");
    assert!(searched.contains(" /usr/include/arm-linux-gnueabihf\n"), "{searched}");
    assert!(!searched.contains(" /usr/arm-linux-gnueabihf/include"), "{searched}");
}

#[test]
fn options_that_bring_libraries_of_their_own_work() {
    let Some(job) = driver() else { return };
    let job = job.file("hello.cc", HELLO_CC);
    for option in OPTIONS {
        let script = format!("g++ -O1 {option} hello.cc -o hc 2>&1 && ASAN_OPTIONS=detect_leaks=0 ./hc");
        assert_eq!(job.sh(&script), "x3 __GLIBCXX__=20220819 gcc=12\n", "{option}");
    }
}
