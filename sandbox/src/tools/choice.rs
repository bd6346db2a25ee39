//! What was decided about each tool, and why.
#![forbid(unsafe_code)]

use std::fs;
use std::path::{Path, PathBuf};

use crate::config::{Append, FileId, Tool};

/// One program of the guest, and what runs in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What the user calls it.
    pub name: String,
    /// The guest's file, links followed; `None` where it has none.
    pub guest: Option<String>,
    /// The host's, links followed.
    pub host: Option<PathBuf>,
    pub versions: Versions,
    pub state: State,
    /// The Debian package that would bring it.
    pub package: Option<String>,
    pub exe: Option<String>,
    pub env: Vec<(String, String)>,
    pub fallback: Vec<String>,
    pub unless_set: Vec<String>,
    pub argv0: Option<(String, String)>,
    pub prepend: Vec<String>,
    pub append: Vec<Append>,
    /// A file of a tool's own view, and not of the guest.
    pub is_part: bool,
    /// The guest has no such file: the host's is shown there.
    pub is_bound: bool,
    /// The guest's file counts only as long as it is the one that was compared.
    pub is_compared: bool,
    pub sees: Sees,
}

/// What runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// The host's program.
    On,
    /// The guest's own, because of this.
    Off(String),
    /// The guest's own, because the host's would give another result.
    Refused(String),
    /// The guest has no such program.
    Absent,
}

/// What a tool sees beside the guest's tree and its own libraries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sees {
    Nothing,
    /// What compilers and linkers share.
    Toolchain,
    /// These directories of the tools root, at their own names.
    Directories(Vec<String>),
    /// It is no program of the tools root, but stands alone on the host.
    Alone,
}

/// The versions that were compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Versions {
    pub guest: Option<String>,
    pub host: Option<String>,
}

impl Versions {
    /// Both are known.
    pub fn new(guest: &str, host: &str) -> Self {
        Self { guest: Some(guest.into()), host: Some(host.into()) }
    }
}

impl Choice {
    /// The host's program in the place of the guest's.
    pub fn on(name: &str, guest: String, host: PathBuf, versions: Versions) -> Self {
        Self { host: Some(host), versions, state: State::On, ..Self::off(name, Some(guest), String::new()) }
    }

    /// The guest's own program.
    pub fn off(name: &str, guest: Option<String>, why: String) -> Self {
        Self {
            name: name.into(),
            guest,
            host: None,
            versions: Versions::default(),
            state: State::Off(why),
            package: None,
            exe: None,
            env: Vec::new(),
            fallback: Vec::new(),
            unless_set: Vec::new(),
            argv0: None,
            prepend: Vec::new(),
            append: Vec::new(),
            is_part: false,
            is_bound: false,
            is_compared: false,
            sees: Sees::Nothing,
        }
    }

    /// The same as what a toolchain consists of: compared with the guest's, and seeing what that shares.
    pub fn of_toolchain(self) -> Self {
        Self { is_compared: true, sees: Sees::Toolchain, ..self }
    }

    /// The same with words behind its arguments.
    pub fn adding(mut self, append: Vec<Append>) -> Self {
        self.append.extend(append);
        self
    }

    /// The same as a file of the toolchain's own view.
    pub fn as_part(self) -> Self {
        Self { is_part: true, ..self }
    }

    /// True if the host's program runs.
    pub fn is_on(&self) -> bool {
        self.state == State::On
    }

    /// What the session has to know, for the view at this position; `None` where the guest's own runs. `rootfs` is where
    /// the guest's files are.
    pub fn tool(&self, view: usize, rootfs: &Path) -> Option<Tool> {
        let (guest, host) = (self.guest.as_ref()?, self.host.as_ref()?);
        if !self.is_on() {
            return None;
        }
        let own = || fs::symlink_metadata(rootfs.join(guest.trim_start_matches('/'))).ok();
        let compared = if self.is_compared && !self.is_part { Some(FileId::of(&own()?)) } else { None };
        Some(Tool {
            name: self.name.clone(),
            guest: guest.clone().into_bytes(),
            host: host.clone(),
            compared,
            view,
            exe: self.exe.clone().map(String::into_bytes),
            env: self.env.clone(),
            fallback: self.fallback.clone(),
            unless_set: self.unless_set.clone(),
            argv0: self.argv0.clone(),
            prepend: self.prepend.clone(),
            append: self.append.clone(),
        })
    }
}
