//! The support matrix: the table as text, one line a call.
#![forbid(unsafe_code)]

use std::fmt::Write;

use super::i386;
use super::table::{Feature, Row, TABLE, Verdict, When};

const HEADINGS: [&str; 6] = ["call", "x86-64", "aarch64", "verdict", "trapped", "why"];

/// The table for a person to read: name, numbers, verdict, when it is trapped, why.
pub fn text() -> String {
    let lines: Vec<_> = std::iter::once(HEADINGS.map(String::from)).chain(TABLE.iter().map(cells)).collect();
    let widths: [usize; 6] =
        std::array::from_fn(|column| lines.iter().map(|line| line[column].len()).max().unwrap_or(0));
    let mut text = String::new();
    for line in lines {
        let mut row = String::new();
        for (column, (cell, width)) in line.iter().zip(widths).enumerate() {
            // Numbers stand below each other's last digit.
            match column {
                1 | 2 => write!(row, "{cell:>width$}  "),
                _ => write!(row, "{cell:width$}  "),
            }
            .expect("a String takes all text");
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text.push_str(&summary());
    text
}

fn cells(row: &Row) -> [String; 6] {
    let number = |number: Option<u32>| number.map_or("-".into(), |number| number.to_string());
    let when = match row.verdict {
        Verdict::Allow | Verdict::Refuse(_) => String::new(),
        Verdict::Handle(conditions, _) => conditions.iter().map(when).collect::<Vec<_>>().join(", or "),
    };
    [row.name.into(), number(row.x86_64), number(row.aarch64), verdict(row), when, row.why.into()]
}

fn verdict(row: &Row) -> String {
    match row.verdict {
        Verdict::Allow => "allowed".into(),
        Verdict::Refuse(errno) => format!("refused {errno:?}"),
        Verdict::Handle(..) if row.paths.is_empty() => "handled".into(),
        Verdict::Handle(..) => "translated".into(),
    }
}

fn when(condition: &When) -> String {
    match *condition {
        When::Always => "always".into(),
        When::Feature(feature) => with(feature).into(),
        When::ArgIs(arg, values) => format!("argument {arg} is {}", list(values)),
        When::ArgIsNot(arg, values) => format!("argument {arg} is not {}", list(values)),
        When::ArgHas(arg, mask) => format!("argument {arg} has a bit of {mask:#x}"),
        When::NotNull(arg) => format!("argument {arg} is no null pointer"),
        When::FeatureArgIs(feature, arg, values) => {
            format!("{} and argument {arg} is {}", with(feature), list(values))
        }
    }
}

fn with(feature: Feature) -> &'static str {
    match feature {
        Feature::FakeIds => "with -0 or -i",
        Feature::ReadOnly => "with a read-only binding",
        Feature::Release => "with -k",
        Feature::Tools => "with native tools",
        Feature::NoLandlock => "before Linux 6.8",
        Feature::VirtualNames => "with a binding that is not on disk",
    }
}

fn list(values: &[u32]) -> String {
    let spelt = |&value: &u32| if value < 1000 { value.to_string() } else { format!("{value:#x}") };
    if values.len() > 6 {
        return format!("one of {} values", values.len());
    }
    values.iter().map(spelt).collect::<Vec<_>>().join("/")
}

fn summary() -> String {
    let count = |what: &str| TABLE.iter().filter(|row| verdict(row).starts_with(what)).count();
    format!(
        "\n{} calls: {} allowed, {} translated, {} handled, {} refused. Every other number is ENOSYS, and so is every \
         x32 call. Of the i386 calls that a 64-bit program may make, {} are made as these; the rest is ENOSYS.\n",
        TABLE.len(),
        count("allowed"),
        count("translated"),
        count("handled"),
        count("refused"),
        i386::count(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn line(text: &str, call: &str) -> String {
        let start = format!("{call} ");
        let found: Vec<_> = text.lines().filter(|line| line.starts_with(&start)).collect();
        assert_eq!(found.len(), 1, "{call}: {found:?}");
        found[0].split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_call_has_its_line() {
        let text = text();
        for row in TABLE {
            line(&text, row.name);
        }
    }

    #[test]
    fn a_line_tells_numbers_verdict_condition_and_reason() {
        let text = text();
        for (call, expected) in [
            ("read", "read 0 63 allowed"),
            ("open", "open 2 - translated always"),
            ("fstat", "fstat 5 80 handled with -0 or -i"),
            ("acct", "acct 163 89 refused EPERM needs CAP_SYS_PACCT, and names a file for the whole host"),
            (
                "pivot_root",
                "pivot_root 155 41 refused EPERM would change what host paths mean, and needs a capability",
            ),
            (
                "fork",
                "fork 57 - allowed the child is traced from its first instruction and shares what fork(2) says",
            ),
        ] {
            assert_eq!(line(&text, call), expected);
        }
        assert!(line(&text, "prctl").contains("handled argument 0 is one of 8 values"));
        assert!(
            line(&text, "ioctl").contains(", or with a read-only binding and argument 1 is one of 14 values")
        );
    }

    #[test]
    fn the_counts_add_up() {
        let text = text();
        let last = text.lines().last().expect("there is a summary");
        let (rows, _) = last.split_once(". ").expect("what is not in the table comes behind");
        let numbers: Vec<usize> = rows.split(' ').filter_map(|word| word.parse().ok()).collect();
        assert_eq!(numbers[0], numbers[1..].iter().sum::<usize>(), "{last}");
    }
}
