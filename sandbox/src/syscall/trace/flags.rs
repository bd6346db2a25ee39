//! Names of flags, for those who read traces.
//!
//! Source: the man page of each call.
#![forbid(unsafe_code)]

/// One bit or field of a number, and its name.
type Names = &'static [(i32, &'static str)];

const OPEN: Names = &[
    // The names of several bits come before those of one of them.
    (libc::O_TMPFILE, "O_TMPFILE"),
    (libc::O_SYNC, "O_SYNC"),
    (libc::O_CREAT, "O_CREAT"),
    (libc::O_EXCL, "O_EXCL"),
    (libc::O_NOCTTY, "O_NOCTTY"),
    (libc::O_TRUNC, "O_TRUNC"),
    (libc::O_APPEND, "O_APPEND"),
    (libc::O_NONBLOCK, "O_NONBLOCK"),
    (libc::O_DSYNC, "O_DSYNC"),
    (libc::O_ASYNC, "O_ASYNC"),
    (libc::O_DIRECT, "O_DIRECT"),
    (libc::O_DIRECTORY, "O_DIRECTORY"),
    (libc::O_NOFOLLOW, "O_NOFOLLOW"),
    (libc::O_NOATIME, "O_NOATIME"),
    (libc::O_CLOEXEC, "O_CLOEXEC"),
    (libc::O_PATH, "O_PATH"),
];

const AT: Names = &[
    (libc::AT_SYMLINK_NOFOLLOW, "AT_SYMLINK_NOFOLLOW"),
    (libc::AT_SYMLINK_FOLLOW, "AT_SYMLINK_FOLLOW"),
    (libc::AT_NO_AUTOMOUNT, "AT_NO_AUTOMOUNT"),
    (libc::AT_EMPTY_PATH, "AT_EMPTY_PATH"),
];

const ACCESS: Names = &[(libc::R_OK, "R_OK"), (libc::W_OK, "W_OK"), (libc::X_OK, "X_OK")];

const RESOLVE: Names = &[
    (0x01, "RESOLVE_NO_XDEV"),
    (0x02, "RESOLVE_NO_MAGICLINKS"),
    (0x04, "RESOLVE_NO_SYMLINKS"),
    (0x08, "RESOLVE_BENEATH"),
    (0x10, "RESOLVE_IN_ROOT"),
    (0x20, "RESOLVE_CACHED"),
];

/// The flags of open(2).
pub fn open(flags: i32) -> String {
    let mode = match flags & libc::O_ACCMODE {
        libc::O_RDONLY => "O_RDONLY",
        libc::O_WRONLY => "O_WRONLY",
        libc::O_RDWR => "O_RDWR",
        _ => "O_ACCMODE",
    };
    match flags & !libc::O_ACCMODE {
        0 => mode.into(),
        rest => format!("{mode}|{}", names(rest, OPEN)),
    }
}

/// True if open(2) takes a mode too.
pub fn creates(flags: i32) -> bool {
    const TMPFILE_BIT: i32 = libc::O_TMPFILE & !libc::O_DIRECTORY;
    flags & (libc::O_CREAT | TMPFILE_BIT) != 0
}

/// Permissions.
pub fn mode(mode: u64) -> String {
    if mode == 0 { "0".into() } else { format!("0{mode:o}") }
}

/// The flags of the calls whose names end in `at`.
pub fn at(flags: i32) -> String {
    names(flags, AT)
}

/// The mode of access(2).
pub fn access(mode: i32) -> String {
    if mode == libc::F_OK { "F_OK".into() } else { names(mode, ACCESS) }
}

/// The `resolve` field of openat2(2).
pub fn resolve(flags: u64) -> String {
    i32::try_from(flags).map_or_else(|_| format!("{flags:#x}"), |flags| names(flags, RESOLVE))
}

/// The names of all bits in `value`; what has none is a number.
fn names(mut value: i32, known: Names) -> String {
    if value == 0 {
        return "0".into();
    }
    let mut words = Vec::new();
    for &(bits, name) in known {
        if value & bits == bits {
            words.push(name.to_owned());
            value &= !bits;
        }
    }
    if value != 0 {
        words.push(format!("{value:#x}"));
    }
    words.join("|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_have_names_and_the_rest_is_a_number() {
        assert_eq!(open(libc::O_RDONLY), "O_RDONLY");
        assert_eq!(open(libc::O_RDWR | libc::O_CREAT | libc::O_CLOEXEC), "O_RDWR|O_CREAT|O_CLOEXEC");
        assert_eq!(open(libc::O_WRONLY | libc::O_TMPFILE), "O_WRONLY|O_TMPFILE");
        assert_eq!(open(libc::O_DIRECTORY), "O_RDONLY|O_DIRECTORY");
        assert_eq!(at(libc::AT_EMPTY_PATH | 1), "AT_EMPTY_PATH|0x1");
        assert_eq!((access(0), access(5)), ("F_OK".into(), "R_OK|X_OK".into()));
        assert_eq!((resolve(0), resolve(0x18)), ("0".into(), "RESOLVE_BENEATH|RESOLVE_IN_ROOT".into()));
    }
}
