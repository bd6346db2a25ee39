//! Which of the host's programs are asked for, and where everything about them is.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use sandbox::config::{Cc, Native};

use super::{Ambient, absolute};
use crate::cli;
use crate::report::Report;

/// The name of a profile, wherever it is.
const PROFILE: &str = "xroot.toml";

/// Says which of the host's programs are asked for; `None` if none may be used.
///
/// XROOT_NATIVE is read like the option, which wins; either means `none` where it is empty.
///
/// # Errors
/// A `--tools` that is relative to a current directory that no longer exists; an XROOT_NATIVE that is no text.
pub fn plan(cli: &cli::Native, ambient: &Ambient) -> Result<Option<Native>, Report> {
    if cli.no_native {
        return Ok(None);
    }
    let named: Vec<_> = cli.profile.iter().map(|file| absolute(file, ambient)).collect::<Result<_, _>>()?;
    let project = ambient.cwd.as_deref().and_then(|cwd| project(cwd, ambient));
    Ok(Some(Native {
        words: words(cli, ambient)?,
        cc: cli.native_cc.as_deref().map(|mode| match mode {
            "driver" => Cc::Driver,
            "off" => Cc::Off,
            _ => Cc::Inner,
        }),
        tools: cli.tools.as_ref().map(|dir| absolute(dir, ambient)).transpose()?,
        installed: ambient.xdg("XDG_DATA_HOME", ".local/share").join("tools"),
        cache: ambient.xdg("XDG_CACHE_HOME", ".cache"),
        path: ambient.search_path(),
        project: project.filter(|project| !named.contains(project)),
        profiles: profiles(ambient, named),
    }))
}

fn words(cli: &cli::Native, ambient: &Ambient) -> Result<Vec<String>, Report> {
    if cli.native.iter().all(|word| word.is_empty()) && !cli.native.is_empty() {
        return Ok(vec!["none".into()]);
    }
    if !cli.native.is_empty() {
        return Ok(cli.native.clone());
    }
    match ambient.var("XROOT_NATIVE").map(|value| value.to_str()) {
        None => Ok(Vec::new()),
        Some(Some("")) => Ok(vec!["none".into()]),
        Some(Some(text)) => Ok(vec![text.into()]),
        Some(None) => Err(Report::usage("XROOT_NATIVE is no text", Some("unset XROOT_NATIVE".into()))),
    }
}

/// The administrator's, the user's, those that are named.
fn profiles(ambient: &Ambient, named: Vec<PathBuf>) -> Vec<PathBuf> {
    let users = ambient.xdg("XDG_CONFIG_HOME", ".config").join(PROFILE);
    [vec![Path::new("/etc/xroot").join(PROFILE), users], named].concat()
}

