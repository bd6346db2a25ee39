//! The compiler that runs natively is, to all that can be seen, the guest's.
#![forbid(unsafe_code)]

use crate::job::{HELLO_C, HELLO_CC, Job};
use crate::trace::How::{Emulated, Native};

/// Enough to make the optimiser, the vectoriser and the C library's inline functions show themselves.
pub const WORK_C: &str = r#"#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
struct node { struct node *next; char name[24]; int64_t value; };
static int by_value(const void *a, const void *b)
{
    const struct node *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}
void sort(struct node *nodes, size_t count) { qsort(nodes, count, sizeof *nodes, by_value); }
double norm(const double *v, int n) { double s = 0; for (int i = 0; i < n; i++) s += v[i] * v[i]; return sqrt(s); }
float dot(const float *a, const float *b, int n) { float s = 0; for (int i = 0; i < n; i++) s += a[i] * b[i]; return s; }
uint64_t divide(uint64_t a, uint64_t b) { return b ? a / b + a % b : 0; }
int choose(int x)
{
    switch (x) { case 1: return 7; case 2: return 9; case 3: return 4; case 5: return 88; case 8: return 1; }
    return strlen(getenv("X") ? getenv("X") : "none");
}
long double wide(long double x) { return x * 3 + __builtin_popcountll((uint64_t)x); }
int atomic(int *p) { return __atomic_add_fetch(p, 3, __ATOMIC_SEQ_CST); }
"#;

/// A program of C is compiled by the guest's name of the compiler, and runs.
pub fn a_c_program_runs(tree: &str, expected: &str, machine: (u8, u16)) {
    let Some(job) = Job::new(tree) else { return };
    let job = job.file("hello.c", HELLO_C);
    assert_eq!(job.same("gcc hello.c -o h && ./h"), expected);
    assert_eq!(job.machine("h"), machine);
    // By every other name, and in steps.
    assert_eq!(job.sh("cc -c hello.c && gcc-12 hello.o -o h2 && ./h2"), expected);
    assert_eq!(job.sh("gcc -S hello.c && as hello.s -o h3.o && gcc h3.o -o h3 && ./h3"), expected);
}

/// Which programs of a compilation run natively: all that work, and none that is the guest's own.
pub fn what_works_is_native(tree: &str) {
    let Some(job) = Job::new(tree) else { return };
    let job = job.file("hello.c", HELLO_C).file("hello.cc", HELLO_CC).options(&["--native-cc", "inner"]);
    let (_, trace) = job.traced("gcc hello.c -o h; ./h; g++ hello.cc -o hc; ./hc; perl -e 1");
    for name in ["sh", "cc1", "cc1plus", "as", "collect2", "ld"] {
        trace.shows(Native, name);
    }
    for name in ["gcc", "g++", "h", "hc", "perl"] {
        trace.shows(Emulated, name);
    }
    for exec in &trace.execs {
        let Some(host) = &exec.host else { continue };
        assert!(host.starts_with(&job.tools), "{} is not of the tools", host.display());
    }
}

/// Machine code is what the emulated compiler makes of the same source.
pub fn machine_code_is_the_guests(tree: &str) {
    let Some(job) = Job::new(tree) else { return };
    let job = job.file("work.c", WORK_C).file("hello.cc", HELLO_CC);
    let both = job.twice(
        "for o in 0 2 3 s; do gcc -O$o -c work.c -o work$o.o; done; gcc -O2 -g -fPIC -c work.c -o pic.o\n\
         g++ -O2 -c hello.cc; g++ hello.o -o hello",
    );
    for object in ["work0.o", "work2.o", "work3.o", "works.o", "pic.o", "hello.o", "hello"] {
        both.same_code(object);
    }
}

#[test]
fn a_c_program_is_compiled_and_runs() {
    a_c_program_runs("armhf-dev", "hello from armv7l sizeof(long)=4\n", (1, 40));
}

#[test]
fn the_compiler_proper_is_native_and_its_programs_are_not() {
    what_works_is_native("armhf-dev");
}

