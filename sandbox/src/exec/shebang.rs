//! The first line of a script.
//!
//! Source: execve(2), "Interpreter scripts"; behaviour of Linux 6.18, which `tests/exec` asks.
#![forbid(unsafe_code)]

use super::elf::HEAD;
use crate::error::Errno;

/// What a script's first line says.
#[derive(Debug, PartialEq, Eq)]
pub struct Shebang<'a> {
    /// The interpreter's path; may be empty.
    pub interpreter: &'a [u8],
    /// The rest of the line, one argument however many blanks it holds.
    pub argument: Option<&'a [u8]>,
}

fn blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// True for a file that wants to be a script.
pub fn is_script(head: &[u8; HEAD]) -> bool {
    head.starts_with(b"#!")
}

/// Reads the first line of a script that begins with `head`, zeros behind its end.
///
/// The argument may be cut where `head` ends: the interpreter can read the line itself.
///
/// # Errors
/// ENOEXEC if there is no interpreter, or its path may not have ended within `head`.
pub fn parse(head: &[u8; HEAD]) -> Result<Shebang<'_>, Errno> {
    let last = HEAD - 1;
    let text = head.iter().position(|&byte| byte == 0).unwrap_or(HEAD);
    let first_in = |from: usize, to: usize, test: &dyn Fn(u8) -> bool| (from..=to).find(|&at| test(head[at]));
    let not_blank = |byte: u8| !blank(byte);
    let terminator = |byte: u8| blank(byte) || byte == 0;

    let mut end = match head[..text].iter().position(|&byte| byte == b'\n') {
        Some(newline) => newline,
        None => {
            let name = first_in(2, last, &not_blank).ok_or(Errno::ENOEXEC)?;
            first_in(name, last, &terminator).ok_or(Errno::ENOEXEC)?;
            last
        }
    };
    while blank(head[end - 1]) {
        end -= 1;
    }
    let name = first_in(2, end, &not_blank).filter(|&name| name != end).ok_or(Errno::ENOEXEC)?;
    let separator = first_in(name, end, &terminator);
    let argument = separator
        .filter(|&separator| head[separator] != 0)
        .and_then(|separator| first_in(separator, end, &not_blank))
        .filter(|&argument| argument < end);
    Ok(Shebang {
        interpreter: &head[name..separator.unwrap_or(end)],
        argument: argument.map(|from| &head[from..text.clamp(from, end)]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(line: &[u8]) -> [u8; HEAD] {
        let mut head = [0; HEAD];
        let len = line.len().min(HEAD);
        head[..len].copy_from_slice(&line[..len]);
        head
    }

    #[track_caller]
    fn check(line: &[u8], interpreter: &str, argument: Option<&str>) {
        let shebang = Shebang { interpreter: interpreter.as_bytes(), argument: argument.map(str::as_bytes) };
        assert_eq!(parse(&head(line)), Ok(shebang), "{:?}", String::from_utf8_lossy(line));
    }

    #[test]
    fn blanks_around_the_words_are_dropped() {
        check(b"#!/bin/sh\n", "/bin/sh", None);
        check(b"#! \t/bin/sh \t \n", "/bin/sh", None);
        check(b"#!/bin/sh  -e\t\n", "/bin/sh", Some("-e"));
    }

    #[test]
    fn the_rest_of_the_line_is_one_argument() {
        check(b"#!/usr/bin/env -S a  b \nmore", "/usr/bin/env", Some("-S a  b"));
        check(b"#!/bin/sh -e\r\n", "/bin/sh", Some("-e\r"));
        check(b"#!/bin/sh\r\n", "/bin/sh\r", None);
    }

    #[test]
    fn the_end_of_the_file_ends_the_line() {
        check(b"#!/bin/sh", "/bin/sh", None);
        check(b"#!/bin/sh -x", "/bin/sh", Some("-x"));
        check(b"#!/bin/sh\0 -x\n", "/bin/sh", None);
        check(b"#!/bin/sh -x\0y\n", "/bin/sh", Some("-x"));
        check(b"#!", "", None);
    }

    #[test]
    fn a_line_without_interpreter_is_no_script() {
        assert_eq!(parse(&head(b"#!\n/bin/sh\n")), Err(Errno::ENOEXEC));
        assert_eq!(parse(&head(b"#!  \t \n")), Err(Errno::ENOEXEC));
        assert_eq!(parse(&head(&[b"#!", &[b' '; 300][..]].concat())), Err(Errno::ENOEXEC));
    }

    #[test]
    fn a_path_that_may_be_cut_is_refused_but_a_cut_argument_is_not() {
        let long = |len: usize| [b"#!/", &vec![b'x'; len][..], b" a\n"].concat();
        let path = "/".to_owned() + &"x".repeat(252);
        check(&long(252), &path, None);
        assert_eq!(parse(&head(&long(253))), Err(Errno::ENOEXEC));
        let argument = [b"#!/bin/sh ", &[b'y'; 1 << 20][..]].concat();
        check(&argument, "/bin/sh", Some(&"y".repeat(245)));
    }
}
