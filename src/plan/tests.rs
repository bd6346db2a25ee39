#![forbid(unsafe_code)]

use super::*;
use crate::cli::{Request, parse};
use sandbox::config::{Binding, Caller, Origin};

fn ambient() -> Ambient {
    let env = [("PATH", "/usr/bin:/bin"), ("HOME", "/home/jo"), ("LD_PRELOAD", "/h.so"), ("LANG", "C.UTF-8")];
    Ambient {
        env: env.map(|(key, value)| (key.into(), value.into())).into(),
        cwd: Some("/home/jo/project".into()),
        caller: Caller { ids: Ids { uid: 7, gid: 8 }, name: "jo".into(), home: "/home/jo".into() },
        is_file: |path| path == Path::new("/bin/qemu-arm-static"),
    }
}

fn words(words: &[&str]) -> Cli {
    let words: Vec<OsString> = ["xroot", "-r", "/r"].iter().chain(words).map(OsString::from).collect();
    match parse(&words) {
        Ok(Request::Run(cli)) => *cli,
        other => panic!("{words:?}: {other:?}"),
    }
}

#[track_caller]
fn planned(arguments: &[&str], ambient: &Ambient) -> Config {
    plan(words(arguments), ambient).unwrap_or_else(|report| panic!("{arguments:?}: {}", report.message))
}

#[track_caller]
fn refused(arguments: &[&str]) -> String {
    let report = plan(words(arguments), &ambient()).expect_err("these words make no sense");
    assert!(report.fix.is_some() && report.code == 125);
    report.message
}

/// The bindings that are not the kernel's trees and name files, as `SRC:DST`, read-only ones with `:ro`.
#[track_caller]
fn bound(arguments: &[&str], ambient: &Ambient) -> Vec<String> {
    let show = |binding: &Binding| {
        let guest = String::from_utf8_lossy(&binding.guest);
        format!("{}:{guest}{}", binding.source.display(), if binding.readonly { ":ro" } else { "" })
    };
    let usual =
        ["/dev:/dev", "/proc:/proc", "/sys:/sys:ro", "/tmp:/tmp", "/etc/resolv.conf:/etc/resolv.conf"];
    let more = ["/etc/hosts:/etc/hosts", "/etc/localtime:/etc/localtime"];
    let all: Vec<_> = planned(arguments, ambient).bindings.iter().map(show).collect();
    if !arguments.contains(&"--no-default-binds") {
        assert!(usual.iter().all(|usual| all.iter().any(|bound| bound == usual)), "{all:?}");
    }
    all.into_iter().filter(|bound| !usual.contains(&&bound[..]) && !more.contains(&&bound[..])).collect()
}

fn get(config: &Config, key: &str) -> Option<String> {
    let value = config.env.iter().find(|(name, _)| name == key)?;
    Some(value.1.to_string_lossy().into_owned())
}

#[test]
fn the_main_job_sees_home_and_project() {
    let config = planned(&["gcc", "hello.c"], &ambient());
    assert_eq!(config.rootfs, Path::new("/r"));
    assert_eq!(config.command, ["gcc", "hello.c"]);
    assert_eq!(config.workdir, Workdir::Host("/home/jo/project".into()));
    assert_eq!(bound(&[], &ambient()), ["/home/jo:/home/jo", "/home/jo/project:/home/jo/project"]);
    assert_eq!(bound(&["--no-home"], &ambient()), ["/home/jo/project:/home/jo/project"]);
    assert_eq!(bound(&["--no-default-binds"], &ambient()), [""; 0]);
}

#[test]
fn a_relative_rootfs_is_below_the_current_directory() {
    let cli = match parse(&["xroot", "-r", "armhf"].map(OsString::from)) {
        Ok(Request::Run(cli)) => *cli,
        other => panic!("{other:?}"),
    };
    let config = plan(cli, &ambient()).unwrap_or_else(|report| panic!("{}", report.message));
    assert_eq!(config.rootfs, Path::new("/home/jo/project/armhf"));
}

#[test]
fn the_hosts_system_directories_never_hide_the_guests() {
    for dir in ["/", "/usr", "/usr/lib/gcc", "/etc", "/etc/apt", "/var", "/bin", "/home"] {
        let ambient = Ambient { cwd: Some(dir.into()), ..ambient() };
        assert_eq!(bound(&[], &ambient), ["/home/jo:/home/jo"], "{dir}");
        assert_eq!(planned(&[], &ambient).workdir, Workdir::Guest(dir.into()), "{dir}");
    }
    for dir in ["/usr/src/p", "/var/lib/jenkins", "/opt/p", "/root", "/srv", "/builds", "/usrp"] {
        let ambient = Ambient { cwd: Some(dir.into()), ..ambient() };
        assert_eq!(bound(&["--no-home"], &ambient), [format!("{dir}:{dir}")]);
    }
    let mut homeless = ambient();
    homeless.caller.home = "/".into();
    assert_eq!(bound(&[], &homeless), ["/home/jo/project:/home/jo/project"]);
}