/// The nearest profile around `cwd`. Outside the home only `cwd` itself is asked: what lies above, as in /tmp, may
/// be anybody's.
fn project(cwd: &Path, ambient: &Ambient) -> Option<PathBuf> {
    let home = &ambient.caller.home;
    let last = if cwd.starts_with(home) { home } else { cwd };
    let dirs = cwd.ancestors().take_while(|dir| dir.starts_with(last));
    dirs.map(|dir| dir.join(PROFILE)).find(|profile| (ambient.is_file)(profile))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sandbox::config::{Caller, Ids};

    fn ambient(cwd: &str, env: &[(&str, &str)]) -> Ambient {
        Ambient {
            env: env.iter().map(|&(key, value)| (key.into(), value.into())).collect(),
            cwd: Some(cwd.into()),
            caller: Caller { ids: Ids { uid: 7, gid: 7 }, name: "jo".into(), home: "/home/jo".into() },
            is_file: |path| {
                ["/home/jo/p/xroot.toml", "/home/jo/xroot.toml", "/tmp/xroot.toml"]
                    .map(Path::new)
                    .contains(&path)
            },
        }
    }

    #[track_caller]
    fn planned(cli: &cli::Native, ambient: &Ambient) -> Native {
        plan(cli, ambient)
            .unwrap_or_else(|report| panic!("{}", report.message))
            .expect("the host's programs are not forbidden")
    }

    #[test]
    fn the_command_line_wins_over_the_environment() {
        let typed = cli::Native { native: vec!["-make".into(), "a,b".into()], ..cli::Native::default() };
        let none = cli::Native { no_native: true, ..cli::Native::default() };
        let empty = cli::Native { native: vec!["".into()], ..cli::Native::default() };
        assert_eq!(planned(&empty, &ambient("/home/jo", &[])).words, ["none"]);
        for (value, untyped) in
            [(None, vec![]), (Some(""), vec!["none"]), (Some("auto,-make"), vec!["auto,-make"])]
        {
            let env: Vec<_> = value.map(|value| ("XROOT_NATIVE", value)).into_iter().collect();
            let ambient = ambient("/home/jo", &env);
            assert_eq!(planned(&cli::Native::default(), &ambient).words, untyped, "{value:?}");
            assert_eq!(planned(&typed, &ambient).words, ["-make", "a,b"], "{value:?}");
            assert!(matches!(plan(&none, &ambient), Ok(None)), "{value:?}");
        }
    }

    #[test]
    fn the_nearest_profile_of_a_project_is_trusted_where_it_is_named() {
        for (cwd, project) in [
            ("/home/jo/p/sub/dir", Some("/home/jo/p/xroot.toml")),
            ("/home/jo/p", Some("/home/jo/p/xroot.toml")),
            ("/home/jo/q", Some("/home/jo/xroot.toml")),
            ("/home/jo", Some("/home/jo/xroot.toml")),
            ("/tmp", Some("/tmp/xroot.toml")),
            ("/tmp/x", None),
            ("/", None),
        ] {
            let planned = planned(&cli::Native::default(), &ambient(cwd, &[]));
            assert_eq!(planned.project, project.map(PathBuf::from), "{cwd}");
            let trusted = ["/etc/xroot/xroot.toml", "/home/jo/.config/xroot/xroot.toml"].map(PathBuf::from);
            assert_eq!(planned.profiles, trusted, "{cwd}");
        }
        let named = cli::Native { profile: vec!["xroot.toml".into()], ..cli::Native::default() };
        let planned_so = planned(&named, &ambient("/home/jo", &[]));
        assert_eq!((planned_so.profiles.len(), planned_so.project), (3, None));
        let lost = Ambient { cwd: None, ..ambient("/", &[]) };
        assert_eq!(planned(&cli::Native::default(), &lost).project, None);
    }

    #[test]
    fn directories_are_where_xdg_says() {
        let plain = planned(&cli::Native::default(), &ambient("/", &[("PATH", "/usr/bin:x")]));
        assert_eq!(plain.installed, Path::new("/home/jo/.local/share/xroot/tools"));
        assert_eq!(plain.cache, Path::new("/home/jo/.cache/xroot"));
        assert_eq!(plain.path, [Path::new("/usr/bin")]);
        let env = [
            ("XDG_DATA_HOME", "/d"),
            ("XDG_CACHE_HOME", "/c"),
            ("XDG_CONFIG_HOME", "relative"),
            ("PATH", ""),
        ];
        let moved = planned(&cli::Native::default(), &ambient("/", &env));
        assert_eq!(moved.installed, Path::new("/d/xroot/tools"));
        assert_eq!(moved.cache, Path::new("/c/xroot"));
        assert_eq!(moved.profiles[1], Path::new("/home/jo/.config/xroot/xroot.toml"));
    }

    #[test]
    fn the_compiler_and_the_tools_are_left_to_the_profile() {
        let plain = planned(&cli::Native::default(), &ambient("/w", &[]));
        assert_eq!((plain.cc, plain.tools), (None, None));
        for (mode, cc) in [("inner", Cc::Inner), ("driver", Cc::Driver), ("off", Cc::Off)] {
            let typed = cli::Native {
                native_cc: Some(mode.into()),
                tools: Some("t".into()),
                ..cli::Native::default()
            };
            let typed = planned(&typed, &ambient("/w", &[]));
            assert_eq!((typed.cc, typed.tools), (Some(cc), Some("/w/t".into())));
        }
    }
}
