//! What `--trace-exec FILE` wrote: one line an exec, `PID native GUESTPATH HOSTPATH` or `PID emulated GUESTPATH`.
#![forbid(unsafe_code)]

use std::path::PathBuf;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Native,
    Emulated,
}

#[derive(Debug)]
pub struct Exec {
    pub how: How,
    pub guest: String,
    /// The file that runs in the place of the guest's, where one does.
    pub host: Option<PathBuf>,
}

#[derive(Debug)]
pub struct Trace {
    pub execs: Vec<Exec>,
    text: String,
}

impl Trace {
    #[track_caller]
    pub fn parse(text: &str) -> Self {
        let execs = text.lines().map(|line| parse(line).unwrap_or_else(|| panic!("no such line: {line:?}")));
        Self { execs: execs.collect(), text: text.to_owned() }
    }

    /// The program `name` was run, and always like this.
    #[track_caller]
    pub fn shows(&self, how: How, name: &str) {
        let mut found = self.execs.iter().filter(|exec| is(&exec.guest, name)).peekable();
        assert!(found.peek().is_some(), "{name} was not run\n{}", self.text);
        for exec in found {
            assert_eq!(exec.how, how, "{name}\n{}", self.text);
        }
    }
}

fn parse(line: &str) -> Option<Exec> {
    let mut words = line.split(' ');
    words.next()?.parse::<u32>().ok()?;
    let how = match words.next()? {
        "native" => How::Native,
        "emulated" => How::Emulated,
        _ => return None,
    };
    let guest = words.next().filter(|path| path.starts_with('/'))?.to_owned();
    let host = words.next().map(PathBuf::from);
    (words.next().is_none() && host.is_some() == (how == How::Native)).then_some(Exec { how, guest, host })
}

/// `/usr/bin/arm-linux-gnueabihf-gcc-12` is `gcc`, and `/usr/bin/aarch64-linux-gnu-ld.bfd` is `ld`.
fn is(path: &str, name: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or_default();
    // What the names lead to in Debian.
    let name = match name {
        "sh" => "dash",
        "pkg-config" => "pkgconf",
        name => name,
    };
    let file = ["arm-linux-gnueabihf-", "aarch64-linux-gnu-"]
        .iter()
        .find_map(|triplet| file.strip_prefix(triplet))
        .unwrap_or(file);
    let version =
        |rest: &str| rest == ".bfd" || rest.strip_prefix('-').is_some_and(|n| n.parse::<u32>().is_ok());
    file.strip_prefix(name).is_some_and(|rest| rest.is_empty() || version(rest))
}

#[test]
fn names_are_told_apart() {
    for (path, name, expected) in [
        ("/usr/bin/arm-linux-gnueabihf-gcc-12", "gcc", true),
        ("/usr/bin/aarch64-linux-gnu-ld.bfd", "ld", true),
        ("/usr/lib/gcc/arm-linux-gnueabihf/12/cc1plus", "cc1", false),
        ("/usr/bin/arm-linux-gnueabihf-gcc-ar-12", "gcc", false),
    ] {
        assert_eq!(is(path, name), expected, "{path} {name}");
    }
}

#[test]
fn a_line_that_is_neither_is_refused() {
    assert_eq!(Trace::parse("12 native /bin/a /b\n13 emulated /c\n").execs.len(), 2);
    for line in ["native /bin/a /b", "1 native /a", "1 emulated /a /b", "1 native a b", "1 native /a /b c"] {
        assert!(parse(line).is_none(), "{line}");
    }
}
