//! Which of the host's programs run in a guest: what is wanted, held against what both sides have.
#![forbid(unsafe_code)]

use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::ask::Oracle;
use super::choice::{Choice, Sees, State as Found, Versions};
use super::compiler::{self, CrossCompiler, GuestCompiler};
use super::profile::{Kind, Need, Profile, Rule, Value, package};
use super::spec::{By, Spec, State, Wanted};
use super::toolchain::Toolchain;
use super::triplet::{major, version};
use super::views;
use crate::config::{Append, Binding, Cc, Config, Native, Origin, Toolset};
use crate::error::Error;
use crate::exec::{Machine, machine_of_file};

/// What was decided for a guest.
#[derive(Debug, Default)]
pub struct Selection {
    /// For the session.
    pub toolset: Toolset,
    /// What the session has to show of the host where the guest has nothing.
    pub bindings: Vec<Binding>,
    /// For the user: every tool that is known, in the order of names.
    pub choices: Vec<Choice>,
    /// The root file system that the tools come from.
    pub root: PathBuf,
    /// What the guest's compiler compiles for.
    pub triplet: Option<String>,
}

/// Directories of programs, in the order of a login's PATH.
const BINS: &[&str] = &["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"];

/// Files by which a root file system shows what machine it is for.
const WITNESSES: &[&str] =
    &["/bin/sh", "/usr/bin/env", "/bin/busybox", "/sbin/init", "/bin/bash", "/usr/bin/gcc"];

/// Programs that are many, called by their first argument: what one of them is laid over, all are.
const MULTICALL: &[&str] = &["busybox", "toybox", "coreutils"];

/// Decides which of the host's programs run in the guest that `config` describes. Where it is of this host's machine,
/// none do.
///
/// # Errors
/// A profile or a word that makes no sense, a tools directory that is none, and a tool that was asked for by name and
/// cannot be had.
pub fn select(config: &Config) -> Result<Selection, Error> {
    let selection = survey(config)?;
    selection.complaint.map_or(Ok(selection.selection), Err)
}

/// A selection, and what the user asked for in vain.
#[derive(Debug)]
pub struct Survey {
    pub selection: Selection,
    pub complaint: Option<Error>,
}

/// As [`select`], where a tool that cannot be had is a part of the answer.
///
/// # Errors
/// As [`select`], but for tools.
pub fn survey(config: &Config) -> Result<Survey, Error> {
    let nothing =
        |machine| Selection { toolset: Toolset { machine, ..Toolset::default() }, ..Selection::default() };
    let cache = config.native.as_ref().map_or(Path::new("/nonexistent"), |native| &native.cache);
    let guest = Oracle::new(&config.rootfs, config, cache);
    let machine = WITNESSES.iter().find_map(|path| machine_of_file(&File::open(guest.file(path)?.1).ok()?));
    let Some(machine) = machine.filter(|machine| !machine.is_host()) else {
        return Ok(Survey { selection: nothing(None), complaint: None });
    };
    let name = Some(machine.name.to_owned());
    let Some(native) = &config.native else {
        return Ok(Survey { selection: nothing(name), complaint: None });
    };
    let profile = Profile::load(&native.profiles, config.caller.ids.uid)?;
    let wanted = Spec::parse(&native.words)?.wanted(&profile)?;
    let root = tools_root(native, &profile, &guest)?;
    let tools = Oracle::new(&root, config, cache).with_libraries();
    let mut selector = Selector::new(&guest, &tools, native, &profile, &wanted, machine);
    selector.all();
    let complaint = selector.complaint();
    let Selector { mut choices, mounts, triplet, .. } = selector;
    let bound = choices.iter().filter(|choice| choice.is_bound);
    let bindings = bound.filter_map(|choice| {
        let (guest, source) = (choice.guest.clone()?.into_bytes(), choice.host.clone()?);
        Some(Binding { source, guest, readonly: true, origin: Origin::User })
    });
    let bindings = bindings.collect();
    choices.sort_by(|a, b| (&a.guest, &a.name).cmp(&(&b.guest, &b.name)));
    // Two names of one file: ld and ld.bfd.
    choices.dedup_by(|a, b| a.guest.is_some() && a.guest == b.guest && a.is_on() == b.is_on());
    let toolset = views::toolset(machine, &profile, &guest, &tools, &choices, mounts);
    Ok(Survey { selection: Selection { toolset, bindings, choices, root, triplet }, complaint })
}

