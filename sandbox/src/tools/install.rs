//! `xroot tools install`: gets a root file system of this host's machine and the guest's own release, with the compiler for
//! the guest in it, so that nothing needs to be installed on the host.
//!
//! The guest's own package manager does it, for another architecture: it knows the archive, the keys and the proxy, and
//! checks what it downloads. Nothing of the guest is changed; all of apt's state lies in the new directory.
//!
//! Source: apt-get(8), apt.conf(5), dpkg-deb(1).
#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::ask::Oracle;
use super::choice::State;
use super::select::{Survey, survey};
use super::{release, triplet};
use crate::arch::DEBIAN;
use crate::config::{Binding, Config, Ids, Native, Origin, Toolset, Workdir};
use crate::error::Error;
use crate::session::Session;

/// Run by the guest's shell, with the directory of the download, the architecture and the packages.
const SCRIPT: &str = include_str!("install.sh");

/// Where the downloads and the tree are made; a name of its own for each process.
const UNFINISHED: &str = ".unfinished-";

/// Gets the tools for the guest that `config` describes, and says where they are.
///
/// # Errors
/// [`Error::ToolsInstall`] for a guest whose programs this host runs itself, or one without apt, and if it fails.
pub fn install(config: &Config) -> Result<PathBuf, Error> {
    let why = |text: &str| Error::ToolsInstall { why: text.into() };
    let native = config.native.as_ref().ok_or_else(|| why("--no-native uses none"))?;
    let Survey { selection, .. } = survey(config)?;
    if selection.toolset.machine.is_none() {
        return Err(why("the guest is of this host's machine and needs none"));
    }
    let guest = Oracle::new(&config.rootfs, config, &native.cache);
    for tool in ["/usr/bin/apt-get", "/usr/bin/dpkg-deb"] {
        guest.file(tool).ok_or_else(|| why(&format!("the guest has no {tool}, with which they are got")))?;
    }
    let mut packages: BTreeSet<String> = BTreeSet::new();
    for compiler in super::compiler::of_guest(&guest) {
        let number = triplet::major(&compiler.version).unwrap_or_default();
        let target = compiler.triplet.replace('_', "-");
        packages.insert(format!("gcc-{number}-{target}"));
        if guest.file(&format!("{}/cc1plus", compiler.programs)).is_some() {
            packages.insert(format!("g++-{number}-{target}"));
        }
    }
    // Also what the host has: once there is a tree, all tools come from it.
    let there = selection.choices.iter().filter(|choice| matches!(choice.state, State::On | State::Off(_)));
    packages.extend(
        there.filter(|choice| choice.name != "gcc" && choice.name != "g++").filter_map(|c| c.package.clone()),
    );
    let work = Unfinished::new(&native.installed)?;
    let packages: Vec<String> = packages.into_iter().collect();
    let status = Session::new(inside(config, &work.0, &packages))?.run(None)?;
    if status != 0 {
        return Err(why("the guest's apt failed, see above"));
    }
    place(native, &work.0, &release::key(&guest))
}

/// The session in which the guest's apt runs, as a pretended root.
fn inside(config: &Config, work: &Path, packages: &[String]) -> Config {
    let shown = |path: &Path| Binding {
        source: path.into(),
        guest: path.as_os_str().as_encoded_bytes().to_vec(),
        readonly: false,
        origin: Origin::Default,
    };
    let bindings =
        ["/dev", "/proc", "/tmp", "/etc/resolv.conf", "/etc/hosts"].map(|path| shown(Path::new(path)));
    let work_binding = Binding { origin: Origin::User, ..shown(work) };
    let proxies = config
        .env
        .iter()
        .filter(|(name, _)| name.to_str().is_some_and(|name| name.to_ascii_lowercase().ends_with("_proxy")));
    let fixed = [
        ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
        ("HOME", "/root"),
        ("LC_ALL", "C.UTF-8"),
        ("DEBIAN_FRONTEND", "noninteractive"),
    ];
    let words = ["/bin/sh", "-c", SCRIPT, "sh"].into_iter().map(Into::into);
    let arguments = [work.as_os_str().to_owned(), DEBIAN.into()];
    Config {
        bindings: bindings.into_iter().chain([work_binding]).collect(),
        workdir: Workdir::Guest(b"/".to_vec()),
        command: words.chain(arguments).chain(packages.iter().map(Into::into)).collect(),
        env: fixed
            .map(|(name, value)| (name.into(), value.into()))
            .into_iter()
            .chain(proxies.cloned())
            .collect(),
        ids: Some(Ids { uid: 0, gid: 0 }),
        kernel_release: None,
        native: None,
        trace_exec: None,
        report: false,
        wait_all: false,
        toolset: Toolset::default(),
        ..config.clone()
    }
}

/// Puts the finished tree in the place of an older one.
fn place(native: &Native, work: &Path, key: &str) -> Result<PathBuf, Error> {
    let (tree, old) = (native.installed.join(key), work.join("old"));
    let wrong = |error: std::io::Error| Error::ToolsInstall { why: format!("{}: {error}", tree.display()) };
    if tree.exists() {
        fs::rename(&tree, old).map_err(wrong)?;
    }
    fs::rename(work.join("tree"), &tree).map_err(wrong)?;
    Ok(tree)
}

/// A directory that is removed in the end. What killed runs have left goes too.
struct Unfinished(PathBuf);

impl Unfinished {
    fn new(parent: &Path) -> Result<Self, Error> {
        let wrong =
            |error: std::io::Error| Error::ToolsInstall { why: format!("{}: {error}", parent.display()) };
        fs::create_dir_all(parent).map_err(wrong)?;
        for entry in fs::read_dir(parent).map_err(wrong)?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let dead = |id: &str| !Path::new("/proc").join(id).exists();
            if name.strip_prefix(UNFINISHED).is_some_and(dead) {
                let (Ok(()) | Err(_)) = fs::remove_dir_all(entry.path());
            }
        }
        // Guest and host know it by one name, so it may hold no symlink.
        let parent = fs::canonicalize(parent).map_err(wrong)?;
        let path = parent.join(format!("{UNFINISHED}{}", std::process::id()));
        fs::create_dir(&path).map_err(wrong)?;
        Ok(Self(path))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let (Ok(()) | Err(_)) = fs::remove_dir_all(&self.0);
    }
}
