//! GCC and binutils: chosen together, because they share a plugin and what they see.
#![forbid(unsafe_code)]

use super::fit::agree;
use super::{Selector, absent, prefixes, words};
use crate::config::{Append, Cc};
use crate::tools::ask::Oracle;
use crate::tools::choice::{Choice, Versions};
use crate::tools::profile::Rule;
use crate::tools::spec::{By, State};
use crate::tools::toolchain::Toolchain;
use crate::tools::triplet::{major, version};

impl Selector<'_> {
    /// The compilers; true if those that the guest has are the host's now.
    pub(super) fn toolchains(&mut self) -> bool {
        let by = |name: &str| match self.wanted.tools.get(name) {
            Some(State::On(by)) => Some(*by),
            Some(State::Off) | None => None,
        };
        let (c, cxx) = (by("gcc"), by("g++"));
        let Some(strongest) = c.max(cxx).filter(|_| self.cc != Cc::Off) else {
            let why = if self.cc == Cc::Off { "--native-cc off" } else { "it was not asked for" };
            self.compilers_off(why);
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

    fn compilers_off(&mut self, why: &str) {
        for (guest, _) in &self.compilers {
            let cc1 = Some(format!("{}/cc1", guest.programs));
            self.choices.push(Choice::off("gcc", cc1, why.into()));
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
    pub(super) fn binutils(&self, name: &str, rule: &Rule, by: By, has_compiler: bool) -> Choice {
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
}