#[test]
fn a_binding_has_up_to_three_fields() {
    for (word, shown) in [
        ("/a", "/a:/a"),
        ("/a:/b", "/a:/b"),
        ("/a:/b:ro", "/a:/b:ro"),
        ("/a:/b:rw", "/a:/b"),
        ("sub:/b", "/home/jo/project/sub:/b"),
        ("sub", "/home/jo/project/sub:/home/jo/project/sub"),
        ("/a b:/c d", "/a b:/c d"),
        ("/a\\:b:/c\\:d:ro", "/a:b:/c:d:ro"),
        ("/a\\\\:/b", "/a\\:/b"),
        ("/a\\b", "/a\\b:/a\\b"),
    ] {
        assert_eq!(bound(&["--no-default-binds", "-b", word], &ambient()), [shown], "{word}");
    }
    for (word, why) in [
        (":/a", "no source"),
        ("/a:b", "the guest path is not absolute"),
        ("/a:/b:rx", "the third field is neither ro nor rw"),
        ("/a:/b:ro:", "more than SRC, DST and ro"),
    ] {
        assert_eq!(refused(&["-b", word]), format!("-b {word}: {why}"));
    }
}

#[test]
fn the_users_bindings_come_last_and_must_exist() {
    let config = planned(&["-b", "/x:/tmp", "-v", "/y:/tmp"], &ambient());
    let tmp: Vec<_> = config.bindings.iter().filter(|binding| binding.guest == b"/tmp").collect();
    assert_eq!(
        tmp.iter().map(|binding| binding.source.to_str()).collect::<Vec<_>>(),
        [Some("/tmp"), Some("/x"), Some("/y")]
    );
    assert_eq!(
        tmp.iter().map(|binding| binding.origin).collect::<Vec<_>>(),
        [Origin::Default, Origin::User, Origin::User]
    );
}

#[test]
fn the_temp_directory_of_the_environment_is_visible() {
    let mut ambient = ambient();
    ambient.env.push(("TMPDIR".into(), "/scratch/t".into()));
    assert!(bound(&[], &ambient).contains(&"/scratch/t:/scratch/t".to_owned()));
    let dirs = planned(&[], &ambient).temp_dirs;
    assert_eq!(dirs, ["/scratch/t", "/tmp", "/var/tmp", "/dev/shm"].map(PathBuf::from));
}

#[test]
fn the_workdir_option_wins_and_may_be_relative() {
    assert_eq!(planned(&["-w", "/d"], &ambient()).workdir, Workdir::Guest(b"/d".to_vec()));
    assert_eq!(planned(&["-w", "d"], &ambient()).workdir, Workdir::Guest(b"/home/jo/project/d".to_vec()));
    let lost = Ambient { cwd: None, ..ambient() };
    assert_eq!(planned(&[], &lost).workdir, Workdir::Guest(b"/".to_vec()));
    let report = plan(words(&["-b", "x"]), &lost).expect_err("relative to nothing");
    assert_eq!(report.message, "x: the current directory no longer exists");
}

#[test]
fn the_environment_is_inherited_without_the_hosts_libraries() {
    let config = planned(&[], &ambient());
    assert_eq!(get(&config, "LANG").as_deref(), Some("C.UTF-8"));
    assert_eq!(get(&config, "LD_PRELOAD"), None);
    assert_eq!(get(&config, "HOME").as_deref(), Some("/home/jo"));
    assert_eq!(get(&config, "XROOT").as_deref(), Some("1"));
    assert_eq!(get(&config, "container").as_deref(), Some("xroot"));
}

#[test]
fn an_e_option_sets_takes_over_or_removes() {
    let config = planned(&["-e", "A=b=c", "-e", "LD_PRELOAD", "-e", "NONE", "-e", "LANG="], &ambient());
    assert_eq!(get(&config, "A").as_deref(), Some("b=c"));
    assert_eq!(get(&config, "LD_PRELOAD").as_deref(), Some("/h.so"));
    assert_eq!(get(&config, "NONE"), None);
    assert_eq!(get(&config, "LANG").as_deref(), Some(""));
    assert_eq!(refused(&["-e", "=x"]), "-e =x: no name before the equals sign");
}