/// Where the tools come from: what the user says, else what `xroot tools install` got for this guest, else the host.
fn tools_root(native: &Native, profile: &Profile, guest: &Oracle) -> Result<PathBuf, Error> {
    let named = native.tools.as_ref().or(profile.tools_dir.as_ref());
    let Some(dir) = named else {
        let installed = native.installed.join(super::release::key(guest));
        return Ok(if installed.join("usr").is_dir() { installed } else { "/".into() });
    };
    let wrong = |why: &str| Error::ToolsDir { path: dir.clone(), why: why.into() };
    let dir = std::fs::canonicalize(dir).map_err(|error| wrong(&error.to_string()))?;
    if !dir.join("usr").is_dir() && !dir.join("bin").is_dir() {
        return Err(wrong("it holds no root filesystem: neither usr nor bin"));
    }
    Ok(dir)
}

/// One selection in the making.
struct Selector<'a> {
    guest: &'a Oracle,
    tools: &'a Oracle,
    profile: &'a Profile,
    wanted: &'a Wanted,
    machine: &'static Machine,
    cc: Cc,
    bins: Vec<String>,
    compilers: Vec<(GuestCompiler, Result<CrossCompiler, String>)>,
    triplet: Option<String>,
    choices: Vec<Choice>,
    /// What the toolchain sees.
    mounts: Vec<crate::config::ToolMount>,
}

impl<'a> Selector<'a> {
    fn new(
        guest: &'a Oracle,
        tools: &'a Oracle,
        native: &Native,
        profile: &'a Profile,
        wanted: &'a Wanted,
        machine: &'static Machine,
    ) -> Self {
        let on_path = native.path.iter().filter(|_| tools.top == Path::new("/"));
        let on_path = on_path.filter_map(|dir| dir.to_str().map(str::to_owned));
        let mut bins: Vec<String> = BINS.iter().map(ToString::to_string).collect();
        on_path.for_each(|dir| {
            if !bins.contains(&dir) {
                bins.push(dir)
            }
        });
        let cc = native.cc.or(profile.cc).unwrap_or(Cc::Inner);
        let choices = Vec::new();
        Self {
            guest,
            tools,
            profile,
            wanted,
            machine,
            cc,
            bins,
            compilers: Vec::new(),
            triplet: None,
            choices,
            mounts: Vec::new(),
        }
    }

    fn all(&mut self) {
        self.compilers = compiler::of_guest(self.guest)
            .into_iter()
            .map(|guest| (guest.clone(), compiler::of_tools(self.tools, &self.bins, &guest)))
            .collect();
        self.triplet = self.compilers.first().map(|(guest, _)| guest.triplet.clone());
        let has_compiler = self.toolchains();
        for (name, rule) in &self.profile.tools {
            let by = match self.wanted.tools.get(name) {
                Some(State::On(by)) => *by,
                Some(State::Off) | None => {
                    let state = match &rule.refuse {
                        Some(why) => Found::Refused(why.clone()),
                        None => Found::Off("it was not asked for".into()),
                    };
                    if rule.kind != Kind::Gcc {
                        let guest = self.guest_file(name, rule).map(|(path, _)| path);
                        let state = if guest.is_some() { state } else { Found::Absent };
                        self.choices.push(Choice { state, ..Choice::off(name, guest, String::new()) });
                    }
                    continue;
                }
            };
            let choice = match rule.kind {
                Kind::Gcc => continue,
                Kind::Binutils => self.binutils(name, rule, by, has_compiler),
                Kind::Program => self.program(name, rule, by),
                Kind::Clang => self.clang(name, rule, by),
            };
            self.choices.push(choice);
        }
        self.explicit();
    }

