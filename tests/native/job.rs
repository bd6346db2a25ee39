//! A guest tree, the tools laid over it, and a directory to work in.
#![forbid(unsafe_code)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::trace::Trace;
use crate::util::run::{Xroot, run_for};
use crate::util::{Output, Scratch, data, diff, give, run, skip};

/// The largest all-emulated builds take minutes; one that takes this long hangs.
const LONG: Duration = Duration::from_secs(1200);

pub const HELLO_C: &str = r#"#include <stdio.h>
#include <sys/utsname.h>
int main(void)
{
    struct utsname u;
    uname(&u);
    printf("hello from %s sizeof(long)=%u\n", u.machine, (unsigned)sizeof(long));
    return 0;
}
"#;

/// Uses the run-time library, and says whose it is and whose compiler made the program.
pub const HELLO_CC: &str = r#"#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>
int main()
{
    std::vector<std::string> v{"a", "b"};
    v.push_back("c");
    try {
        throw std::runtime_error("x");
    } catch (const std::exception &e) {
        std::cout << e.what() << v.size() << " __GLIBCXX__=" << __GLIBCXX__ << " gcc=" << __GNUC__ << std::endl;
    }
}
"#;

pub struct Job {
    pub rootfs: PathBuf,
    pub tools: PathBuf,
    home: Scratch,
    pub project: PathBuf,
    files: Vec<(String, String)>,
    source: Option<PathBuf>,
    options: Vec<String>,
}

impl Job {
    /// A guest with tools of its own release.
    pub fn new(tree: &str) -> Option<Self> {
        Self::with_tools(tree, "tools-bookworm")
    }

    pub fn with_tools(tree: &str, tools: &str) -> Option<Self> {
        let (Some(rootfs), Some(tools)) = (data(&format!("rootfs/{tree}")), data(&format!("rootfs/{tools}")))
        else {
            skip(&format!("no trees {tree} and {tools} in XROOT_TEST_DATA: make test prepares them"));
            return None;
        };
        let home = Scratch::new();
        let project = home.dir("project");
        Some(Self { rootfs, tools, home, project, files: Vec::new(), source: None, options: Vec::new() })
    }

    /// A file of the project's, written anew by [`Self::fresh`].
    pub fn file(mut self, name: &str, text: &str) -> Self {
        self.files.push((name.to_owned(), text.to_owned()));
        self.fresh();
        self
    }

    /// Starts the project from sources that `make test` fetched.
    pub fn source(mut self, name: &str) -> Option<Self> {
        self.source = data(&format!("sources/{name}"));
        if self.source.is_none() {
            skip(&format!("no sources of {name} in XROOT_TEST_DATA: make test fetches them"));
            return None;
        }
        self.fresh();
        Some(self)
    }

    /// Adds options to the native runs.
    pub fn options(mut self, options: &[&str]) -> Self {
        self.options.extend(options.iter().map(|&option| option.to_owned()));
        self
    }

    /// Makes the project what it was before anything ran in it.
    #[track_caller]
    pub fn fresh(&self) {
        crate::util::remove(&self.project);
        fs::create_dir(&self.project).expect("it was just removed");
        give(&self.project);
        if let Some(source) = &self.source {
            // With their times: makefiles that regenerate configure go by them.
            run(Command::new("cp").arg("-a").arg(source.join(".")).arg(&self.project)).success();
        }
        for (name, text) in &self.files {
            let path = self.project.join(name);
            let parent = path.parent().expect("it is below the project");
            if !parent.is_dir() {
                fs::create_dir(parent).expect("the project is ours");
                give(parent);
            }
            fs::write(&path, text).expect("the project is ours");
            give(&path);
        }
    }

