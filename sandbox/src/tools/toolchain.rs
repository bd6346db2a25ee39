//! The compiler and binutils of a tools root, laid over the guest's.
//!
//! *inner*: the guest's driver stays emulated, and all that it starts is the host's: search paths, specs and a
//! distribution's defaults stay the guest's by construction. *driver*: the driver is the host's as well; it looks for
//! everything where it was built to, so that there, in the view of these tools alone, the guest's libraries are shown.
#![forbid(unsafe_code)]

use super::ask::Oracle;
use super::choice::{Choice, Versions};
use super::compiler::{CrossCompiler, GuestCompiler};
use super::defaults::{Defaults, compare};
use super::triplet::major;
use crate::config::{Append, Shows, ToolMount};

/// What a driver starts, in the directory of its programs.
const PROGRAMS: &[&str] = &[
    "cc1",
    "cc1plus",
    "collect2",
    "lto1",
    "lto-wrapper",
    "g++-mapper-server",
    "cc1obj",
    "cc1objplus",
    "f951",
    "gnat1",
    "d21",
    "gm21",
];

/// The plugin by which linkers and archivers read LTO objects.
const PLUGIN: &str = "liblto_plugin.so";

/// What a compiler of another version must find as its own, in the directory of its libraries: the rest is the guest's.
const OWN: &[&str] = &["include", "include-fixed", "libgcc.a", "libgcc_eh.a", "libgcov.a", "plugin"];

/// A guest's compiler and the host's for the same target.
pub struct Toolchain<'a> {
    pub guest: &'a Oracle,
    pub tools: &'a Oracle,
    pub of_guest: &'a GuestCompiler,
    pub of_tools: &'a CrossCompiler,
}