    /// The compilers; true if those that the guest has are the host's now.
    fn toolchains(&mut self) -> bool {
        let by = |name: &str| match self.wanted.tools.get(name) {
            Some(State::On(by)) => Some(*by),
            Some(State::Off) | None => None,
        };
        let (c, cxx) = (by("gcc"), by("g++"));
        let Some(strongest) = c.max(cxx).filter(|_| self.cc != Cc::Off) else {
            let why = if self.cc == Cc::Off { "--native-cc off" } else { "it was not asked for" };
            self.compilers_off(|_| why.into());
            return self.compilers.is_empty();
        };
        let mut all = !self.compilers.is_empty();
        for (guest, found) in &self.compilers {
            let (of_guest, tools) = (guest, self.tools);
            let cross = match found {
                Ok(cross) => cross,
                Err(why) => {
                    let package = self.package("gcc", Some(of_guest));
                    self.choices.push(Choice {
                        package,
                        ..Choice::off("gcc", Some(format!("{}/cc1", of_guest.programs)), why.clone())
                    });
                    all = false;
                    continue;
                }
            };
            let chain = Toolchain { guest: self.guest, tools, of_guest, of_tools: cross };
            let mut chosen = Vec::new();
            if chain.is_same_major() {
                let packaged = |choice: Choice| Choice {
                    package: if choice.is_on() { None } else { self.package(&choice.name, Some(of_guest)) },
                    ..choice
                };
                chosen = chain.inner().into_iter().map(packaged).collect();
                self.mounts.extend(chain.plugin());
            } else if self.cc != Cc::Driver {
                let why = format!(
                    "the host's is {}, the guest's {}: --native-cc driver uses it for C and C++",
                    cross.version, of_guest.version
                );
                let why =
                    if strongest >= By::Group { why } else { format!("{why} (or: xroot tools install)") };
                let package = self.package("gcc", Some(of_guest));
                let off = Choice::off("gcc", Some(format!("{}/cc1", of_guest.programs)), why);
                self.choices.push(Choice { package, ..off });
                all = false;
                continue;
            }
            if self.cc == Cc::Driver {
                let drivers = self.drivers(&chain, c.is_some(), cxx.is_some());
                if drivers.iter().any(Choice::is_on) {
                    self.mounts.extend(chain.driver_view());
                    self.mounts.extend(chain.plugin());
                    chosen.extend(chain.driver_parts());
                }
                chosen.extend(drivers);
            }
            self.choices.extend(chosen.into_iter().map(Choice::of_toolchain));
        }
        all || self.compilers.is_empty()
    }

    fn compilers_off(&mut self, why: impl Fn(&GuestCompiler) -> String) {
        for (guest, _) in &self.compilers {
            let cc1 = Some(format!("{}/cc1", guest.programs));
            self.choices.push(Choice::off("gcc", cc1, why(guest)));
        }
    }

    /// The guest's drivers, and the host's for each.
    fn drivers(&self, chain: &Toolchain<'_>, c: bool, cxx: bool) -> Vec<Choice> {
        let (of_guest, cross) = (chain.of_guest, chain.of_tools);
        let older = major(&cross.version) < major(&of_guest.version);
        let languages = [("gcc", "c", c), ("g++", "c++", cxx)];
        let mut found = Vec::new();
        for (name, language, wanted) in languages {
            let major = major(&of_guest.version).unwrap_or_default();
            let names = [
                format!("/usr/bin/{}-{name}-{major}", of_guest.triplet),
                format!("/usr/bin/{name}-{major}"),
                format!("/usr/bin/{}-{name}", of_guest.triplet),
                format!("/usr/bin/{name}"),
            ];
            let Some((guest, _)) = names.iter().find_map(|name| self.guest.file(name)) else { continue };
            let off = |why: String| Choice {
                package: self.package(name, Some(of_guest)),
                ..Choice::off(name, Some(guest.clone()), why)
            };
            if !wanted {
                found.push(off("it was not asked for".into()));
                continue;
            }
            if older && name == "g++" {
                found.push(off(format!(
                    "{} is older than the guest's headers for {}",
                    cross.version, of_guest.version
                )));
                continue;
            }
            let host = format!("{}{name}{}", cross.prefix, cross.suffix);
            let Some((host_path, host)) = self.in_bins(&host) else {
                found.push(off(format!("the host has no {host}")));
                continue;
            };
            found.push(match chain.driver_fixes(&guest, &host_path, language) {
                Err(why) => off(format!("{} means another thing: {why}", cross.version)),
                Ok(fixes) => {
                    let rule = &self.profile.tools[name];
                    let versions = Versions::new(&of_guest.version, &cross.version);
                    Choice {
                        fallback: rule.fallback.clone(),
                        prepend: fixes,
                        ..Choice::on(name, guest.clone(), host, versions)
                    }
                    .adding(words(&rule.append))
                    // A compiler for another machine does not ask for it.
                    .adding(vec![Append::Each { variable: "LIBRARY_PATH".into(), flag: "-L".into() }])
                }
            });
        }
        found
    }

