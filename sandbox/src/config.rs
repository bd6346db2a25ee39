//! What a session is asked to do: plain data, filled by the command line or by another program.
//!
//! Nothing here has been looked at on disk yet; the preparation of the rootfs checks it.
#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::path::PathBuf;

/// Everything that a session needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The host directory that becomes the guest's `/`.
    pub rootfs: PathBuf,
    /// Host paths shown in the guest. A later one replaces an earlier one at the same guest path.
    pub bindings: Vec<Binding>,
    /// Where the command starts.
    pub workdir: Workdir,
    /// The program, found along the guest's PATH, and its arguments; empty runs the guest's shell.
    pub command: Vec<OsString>,
    /// The command's environment. PATH, TMPDIR and PWD are corrected where they name nothing in the guest.
    pub env: Vec<(OsString, OsString)>,
    /// Where emulators for foreign programs may be.
    pub emulators: EmulatorSearch,
    /// The host's programs that may run in the place of the guest's; `None` leaves all to the emulator.
    pub native: Option<Native>,
    /// Who is running xroot.
    pub caller: Caller,
    /// The ids that the guest is told it has; `None` tells it the caller's own and pretends nothing.
    pub ids: Option<Ids>,
    /// What uname(2) says in `release`; `None` leaves the kernel's own.
    pub kernel_release: Option<OsString>,
    /// Waits for what the command left running, instead of killing it.
    pub wait_all: bool,
    /// Says on stderr what was decided about the session's start, its programs, and calls that are not supported.
    pub verbose: bool,
    /// Writes one line a decision here.
    pub trace: Option<Output>,
    /// Writes one line an exec here.
    pub trace_exec: Option<Output>,
    /// Writes to stderr, at the end, how often each program ran and what CPU time it took.
    pub report: bool,
    /// The name of a call that no handler is asked about, so that tests can show that one has to be.
    pub let_through: Option<String>,
    /// The name of a call that treats a last symlink in the wrong way, so that tests can show which is the right one.
    pub wrong_links: Option<String>,
    /// Directories in which the session's private directory may be made, the preferred one first.
    pub temp_dirs: Vec<PathBuf>,
    /// Programs of the host that run in the place of the guest's own.
    pub toolset: Toolset,
}

/// A host path shown at a guest path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// A directory or a file of the host; absolute, perhaps through symlinks.
    pub source: PathBuf,
    /// Where the guest sees it: absolute bytes, not yet resolved through the guest's symlinks.
    pub guest: Vec<u8>,
    /// Behaves as a read-only bind mount.
    pub readonly: bool,
    /// Who asked for it.
    pub origin: Origin,
}

/// Who asked for a binding, which decides what a missing source means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The user named it: a missing source is an error.
    User,
    /// One of the defaults: left out silently where it is missing or would hide the rootfs.
    Default,
}

/// Where the command starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Workdir {
    /// A guest path, absolute.
    Guest(Vec<u8>),
    /// A directory of the host, at whatever guest path shows it.
    Host(PathBuf),
}

/// Where an emulator may be, in order of preference.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EmulatorSearch {
    /// Emulators that the user named.
    pub explicit: Vec<Emulator>,
    /// The host's PATH, for `qemu-ARCH-static` and `qemu-ARCH`.
    pub path: Vec<PathBuf>,
    /// The user's own directory of emulators, `~/.local/share/xroot/qemu`.
    pub data_dir: Option<PathBuf>,
}

/// An emulator that the user named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emulator {
    /// The machine that it is for, as qemu or Debian or uname spells it; `None` means that its file name tells.
    pub arch: Option<String>,
    /// The program, a host path.
    pub path: PathBuf,
}

/// What is asked for of the host's programs, and where to look for them and for what is known about them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Native {
    /// The words of `--native` as typed, perhaps several with commas between; empty is the profile's default.
    pub words: Vec<String>,
    /// How the compiler takes part; `None` leaves it to the profile.
    pub cc: Option<Cc>,
    /// The root filesystem that the programs come from; `None` leaves it to the profile, and then is the host's.
    pub tools: Option<PathBuf>,
    /// The directory in which `xroot tools install` keeps such root filesystems.
    pub installed: PathBuf,
    /// The directory in which answers are kept that cost time: versions, defaults of compilers.
    pub cache: PathBuf,
    /// The host's PATH.
    pub path: Vec<PathBuf>,
    /// Profiles, the weakest first. Any may be missing.
    pub profiles: Vec<PathBuf>,
    /// The profile of the project around the current directory, which anybody may have written: it may choose and take
    /// away, and not say what runs outside the emulator.
    pub project: Option<PathBuf>,
}

