//! The command line as meant: the words and the surroundings become a [`sandbox::Config`].
//!
//! [`plan`] is pure. Only [`surroundings`] looks at this process, and nothing else in xroot reads an environment
//! variable. The one question that needs the disk, where a program of a bare name is, goes through [`Ambient`].
#![forbid(unsafe_code)]

mod ambient;
mod bindings;
mod environ;
mod native;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use sandbox::config::{Config, Emulator, EmulatorSearch, Ids, Output, Toolset, Workdir};

use crate::cli::Cli;
use crate::report::Report;

pub use ambient::Ambient;

/// Looks at this process: its environment, its directory, who runs it.
pub fn surroundings() -> Ambient {
    let ids = Ids { uid: nix::unistd::getuid().as_raw(), gid: nix::unistd::getgid().as_raw() };
    // Not getpwuid(3): a static binary cannot load the host's name service modules.
    let passwd = std::fs::read("/etc/passwd").unwrap_or_default();
    let mut ambient = Ambient::new(std::env::vars_os().collect(), std::env::current_dir().ok(), &passwd, ids);
    ambient.is_file = Path::is_file;
    ambient
}

/// Says what a session has to do.
///
/// # Errors
/// A word that cannot be understood, or one that is relative to a current directory that no longer exists.
pub fn plan(cli: Cli, ambient: &Ambient) -> Result<Config, Report> {
    let root = &cli.root;
    let rootfs = root.rootfs.as_ref().or(root.host_like.as_ref()).or(root.installer.as_ref());
    let rootfs = absolute(rootfs.expect("clap wants one of -r, -R and -S"), ambient)?;
    let ids = ids(&cli)?;
    Ok(Config {
        bindings: bindings::plan(&cli, &rootfs, ids, ambient)?,
        workdir: workdir(&cli, ambient)?,
        env: environ::plan(&cli, ids, ambient)?,
        emulators: emulators(&cli.qemu, ambient)?,
        native: native::plan(&cli.native, ambient)?,
        caller: ambient.caller.clone(),
        ids,
        kernel_release: cli.kernel_release,
        wait_all: cli.wait_all,
        verbose: cli.verbose,
        trace_exec: output(cli.trace_exec.as_deref(), ambient)?,
        trace: output(cli.trace.as_deref(), ambient)?,
        report: cli.report,
        let_through: cli.let_through,
        wrong_links: cli.wrong_links,
        temp_dirs: temp_dirs(ambient),
        command: cli.command,
        toolset: Toolset::default(),
        rootfs,
    })
}

/// The path from the current directory, folded by its text where it has `..` or `.`.
fn absolute(path: &Path, ambient: &Ambient) -> Result<PathBuf, Report> {
    if path.is_absolute() {
        return Ok(path.to_owned());
    }
    match &ambient.cwd {
        Some(cwd) => Ok(cwd.join(path)),
        None => Err(Report::usage(
            format!("{}: the current directory no longer exists", path.display()),
            Some("cd ~, or give absolute paths".into()),
        )),
    }
}

/// The ids that the guest is told: those of `-0` or `-S`, or of the last `-i`.
fn ids(cli: &Cli) -> Result<Option<Ids>, Report> {
    let mut ids = (cli.fake_root || cli.root.installer.is_some()).then_some(Ids { uid: 0, gid: 0 });
    for word in &cli.ids {
        // `-it` as docker users type it.
        if word == "t" {
            continue;
        }
        let pair = word.to_str().and_then(|text| text.split_once(':'));
        let number = |text: &str| text.parse::<u32>().ok().filter(|&id| id != u32::MAX);
        ids = match pair.and_then(|(uid, gid)| Some(Ids { uid: number(uid)?, gid: number(gid)? })) {
            Some(ids) => Some(ids),
            None => {
                return Err(Report::usage(
                    format!("-i {}: not UID:GID", word.to_string_lossy()),
                    Some("-i 1000:1000".into()),
                ));
            }
        };
    }
    Ok(ids)
}

/// `-w`, else where the caller is; the guest's own directory of that name where the host's would hide the system.
fn workdir(cli: &Cli, ambient: &Ambient) -> Result<Workdir, Report> {
    if let Some(dir) = &cli.workdir {
        return Ok(Workdir::Guest(absolute(Path::new(dir), ambient)?.into_os_string().into_vec()));
    }
    Ok(match &ambient.cwd {
        None => Workdir::Guest(b"/".to_vec()),
        Some(cwd) if bindings::holds_the_system(cwd) && !cli.no_default_binds => {
            Workdir::Guest(cwd.as_os_str().as_bytes().to_vec())
        }
        Some(cwd) => Workdir::Host(cwd.clone()),
    })
}

fn emulators(words: &[OsString], ambient: &Ambient) -> Result<EmulatorSearch, Report> {
    let explicit = words.iter().map(|word| emulator(word, ambient)).collect::<Result<_, _>>()?;
    Ok(EmulatorSearch {
        explicit,
        path: ambient.search_path(),
        data_dir: Some(ambient.xdg("XDG_DATA_HOME", ".local/share").join("qemu")),
    })
}

/// `PATH` or `ARCH=PATH`; a PATH without a slash is looked up along the host's PATH, as PRoot does.
fn emulator(word: &OsStr, ambient: &Ambient) -> Result<Emulator, Report> {
    let bytes = word.as_bytes();
    let equals = bytes.iter().position(|&byte| byte == b'=').filter(|&at| !bytes[..at].contains(&b'/'));
    let (arch, path) = match equals {
        Some(at) => (Some(String::from_utf8_lossy(&bytes[..at]).into_owned()), &bytes[at + 1..]),
        None => (None, bytes),
    };
    if path.is_empty() || arch.as_ref().is_some_and(String::is_empty) {
        return Err(Report::usage(
            format!("-q {}: not PATH or ARCH=PATH", word.to_string_lossy()),
            Some("-q arm=/usr/bin/qemu-arm-static".into()),
        ));
    }
    let path = Path::new(OsStr::from_bytes(path));
    let bare = !path.as_os_str().as_bytes().contains(&b'/');
    let mut candidates = ambient.search_path().into_iter().filter(|_| bare).map(|dir| dir.join(path));
    let path = match candidates.find(|candidate| (ambient.is_file)(candidate)) {
        Some(found) => found,
        None => absolute(path, ambient)?,
    };
    Ok(Emulator { arch, path })
}

/// Where lines go: `-` is stderr.
fn output(word: Option<&Path>, ambient: &Ambient) -> Result<Option<Output>, Report> {
    Ok(match word {
        None => None,
        Some(word) if word == "-" => Some(Output::Stderr),
        Some(word) => Some(Output::File(absolute(word, ambient)?)),
    })
}

/// A runtime directory is the caller's alone and in memory; /dev/shm is the last resort of read-only containers.
fn temp_dirs(ambient: &Ambient) -> Vec<PathBuf> {
    let named = ["XDG_RUNTIME_DIR", "TMPDIR"].into_iter().filter_map(|key| ambient.absolute_var(key));
    named.chain(["/tmp", "/var/tmp", "/dev/shm"].map(PathBuf::from)).collect()
}

#[cfg(test)]
mod tests;
