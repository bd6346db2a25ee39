//! What a program is told about itself under xroot, and what becomes of files that are none, are as natively.
//!
//! The rootfs is the host's own `/` where the two are compared.
#![forbid(unsafe_code)]

#[path = "../sandbox/tests/exec/mutate.rs"]
mod mutate;
mod util;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mutate::{Random, mutate};
use util::run::Xroot;
use util::{Output, Scratch, chmod, data, give, rootfs, run, skip, source};

/// Runs `command` on the host with the environment that xroot gives its guests.
fn natively(command: &[&str], cwd: &Path) -> Output {
    let mut native = Command::new(command[0]);
    native.args(&command[1..]).current_dir(cwd).env_clear().stdin(Stdio::null());
    run(native.env("PATH", rootfs::PATH).env("HOME", cwd).env("XROOT", "1").env("container", "xroot"))
}

/// Runs `command` in a guest that is the whole host.
fn guest(command: &[&str], cwd: &Path) -> Output {
    Xroot::new(Path::new("/"), cwd).run(command)
}

/// Natively and under xroot the command prints and returns the same.
#[track_caller]
fn check(command: &[&str], cwd: &Path) {
    let (native, seen) = (natively(command, cwd), guest(command, cwd));
    assert!(
        seen.stdout == native.stdout,
        "{command:?}: {}\n{seen}",
        util::diff::lines(&native.stdout, &seen.stdout)
    );
    assert_eq!(seen.code(), native.code(), "{command:?}: {seen}");
}

/// Compiles one of the programs that the stub's own tests use.
#[track_caller]
fn compile(dir: &Scratch, compiler: &str, program: &str, name: &str, flags: &[&str]) -> PathBuf {
    let output = dir.path().join(name);
    let source = source().join("sandbox/tests/exec").join(program);
    let status = Command::new(compiler).arg("-O1").args(flags).arg("-o").arg(&output).arg(source).status();
    assert!(status.unwrap_or_else(|error| panic!("{compiler}: {error}")).success());
    output
}

fn found(compiler: &str) -> bool {
    let found =
        Command::new(compiler).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        skip(&format!("there is no {compiler}"));
    }
    found
}

#[test]
fn a_program_sees_itself_as_natively() {
    let dir = Scratch::new();
    for (name, flags) in [
        ("pie", &["-pie", "-fPIE"][..]),
        ("nopie", &["-no-pie", "-fno-pie"]),
        ("static", &["-static", "-no-pie", "-fno-pie"]),
        ("static-pie", &["-static-pie", "-fPIE"]),
    ] {
        compile(&dir, "cc", "self.c", name, flags);
        check(&[&format!("./{name}"), "one", ""], dir.path());
    }
    if found("musl-gcc") {
        compile(&dir, "musl-gcc", "self.c", "musl", &["-pie", "-fPIE"]);
        check(&["./musl", "one"], dir.path());
    }
}

#[test]
fn a_rust_program_runs() {
    let dir = Scratch::new();
    let own = util::binary();
    let own = own.to_str().expect("its path is text");
    check(&[own, "--version"], dir.path());
    check(&[own, "syscalls"], dir.path());
}

#[test]
fn a_script_is_run_by_whom_it_names() {
    let dir = Scratch::new();
    let show = compile(&dir, "cc", "show.c", "show", &[]);
    let mut interpreter = show.to_str().expect("its path is text").to_owned();
    for level in 1..8 {
        let script = dir.path().join(format!("level{level}"));
        fs::write(&script, format!("#!{interpreter} argument {level}\n")).expect("the directory is ours");
        chmod(&script, 0o755);
        check(&["/bin/sh", "-c", &format!("./level{level} one '' two; echo $?")], dir.path());
        interpreter = format!("./level{level}");
    }
}

/// Executes every file of its directory in turn, and prints what came of each.
///
/// Call 59 is execve: Perl's own hands what is no program to a shell. A damaged program may wait for ever.
const EXECUTE_ALL: &str = r#"
    $| = 1;
    for my $file (sort glob("damaged/*")) {
        my $child = fork;
        if (!$child) {
            alarm(5);
            my ($name, $argv, $envp) = ("name", pack("p*", "name", undef), pack("p*", "A=b", undef));
            syscall(59, $file, $argv, $envp);
            printf("errno %d\n", $!);
            exit 99;
        }
        waitpid($child, 0);
        printf("%s: %d\n", $file, $? & 0xff7f);
    }
    print "all\n";
"#;

#[test]
fn damaged_programs_fail_as_natively() {
    let dir = Scratch::new();
    let damaged = dir.dir("damaged");
    for (name, flags) in [
        ("dynamic", &["-pie", "-fPIE"][..]),
        ("static", &["-static", "-no-pie", "-fno-pie"]),
        ("direct", &["-static-pie"]),
    ] {
        let original = fs::read(compile(&dir, "cc", "show.c", name, flags)).expect("it was compiled");
        for seed in 0..170 {
            let mut file = original.clone();
            mutate(&mut file, &mut Random::new(seed));
            let path = damaged.join(format!("{name}-{seed:03}"));
            fs::write(&path, file).expect("the directory is ours");
            chmod(&path, 0o755);
        }
    }
    let command = ["/usr/bin/setarch", "-R", "/usr/bin/perl", "-e", EXECUTE_ALL];
    let native = natively(&command, dir.path()).success();
    let refused = native.matches("errno").count();
    let killed = native.lines().filter(|line| line.ends_with(": 11")).count();
    assert!(refused > 100 && killed > 100, "{refused} refused, {killed} killed\n{native}");
    let seen = guest(&command, dir.path()).success();
    assert!(seen == native, "{}", util::diff::lines(&native, &seen));
}

#[test]
fn an_emulated_program_is_shown_by_its_own_names() {
    let Some(rootfs) = data("rootfs/armhf") else { return skip("there is no armhf rootfs") };
    let dir = Scratch::new();
    let script = dir.path().join("script");
    fs::write(&script, "#!/usr/bin/perl -w\nprint \"$0 @ARGV\\n\"; system(\"cat /proc/$$/comm; tr '\\\\0' '|' < /proc/$$/cmdline\");")
        .expect("the directory is ours");
    chmod(&script, 0o755);
    give(&script);
    let prints = |command: &[&str], expected: &str| {
        // The emulator may be on the PATH of the tests only.
        let path = std::env::var_os("PATH").unwrap_or_default();
        let text = Xroot::new(&rootfs, dir.path()).own_env("PATH", path).run(command).success();
        assert_eq!(text.trim_end(), expected, "{command:?}");
    };
    prints(&["./script", "a", ""], "./script a \nscript\n/usr/bin/perl|-w|./script|a||");
    let own = "cat /proc/$$/comm; tr '\\0' '|' < /proc/$$/cmdline | head -c 10; echo; readlink /proc/$$/exe";
    prints(&["sh", "-c", &format!("{own} | sed 's|.*/||'")], "sh\nsh|-c|cat \ndash");
}
