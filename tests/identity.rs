//! Under `-0` and `-i` the guest is told another identity, and changes it by the rules of the man pages.
#![forbid(unsafe_code)]

mod util;

use std::fs;
use std::process::Command;

use util::{Output, Rootfs, run, xroot};

/// Runs tests/util/identity.c in the guest's empty /work.
fn identity(options: &[&str]) -> Output {
    let rootfs = Rootfs::new("root");
    let program = rootfs.host("/bin/identity");
    let mut compiler = Command::new("cc");
    compiler.args(["-static", "-w", "-o"]).arg(&program);
    run(compiler.arg(util::source().join("tests/util/identity.c"))).success();
    xroot(&rootfs)
        .args(["--no-default-binds", "--no-home"])
        .args(options)
        .workdir("/work")
        .run(["/bin/identity"])
}

/// What a real root is told too, beside what needs a memory: the owner that a file was given, modes that a root is not
/// bound by, the type of a device node. Differs from the kernel as real root in those lines alone (tried in a UTS
/// namespace), and in another's being refused EPERM where the path itself would be closed to him.
#[test]
fn a_pretended_root_may_do_what_a_root_does() {
    let output = identity(&["-0", "-k", "4.19.0-x"]);
    let expected = include_str!("util/identity.txt");
    let differ = util::diff::lines(expected, &output.stdout);
    assert!(output.stdout == expected, "expected (-) and seen (+) differ\n{differ}\n{}", output.stderr);
}

#[test]
fn another_identity_has_no_privilege() {
    let seen = identity(&["-i", "1000:100"]).stdout;
    for expected in [
        "uid 1000/1000 1000 1000 1000, gid 100/100 100 100 100, groups 100\n",
        "effective 00000000 permitted 00000000\n",
        "file 100644 1000:100 1000:100 1000:100\n",
        "chown(\"file\", 33, 44) = -1 EPERM\n",
        "mknodat(AT_FDCWD, \"disk\", S_IFBLK | 0, makedev(8, 0)) = -1 EPERM\n",
        "chroot(\"/\") = -1 EPERM\n",
        "sethostname(\"name\", 4) = -1 EPERM\n",
        "setgroups(3, groups) = -1 EPERM\n",
        "setuid(5) = -1 EPERM\n",
        "setfsuid(5) = 1000\n",
    ] {
        assert!(seen.contains(expected), "no {expected} in\n{seen}");
    }
}

#[test]
fn without_a_pretended_identity_everything_is_the_kernels() {
    let rootfs = Rootfs::new("root");
    let own = fs::metadata(rootfs.host("/work")).expect("it was just made");
    let (uid, gid) = util::user().unwrap_or_else(|| {
        use std::os::unix::fs::MetadataExt;
        (own.uid(), own.gid())
    });
    let seen = identity(&[]).stdout;
    assert!(seen.contains(&format!("uid {uid}/{uid} {uid} {uid} {uid}, gid {gid}/{gid} ")), "{seen}");
    assert!(seen.contains("chroot(\"/\") = -1 EPERM\n"), "{seen}");
}