/// How the compiler takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cc {
    /// The guest's driver runs, and the programs that it starts (cc1, as, ld ...) are the host's.
    Inner,
    /// The driver is the host's too.
    Driver,
    /// The guest's compiler does everything.
    Off,
}

/// Where lines for the user go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    Stderr,
    /// A host path: an existing file is emptied.
    File(PathBuf),
}

/// A user and a group id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ids {
    pub uid: u32,
    pub gid: u32,
}

/// The person at the keyboard, for the line that a guest's passwd lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub ids: Ids,
    /// The login name on the host.
    pub name: OsString,
    /// The home directory on the host, which the guest sees at the same path.
    pub home: PathBuf,
}

/// Programs of the host that run in the place of a foreign guest's own, and what they see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Toolset {
    /// The machine of the guest's own programs, as qemu calls it, which uname(2) and /proc tell the tools too; `None`
    /// where they are this host's.
    pub machine: Option<String>,
    /// What uname(2) tells the tools of it, if not what emulators tell the guest's own programs.
    pub uname: Option<String>,
    pub tools: Vec<Tool>,
    pub views: Vec<ToolView>,
}

/// A program of the host, laid over one of the guest's: execve of that runs this, every other call sees the guest's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// What messages and reports call it.
    pub name: String,
    /// The guest's file: a path without symlinks.
    pub guest: Vec<u8>,
    /// The program, a host path without symlinks.
    pub host: PathBuf,
    /// The guest's file when it was compared with the host's; where another one is there now, that runs itself. `None`:
    /// whatever is there.
    pub compared: Option<FileId>,
    /// Its view, by position in [`Toolset::views`].
    pub view: usize,
    /// The guest path that /proc/PID/exe shows, if it is not `guest`: programs find their own files by it.
    pub exe: Option<Vec<u8>>,
    /// Variables that it gets unless they are set, and that its children do not inherit.
    pub env: Vec<(String, String)>,
    /// Words of its arguments at which the guest's own program runs; `*` stands for any text.
    pub fallback: Vec<String>,
    /// Variables at which the guest's own program runs, unless they are empty.
    pub unless_set: Vec<String>,
    /// What `argv[0]` may begin with, and what is put there instead: a tool says its name in messages.
    pub argv0: Option<(String, String)>,
    /// Words put in front of its arguments.
    pub prepend: Vec<String>,
    /// Words put behind its arguments.
    pub append: Vec<Append>,
}

/// Words put behind a tool's arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Append {
    /// These.
    Words(Vec<String>),
    /// The second, unless the arguments hold a word that matches one of the first (`*` stands for any text).
    Unless(Vec<String>, Vec<String>),
    /// One for each directory that this variable holds, behind this text.
    Each { variable: String, flag: String },
}

/// What tools see beside the guest's own tree. Nothing of it is listed or can be changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolView {
    /// The directory whose programs these are: the host's `/`, or a tree for this host's machine. Their dynamic
    /// linker and libraries come from there.
    pub root: PathBuf,
    /// More directories of the host in which their libraries may be.
    pub libraries: Vec<PathBuf>,
    /// A later one covers an earlier one at the same place or above.
    pub mounts: Vec<ToolMount>,
}

/// A place that tools see otherwise than the guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolMount {
    /// The guest path, absolute; symlinks in it are the guest's.
    pub at: Vec<u8>,
    pub shows: Shows,
}

/// What a tool sees at a place of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shows {
    /// A file or directory of the host.
    Host(PathBuf),
    /// What the guest has at another path.
    Guest(Vec<u8>),
    /// An empty file.
    Nothing,
}

/// What tells a file from another one at the same path, and from itself before it was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileId {
    pub device: u64,
    pub inode: u64,
    pub size: u64,
    /// Seconds and nanoseconds since the epoch.
    pub modified: (i64, i64),
}
