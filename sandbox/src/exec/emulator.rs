//! Which program runs a foreign machine's programs, and how it wants to be called.
#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::elf::{self, Headers};
use super::machine::Machine;
use crate::config::{self, EmulatorSearch};
use crate::error::{Errno, Error};
use crate::vfs::HostPath;

/// A word of an emulator's command line, before the program's own arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Emulator,
    Text(&'static str),
    /// The argv[0] that the program was called with.
    Argv0,
    /// The program's guest path.
    Path,
}

/// How the emulators of a family are called.
#[derive(Debug)]
struct Family {
    /// What their file names begin with; the machine follows.
    prefix: &'static str,
    /// What may follow the machine.
    suffixes: &'static [&'static str],
    command: &'static [Word],
}

static FAMILIES: &[Family] = &[Family {
    prefix: "qemu-",
    suffixes: &["-static", ""],
    // Without -L it first looks for each absolute path below a directory of its own, /etc/qemu-binfmt/arm or what
    // QEMU_LD_PREFIX says: a guest that has it would be shown two trees as one. `/` is none (util/path.c).
    command: &[Word::Emulator, Word::Text("-L"), Word::Text("/"), Word::Text("-0"), Word::Argv0, Word::Path],
}];

/// An emulator that this host can run.
#[derive(Debug, Clone)]
pub struct Emulator {
    pub path: HostPath,
    command: &'static [Word],
}

/// What stands in argv[0]'s place when an emulator runs a program.
#[derive(Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// In the order in which execve is given them: what /proc/PID/cmdline is to show comes last.
    pub words: Vec<Vec<u8>>,
    /// Two of them that have to change places before the emulator sees them.
    pub swap: Option<(usize, usize)>,
}

impl Emulator {
    /// How to run the guest's `path` with this argv[0].
    pub fn command_line(&self, argv0: &[u8], path: &[u8]) -> CommandLine {
        let mut order = self.command.to_vec();
        let last = order.len() - 1;
        let argv0_at = order.iter().position(|&word| word == Word::Argv0).unwrap_or(last);
        order.swap(argv0_at, last);
        let spell = |word: Word| match word {
            Word::Emulator => self.path.as_bytes().to_vec(),
            Word::Text(text) => text.as_bytes().to_vec(),
            Word::Argv0 => argv0.to_vec(),
            Word::Path => path.to_vec(),
        };
        CommandLine {
            words: order.into_iter().map(spell).collect(),
            swap: (argv0_at != last).then_some((argv0_at, last)),
        }
    }
}

/// The emulators of a session: each is looked for once, when its first program is run.
#[derive(Debug)]
pub struct Emulators {
    search: EmulatorSearch,
    /// What the user named, checked.
    explicit: HashMap<&'static str, Emulator>,
    found: RefCell<HashMap<&'static str, Result<Emulator, Error>>>,
}

impl Emulators {
    /// Checks the emulators that the user named.
    ///
    /// # Errors
    /// One of them cannot be used ([`Error::Emulator`] and its like), or it is unclear for which machine it is.
    pub fn new(search: EmulatorSearch) -> Result<Self, Error> {
        let mut explicit = HashMap::new();
        for named in &search.explicit {
            let machine = machine_of(named)?;
            explicit.insert(machine.name, check(&named.path)?);
        }
        Ok(Self { search, explicit, found: RefCell::default() })
    }

    /// The emulator for the programs of `machine`; `program` is one, for the message.
    ///
    /// # Errors
    /// [`Error::NoEmulator`]; [`Error::EmulatorDynamic`] or another if the only ones found cannot be used.
    pub fn find(&self, machine: &'static Machine, program: &[u8]) -> Result<Emulator, Error> {
        if let Some(emulator) = self.explicit.get(machine.name) {
            return Ok(emulator.clone());
        }
        let mut found = self.found.borrow_mut();
        let found = found.entry(machine.name).or_insert_with(|| self.look(machine));
        found.clone().map_err(|error| match error {
            Error::NoEmulator { machine, .. } => {
                Error::NoEmulator { machine, program: String::from_utf8_lossy(program).into_owned() }
            }
            error => error,
        })
    }

    /// The first usable candidate, else why the first candidate is not.
    fn look(&self, machine: &Machine) -> Result<Emulator, Error> {
        let mut why = None;
        for candidate in self.candidates(machine) {
            match check(&candidate) {
                Ok(emulator) => return Ok(emulator),
                Err(error) => why = why.or(Some(error)),
            }
        }
        Err(why.unwrap_or(Error::NoEmulator { machine: machine.name.into(), program: String::new() }))
    }

    /// Existing executable files with the right name: along PATH the static names first, then the user's own directory.
    fn candidates(&self, machine: &Machine) -> Vec<PathBuf> {
        let names = FAMILIES.iter().flat_map(|family| {
            family.suffixes.iter().map(|suffix| format!("{}{}{suffix}", family.prefix, machine.name))
        });
        let names: Vec<String> = names.collect();
        let on_path = names.iter().flat_map(|name| self.search.path.iter().map(move |dir| dir.join(name)));
        let own = self.search.data_dir.iter().flat_map(|dir| names.iter().map(move |name| dir.join(name)));
        on_path.chain(own).filter(|path| path.is_absolute() && executable(path)).collect()
    }
}

fn executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// The machine for which the user meant this emulator.
fn machine_of(named: &config::Emulator) -> Result<&'static Machine, Error> {
    if let Some(arch) = &named.arch {
        return Machine::named(arch).ok_or_else(|| Error::UnknownMachine { name: arch.clone() });
    }
    let name = named.path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    FAMILIES
        .iter()
        .filter_map(|family| Some((name.strip_prefix(family.prefix)?, family.suffixes)))
        .flat_map(|(rest, suffixes)| suffixes.iter().filter_map(|suffix| rest.strip_suffix(suffix)))
        .find_map(Machine::named)
        .ok_or_else(|| Error::EmulatorUnnamed { path: named.path.clone() })
}

