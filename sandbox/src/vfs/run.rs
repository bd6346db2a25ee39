//! Takes a path apart: the names up to the next `..`, and what comes behind them.
#![forbid(unsafe_code)]

use std::ops::Range;

/// What comes behind a run of names. Offsets are into the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// There is no component at all.
    Root,
    /// The end of the path.
    End,
    Slash,
    Dot,
    /// `..`, which ends here.
    DotDot(usize),
    /// More names of the same run, where only those that end here were looked at.
    Names(usize),
}

/// Names without `.` and `..`, each as its place in the path.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub names: Vec<Range<usize>>,
    pub after: After,
}

impl Run {
    /// The first run of `path`.
    pub fn parse(path: &[u8]) -> Self {
        let mut run = Self { names: Vec::with_capacity(16), after: After::Root };
        let mut start = 0;
        while start < path.len() {
            let end =
                path[start..].iter().position(|&byte| byte == b'/').map_or(path.len(), |len| start + len);
            match &path[start..end] {
                b"" => {}
                b"." => run.after = After::Dot,
                b".." => {
                    run.after = After::DotDot(end);
                    break;
                }
                _ => {
                    run.names.push(start..end);
                    run.after = if end < path.len() { After::Slash } else { After::End };
                }
            }
            start = end + 1;
        }
        run
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_before_the_first_dotdot() {
        for (path, names, after) in [
            ("", "", After::Root),
            ("//", "", After::Root),
            ("a", "a", After::End),
            ("/a//b/", "a b", After::Slash),
            ("a/./b", "a b", After::End),
            ("a/.//", "a", After::Dot),
            ("./..", "", After::DotDot(4)),
            ("a/../b/..", "a", After::DotDot(4)),
        ] {
            let run = Run::parse(path.as_bytes());
            let found: Vec<_> = run.names.into_iter().map(|name| &path[name]).collect();
            assert_eq!((found.join(" "), run.after), (names.to_string(), after), "{path}");
        }
    }
}
