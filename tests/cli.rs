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

/// Everything below a directory, sorted.
fn names(dir: &Path) -> Vec<String> {
    let output = Command::new("find").arg(dir).args([OsStr::new("-mindepth"), "1".as_ref()]).output();
    let mut names: Vec<_> =
        text(&output.expect("find(1) is everywhere").stdout).lines().map(str::to_owned).collect();
    names.sort();
    names
}
