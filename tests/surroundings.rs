//! What a command finds around it: directory, environment, identity, and what of the host it sees by default.
//!
//! The guest is made of the host's own /usr bound into an otherwise bare rootfs, so nothing has to be installed.
#![forbid(unsafe_code)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn binary() -> PathBuf {
    std::env::var_os("XROOT_BIN").map_or(env!("CARGO_BIN_EXE_xroot").into(), PathBuf::from)
}

/// A directory with a home, a project in it, and a rootfs in the project.
struct Host(PathBuf);

impl Host {
    fn new(name: &str) -> Self {
        // Not below /tmp, which the guest sees anyway.
        let top = Path::new("/var/tmp").join(format!("xrootsurroundings.{}.{name}", std::process::id()));
        for dir in
            ["home/project/r/etc", "home/project/r/usr", "home/project/r/root", "home/project/r/tmp", "other"]
        {
            fs::create_dir_all(top.join(dir)).expect("/var/tmp can be written");
        }
        for dir in ["bin", "lib", "lib64", "sbin"] {
            let link = top.join("home/project/r").join(dir);
            symlink(Path::new("usr").join(dir), link).expect("it is ours");
        }
        let host = Self(top);
        host.write("home/project/r/etc/passwd", "root:x:0:0::/root:/bin/sh\n");
        host.write("home/project/r/etc/group", "root:x:0:\n");
        host
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).expect("it is ours");
    }

    fn xroot(&self, args: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .arg("-r")
            .arg(self.path("home/project/r"))
            .args(["-b", "/usr"])
            .args(args)
            .current_dir(self.path("home/project"));
        command
            .env("HOME", self.path("home"))
            .env("PATH", "/usr/bin:/bin")
            .env("LC_ALL", "C")
            .env_remove("TMPDIR");
        command.stdin(Stdio::null());
        command
    }

    /// Runs it and compares its whole output, `TOP` standing for this directory.
    #[track_caller]
    fn prints(&self, args: &[&str], expected: &str) {
        self.check(&mut self.xroot(args), expected);
    }

    #[track_caller]
    fn check(&self, command: &mut Command, expected: &str) {
        let output = command.output().expect("xroot can be started");
        let said = self.said(&output);
        assert_eq!(said, expected, "{command:?}");
        assert!(output.status.success(), "{command:?}: {}", output.status);
    }

    /// Both streams, with `TOP` for this directory.
    fn said(&self, output: &Output) -> String {
        let both = [&output.stdout[..], &output.stderr].concat();
        String::from_utf8_lossy(&both).replace(self.0.to_str().expect("its name is plain"), "TOP")
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).expect("everything in it is ours");
    }
}

/// Says why a test does not run; CI takes that for a failure.
fn skip(why: &str) {
    assert!(std::env::var_os("XROOT_TEST_MUST_RUN").is_none(), "skipped: {why}");
    eprintln!("skipped: {why}");
}

#[test]
fn the_project_is_where_it_is_on_the_host_and_can_be_written() {
    let host = Host::new("project");
    host.prints(
        &["sh", "-c", "pwd; /bin/pwd; echo made > made; echo home > ~/home.txt"],
        "TOP/home/project\nTOP/home/project\n",
    );
    assert_eq!(fs::read_to_string(host.path("home/project/made")).expect("the guest made it"), "made\n");
    assert_eq!(fs::read_to_string(host.path("home/home.txt")).expect("the guest made it"), "home\n");
    host.prints(
        &["sh", "-c", "cd r && pwd && cd .. && pwd && ls"],
        "TOP/home/project/r\nTOP/home/project\nmade\nr\n",
    );
}

