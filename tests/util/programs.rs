//! Builds the test programs in `tests/guest` with the host's C compiler.
//!
//! A built program is kept under a name that holds a hash of its sources, so each is compiled once.
#![forbid(unsafe_code)]

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::thread;

use super::{scratch_base, source};

/// How a program is linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Static,
    StaticPie,
    Pie,
    NoPie,
    /// A static program of musl's; not built where there is no `musl-gcc`.
    Musl,
}

impl Kind {
    fn compiler(self) -> &'static str {
        if self == Self::Musl { "musl-gcc" } else { "cc" }
    }

    fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Static => &["-static"],
            Self::StaticPie => &["-static-pie"],
            Self::Pie => &["-fPIE", "-pie"],
            Self::NoPie => &["-fno-pie", "-no-pie"],
            Self::Musl => &["-static", "-DMUSL"],
        }
    }
}

/// The directory of the programs' sources.
pub fn sources() -> PathBuf {
    source().join("tests/guest")
}

/// The names of all programs there are.
pub fn names() -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(sources())
        .expect("the sources can be listed")
        .map(|entry| entry.expect("the sources can be listed").file_name().to_string_lossy().into_owned())
        .filter_map(|name| name.strip_suffix(".c").map(str::to_owned))
        .collect();
    names.sort();
    names
}

/// Gives the path of the built program, whose file name is `name`; none where its compiler is not installed.
#[track_caller]
pub fn build(name: &str, kind: Kind) -> Option<PathBuf> {
    let from = sources().join(format!("{name}.c"));
    let mut hasher = DefaultHasher::new();
    for file in [&from, &sources().join("check.h"), &sources().join("trace.h")] {
        fs::read(file)
            .unwrap_or_else(|error| panic!("cannot read {}: {error}", file.display()))
            .hash(&mut hasher);
    }
    (kind, kind.flags()).hash(&mut hasher);
    let place = cache().join(format!("{:016x}", hasher.finish()));
    let built = place.join(name);
    if built.exists() {
        return Some(built);
    }
    make_dir(&place);
    let fresh = place.join(format!("{name}.{}.{:?}", process::id(), thread::current().id()));
    let output = Command::new(kind.compiler())
        .args(["-std=gnu11", "-O2", "-pthread", "-w"])
        .args(kind.flags())
        .arg("-o")
        .arg(&fresh)
        .arg(&from)
        .output();
    let output = match output {
        Err(_) if kind == Kind::Musl => return None,
        output => output.unwrap_or_else(|error| panic!("cannot run {}: {error}", kind.compiler())),
    };
    assert!(output.status.success(), "{name}.c: {}", String::from_utf8_lossy(&output.stderr));
    // Another test may do the same at this moment; both have built the same.
    fs::rename(&fresh, &built).expect("it was just made");
    Some(built)
}

/// The libraries and the interpreter of a dynamic program, by their paths on the host.
pub fn libraries(program: &Path) -> Vec<PathBuf> {
    let output = Command::new("ldd").arg(program).output().expect("ldd comes with every C library");
    let mut found: Vec<_> = String::from_utf8_lossy(&output.stdout)
        .split_whitespace()
        .filter(|word| word.starts_with('/'))
        .map(PathBuf::from)
        .filter(|path| path.is_file())
        .collect();
    // glibc's pthread_exit loads this one by name, from beside libc.
    let unwinder = found
        .iter()
        .find(|path| path.ends_with("libc.so.6"))
        .map(|libc| libc.with_file_name("libgcc_s.so.1"));
    found.extend(unwinder.filter(|path| path.is_file()));
    found
}

/// Where built programs are kept: nobody else's, readable by everybody.
fn cache() -> PathBuf {
    let mine = fs::metadata("/proc/self").expect("/proc is mounted").uid();
    let place = scratch_base().join(format!("xroot-test-programs-{mine}"));
    make_dir(&place);
    let owner = fs::metadata(&place).expect("it was just made").uid();
    assert_eq!(owner, mine, "{} is another user's", place.display());
    place
}

fn make_dir(path: &Path) {
    if let Err(error) = fs::create_dir(path) {
        assert!(path.is_dir(), "cannot make {}: {error}", path.display());
    }
    // Whatever the umask; another user's is found by the caller.
    let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o755));
}
