//! The calls that a session did not support: what they were answered with, how often, and why.
#![forbid(unsafe_code)]

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::arch;
use crate::error::Errno;

/// The calls, by name and errno.
#[derive(Debug, Default)]
pub struct Unsupported(BTreeMap<(String, i32), Entry>);

#[derive(Debug)]
struct Entry {
    count: u64,
    why: &'static str,
}

impl Unsupported {
    /// Counts one call that was answered with `errno`.
    pub fn count(&mut self, name: String, errno: Errno, why: &'static str) {
        self.0.entry((name, errno as i32)).or_insert(Entry { count: 0, why }).count += 1;
    }

    /// One line a call, the most frequent first.
    pub fn lines(&self) -> Vec<String> {
        let mut all: Vec<_> = self.0.iter().collect();
        // Stable, so that equals stay in the order of their names.
        all.sort_by_key(|(_, entry)| Reverse(entry.count));
        all.iter()
            .map(|((name, errno), Entry { count, why })| {
                let times = if *count == 1 { "once".into() } else { format!("{count} times") };
                let errno = Errno::from_raw(*errno);
                format!("not supported: {name}: {errno:?}, {times} ({why})")
            })
            .collect()
    }
}

/// What a call is called that has no row: its number, and the ABI if that is not this host's own.
pub fn name(audit_arch: u32, nr: u64) -> String {
    // As in include/uapi/linux/audit.h.
    const I386: u32 = 0x4000_0003;
    const ARM: u32 = 0x4000_0028;
    match audit_arch {
        arch::AUDIT_ARCH if arch::is_other_abi(nr) => format!("x32 call {}", nr & 0x3fff_ffff),
        arch::AUDIT_ARCH => format!("call {nr}"),
        I386 => format!("i386 call {nr}"),
        ARM => format!("arm call {nr}"),
        other => format!("call {nr} of ABI {other:#x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_comes_first_and_equals_by_name() {
        let mut calls = Unsupported::default();
        calls.count("setns".into(), Errno::EPERM, "namespaces");
        calls.count("mount".into(), Errno::EPERM, "paths");
        calls.count(name(arch::AUDIT_ARCH, 999), Errno::ENOSYS, "no such call");
        calls.count(name(0x4000_0003, 5), Errno::ENOSYS, "another ABI");
        calls.count(name(arch::AUDIT_ARCH, 999), Errno::ENOSYS, "no such call");
        assert_eq!(
            calls.lines(),
            [
                "not supported: call 999: ENOSYS, 2 times (no such call)",
                "not supported: i386 call 5: ENOSYS, once (another ABI)",
                "not supported: mount: EPERM, once (paths)",
                "not supported: setns: EPERM, once (namespaces)",
            ]
        );
    }
}
