#![forbid(unsafe_code)]

use super::*;

#[track_caller]
fn run(words: &str) -> Cli {
    let words: Vec<OsString> = ["xroot"].into_iter().chain(words.split(' ')).map(OsString::from).collect();
    match parse(&words) {
        Ok(Request::Run(cli)) => *cli,
        other => panic!("{words:?}: {other:?}"),
    }
}

#[track_caller]
fn refused(words: &str) -> String {
    let words: Vec<OsString> = ["xroot"].into_iter().chain(words.split(' ')).map(OsString::from).collect();
    parse(&words).expect_err("these words make no sense")
}

#[test]
fn clap_finds_no_fault_in_the_declaration() {
    <Cli as clap::CommandFactory>::command().debug_assert();
    <ToolsArgs as clap::CommandFactory>::command().debug_assert();
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
    assert!(cli.native.no_native);
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

#[track_caller]
fn tools(words: &str) -> ToolsCli {
    let words: Vec<OsString> = ["xroot"].into_iter().chain(words.split(' ')).map(OsString::from).collect();
    match parse(&words) {
        Ok(Request::Tools(cli)) => *cli,
        other => panic!("{words:?}: {other:?}"),
    }
}

#[test]
fn what_native_takes_away_is_no_option() {
    let cli = run("-r R --native auto,-make --native -@shell --native=-git -0 ls --native x");
    assert_eq!(cli.native.native, ["auto,-make", "-@shell", "-git"]);
    assert!(cli.fake_root);
    assert_eq!(cli.command, ["ls", "--native", "x"]);
    assert!(refused("-r R --native make --no-native ls").contains("cannot be used with"));
    assert!(refused("-r R --native").contains("--native"));
}

#[test]
fn the_compiler_has_three_modes() {
    let cli = run("-r R --native-cc driver --tools /t ls");
    assert_eq!((cli.native.native_cc.as_deref(), cli.native.tools), (Some("driver"), Some("/t".into())));
    assert!(refused("-r R --native-cc outer ls").contains("outer"));
}

#[test]
fn execs_are_traced_and_counted_when_asked() {
    let cli = run("-r R --trace-exec - --report ls");
    assert_eq!((cli.trace_exec, cli.report), (Some("-".into()), true));
    let cli = run("-r R ls --report");
    assert!(!cli.report && cli.trace_exec.is_none());
    // Its value is part of the word, so that the next one is the command.
    let cli = run("-r R --trace ls");
    assert_eq!((cli.trace, cli.command), (Some("-".into()), vec!["ls".into()]));
}

#[test]
fn the_tools_of_a_guest_are_shown_explained_and_installed() {
    for (words, what) in [
        ("tools -r R", ToolsWhat::Table { json: false, strict: false }),
        ("tools --json -r R --strict", ToolsWhat::Table { json: true, strict: true }),
        ("tools -r R --explain gcc", ToolsWhat::Explain("gcc".into())),
        ("tools install -r R", ToolsWhat::Install),
        ("tools -r R install", ToolsWhat::Install),
        ("-r R --explain-native gcc", ToolsWhat::Explain("gcc".into())),
        ("-r R --explain-native gcc make all", ToolsWhat::Explain("gcc".into())),
    ] {
        let cli = tools(words);
        assert_eq!(cli.what, what, "{words}");
        assert_eq!(cli.session.root.rootfs, Some("R".into()), "{words}");
    }
    let cli = tools("tools -r R --native -make --native-cc off --tools /t -q /q --verbose").session;
    assert_eq!((&cli.native.native[..], cli.native.tools), (&["-make".to_owned()][..], Some("/t".into())));
    assert_eq!((&cli.qemu[..], cli.verbose), (&["/q".into()][..], true));
}

#[test]
fn a_guest_may_have_a_program_called_tools() {
    assert_eq!(run("-r R tools install").command, ["tools", "install"]);
    assert!(matches!(
        parse(&["xroot", "tools", "--help"].map(OsString::from)),
        Ok(Request::Print(text)) if text.contains("xroot tools install -r ROOTFS")
    ));
    assert_eq!(refused("tools"), "no rootfs given");
    assert!(refused("tools -r R install --json").contains("cannot be used with"));
    assert!(refused("tools -r R remove").contains("remove"));
}
