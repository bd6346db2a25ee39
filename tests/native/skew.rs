//! Tools of a newer release over the guest's: the compiler is the newer one, its libraries and defaults the guest's.
#![forbid(unsafe_code)]

use crate::compile::OPTIONS;
use crate::job::{HELLO_C, HELLO_CC, Job};
use crate::trace::How::{Emulated, Native};

/// The newer release's compiler makes time_t 64 bits wide on this architecture; the guest's libraries do not know it.
const SIZES: &str = "#include <stdio.h>\n#include <sys/types.h>\n#include <time.h>\n\
    int main(void) { printf(\"time_t=%d off_t=%d gcc=%d\\n\", (int)sizeof(time_t), (int)sizeof(off_t), __GNUC__); return 0; }\n";

fn skewed() -> Option<Job> {
    let job = Job::with_tools("armhf-dev", "tools-trixie")?.options(&["--native-cc", "driver"]);
    Some(job.file("hello.c", HELLO_C).file("hello.cc", HELLO_CC).file("sizes.c", SIZES))
}

#[test]
fn c_and_cxx_programs_run_on_the_guests_libraries() {
    let Some(job) = skewed() else { return };
    let (seen, trace) = job.traced("gcc hello.c -o h; ./h; g++ hello.cc -o hc; ./hc");
    assert_eq!(seen, "hello from armv7l sizeof(long)=4\nx3 __GLIBCXX__=20220819 gcc=14\n");
    for name in ["gcc", "cc1", "cc1plus", "as", "ld"] {
        trace.shows(Native, name);
    }
    trace.shows(Emulated, "hc");
    // The version that a symbol is needed in is one that the guest has, not only by luck.
    let needed = job
        .sh("gcc -O2 hello.c -o h; g++ hello.cc -o hc; readelf -V h hc | grep -o 'GLIBC[X_0-9.]*' | sort -u");
    assert!(!needed.contains("GLIBC_2.38") && !needed.contains("GLIBCXX_3.4.32"), "{needed}");
}

#[test]
fn the_sizes_of_types_are_the_guests() {
    let Some(job) = skewed() else { return };
    assert_eq!(job.sh("gcc sizes.c -o s; ./s"), "time_t=4 off_t=4 gcc=14\n");
    assert_eq!(job.sh("g++ -x c++ sizes.c -o s; ./s"), "time_t=4 off_t=4 gcc=14\n");
    // A program may still ask.
    assert_eq!(
        job.sh("gcc -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 sizes.c -o s; ./s"),
        "time_t=8 off_t=8 gcc=14\n"
    );
}

#[test]
fn options_that_bring_libraries_of_their_own_work_in_c() {
    let Some(job) = skewed() else { return };
    for option in OPTIONS.iter().filter(|option| **option != "-static-libstdc++") {
        let script = format!("gcc -O1 {option} hello.c -o h 2>&1 && ASAN_OPTIONS=detect_leaks=0 ./h");
        assert_eq!(job.sh(&script), "hello from armv7l sizeof(long)=4\n", "{option}");
    }
}

#[test]
fn options_that_bring_libraries_of_their_own_work_in_cxx() {
    let Some(job) = skewed() else { return };
    for option in OPTIONS {
        let script = format!("g++ -O1 {option} hello.cc -o hc 2>&1 && ASAN_OPTIONS=detect_leaks=0 ./hc");
        assert_eq!(job.sh(&script), "x3 __GLIBCXX__=20220819 gcc=14\n", "{option}");
    }
}

#[test]
fn headers_are_the_guests() {
    let Some(job) = skewed() else { return };
    let searched = job.sh("g++ -x c++ -E -v - </dev/null 2>&1 | grep '^ /'");
    assert!(searched.contains(" /usr/include/arm-linux-gnueabihf\n"), "{searched}");
    assert!(!searched.contains(" /usr/arm-linux-gnueabihf/include\n"), "{searched}");
    let from = job.sh("g++ -M hello.cc | tr -s ' \\\\' '\\n\\n' | grep '^/' | xargs -n1 realpath | grep -v '/14/include/' | sort -u");
    for header in from.lines() {
        assert!(job.rootfs.join(header.trim_start_matches('/')).exists(), "{header} is not the guest's");
    }
}

/// Without being told, xroot takes no compiler of another major version for the guest's.
#[test]
fn by_default_the_compiler_is_of_the_guests_version() {
    let Some(job) = Job::with_tools("armhf-dev", "tools-trixie") else { return };
    let job = job.file("hello.cc", HELLO_CC).file("sizes.c", SIZES);
    assert_eq!(
        job.sh("g++ hello.cc -o hc; ./hc; gcc sizes.c -o s; ./s"),
        "x3 __GLIBCXX__=20220819 gcc=12\ntime_t=4 off_t=4 gcc=12\n"
    );
    let table = job.tools_command(&[]).success();
    let row = table.lines().find(|line| line.contains("/cc1 ")).unwrap_or_else(|| panic!("{table}"));
    assert!(row.contains("12") && row.contains("14") && !row.contains(" on "), "{row}");
}

/// Shells and make do not depend on the release, but a make of another minor version speaks to its sub-makes otherwise.
#[test]
fn newer_shells_and_makes_work_with_the_guests() {
    let Some(job) = Job::with_tools("armhf-dev", "tools-trixie") else { return };
    let job = job.file("Makefile", crate::builds::JOBS);
    assert_eq!(job.sh("make -j4 --output-sync >out 2>&1; sort out"), "a\nb\nc\nd\n");
    job.same("uname -m; bash -c 'echo $MACHTYPE $HOSTTYPE'; ls -d / /etc/passwd; grep -c root /etc/passwd; sed -n 1p /etc/passwd; seq 3 | sort -r");
}
