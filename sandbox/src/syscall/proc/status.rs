//! /proc/PID/status without the tracer: who traces, and which filters there are.
//!
//! Source: proc_pid_status(5).
#![forbid(unsafe_code)]

use nix::unistd::Pid;

use super::lines;
use crate::syscall::Call;
use crate::task::{Credentials, Disposition, Seccomp, Stopped};

/// The status of the guest's process or thread `id`, from the kernel's text.
pub fn status(call: &Call<'_>, id: Pid, text: &[u8]) -> Vec<u8> {
    let Some(task) = call.tasks.get(id) else { return text.to_vec() };
    let credentials = call.world.ids.map(|_| task.process.credentials.borrow());
    let (debugger, stopped) = (task.traced_by, task.stopped);
    let sigsys = (!call.world.trapped.is_empty()).then(|| task.sigsys.disposition());
    shown(
        text,
        &Shown { debugger, stopped, sigsys, seccomp: &task.seccomp, credentials: credentials.as_deref() },
    )
}

/// What the tracer knows of the process.
struct Shown<'a> {
    /// The process of the guest that traces it.
    debugger: Option<Pid>,
    stopped: Stopped,
    /// Where the kernel's own disposition of SIGSYS is not the guest's.
    sigsys: Option<Disposition>,
    seccomp: &'a Seccomp,
    credentials: Option<&'a Credentials>,
}

fn shown(text: &[u8], known: &Shown<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for line in lines(text) {
        match replaced(line, known) {
            Some(line) => out.extend_from_slice(&line),
            None => out.extend_from_slice(line),
        }
    }
    out
}

/// What stands in the place of a line; `None` if it is right.
fn replaced(line: &[u8], known: &Shown<'_>) -> Option<Vec<u8>> {
    let &Shown { debugger, stopped, sigsys, seccomp, credentials } = known;
    let number = |name: &str, value: u32| Some(format!("{name}:\t{value}\n").into_bytes());
    let key = &line[..line.iter().position(|&byte| byte == b':')?];
    match key {
        // Every stop of the guest's is the tracer's in the eyes of the kernel, and most are nobody else's business.
        b"State" if line.starts_with(b"State:\tt") => match stopped {
            Stopped::No => Some(b"State:\tR (running)\n".to_vec()),
            Stopped::WithGroup => Some(b"State:\tT (stopped)\n".to_vec()),
            Stopped::ForTracer => None,
        },
        b"TracerPid" => {
            let pid = debugger.map_or(0, Pid::as_raw);
            Some(format!("TracerPid:\t{pid}\n").into_bytes())
        }
        b"SigIgn" | b"SigCgt" => {
            let here = if key == b"SigIgn" { Disposition::Ignored } else { Disposition::Handled };
            Some(with_signal(line, libc::SIGSYS, sigsys? == here))
        }
        b"NoNewPrivs" => number("NoNewPrivs", seccomp.no_new_privs.into()),
        b"Seccomp" => number("Seccomp", seccomp.mode()),
        b"Seccomp_filters" => number("Seccomp_filters", seccomp.count()),
        b"Uid" | b"Gid" => {
            let ids = credentials.map(|all| if key == b"Uid" { all.uid } else { all.gid })?;
            let key = String::from_utf8_lossy(key);
            let line = format!("{key}:\t{}\t{}\t{}\t{}\n", ids.real, ids.effective, ids.saved, ids.fs);
            Some(line.into_bytes())
        }
        b"Groups" => {
            let groups = credentials?.groups.iter().map(|group| format!("{group} ")).collect::<String>();
            Some(format!("Groups:\t{groups}\n").into_bytes())
        }
        _ => None,
    }
}

