//! i386 programs in a rootfs of this machine: an emulator runs them, beside everything else.
#![cfg(target_arch = "x86_64")]
#![forbid(unsafe_code)]

mod util;

use std::process::Command;

use util::programs::Kind;
use util::run::{Xroot, run};
use util::{Rootfs, data, give, skip, source, xroot};

/// A rootfs with a static i386 program and a 64-bit program.
fn rootfs() -> Option<Rootfs> {
    let rootfs = Rootfs::new("root").program("exec_refused", Kind::Static)?;
    let rootfs = rootfs.file("/etc/name", "a file of the guest's\n");
    let program = rootfs.host("/bin/i386");
    let built = run(Command::new("cc")
        .args([
            "-m32",
            "-O1",
            "-nostdlib",
            "-static",
            "-ffreestanding",
            "-fno-pic",
            "-fno-stack-protector",
            "-w",
        ])
        .arg("-o")
        .arg(&program)
        .arg(source().join("tests/util/i386.c")));
    built.success();
    give(&program);
    Some(rootfs)
}

/// xroot with emulators on PATH.
fn emulating(rootfs: &Rootfs) -> Option<Xroot> {
    let path = format!("{}:/usr/bin:/bin", data("qemu")?.display());
    Some(xroot(rootfs).own_env("PATH", path))
}

#[test]
fn an_i386_program_runs_in_a_rootfs_of_this_machine() {
    let Some(rootfs) = rootfs() else { return skip("no compiler") };
    let own = "machine i686\na file of the guest's\n";
    for (command, expected, code) in [
        (&["/bin/i386"][..], own.to_owned(), 7),
        // It executes another, then a program of this machine, then what is not there.
        (&["/bin/i386", "/bin/i386"], own.repeat(2), 7),
        (&["/bin/i386", "/bin/exec_refused", "x"], own.to_owned(), 3),
        (&["/bin/i386", "/bin/missing"], format!("{own}cannot be executed\n"), 7),
    ] {
        let Some(xroot) = emulating(&rootfs) else { return skip("no emulators") };
        let seen = xroot.run(command);
        assert_eq!((seen.stdout.as_str(), seen.code()), (expected.as_str(), code), "{command:?}: {seen}");
    }
}

#[test]
fn a_missing_emulator_is_named_with_its_package() {
    let Some(rootfs) = rootfs() else { return skip("no compiler") };
    let seen = xroot(&rootfs).own_env("PATH", "/nowhere").run(["/bin/i386"]);
    assert_eq!(seen.code(), 126, "{seen}");
    assert!(seen.stderr.contains("guest /bin/i386 is for i386, this host is x86_64"), "{seen}");
    assert!(seen.stderr.contains("sudo apt install qemu-user-static"), "{seen}");
}
