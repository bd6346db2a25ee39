//! Programs behind a wrapper that changes what the kernel does for them, natively and under xroot.
#![forbid(unsafe_code)]

use std::path::Path;
use std::process::{Command, Stdio};

use super::programs::Kind;
use super::{Output, Rootfs, Scratch, diff, rootfs, run, xroot};

/// `command` as words behind `wrapper`'s, in the same directory and environment.
pub fn behind(wrapper: &[String], command: &Command) -> Command {
    let mut wrapped = Command::new(&wrapper[0]);
    wrapped.args(&wrapper[1..]).arg(command.get_program()).args(command.get_args()).env_clear();
    wrapped.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?)))).stdin(Stdio::null());
    wrapped.current_dir(command.get_current_dir().expect("every command of these tests has one"));
    wrapped
}

pub fn native(wrapper: &[String], program: &Path, cwd: &Path) -> Output {
    let mut command = Command::new(program);
    command.current_dir(cwd).env("PATH", rootfs::PATH).env("HOME", "/");
    run(&mut behind(wrapper, &command))
}

pub fn guest(wrapper: &[String], rootfs: &Rootfs, options: &[&str], name: &str) -> Output {
    let command = xroot(rootfs).args(options).workdir("/work").args([format!("/bin/{name}")]).into_command();
    run(&mut behind(wrapper, &command))
}

/// Runs the test programs natively and under xroot, both behind `wrapper`, and gives what differs.
///
/// A program that fails natively, because it cannot do without what is lacking, must fail in the same way.
pub fn differences(wrapper: &[String], options: &[&str], programs: &[&str]) -> Vec<String> {
    let mut different = Vec::new();
    for name in programs {
        let rootfs = Rootfs::new("root").program(name, Kind::Static).expect("static programs can be built");
        let built = super::programs::build(name, Kind::Static).expect("it was just built");
        let scratch = Scratch::new();
        let expected = native(wrapper, &built, &scratch.dir("w"));
        let seen = guest(wrapper, &rootfs, options, name);
        if expected.stdout != seen.stdout || expected.code() != seen.code() {
            let lines = diff::lines(&expected.stdout, &seen.stdout);
            different.push(format!(
                "{name}: exit {} and {}\n{lines}\n{}",
                expected.code(),
                seen.code(),
                seen.stderr
            ));
        }
    }
    different
}
