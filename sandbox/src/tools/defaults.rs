//! Whether a compiler of the host means the same as the guest's: its predefined macros and target options, compared.
//!
//! Distributions build defaults into their drivers that change the ABI without a word: Debian 13's for armhf makes time_t
//! 64 bits wide. What is known how to undo is undone; any other difference keeps the guest's compiler.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;

use super::triplet::major;

/// What a compiler says of itself.
#[derive(Debug, Default)]
pub struct Defaults {
    pub version: String,
    /// `-O2 -dM -E` of an empty file, for each language.
    pub macros: Vec<String>,
    /// `-Q --help=target`.
    pub target: String,
}

/// Macros that a driver may define for the C library, and that a later -U takes back.
const UNDONE: &[&str] = &["_TIME_BITS", "_FILE_OFFSET_BITS"];

/// Macros of the version, or of what a newer one counts differently.
const OF_VERSION: &[&str] =
    &["__VERSION__", "__GNUC__", "__GNUC_MINOR__", "__GNUC_PATCHLEVEL__", "__GXX_ABI_VERSION", "__cplusplus"];

/// What decides about the ABI, or is a distribution's choice, so that it counts between versions too.
const OF_ABI: &[&str] = &[
    "_FORTIFY_SOURCE",
    "_LP64",
    "_ILP32",
    "_GNU_SOURCE",
    "__ARM_PCS_VFP",
    "__ARM_EABI__",
    "__ARM_ARCH",
    "__ARM_FP",
    "__BIGGEST_ALIGNMENT__",
    "__BYTE_ORDER__",
    "__CHAR_UNSIGNED__",
    "__PIC__",
    "__PIE__",
    "__SOFTFP__",
    "__SSP_STRONG__",
    "__VFP_FP__",
    "__thumb__",
    "__thumb2__",
    "__riscv_float_abi_double",
];

/// The words with which the host's compiler means what the guest's does, to be put before the user's own.
///
/// # Errors
/// The first difference that is not understood.
pub fn compare(guest: &Defaults, host: &Defaults) -> Result<Vec<String>, String> {
    let same_major = major(&guest.version) == major(&host.version);
    let mut fixes = Vec::new();
    for (guest, host) in guest.macros.iter().zip(&host.macros) {
        let (guest, host) = (definitions(guest), definitions(host));
        let mut names: Vec<_> = guest.keys().chain(host.keys()).copied().collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let (ours, theirs) = (guest.get(name), host.get(name));
            if ours == theirs || OF_VERSION.contains(&name) {
                continue;
            }
            if UNDONE.contains(&name) && ours.is_none() {
                fixes.push(format!("-U{name}"));
            } else if same_major || counts(name, ours.is_some() && theirs.is_some()) {
                let shown =
                    |value: Option<&&str>| value.map_or("nothing".to_owned(), |value| value.to_string());
                return Err(format!("{name} is {} here and {} in the guest", shown(theirs), shown(ours)));
            }
        }
    }
    if same_major {
        let differs = |(guest, host): (&str, &str)| guest.split_whitespace().ne(host.split_whitespace());
        if let Some((ours, _)) = guest.target.lines().zip(host.target.lines()).find(|&pair| differs(pair)) {
            return Err(format!("the target option {} differs", ours.trim()));
        }
    }
    fixes.sort();
    fixes.dedup();
    Ok(fixes)
}

/// Whether a difference between two major versions matters.
fn counts(name: &str, in_both: bool) -> bool {
    OF_ABI.contains(&name) || (in_both && (name.starts_with("__SIZEOF_") || name.ends_with("_TYPE__")))
}

/// `#define NAME VALUE` lines.
fn definitions(text: &str) -> BTreeMap<&str, &str> {
    let line = |line: &'_ str| -> Option<(usize, usize)> {
        let rest = line.strip_prefix("#define ")?;
        let name = rest.find(' ').unwrap_or(rest.len());
        Some((8, 8 + name))
    };
    text.lines()
        .filter_map(|text| {
            let (from, to) = line(text)?;
            Some((&text[from..to], text[to..].trim()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defaults(version: &str, macros: &str) -> Defaults {
        Defaults { version: version.into(), macros: vec![macros.into()], target: "  -marm [enabled]".into() }
    }

    #[track_caller]
    fn check(guest: (&str, &str), host: (&str, &str), result: Result<&[&str], &str>) {
        let found = compare(&defaults(guest.0, guest.1), &defaults(host.0, host.1));
        let result = result.map(|words| words.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(found, result.map_err(ToString::to_string), "{guest:?} {host:?}");
    }

    #[test]
    fn equal_compilers_need_nothing() {
        check(("12.2.0", "#define A 1\n#define B"), ("12.2.0", "#define B\n#define A 1\n"), Ok(&[]));
        check(("12.2.0", "#define __GNUC_MINOR__ 2"), ("12.3.0", "#define __GNUC_MINOR__ 3"), Ok(&[]));
    }

    #[test]
    fn wider_times_are_taken_back() {
        let wide = "#define _TIME_BITS 64\n#define _FILE_OFFSET_BITS 64\n";
        check(("12.2.0", ""), ("14.2.0", wide), Ok(&["-U_FILE_OFFSET_BITS", "-U_TIME_BITS"]));
        let error = "_TIME_BITS is nothing here and 64 in the guest";
        check(("14.2.0", "#define _TIME_BITS 64"), ("14.2.0", ""), Err(error));
    }

    #[test]
    fn a_difference_that_is_not_understood_is_named() {
        let error = "_FORTIFY_SOURCE is 2 here and nothing in the guest";
        check(("12.2.0", ""), ("14.2.0", "#define _FORTIFY_SOURCE 2"), Err(error));
        check(("12.2.0", "#define X 1"), ("12.2.0", "#define X 2"), Err("X is 2 here and 1 in the guest"));
        check(("12.2.0", "#define X 1"), ("14.2.0", "#define X 2"), Ok(&[]));
        let error = "__SIZEOF_LONG__ is 8 here and 4 in the guest";
        check(("12.1.0", "#define __SIZEOF_LONG__ 4"), ("14.2.0", "#define __SIZEOF_LONG__ 8"), Err(error));
        let soft = Defaults { target: "  -marm [disabled]".into(), ..defaults("12.2.0", "") };
        assert_eq!(
            compare(&defaults("12.2.0", ""), &soft),
            Err("the target option -marm [enabled] differs".into())
        );
    }
}