impl Toolchain<'_> {
    /// Both compilers are of one major version.
    pub fn is_same_major(&self) -> bool {
        major(&self.of_guest.version) == major(&self.of_tools.version)
    }

    /// The programs that the guest's driver starts.
    pub fn inner(&self) -> Vec<Choice> {
        let pairs = PROGRAMS.iter().filter_map(|name| {
            let guest = self.guest.file(&format!("{}/{name}", self.of_guest.programs))?;
            Some((*name, guest, self.tools.file(&format!("{}/{name}", self.of_tools.programs))))
        });
        pairs
            .map(|(name, (guest, _), host)| match host {
                Some((_, host)) => match self.inner_difference(name) {
                    None => {
                        Choice::on(called(name), guest, host, self.versions()).adding(self.includes(name))
                    }
                    Some(why) => Choice::off(called(name), Some(guest), why),
                },
                None => Choice::off(called(name), Some(guest), format!("the host's compiler has no {name}")),
            })
            .collect()
    }

    /// What a compiler proper predefines otherwise than the guest's, if anything.
    fn inner_difference(&self, name: &str) -> Option<String> {
        if !["cc1", "cc1plus"].contains(&name) {
            return None;
        }
        // Hosted, it would read a header of the C library.
        let words = ["-quiet", "-E", "-dM", "-ffreestanding", "/dev/null"];
        let of = |oracle: &Oracle, dir: &str, version: &str| {
            let macros = oracle.ask(&format!("{dir}/{name}"), &words)?;
            Some(Defaults { version: version.into(), macros: vec![macros], target: String::new() })
        };
        let guest = of(self.guest, &self.of_guest.programs, &self.of_guest.version);
        let host = of(self.tools, &self.of_tools.programs, &self.of_tools.version);
        match (guest, host) {
            (Some(guest), Some(host)) => {
                compare(&guest, &host).err().map(|why| format!("it means another thing: {why}"))
            }
            (_, _) => Some(format!("{name} does not say what it predefines")),
        }
    }

    fn versions(&self) -> Versions {
        let (guest, triplet) = (self.of_guest, &self.of_guest.triplet);
        let number = guest.version.split('.').next().unwrap_or_default();
        let drivers = [
            format!("/usr/bin/{triplet}-gcc-{number}"),
            format!("/usr/bin/gcc-{number}"),
            "/usr/bin/gcc".into(),
        ];
        let full =
            drivers.iter().find_map(|path| self.guest.line(path, &["-dumpfullversion", "-dumpversion"]));
        Versions::new(full.as_ref().unwrap_or(&guest.version), &self.of_tools.version)
    }

    /// What the host's compiler proper is told about where the guest's has its headers, so that even the names of the
    /// headers in debugging information are the guest's.
    fn includes(&self, name: &str) -> Vec<Append> {
        let (dir, version, triplet) =
            (&self.of_guest.libraries, &self.of_guest.version, &self.of_guest.triplet);
        let own = |dir: &str| dir.starts_with(&self.of_tools.libraries);
        let is_there = |dir: &String| own(dir) || self.guest.root.host(dir.as_bytes()).is_ok();
        let mut added = Vec::new();
        let mut add = |unless: &[&str], first: Option<&str>, dirs: Vec<String>| {
            let dirs = dirs.into_iter().filter(is_there).flat_map(|dir| ["-isystem".to_owned(), dir]);
            let words = first.map(str::to_owned).into_iter().chain(dirs).collect();
            added.push(Append::Unless(unless.iter().map(ToString::to_string).collect(), words));
        };
        if ["cc1plus", "cc1objplus"].contains(&name) {
            let generic = format!("/usr/include/c++/{version}");
            let own = [format!("/usr/include/{triplet}/c++/{version}"), format!("{generic}/{triplet}")];
            let dirs = [std::slice::from_ref(&generic), &own, &[format!("{generic}/backward")]].concat();
            add(&["-nostdinc*", "-isysroot*"], Some("-nostdinc++"), dirs);
        }
        if name.starts_with("cc1") {
            // A compiler for another machine has no /usr/local/include, which comes behind the compiler's own headers.
            let own = if self.is_same_major() { format!("{dir}/include") } else { self.own_headers() };
            let local = "/usr/local/include";
            add(&["-nostdinc", "-isysroot*"], None, vec![own, format!("{local}/{triplet}"), local.into()]);
        }
        added
    }

    /// The headers of the host's compiler, by their name in its view.
    fn own_headers(&self) -> String {
        format!("{}/include", self.of_tools.libraries)
    }

    /// The linker plugin, which ld, ar and their like load.
    pub fn plugin(&self) -> Option<ToolMount> {
        let (guest, _) = self.guest.file(&format!("{}/{PLUGIN}", self.of_guest.programs))?;
        let (_, host) = self.tools.file(&format!("{}/{PLUGIN}", self.of_tools.programs))?;
        Some(ToolMount { at: guest.into_bytes(), shows: Shows::Host(host) })
    }

    /// Where the host's driver looks for its programs and libraries: the former are there, the latter are the guest's.
    pub fn driver_view(&self) -> Vec<ToolMount> {
        let cross = self.of_tools;
        let host = |path: &str| Some(Shows::Host(self.tools.file_or_directory(path)?));
        let mut mounts = vec![ToolMount {
            at: cross.libraries.clone().into_bytes(),
            shows: Shows::Guest(self.of_guest.libraries.clone().into_bytes()),
        }];
        let mut show = |at: String| {
            if let Some(shows) = host(&at) {
                mounts.push(ToolMount { at: at.into_bytes(), shows });
            }
        };
        if cross.programs != cross.libraries {
            show(cross.programs.clone());
        } else {
            PROGRAMS.iter().chain(&[PLUGIN]).for_each(|name| show(format!("{}/{name}", cross.programs)));
        }
        if !self.is_same_major() {
            OWN.iter().for_each(|name| show(format!("{}/{name}", cross.libraries)));
        }
        mounts
    }

    /// The programs that the host's driver starts by the names that it was built with.
    pub fn driver_parts(&self) -> Vec<Choice> {
        let part = |name: &&str| {
            let at = format!("{}/{name}", self.of_tools.programs);
            let (_, host) = self.tools.file(&at)?;
            Some(Choice::on(name, at, host, self.versions()).adding(self.includes(name)).as_part())
        };
        PROGRAMS.iter().filter(|name| name.starts_with("cc1")).filter_map(part).collect()
    }

    /// What the host's driver must be told so that it means what the guest's does.
    ///
    /// # Errors
    /// Why it cannot mean the same.
    pub fn driver_fixes(
        &self,
        guest_driver: &str,
        host_driver: &str,
        language: &str,
    ) -> Result<Vec<String>, String> {
        let mut words = compare(
            &defaults(self.guest, guest_driver, &self.of_guest.version, language)?,
            &defaults(self.tools, host_driver, &self.of_tools.version, language)?,
        )?;
        if self.of_tools.sysroot.is_some() {
            words.insert(0, "--sysroot=/".into());
        }
        Ok(words)
    }
}

/// What the user calls a program of a compiler.
fn called(program: &str) -> &str {
    match program {
        "cc1" => "gcc",
        "cc1plus" => "g++",
        other => other,
    }
}

fn defaults(oracle: &Oracle, driver: &str, version: &str, language: &str) -> Result<Defaults, String> {
    let silent = || format!("{driver} does not say what its defaults are");
    let macros = oracle.ask(driver, &["-O2", "-dM", "-E", "-x", language, "/dev/null"]).ok_or_else(silent)?;
    let target = oracle.ask(driver, &["-Q", "--help=target"]).ok_or_else(silent)?;
    Ok(Defaults { version: version.into(), macros: vec![macros], target })
}