#[test]
fn a_clean_environment_is_almost_empty() {
    let config = planned(&["--clean-env", "-e", "LANG"], &ambient());
    let names: Vec<_> = config.env.iter().map(|(name, _)| name.to_string_lossy()).collect();
    assert_eq!(names, ["PATH", "HOME", "XROOT", "container", "LANG"]);
    assert!(get(&config, "PATH").is_some_and(|path| path.ends_with(":/usr/bin:/sbin:/bin")));
}

#[test]
fn root_is_root_in_every_variable() {
    let config = planned(&["-0"], &ambient());
    assert_eq!(config.ids, Some(Ids { uid: 0, gid: 0 }));
    assert_eq!(get(&config, "HOME").as_deref(), Some("/root"));
    assert_eq!(get(&config, "USER").as_deref(), Some("root"));
    assert_eq!(get(&config, "PATH").as_deref(), Some("/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"));
    assert!(config.bindings.iter().all(|binding| binding.guest != b"/etc/localtime"));
    assert!(bound(&["-0"], &ambient()).contains(&"/home/jo:/home/jo".to_owned()));
}

#[test]
fn ids_are_two_numbers() {
    assert_eq!(planned(&["-it"], &ambient()).ids, None);
    assert_eq!(planned(&["-it", "-i", "1:2"], &ambient()).ids, Some(Ids { uid: 1, gid: 2 }));
    for word in ["1", "a:b", "1:2:3", "1:-1", "4294967295:0", ""] {
        assert_eq!(refused(&["-i", word]), format!("-i {word}: not UID:GID"));
    }
}

#[test]
fn proots_root_options_keep_their_meaning() {
    let with = |option: &str| match parse(&["xroot", option, "/r"].map(OsString::from)) {
        Ok(Request::Run(cli)) => plan(*cli, &ambient()).unwrap_or_else(|report| panic!("{}", report.message)),
        other => panic!("{other:?}"),
    };
    let has = |config: &Config, guest: &str| {
        config.bindings.iter().any(|binding| binding.guest == guest.as_bytes())
    };
    let (host_like, installer) = (with("-R"), with("-S"));
    assert_eq!((host_like.ids, installer.ids), (None, Some(Ids { uid: 0, gid: 0 })));
    assert!(has(&host_like, "/etc/passwd") && !has(&installer, "/etc/passwd"));
    assert!(has(&host_like, "/r") && has(&installer, "/r") && has(&installer, "/etc/nsswitch.conf"));
}

#[test]
fn an_emulator_is_a_path_perhaps_with_its_machine() {
    let search =
        planned(&["-q", "/q/qemu-arm", "-q", "riscv64=./q", "-q", "qemu-arm-static"], &ambient()).emulators;
    let explicit: Vec<_> =
        search.explicit.iter().map(|e| (e.arch.as_deref(), e.path.to_str().unwrap_or(""))).collect();
    let expected =
        [(None, "/q/qemu-arm"), (Some("riscv64"), "/home/jo/project/./q"), (None, "/bin/qemu-arm-static")];
    assert_eq!(explicit, expected);
    assert_eq!(search.path, ["/usr/bin", "/bin"].map(PathBuf::from));
    assert_eq!(search.data_dir, Some("/home/jo/.local/share/xroot/qemu".into()));
    assert_eq!(refused(&["-q", "arm="]), "-q arm=: not PATH or ARCH=PATH");
}

#[test]
fn a_trace_goes_to_stderr_or_to_a_file() {
    for (words, output) in [
        (&[][..], None),
        (&["--trace-exec", "-"][..], Some(Output::Stderr)),
        (&["--trace-exec", "/t"][..], Some(Output::File("/t".into()))),
        (&["--trace-exec=t"][..], Some(Output::File("/home/jo/project/t".into()))),
    ] {
        assert_eq!(planned(words, &ambient()).trace_exec, output, "{words:?}");
    }
    for (words, output) in [
        (&[][..], None),
        (&["--trace"][..], Some(Output::Stderr)),
        (&["--trace=-"][..], Some(Output::Stderr)),
        (&["--trace=t"][..], Some(Output::File("/home/jo/project/t".into()))),
    ] {
        assert_eq!(planned(words, &ambient()).trace, output, "{words:?}");
    }
    assert!(planned(&["--report"], &ambient()).report && !planned(&[], &ambient()).report);
}

#[test]
fn the_hosts_programs_may_be_forbidden() {
    assert!(planned(&[], &ambient()).native.is_some());
    assert!(planned(&["--no-native"], &ambient()).native.is_none());
}
