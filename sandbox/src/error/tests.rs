#![forbid(unsafe_code)]

use super::*;

#[track_caller]
fn check(error: Error, message: &str, fix: &str, code: u8) {
    assert_eq!(error.to_string(), message);
    assert_eq!(error.hint().unwrap_or_default(), fix);
    assert_eq!(error.exit_code(), code);
}

#[test]
fn a_rootfs_that_is_not_there_is_unpacked() {
    check(
        Error::Rootfs { path: "/srv/a b".into(), errno: Errno::ENOENT },
        "rootfs /srv/a b: No such file or directory",
        "mkdir -p '/srv/a b' && tar -xf ROOTFS.tar -C '/srv/a b' (or make one: make demo)",
        125,
    );
    check(
        Error::RootfsEmpty { path: "r".into() },
        "rootfs r is empty",
        "mkdir -p r && tar -xf ROOTFS.tar -C r (or make one: make demo)",
        125,
    );
    check(
        Error::RootfsNotDirectory { path: "r.tar".into() },
        "rootfs r.tar is not a directory",
        "mkdir rootfs && tar -xf r.tar -C rootfs && xroot -r rootfs (if it is an archive)",
        125,
    );
    check(
        Error::RootfsTooHigh { path: "/d".into(), inside: "/d/rootfs".into() },
        "/d holds no root filesystem: it has no bin, usr or etc",
        "did you mean xroot -r /d/rootfs?",
        125,
    );
}

#[test]
fn a_rootfs_of_somebody_else_changes_hands() {
    check(
        Error::Rootfs { path: "/r".into(), errno: Errno::EACCES },
        "rootfs /r: Permission denied",
        "chmod u+rx /r (or, where it is not yours: sudo chown -R $USER /r)",
        125,
    );
    check(
        Error::RootfsUnreadable { path: "/r".into(), entry: "usr".into(), owner: 0, uid: 1500 },
        "rootfs /r: usr belongs to uid 0 and cannot be read by uid 1500",
        "sudo chown -R $USER /r",
        125,
    );
    check(
        Error::RootfsUnreadable { path: "/root/r".into(), entry: "/root".into(), owner: 0, uid: 1500 },
        "rootfs /root/r: /root belongs to uid 0 and cannot be read by uid 1500",
        "sudo cp -a /root/r ~/rootfs && sudo chown -R $USER ~/rootfs",
        125,
    );
}

#[test]
fn a_noexec_rootfs_is_copied_elsewhere() {
    check(
        Error::Noexec { path: "/mnt/r".into() },
        "rootfs /mnt/r is on a filesystem mounted noexec, so its programs cannot run",
        "cp -a /mnt/r ~/rootfs && xroot -r ~/rootfs (if your home is not noexec)",
        125,
    );
}

#[test]
fn a_missing_bind_source_is_made() {
    check(
        Error::BindSource { source_path: "/no".into(), guest: "/g".into(), errno: Errno::ENOENT },
        "cannot bind /no at guest /g: No such file or directory",
        "mkdir -p /no (or leave this -b out)",
        125,
    );
    check(
        Error::BindGuest { source_path: "/h".into(), guest: "/etc/passwd/x".into(), errno: Errno::ENOTDIR },
        "cannot bind /h at guest /etc/passwd/x: Not a directory",
        "give another guest path: -b /h:/mnt",
        125,
    );
    check(
        Error::Workdir { guest: "/no".into(), errno: Errno::ENOENT },
        "working directory /no in the guest: No such file or directory",
        "start at the guest's root: xroot -w / ...",
        125,
    );
    check(
        Error::NoTempDir { tried: vec!["/a".into(), "/b".into()] },
        "no directory for the session's private files: tried /a, /b",
        "TMPDIR=/a/directory/you/can/write xroot ...",
        125,
    );
}

#[test]
fn a_command_that_cannot_run_has_the_shells_status() {
    check(
        Error::CommandNotFound { command: "gcc".into() },
        "gcc: not found in the guest",
        "install it in the guest, for example: xroot -0 -r ROOTFS apt-get install gcc",
        127,
    );
    check(
        Error::CommandNotExecutable { command: "/a".into(), errno: Errno::EACCES },
        "guest /a cannot be executed: Permission denied",
        "xroot -r ROOTFS chmod +x /a",
        126,
    );
    check(
        Error::InterpreterMissing { program: "/bin/ls".into(), interpreter: "/lib/ld.so".into() },
        "guest /bin/ls needs the interpreter /lib/ld.so, which the guest does not have",
        "install the package that holds guest /lib/ld.so, or use the rootfs that the program is for",
        127,
    );
    check(
        Error::ExecuteOnly { program: "/x".into() },
        "guest /x may be executed but not read, and xroot must read the programs it loads",
        "",
        126,
    );
}

