//! What the user is told when xroot itself cannot go on, and the three ways in which a handler can fail.
//!
//! Messages are lower case, without a full stop, and name the thing and the view ("guest" or "host" where it could be
//! either). A variant that the user can act on has its fix in [`Error::hint`].
#![forbid(unsafe_code)]

use std::path::PathBuf;

pub use nix::errno::Errno;

/// Why a call could not be handled.
#[derive(Debug)]
pub enum Failure {
    /// The guest's business: the call returns this errno.
    Errno(Errno),
    /// The tracee died: nobody's business, the next wait reaps it.
    Gone,
    /// Ours: the user reads it.
    Broken(Error),
}

impl Failure {
    /// True if this process could open no more files. A guest that is at its own limit is told so by the kernel.
    pub fn is_tracers_limit(&self) -> bool {
        matches!(self, Self::Errno(errno) if is_file_limit(*errno))
    }
}

/// True if whoever is told this has, or the system has, as many open files as may be: fewer would mend it.
pub fn is_file_limit(errno: Errno) -> bool {
    matches!(errno, Errno::EMFILE | Errno::ENFILE)
}

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

/// Writes a line to stderr, if that can be: it may be closed, or full and non-blocking, and the guest goes on.
pub fn tell(line: impl std::fmt::Display) {
    use std::io::Write;
    let (Ok(()) | Err(_)) = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// What stopped xroot, in words that name the thing and the view.
///
/// Host paths are `PathBuf`, guest paths are `String` (lossy: they are only printed).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A call of xroot's own failed.
    #[error("{what}: {}", errno.desc())]
    Os { what: String, errno: Errno },
    #[error("cannot write the {what} to {name}: {}", errno.desc())]
    Log { what: String, name: String, errno: Errno },

    // The root filesystem.
    #[error("rootfs {}: {}", path.display(), errno.desc())]
    Rootfs { path: PathBuf, errno: Errno },
    #[error("rootfs {} is not a directory", path.display())]
    RootfsNotDirectory { path: PathBuf },
    #[error("rootfs {} is empty", path.display())]
    RootfsEmpty { path: PathBuf },
    #[error("{} holds no root filesystem: it has no bin, usr or etc", path.display())]
    RootfsTooHigh { path: PathBuf, inside: PathBuf },
    #[error("rootfs {}: {} belongs to uid {owner} and cannot be read by uid {uid}", path.display(), entry.display())]
    RootfsUnreadable { path: PathBuf, entry: PathBuf, owner: u32, uid: u32 },
    #[error("rootfs {} is on a filesystem mounted noexec, so its programs cannot run", path.display())]
    Noexec { path: PathBuf },

    // Bindings and the working directory.
    #[error("cannot bind {} at guest {guest}: {}", source_path.display(), errno.desc())]
    BindSource { source_path: PathBuf, guest: String, errno: Errno },
    #[error("cannot bind {} at guest {guest}: {}", source_path.display(), errno.desc())]
    BindGuest { source_path: PathBuf, guest: String, errno: Errno },
    #[error("working directory {guest} in the guest: {}", errno.desc())]
    Workdir { guest: String, errno: Errno },
    #[error("no directory for the session's private files: tried {}", list(tried))]
    NoTempDir { tried: Vec<PathBuf> },

    // Tools of the host.
    #[error("native {name}: {} cannot be run: {why}; the guest's own runs instead", path.display())]
    NativeBroken { name: String, path: PathBuf, why: String },

    // The command.
    #[error("{command}: not found in the guest")]
    CommandNotFound { command: String },
    #[error("guest {command} cannot be executed: {}", errno.desc())]
    CommandNotExecutable { command: String, errno: Errno },
    #[error("guest {program} needs the interpreter {interpreter}, which the guest does not have")]
    InterpreterMissing { program: String, interpreter: String },
    #[error("guest {program} may be executed but not read, and xroot must read the programs it loads")]
    ExecuteOnly { program: String },

    // Emulators.
    #[error(
        "guest {program} is for {machine}, this host is {}, and no static qemu-{machine} was found",
        host()
    )]
    NoEmulator { machine: String, program: String },
    #[error("emulator {}: {}", path.display(), errno.desc())]
    Emulator { path: PathBuf, errno: Errno },
    #[error("emulator {} is dynamically linked (it needs {interpreter} of the host)", path.display())]
    EmulatorDynamic { path: PathBuf, interpreter: String },
    #[error("emulator {} is a program for {machine}, and this host is {}", path.display(), host())]
    EmulatorForeign { path: PathBuf, machine: String },
    #[error("emulator {} is not an ELF program", path.display())]
    EmulatorNotElf { path: PathBuf },
    #[error("which machine is {} for? Its name does not tell", path.display())]
    EmulatorUnnamed { path: PathBuf },
    #[error("no machine is called {name}")]
    UnknownMachine { name: String },

    // Native tools: the host's programs in the place of the guest's.
    #[error("profile {}: {message}", path.display())]
    NativeProfile { path: PathBuf, message: String },
    #[error("--native {word}: {why}")]
    NativeWord { word: String, why: String },
    #[error("no {} is called {name}", if name.starts_with('@') { "group of native tools" } else { "native tool" })]
    NativeUnknown { name: String, near: Vec<String> },
    #[error("no native {name}: {why}")]
    NativeMissing { name: String, why: String, package: Option<String> },
    #[error("no native {name}: {why}")]
    NativeRefused { name: String, why: String },
    #[error("tools directory {}: {why}", path.display())]
    ToolsDir { path: PathBuf, why: String },
    #[error("cannot install native tools: {why}")]
    ToolsInstall { why: String },

    // Tracing.
    #[error("the kernel does not let xroot trace its own child: {}{facts}", errno.desc())]
    PtraceDenied { errno: Errno, facts: TraceFacts },
    #[error("xroot is already traced by process {tracer} ({name}), and a process has only one tracer")]
    AlreadyTraced { tracer: u32, name: String },
    #[error("xroot is run by an emulator, which cannot trace processes")]
    Emulated,
    #[error("Linux {release} is too old for xroot, which needs 4.8 or newer")]
    KernelTooOld { release: String },
    #[error("/proc is not mounted, and xroot needs it to look at the processes it traces")]
    NoProc,
    #[error(
        "/proc is that of another pid namespace, and xroot needs this one's to look at the processes it traces"
    )]
    ForeignProc,
    #[error("this kernel does not filter system calls for a tracer: {}", errno.desc())]
    NoSeccomp { errno: Errno },
}

