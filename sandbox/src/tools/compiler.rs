//! The compilers of GCC in a root file system: where each has its programs and its libraries, and what it is called.
#![forbid(unsafe_code)]

use super::ask::Oracle;
use super::triplet::{major, spellings};

/// Directories that hold TRIPLET/VERSION directories of compilers, and in them cc1 or crtbegin.o.
const PLACES: &[&str] = &["/usr/lib/gcc", "/usr/libexec/gcc", "/usr/lib64/gcc"];

/// A compiler of the guest's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestCompiler {
    /// arm-linux-gnueabihf
    pub triplet: String,
    /// As its directories are called: 12, or 12.2.0.
    pub version: String,
    /// The directory of cc1 and what else its driver starts.
    pub programs: String,
    /// The directory of crtbegin.o, libgcc.a and its own headers.
    pub libraries: String,
}

/// All compilers that can compile: those with a cc1 for `processor`'s own programs.
pub fn of_guest(guest: &Oracle) -> Vec<GuestCompiler> {
    let mut found: Vec<GuestCompiler> = Vec::new();
    for place in PLACES {
        for triplet in guest.names(place) {
            for version in guest.names(&format!("{place}/{triplet}")) {
                let programs = format!("{place}/{triplet}/{version}");
                if major(&version).is_none() || guest.file(&format!("{programs}/cc1")).is_none() {
                    continue;
                }
                let beside = PLACES.iter().map(|place| format!("{place}/{triplet}/{version}"));
                let libraries = { beside }.find(|dir| guest.file(&format!("{dir}/libgcc.a")).is_some());
                let libraries = libraries.unwrap_or_else(|| programs.clone());
                found.push(GuestCompiler { triplet: triplet.clone(), version, programs, libraries });
            }
        }
    }
    found
}

/// A compiler of the tools root that compiles for the guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrossCompiler {
    /// What its programs' names begin with, the dash included; empty for one that is called plainly.
    pub prefix: String,
    /// What its driver's name ends with: "-12", or nothing.
    pub suffix: String,
    /// 12.2.0
    pub version: String,
    /// Paths in the tools root, as the driver tells them.
    pub programs: String,
    pub libraries: String,
    /// What it was built to find headers and libraries below; `None` for the root.
    pub sysroot: Option<String>,
}

/// The compiler of `tools` for `guest`'s target: of the same major version, else the newest.
///
/// # Errors
/// What there is instead, for the user.
pub fn of_tools(tools: &Oracle, bins: &[String], guest: &GuestCompiler) -> Result<CrossCompiler, String> {
    let wanted = major(&guest.version);
    let mut others: Vec<(u32, CrossCompiler)> = Vec::new();
    for prefix in spellings(&guest.triplet) {
        for bin in bins {
            for (driver, suffix) in drivers(tools, bin, &prefix) {
                let Some(found) = ask(tools, &driver, format!("{prefix}-"), suffix) else { continue };
                let Some(number) = major(&found.version) else { continue };
                if Some(number) == wanted {
                    return Ok(found);
                }
                others.push((number, found));
            }
        }
    }
    let newest = others.into_iter().max_by_key(|(number, _)| *number);
    newest.map(|(_, found)| found).ok_or_else(|| format!("the host has no compiler for {}", guest.triplet))
}

/// The drivers in a directory that are called `prefix`-gcc, versions included, the plain one first.
fn drivers(tools: &Oracle, bin: &str, prefix: &str) -> Vec<(String, String)> {
    let plain = format!("{prefix}-gcc");
    let driver = |name: String| {
        let suffix = name.strip_prefix(&plain)?.to_owned();
        let is_version = suffix.strip_prefix('-').is_some_and(|rest| major(rest).is_some());
        (suffix.is_empty() || is_version).then(|| (format!("{bin}/{name}"), suffix))
    };
    // Wrappers of the same beginning, gcc-ar and gcc-nm, are no drivers.
    tools.names(bin).into_iter().filter_map(driver).collect()
}

fn ask(tools: &Oracle, driver: &str, prefix: String, suffix: String) -> Option<CrossCompiler> {
    tools.file(driver)?;
    let version = tools.line(driver, &["-dumpfullversion", "-dumpversion"])?;
    let parent = |path: String| Some(path.rsplit_once('/')?.0.to_owned()).filter(|dir| !dir.is_empty());
    let programs = parent(tools.line(driver, &["-print-prog-name=cc1"])?)?;
    let libraries = parent(tools.line(driver, &["-print-libgcc-file-name"])?)?;
    let sysroot = tools.line(driver, &["-print-sysroot"]).filter(|root| !root.is_empty() && root != "/");
    let tidy = |dir: String| {
        String::from_utf8_lossy(crate::vfs::GuestPath::lexical(dir.as_bytes()).as_bytes()).into_owned()
    };
    Some(CrossCompiler {
        prefix,
        suffix,
        version,
        programs: tidy(programs),
        libraries: tidy(libraries),
        sysroot,
    })
}