/// Makes sure that `path` is a static program for this host.
fn check(path: &Path) -> Result<Emulator, Error> {
    let broken = |errno| Error::Emulator { path: path.into(), errno };
    let io = |error: std::io::Error| broken(Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)));
    // Links are followed now: the guest may see something else where they point.
    let path = fs::canonicalize(path).map_err(io)?;
    if !executable(&path) {
        return Err(broken(Errno::EACCES));
    }
    let file = File::open(&path).map_err(io)?;
    let head = elf::read_head(&file).map_err(broken)?;
    if !head.starts_with(goblin::elf::header::ELFMAG) {
        return Err(Error::EmulatorNotElf { path });
    }
    match Machine::of(&head) {
        Some(machine) if machine.is_host() => {}
        Some(machine) => return Err(Error::EmulatorForeign { path, machine: machine.name.into() }),
        None => return Err(Error::EmulatorForeign { path, machine: "an unknown machine".into() }),
    }
    let headers = Headers::of_program(&file, &head, Machine::host()).map_err(broken)?;
    if let Some(interpreter) = headers.interpreter_name(&file).map_err(broken)? {
        let interpreter = String::from_utf8_lossy(&interpreter).into_owned();
        return Err(Error::EmulatorDynamic { path, interpreter });
    }
    Ok(Emulator { path: HostPath::new(path), command: FAMILIES[0].command })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::for_tests::{ARM, Dir, HOST};

    fn arm() -> &'static Machine {
        Machine::named("arm").expect("it is in the table")
    }

    fn search(dir: &Dir) -> EmulatorSearch {
        let path = ["one", "two", "relative"].map(|name| dir.path().join(name)).to_vec();
        EmulatorSearch { explicit: Vec::new(), path, data_dir: Some(dir.path().join("own")) }
    }

    #[track_caller]
    fn found(search: EmulatorSearch) -> Result<PathBuf, Error> {
        let emulators = Emulators::new(search)?;
        emulators.find(arm(), b"/prog").map(|emulator| emulator.path.as_path().to_path_buf())
    }

    fn explicit(arch: Option<&str>, path: &Path) -> EmulatorSearch {
        let named = config::Emulator { arch: arch.map(String::from), path: path.into() };
        EmulatorSearch { explicit: vec![named], ..Default::default() }
    }

    #[test]
    fn the_users_choice_comes_first_then_static_names_then_path_then_the_users_directory() {
        let dir = Dir::new("order");
        let nothing = Error::NoEmulator { machine: "arm".into(), program: "/prog".into() };
        assert_eq!(found(search(&dir)), Err(nothing));
        let own = dir.file("own/qemu-arm", &HOST.bytes(), 0o755);
        assert_eq!(found(search(&dir)), Ok(own));
        let plain = dir.file("one/qemu-arm", &HOST.bytes(), 0o755);
        assert_eq!(found(search(&dir)), Ok(plain));
        let named_static = dir.file("two/qemu-arm-static", &HOST.bytes(), 0o755);
        assert_eq!(found(search(&dir)), Ok(named_static));
        let chosen = dir.file("chosen", &HOST.bytes(), 0o755);
        assert_eq!(
            found(EmulatorSearch { path: search(&dir).path, ..explicit(Some("armhf"), &chosen) }),
            Ok(chosen)
        );
    }

    #[test]
    fn what_cannot_be_used_is_passed_over_but_named_if_there_is_nothing_else() {
        let dir = Dir::new("unusable");
        let dynamic =
            dir.file("one/qemu-arm-static", &HOST.with_interpreter(b"/lib64/ld.so\0").bytes(), 0o755);
        let error = Error::EmulatorDynamic { path: dynamic, interpreter: "/lib64/ld.so".into() };
        assert_eq!(found(search(&dir)), Err(error));
        dir.file("one/qemu-arm", &HOST.bytes(), 0o644);
        let usable = dir.file("two/qemu-arm", &HOST.bytes(), 0o755);
        assert_eq!(found(search(&dir)), Ok(usable));
    }

    #[test]
    fn a_bad_choice_of_the_users_is_an_error_at_once() {
        let dir = Dir::new("choice");
        let path = dir.file("qemu-arm", &ARM.bytes(), 0o755);
        let foreign = Error::EmulatorForeign { path: path.clone(), machine: "arm".into() };
        assert_eq!(found(explicit(None, &path)), Err(foreign));
        let path = dir.file("qemu-aarch64", b"#!/bin/sh\n", 0o755);
        assert_eq!(found(explicit(None, &path)), Err(Error::EmulatorNotElf { path }));
        let path = dir.file("emulator", &HOST.bytes(), 0o755);
        assert_eq!(found(explicit(None, &path)), Err(Error::EmulatorUnnamed { path: path.clone() }));
        assert_eq!(found(explicit(Some("vax"), &path)), Err(Error::UnknownMachine { name: "vax".into() }));
        let path = dir.path().join("missing");
        let missing = Error::Emulator { path: path.clone(), errno: Errno::ENOENT };
        assert_eq!(found(explicit(Some("arm"), &path)), Err(missing));
    }

    #[test]
    fn a_link_to_an_emulator_is_followed() {
        let dir = Dir::new("link");
        let real = dir.file("elsewhere/emu", &HOST.bytes(), 0o755);
        std::os::unix::fs::symlink(&real, dir.path().join("qemu-arm")).expect("it is writable");
        assert_eq!(found(explicit(None, &dir.path().join("qemu-arm"))), Ok(real));
    }
}