/// What /proc says about tracing on this host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TraceFacts {
    /// `/proc/sys/kernel/yama/ptrace_scope`; `None` without Yama.
    pub yama: Option<u32>,
    /// `Seccomp:` of `/proc/self/status`: 2 says that an outer filter is installed.
    pub seccomp: Option<u32>,
}

impl std::fmt::Display for TraceFacts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(yama) = self.yama {
            write!(f, "; kernel.yama.ptrace_scope is {yama}")?;
        }
        if let Some(seccomp) = self.seccomp {
            write!(f, "; Seccomp: {seccomp} in /proc/self/status")?;
        }
        Ok(())
    }
}

impl Error {
    /// An [`Error::Os`] for `what`, to be used with `map_err`.
    pub fn os(what: impl Into<String>) -> impl FnOnce(Errno) -> Self {
        let what = what.into();
        move |errno| Self::Os { what, errno }
    }

    /// What the user can do about it, as one command or sentence.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::KernelTooOld { .. } => Some("run it on a newer kernel".into()),
            Self::ForeignProc => Some("unshare --pid --fork --mount-proc ... (or: mount -t proc proc /proc)".into()),
            Self::NoProc => Some("mount -t proc proc /proc (in a container: as root of it)".into()),
            Self::NoSeccomp { errno: Errno::EINVAL } => {
                Some("run it on a kernel that is built with CONFIG_SECCOMP_FILTER".into())
            }
            Self::NoSeccomp { .. } => Some("run it outside the sandbox that denies seccomp(2)".into()),
            Self::Log { .. } => Some("name a file that you can write, or leave the option out".into()),
            Self::Os { .. } | Self::ExecuteOnly { .. } => None,
            Self::NativeBroken { name, .. } => {
                Some(format!("--native auto,-{name} (xroot tools tells more)"))
            }
            Self::Rootfs { errno: Errno::EACCES, path } => Some(format!(
                "chmod u+rx {0} (or, where it is not yours: sudo chown -R $USER {0})",
                quoted(path)
            )),
            Self::Rootfs { path, .. } | Self::RootfsEmpty { path } => Some(unpack(path)),
            Self::RootfsNotDirectory { path } => Some(format!(
                "mkdir rootfs && tar -xf {} -C rootfs && xroot -r rootfs (if it is an archive)",
                quoted(path)
            )),
            Self::RootfsTooHigh { inside, .. } => Some(format!("did you mean xroot -r {}?", quoted(inside))),
            Self::RootfsUnreadable { path, entry, .. } if entry.is_absolute() => {
                Some(format!("sudo cp -a {} ~/rootfs && sudo chown -R $USER ~/rootfs", quoted(path)))
            }
            Self::RootfsUnreadable { path, .. } => Some(format!("sudo chown -R $USER {}", quoted(path))),
            Self::Noexec { path } => Some(format!(
                "cp -a {} ~/rootfs && xroot -r ~/rootfs (if your home is not noexec)",
                quoted(path)
            )),
            Self::BindSource { source_path, errno: Errno::ENOENT, .. } => {
                Some(format!("mkdir -p {} (or leave this -b out)", quoted(source_path)))
            }
            Self::BindSource { .. } => Some("bind a host path that you can read".into()),
            Self::BindGuest { source_path, .. } => {
                Some(format!("give another guest path: -b {}:/mnt", quoted(source_path)))
            }
            Self::Workdir { .. } => Some("start at the guest's root: xroot -w / ...".into()),
            Self::NoTempDir { .. } => Some("TMPDIR=/a/directory/you/can/write xroot ...".into()),
            Self::CommandNotFound { command } if command.starts_with('-') => {
                Some(format!("options of xroot stand before the command; is {command} one of them?"))
            }
            Self::CommandNotFound { command } if command.contains('/') => {
                Some(format!("show the host's directory that holds it: -b DIR (guest path: {command})"))
            }
            Self::CommandNotFound { command } => Some(format!(
                "install it in the guest, for example: xroot -0 -r ROOTFS apt-get install {command}"
            )),
            Self::CommandNotExecutable { command, errno: Errno::EACCES } => {
                Some(format!("xroot -r ROOTFS chmod +x {command}"))
            }
            Self::CommandNotExecutable { .. } => Some("check the program with: file PROGRAM".into()),
            Self::InterpreterMissing { interpreter, .. } => Some(format!(
                "install the package that holds guest {interpreter}, or use the rootfs that the program is for"
            )),
            Self::NoEmulator { machine, .. } => Some(get_emulator(machine)),
            Self::Emulator { path, .. } => Some(format!("is it there? ls -l {}", quoted(path))),
            Self::EmulatorNotElf { path } => {
                Some(format!("name the qemu program itself: file {}", quoted(path)))
            }
            Self::EmulatorDynamic { .. } | Self::EmulatorForeign { .. } => {
                Some("sudo apt install qemu-user-static (its programs are static), then leave -q out".into())
            }
            Self::EmulatorUnnamed { path } => Some(format!("-q arm={}", quoted(path))),
            Self::UnknownMachine { .. } => {
                Some("xroot knows arm, aarch64, riscv64, ppc64le, s390x, i386".into())
            }
            Self::NativeProfile { path, .. } => {
                Some(format!("edit {} (or use no program of the host: --no-native)", quoted(path)))
            }
            Self::NativeWord { .. } => Some(
                "--native auto,git,-bash,@clang,getconf=force,/usr/bin/foo=/opt/foo (each word says one thing)"
                    .into(),
            ),
            Self::NativeUnknown { name, near } => Some(name_native(name, near)),
            Self::NativeMissing { package: Some(package), .. } => {
                Some(format!("sudo apt install {package} (without root: xroot tools install -r ROOTFS)"))
            }
            Self::NativeMissing { name, package: None, .. } => {
                Some(format!("the guest's own runs without it: --native -{name}"))
            }
            Self::NativeRefused { name, .. } => {
                Some(format!("--native {name}=force (if you know that it does no harm)"))
            }
            Self::ToolsInstall { .. } => Some(
                "--tools DIR (an unpacked root filesystem of this host's machine and the guest's release)".into(),
            ),
            Self::ToolsDir { .. } => Some(
                "--tools DIR wants an unpacked root filesystem of this host's machine (without it, the host's own \
                 programs are taken)"
                    .into(),
            ),
            Self::PtraceDenied { facts, .. } => Some(allow_ptrace(facts)),
            Self::Emulated => {
                Some("run the command as it is; for another tree, start xroot on the host with -r TREE".into())
            }
            Self::AlreadyTraced { .. } => Some("start xroot outside strace, gdb or another tracer".into()),
        }
    }

    /// xroot's own exit status for it: 127 where the command was not found, 126 where it cannot be executed, else 125.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::CommandNotFound { .. } | Self::InterpreterMissing { .. } => 127,
            Self::CommandNotExecutable { .. } | Self::ExecuteOnly { .. } | Self::NoEmulator { .. } => 126,
            _ => 125,
        }
    }
}

