//! Which of the host's programs run in a guest: what is wanted, held against what both sides have.
#![forbid(unsafe_code)]

mod clang;
mod compilers;
mod fit;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use self::fit::{agree, unfit};
use super::ask::Oracle;
use super::choice::{Choice, Sees, State as Found, Versions};
use super::compiler::{self, CrossCompiler, GuestCompiler};
use super::profile::{Kind, Need, Profile, Rule, Value, package};
use super::spec::{By, Spec, State, Wanted};
use super::triplet::version;
use super::views;
use crate::config::{Append, Binding, Cc, Config, Native, Origin, Toolset};
use crate::error::Error;
use crate::exec::libraries::Libraries;
use crate::exec::{Machine, machine_of_file};
use crate::vfs::HostPath;

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

/// Directories of programs. A distribution's come first: where they have their own files is known.
const BINS: &[&str] = &["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/local/sbin"];

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
    let profile = Profile::load(&native.profiles, native.project.as_deref(), config.caller.ids.uid)?;
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
    /// The guest has libraries that every program of its own is to load first.
    preloads: bool,
    /// The versions of packages: all programs of one are asked by the first.
    packages: RefCell<BTreeMap<String, Versions>>,
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
            preloads: guest
                .file(super::views::PRELOAD)
                .is_some_and(|(_, host)| std::fs::metadata(host).is_ok_and(|metadata| metadata.len() > 0)),
            packages: RefCell::default(),
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
                        let choice = self.own(name, rule, state);
                        let state = if choice.guest.is_some() { choice.state } else { Found::Absent };
                        self.choices.push(Choice { state, ..choice });
                    }
                    continue;
                }
            };
            if let (Some(why), true) = (&rule.refuse, by < By::Force) {
                self.choices.push(self.own(name, rule, Found::Refused(why.clone())));
                continue;
            }
            let found = match rule.kind {
                Kind::Gcc => continue,
                Kind::Binutils => vec![self.binutils(name, rule, by, has_compiler)],
                Kind::Program => vec![self.program_or_shown(name, rule, by)],
                Kind::Clang => self.clang(name, rule, by),
            };
            self.choices.extend(found);
        }
        self.explicit();
    }

    /// The guest's own program, whatever the host has.
    fn own(&self, name: &str, rule: &Rule, state: Found) -> Choice {
        let guest = self.guest_file(name, rule).map(|(path, _)| path);
        Choice { state, ..Choice::off(name, guest, String::new()) }
    }

    /// As [`Selector::program`]; what is only used where it is named need not be in the guest.
    fn program_or_shown(&self, name: &str, rule: &Rule, by: By) -> Choice {
        match self.program(name, rule, by) {
            Choice { state: Found::Absent, .. } if by >= By::Group && !rule.auto => {
                self.shown(name, rule, &rule.guest[0])
            }
            choice => choice,
        }
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
        if self.preloads && rule.unless.iter().any(|name| name == "LD_PRELOAD") && by < By::Force {
            return off("the guest preloads libraries (/etc/ld.so.preload)");
        }
        let Some((path, host)) = rule.host.iter().find_map(|name| self.in_bins(name)) else {
            return off(&format!("the host has no {}", rule.host.first().map_or(name, String::as_str)));
        };
        if let Some(why) = unfit(&host, Machine::host()) {
            return off(&format!("the host's {why}"));
        }
        let versions = self.versions(rule, &guest, &path);
        // One that cannot start tells no version: the session says why, and the guest's own runs.
        let is_broken = || Libraries::of(&self.tools.top, &[]).needs(&HostPath::new(&host)).is_err();
        if let (Err(why), true) = (agree(rule.need, &versions), by < By::Force) {
            if versions.host.is_some() || !is_broken() {
                return Choice { versions, package: None, ..off(&why) };
            }
        }
        let (sees, exe) = self.places(rule, versions.host.as_deref(), &host);
        Choice {
            env: self.variables(&rule.env),
            fallback: rule.fallback.clone(),
            unless_set: rule.unless.clone(),
            // Even where no version counts: it may be another program now, or the user's own is bound there.
            is_compared: true,
            package,
            exe,
            sees,
            ..Choice::on(name, guest, host, versions)
        }
        .adding(words(&rule.append))
    }

    /// A program that the guest lacks, shown at `path`.
    fn shown(&self, name: &str, rule: &Rule, path: &str) -> Choice {
        let package = self.package(name, None);
        let Some((at, host)) = rule.host.iter().find_map(|name| self.in_bins(name)) else {
            let why = format!("neither guest nor host has {}", rule.host[0]);
            return Choice { package, ..Choice::off(name, Some(path.into()), why) };
        };
        let number = self.version_of(self.tools, &at, rule);
        let (sees, exe) = self.places(rule, number.as_deref(), &host);
        Choice {
            env: self.variables(&rule.env),
            is_bound: true,
            exe,
            sees,
            ..Choice::on(name, path.into(), host, Versions { guest: None, host: number })
        }
        .adding(words(&rule.append))
    }

    /// What a tool sees of its own, and the path by which it finds that: its program's, if that lies there.
    fn places(&self, rule: &Rule, version: Option<&str>, host: &Path) -> (Sees, Option<String>) {
        if rule.mounts.is_empty() {
            return (Sees::Nothing, None);
        }
        let dirs: Vec<String> = rule.mounts.iter().map(|dir| self.filled(dir, version)).collect();
        let path = self.tools.root.path_of(&HostPath::new(host));
        let path = path.map(|path| String::from_utf8_lossy(path.as_bytes()).into_owned());
        let exe = path.filter(|path| dirs.iter().any(|dir| Path::new(path).starts_with(dir)));
        (Sees::Directories(dirs), exe)
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
        let matters = rule.need != Need::Any || !rule.mounts.is_empty();
        if !matters || rule.version.is_empty() {
            return Versions::default();
        }
        if let Some(known) = rule.package.as_ref().and_then(|name| self.packages.borrow().get(name).cloned())
        {
            return known;
        }
        let of = |oracle, path| self.version_of(oracle, path, rule);
        let versions = Versions { guest: of(self.guest, guest), host: of(self.tools, host) };
        if let (Some(name), Some(_), Some(_)) = (&rule.package, &versions.guest, &versions.host) {
            self.packages.borrow_mut().insert(name.clone(), versions.clone());
        }
        versions
    }

    /// What a program says of its version.
    fn version_of(&self, oracle: &Oracle, path: &str, rule: &Rule) -> Option<String> {
        let words: Vec<&str> = rule.version.iter().map(String::as_str).collect();
        Some(version(&oracle.ask(path, &words)?)?.to_owned())
    }

    fn variables(&self, of_rule: &BTreeMap<String, String>) -> Vec<(String, String)> {
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
        let name = package(rule.package.as_ref()?, self.triplet.as_deref(), version);
        // Where no version is known, Debian's name for the newest has none.
        Some(name.replace("-{major}", ""))
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
