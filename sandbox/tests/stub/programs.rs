//! The programs that are loaded.
#![forbid(unsafe_code)]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sandbox::vfs::HostPath;

/// A program, and the file that its PT_INTERP names on the host.
#[derive(Debug, Clone)]
pub struct Program {
    pub path: PathBuf,
    pub interpreter: Option<HostPath>,
}

impl Program {
    /// The file at `path`, which must be there.
    #[track_caller]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let file = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let elf = goblin::elf::Elf::parse(&file).expect("it is an ELF file");
        Self { interpreter: elf.interpreter.map(HostPath::new), path }
    }
}

/// A directory of this test's own, removed in the end.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Self {
        let parent = env::var_os("XROOT_TEST_TMP").unwrap_or_else(|| env!("CARGO_TARGET_TMPDIR").into());
        let path = Path::new(&parent).join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("the scratch directory is writable");
        Self(path)
    }

    /// Compiles a file beside this one.
    #[track_caller]
    pub fn cc(&self, compiler: &str, source: &str, output: &str, flags: &[&str]) -> Program {
        let output = self.0.join(output);
        let status = Command::new(compiler)
            .arg("-O1")
            .args(flags)
            .arg("-o")
            .arg(&output)
            .arg(self::source(source))
            .status();
        assert!(status.unwrap_or_else(|error| panic!("{compiler}: {error}")).success());
        Program::at(output)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A file beside this one.
fn source(name: &str) -> PathBuf {
    let root = match env::var_os("XROOT_TEST_SRC") {
        Some(checkout) => Path::new(&checkout).join("sandbox"),
        None => env!("CARGO_MANIFEST_DIR").into(),
    };
    root.join("tests/stub").join(name)
}

/// The program called `name` along PATH; without it the test is skipped, which must not happen in CI.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.exists());
    if found.is_none() {
        eprintln!("skipped: there is no {name}");
        assert!(env::var_os("XROOT_TEST_MUST_RUN").is_none(), "{name} is missing and skips are forbidden");
    }
    found
}
