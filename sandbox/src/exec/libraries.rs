//! Where a program of a tools root has its dynamic linker and its libraries, and whether they are all there.
//!
//! The answer is what ld.so would find, so that a program which cannot start is known before it is tried, and one that can
//! is told of no directory that it does not need.
//!
//! Source: ld.so(8), elf(5); the System V gABI for the dynamic section.
#![forbid(unsafe_code)]

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use goblin::elf::program_header::PT_LOAD;
use nix::unistd::AccessFlags;

use super::dynamic::Dynamic;
use super::elf::{self, Headers};
use super::machine::Machine;
use super::root::Root;
use crate::arch;
use crate::vfs::HostPath;

/// Where ld.so looks that is told nothing, whatever the distribution calls it.
const DEFAULT: &[&str] = &["/lib64", "/usr/lib64", "/lib", "/usr/lib"];

/// Includes of ld.so.conf may nest so deep.
const MAX_NESTED: usize = 8;

/// The libraries of a tools root.
#[derive(Debug)]
pub struct Libraries {
    root: Root,
    directories: Vec<HostPath>,
}

/// What a program needs to be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs {
    /// `None` for a static program.
    pub interpreter: Option<HostPath>,
    /// The directories of its libraries, by position in [`Libraries::directories`].
    pub directories: Vec<usize>,
    /// Its libraries, each by that position and by the name of its file, in the order in which ld.so loads them.
    pub libraries: Vec<(usize, Vec<u8>)>,
}

/// Why a program could not start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    NotThere,
    NotExecutable,
    NotAProgram,
    CutShort,
    ForMachine(&'static str),
    NoInterpreter(String),
    NoLibrary(String),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotThere => write!(f, "it cannot be read"),
            Self::NotExecutable => write!(f, "it is not executable"),
            Self::NotAProgram => write!(f, "it is no ELF program"),
            Self::CutShort => write!(f, "its end is missing"),
            Self::ForMachine(machine) => write!(f, "it is a program for {machine}"),
            Self::NoInterpreter(path) => write!(f, "its dynamic linker {path} is missing"),
            Self::NoLibrary(name) => write!(f, "its library {name} is missing"),
        }
    }
}

impl Libraries {
    /// Those of the root file system `top`, and of the host directories `more`.
    pub fn of(top: &Path, more: &[PathBuf]) -> Self {
        let root = Root::new(top);
        let multiarch = ["/lib/", "/usr/lib/"].map(|dir| format!("{dir}{}", arch::MULTIARCH).into_bytes());
        let mut named: Vec<Vec<u8>> = multiarch.into();
        named.extend(DEFAULT.iter().map(|dir| dir.as_bytes().to_vec()));
        named.extend(configured(&root, b"/etc/ld.so.conf", MAX_NESTED));
        let found = named.iter().filter_map(|dir| root.host(dir).ok());
        let mut directories: Vec<HostPath> = Vec::new();
        for dir in more.iter().map(HostPath::new).chain(found).filter(|dir| dir.as_path().is_dir()) {
            if !directories.contains(&dir) {
                directories.push(dir);
            }
        }
        Self { root, directories }
    }

    /// All directories that libraries are looked for in, on the host.
    pub fn directories(&self) -> &[HostPath] {
        &self.directories
    }

    /// What the program at `host` needs.
    ///
    /// # Errors
    /// What is missing.
    pub fn needs(&self, host: &HostPath) -> Result<Needs, Why> {
        let file = File::open(host).map_err(|_| Why::NotThere)?;
        // The stub would map it all the same.
        nix::unistd::access(host.as_path(), AccessFlags::X_OK).map_err(|_| Why::NotExecutable)?;
        let headers = native(&file)?;
        let Some(name) = headers.interpreter_name(&file).map_err(|_| Why::NotAProgram)? else {
            return Ok(Needs { interpreter: None, directories: Vec::new(), libraries: Vec::new() });
        };
        let missing = || Why::NoInterpreter(String::from_utf8_lossy(&name).into_owned());
        let interpreter = self.root.host(&name).map_err(|_| missing())?;
        native(&File::open(&interpreter).map_err(|_| missing())?).map_err(|_| missing())?;
        let libraries = self.closure(&file, &headers, &interpreter)?;
        let mut directories: Vec<usize> = libraries.iter().map(|&(position, _)| position).collect();
        // ld.so looks in this order too.
        directories.sort_unstable();
        directories.dedup();
        Ok(Needs { interpreter: Some(interpreter), directories, libraries })
    }

