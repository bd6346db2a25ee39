//! Clang: one program compiles for every machine.
#![forbid(unsafe_code)]

use super::Selector;
use crate::tools::choice::{Choice, State as Found};
use crate::tools::profile::Rule;
use crate::tools::spec::By;
use crate::tools::triplet::major;

impl Selector<'_> {
    /// Clang compiles for every machine: it is told which. Where the guest has none it is shown, so that there is a
    /// native compiler also where the host has no GCC for the guest.
    pub(super) fn clang(&self, name: &str, rule: &Rule, by: By) -> Vec<Choice> {
        let Some(triplet) = &self.triplet else {
            return vec![Choice::off(name, None, "the guest has no GCC whose libraries it could use".into())];
        };
        let languages = rule.guest.iter().map(|path| {
            let own = path.rsplit('/').next().unwrap_or_default();
            let one = Rule { guest: vec![path.clone()], ..rule.clone() };
            let of_guest = self.guest_file(name, &one).and_then(|_| self.version_of(self.guest, path, rule));
            let host = self.versioned(own, of_guest.as_deref().and_then(major));
            let one = Rule { host, ..one };
            let choice = self.program(name, &one, by);
            match &choice.state {
                Found::Absent if by >= By::Group => self.shown(name, &one, path),
                _ => choice,
            }
        });
        let tell = |choice: Choice| Choice { prepend: vec![format!("--target={triplet}")], ..choice };
        languages.map(|choice| if choice.is_on() { tell(choice) } else { choice }).collect()
    }

    /// The names that the host may call `program` by: with the guest's version, plainly, with any version, newest first.
    fn versioned(&self, program: &str, wanted: Option<u32>) -> Vec<String> {
        let numbered = |name: &String| major(name.strip_prefix(program)?.strip_prefix('-')?);
        let names = self.bins.iter().flat_map(|bin| self.tools.names(bin));
        let mut numbers: Vec<u32> = names.filter_map(|name| numbered(&name)).collect();
        numbers.sort_unstable_by_key(|&number| std::cmp::Reverse(number));
        let called = |number: u32| format!("{program}-{number}");
        let plain = [program.to_owned()];
        wanted.map(called).into_iter().chain(plain).chain(numbers.into_iter().map(called)).collect()
    }
}
