//! From what was chosen to what a session has to know: the tools, and what each kind of them sees.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use super::ask::Oracle;
use super::choice::{Choice, Sees};
use super::profile::{Profile, Target};
use crate::arch::MULTIARCH;
use crate::config::{Shows, ToolMount, ToolView, Toolset};
use crate::exec::{Machine, libraries};

/// The tools of `choices` and their views. `toolchain` is what compilers and linkers see.
pub fn toolset(
    machine: &Machine,
    profile: &Profile,
    guest: &Oracle,
    tools: &Oracle,
    choices: &[Choice],
    toolchain: Vec<ToolMount>,
) -> Toolset {
    let mut views =
        Views { profile, tools, character_sets: character_sets(tools), guest, toolchain, made: Vec::new() };
    let mut found = Vec::new();
    for choice in choices.iter().filter(|choice| choice.is_on()) {
        let view = views.of(choice);
        found.extend(choice.tool(view, &guest.top));
    }
    Toolset {
        machine: Some(machine.name.into()),
        uname: profile.uname_machine.clone(),
        tools: found,
        views: views.made,
    }
}

/// Names libraries that every program is to load first (ld.so(8)).
pub const PRELOAD: &str = "/etc/ld.so.preload";

struct Views<'a> {
    profile: &'a Profile,
    tools: &'a Oracle,
    guest: &'a Oracle,
    character_sets: Vec<ToolMount>,
    toolchain: Vec<ToolMount>,
    made: Vec<ToolView>,
}

impl Views<'_> {
    /// The position of the view of `choice`: tools that see the same share one.
    fn of(&mut self, choice: &Choice) -> usize {
        let view = self.make(choice);
        self.made.iter().position(|made| *made == view).unwrap_or_else(|| {
            self.made.push(view);
            self.made.len() - 1
        })
    }

    fn make(&self, choice: &Choice) -> ToolView {
        // Where the guest has some of its own, these would hide them from cp and tar. So they are for the
        // toolchain, which converts text and copies no files; other tools do with ASCII and UTF-8, which are in the C library itself.
        let converts = choice.sees == Sees::Toolchain;
        let is_new = |at: &[u8]| self.guest.root.find(at).is_err();
        let shown = |mount: &&ToolMount| converts || is_new(&mount.at);
        let mut mounts: Vec<_> = self.character_sets.iter().filter(shown).cloned().collect();
        let (mut root, mut more) = (self.tools.top.clone(), Vec::new());
        match &choice.sees {
            Sees::Nothing => {}
            Sees::Toolchain => mounts.extend(self.toolchain.iter().cloned()),
            Sees::Directories(dirs) => {
                mounts.extend(dirs.iter().filter_map(|dir| self.shown(dir, dir)));
                let libraries =
                    dirs.iter().filter_map(|dir| self.tools.file_or_directory(&format!("{dir}/lib")));
                more = libraries.collect();
            }
            Sees::Alone => {
                root = PathBuf::from("/");
                more = choice.host.as_deref().map(libraries::own_directories).unwrap_or_default();
            }
        }
        let sees = |names: &Vec<String>| names.iter().any(|name| name == "*" || *name == choice.name);
        for rule in self.profile.views.iter().filter(|rule| sees(&rule.tools)) {
            let at = || rule.path.clone().into_bytes();
            mounts.extend(match &rule.to {
                Target::Host(path) => self.shown(&rule.path, if path.is_empty() { &rule.path } else { path }),
                Target::Guest(path) => {
                    Some(ToolMount { at: at(), shows: Shows::Guest(path.clone().into_bytes()) })
                }
                Target::Hidden => Some(ToolMount { at: at(), shows: Shows::Nothing }),
            });
        }
        ToolView { root, libraries: more, mounts }
    }

    /// A path of the tools root, at a guest path.
    fn shown(&self, at: &str, path: &str) -> Option<ToolMount> {
        let shows = Shows::Host(self.tools.file_or_directory(path)?);
        Some(ToolMount { at: at.as_bytes().to_vec(), shows })
    }
}

/// What tools have of their own at a place that their C library was built with: character sets.
fn character_sets(tools: &Oracle) -> Vec<ToolMount> {
    let gconv = [format!("/usr/lib/{MULTIARCH}/gconv"), "/usr/lib64/gconv".into(), "/usr/lib/gconv".into()];
    let shown = |path: &String| {
        let host = tools.file_or_directory(path)?;
        Some(ToolMount { at: path.clone().into_bytes(), shows: Shows::Host(host) })
    };
    gconv.iter().filter_map(shown).collect()
}

impl Oracle {
    /// Where on the host a path of this root leads, whatever is there.
    pub fn file_or_directory(&self, path: &str) -> Option<PathBuf> {
        let host = self.root.host(path.as_bytes()).ok()?;
        Path::exists(host.as_path()).then(|| host.as_path().to_path_buf())
    }
}
