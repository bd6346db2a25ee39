//! What the user asks for of the native tools: the words of `--native`.
//!
//! ```text
//! auto              what the profile calls safe      none             nothing so far
//! NAME  @GROUP      these too                        -NAME  -@GROUP   without these
//! NAME=force        in spite of refusal and versions /GUEST=/HOST     this host program there
//! ```
//!
//! Words are read from left to right, and the later one holds. They begin with nothing, so `make` is make alone; but a
//! first word that takes away begins with the profile's default.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::profile::Profile;
use crate::error::Error;

/// The words, understood. Without any, the profile's default is meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spec(pub Vec<Wish>);

/// One word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    Auto,
    None,
    With(Whom),
    Without(Whom),
    /// NAME=force.
    Force(String),
    Explicit(Explicit),
}

/// A tool or a group of them, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    Tool(String),
    Group(String),
}

/// A host program for a guest path, of which no rule knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explicit {
    /// An absolute guest path, perhaps through symlinks.
    pub guest: String,
    /// An absolute path of the host, not of the tools root.
    pub host: PathBuf,
}

/// What is wanted, tool by tool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Each tool of the profile.
    pub tools: BTreeMap<String, State>,
    /// One at most for each guest path.
    pub explicit: Vec<Explicit>,
}

/// Whether a tool is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    On(By),
    Off,
}

/// Who wants a tool, the weakest first. It decides what it means that the tool cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// `auto`: it is left out silently.
    Auto,
    /// A group that the user named: it is left out, and an error is for who finds nothing of the group.
    Group,
    /// The user named it: an error.
    Name,
    /// As [`By::Name`], and neither a refusal nor versions count.
    Force,
}

impl Spec {
    /// Understands words, each of which may be several with commas between. A path with a comma needs a profile.
    ///
    /// # Errors
    /// [`Error::NativeWord`].
    pub fn parse(words: &[impl AsRef<str>]) -> Result<Self, Error> {
        let words = words.iter().flat_map(|word| word.as_ref().split(',')).map(str::trim);
        words.filter(|word| !word.is_empty()).map(wish).collect::<Result<_, _>>().map(Self)
    }

    /// Says for each tool of `profile` whether it is wanted.
    ///
    /// # Errors
    /// [`Error::NativeUnknown`], [`Error::NativeRefused`] for a tool that is wanted by name, and what is wrong with the
    /// profile's default.
    pub fn wanted(&self, profile: &Profile) -> Result<Wanted, Error> {
        let mut wanted = Wanted {
            tools: profile.tools.keys().map(|name| (name.clone(), State::Off)).collect(),
            explicit: Vec::new(),
        };
        if matches!(self.0.first(), None | Some(Wish::Without(_))) {
            let default = Self::parse(profile.default.as_slice())?;
            if matches!(default.0.first(), Some(Wish::Without(_))) {
                wanted.add(&Wish::Auto, profile)?;
            }
            default.0.iter().try_for_each(|wish| wanted.add(wish, profile))?;
        }
        self.0.iter().try_for_each(|wish| wanted.add(wish, profile))?;
        for (name, state) in &wanted.tools {
            if let (State::On(By::Name), Some(why)) = (state, &profile.tools[name].refuse) {
                return Err(Error::NativeRefused { name: name.clone(), why: why.clone() });
            }
        }
        Ok(wanted)
    }
}

fn wish(word: &str) -> Result<Wish, Error> {
    let bad = |why: &str| Err(Error::NativeWord { word: word.into(), why: why.into() });
    match word.strip_prefix('-') {
        Some(name) if name.contains(['/', '=']) => bad("only a name or an @group can be taken away"),
        Some(name) if name.is_empty() || name == "@" => bad("nothing is named"),
        Some("auto" | "none") => bad("only a name or an @group can be taken away"),
        Some(name) => Ok(Wish::Without(whom(name))),
        None if word.starts_with('/') => match word.split_once("=/") {
            Some((guest, host)) if !host.is_empty() => {
                Ok(Wish::Explicit(Explicit { guest: guest.into(), host: format!("/{host}").into() }))
            }
            Some(_) => bad("no host program is named"),
            None => bad("an absolute host path has to follow: /GUEST/PATH=/HOST/PATH"),
        },
        None => match word.split_once('=') {
            Some(("auto" | "none", _)) => bad("only a name can be forced"),
            Some((name, "force")) if !name.is_empty() && !name.starts_with('@') => {
                Ok(Wish::Force(name.into()))
            }
            Some((name, _)) if name.starts_with('@') => bad("a group cannot be forced, only its tools"),
            Some((_, host)) if host.starts_with('/') => bad("the guest path is not absolute"),
            Some(_) => bad("only =force may follow a name"),
            None if word == "@" => bad("nothing is named"),
            None if word == "auto" => Ok(Wish::Auto),
            None if word == "none" => Ok(Wish::None),
            None => Ok(Wish::With(whom(word))),
        },
    }
}

fn whom(name: &str) -> Whom {
    match name.strip_prefix('@') {
        Some(group) => Whom::Group(group.into()),
        None => Whom::Tool(name.into()),
    }
}

impl Wanted {
    fn add(&mut self, wish: &Wish, profile: &Profile) -> Result<(), Error> {
        match wish {
            Wish::None => {
                self.tools.values_mut().for_each(|state| *state = State::Off);
                self.explicit.clear();
            }
            Wish::Auto => {
                let safe = profile.tools.iter().filter(|(_, rule)| rule.auto && rule.refuse.is_none());
                safe.for_each(|(name, _)| self.raise(name, By::Auto));
            }
            Wish::With(Whom::Group(group)) => {
                let members = members(group, profile)?.iter();
                members
                    .filter(|name| profile.tools.get(*name).is_some_and(|rule| rule.refuse.is_none()))
                    .for_each(|name| self.raise(name, By::Group));
            }
            Wish::With(Whom::Tool(name)) => self.raise(tool(name, profile)?, By::Name),
            Wish::Force(name) => self.raise(tool(name, profile)?, By::Force),
            Wish::Without(Whom::Group(group)) => {
                for name in members(group, profile)? {
                    self.tools.insert(name.clone(), State::Off);
                }
            }
            Wish::Without(Whom::Tool(name)) => {
                self.tools.insert(tool(name, profile)?.into(), State::Off);
            }
            Wish::Explicit(explicit) => {
                self.explicit.retain(|other| other.guest != explicit.guest);
                self.explicit.push(explicit.clone());
            }
        }
        Ok(())
    }

    /// Wants a tool; who wanted it more before goes on doing so.
    fn raise(&mut self, name: &str, by: By) {
        let state = self.tools.entry(name.into()).or_insert(State::Off);
        *state = match *state {
            State::On(before) => State::On(before.max(by)),
            State::Off => State::On(by),
        };
    }
}

fn tool<'a>(word: &str, profile: &'a Profile) -> Result<&'a str, Error> {
    profile.called(word).ok_or_else(|| profile.unknown(word))
}

fn members<'a>(group: &str, profile: &'a Profile) -> Result<&'a [String], Error> {
    profile.groups.get(group).map(Vec::as_slice).ok_or_else(|| profile.unknown(&format!("@{group}")))
}

#[cfg(test)]
mod tests;
