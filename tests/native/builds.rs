//! Whole programs are configured, built and tested in a foreign tree, with nothing of theirs on the host.
//!
//! Emulated each takes minutes, so they are compared with that only where such tests are wanted.
#![forbid(unsafe_code)]

use crate::job::{HELLO_CC, Job, long};
use crate::trace::How::{Emulated, Native};
use crate::util::full;

/// Two jobs of the native make's are makes that an emulated program starts.
pub const JOBS: &str = "all: one two\n\
    one:\n\t+@perl -e 'exec \"make\", \"--no-print-directory\", \"a\", \"b\"'\n\
    two:\n\t+@$(MAKE) --no-print-directory c d\n\
    a b c d:\n\t@echo $@\n\
    .PHONY: all one two a b c d\n";

const GLIB: &str = r#"#include <glib.h>
int main(void)
{
    gchar *text = g_strdup_printf("hello from GLib %d.%d, %d-bit pointers", GLIB_MAJOR_VERSION, GLIB_MINOR_VERSION,
                                  8 * GLIB_SIZEOF_VOID_P);
    g_print("%s\n", text);
    g_free(text);
    return 0;
}
"#;

#[test]
fn a_program_uses_a_library_that_only_the_guest_has() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = job.file("hello-glib.c", GLIB);
    // Libraries go behind what needs them; before it, the guest's own linker fails as well.
    let script = "gcc hello-glib.c $(pkg-config --cflags --libs glib-2.0) && ./a.out";
    assert_eq!(job.same(script), "hello from GLib 2.74, 32-bit pointers\n");
    let (_, trace) = job.traced(script);
    trace.shows(Native, "cc1");
    trace.shows(Emulated, "pkg-config");
    trace.shows(Emulated, "a.out");
}

#[test]
fn make_shares_its_jobs_with_makes_below() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = job.file("Makefile", JOBS);
    // Output and warnings, such as "jobserver unavailable".
    assert_eq!(job.same("make -j4 --output-sync >out 2>&1; sort out"), "a\nb\nc\nd\n");
    let (_, trace) = job.traced("make -j4");
    trace.shows(Native, "make");
    trace.shows(Emulated, "perl");
}

#[test]
fn make_is_told_the_time_of_files_and_what_failed() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = job
        .file("Makefile", "out: a b\n\tcat $^ >$@\nfail:\n\t@perl -e 'exit 3'\nkilled:\n\t@sh -c 'kill -9 $$$$'\n.PHONY: fail killed\n")
        .file("a", "1\n")
        .file("b", "2\n");
    job.same("make out; make out; sleep 0.02; touch a; make out; ! make fail; ! make killed; make -n fail; ! make none; MAKEFLAGS=k make -q out");
}

const ZLIB: &str = "./configure && make -j2 && make test";

#[test]
fn zlib_builds_and_passes_its_tests() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let Some(job) = job.source("zlib") else { return };
    let output = long(job.native(), ZLIB).success();
    assert!(
        output.contains("*** zlib test OK ***") && output.contains("*** zlib shared test OK ***"),
        "{output}"
    );
    assert!(output.contains("*** zlib 64-bit test OK ***"), "{output}");
}

#[test]
fn zlib_is_what_the_emulated_build_makes_of_it() {
    if !full() {
        return;
    }
    let Some(job) = Job::new("armhf-dev") else { return };
    let Some(job) = job.source("zlib") else { return };
    // The tests' programs are run above.
    let both = job.twice("./configure --uname=Linux; make libz.a shared example minigzip");
    for file in ["zconf.h", "Makefile", "zlib.pc"] {
        both.same_text(file, |_| false);
    }
    // The log of configure names its temporary files and the time.
    same_objects(&both, 20);
    both.same_code("libz.so.1.2.13");
}

#[test]
fn gnu_hello_builds_and_passes_its_tests() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let Some(job) = job.source("hello") else { return };
    let output = long(job.native(), HELLO).success();
    assert!(output.contains("checking whether we are cross compiling... no\n"), "{output}");
    assert!(output.contains("checking build system type... armv7l-unknown-linux-gnueabihf\n"), "{output}");
    assert!(output.contains("# FAIL:  0\n") && output.contains("# ERROR: 0\n"), "{output}");
    assert_eq!(job.sh("./hello"), "Hello, world!\n");
}

const HELLO: &str = "./configure -C && make -j2 && make check";

#[test]
fn gnu_hello_is_what_the_emulated_build_makes_of_it() {
    if !full() {
        return;
    }
    let Some(job) = Job::new("armhf-dev") else { return };
    let Some(job) = job.source("hello") else { return };
    let both = job.twice(HELLO);
    both.same_text("config.h", |_| false);
    both.same_text("config.cache", |_| false);
    both.same_text("config.status", |_| false);
    both.same_text("Makefile", |_| false);
    same_objects(&both, 10);
    both.same_code("hello");
}

#[track_caller]
fn same_objects(both: &crate::job::Twice<'_>, least: usize) {
    let objects: Vec<_> = [".o", ".lo"].iter().flat_map(|end| both.files(end)).collect();
    assert!(objects.len() >= least, "{objects:?}");
    for object in &objects {
        both.same_code(object);
    }
}

/// Nothing but make and the compiler. The interpreter that comes of it computes the same.
#[test]
fn lua_builds_and_runs() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let Some(job) = job.source("lua") else { return };
    let run = "./src/lua -e 'local t = {} for i = 1, 1000 do t[#t + 1] = string.format(\"%.14g\", i ^ 0.5 % 1) end print(#table.concat(t), math.maxinteger, 2^53)'";
    let output = long(job.native(), &format!("make -j2 posix >/dev/null && {run}")).success();
    assert!(output.ends_with("\t9223372036854775807\t9.007199254741e+15\n"), "{output}");
    if full() {
        let both = job.twice("make -j2 posix");
        same_objects(&both, 30);
        both.same_code("src/lua");
        assert_eq!(both.native_output, both.emulated_output);
    }
}

/// Several compilers at once, in every kind of caller.
#[test]
fn builds_in_parallel_do_not_disturb_each_other() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let rules = "N := 1 2 3 4 5 6 7 8\nall: $(N:%=p%)\np%: hello.cc\n\t@g++ -O1 $< -o $@ && ./$@\n";
    let job = job.file("hello.cc", HELLO_CC).file("Makefile", rules);
    assert_eq!(job.sh("make -j8"), "x3 __GLIBCXX__=20220819 gcc=12\n".repeat(8));
}
