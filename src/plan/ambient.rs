//! What surrounds the process: environment, current directory, who runs it.
#![forbid(unsafe_code)]

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use sandbox::config::{Caller, Ids};

/// What the words are read against.
#[derive(Debug, Clone)]
pub struct Ambient {
    /// The environment, in its own order.
    pub env: Vec<(OsString, OsString)>,
    /// The current directory without symlinks; `None` if it no longer exists.
    pub cwd: Option<PathBuf>,
    /// Who runs xroot.
    pub caller: Caller,
    /// Whether a host path leads to a file.
    pub is_file: fn(&Path) -> bool,
}

impl Ambient {
    /// Puts together what was read; `passwd` is the host's /etc/passwd. No file is known to exist.
    pub fn new(env: Vec<(OsString, OsString)>, cwd: Option<PathBuf>, passwd: &[u8], ids: Ids) -> Self {
        let caller = caller(&env, passwd, ids);
        Self { env, cwd, caller, is_file: |_| false }
    }

    /// The value of a variable.
    pub fn var(&self, key: &str) -> Option<&OsStr> {
        self.env.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_os_str())
    }

    /// The value of a variable that names a directory; a relative one means nothing.
    pub fn absolute_var(&self, key: &str) -> Option<PathBuf> {
        self.var(key).map(PathBuf::from).filter(|path| path.is_absolute())
    }

    /// xroot's own directory in the one that `key` names, as the XDG base directory specification has it; `usual` is
    /// where that is below the home if the variable says nothing.
    pub fn xdg(&self, key: &str, usual: &str) -> PathBuf {
        self.absolute_var(key).unwrap_or_else(|| self.caller.home.join(usual)).join("xroot")
    }

    /// The directories of PATH; empty and relative entries are left out.
    pub fn search_path(&self) -> Vec<PathBuf> {
        let path = self.var("PATH").unwrap_or_default().as_bytes();
        path.split(|&byte| byte == b':')
            .filter(|entry| entry.starts_with(b"/"))
            .map(|entry| PathBuf::from(OsStr::from_bytes(entry)))
            .collect()
    }
}

/// HOME wins over passwd as in every shell; passwd wins over USER, which sudo and su leave stale.
fn caller(env: &[(OsString, OsString)], passwd: &[u8], ids: Ids) -> Caller {
    let var = |key: &str| env.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone());
    let line =
        passwd.split(|&byte| byte == b'\n').map(|line| line.split(|&byte| byte == b':').collect::<Vec<_>>());
    let entry = line
        .into_iter()
        .find(|fields| fields.len() == 7 && fields[2] == ids.uid.to_string().as_bytes())
        .map(|fields| (OsString::from_vec(fields[0].to_vec()), PathBuf::from(OsStr::from_bytes(fields[5]))));
    let home = var("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
    let home = home.or(entry.as_ref().map(|(_, home)| home.clone())).unwrap_or("/".into());
    let plain =
        |name: &OsString| !name.is_empty() && !name.as_bytes().iter().any(|byte| b":\n/".contains(byte));
    let name = entry.map(|(name, _)| name).or(var("USER")).or(var("LOGNAME")).filter(plain);
    Caller { ids, name: name.unwrap_or("user".into()), home }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(env: &[(&str, &str)], name: &str, home: &str) {
        let env: Vec<_> = env.iter().map(|&(key, value)| (key.into(), value.into())).collect();
        let passwd = b"root:x:0:0:root:/root:/bin/sh\nbroken:x:7\njo:x:7:7:Jo,,,:/home/jo:/bin/sh\n";
        let ids = Ids { uid: 7, gid: 7 };
        assert_eq!(caller(&env, passwd, ids), Caller { ids, name: name.into(), home: home.into() });
        let stranger = caller(&env, b"", ids);
        assert!(!stranger.name.is_empty() && stranger.home.is_absolute(), "{stranger:?}");
    }

    #[test]
    fn the_caller_is_named_by_passwd_and_lives_where_home_says() {
        check(&[], "jo", "/home/jo");
        check(&[("HOME", "/h"), ("USER", "root")], "jo", "/h");
        check(&[("HOME", "")], "jo", "/home/jo");
    }

    #[test]
    fn the_search_path_has_no_relative_entries() {
        let caller = Caller { ids: Ids { uid: 7, gid: 7 }, name: "jo".into(), home: "/h".into() };
        let ambient = Ambient {
            env: vec![("PATH".into(), "/a::.:b:/c".into())],
            cwd: None,
            caller,
            is_file: |_| false,
        };
        assert_eq!(ambient.search_path(), [PathBuf::from("/a"), PathBuf::from("/c")]);
    }
}
