//! chroot(2) of a pretended root does what it does for the root of a user namespace.
#![forbid(unsafe_code)]

mod util;

use std::process::Command;

use util::{Rootfs, Scratch, diff, run, skip, xroot};

/// Builds tests/util/chroot.c into the guest's /bin.
fn program() -> Rootfs {
    let rootfs = Rootfs::new("root");
    let mut compiler = Command::new("cc");
    compiler.args(["-static", "-pthread", "-O2", "-w", "-o"]).arg(rootfs.host("/bin/chroot-program"));
    run(compiler.arg(util::source().join("tests/util/chroot.c"))).success();
    rootfs
}

#[test]
fn a_pretended_root_changes_its_root_as_a_real_one_does() {
    let may = run(Command::new("unshare").args(["-Ur", "true"])).status.success();
    if !may {
        return skip("no user namespaces");
    }
    let rootfs = program();
    let scratch = Scratch::new();
    let mut unshare = Command::new("unshare");
    unshare.arg("-Ur").arg(rootfs.host("/bin/chroot-program")).current_dir(scratch.dir("w"));
    let expected = run(&mut unshare).success();
    let seen = xroot(&rootfs).args(["-0"]).workdir("/work").run(["/bin/chroot-program"]);
    assert!(
        expected == seen.stdout,
        "real (-) and pretended root (+) differ\n{}\n{}",
        diff::lines(&expected, &seen.stdout),
        seen.stderr
    );
}

#[test]
fn without_a_pretended_root_nobody_changes_it() {
    let rootfs = program();
    let seen = xroot(&rootfs).workdir("/work").run(["/bin/chroot-program"]).stdout;
    assert!(seen.contains("chroot(\"a\") = -1 EPERM\n") && !seen.contains("chroot(\"a\") = 0\n"), "{seen}");
}