#[test]
fn nothing_appears_in_the_rootfs() {
    let host = Host::new("clean");
    let names = || {
        let found =
            Command::new("find").arg(host.path("home/project/r")).output().expect("find(1) is everywhere");
        String::from_utf8_lossy(&found.stdout).into_owned()
    };
    let before = names();
    host.prints(&["-b", "/usr:/a/b/c", "sh", "-c", "ls -d /a/b/c /dev/null"], "/a/b/c\n/dev/null\n");
    host.prints(&["sh", "-c", "ls -d ~"], "TOP/home\n");
    assert_eq!(names(), before);
}

#[test]
fn the_start_can_be_chosen() {
    let host = Host::new("start");
    for option in ["-w", "--workdir", "--cwd", "--pwd"] {
        host.prints(&[option, "/usr/bin", "pwd"], "/usr/bin\n");
    }
    host.prints(&["-w", "..", "pwd"], "TOP/home\n");
    host.check(host.xroot(&["pwd"]).current_dir(host.path("home/project/r/etc")), "/etc\n");
}

#[test]
fn what_is_not_wanted_is_not_bound() {
    let host = Host::new("unwanted");
    let script = "pwd; ls /; ls /tmp";
    host.prints(
        &["--no-default-binds", "sh", "-c", script],
        "/\nbin\netc\nlib\nlib64\nroot\nsbin\ntmp\nusr\n",
    );
    let look = format!("pwd; test -e {}; echo $?", host.path("home/project").display());
    for (args, seen) in [(&["sh", "-c", &look][..], 0), (&["--no-home", "sh", "-c", &look], 1)] {
        let mut command = host.xroot(args);
        host.check(command.current_dir(host.path("other")), &format!("TOP/other\n{seen}\n"));
    }
}

#[test]
fn a_binding_shows_a_file_or_directory_and_a_later_one_wins() {
    let host = Host::new("bind");
    host.write("other/a b:c", "text\n");
    host.write("home/one", "one\n");
    let other = host.path("other").display().to_string();
    let file = format!("{other}/a b\\:c:/etc/d\\:e f");
    host.prints(&["-b", &file, "cat", "/etc/d:e f"], "text\n");
    let one = host.path("home/one").display().to_string();
    host.prints(
        &["-b", &format!("{one}:/f"), "-v", &file.replace("/etc/d\\:e f", "/f"), "cat", "/f"],
        "text\n",
    );
    let there = |name: &&str| Path::new("/etc").join(name).is_file();
    // The defaults go on top, as does what names the caller.
    let names = ["group", "hosts", "localtime", "passwd", "resolv.conf"].into_iter().filter(there);
    let listed = ["a b:c"].into_iter().chain(names).map(|name| format!("{name}\n")).collect::<String>();
    host.prints(&["-m", &format!("{other}:/etc"), "ls", "/etc"], &listed);
    let script = "echo x > /o/new; echo x > '/o/a b:c'; cat '/o/a b:c'";
    let output =
        host.xroot(&["-b", &format!("{other}:/o:ro"), "sh", "-c", script]).output().expect("it starts");
    let said = host.said(&output);
    assert_eq!(said.matches("Read-only file system").count(), 2, "{said}");
    assert!(said.starts_with("text\n"), "{said}");
}

#[test]
fn a_dangling_resolv_conf_of_the_guest_becomes_the_hosts() {
    let host = Host::new("resolv");
    symlink("../run/systemd/resolve/stub-resolv.conf", host.path("home/project/r/etc/resolv.conf"))
        .expect("it is ours");
    let expected = fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    if expected.is_empty() {
        return skip("this host has no /etc/resolv.conf");
    }
    host.prints(&["cat", "/etc/resolv.conf"], &expected);
}

#[test]
fn the_caller_has_a_name() {
    let host = Host::new("name");
    let native = Command::new("id").arg("-un").output().expect("id(1) is everywhere");
    // A number without an account, as in a container, is called so.
    let name =
        if native.status.success() { String::from_utf8_lossy(&native.stdout) } else { "user\n".into() };
    host.prints(&["id", "-un"], &name);
    // Also where the guest gives the number to nobody.
    host.write("home/project/r/etc/passwd", "other:x:4242:4242::/:/bin/sh\n");
    host.prints(&["id", "-un"], &name);
    host.prints(&["id", "-un", "4242"], "other\n");
}

