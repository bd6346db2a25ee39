//! What the command line answers before and instead of running a guest: usage, and errors with the command that fixes
//! them. XROOT_BIN names another binary to test.
#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn binary() -> PathBuf {
    std::env::var_os("XROOT_BIN").map_or(env!("CARGO_BIN_EXE_xroot").into(), PathBuf::from)
}

/// A directory for one test, removed afterwards.
struct Temp(PathBuf);

impl Temp {
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("xrootcli.{}.{name}", std::process::id()));
        fs::create_dir(&dir).expect("the temp directory can be written");
        Self(fs::canonicalize(dir).expect("it was made just now"))
    }

    /// One that holds a bare rootfs `r`.
    fn with_rootfs(name: &str) -> Self {
        let temp = Self::new(name);
        for dir in ["r/bin", "r/etc", "r/usr", "r/tmp"] {
            fs::create_dir_all(temp.path(dir)).expect("it is ours");
        }
        temp
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>, mode: u32) {
        let path = self.path(name);
        fs::write(&path, content).expect("it is ours");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("it is ours");
    }

    /// xroot with these arguments, in this directory, with a home in it and an empty search path.
    fn xroot(&self, args: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(args).current_dir(&self.0).env("HOME", &self.0).env("PATH", "/nonexistent");
        command.env_remove("XDG_DATA_HOME").env_remove("TMPDIR").stdin(Stdio::null());
        command
    }

    /// Runs it and compares all that it says on stderr, `TEMP` standing for this directory.
    #[track_caller]
    fn fails(&self, args: &[&str], code: i32, message: &str, fix: &str) {
        self.check(&mut self.xroot(args), code, message, fix);
    }

    #[track_caller]
    fn check(&self, command: &mut Command, code: i32, message: &str, fix: &str) {
        let output = command.output().expect("xroot can be started");
        let top = self.0.to_str().expect("the temp directory has a plain name");
        let said = text(&output.stderr).replace(top, "TEMP");
        assert_eq!(said, format!("xroot: {message}\nxroot: fix: {fix}\n"), "{command:?}");
        assert_eq!(output.status.code(), Some(code), "{command:?}");
        assert_eq!(text(&output.stdout), "", "{command:?}");
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).expect("everything in it is ours");
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Says why a test does not run; CI takes that for a failure.
fn skip(why: &str) {
    assert!(std::env::var_os("XROOT_TEST_MUST_RUN").is_none(), "skipped: {why}");
    eprintln!("skipped: {why}");
}

