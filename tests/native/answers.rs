//! Programs that are asked where they run give the guest's answers, native or not.
#![forbid(unsafe_code)]

use crate::job::{HELLO_C, Job};

/// `uname`, configure's guess, and what shells and make were compiled to say of themselves.
pub fn the_machine_is_the_guests(tree: &str, uname: &str, triplet: &str) {
    let Some(job) = Job::new(tree) else { return };
    let Some(job) = job.source("hello") else { return };
    let seen = job.same("uname -m; arch; sh build-aux/config.guess");
    assert_eq!(seen, format!("{uname}\n{uname}\n{triplet}\n"));
    let job = job.file("mk", "a:\n\t@echo $(MAKE_HOST) $(MAKE_VERSION)\n");
    let shell = job.same(
        "bash -c 'echo $MACHTYPE $HOSTTYPE $OSTYPE $BASH_VERSION'; make -f mk; make --version; make -np -f mk | grep -i 'built for'; make -h | tail -2; uname -a",
    );
    let cpu = triplet.split('-').next().expect("it has parts");
    assert!(shell.contains(&format!(" {} linux-gnu", if cpu == "armv7l" { "arm" } else { cpu })), "{shell}");
    assert!(!shell.contains("x86_64"), "{shell}");
}

#[test]
fn the_machine_is_an_arm() {
    the_machine_is_the_guests("armhf-dev", "armv7l", "armv7l-unknown-linux-gnueabihf");
}

#[test]
fn programs_with_answers_of_their_own_architecture_stay_emulated() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = job.file("hello.c", HELLO_C);
    let seen = job.same(
        "gcc hello.c -o h; getconf LONG_BIT; dpkg --print-architecture; pkg-config --modversion zlib; ldd h | sed 's/ (.*//'\n\
         perl -MConfig -e 'print qq($Config{archname} $Config{ptrsize}\\n)'; python3 -c 'import sysconfig, struct; print(sysconfig.get_platform(), struct.calcsize(\"P\"))'",
    );
    assert!(seen.starts_with("32\narmhf\n1.2.13\n"), "{seen}");
    assert!(seen.contains("libc.so.6 => /lib/arm-linux-gnueabihf/libc.so.6"), "{seen}");
}

#[test]
fn a_process_is_shown_by_its_guest_names() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = job
        .file("script", "#!/bin/bash -e\necho $0 $BASH_SOURCE $*; cat /proc/$$/comm; tr '\\0' '|' </proc/$$/cmdline; readlink /proc/$$/exe\n")
        .file("ps.py", "import os\nfor link in 'exe', 'cwd', 'root': print(os.readlink('/proc/%d/%s' % (os.getppid(), link)))\n");
    let own = "readlink /proc/self/exe; cat /proc/$$/comm; tr '\\0' '|' </proc/$$/cmdline; readlink /proc/$$/exe; cat /proc/self/comm";
    let seen = job.same(&format!(
        "bash -c \"{}\" zero one; chmod +x script; ./script a ''; bash -c 'exec -a other bash -c \"echo \\$0; {}\" nul'; bash -c 'python3 ps.py; :'",
        own.replace("$$", "\\$\\$"),
        own.replace('$', "\\$").replace('\'', "'\\''"),
    ));
    assert!(seen.starts_with("/usr/bin/readlink\nbash\n"), "{seen}");
    for word in ["ld-linux", "qemu", "xroot ", "x86_64", "/host", "/proc/self/fd"] {
        assert!(!seen.contains(word), "{word}: {seen}");
    }
}

/// Where emulators are made for Debian, they take this directory for the tree that they run.
#[test]
fn an_emulator_looks_into_no_tree_of_its_own() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let prefix = job.beside("prefix");
    std::fs::create_dir(prefix.join("etc")).expect("it is ours");
    std::fs::write(prefix.join("etc/debian_version"), "another\n").expect("it is ours");
    let seen = job.same_with("perl -pe '' /etc/debian_version; QEMU_LD_PREFIX=/etc/qemu-binfmt/arm perl -pe '' /etc/debian_version", |xroot| {
        xroot.bind(&prefix, "/etc/qemu-binfmt/arm")
    });
    assert!(seen.starts_with("12.") && !seen.contains("another"), "{seen}");
}

/// The maps of a native process name no file of the host's.
#[test]
fn a_process_has_no_host_path_in_proc() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let top = job.tools.to_str().expect("its path is text");
    let seen = job.sh("bash -c 'cat /proc/self/maps /proc/$$/maps; ls -l /proc/$$/fd /proc/$$/exe /proc/$$/cwd /proc/$$/root; cat /proc/$$/mountinfo /proc/$$/environ' 2>&1");
    assert!(!seen.contains(top), "{seen}");
}

#[test]
fn the_kernel_and_processor_are_described_alike() {
    let Some(job) = Job::new("armhf-dev") else { return };
    job.same(
        "cat /proc/sys/kernel/arch /proc/sys/kernel/ostype /proc/sys/kernel/osrelease; grep -v MHz /proc/cpuinfo | head -20; nproc; uname -srvmpio; ls /proc/sys/fs/binfmt_misc 2>&1; id; id -un 2>&1; ulimit -a",
    );
}

#[test]
fn the_compiler_describes_itself_as_the_guests() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let asked = "-dumpmachine -dumpversion -print-multiarch -print-sysroot -print-search-dirs -print-libgcc-file-name \
                 -print-file-name=libstdc++.so -print-file-name=crt1.o -print-prog-name=cc1 -print-prog-name=ld --version -v -dumpspecs";
    job.same(&format!("for o in {asked}; do gcc $o; g++ $o; done 2>&1; gcc -Q --help=target; as --version; ld --version; ld --verbose; ar --version"));
}

#[test]
fn users_and_languages_are_the_guests() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let etc = job.beside("etc");
    std::fs::write(etc.join("passwd"), "root:x:0:0::/root:/bin/sh\nguestonly:x:4242:4242::/:/bin/sh\n")
        .expect("it is ours");
    std::fs::write(etc.join("group"), "root:x:0:\nguestonly:x:4242:\n").expect("it is ours");
    let seen = job.same_with(
        "id guestonly; ls -ld ~root >/dev/null; echo ~guestonly; LC_ALL=C.UTF-8 sh -c 'printf %s äöü | wc -m'; LC_ALL=xx_YY bash -c 'echo ok'; LC_ALL=C ls /missing 2>&1 || echo failed; date -u -d @0; TZ=Europe/Berlin date -d @0",
        |xroot| xroot.bind(&etc.join("passwd"), "/etc/passwd").bind(&etc.join("group"), "/etc/group"),
    );
    assert!(seen.starts_with("uid=4242(guestonly)"), "{seen}");
}

#[test]
fn large_numbers_are_not_cut_to_the_guests_words() {
    let Some(job) = Job::new("armhf-dev") else { return };
    // 32-bit coreutils of bookworm have 64-bit times and sizes; shells compute with 64 bits everywhere.
    job.same("echo $((1 << 40)) $((0x7fffffffffffffff)); expr 4294967296 \\* 4294967296; truncate -s 5G big; stat -c %s big; ls -s big; test -e big; printf '%d\\n' 9999999999; seq 4294967295 4294967297; rm big");
}
