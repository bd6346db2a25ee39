//! The command line as typed.
//!
//! Options end at the first word that is none, which is the guest's command: what follows it is the guest's, `--` is
//! not needed. A subcommand is one only as the first word, so a guest may have a program of that name.
#![forbid(unsafe_code)]

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, Parser, ValueEnum};

/// What the words ask for.
#[derive(Debug)]
pub enum Request {
    /// Run a command in a guest.
    Run(Box<Cli>),
    /// Say which programs of the host take the place of the guest's, or get some.
    Tools(Box<ToolsCli>),
    /// Print the support matrix of system calls.
    Syscalls,
    /// Print this text: `--help`, `--version`.
    Print(String),
}

/// Runs programs of any Linux root filesystem, of any architecture, as an ordinary user.
#[derive(Debug, Default, Parser)]
#[command(
    name = "xroot",
    version,
    override_usage = "xroot -r ROOTFS [OPTIONS] [COMMAND [ARGS]...]\n       xroot tools [install] -r ROOTFS [OPTIONS]\n       \
                      xroot syscalls | help | version",
    after_help = "Without COMMAND the guest's shell runs. Your home, the current directory, /tmp, /dev, /proc, /sys \
                  and the host's name service files are visible in the guest by default.\n\
                  Words of --native have commas between or are repeated, and the later one holds: auto,git,-make. They \
                  begin with nothing, but a first -NAME begins with the default.\n\
                  `xroot syscalls` prints how each system call is treated.",
    disable_help_subcommand = true
)]
pub struct Cli {
    #[command(flatten)]
    pub root: Root,

    /// Show SRC at guest path DST (default: the same path); a colon in a name is written `\:`
    #[arg(short, long, short_aliases = ['m', 'v'], aliases = ["mount", "volume"], value_name = "SRC[:DST[:ro]]")]
    pub bind: Vec<OsString>,

    /// Bind nothing that no -b names
    #[arg(long)]
    pub no_default_binds: bool,

    /// Do not show the home directory in the guest
    #[arg(long)]
    pub no_home: bool,

    /// Start in guest directory DIR (default: the current directory)
    #[arg(short, long, aliases = ["cwd", "pwd"], value_name = "DIR")]
    pub workdir: Option<OsString>,

    /// Emulator for foreign programs: a static qemu-user, found by itself otherwise
    #[arg(short, long, value_name = "[ARCH=]PATH")]
    pub qemu: Vec<OsString>,

    /// Set a variable; without a value, take the host's
    #[arg(short, long, value_name = "K[=V]")]
    pub env: Vec<OsString>,

    /// Start from an almost empty environment
    #[arg(long)]
    pub clean_env: bool,

    /// Appear as root: ids are 0, chown and mknod are pretended
    #[arg(short = '0', conflicts_with = "ids")]
    pub fake_root: bool,

    /// Appear as UID:GID
    #[arg(short = 'i', value_name = "UID:GID", action = clap::ArgAction::Append)]
    pub ids: Vec<OsString>,

    /// Kernel release that uname(2) tells the guest
    #[arg(short, long, value_name = "RELEASE")]
    pub kernel_release: Option<OsString>,

    /// Wait for all processes of the guest, not only for the command
    #[arg(long)]
    pub wait_all: bool,

    /// Kill what the command leaves running (the default)
    #[arg(long, conflicts_with = "wait_all")]
    pub kill_on_exit: bool,

    #[command(flatten)]
    pub native: Native,

    /// Say why the host's program NAME is used or not, and run nothing
    #[arg(long, value_name = "NAME")]
    pub explain_native: Option<String>,

    /// Write one line an exec to FILE; `-` is stderr
    #[arg(long, value_name = "FILE")]
    pub trace_exec: Option<PathBuf>,

    /// Write one line for each decision about a system call to FILE (default: stderr)
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    pub trace: Option<PathBuf>,

    /// At the end, say on stderr how often each program ran and what CPU time it took
    #[arg(long)]
    pub report: bool,

    /// Explain on stderr what was decided, and at the end which calls were not supported
    #[arg(long)]
    pub verbose: bool,

    /// Let this call through untouched: for tests that show what its row is good for
    #[arg(long, hide = true, value_name = "CALL")]
    pub let_through: Option<String>,

    /// Follow a last symlink in this call where it must not be, and the other way round: for the same tests
    #[arg(long, hide = true, value_name = "CALL")]
    pub wrong_links: Option<String>,

    // `-ti` as docker users type it: `-t` with the value `i`.
    #[arg(short = 't', hide = true, value_parser = ["i"], action = clap::ArgAction::Append)]
    pub tty: Vec<String>,

    /// The guest's command
    #[arg(trailing_var_arg = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

/// The root filesystem, in one of three spellings.
#[derive(Debug, Default, Args)]
#[group(required = true, multiple = false)]
pub struct Root {
    /// Directory that becomes the guest's /
    #[arg(short, long, value_name = "DIR")]
    pub rootfs: Option<PathBuf>,

    /// As -r, with more of the host's /etc, /run and DIR itself bound, as PRoot's -R
    #[arg(short = 'R', value_name = "DIR")]
    pub host_like: Option<PathBuf>,

