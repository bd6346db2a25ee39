//! Whether two programs can stand for each other: of the right machine, without privileges, of versions that agree.
#![forbid(unsafe_code)]

use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::exec::{Machine, machine_of_file};
use crate::tools::choice::Versions;
use crate::tools::profile::Need;

/// Why a program can neither be replaced nor take another's place.
pub(super) fn unfit(host: &Path, machine: &Machine) -> Option<String> {
    let Ok(file) = File::open(host) else { return Some("cannot be read".into()) };
    let mode = file.metadata().map_or(0, |metadata| metadata.permissions().mode());
    if mode & 0o6000 != 0 {
        return Some("is set-uid or set-gid".into());
    }
    match machine_of_file(&file) {
        Some(found) if found == machine => None,
        Some(found) => Some(format!("is a program for {}", found.name)),
        None => Some("is no program, but perhaps a script".into()),
    }
}

/// Whether versions agree as far as they must.
///
/// # Errors
/// Why not.
pub(super) fn agree(need: Need, versions: &Versions) -> Result<(), String> {
    let parts = match need {
        Need::Any => return Ok(()),
        Need::SameMajor => 1,
        Need::SameMinor => 2,
        Need::Exact => usize::MAX,
    };
    let (Some(guest), Some(host)) = (&versions.guest, &versions.host) else {
        let side = if versions.guest.is_none() { "guest" } else { "host" };
        return Err(format!("the {side}'s does not tell its version"));
    };
    let same = guest.split('.').take(parts).eq(host.split('.').take(parts));
    if same { Ok(()) } else { Err(format!("the host's is {host}, the guest's {guest}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_agree_as_far_as_they_must() {
        for (need, guest, host, agrees) in [
            (Need::Any, "1", "2", true),
            (Need::SameMajor, "12.2.0", "12.3.1", true),
            (Need::SameMajor, "12.2.0", "13.2.0", false),
            (Need::SameMinor, "4.3", "4.3.1", true),
            (Need::SameMinor, "4.3", "4.4", false),
            (Need::Exact, "1.2.3", "1.2.3", true),
            (Need::Exact, "1.2.3", "1.2.4", false),
        ] {
            let result = agree(need, &Versions::new(guest, host));
            assert_eq!(result.is_ok(), agrees, "{need:?} {guest} {host}: {result:?}");
        }
        let silent = Versions { guest: None, host: Some("1".into()) };
        assert_eq!(agree(Need::Exact, &silent), Err("the guest's does not tell its version".into()));
    }
}