    /// What `file` is linked with, and what that is linked with, but for the dynamic linker: breadth first, as ld.so goes.
    fn closure(
        &self,
        file: &File,
        headers: &Headers,
        interpreter: &HostPath,
    ) -> Result<Vec<(usize, Vec<u8>)>, Why> {
        let mut found = Vec::new();
        let mut seen: HashSet<Vec<u8>> = HashSet::new();
        let mut todo: VecDeque<Vec<u8>> = Dynamic::read(file, headers).ok_or(Why::NotAProgram)?.needed.into();
        while let Some(name) = todo.pop_front() {
            if !seen.insert(name.clone()) {
                continue;
            }
            let missing = || Why::NoLibrary(String::from_utf8_lossy(&name).into_owned());
            let Library { position, path, file, headers } = self.library(&name).ok_or_else(missing)?;
            if path == *interpreter {
                continue;
            }
            let within = path.below(&self.directories[position]).expect("it was found in there").to_vec();
            todo.extend(Dynamic::read(&file, &headers).ok_or_else(missing)?.needed);
            found.push((position, within));
        }
        Ok(found)
    }

    fn library(&self, name: &[u8]) -> Option<Library> {
        self.directories.iter().enumerate().find_map(|(position, dir)| {
            let host = self.root.path_of(dir).and_then(|dir| self.root.host(dir.join(name).as_bytes()).ok());
            let host = host.unwrap_or_else(|| dir.join_bytes(name));
            // The directory is all that the tool sees: a link out of it leads nowhere there.
            let within = host.below(dir)?;
            if within.contains(&b'/') {
                return None;
            }
            let file = File::open(&host).ok()?;
            let headers = native(&file).ok()?;
            Some(Library { position, path: host, file, headers })
        })
    }
}

/// A library that was found: in which directory, and as what file.
struct Library {
    position: usize,
    path: HostPath,
    file: File,
    headers: Headers,
}

/// The directories that the program at `host` names itself as those of its libraries (DT_RUNPATH, DT_RPATH).
pub fn own_directories(host: &Path) -> Vec<PathBuf> {
    let read = || {
        let file = File::open(host).ok()?;
        Some(Dynamic::read(&file, &native(&file).ok()?)?.runpath)
    };
    let origin = host.parent().unwrap_or(Path::new("/"));
    let expand = |dir: Vec<u8>| {
        let text = String::from_utf8_lossy(&dir).replace("${ORIGIN}", "$ORIGIN");
        let path = text.replace("$ORIGIN", &origin.to_string_lossy());
        std::fs::canonicalize(path).ok().filter(|path| path.is_dir())
    };
    read().unwrap_or_default().into_iter().filter_map(expand).collect()
}

fn native(file: &File) -> Result<Headers, Why> {
    let head = elf::read_head(file).map_err(|_| Why::NotThere)?;
    match Machine::of(&head) {
        Some(machine) if machine.is_host() => {
            let headers = Headers::of_program(file, &head, machine).map_err(|_| Why::NotAProgram)?;
            if is_whole(file, &headers) { Ok(headers) } else { Err(Why::CutShort) }
        }
        Some(machine) => Err(Why::ForMachine(machine.name)),
        None => Err(Why::NotAProgram),
    }
}

/// Whether all is there that is mapped: what lies behind a file's end is SIGBUS to who touches it (mmap(2)).
fn is_whole(file: &File, headers: &Headers) -> bool {
    let len = file.metadata().map_or(0, |metadata| metadata.len());
    let mut loads = headers.segments.iter().filter(|segment| segment.kind == PT_LOAD);
    loads.all(|load| load.offset.checked_add(load.filesz).is_some_and(|end| end <= len))
}