#[test]
fn help_and_version_and_the_matrix_go_to_stdout() {
    let temp = Temp::new("help");
    for (args, part) in [
        (&["--help"][..], "Usage: xroot -r ROOTFS"),
        (&["-h"], "Usage: xroot -r ROOTFS"),
        (&["help"], "Usage: xroot -r ROOTFS"),
        (&["-V"], concat!("xroot ", env!("CARGO_PKG_VERSION"))),
        (&["version"], concat!("xroot ", env!("CARGO_PKG_VERSION"))),
        (&["syscalls"], "openat2"),
    ] {
        let Output { status, stdout, stderr } = temp.xroot(args).output().expect("xroot can be started");
        assert!(status.success() && text(&stdout).contains(part), "{args:?}: {}", text(&stdout));
        assert_eq!(text(&stderr), "", "{args:?}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let temp = Temp::new("head");
    let mut command = temp.xroot(&["syscalls"]);
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("xroot can be started");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it is our child");
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
}

#[test]
fn words_that_make_no_sense_are_explained() {
    let temp = Temp::with_rootfs("words");
    let usage = "xroot -r ROOTFS COMMAND (all options: xroot --help)";
    temp.fails(&[], 125, "no rootfs given", usage);
    temp.fails(&["gcc", "x.c"], 125, "no rootfs given", usage);
    let bind = "-b SRC:DST:ro (a colon in a name: \\:)";
    temp.fails(&["-r", "r", "-b", "/a:b"], 125, "-b /a:b: the guest path is not absolute", bind);
    temp.fails(&["-r", "r", "-i", "root"], 125, "-i root: not UID:GID", "-i 1000:1000");
    let output = temp.xroot(&["-r", "r", "--bogus", "ls"]).output().expect("xroot can be started");
    assert_eq!(output.status.code(), Some(125));
    let said = text(&output.stderr);
    assert!(said.starts_with("xroot: unexpected argument '--bogus' found"), "{said}");
    assert!(said.ends_with(&format!("xroot: fix: {usage}\n")), "{said}");
}

#[test]
fn a_rootfs_that_cannot_be_one_says_why() {
    let temp = Temp::new("rootfs");
    let unpack = "mkdir -p TEMP/r && tar -xf ROOTFS.tar -C TEMP/r (or make one: make demo)";
    temp.fails(&["-r", "r", "ls"], 125, "rootfs TEMP/r: No such file or directory", unpack);
    fs::create_dir(temp.path("r")).expect("it is ours");
    temp.fails(&["-r", "r", "ls"], 125, "rootfs TEMP/r is empty", unpack);
    temp.fails(&["-R", "r", "ls"], 125, "rootfs TEMP/r is empty", unpack);
    for dir in ["r/rootfs/usr", "r/rootfs/bin", "r/rootfs/etc"] {
        fs::create_dir_all(temp.path(dir)).expect("it is ours");
    }
    let message = "TEMP/r holds no root filesystem: it has no bin, usr or etc";
    temp.fails(&["-r", "r", "ls"], 125, message, "did you mean xroot -r TEMP/r/rootfs?");
    temp.file("r.tar", "", 0o644);
    let fix = "mkdir rootfs && tar -xf TEMP/r.tar -C rootfs && xroot -r rootfs (if it is an archive)";
    temp.fails(&["-r", "r.tar", "ls"], 125, "rootfs TEMP/r.tar is not a directory", fix);
}

#[test]
fn a_rootfs_that_cannot_be_read_names_its_owner() {
    let temp = Temp::with_rootfs("unreadable");
    let set = |mode| fs::set_permissions(temp.path("r/usr"), fs::Permissions::from_mode(mode));
    set(0o000).expect("it is ours");
    if fs::read_dir(temp.path("r/usr")).is_ok() {
        set(0o755).expect("it is ours");
        return skip("root reads everything");
    }
    let uid = text(&Command::new("id").arg("-u").output().expect("id(1) is everywhere").stdout);
    let uid = uid.trim();
    let message = format!("rootfs TEMP/r: usr belongs to uid {uid} and cannot be read by uid {uid}");
    temp.fails(&["-r", "r", "ls"], 125, &message, "sudo chown -R $USER TEMP/r");
    set(0o755).expect("it is ours");
}

#[test]
fn a_noexec_rootfs_is_told_before_anything_runs() {
    let temp = Temp::new("noexec");
    fs::create_dir(temp.path("m")).expect("it is ours");
    let script = "mount -t tmpfs -o noexec none m && mkdir -p m/bin m/etc && exec \"$0\" -r m ls";
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]).arg(binary());
    command.current_dir(&temp.0).env("HOME", &temp.0);
    let allowed = Command::new("unshare").args(["--user", "--map-root-user", "--mount", "true"]).output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        return skip("no user namespace to mount something noexec in");
    }
    let message = "rootfs TEMP/m is on a filesystem mounted noexec, so its programs cannot run";
    let fix = "cp -a TEMP/m ~/rootfs && xroot -r ~/rootfs (if your home is not noexec)";
    temp.check(&mut command, 125, message, fix);
}

#[test]
fn a_binding_and_a_start_that_lead_nowhere_are_named() {
    let temp = Temp::with_rootfs("bindings");
    temp.file("r/etc/file", "", 0o644);
    for option in ["-b", "-m", "-v", "--bind", "--mount", "--volume"] {
        let message = "cannot bind TEMP/no at guest /g: No such file or directory";
        temp.fails(&["-r", "r", option, "no:/g"], 125, message, "mkdir -p TEMP/no (or leave this -b out)");
    }
    let message = "cannot bind TEMP/r at guest /etc/file/x: Not a directory";
    temp.fails(&["-r", "r", "-b", "r:/etc/file/x"], 125, message, "give another guest path: -b TEMP/r:/mnt");
    for option in ["-w", "--workdir", "--cwd", "--pwd"] {
        let message = "working directory /no in the guest: No such file or directory";
        temp.fails(
            &["-r", "r", option, "/no", "ls"],
            125,
            message,
            "start at the guest's root: xroot -w / ...",
        );
    }
}

#[test]
fn a_current_directory_that_is_gone_is_told_where_it_matters() {
    let temp = Temp::with_rootfs("gone");
    let mut command = Command::new("sh");
    let script = "mkdir d && cd d && rmdir ../d && exec \"$0\" -r r ls";
    command.args(["-c", script]).arg(binary()).current_dir(&temp.0).env("HOME", &temp.0);
    let message = "r: the current directory no longer exists";
    temp.check(&mut command, 125, message, "cd ~, or give absolute paths");
}

