//! What is known about each native tool: plain data, read from TOML.
//!
//! xroot's own knowledge is `builtin.toml`, whose head describes the form. Files of the administrator, of the user and of
//! a project are laid over it with [`Profile::merge`].
#![forbid(unsafe_code)]

mod layer;
mod value;

use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use crate::config::Cc;
use crate::error::Error;
pub use layer::Layer;
pub use value::Value;

/// Everything known about native tools.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// What `--native` means where it is not given, in its own words.
    pub default: Option<String>,
    /// The root filesystem that the programs come from; `None` is the host's.
    pub tools_dir: Option<PathBuf>,
    /// How the compiler takes part.
    pub cc: Option<Cc>,
    /// Variables that each native program gets where they are not set. The syntax of their values is [`Value`]'s.
    pub env: BTreeMap<String, String>,
    /// Names of tools by the name of their group, which is written with an `@` on the command line.
    pub groups: BTreeMap<String, Vec<String>>,
    pub tools: BTreeMap<String, Rule>,
    /// In the order of the files; of two for the same path the later one holds.
    pub views: Vec<ViewRule>,
    /// What uname(2) tells native programs about the machine; `None` is derived from the guest.
    pub uname_machine: Option<String>,
}

/// What is known about one tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub kind: Kind,
    /// The guest paths that it may have, through symlinks.
    pub guest: Vec<String>,
    /// What the host may call it: a name in the directories of programs of the tools root, or a path in that root.
    pub host: Vec<String>,
    /// How far the versions of guest and host must agree.
    pub need: Need,
    /// The arguments that make it print its version; empty if nothing does.
    pub version: Vec<String>,
    /// Part of `auto`.
    pub auto: bool,
    /// Why it is not used unless it is forced.
    pub refuse: Option<String>,
    /// Variables that it gets where they are not set. The syntax of their values is [`Value`]'s.
    pub env: BTreeMap<String, String>,
    /// Patterns of arguments at which the guest's own program runs; `*` stands for any characters.
    pub fallback: Vec<String>,
    /// Variables at which the guest's own program runs, unless they are empty.
    pub unless: Vec<String>,
    /// What is added to its arguments.
    pub append: Vec<String>,
    /// The Debian package that holds it, with the placeholders of [`fill`].
    pub package: Option<String>,
    /// Further directories of the tools root that it sees, with the placeholders of [`fill`].
    pub mounts: Vec<String>,
}

/// How a tool's programs are found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// One program that does the same on each machine.
    #[default]
    Program,
    /// A driver of GCC and what it starts: the host's are called and placed after the guest's triplet.
    Gcc,
    /// One program of binutils: the host's is called TRIPLET-NAME.
    Binutils,
    /// Clang, which is told the guest's triplet.
    Clang,
}

/// How far two versions must agree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    #[default]
    Any,
    /// 12.2.0 and 12.1.0.
    SameMajor,
    /// 4.3.1 and 4.3.2.
    SameMinor,
    Exact,
}

/// What native programs see at a path instead of the guest's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewRule {
    /// Names of the tools that see it; `*` is all of them.
    pub tools: Vec<String>,
    /// An absolute path.
    pub path: String,
    pub to: Target,
}

/// What is seen there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// This path of the tools root.
    Host(String),
    /// This path of the guest.
    Guest(String),
    /// Nothing: ENOENT.
    Hidden,
}

impl Rule {
    /// The rule of a tool of which only the name is known.
    pub fn named(name: &str) -> Self {
        Self {
            kind: Kind::default(),
            guest: ["/usr/bin", "/bin", "/usr/sbin"].map(|dir| format!("{dir}/{name}")).into(),
            host: vec![name.into()],
            need: Need::default(),
            version: vec!["--version".into()],
            auto: true,
            refuse: None,
            env: BTreeMap::new(),
            fallback: Vec::new(),
            unless: vec!["LD_PRELOAD".into()],
            append: Vec::new(),
            package: None,
            mounts: Vec::new(),
        }
    }
}

impl Profile {
    /// What xroot itself knows.
    pub fn builtin() -> Self {
        let layer = Self::parse(include_str!("builtin.toml"), Path::new("builtin.toml"));
        let mut profile = Self::default();
        let merged = layer.and_then(|layer| {
            // Here, and only here, most tools have a name and nothing else to say.
            for name in layer.members() {
                profile.tools.insert(name.into(), Rule::named(name));
            }
            profile.merge(layer)
        });
        merged.expect("a test reads the built-in profile");
        const OF_ONE_PACKAGE: &str = "coreutils";
        for name in profile.groups.get(OF_ONE_PACKAGE).into_iter().flatten() {
            let rule = profile.tools.get_mut(name).expect("merging has checked the group");
            rule.package.get_or_insert_with(|| OF_ONE_PACKAGE.into());
        }
        profile
    }