#[test]
fn root_has_roots_variables() {
    let host = Host::new("root");
    let path = "/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";
    host.prints(&["-0", "sh", "-c", "echo $HOME $USER $PATH"], &format!("/root root {path}\n"));
}

#[test]
fn the_environment_is_inherited_without_the_hosts_libraries() {
    let host = Host::new("environ");
    let script = "echo ${LD_LIBRARY_PATH-unset} $MINE $XROOT $container ${OTHER-unset} $HOME";
    let mut command = host.xroot(&["-e", "OTHER=a b", "-e", "GONE", "sh", "-c", script]);
    host.check(
        command.env("LD_LIBRARY_PATH", "/nonexistent").env("MINE", "m"),
        "unset m 1 xroot a b TOP/home\n",
    );
    let mut command = host.xroot(&["--clean-env", "-e", "MINE", "env"]);
    let output =
        command.env("MINE", "m").env("MORE", "x").env_remove("TERM").env_remove("COLORTERM").output();
    let said = host.said(&output.expect("it starts"));
    let mut lines: Vec<_> = said.lines().collect();
    lines.sort_unstable();
    let path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    assert_eq!(lines, ["HOME=TOP/home", "MINE=m", path, "XROOT=1", "container=xroot"]);
    host.check(
        host.xroot(&["sh", "-c", "echo $PATH"]).env("PATH", "/run/current-system/sw/bin"),
        &format!("{}\n", &path[5..]),
    );
}

#[test]
fn signals_are_ignored_only_where_they_were_before() {
    let host = Host::new("ignored");
    // Real-time signals are the C library's own.
    let script = "while read -r name mask; do
        [ $name = SigIgn: ] && echo $((0x$mask & 0x7fffffff)); done < /proc/self/status; true";
    let native = Command::new("sh").args(["-c", script]).output().expect("it starts");
    host.prints(&["sh", "-c", script], &String::from_utf8_lossy(&native.stdout));
    host.prints(&["sh", "-c", "yes | head -n 1"], "y\n");
}

#[test]
fn without_a_command_the_shell_reads_stdin() {
    let host = Host::new("shell");
    host.write("home/script", "echo $0 $((6 * 7))\n");
    let script = fs::File::open(host.path("home/script")).expect("it is ours");
    let mut command = host.xroot(&["-it"]);
    let output = command.stdin(script).output().expect("it starts");
    let said = host.said(&output);
    assert!(["/bin/sh 42\n", "/bin/bash 42\n"].contains(&&said[..]), "{said}");
}

#[test]
fn words_behind_the_command_are_its_own() {
    let host = Host::new("words");
    host.prints(&["printf", "%s|", "-r", "--rootfs", "--", "-b", "--help"], "-r|--rootfs|--|-b|--help|");
    host.prints(&["-ti", "--kill-on-exit", "--no-native", "--", "printf", "%s|", "-0"], "-0|");
}

#[test]
fn the_exit_status_is_the_commands() {
    let host = Host::new("status");
    for (script, code) in
        [("exit 0", 0), ("exit 3", 3), ("exit 255", 255), ("kill -TERM $$", 143), ("kill -9 $$", 137)]
    {
        let status = host.xroot(&["sh", "-c", script]).status().expect("it starts");
        assert_eq!(status.code(), Some(code), "{script}");
    }
}

#[test]
fn the_temp_directory_of_the_environment_is_the_hosts() {
    let host = Host::new("tmpdir");
    host.write("other/file", "there\n");
    let mut command = host.xroot(&["--no-home", "sh", "-c", "cat $TMPDIR/file; ls /tmp >/dev/null"]);
    host.check(command.env("TMPDIR", host.path("other")), "there\n");
}
