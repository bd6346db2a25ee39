//! The programs that are loaded.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::Command;

use sandbox::vfs::HostPath;

/// A program, and what ELF file its interpreter is.
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
        let file = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let elf = goblin::elf::Elf::parse(&file).expect("it is an ELF file");
        Self { interpreter: elf.interpreter.map(HostPath::new), path }
    }
}

/// Compiles a file beside this one; each test names its own `output`.
pub fn cc(source: &str, output: &str, flags: &[&str]) -> Program {
    let output = Path::new(env!("CARGO_TARGET_TMPDIR")).join(output);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stub").join(source);
    let status = Command::new("cc").arg("-O1").args(flags).arg("-o").arg(&output).arg(source).status();
    assert!(status.expect("cc runs").success());
    Program::at(output)
}
