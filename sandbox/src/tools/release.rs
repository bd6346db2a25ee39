//! What a guest is a release of, by its own word.
//!
//! Source: os-release(5).
#![forbid(unsafe_code)]

use super::ask::Oracle;

/// What a guest says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// debian
    pub id: String,
    /// What it is like, if it says so: debian for ubuntu.
    pub like: String,
    /// 12
    pub version: String,
    /// bookworm; empty if it has no such name.
    pub codename: String,
}

/// Reads the guest's os-release.
pub fn of(guest: &Oracle) -> Release {
    let files = ["/etc/os-release", "/usr/lib/os-release"];
    let text = files.iter().find_map(|path| std::fs::read_to_string(guest.file(path)?.1).ok());
    parse(&text.unwrap_or_default())
}

fn parse(text: &str) -> Release {
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.unwrap_or_default().trim().trim_matches(['"', '\'']).to_owned()
    };
    Release {
        id: value("ID"),
        like: value("ID_LIKE"),
        version: value("VERSION_ID"),
        codename: value("VERSION_CODENAME"),
    }
}

/// The name of the directory in which the tools for such guests are kept: debian-12-armhf would not do, since one tree
/// serves one kind of compiler.
pub fn key(guest: &Oracle) -> String {
    let release = of(guest);
    let version = if release.version.is_empty() { &release.codename } else { &release.version };
    let plain = |text: &str| -> String {
        text.chars().filter(|c| c.is_ascii_alphanumeric() || "._".contains(*c)).collect()
    };
    let compilers = super::compiler::of_guest(guest);
    let target = compilers.first().map_or("none", |compiler| &compiler.triplet);
    format!("{}-{}-{}", plain(&release.id), plain(version), target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_named_with_or_without_quotes() {
        let text =
            "PRETTY_NAME=\"Debian GNU/Linux 12\"\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nID=debian\n";
        let found = parse(text);
        assert_eq!((&found.id[..], &found.version[..], &found.codename[..]), ("debian", "12", "bookworm"));
        assert_eq!(parse("").id, "");
    }
}
