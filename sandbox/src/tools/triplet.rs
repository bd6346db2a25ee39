//! The names by which a target is known: arm-linux-gnueabihf, armv7l-unknown-linux-gnueabihf, armv7-alpine-linux-...
#![forbid(unsafe_code)]

/// Processors that distributions call by several names, their compilers being the same.
const ALIKE: &[&[&str]] = &[
    &["arm", "armv7l", "armv7hl", "armv7", "armv7a", "armhf"],
    &["aarch64", "arm64"],
    &["i686", "i586", "i486", "i386"],
    &["powerpc64le", "ppc64le"],
    &["riscv64", "riscv64gc"],
];

/// What stands where distributions put their own name.
const VENDORS: &[&str] = &["unknown", "none", "redhat", "pc", "tizen", "alpine", "suse", "cross"];

/// The names under which a compiler for `triplet` may be installed, itself first. All are for the same C library.
pub fn spellings(triplet: &str) -> Vec<String> {
    let parts: Vec<&str> = triplet.split('-').collect();
    let (processor, rest) = (parts[0], &parts[1..]);
    let system = match rest {
        [_, "linux", abi @ ..] => [&["linux"], abi].concat(),
        rest => rest.to_vec(),
    }
    .join("-");
    let alike = ALIKE.iter().find(|names| names.contains(&processor)).copied().unwrap_or(&[]);
    let mut found = vec![triplet.to_owned()];
    for processor in [processor].iter().chain(alike) {
        found.push(format!("{processor}-{system}"));
        found.extend(VENDORS.iter().map(|vendor| format!("{processor}-{vendor}-{system}")));
        // Fedora's cross compilers are for a system without C library, and called so.
        if system.starts_with("linux-gnu") && system != "linux-gnu" {
            found.push(format!("{processor}-linux-gnu"));
        }
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|name| seen.insert(name.clone()));
    found
}

/// The first number of a version: 12 of 12.2.0.
pub fn major(version: &str) -> Option<u32> {
    version.split('.').next()?.parse().ok()
}

/// The first thing in `text` that looks like a version: digits, a dot, digits.
pub fn version(text: &str) -> Option<&str> {
    text.split(|c: char| c.is_whitespace() || "(),".contains(c)).find_map(|word| {
        // file-5.44
        number(word).or_else(|| number(word.split_once('-')?.1))
    })
}

/// The version that a word begins with, behind a letter or two perhaps: v1.2, go1.19.
fn number(word: &str) -> Option<&str> {
    let rest = word.trim_start_matches(|c: char| c.is_ascii_lowercase());
    if word.len() - rest.len() > 2 {
        return None;
    }
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let number = rest[..end].trim_end_matches('.');
    (number.contains('.') && !number.starts_with('.')).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_triplet_has_many_spellings_of_one_c_library() {
        for (given, found) in [
            ("armv7l-unknown-linux-gnueabihf", "arm-linux-gnueabihf"),
            ("arm-linux-gnueabihf", "arm-none-linux-gnueabihf"),
            ("aarch64-redhat-linux", "aarch64-linux"),
            ("arm-linux-gnueabihf", "arm-linux-gnu"),
            ("aarch64-linux-gnu", "aarch64-unknown-linux-gnu"),
        ] {
            assert!(spellings(given).contains(&found.to_owned()), "{given}: {:?}", spellings(given));
        }
        assert_eq!(spellings("aarch64-linux-gnu")[0], "aarch64-linux-gnu");
        assert!(!spellings("aarch64-alpine-linux-musl").iter().any(|name| name.ends_with("gnu")));
    }

    #[test]
    fn versions_are_found_in_what_programs_say() {
        for (text, number) in [
            ("GNU Make 4.3", Some("4.3")),
            ("GNU bash, version 5.2.15(1)-release (arm-unknown-linux-gnueabihf)", Some("5.2.15")),
            ("GNU assembler (GNU Binutils for Debian) 2.40", Some("2.40")),
            ("gcc (Debian 12.2.0-14+deb12u1) 12.2.0", Some("12.2.0")),
            ("file-5.44", Some("5.44")),
            ("mawk 1.3.4 20200120", Some("1.3.4")),
            ("go version go1.19.8 linux/amd64", Some("1.19.8")),
            ("no number", None),
        ] {
            assert_eq!(version(text), number, "{text}");
        }
        assert_eq!((major("12.2.0"), major("14"), major("x")), (Some(12), Some(14), None));
    }
}