#[test]
fn a_bad_emulator_is_replaced() {
    let host = std::env::consts::ARCH;
    check(
        Error::NoEmulator { machine: "arm".into(), program: "/bin/sh".into() },
        &format!("guest /bin/sh is for arm, this host is {host}, and no static qemu-arm was found"),
        "sudo apt install qemu-user-static (without root: put a static qemu-arm in ~/.local/share/xroot/qemu/)",
        126,
    );
    check(
        Error::EmulatorDynamic { path: "/usr/bin/qemu-arm".into(), interpreter: "/lib64/ld.so".into() },
        "emulator /usr/bin/qemu-arm is dynamically linked (it needs /lib64/ld.so of the host)",
        "sudo apt install qemu-user-static (its programs are static), then leave -q out",
        125,
    );
    check(
        Error::EmulatorForeign { path: "/q".into(), machine: "aarch64".into() },
        &format!("emulator /q is a program for aarch64, and this host is {host}"),
        "sudo apt install qemu-user-static (its programs are static), then leave -q out",
        125,
    );
    check(
        Error::Emulator { path: "/q".into(), errno: Errno::ENOENT },
        "emulator /q: No such file or directory",
        "is it there? ls -l /q",
        125,
    );
    check(
        Error::EmulatorUnnamed { path: "/opt/q".into() },
        "which machine is /opt/q for? Its name does not tell",
        "-q arm=/opt/q",
        125,
    );
}

#[test]
fn ptrace_denied_names_the_value_read_and_the_flag_that_allows_it() {
    let denied =
        |yama, seccomp| Error::PtraceDenied { errno: Errno::EPERM, facts: TraceFacts { yama, seccomp } };
    check(
        denied(Some(2), Some(0)),
        "the kernel does not let xroot trace its own child: Operation not permitted; \
         kernel.yama.ptrace_scope is 2; Seccomp: 0 in /proc/self/status",
        "sudo sysctl kernel.yama.ptrace_scope=1",
        125,
    );
    check(
        denied(Some(1), Some(2)),
        "the kernel does not let xroot trace its own child: Operation not permitted; \
         kernel.yama.ptrace_scope is 1; Seccomp: 2 in /proc/self/status",
        "docker run --security-opt seccomp=unconfined ... (Kubernetes: seccompProfile type Unconfined)",
        125,
    );
    check(
        denied(None, Some(0)),
        "the kernel does not let xroot trace its own child: Operation not permitted; \
         Seccomp: 0 in /proc/self/status",
        "docker run --cap-add SYS_PTRACE ... (SELinux: sudo setsebool deny_ptrace 0)",
        125,
    );
    check(
        Error::Emulated,
        "xroot is run by an emulator, which cannot trace processes",
        "run the command as it is; for another tree, start xroot on the host with -r TREE",
        125,
    );
    check(
        Error::AlreadyTraced { tracer: 7, name: "strace".into() },
        "xroot is already traced by process 7 (strace), and a process has only one tracer",
        "start xroot outside strace, gdb or another tracer",
        125,
    );
}

#[test]
fn a_bad_profile_is_edited_or_done_without() {
    check(
        Error::NativeProfile { path: "/p/xroot.toml".into(), message: "line 3: unknown field `hots`".into() },
        "profile /p/xroot.toml: line 3: unknown field `hots`",
        "edit /p/xroot.toml (or use no program of the host: --no-native)",
        125,
    );
}

#[test]
fn an_unknown_tool_is_met_with_the_names_that_are_near() {
    let unknown = |name: &str, near: &[&str]| Error::NativeUnknown {
        name: name.into(),
        near: near.iter().map(|&near| near.into()).collect(),
    };
    check(unknown("gccc", &["gcc"]), "no native tool is called gccc", "did you mean gcc?", 125);
    check(unknown("sh", &["bash", "dash"]), "no native tool is called sh", "did you mean bash or dash?", 125);
    check(
        unknown("frob", &[]),
        "no native tool is called frob",
        "name the guest's program and the host's: --native /usr/bin/frob=/usr/bin/frob",
        125,
    );
    check(
        unknown("@frob", &[]),
        "no group of native tools is called @frob",
        "xroot tools -r ROOTFS lists them",
        125,
    );
    check(
        Error::NativeWord { word: "a=b".into(), why: "only =force may follow a name".into() },
        "--native a=b: only =force may follow a name",
        "--native auto,git,-bash,@clang,getconf=force,/usr/bin/foo=/opt/foo (each word says one thing)",
        125,
    );
}

#[test]
fn a_missing_tool_names_its_package() {
    let missing = |package: Option<&str>| Error::NativeMissing {
        name: "g++".into(),
        why: "the host has no cc1plus for arm-linux-gnueabihf".into(),
        package: package.map(Into::into),
    };
    let message = "no native g++: the host has no cc1plus for arm-linux-gnueabihf";
    check(
        missing(Some("g++-12-arm-linux-gnueabihf")),
        message,
        "sudo apt install g++-12-arm-linux-gnueabihf (without root: xroot tools install -r ROOTFS)",
        125,
    );
    check(missing(None), message, "the guest's own runs without it: --native -g++", 125);
}

#[test]
fn a_refused_tool_may_be_forced() {
    check(
        Error::NativeRefused { name: "getconf".into(), why: "it prints the host's word size".into() },
        "no native getconf: it prints the host's word size",
        "--native getconf=force (if you know that it does no harm)",
        125,
    );
}

#[test]
fn a_bad_tools_directory_is_replaced() {
    check(
        Error::ToolsDir { path: "/t".into(), why: "it holds no program of x86_64".into() },
        "tools directory /t: it holds no program of x86_64",
        "--tools DIR wants an unpacked root filesystem of this host's machine (without it, the host's own programs \
         are taken)",
        125,
    );
}
