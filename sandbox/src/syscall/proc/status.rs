//! /proc/PID/status without the tracer: who traces, and which filters there are.
//!
//! Source: proc_pid_status(5).
#![forbid(unsafe_code)]

use nix::unistd::Pid;

use super::lines;
use crate::syscall::Call;
use crate::task::{Credentials, Stopped};

/// The status of the guest's process or thread `id`, from the kernel's text and from the tracer's own.
pub fn status(call: &Call<'_>, id: Pid, text: &[u8], tracer: &[u8]) -> Vec<u8> {
    let process = call.tasks.get(id).map(|task| &task.process);
    let filtered = process.is_some_and(|process| process.has_filter.get());
    let task = call.tasks.get(id);
    let debugger = task.and_then(|task| task.traced_by);
    let stopped = task.map_or(Stopped::No, |task| task.stopped);
    let credentials =
        process.filter(|_| call.world.ids.is_some()).map(|process| process.credentials.borrow());
    shown(text, tracer, &Shown { debugger, stopped, filtered, credentials: credentials.as_deref() })
}

/// What the tracer knows of the process.
#[derive(Default)]
struct Shown<'a> {
    /// The process of the guest that traces it.
    debugger: Option<Pid>,
    stopped: Stopped,
    /// It has a filter of its own.
    filtered: bool,
    credentials: Option<&'a Credentials>,
}

fn shown(text: &[u8], tracer: &[u8], known: &Shown<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for line in lines(text) {
        match replaced(line, tracer, known) {
            Some(line) => out.extend_from_slice(&line),
            None => out.extend_from_slice(line),
        }
    }
    out
}

/// What stands in the place of a line; `None` if it is right.
fn replaced(line: &[u8], tracer: &[u8], known: &Shown<'_>) -> Option<Vec<u8>> {
    let &Shown { debugger, stopped, filtered, credentials } = known;
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
        // Without xroot the guest would have what its parent has. Its own filters come with no_new_privs.
        b"NoNewPrivs" | b"Seccomp" if !filtered => Some(value_line(tracer, key)?.to_vec()),
        b"Seccomp_filters" => {
            let inherited = count(value_line(tracer, key)?)?;
            let own = if filtered { count(line)?.saturating_sub(inherited + 1) } else { 0 };
            Some(format!("Seccomp_filters:\t{}\n", inherited + own).into_bytes())
        }
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

fn value_line<'t>(text: &'t [u8], key: &[u8]) -> Option<&'t [u8]> {
    lines(text).find(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(b":")))
}

fn count(line: &[u8]) -> Option<u64> {
    let value = line.rsplit(|&byte| byte == b'\t').next()?;
    std::str::from_utf8(value.trim_ascii()).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::Ids;

    const TEXT: &str = "Name:\tsh\nTracerPid:\t99\nUid:\t1500\t1500\t1500\t1500\nGroups:\t7 \nNoNewPrivs:\t1\n\
        Seccomp:\t2\nSeccomp_filters:\t3\nCpus_allowed:\t3\n";
    const TRACER: &str = "NoNewPrivs:\t0\nSeccomp:\t2\nSeccomp_filters:\t1\n";

    #[track_caller]
    fn check(filtered: bool, credentials: Option<&Credentials>, expected: &str) {
        let known = Shown { filtered, credentials, ..Shown::default() };
        let found = shown(TEXT.as_bytes(), TRACER.as_bytes(), &known);
        assert_eq!(String::from_utf8_lossy(&found), expected);
    }

    #[test]
    fn the_tracer_and_its_filter_are_not_told() {
        check(
            false,
            None,
            "Name:\tsh\nTracerPid:\t0\nUid:\t1500\t1500\t1500\t1500\nGroups:\t7 \nNoNewPrivs:\t0\nSeccomp:\t2\n\
             Seccomp_filters:\t1\nCpus_allowed:\t3\n",
        );
        check(
            true,
            None,
            "Name:\tsh\nTracerPid:\t0\nUid:\t1500\t1500\t1500\t1500\nGroups:\t7 \nNoNewPrivs:\t1\nSeccomp:\t2\n\
             Seccomp_filters:\t2\nCpus_allowed:\t3\n",
        );
    }

    #[test]
    fn a_tracer_of_the_guest_is_told() {
        let known = Shown { debugger: Some(Pid::from_raw(42)), ..Shown::default() };
        assert!(
            shown(TEXT.as_bytes(), TRACER.as_bytes(), &known).starts_with(b"Name:\tsh\nTracerPid:\t42\n")
        );
    }

    #[test]
    fn only_stops_that_the_guest_knows_are_told() {
        let text = b"State:\tt (tracing stop)\n";
        for (stopped, expected) in [
            (Stopped::No, "State:\tR (running)\n"),
            (Stopped::WithGroup, "State:\tT (stopped)\n"),
            (Stopped::ForTracer, "State:\tt (tracing stop)\n"),
        ] {
            let found = shown(text, TRACER.as_bytes(), &Shown { stopped, ..Shown::default() });
            assert_eq!(String::from_utf8_lossy(&found), expected);
        }
        let asleep = shown(b"State:\tS (sleeping)\n", TRACER.as_bytes(), &Shown::default());
        assert_eq!(asleep, b"State:\tS (sleeping)\n");
    }

    #[test]
    fn a_pretended_identity_is_told() {
        let root = Ids::default();
        let saved = Ids { saved: 5, ..root };
        check(
            false,
            Some(&Credentials { uid: saved, gid: root, groups: vec![0, 4], ..Credentials::default() }),
            "Name:\tsh\nTracerPid:\t0\nUid:\t0\t0\t5\t0\nGroups:\t0 4 \nNoNewPrivs:\t0\nSeccomp:\t2\n\
             Seccomp_filters:\t1\nCpus_allowed:\t3\n",
        );
    }
}