    /// As -0 -r, with the bindings that package installers bear and DIR itself, as PRoot's -S
    #[arg(short = 'S', value_name = "DIR")]
    pub installer: Option<PathBuf>,
}

/// Programs of the host in the place of the guest's.
#[derive(Debug, Default, Args)]
pub struct Native {
    /// Host programs to use: NAME, @GROUP, `auto`, `none`, -NAME, NAME=force, /GUEST/PATH=/HOST/PATH
    #[arg(long, value_name = "SPEC", allow_hyphen_values = true)]
    pub native: Vec<String>,

    /// Use no program of the host
    #[arg(long, conflicts_with = "native")]
    pub no_native: bool,

    /// Of compilers, use the host's cc1, as and ld, or its gcc too, or nothing
    #[arg(long, value_name = "MODE", value_parser = ["inner", "driver", "off"])]
    pub native_cc: Option<String>,

    /// Take these programs from the root filesystem DIR, which is for the host's machine
    #[arg(long, value_name = "DIR")]
    pub tools: Option<PathBuf>,

    /// Read the profile FILE too, and take it at its word: a project's own xroot.toml may only choose and take away
    #[arg(long, value_name = "FILE")]
    pub profile: Vec<PathBuf>,
}

/// `xroot tools` as typed.
#[derive(Debug)]
pub struct ToolsCli {
    /// The options that it shares with a run.
    pub session: Cli,
    pub what: ToolsWhat,
}

/// What `xroot tools` is to do.
#[derive(Debug, PartialEq, Eq)]
pub enum ToolsWhat {
    /// Print the table; with `strict`, fail if something that was asked for by name is missing.
    Table { json: bool, strict: bool },
    /// Print every check made for one tool.
    Explain(String),
    /// Get a root filesystem of the host's machine and the guest's release.
    Install,
}

/// Shows which programs of the host take the place of the guest's.
#[derive(Debug, Parser)]
#[command(
    name = "xroot tools",
    override_usage = "xroot tools -r ROOTFS [OPTIONS]\n       xroot tools install -r ROOTFS [OPTIONS]"
)]
struct ToolsArgs {
    /// The guest's root filesystem
    #[arg(short, long, value_name = "DIR")]
    rootfs: PathBuf,

    #[command(flatten)]
    native: Native,

    /// Emulator for foreign programs: a static qemu-user, found by itself otherwise
    #[arg(short, long, value_name = "[ARCH=]PATH")]
    qemu: Vec<OsString>,

    /// Print JSON
    #[arg(long)]
    json: bool,

    /// Fail if a program that was asked for by name cannot be used
    #[arg(long)]
    strict: bool,

    /// Print every check made for the program NAME
    #[arg(long, value_name = "NAME", conflicts_with_all = ["json", "strict"])]
    explain: Option<String>,

    /// Explain each decision on stderr
    #[arg(long)]
    verbose: bool,

    /// `install` gets the programs of the guest's release, for --tools
    #[arg(conflicts_with_all = ["json", "strict", "explain"])]
    action: Option<ToolsAction>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ToolsAction {
    Install,
}

impl From<ToolsArgs> for ToolsCli {
    fn from(args: ToolsArgs) -> Self {
        let what = match (args.action, args.explain) {
            (Some(ToolsAction::Install), _) => ToolsWhat::Install,
            (None, Some(name)) => ToolsWhat::Explain(name),
            (None, None) => ToolsWhat::Table { json: args.json, strict: args.strict },
        };
        let root = Root { rootfs: Some(args.rootfs), ..Root::default() };
        let session =
            Cli { root, native: args.native, qemu: args.qemu, verbose: args.verbose, ..Cli::default() };
        Self { session, what }
    }
}

/// Reads the words of the command line, the program's name first.
///
/// # Errors
/// What makes no sense.
pub fn parse(words: &[OsString]) -> Result<Request, String> {
    let word =
        |text: &str| words.get(1).map(OsString::as_os_str) == Some(OsStr::new(text)) && words.len() == 2;
    if word("syscalls") {
        return Ok(Request::Syscalls);
    }
    if asks_for_tools(words) {
        let parsed = ToolsArgs::try_parse_from(&words[1..]);
        return request(parsed, |args| Request::Tools(Box::new(args.into())));
    }
    let instead = if word("help") {
        Some("--help")
    } else if word("version") {
        Some("--version")
    } else {
        None
    };
    let parsed = match instead {
        Some(option) => Cli::try_parse_from(["xroot", option]),
        None => Cli::try_parse_from(words),
    };
    request(parsed, |mut cli| match cli.explain_native.take() {
        Some(name) => Request::Tools(Box::new(ToolsCli { session: cli, what: ToolsWhat::Explain(name) })),
        None => Request::Run(Box::new(cli)),
    })
}

/// True if the words are those of `xroot tools`.
pub fn asks_for_tools(words: &[OsString]) -> bool {
    words.get(1).is_some_and(|word| word == "tools")
}

/// Makes a request of what clap understood, and one line of what it did not.
fn request<T>(parsed: Result<T, clap::Error>, make: impl FnOnce(T) -> Request) -> Result<Request, String> {
    match parsed {
        Ok(words) => Ok(make(words)),
        Err(error) if !error.use_stderr() => Ok(Request::Print(error.render().to_string())),
        Err(error) if error.kind() == ErrorKind::MissingRequiredArgument => Err("no rootfs given".into()),
        Err(error) => {
            let text = error.render().to_string();
            let what = text.split("\n\n").next().unwrap_or_default();
            Err(what.trim_start_matches("error: ").trim_end().to_owned())
        }
    }
}

#[cfg(test)]
mod tests;