    /// A program of binutils: all of them are as old as the linker.
    fn binutils(&self, name: &str, rule: &Rule, by: By, has_compiler: bool) -> Choice {
        let Some((guest, _)) = self.guest_file(name, rule) else { return absent(name) };
        let package = self.package(name, None);
        let off =
            |why: String| Choice { package: package.clone(), ..Choice::off(name, Some(guest.clone()), why) };
        if !has_compiler && by < By::Force {
            return off("linker and compiler share a plugin, and the compiler is the guest's own".into());
        }
        let prefixes: Vec<String> = match self.compilers.first() {
            Some((_, Ok(cross))) => vec![cross.prefix.clone()],
            Some((compiler, Err(_))) => prefixes(&compiler.triplet),
            // /usr/bin/as -> arm-linux-gnueabihf-as
            None => guest
                .rsplit('/')
                .next()
                .and_then(|file| file.strip_suffix(name))
                .map_or(Vec::new(), |prefix| prefixes(prefix.trim_end_matches('-'))),
        };
        let called: Vec<String> = prefixes.iter().map(|prefix| format!("{prefix}{name}")).collect();
        let Some((path, host)) = called.iter().find_map(|name| self.in_bins(name)) else {
            return off(format!("the host has no {}", called.first().map_or(name, String::as_str)));
        };
        let linker = |path: &str| Some(format!("{}ld", path.strip_suffix(name)?));
        let of = |oracle: &Oracle, path: &str| {
            let banner = oracle.line(&linker(path).unwrap_or_else(|| path.into()), &["--version"]);
            banner.as_deref().and_then(version).map(str::to_owned)
        };
        let versions = Versions { guest: of(self.guest, &guest), host: of(self.tools, &path) };
        if let (Err(why), true) = (agree(rule.need, &versions), by < By::Force) {
            return Choice { versions, ..off(why) };
        }
        let mut append = words(&rule.append);
        if name.starts_with("ld") {
            // A linker for another machine does not ask for them.
            append.push(Append::Each { variable: "LD_LIBRARY_PATH".into(), flag: "-rpath-link=".into() });
        }
        let fallback = rule.fallback.clone();
        // The host's compiler calls the linker by its longer name; messages are to hold the one that the guest's uses.
        let argv0 = (prefixes.first().filter(|_| name.starts_with("ld")))
            .map(|prefix| (format!("/usr/bin/{prefix}"), "/usr/bin/".to_owned()));
        Choice { package, fallback, argv0, ..Choice::on(name, guest, host, versions) }
            .adding(append)
            .of_toolchain()
    }

    fn program(&self, name: &str, rule: &Rule, by: By) -> Choice {
        let Some((guest, guest_host)) = self.guest_file(name, rule) else { return absent(name) };
        let package = self.package(name, None);
        let off = |why: &str| Choice {
            package: package.clone(),
            ..Choice::off(name, Some(guest.clone()), why.into())
        };
        if let Some(why) = unfit(&guest_host, self.machine) {
            return off(&format!("the guest's {why}"));
        }
        let Some((path, host)) = rule.host.iter().find_map(|name| self.in_bins(name)) else {
            return off(&format!("the host has no {}", rule.host.first().map_or(name, String::as_str)));
        };
        if let Some(why) = unfit(&host, Machine::host()) {
            return off(&format!("the host's {why}"));
        }
        let versions = self.versions(rule, &guest, &path);
        if let (Err(why), true) = (agree(rule.need, &versions), by < By::Force) {
            return Choice { versions, ..off(&why) };
        }
        let sees = match &rule.mounts[..] {
            [] => Sees::Nothing,
            mounts => Sees::Directories(
                mounts.iter().map(|dir| self.filled(dir, versions.host.as_deref())).collect(),
            ),
        };
        Choice {
            package,
            env: self.variables(&rule.env),
            fallback: rule.fallback.clone(),
            unless_set: rule.unless.clone(),
            is_compared: true,
            sees,
            ..Choice::on(name, guest, host, versions)
        }
        .adding(words(&rule.append))
    }