/// The directories that ld.so.conf names, what it includes included.
fn configured(root: &Root, path: &[u8], depth: usize) -> Vec<Vec<u8>> {
    let Some(text) = root.host(path).ok().and_then(|host| std::fs::read(host).ok()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for line in text.split(|&byte| byte == b'\n') {
        let line = line.split(|&byte| byte == b'#').next().unwrap_or_default().trim_ascii();
        match line.strip_prefix(b"include ") {
            Some(pattern) if depth > 0 => {
                for file in matching(root, pattern.trim_ascii()) {
                    found.extend(configured(root, &file, depth - 1));
                }
            }
            Some(_) => {}
            None if line.starts_with(b"/") => found.push(line.to_vec()),
            None => {}
        }
    }
    found
}

/// The files that an include of ld.so.conf means: `*` in the last component only, as everybody writes it.
fn matching(root: &Root, pattern: &[u8]) -> Vec<Vec<u8>> {
    let slash = pattern.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
    let (dir, name) = (&pattern[..slash], &pattern[slash + usize::from(!pattern.is_empty())..]);
    let Some((head, tail)) =
        name.iter().position(|&byte| byte == b'*').map(|at| (&name[..at], &name[at + 1..]))
    else {
        return vec![pattern.to_vec()];
    };
    let entries = root.host(dir).ok().and_then(|host| std::fs::read_dir(host).ok());
    let names = entries.into_iter().flatten().flatten().map(|entry| entry.file_name().as_bytes().to_vec());
    let mut files: Vec<_> = names
        .filter(|name| name.starts_with(head) && name.ends_with(tail))
        .map(|name| [dir, b"/", &name].concat())
        .collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::for_tests::{ARM, Dir};

    /// This test itself is a dynamic program of the host where there is one.
    fn shell() -> HostPath {
        HostPath::new(std::fs::canonicalize("/bin/sh").expect("the host has a shell"))
    }

    #[test]
    fn the_hosts_own_programs_need_libraries_that_are_there() {
        let libraries = Libraries::of(Path::new("/"), &[]);
        let needs = libraries.needs(&shell()).expect("the host's shell runs");
        let interpreter = needs.interpreter.expect("it is a dynamic program");
        assert!(interpreter.as_path().is_file());
        let dirs: Vec<_> = needs.directories.iter().map(|&at| &libraries.directories()[at]).collect();
        assert!(dirs.iter().any(|dir| dir.as_path().join("libc.so.6").exists()), "{dirs:?}");
    }

    #[test]
    fn what_is_missing_is_named() {
        let dir = Dir::new("libraries");
        let libraries = Libraries::of(dir.path(), &[]);
        let needs = |path: &Path| libraries.needs(&HostPath::new(path));
        assert!(matches!(needs(shell().as_path()), Err(Why::NoInterpreter(_))));
        assert_eq!(needs(&dir.file("arm", &ARM.bytes(), 0o755)), Err(Why::ForMachine("arm")));
        assert_eq!(needs(&dir.file("text", b"#!/bin/sh\n", 0o755)), Err(Why::NotAProgram));
        assert_eq!(needs(&dir.path().join("none")), Err(Why::NotThere));
        assert_eq!(needs(&dir.file("plain", &ARM.bytes(), 0o644)), Err(Why::NotExecutable));
        let own = Libraries::of(Path::new("/"), &[]);
        let linker = own.needs(&shell()).expect("it runs").interpreter.expect("it is dynamic");
        let content = std::fs::read(&linker).expect("it can be read");
        let name = File::open(shell())
            .ok()
            .and_then(|file| Headers::native(&file).ok()?.interpreter_name(&file).ok().flatten());
        let name = String::from_utf8(name.expect("it has one")).expect("it is text");
        dir.file(&name[1..], &content, 0o755);
        assert_eq!(needs(shell().as_path()), Err(Why::NoLibrary("libc.so.6".into())));
    }

    #[test]
    fn the_linkers_configuration_is_read() {
        let dir = Dir::new("ld-so-conf");
        let text = "# libc\n/opt/one # why not\ninclude /etc/ld.so.conf.d/*.conf\ninclude /etc/none\n";
        dir.file("etc/ld.so.conf", text.as_bytes(), 0o644);
        dir.file("etc/ld.so.conf.d/b.conf", b"/opt/b\n", 0o644);
        dir.file("etc/ld.so.conf.d/a.conf", b"/opt/a\ninclude /etc/ld.so.conf.d/a.conf\n", 0o644);
        dir.file("etc/ld.so.conf.d/c.txt", b"/opt/c\n", 0o644);
        let found = configured(&Root::new(dir.path()), b"/etc/ld.so.conf", 1);
        assert_eq!(found, [b"/opt/one".to_vec(), b"/opt/a".to_vec(), b"/opt/b".to_vec()]);
    }
}