/// A line that tells a set of signals, `signal` in it or not.
fn with_signal(line: &[u8], signal: i32, is_in: bool) -> Vec<u8> {
    let text = String::from_utf8_lossy(line);
    let parsed =
        text.split_once('\t').and_then(|(key, set)| Some((key, u64::from_str_radix(set.trim(), 16).ok()?)));
    let Some((key, set)) = parsed else { return line.to_vec() };
    let bit = 1 << (signal - 1);
    let set = if is_in { set | bit } else { set & !bit };
    format!("{key}\t{set:016x}\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::Ids;

    const TEXT: &str = "Name:\tsh\nTracerPid:\t99\nUid:\t1500\t1500\t1500\t1500\nGroups:\t7 \nNoNewPrivs:\t1\n\
        Seccomp:\t2\nSeccomp_filters:\t3\nCpus_allowed:\t3\n";
    #[track_caller]
    fn check(seccomp: &Seccomp, credentials: Option<&Credentials>, expected: &str) {
        let known = Shown { credentials, ..plain(seccomp) };
        let found = shown(TEXT.as_bytes(), &known);
        assert_eq!(String::from_utf8_lossy(&found), expected);
    }

    #[test]
    fn the_tracer_and_its_filter_are_not_told() {
        let mut seccomp = Seccomp { outer: 1, ..Seccomp::default() };
        check(
            &seccomp,
            None,
            "Name:\tsh\nTracerPid:\t0\nUid:\t1500\t1500\t1500\t1500\nGroups:\t7 \nNoNewPrivs:\t0\nSeccomp:\t2\n\
             Seccomp_filters:\t1\nCpus_allowed:\t3\n",
        );
        seccomp.no_new_privs = true;
        seccomp.push(Vec::new());
        check(
            &seccomp,
            None,
            "Name:\tsh\nTracerPid:\t0\nUid:\t1500\t1500\t1500\t1500\nGroups:\t7 \nNoNewPrivs:\t1\nSeccomp:\t2\n\
             Seccomp_filters:\t2\nCpus_allowed:\t3\n",
        );
    }

    fn plain(seccomp: &Seccomp) -> Shown<'_> {
        Shown { debugger: None, stopped: Stopped::No, sigsys: None, seccomp, credentials: None }
    }

    #[test]
    fn a_tracer_of_the_guest_is_told() {
        let none = Seccomp::default();
        let known = Shown { debugger: Some(Pid::from_raw(42)), ..plain(&none) };
        assert!(shown(TEXT.as_bytes(), &known).starts_with(b"Name:\tsh\nTracerPid:\t42\n"));
    }

    #[test]
    fn only_stops_that_the_guest_knows_are_told() {
        let (text, none) = (b"State:\tt (tracing stop)\n", Seccomp::default());
        for (stopped, expected) in [
            (Stopped::No, "State:\tR (running)\n"),
            (Stopped::WithGroup, "State:\tT (stopped)\n"),
            (Stopped::ForTracer, "State:\tt (tracing stop)\n"),
        ] {
            let found = shown(text, &Shown { stopped, ..plain(&none) });
            assert_eq!(String::from_utf8_lossy(&found), expected);
        }
        let asleep = shown(b"State:\tS (sleeping)\n", &plain(&none));
        assert_eq!(asleep, b"State:\tS (sleeping)\n");
    }

    #[test]
    fn sigsys_does_what_the_guest_has_set() {
        let (text, none) = (b"SigIgn:\t0000000000001000\nSigCgt:\t0000000040000001\n", Seccomp::default());
        for (sigsys, expected) in [
            (None, "SigIgn:\t0000000000001000\nSigCgt:\t0000000040000001\n"),
            (Some(Disposition::Default), "SigIgn:\t0000000000001000\nSigCgt:\t0000000000000001\n"),
            (Some(Disposition::Ignored), "SigIgn:\t0000000040001000\nSigCgt:\t0000000000000001\n"),
            (Some(Disposition::Handled), "SigIgn:\t0000000000001000\nSigCgt:\t0000000040000001\n"),
        ] {
            let found = shown(text, &Shown { sigsys, ..plain(&none) });
            assert_eq!(String::from_utf8_lossy(&found), expected);
        }
    }

    #[test]
    fn a_pretended_identity_is_told() {
        let root = Ids::default();
        let saved = Ids { saved: 5, ..root };
        check(
            &Seccomp::default(),
            Some(&Credentials { uid: saved, gid: root, groups: vec![0, 4], ..Credentials::default() }),
            "Name:\tsh\nTracerPid:\t0\nUid:\t0\t0\t5\t0\nGroups:\t0 4 \nNoNewPrivs:\t0\nSeccomp:\t0\n\
             Seccomp_filters:\t0\nCpus_allowed:\t3\n",
        );
    }
}