#[test]
fn nothing_is_written_into_the_rootfs_or_left_behind() {
    let temp = Temp::with_rootfs("clean");
    temp.file("r/etc/passwd", "root:x:0:0::/root:/bin/sh\n", 0o644);
    symlink("../run/nothing", temp.path("r/etc/resolv.conf")).expect("it is ours");
    fs::create_dir(temp.path("t")).expect("it is ours");
    let before = names(&temp.path("r"));
    let mut command = temp.xroot(&["-r", "r", "-i", "4242:4242", "-b", "r:/a/b/c", "-w", "/no", "ls"]);
    command.env("TMPDIR", temp.path("t")).env_remove("XDG_RUNTIME_DIR");
    assert_eq!(command.output().expect("xroot can be started").status.code(), Some(125));
    assert_eq!(names(&temp.path("r")), before);
    assert_eq!(names(&temp.path("t")), [""; 0]);
}

#[test]
fn a_command_that_is_not_there_is_127_and_one_that_cannot_run_is_126() {
    let temp = Temp::with_rootfs("command");
    let base = &["-r", "r", "-w", "/", "--clean-env"];
    let run = |words: &[&'static str]| [&base[..], words].concat();
    let install = "install it in the guest, for example: xroot -0 -r ROOTFS apt-get install gcc";
    temp.fails(&run(&["gcc", "-c", "x.c"]), 127, "gcc: not found in the guest", install);
    let fix = "show the host's directory that holds it: -b DIR (guest path: /no/gcc)";
    temp.fails(&run(&["/no/gcc"]), 127, "/no/gcc: not found in the guest", fix);
    fs::create_dir(temp.path("r/closed")).expect("it is ours");
    fs::set_permissions(temp.path("r/closed"), fs::Permissions::from_mode(0o000)).expect("it is ours");
    temp.fails(&run(&["-e", "PATH=/closed:/bin", "gcc"]), 127, "gcc: not found in the guest", install);
    fs::set_permissions(temp.path("r/closed"), fs::Permissions::from_mode(0o700)).expect("it is ours");
    temp.file("r/bin/data", "#!/bin/data\n", 0o644);
    for (word, path) in [("data", "/bin/data"), ("/bin/data", "/bin/data"), ("/bin", "/bin")] {
        let message = format!("guest {word} cannot be executed: Permission denied");
        let fix = format!("xroot -r ROOTFS chmod +x {word}");
        temp.fails(&run(&[word]), 126, &message, &fix);
        assert!(temp.path(&format!("r{path}")).exists());
    }
}

#[test]
fn a_missing_interpreter_is_named_and_not_the_program() {
    let temp = Temp::with_rootfs("interpreter");
    temp.file("r/bin/prog", elf(std::env::consts::ARCH, Some("/lib/ld-none.so")), 0o755);
    temp.file("r/bin/script", "#!/usr/bin/none -x\n", 0o755);
    for (program, interpreter) in [("/bin/prog", "/lib/ld-none.so"), ("/bin/script", "/usr/bin/none")] {
        let message =
            format!("guest {program} needs the interpreter {interpreter}, which the guest does not have");
        let fix = format!(
            "install the package that holds guest {interpreter}, or use the rootfs that the program is for"
        );
        temp.fails(&["-r", "r", "-w", "/", program], 127, &message, &fix);
    }
}

#[test]
fn an_emulator_that_cannot_be_used_is_explained() {
    let temp = Temp::with_rootfs("emulator");
    let host = std::env::consts::ARCH;
    let foreign = if host == "aarch64" { "x86_64" } else { "aarch64" };
    temp.file("r/bin/sh", elf("arm", None), 0o755);
    let message = format!("guest /bin/sh is for arm, this host is {host}, and no static qemu-arm was found");
    let fix = "sudo apt install qemu-user-static (without root: put a static qemu-arm in ~/.local/share/xroot/qemu/)";
    temp.fails(&["-r", "r", "-w", "/"], 126, &message, fix);

    temp.file("dynamic", elf(host, Some("/lib/ld.so")), 0o755);
    temp.file("foreign", elf(foreign, None), 0o755);
    temp.file("script", "#!/bin/sh\n", 0o755);
    let apt = "sudo apt install qemu-user-static (its programs are static), then leave -q out";
    let message = "emulator TEMP/dynamic is dynamically linked (it needs /lib/ld.so of the host)";
    temp.fails(&["-r", "r", "-q", "arm=dynamic"], 125, message, apt);
    let message = format!("emulator TEMP/foreign is a program for {foreign}, and this host is {host}");
    temp.fails(&["-r", "r", "-q", "arm=foreign"], 125, &message, apt);
    let message = "emulator TEMP/script is not an ELF program";
    temp.fails(
        &["-r", "r", "-q", "arm=script"],
        125,
        message,
        "name the qemu program itself: file TEMP/script",
    );
    let message = "emulator TEMP/none: No such file or directory";
    temp.fails(&["-r", "r", "-q", "arm=none"], 125, message, "is it there? ls -l TEMP/none");
    let message = "which machine is TEMP/dynamic for? Its name does not tell";
    temp.fails(
        &["-r", "r", "-q", "./dynamic"],
        125,
        &message.replace("TEMP/", "TEMP/./"),
        "-q arm=TEMP/./dynamic",
    );
    let known = "xroot knows arm, aarch64, riscv64, ppc64le, s390x, i386";
    temp.fails(&["-r", "r", "-q", "vax=dynamic"], 125, "no machine is called vax", known);
}

#[test]
fn a_host_that_forbids_tracing_names_the_value_read_and_the_flag() {
    let temp = Temp::new("ptrace");
    let hinder = hinder(&temp);
    let run = |how: &str| {
        let mut command = Command::new(&hinder);
        command.arg(how).arg(binary()).args(["-r", "/", "-w", "/", "true"]).current_dir("/");
        let output = command.output().expect("the helper can be started");
        assert_eq!(output.status.code(), Some(125), "{how}: {}", text(&output.stderr));
        text(&output.stderr)
    };
    let said = run("seccomp");
    assert!(said.starts_with("xroot: the kernel does not let xroot trace its own child: "), "{said}");
    assert!(said.contains("; Seccomp: 2 in /proc/self/status\n"), "{said}");
    assert!(said.contains("xroot: fix: docker run --security-opt seccomp=unconfined "), "{said}");
    let said = run("traced");
    assert!(said.starts_with("xroot: xroot is already traced by process "), "{said}");
    assert!(said.contains(" (hinder), and a process has only one tracer\n"), "{said}");
    assert!(said.ends_with("xroot: fix: start xroot outside strace, gdb or another tracer\n"), "{said}");
}

/// Builds tests/util/hinder.c.
fn hinder(temp: &Temp) -> PathBuf {
    let program = temp.path("hinder");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/util/hinder.c");
    let built = Command::new("cc").args(["-Wall", "-o"]).arg(&program).arg(source).status();
    assert!(built.is_ok_and(|status| status.success()), "cc cannot build {source}");
    program
}

/// A program file of one empty segment for `machine`, little-endian as all of these are.
fn elf(machine: &str, interpreter: Option<&str>) -> Vec<u8> {
    let (number, wide) = match machine {
        "arm" => (40u16, false),
        "aarch64" => (183, true),
        "x86_64" => (62, true),
        other => panic!("no number for {other}"),
    };
    let (header, entry) = if wide { (64u16, 56u16) } else { (52, 32) };
    let name: Vec<u8> = interpreter.map_or(Vec::new(), |path| [path.as_bytes(), b"\0"].concat());
    let count = 1 + u16::from(interpreter.is_some());
    let end = u64::from(header + entry * count);
    let word =
        |value: u64| if wide { value.to_le_bytes().to_vec() } else { (value as u32).to_le_bytes().to_vec() };
    let mut file = vec![0x7f, b'E', b'L', b'F', if wide { 2 } else { 1 }, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    file.extend([2u16.to_le_bytes(), number.to_le_bytes()].concat());
    file.extend(1u32.to_le_bytes());
    file.extend([word(0x40_0000), word(u64::from(header)), word(0)].concat());
    file.extend(0u32.to_le_bytes());
    for half in [header, entry, count, 0, 0, 0] {
        file.extend(half.to_le_bytes());
    }
    let mut segment = |kind: u32, offset: u64, size: u64| {
        let place =
            [word(offset), word(0x40_0000 + offset), word(0x40_0000 + offset), word(size), word(size)];
        let (flags, align) = (5u32.to_le_bytes().to_vec(), word(0x1000));
        let kind = kind.to_le_bytes().to_vec();
        let order = if wide { vec![kind, flags, place.concat()] } else { vec![kind, place.concat(), flags] };
        file.extend(order.concat());
        file.extend(align);
    };
    if interpreter.is_some() {
        segment(3, end, name.len() as u64);
    }
    segment(1, 0, end + name.len() as u64);
    file.extend(name);
    file
}

/// Everything below a directory, sorted.
fn names(dir: &Path) -> Vec<String> {
    let output = Command::new("find").arg(dir).args([OsStr::new("-mindepth"), "1".as_ref()]).output();
    let mut names: Vec<_> =
        text(&output.expect("find(1) is everywhere").stdout).lines().map(str::to_owned).collect();
    names.sort();
    names
}
