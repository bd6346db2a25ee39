//! What is linked is the guest's: its start files, its libraries, found where its own linker finds them.
#![forbid(unsafe_code)]

use std::fs;
use std::path::Path;

use crate::job::{HELLO_C, Job};

const LIBRARIES: &[(&str, &str)] = &[
    ("inner/inner.c", "int inner(void) { return 42; }\n"),
    ("outer.c", "int inner(void);\nint outer(void) { return inner(); }\n"),
    ("m.c", "int outer(void);\nint main(void) { return outer() != 42; }\n"),
];

/// A library that needs another one, which lies in a directory of its own.
const BUILD: &str = "gcc -shared -fPIC inner/inner.c -o inner/libinner.so\n\
                     gcc -shared -fPIC outer.c -Linner -linner -o libouter.so\n";

fn with_libraries(mut job: Job) -> Job {
    for (name, text) in LIBRARIES {
        job = job.file(name, text);
    }
    job
}

#[test]
fn start_files_and_libraries_are_the_guests() {
    for mode in ["inner", "driver"] {
        let Some(job) = Job::new("armhf-dev") else { return };
        let job = job.file("hello.c", HELLO_C).options(&["--native-cc", mode]);
        let used = if mode == "inner" {
            job.same("gcc hello.c -Wl,-t | grep -v '/cc[^/]*\\.o$'")
        } else {
            job.sh("gcc hello.c -Wl,-t | grep -v '/cc[^/]*\\.o$'")
        };
        assert!(used.contains("/libc.so.6\n") && used.contains("crtbeginS.o\n"), "{mode}: {used}");
        let foreign: Vec<_> = used.lines().filter(|path| !is_arm_guests(&job, path)).collect();
        // A driver that is native brings the library of its compiler.
        let own = |path: &&str| mode == "driver" && path.ends_with("/libgcc.a");
        assert!(foreign.iter().all(own), "{mode}: {foreign:?}");
    }
}

/// The guest has the file that this path names.
fn is_arm_guests(job: &Job, path: &str) -> bool {
    // Where a native driver was built to look, its view shows the guest's.
    let path = path.replace("/gcc-cross/", "/gcc/");
    let inside = job.rootfs.join(path.trim_start_matches('/'));
    fs::canonicalize(inside)
        .is_ok_and(|real| real.starts_with(fs::canonicalize(&job.rootfs).expect("it is there")))
}

#[test]
fn library_path_is_searched() {
    for mode in ["inner", "driver"] {
        let Some(job) = Job::new("armhf-dev") else { return };
        let job = with_libraries(job).options(&["--native-cc", mode]);
        job.same(&format!(
            "{BUILD}LIBRARY_PATH=$PWD/inner gcc -shared -fPIC outer.c -linner -o again.so\n\
             LIBRARY_PATH=/missing:$PWD/inner: gcc -shared -fPIC outer.c -linner -o again.so\n\
             gcc -shared -fPIC outer.c -linner -o without.so && exit 9; LD_LIBRARY_PATH=inner:. ldd again.so | grep -o libinner.so"
        ));
    }
}

#[test]
fn indirect_needs_are_found_by_ld_library_path() {
    for mode in ["inner", "driver"] {
        let Some(job) = Job::new("armhf-dev") else { return };
        let job = with_libraries(job).options(&["--native-cc", mode]);
        job.same(&format!(
            "{BUILD}export LD_LIBRARY_PATH=$PWD/inner:$PWD; gcc m.c -L. -louter -o m && ./m\n\
             unset LD_LIBRARY_PATH; gcc m.c -L. -louter -o m2 && exit 9; gcc m.c -L. -louter -Wl,-rpath-link,inner -o m3"
        ));
    }
}

#[test]
fn indirect_needs_are_found_by_the_guests_ld_so_conf() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = with_libraries(job);
    let conf = job.beside("conf");
    let inner = job.project.join("inner");
    fs::write(conf.join("inner.conf"), format!("{}\n", inner.display())).expect("it is ours");
    job.same_with(&format!("{BUILD}gcc m.c -L. -louter -o m && LD_LIBRARY_PATH=inner:. ./m"), |xroot| {
        xroot.bind(&conf, "/etc/ld.so.conf.d")
    });
}

#[test]
fn archives_of_lto_objects_have_an_index() {
    for mode in ["inner", "driver"] {
        let Some(job) = Job::new("armhf-dev") else { return };
        let job = job
            .file("l.c", "int f(int x) { return x * 3; }\n")
            .file("m.c", "int f(int);\nint main(void) { return f(14) != 42; }\n")
            .options(&["--native-cc", mode]);
        for ar in ["ar", "gcc-ar"] {
            let seen = job.same(&format!(
                "gcc -O2 -flto -c l.c; {ar} rcs l.a l.o; nm -s l.a; gcc-nm l.a; gcc -O2 -flto m.c l.a -o m && ./m && echo ran"
            ));
            assert!(seen.contains(" T f\n") && seen.ends_with("ran\n"), "{mode} {ar}: {seen}");
        }
    }
}

#[test]
fn binutils_say_what_the_guests_say() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = job.file("hello.c", HELLO_C);
    job.same(
        "gcc -fno-ident -Wl,--build-id=none -g -O1 hello.c -o h; gcc -fno-ident -O1 -c hello.c; ar rc libh.a hello.o; ranlib libh.a; nm h; size h; readelf -aW h; objdump -dr hello.o\n\
         strings h; addr2line -f -e h main; strip h -o stripped; objcopy --only-keep-debug h h.debug; nm h.debug; ./stripped; readelf -S stripped; nm libh.a; ar tv libh.a | wc -l",
    );
}

#[test]
fn the_host_has_no_directory_of_the_targets_in_the_view() {
    let Some(job) = Job::new("armhf-dev") else { return };
    // The tools' own C library and headers for the target, which are newer or older than the guest's.
    assert!(
        job.tools.join("usr/arm-linux-gnueabihf/include/stdio.h").exists(),
        "{}",
        Path::new(&job.tools).display()
    );
    assert_eq!(
        job.same("ls -d /usr/arm-linux-gnueabihf/include /usr/lib/gcc-cross 2>&1 || true").lines().count(),
        2
    );
}
