//! What a program finds in its environment is what was put there, whichever kind it and its callers are.
#![forbid(unsafe_code)]

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::job::Job;
use crate::util::{chmod, give, run};

/// Says that every user is 777.
const PRELOADED: &str = "unsigned getuid(void) { return 777; }\nunsigned geteuid(void) { return 777; }\n";

#[test]
fn a_library_path_goes_through_native_programs_untouched() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let print = "perl -e 'print $ENV{LD_LIBRARY_PATH} // q(none), qq(\\n)'";
    let seen = job.same_with(
        &format!("bash -c \"echo \\$LD_LIBRARY_PATH; exec env\" | grep -x '/a\\|LD_LIBRARY_PATH=.*'; {print}; env -u LD_LIBRARY_PATH {print}; LD_LIBRARY_PATH=/b bash -c \"{}\"",
            print.replace('$', "\\$").replace('"', "\\\"")),
        |xroot| xroot.env("LD_LIBRARY_PATH", "/a"),
    );
    assert_eq!(seen, "/a\nLD_LIBRARY_PATH=/a\n/a\nnone\n/b\n");
}

#[test]
fn nothing_of_the_host_is_in_the_environment() {
    let Some(job) = Job::new("armhf-dev") else { return };
    // Of each kind, called by each kind.
    let seen = job.same(
        "env | sort; perl -e 'print map { qq($_=$ENV{$_}\\n) } sort keys %ENV'; perl -e 'system qq(env | sort)'; bash -c 'perl -e \"exec q(env)\" | sort'; tr '\\0' '\\n' </proc/self/environ | sort; make -f- <<'E' | sort\na:\n\t@env\nE\n",
    );
    for word in ["host", "x86_64", "LD_", "QEMU", job.tools.to_str().expect("its path is text")] {
        assert!(!seen.contains(word), "{word}: {seen}");
    }
}

#[test]
fn a_preloaded_library_of_the_guests_is_no_noise() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = job.file("pre.c", PRELOADED);
    let script = "gcc -shared -fPIC pre.c -o libpre.so; export LD_PRELOAD=$PWD/libpre.so\n\
                  perl -e 'print qq($<\\n)'; ls -d / 2>&1; gcc -c pre.c 2>&1; bash -c 'perl -e \"print qq(\\$<\\n)\"' 2>&1; echo $LD_PRELOAD | sed 's,.*/,,'";
    assert_eq!(job.same(script), "777\n/\n777\nlibpre.so\n");
    // Nor is one that is not there less noise than it was.
    job.same("LD_PRELOAD=/missing.so perl -e 'print qq(ran\\n)' 2>&1");
}

/// What a preloaded library changes, it changes for the programs that would be native, too.
#[test]
fn a_preloaded_library_works_in_every_program() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = job.file("pre.c", PRELOADED);
    assert_eq!(job.same("gcc -shared -fPIC pre.c -o libpre.so; LD_PRELOAD=$PWD/libpre.so id -u"), "777\n");
}

#[test]
fn fakeroot_pretends_and_keeps_silent() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let seen = job.same(
        "fakeroot sh -ec 'id -u; gcc --version | head -1; touch f; chown 5:6 f; stat -c %u:%g f; tar cf f.tar f; mkdir d; chmod 0 d; echo x > d/y; cp -a f g; stat -c %u:%g g; install -o 7 f h; stat -c %u h; rm -rf d'; tar tvf f.tar --numeric-owner | cut -c1-20",
    );
    assert_eq!(seen, "0\ngcc (Debian 12.2.0-14+deb12u1) 12.2.0\n5:6\n5:6\n7\n-rw-r--r-- 5/6      \n");
}

#[test]
fn limits_descriptors_and_signals_are_inherited() {
    let Some(job) = Job::new("armhf-dev") else { return };
    job.same("ulimit -n 100; bash -c 'ulimit -n; exec perl -e \"exec q(bash), q(-c), q(ulimit -n)\"'; exec 7</etc/passwd; bash -c 'head -1 <&7; ls /proc/self/fd'; bash -c 'kill -TERM $$' || echo $?; bash -c 'trap \"\" INT; perl -e \"kill INT => \\$\\$; print qq(alive\\n)\"'; umask 027; mkdir d; stat -c %a d; perl -e 'print umask, qq(\\n)'; nice -n 5 bash -c nice; (cd d; bash -c pwd)");
}

/// A tool that is a link into a directory of its own, whose library is found from there.
#[test]
fn a_tool_in_a_prefix_of_its_own_finds_its_libraries() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = job.file(
        "tool.c",
        "#include <stdio.h>\nint main(int n, char **v) { printf(\"guest %s\\n\", v[0]); return n > 9; }\n",
    );
    let prefix = job.beside("prefix");
    for name in ["bin", "libexec", "lib"] {
        fs::create_dir(prefix.join(name)).expect("it is ours");
        give(&prefix.join(name));
    }
    fs::write(prefix.join("lib.c"), "int mylib(void) { return 42; }\n").expect("it is ours");
    fs::write(prefix.join("tool.c"), "#include <stdio.h>\nint mylib(void);\nint main(int n, char **v) { printf(\"mylib=%d argv0=%s\\n\", mylib(), v[0]); return n > 9; }\n").expect("it is ours");
    let cc = |args: &[&str]| run(Command::new("cc").args(args).current_dir(&prefix)).success();
    cc(&["-shared", "-fPIC", "lib.c", "-o", "lib/libmylib.so"]);
    cc(&["tool.c", "-o", "libexec/tool", "-Llib", "-lmylib", "-Wl,-rpath,$ORIGIN/../lib"]);
    symlink("../libexec/tool", prefix.join("bin/tool")).expect("it is ours");
    chmod(&prefix.join("libexec/tool"), 0o755);
    job.emulated().run(["gcc", "tool.c", "-o", "tool"]).success();
    let map = format!("{}={}", job.project.join("tool").display(), prefix.join("bin/tool").display());
    let map = ["--native".to_owned(), map];
    assert_eq!(job.native().args(&map).run(["./tool"]).success(), "mylib=42 argv0=./tool\n");
    assert_eq!(
        job.native().args(&map).run(["bash", "-c", "exec -a name ./tool"]).success(),
        "mylib=42 argv0=name\n"
    );
    assert_eq!(job.emulated().run(["./tool"]).success(), "guest ./tool\n");
}
