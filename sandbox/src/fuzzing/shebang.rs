//! First lines of scripts, against execve(2): "an optional argument", the rest of the line without the blanks around it.
#![forbid(unsafe_code)]

use crate::error::Errno;
use crate::exec::elf::HEAD;
use crate::exec::shebang::{Shebang, is_script, parse};

/// The input is the beginning of a script.
pub fn shebang(data: &[u8]) {
    let mut head = [0; HEAD];
    let len = data.len().min(HEAD);
    head[..len].copy_from_slice(&data[..len]);
    if !is_script(&head) {
        return;
    }
    let parsed = parse(&head);
    if let Ok(Shebang { interpreter, argument }) = &parsed {
        let is_end = |byte: &u8| [b' ', b'\t', b'\n', 0].contains(byte);
        assert!(!interpreter.iter().any(is_end), "{parsed:?}");
        let argument = argument.unwrap_or_default();
        assert!(!argument.contains(&0) && !argument.contains(&b'\n'), "{parsed:?}");
        assert!(!argument.first().is_some_and(is_end), "{parsed:?}");
    } else {
        assert_eq!(parsed, Err(Errno::ENOEXEC));
    }
    // Where a line is whole and has no NUL, there is but one way to read it.
    let end = head.iter().position(|&byte| byte == b'\n' || byte == 0);
    if let Some(end) = end.filter(|&end| head[end] == b'\n') {
        assert_eq!(parsed, read(&head[2..end.max(2)]), "{:?}", String::from_utf8_lossy(&head[..end]));
    }
}

fn read(line: &[u8]) -> Result<Shebang<'_>, Errno> {
    let is_blank = |byte: &u8| *byte == b' ' || *byte == b'\t';
    let start = line.iter().position(|byte| !is_blank(byte)).ok_or(Errno::ENOEXEC)?;
    let end = line.iter().rposition(|byte| !is_blank(byte)).map_or(start, |last| last + 1);
    let line = &line[start..end];
    let Some(blank) = line.iter().position(is_blank) else {
        return Ok(Shebang { interpreter: line, argument: None });
    };
    let argument = line[blank..].iter().position(|byte| !is_blank(byte)).map(|at| &line[blank + at..]);
    Ok(Shebang { interpreter: &line[..blank], argument })
}