    /// Clang compiles for every machine: it is told which.
    fn clang(&self, name: &str, rule: &Rule, by: By) -> Choice {
        let choice = self.program(name, rule, by);
        if !choice.is_on() {
            return choice;
        }
        let (Some(triplet), Some(host)) = (&self.triplet, &choice.host) else {
            return Choice::off(
                name,
                choice.guest,
                "the guest has no GCC whose libraries it could use".into(),
            );
        };
        // It finds its own headers by the place of its program.
        let exe = self.tools.root.path_of(&crate::vfs::HostPath::new(host));
        let exe = exe.map(|path| String::from_utf8_lossy(path.as_bytes()).into_owned());
        Choice { exe, prepend: vec![format!("--target={triplet}")], ..choice }
    }

    fn explicit(&mut self) {
        for explicit in &self.wanted.explicit {
            let name = explicit.guest.rsplit('/').next().unwrap_or_default();
            let host = std::fs::canonicalize(&explicit.host).ok();
            let choice = match (self.guest.file(&explicit.guest), host) {
                (_, None) => Choice::off(
                    name,
                    Some(explicit.guest.clone()),
                    format!("{} is not there", explicit.host.display()),
                ),
                // Where the guest has nothing, a binding shows the host's file.
                (None, Some(host)) => Choice {
                    sees: Sees::Alone,
                    is_bound: true,
                    ..Choice::on(name, explicit.guest.clone(), host, Versions::default())
                },
                (Some((guest, _)), Some(host)) => {
                    Choice { sees: Sees::Alone, ..Choice::on(name, guest, host, Versions::default()) }
                }
            };
            // It wins over what a rule says of the same file.
            self.choices.retain(|other| choice.guest.is_none() || other.guest != choice.guest);
            self.choices.push(choice);
        }
    }

    /// The first tool that was asked for by name and cannot be had.
    fn complaint(&self) -> Option<Error> {
        let named = |name: &str| matches!(self.wanted.tools.get(name), Some(State::On(By::Name | By::Force)));
        let explicit = |choice: &Choice| {
            self.wanted.explicit.iter().any(|wish| Some(&wish.guest) == choice.guest.as_ref())
        };
        let of = |choice: &&Choice| (named(&choice.name) || explicit(choice)) && !choice.is_on();
        let choice = self.choices.iter().find(of)?;
        let why = match &choice.state {
            Found::On => return None,
            Found::Off(why) | Found::Refused(why) => why.clone(),
            Found::Absent => "the guest has no such program".into(),
        };
        Some(Error::NativeMissing { name: choice.name.clone(), why, package: choice.package.clone() })
    }

    /// The guest's file of a tool, links followed, unless it is many programs in one.
    fn guest_file(&self, name: &str, rule: &Rule) -> Option<(String, PathBuf)> {
        let found = |path: &String| {
            let (guest, host) = self.guest.file(path)?;
            let file = guest.rsplit('/').next()?;
            let is_its_own = !MULTICALL.contains(&file) || file == name;
            is_its_own.then_some((guest, host))
        };
        rule.guest.iter().find_map(found)
    }

    /// A program of the tools root, by its name or its path there: where it is in there, and on the host.
    fn in_bins(&self, name: &str) -> Option<(String, PathBuf)> {
        if name.starts_with('/') {
            return self.tools.file(name);
        }
        let in_bin = |bin: &String| {
            self.tools.file(&format!("{bin}/{name}")).map(|(_, host)| (format!("{bin}/{name}"), host))
        };
        self.bins.iter().find_map(in_bin)
    }

    fn versions(&self, rule: &Rule, guest: &str, host: &str) -> Versions {
        if rule.need == Need::Any || rule.version.is_empty() {
            return Versions::default();
        }
        let words: Vec<&str> = rule.version.iter().map(String::as_str).collect();
        let of = |oracle: &Oracle, path: &str| Some(version(&oracle.ask(path, &words)?)?.to_owned());
        Versions { guest: of(self.guest, guest), host: of(self.tools, host) }
    }

