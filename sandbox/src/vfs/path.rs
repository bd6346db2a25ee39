//! The two kinds of path, which the type checker keeps apart.
//!
//! Source: path_resolution(7).
#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// A path as the guest sees it: absolute, without empty, `.` and `..` components and without a trailing slash.
///
/// Bytes, not text. Not `AsRef<Path>`, so that no host call accepts it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GuestPath(Vec<u8>);

/// A path as the host's kernel sees it, absolute.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostPath(PathBuf);

impl GuestPath {
    /// The guest's `/`.
    pub fn root() -> Self {
        Self(b"/".to_vec())
    }

    /// Takes `path` as absolute and folds empty, `.` and `..` components by their text alone.
    pub fn lexical(path: &[u8]) -> Self {
        let mut folded = Self::root();
        for component in path.split(|&byte| byte == b'/') {
            match component {
                b"" | b"." => {}
                b".." => folded = folded.parent().unwrap_or(folded),
                name => folded = folded.join(name),
            }
        }
        folded
    }

    /// This directory's entry `name`, which is one component and neither `.` nor `..`.
    pub fn join(&self, name: &[u8]) -> Self {
        debug_assert!(!name.is_empty() && !name.contains(&b'/'));
        self.join_bytes(name)
    }

    /// This path with `rest` below it: canonical components, or nothing.
    pub(super) fn join_bytes(&self, rest: &[u8]) -> Self {
        let mut joined = self.clone();
        if !rest.is_empty() {
            joined.push(rest);
        }
        joined
    }

    /// As [`GuestPath::join`], in place.
    pub(super) fn push(&mut self, name: &[u8]) {
        if self.0 != b"/" {
            self.0.push(b'/');
        }
        self.0.extend_from_slice(name);
    }

    /// Becomes the directory that holds this one; the root stays.
    pub(super) fn pop(&mut self) {
        let slash = self.0.iter().rposition(|&byte| byte == b'/').expect("a guest path is absolute");
        self.0.truncate(slash.max(1));
    }

    /// The directory that holds this one; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.0 == b"/" {
            return None;
        }
        let slash = self.0.iter().rposition(|&byte| byte == b'/').expect("a guest path is absolute");
        Some(Self(self.0[..slash.max(1)].to_vec()))
    }

    /// The last component; `None` for the root.
    pub fn name(&self) -> Option<&[u8]> {
        if self.0 == b"/" { None } else { self.0.rsplit(|&byte| byte == b'/').next() }
    }

    /// What follows `prefix`, without a leading slash (empty for `prefix` itself); `None` where this is not below it.
    pub fn below<'a>(&'a self, prefix: &Self) -> Option<&'a [u8]> {
        if prefix.0 == b"/" {
            return Some(&self.0[1..]);
        }
        match self.0.strip_prefix(&prefix.0[..])? {
            b"" => Some(b""),
            [b'/', rest @ ..] => Some(rest),
            _ => None,
        }
    }

    /// The bytes, starting with a slash.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl HostPath {
    /// Takes `path`, which is absolute.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Takes the bytes of an absolute path.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(std::ffi::OsString::from_vec(bytes).into())
    }

    /// This path with `rest` (relative, perhaps empty) below it.
    pub fn join_bytes(&self, rest: &[u8]) -> Self {
        if rest.is_empty() {
            return self.clone();
        }
        let mut joined = self.as_bytes().to_vec();
        if joined.last() != Some(&b'/') {
            joined.push(b'/');
        }
        joined.extend_from_slice(rest);
        Self::from_bytes(joined)
    }

    /// What follows `prefix`, without a leading slash; `None` where this is not below it.
    pub fn below<'a>(&'a self, prefix: &Self) -> Option<&'a [u8]> {
        let (path, prefix) = (self.as_bytes(), prefix.as_bytes());
        if prefix == b"/" {
            return path.strip_prefix(b"/");
        }
        match path.strip_prefix(prefix)? {
            b"" => Some(b""),
            [b'/', rest @ ..] => Some(rest),
            _ => None,
        }
    }

    /// The bytes, starting with a slash.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_os_str().as_bytes()
    }

    /// For the host's own calls.
    pub fn as_path(&self) -> &Path {
        &self.0
    }
}

impl AsRef<Path> for HostPath {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl fmt::Debug for GuestPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "guest:{}", Path::new(OsStr::from_bytes(&self.0)).display())
    }
}

impl fmt::Debug for HostPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "host:{}", self.0.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_clamps_at_the_root() {
        for (path, folded) in [("//a/./b/", "/a/b"), ("/../..", "/"), ("a/../../b", "/b"), ("", "/")] {
            assert_eq!(GuestPath::lexical(path.as_bytes()).as_bytes(), folded.as_bytes(), "{path}");
        }
    }

    #[test]
    fn below_wants_whole_components() {
        let path = GuestPath::lexical(b"/usr/lib");
        assert_eq!(path.below(&GuestPath::lexical(b"/usr")), Some(&b"lib"[..]));
        assert_eq!(path.below(&GuestPath::lexical(b"/us")), None);
        assert_eq!(path.below(&path), Some(&b""[..]));
        assert_eq!(path.below(&GuestPath::root()), Some(&b"usr/lib"[..]));
    }
}
