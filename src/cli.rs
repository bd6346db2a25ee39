//! The command line as typed.
//!
//! Options end at the first word that is none, which is the guest's command: what follows it is the guest's, `--` is
//! not needed. A subcommand is one only as the first word, so a guest may have a program of that name.
#![forbid(unsafe_code)]

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, Parser};

/// What the words ask for.
#[derive(Debug)]
pub enum Request {
    /// Run a command in a guest.
    Run(Box<Cli>),
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
    override_usage = "xroot -r ROOTFS [OPTIONS] [COMMAND [ARGS]...]\n       xroot syscalls | help | version",
    after_help = "Without COMMAND the guest's shell runs. Your home, the current directory, /tmp, /dev, /proc, /sys \
                  and the host's name service files are visible in the guest by default.\n\
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

    /// Use no program of the host (the default)
    #[arg(long)]
    pub no_native: bool,

    /// Explain each decision on stderr
    #[arg(long)]
    pub verbose: bool,

    /// Let this call through untouched: for tests that show what its row is good for
    #[arg(long, hide = true, value_name = "CALL")]
    pub let_through: Option<String>,

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
    match parsed {
        Ok(cli) => Ok(Request::Run(Box::new(cli))),
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
mod tests {
    use super::*;

    #[track_caller]
    fn run(words: &str) -> Cli {
        let words: Vec<OsString> =
            ["xroot"].into_iter().chain(words.split(' ')).map(OsString::from).collect();
        match parse(&words) {
            Ok(Request::Run(cli)) => *cli,
            other => panic!("{words:?}: {other:?}"),
        }
    }

    #[track_caller]
    fn refused(words: &str) -> String {
        let words: Vec<OsString> =
            ["xroot"].into_iter().chain(words.split(' ')).map(OsString::from).collect();
        parse(&words).expect_err("these words make no sense")
    }

    #[test]
    fn clap_finds_no_fault_in_the_declaration() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn the_guests_options_are_not_ours() {
        let cli = run("-r R ls -l --rootfs x -b y -- --version -0");
        assert_eq!(cli.command, ["ls", "-l", "--rootfs", "x", "-b", "y", "--", "--version", "-0"]);
        assert!(cli.bind.is_empty() && !cli.fake_root);
        assert_eq!(run("-r R -- -odd").command, ["-odd"]);
        assert_eq!(run("-r R --verbose").command, [""; 0]);
    }

    #[test]
    fn an_unknown_option_is_not_a_command() {
        assert!(refused("-r R --bogus ls").starts_with("unexpected argument '--bogus'"));
    }

    #[test]
    fn a_subcommand_is_one_only_as_the_first_word() {
        assert!(matches!(parse(&["xroot".into(), "syscalls".into()]), Ok(Request::Syscalls)));
        assert_eq!(run("-r R syscalls").command, ["syscalls"]);
        assert_eq!(run("-r R help").command, ["help"]);
        for word in ["help", "-h", "--help", "version", "-V", "--version"] {
            assert!(matches!(parse(&["xroot".into(), word.into()]), Ok(Request::Print(_))), "{word}");
        }
    }

    #[test]
    fn aliases_of_docker_and_proot_are_known() {
        let cli = run("-b a -m b -v c --bind d --mount e --volume f -r R");
        assert_eq!(cli.bind, ["a", "b", "c", "d", "e", "f"]);
        for spelling in ["-w /d", "--workdir /d", "--cwd /d", "--pwd /d", "--pwd=/d"] {
            assert_eq!(run(&format!("-r R {spelling} ls")).workdir, Some("/d".into()), "{spelling}");
        }
        let cli = run("-r R --kill-on-exit --no-native -k 5.0 -q q -e A=b ls");
        assert_eq!(
            (cli.kernel_release, cli.qemu, cli.env),
            (Some("5.0".into()), vec!["q".into()], vec!["A=b".into()])
        );
    }

    #[test]
    fn the_words_it_and_ti_have_no_effect() {
        assert_eq!(run("-it -r R ls").ids, ["t"]);
        assert_eq!(run("-ti -r R -i 1:2 ls").ids, ["1:2"]);
        assert!(refused("-r R -tx ls").contains("-t"));
    }

    #[test]
    fn exactly_one_rootfs_is_wanted() {
        assert!(refused("ls") == "no rootfs given");
        assert!(refused("-r A -R B ls").contains("cannot be used with"));
        assert_eq!(run("-S B ls").root.installer, Some("B".into()));
        assert!(refused("-0 -i 1:2 -r A").contains("cannot be used with"));
    }
}