    /// A directory beside the project, of the host's and visible to the guest.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.home.dir(name)
    }

    fn xroot(&self) -> Xroot {
        let emulators = data("qemu").expect("it comes with the trees");
        // What of the caller's could be missed is the same in both runs.
        let path = format!("{}:/usr/bin:/bin", emulators.display());
        Xroot::new(&self.rootfs, &self.project).own_env("HOME", self.home.path()).own_env("PATH", path)
    }

    /// xroot with the tools laid over the guest.
    pub fn native(&self) -> Xroot {
        self.xroot().args(["--tools".as_ref(), self.tools.as_os_str()]).args(&self.options)
    }

    pub fn emulated(&self) -> Xroot {
        self.xroot().args(["--no-native"])
    }

    /// `xroot tools` for this guest and these tools.
    pub fn tools_command(&self, args: &[&str]) -> Output {
        let mut command = Command::new(crate::util::binary());
        command.args(["tools", "-r"]).arg(&self.rootfs).arg("--tools").arg(&self.tools).args(args);
        let path = format!("{}:/usr/bin:/bin", data("qemu").expect("it comes with the trees").display());
        command.env_clear().env("PATH", path).env("HOME", self.home.path()).current_dir(&self.project);
        run(&mut command)
    }

    /// What a script prints that ends well.
    #[track_caller]
    pub fn sh(&self, script: &str) -> String {
        self.native().run(["sh", "-ec", script]).success()
    }

    /// Runs a script and tells how each program in it was run.
    #[track_caller]
    pub fn traced(&self, script: &str) -> (String, Trace) {
        let file = self.home.path().join("trace");
        let trace = ["--trace-exec".as_ref(), file.as_os_str()];
        let output = long(self.native().args(trace), script).success();
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        fs::remove_file(&file).expect("it is below the scratch directory");
        (output, Trace::parse(&text))
    }

    /// From the same start, natively and emulated, a script prints the same on both outputs. Gives what it prints.
    ///
    /// It must end well emulated: one that stops early would prove little.
    #[track_caller]
    pub fn same(&self, script: &str) -> String {
        self.same_with(script, |xroot| xroot)
    }

    /// As [`Self::same`], with more on both command lines.
    #[track_caller]
    pub fn same_with(&self, script: &str, with: impl Fn(Xroot) -> Xroot) -> String {
        self.fresh();
        let emulated = long(with(self.emulated()), script);
        assert!(emulated.status.success(), "the script is wrong: {script}: {emulated}");
        self.fresh();
        let native = long(with(self.native()), script);
        for (what, left, right) in
            [("stdout", &emulated.stdout, &native.stdout), ("stderr", &emulated.stderr, &native.stderr)]
        {
            assert!(left == right, "{script}: {what}\n{}\nnative: {native}", diff::lines(left, right));
        }
        assert_eq!(native.code(), emulated.code(), "{script}: {native}");
        native.stdout
    }

    /// Runs a script natively and emulated, at the same place; gives the two directories that are left.
    #[track_caller]
    pub fn twice(&self, script: &str) -> Twice<'_> {
        let run = |xroot: Xroot, name: &str| {
            self.fresh();
            let output = long(xroot, script).success();
            let kept = self.home.path().join(name);
            crate::util::remove(&kept);
            fs::rename(&self.project, &kept).expect("both are below the scratch directory");
            (kept, output)
        };
        let (native, native_output) = run(self.native(), "native");
        let (emulated, emulated_output) = run(self.emulated(), "emulated");
        self.fresh();
        Twice { job: self, native, emulated, native_output, emulated_output }
    }

    /// What is in an object file or program, by the tools' own disassembler.
    #[track_caller]
    pub fn objdump(&self, directory: &Path, args: &[&str]) -> String {
        let triplet =
            if self.rootfs.ends_with("arm64-dev") { "aarch64-linux-gnu" } else { "arm-linux-gnueabihf" };
        let tools = data("rootfs/tools-bookworm").expect("it comes with the trees");
        Xroot::new(&tools, directory).run([&*format!("{triplet}-objdump")].iter().chain(args)).success()
    }

    /// The kind of program a file in the project is, read from it: its class and machine (elf(5)).
    #[track_caller]
    pub fn machine(&self, file: &str) -> (u8, u16) {
        let bytes = fs::read(self.project.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(bytes.starts_with(b"\x7fELF"), "{file} is no ELF file");
        (bytes[4], u16::from_le_bytes([bytes[18], bytes[19]]))
    }
}

/// Copies a tree, but for the paths that match one of the patterns. Not by links: what removes the copy changes modes.
#[track_caller]
pub fn copy_tree(from: &Path, to: &Path, without: &[&str]) {
    let exclude: Vec<_> = without.iter().map(|pattern| format!("--exclude='{pattern}'")).collect();
    // Of the formats this one keeps fractions of seconds.
    let pack = format!("tar -C \"$1\" --format=pax {} -cf - .", exclude.join(" "));
    run(Command::new("sh").args(["-ec", &format!("{pack} | tar -C \"$2\" -xpf -"), "sh"]).arg(from).arg(to))
        .success();
}

/// Runs a guest's shell script, for as long as a build may take.
#[track_caller]
pub fn long(xroot: Xroot, script: &str) -> Output {
    let mut command = xroot.into_command();
    run_for(command.args(["sh", "-ec", script]), LONG).unwrap_or_else(|hung| panic!("{hung}"))
}

/// What a native and an emulated run of the same script left.
pub struct Twice<'a> {
    job: &'a Job,
    pub native: PathBuf,
    pub emulated: PathBuf,
    pub native_output: String,
    pub emulated_output: String,
}

impl Twice<'_> {
    /// A file is the same in both, but for the lines that `ignore` names.
    #[track_caller]
    pub fn same_text(&self, file: &str, ignore: impl Fn(&str) -> bool) {
        let read = |directory: &Path| {
            let text =
                fs::read_to_string(directory.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
            text.lines().filter(|line| !ignore(line)).map(|line| format!("{line}\n")).collect::<String>()
        };
        let (native, emulated) = (read(&self.native), read(&self.emulated));
        assert!(native == emulated, "{file}\n{}", diff::lines(&emulated, &native));
    }

    /// The machine code of a file, and what it names, are the same in both.
    #[track_caller]
    pub fn same_code(&self, file: &str) {
        let [native, emulated] =
            [&self.native, &self.emulated].map(|directory| self.job.objdump(directory, &["-dr", file]));
        // Some of a library's files hold data only.
        assert!(native.contains("file format elf"), "{file}: {native}");
        if native != emulated {
            let differ = native.lines().zip(emulated.lines()).find(|(left, right)| left != right);
            panic!("{file} is not the emulated compiler's, first at {differ:?}");
        }
    }

    /// The files that the native run left whose name ends like this, as paths in its directory.
    pub fn files(&self, end: &str) -> Vec<String> {
        fn collect(top: &Path, directory: &Path, end: &str, found: &mut Vec<String>) {
            for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
                let (path, kind) = (entry.path(), entry.file_type().expect("the file is there"));
                if kind.is_dir() {
                    collect(top, &path, end, found);
                } else if kind.is_file() && path.to_string_lossy().ends_with(end) {
                    let path = path.strip_prefix(top).expect("it was found below it");
                    found.push(path.to_string_lossy().into_owned());
                }
            }
        }
        let mut found = Vec::new();
        collect(&self.native, &self.native, end, &mut found);
        found.sort();
        found
    }
}