    /// What xroot knows, overlaid with the files of `paths` that exist. Those outside /etc must be root's or `uid`'s.
    ///
    /// # Errors
    /// [`Error::NativeProfile`].
    pub fn load(paths: &[PathBuf], uid: u32) -> Result<Self, Error> {
        let mut profile = Self::builtin();
        for path in paths {
            if let Some(text) = read(path, uid)? {
                profile.merge(Self::parse(&text, path)?)?;
            }
        }
        Ok(profile)
    }

    /// Reads `text`, the contents of `path`.
    ///
    /// # Errors
    /// [`Error::NativeProfile`] with the line: TOML that is none, a key that no profile has, a value that is none for it.
    pub fn parse(text: &str, path: &Path) -> Result<Layer, Error> {
        Layer::parse(text, path)
    }

    /// Lays `layer` over this profile. Of a tool, it changes only the keys that it names, of variables those that it
    /// names; groups are replaced, views added.
    ///
    /// # Errors
    /// [`Error::NativeProfile`] if a group or a view of it names a tool that is known neither here nor there.
    pub fn merge(&mut self, layer: Layer) -> Result<(), Error> {
        layer.over(self)
    }

    /// The name of the tool that `word` means: its own, or the last part of a guest path that only one tool has.
    pub fn called(&self, word: &str) -> Option<&str> {
        if let Some((name, _)) = self.tools.get_key_value(word) {
            return Some(name);
        }
        let has = |rule: &Rule| {
            rule.guest.iter().any(|path| path.rsplit_once('/').is_some_and(|(_, last)| last == word))
        };
        let mut found = self.tools.iter().filter(|(_, rule)| has(rule)).map(|(name, _)| name.as_str());
        found.next().filter(|_| found.next().is_none())
    }

    /// The error of a `name` that means no tool, or with an `@` no group; it holds the names that are like it.
    pub fn unknown(&self, name: &str) -> Error {
        let near = match name.strip_prefix('@') {
            Some(group) => near(group, self.groups.keys()).map(|near| format!("@{near}")).collect(),
            None => near(name, self.tools.keys()).cloned().collect(),
        };
        Error::NativeUnknown { name: name.into(), near }
    }
}

/// `text` with `{triplet}` (arm-linux-gnueabihf), `{major}` (12) and `{minor}` (12.2) filled in from a `version` 12.2.0.
///
/// A placeholder for which there is no value stays. Names of packages have no `_`: see [`package`].
pub fn fill(text: &str, triplet: Option<&str>, version: Option<&str>) -> String {
    let part =
        |dots: usize| version.map(|version| version.split('.').take(dots).collect::<Vec<_>>().join("."));
    let values = [("{triplet}", triplet.map(Into::into)), ("{major}", part(1)), ("{minor}", part(2))];
    values.into_iter().fold(text.to_owned(), |text, (key, value)| match value {
        Some(value) => text.replace(key, &value),
        None => text,
    })
}

/// [`fill`] for the name of a Debian package: gcc-12-x86-64-linux-gnu is for x86_64-linux-gnu.
pub fn package(text: &str, triplet: Option<&str>, version: Option<&str>) -> String {
    fill(text, triplet, version).replace('_', "-")
}

/// The text of a file; `None` if there is none.
fn read(path: &Path, uid: u32) -> Result<Option<String>, Error> {
    let bad = |message: String| Error::NativeProfile { path: path.into(), message };
    let gone = |error: &std::io::Error| {
        matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
    };
    let mut file = match std::fs::File::open(path) {
        Err(error) if gone(&error) => return Ok(None),
        opened => opened.map_err(|error| bad(error.to_string()))?,
    };
    let about = file.metadata().map_err(|error| bad(error.to_string()))?;
    // A profile says which programs run outside the emulator. In a user namespace root's files may be nobody's, so
    // the administrator's is known by its place.
    if !path.starts_with("/etc") && ![0, uid].contains(&about.uid()) {
        return Err(bad(format!("it belongs to uid {}, who is neither you nor root", about.uid())));
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(|error| bad(error.to_string()))?;
    Ok(Some(text))
}

/// Those of `known` that somebody may have meant with `name`, the nearest first, at most three.
fn near<'a>(name: &str, known: impl Iterator<Item = &'a String>) -> impl Iterator<Item = &'a String> {
    let far = |known: &str| {
        let (far, most) = match (known.contains(name) || name.contains(known), name.len()) {
            (true, _) => (known.len().abs_diff(name.len()), 2),
            // Any two letters can be made of any others.
            (false, ..3) => return None,
            (false, 3) => (edits(name, known), 1),
            (false, _) => (edits(name, known), 2),
        };
        (far <= most).then_some(far)
    };
    let mut found: Vec<_> = known.filter_map(|known| Some((far(known)?, known))).collect();
    found.sort();
    found.into_iter().take(3).map(|(_, known)| known)
}

/// How many letters must be put in, taken out or exchanged to make `b` of `a` (Levenshtein).
fn edits(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.chars().enumerate() {
            let exchanged = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = exchanged.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[row.len() - 1]
}

#[cfg(test)]
mod tests;
