//! The programs that are loaded.
#![forbid(unsafe_code)]

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use sandbox::config::EmulatorSearch;
use sandbox::error::{Errno, Failure};
use sandbox::exec::{Emulators, Files, Found, Natives, Plan, Refused, Runners, plan};
use sandbox::vfs::{GuestPath, HostPath};

/// The host as a guest that is all of it.
pub struct Host;

impl Files for Host {
    fn find(&mut self, path: &[u8]) -> Result<Found, Failure> {
        let found = fs::canonicalize(OsStr::from_bytes(path))
            .map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(0)))?;
        let guest = GuestPath::lexical(found.as_os_str().as_bytes());
        Ok(Found::open(guest, HostPath::new(found))?)
    }
}

/// What xroot plans for the file at `path`, called by its name; no emulators.
pub fn plan_for(path: &[u8]) -> Result<Plan, Refused> {
    let emulators = Emulators::new(EmulatorSearch::default()).expect("nothing is named");
    plan(&mut Host, &mut (), &Runners { emulators, natives: Natives::default() }, path, NAME)
}

/// argv[0] of every program here.
pub const NAME: &[u8] = b"name";

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
    pub fn cc(&self, compiler: &str, source: &str, output: &str, flags: &[&str]) -> PathBuf {
        let output = self.0.join(output);
        let status = Command::new(compiler)
            .arg("-O1")
            .args(flags)
            .arg("-o")
            .arg(&output)
            .arg(self::source(source))
            .status();
        assert!(status.unwrap_or_else(|error| panic!("{compiler}: {error}")).success());
        output
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
    root.join("tests/exec").join(name)
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