    fn variables(&self, of_rule: &std::collections::BTreeMap<String, String>) -> Vec<(String, String)> {
        let all = self.profile.env.iter().chain(of_rule);
        let value = |text: &str| match Value::parse(text).ok()? {
            Value::Text(text) => Some(text),
            Value::Shell(name) => {
                let echo = format!("printf '%s\\n' \"${name}\"");
                self.guest.line("/bin/bash", &["--norc", "--noprofile", "-c", &echo])
            }
            Value::Make(name) => {
                let rule = format!("x:;@echo '$({name})'");
                self.guest.line("/usr/bin/make", &["-s", "-f", "/dev/null", "--eval", &rule, "x"])
            }
            Value::Machine(values) => values.get(self.machine.name).cloned(),
        };
        all.filter_map(|(name, text)| Some((name.clone(), value(text).filter(|value| !value.is_empty())?)))
            .collect()
    }

    fn package(&self, name: &str, compiler: Option<&GuestCompiler>) -> Option<String> {
        let rule = self.profile.tools.get(name)?;
        let version = compiler.map(|compiler| compiler.version.as_str());
        Some(package(rule.package.as_ref()?, self.triplet.as_deref(), version))
    }

    fn filled(&self, dir: &str, version: Option<&str>) -> String {
        super::profile::fill(dir, self.triplet.as_deref(), version)
    }
}

fn absent(name: &str) -> Choice {
    Choice { state: Found::Absent, ..Choice::off(name, None, String::new()) }
}

fn prefixes(triplet: &str) -> Vec<String> {
    super::triplet::spellings(triplet).into_iter().map(|name| format!("{name}-")).collect()
}

fn words(append: &[String]) -> Vec<Append> {
    if append.is_empty() { Vec::new() } else { vec![Append::Words(append.to_vec())] }
}

/// Why a program can neither be replaced nor take another's place.
fn unfit(host: &Path, machine: &Machine) -> Option<String> {
    let Ok(file) = File::open(host) else { return Some("cannot be read".into()) };
    let mode = file.metadata().map_or(0, |metadata| metadata.permissions().mode());
    if mode & 0o6000 != 0 {
        return Some("is set-uid or set-gid".into());
    }
    match machine_of_file(&file) {
        Some(found) if found == machine => None,
        Some(found) => Some(format!("is a program for {}", found.name)),
        None => Some("is no program, but perhaps a script".into()),
    }
}

/// Whether versions agree as far as they must.
///
/// # Errors
/// Why not.
fn agree(need: Need, versions: &Versions) -> Result<(), String> {
    let parts = match need {
        Need::Any => return Ok(()),
        Need::SameMajor => 1,
        Need::SameMinor => 2,
        Need::Exact => usize::MAX,
    };
    let (Some(guest), Some(host)) = (&versions.guest, &versions.host) else {
        let side = if versions.guest.is_none() { "guest" } else { "host" };
        return Err(format!("the {side}'s does not tell its version"));
    };
    let same = guest.split('.').take(parts).eq(host.split('.').take(parts));
    if same { Ok(()) } else { Err(format!("the host's is {host}, the guest's {guest}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_agree_as_far_as_they_must() {
        for (need, guest, host, agrees) in [
            (Need::Any, "1", "2", true),
            (Need::SameMajor, "12.2.0", "12.3.1", true),
            (Need::SameMajor, "12.2.0", "13.2.0", false),
            (Need::SameMinor, "4.3", "4.3.1", true),
            (Need::SameMinor, "4.3", "4.4", false),
            (Need::Exact, "1.2.3", "1.2.3", true),
            (Need::Exact, "1.2.3", "1.2.4", false),
        ] {
            let result = agree(need, &Versions::new(guest, host));
            assert_eq!(result.is_ok(), agrees, "{need:?} {guest} {host}: {result:?}");
        }
        let silent = Versions { guest: None, host: Some("1".into()) };
        assert_eq!(agree(Need::Exact, &silent), Err("the guest's does not tell its version".into()));
    }
}