#[test]
fn the_machine_code_is_the_emulated_compilers() {
    machine_code_is_the_guests("armhf-dev");
}

#[test]
fn a_cxx_program_uses_the_guests_library() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = job.file("hello.cc", HELLO_CC);
    assert_eq!(job.same("g++ hello.cc -o hc && ./hc"), "x3 __GLIBCXX__=20220819 gcc=12\n");
    let needed = job.same("g++ hello.cc -o hc && readelf -V hc | grep -o 'GLIBC[X_0-9.]*' | sort -u");
    assert!(needed.contains("GLIBCXX_3.4"), "{needed}");
}

#[test]
fn headers_are_the_guests() {
    let Some(job) = Job::new("armhf-dev") else { return };
    for language in ["c", "c++"] {
        let searched = job.same(&format!("gcc -x {language} -E -v - </dev/null 2>&1 | grep '^ /usr/[^ ]*$'"));
        assert!(searched.contains(" /usr/include/arm-linux-gnueabihf\n"), "{searched}");
        assert!(!searched.contains("/usr/arm-linux-gnueabihf/include\n /"), "{searched}");
    }
    // What a file was made from is what make and debuggers are told.
    let job = job.file("work.c", WORK_C).file("hello.cc", HELLO_CC);
    job.same("gcc -M work.c; g++ -M hello.cc; gcc -dM -E work.c | sort; g++ -dM -E hello.cc | sort");
}

#[test]
fn options_that_bring_libraries_of_their_own_work() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = job.file("hello.cc", HELLO_CC);
    // The leak checker does not work under an emulator.
    for option in OPTIONS {
        let script = format!("g++ -O1 {option} hello.cc -o hc 2>&1 && ASAN_OPTIONS=detect_leaks=0 ./hc");
        assert_eq!(job.sh(&script), "x3 __GLIBCXX__=20220819 gcc=12\n", "{option}");
    }
    // The counters were written by the program, and are read by the guest's gcov.
    let covered = job
        .sh("g++ --coverage hello.cc -o hc && ./hc >/dev/null && gcov -n hc-hello.gcda | grep -c executed");
    assert_ne!(covered, "0\n");
}

pub const OPTIONS: &[&str] = &[
    "-static",
    "-static-libstdc++",
    "-static-libgcc",
    "-fopenmp",
    "-fsanitize=address",
    "-fsanitize=undefined",
    "--coverage",
    "-flto",
];

#[test]
fn the_guests_processor_is_asked_for_march_native() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = job.file("work.c", WORK_C);
    job.same("gcc -march=native -Q --help=target | grep -- '-march=\\|-mfpu='; gcc -march=native -c work.c; gcc -mtune=native -c work.c");
}

#[test]
fn errors_and_warnings_are_the_guest_compilers() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = job.file("bad.c", "int main(void) { int x; undeclared(x); return y }\n").file("warn.c", WORK_C);
    // The names of temporary files are not the same twice.
    job.same(
        "{ ! gcc -Wall -Wextra bad.c; gcc -Wall -Wextra -Wconversion -O2 -c warn.c; ! gcc missing.c\n\
         ! gcc -Wl,-zbad warn.c; ! gcc -lmissing warn.c; ! gcc --bad warn.c; ! as missing.s; } 2>&1 | sed 's,/tmp/cc[^ :]*,TEMP,'",
    );
}

/// What a compilation leaves in files tells nothing of the host's paths.
#[test]
fn outputs_name_no_path_of_the_tools() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = job.file("hello.cc", HELLO_CC);
    job.sh("g++ -g -O2 -MD hello.cc -o hc; g++ -g -S hello.cc; g++ -g -save-temps -c hello.cc -o temps.o");
    let found = job.sh(&format!(
        "grep -l -a 'gcc-cross\\|x86_64\\|{}' * || true",
        job.tools.to_str().expect("its path is text")
    ));
    assert_eq!(found, "");
}
