//! What of the host the guest sees: the defaults and the `-b` options.
//!
//! The list keeps what was meant, in order; [`sandbox::image`] leaves out what the disk makes superfluous.
#![forbid(unsafe_code)]

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use sandbox::config::{Binding, Ids, Origin};

use super::{Ambient, absolute};
use crate::cli::Cli;
use crate::report::Report;

/// The kernel's own trees, and the temp directory that build tools exchange files through.
const TREES: &[&str] = &["/dev", "/proc", "/tmp"];
/// What name resolution reads. Not passwd and group: package installers rewrite these.
const NAMES: &[&str] = &["/etc/resolv.conf", "/etc/hosts"];
/// What PRoot's -R shows besides.
const HOST_LIKE: &[&str] = &[
    "/etc/host.conf",
    "/etc/hosts.equiv",
    "/etc/mtab",
    "/etc/netgroup",
    "/etc/networks",
    "/etc/passwd",
    "/etc/group",
    "/etc/nsswitch.conf",
    "/etc/localtime",
    "/run",
    "/var/run/dbus/system_bus_socket",
];
/// What PRoot's -S shows besides.
const INSTALLER: &[&str] = &["/etc/host.conf", "/etc/nsswitch.conf", "/run/shm"];

/// Directories that hold the guest's system: the host's of that name would hide it. With `true`, all below it too.
const SYSTEM: &[(&str, bool)] = &[
    ("/", false),
    ("/bin", true),
    ("/boot", true),
    ("/etc", true),
    ("/home", false),
    ("/lib", true),
    ("/lib32", true),
    ("/lib64", true),
    ("/libx32", true),
    ("/opt", false),
    ("/run", false),
    ("/sbin", true),
    ("/usr", false),
    ("/usr/bin", true),
    ("/usr/include", true),
    ("/usr/lib", true),
    ("/usr/lib32", true),
    ("/usr/lib64", true),
    ("/usr/libexec", true),
    ("/usr/libx32", true),
    ("/usr/local", false),
    ("/usr/local/bin", true),
    ("/usr/local/lib", true),
    ("/usr/sbin", true),
    ("/usr/share", false),
    ("/var", false),
    ("/var/cache", false),
    ("/var/lib", false),
    ("/var/lib/apt", true),
    ("/var/lib/dpkg", true),
    ("/var/log", false),
];

/// Whether showing the host's `path` at that place would hide a part of the guest's system.
pub fn holds_the_system(path: &Path) -> bool {
    SYSTEM.iter().any(|&(dir, below)| path == Path::new(dir) || (below && path.starts_with(dir)))
}

/// Says what the guest sees of the host; what stands later wins.
///
/// # Errors
/// A `-b` that cannot be understood.
pub fn plan(cli: &Cli, rootfs: &Path, ids: Option<Ids>, ambient: &Ambient) -> Result<Vec<Binding>, Report> {
    let mut bindings = if cli.no_default_binds { Vec::new() } else { defaults(cli, ids, ambient) };
    if cli.root.host_like.is_some() || cli.root.installer.is_some() {
        let more = if cli.root.installer.is_some() { INSTALLER } else { HOST_LIKE };
        bindings.extend(more.iter().map(|path| default(*path)));
        bindings.push(Binding { origin: Origin::User, ..default(rootfs) });
    }
    for word in &cli.bind {
        bindings.push(parse(word, ambient)?);
    }
    Ok(bindings)
}

fn defaults(cli: &Cli, ids: Option<Ids>, ambient: &Ambient) -> Vec<Binding> {
    let mut bindings: Vec<_> = TREES.iter().chain(NAMES).map(|path| default(*path)).collect();
    bindings.push(Binding { readonly: true, ..default("/sys") });
    // Installers replace the link, which would be busy.
    if ids.is_none() {
        bindings.push(default("/etc/localtime"));
    }
    let home = (!cli.no_home).then(|| ambient.caller.home.clone());
    for dir in ambient.absolute_var("TMPDIR").into_iter().chain(home).chain(ambient.cwd.clone()) {
        if !holds_the_system(&dir) {
            bindings.push(default(dir));
        }
    }
    bindings
}

fn default(path: impl Into<PathBuf>) -> Binding {
    let source = path.into();
    let guest = source.as_os_str().as_bytes().to_vec();
    Binding { source, guest, readonly: false, origin: Origin::Default }
}

/// Reads `SRC[:DST[:ro]]`; `\:` is a colon and `\\` a backslash of a name.
fn parse(word: &OsStr, ambient: &Ambient) -> Result<Binding, Report> {
    let wrong = |why: &str| {
        let word = word.to_string_lossy();
        Report::usage(format!("-b {word}: {why}"), Some("-b SRC:DST:ro (a colon in a name: \\:)".into()))
    };
    let fields = split(word.as_bytes());
    let (source, guest, mode) = match &fields[..] {
        [source] => (source, None, None),
        [source, guest] => (source, Some(guest), None),
        [source, guest, mode] => (source, Some(guest), Some(mode)),
        _ => return Err(wrong("more than SRC, DST and ro")),
    };
    if source.is_empty() {
        return Err(wrong("no source"));
    }
    let source = absolute(&PathBuf::from(OsString::from_vec(source.clone())), ambient)?;
    let guest = match guest {
        None => source.as_os_str().as_bytes().to_vec(),
        Some(guest) if guest.starts_with(b"/") => guest.clone(),
        Some(_) => return Err(wrong("the guest path is not absolute")),
    };
    let readonly = match mode.map(Vec::as_slice) {
        None | Some(b"rw") => false,
        Some(b"ro") => true,
        Some(_) => return Err(wrong("the third field is neither ro nor rw")),
    };
    Ok(Binding { source, guest, readonly, origin: Origin::User })
}

fn split(word: &[u8]) -> Vec<Vec<u8>> {
    let mut fields = vec![Vec::new()];
    let mut rest = word;
    while let [byte, tail @ ..] = rest {
        let field = fields.last_mut().expect("the list is never empty");
        match (byte, tail) {
            (b'\\', [escaped @ (b':' | b'\\'), after @ ..]) => {
                field.push(*escaped);
                rest = after;
                continue;
            }
            (b':', _) => fields.push(Vec::new()),
            _ => field.push(*byte),
        }
        rest = tail;
    }
    fields
}