fn unpack(path: &std::path::Path) -> String {
    let path = quoted(path);
    format!("mkdir -p {path} && tar -xf ROOTFS.tar -C {path} (or make one: make demo)")
}

fn get_emulator(machine: &str) -> String {
    format!(
        "sudo apt install qemu-user-static (without root: put a static qemu-{machine} in ~/.local/share/xroot/qemu/)"
    )
}

fn name_native(name: &str, near: &[String]) -> String {
    match near {
        [] if name.starts_with('@') => "xroot tools -r ROOTFS lists them".into(),
        [] => {
            format!("name the guest's program and the host's: --native /usr/bin/{name}=/usr/bin/{name}")
        }
        near => format!("did you mean {}?", near.join(" or ")),
    }
}

/// Yama is asked first: its scopes 2 and 3 forbid what every container profile allows.
fn allow_ptrace(facts: &TraceFacts) -> String {
    match facts {
        TraceFacts { yama: Some(3..), .. } => {
            "kernel.yama.ptrace_scope=3 can only be undone by a reboot: remove it from /etc/sysctl.d".into()
        }
        TraceFacts { yama: Some(2), .. } => "sudo sysctl kernel.yama.ptrace_scope=1".into(),
        TraceFacts { seccomp: Some(1..), .. } => {
            "docker run --security-opt seccomp=unconfined ... (Kubernetes: seccompProfile type Unconfined)"
                .into()
        }
        TraceFacts { .. } => {
            "docker run --cap-add SYS_PTRACE ... (SELinux: sudo setsebool deny_ptrace 0)".into()
        }
    }
}

/// The path as one word of a shell.
fn quoted(path: &std::path::Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,=@:%~".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn host() -> &'static str {
    std::env::consts::ARCH
}

#[cfg(test)]
mod tests;
