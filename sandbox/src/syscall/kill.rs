//! Signals, none of which leaves the guest.
//!
//! A group may hold xroot itself and other processes of the host: the guest's first processes are in the group of the
//! shell's job. Then the signal goes to each of the guest's processes singly, and the sender that those see (si_pid) is
//! xroot for all but one.
//!
//! Source: kill(2), tkill(2), rt_sigqueueinfo(2), pidfd_send_signal(2), F_SETOWN in fcntl(2), socket(7).
#![forbid(unsafe_code)]

use std::collections::BTreeSet;

use nix::unistd::Pid;

use super::call::{Action, Call, Rewrite};
use super::table::number;
use crate::error::{Errno, Failure};
use crate::sys::process;

/// _NSIG of include/uapi/asm-generic/signal.h: the largest signal.
const LAST_SIGNAL: i32 = 64;

/// kill(2): to a process, to a group, or with -1 "to every process for which the calling process has permission to send
/// signals, except for process 1", and on Linux except for the caller.
pub fn kill(call: &mut Call<'_>) -> Result<Action, Failure> {
    let (pid, signal) = (call.int(0), call.int(1));
    match pid {
        i32::MIN => Ok(Action::Pass),
        -1 => to_everyone(call, signal),
        0 => to_group(call, own_group(call)?, signal),
        group if group < 0 => to_group(call, Pid::from_raw(-group), signal),
        pid => to_one(call, pid, signal),
    }
}

/// tkill(2), rt_sigqueueinfo(2): to the thread or process in the first argument.
pub fn to_first(call: &mut Call<'_>) -> Result<Action, Failure> {
    to_one(call, call.int(0), call.int(1))
}

/// tgkill(2), rt_tgsigqueueinfo(2): to a thread (second argument) of a process (first argument).
pub fn to_thread(call: &mut Call<'_>) -> Result<Action, Failure> {
    let (pid, tid) = (call.int(0), call.int(1));
    if pid > 0 && tid > 0 && !process::is_thread_of(Pid::from_raw(pid), Pid::from_raw(tid)) {
        return Ok(Action::Pass);
    }
    to_one(call, tid, call.int(2))
}

/// pidfd_send_signal(2).
pub fn pidfd_send_signal(call: &mut Call<'_>) -> Result<Action, Failure> {
    /// PIDFD_SIGNAL_PROCESS_GROUP of include/uapi/linux/pidfd.h: to the group of this id, as kill(2) with its negative.
    const GROUP: u32 = 4;
    let fd = call.int(0);
    // PIDFD_SELF_THREAD, PIDFD_SELF_THREAD_GROUP and their earlier names are negative.
    let pid = if fd < 0 { Some(call.task().process.pid) } else { process::signal_target(call.tid, fd) };
    let Some(pid) = pid.filter(|pid| pid.as_raw() > 0) else { return Ok(Action::Pass) };
    let signal = call.int(1);
    if call.args[3] as u32 & GROUP == 0 {
        return to_one(call, pid.as_raw(), signal);
    }
    match split_group(call, pid) {
        (_, outside) if outside.is_empty() => Ok(Action::Pass),
        (inside, _) => {
            check_signal(signal)?;
            if call.is_confined() && !inside.is_empty() {
                return Ok(by_caller(call, &inside, signal));
            }
            let sent = inside.into_iter().filter(|&pid| process::send(pid, signal).is_ok()).count();
            if sent == 0 { Err(Errno::EPERM.into()) } else { Ok(Action::Answer(0)) }
        }
    }
}

/// fcntl(2) with F_SETOWN and F_SETOWN_EX: whom SIGIO and SIGURG go to.
///
/// A process outside is accepted, as one of another user is, and never gets the signal. In place of a group that holds
/// outside processes the caller alone gets it.
pub fn fcntl(call: &mut Call<'_>) -> Result<Action, Failure> {
    const F_SETOWN: i32 = libc::F_SETOWN;
    /// As in include/uapi/asm-generic/fcntl.h.
    const F_SETOWN_EX: i32 = 15;
    const F_OWNER_PID: i32 = 1;
    const F_OWNER_PGRP: i32 = 2;
    let mut rewrite = Rewrite::default();
    match call.int(1) {
        F_SETOWN => rewrite.set(2, owner(call, call.int(2)) as u64),
        F_SETOWN_EX => {
            let owner_ex = call.mem.read_u64(call.args[2])?.to_ne_bytes();
            let [kind, id] = [&owner_ex[..4], &owner_ex[4..]]
                .map(|half| i32::from_ne_bytes(half.try_into().expect("half of eight bytes is four")));
            let (kind, id) = match kind {
                F_OWNER_PGRP => match owner(call, id.wrapping_neg()) {
                    group if group <= 0 => (F_OWNER_PGRP, group.wrapping_neg()),
                    pid => (F_OWNER_PID, pid),
                },
                _ => (kind, owner(call, id)),
            };
            rewrite.stage(2, &[kind.to_ne_bytes(), id.to_ne_bytes()].concat());
        }
        _ => return Ok(Action::Pass),
    }
    Ok(Action::Rewrite(rewrite))
}

/// ioctl(2) with FIOSETOWN and SIOCSPGRP, the older ways to say F_SETOWN.
pub fn ioctl_owner(call: &mut Call<'_>) -> Result<Action, Failure> {
    let mut id = [0; 4];
    call.mem.read(call.args[2], &mut id)?;
    let mut rewrite = Rewrite::default();
    rewrite.stage(2, &owner(call, i32::from_ne_bytes(id)).to_ne_bytes());
    Ok(Action::Rewrite(rewrite))
}

/// The id that takes the place of `id`: a process if positive, a group if negative, nobody if 0.
fn owner(call: &Call<'_>, id: i32) -> i32 {
    if id == i32::MIN {
        return id;
    }
    if id >= 0 {
        return if call.check_pid(id).is_ok() { id } else { 0 };
    }
    let (_, outside) = split_group(call, Pid::from_raw(-id));
    if outside.is_empty() { id } else { call.task().process.pid.as_raw() }
}

fn to_one(call: &mut Call<'_>, pid: i32, signal: i32) -> Result<Action, Failure> {
    if let Err(errno) = call.check_pid(pid) {
        check_signal(signal)?;
        return Err(errno.into());
    }
    note_sent(call, Pid::from_raw(pid), signal);
    Ok(Action::Pass)
}

/// Notes that a guest sends a signal to a process, in case the kernel merges it with one that is pending.
fn note_sent(call: &Call<'_>, pid: Pid, signal: i32) {
    if let Some(task) = call.tasks.get(pid) {
        task.process.note_sent(signal);
    }
}

fn to_group(call: &mut Call<'_>, group: Pid, signal: i32) -> Result<Action, Failure> {
    let (inside, outside) = split_group(call, group);
    if outside.is_empty() {
        return Ok(Action::Pass);
    }
    check_signal(signal)?;
    to_each(call, inside, signal).unwrap_or(Err(Errno::EPERM.into()))
}

fn to_everyone(call: &mut Call<'_>, signal: i32) -> Result<Action, Failure> {
    check_signal(signal)?;
    let own = call.task().process.pid;
    let mut others: BTreeSet<Pid> = call.tasks.iter().map(|task| task.process.pid).collect();
    others.remove(&own);
    // kill_something_info: only a system without other processes says ESRCH.
    to_each(call, others.into_iter().collect(), signal).unwrap_or(Ok(Action::Answer(0)))
}

/// Sends from here to all but one, and lets the caller's own call reach that: the caller itself if it is among them, for
/// it may die of the signal. `None` if there is nobody.
fn to_each(call: &mut Call<'_>, mut pids: Vec<Pid>, signal: i32) -> Option<Result<Action, Failure>> {
    let own = call.task().process.pid;
    pids.sort_by_key(|&pid| pid == own);
    pids.iter().for_each(|&pid| note_sent(call, pid, signal));
    if call.is_confined() && !pids.is_empty() {
        return Some(Ok(by_caller(call, &pids, signal)));
    }
    let last = pids.pop()?;
    for pid in pids {
        // One that has just died is not missed.
        let (Ok(()) | Err(_)) = process::send(pid, signal);
    }
    let mut rewrite = Rewrite::default();
    rewrite.set(0, last.as_raw() as u64);
    Some(Ok(Action::Rewrite(rewrite)))
}

/// Has the caller itself send to each, as Landlock may keep a signal from leaving its domain.
///
/// kill_something_info() of kernel/signal.c: one success is enough; to everyone, a process that may not be signalled does
/// not count.
fn by_caller(call: &Call<'_>, pids: &[Pid], signal: i32) -> Action {
    let results = &call.task().prepared;
    if results.is_empty() {
        let kill = |pid: &Pid| Rewrite::of(const { number("kill") }, [pid.as_raw() as u64, signal as u64]);
        return Action::Prepare(pids.iter().map(kill).collect());
    }
    let last = results.iter().copied().find(|&result| result == 0).or(results.last().copied());
    let to_everyone = call.row.name == "kill" && call.int(0) == -1;
    match last {
        Some(result) if to_everyone && result == -(Errno::EPERM as i64) => Action::Answer(0),
        result => Action::Answer(result.unwrap_or(0)),
    }
}

/// The processes of a group, those of the guest apart from all others.
fn split_group(call: &Call<'_>, group: Pid) -> (Vec<Pid>, Vec<Pid>) {
    let members = process::all().into_iter().filter(|(_, facts)| facts.group == group);
    members.map(|(pid, _)| pid).partition(|&pid| call.is_inside(pid))
}

fn own_group(call: &Call<'_>) -> Result<Pid, Failure> {
    Ok(process::facts(call.tid).ok_or(Failure::Gone)?.group)
}

fn check_signal(signal: i32) -> Result<(), Errno> {
    if (0..=LAST_SIGNAL).contains(&signal) { Ok(()) } else { Err(Errno::EINVAL) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::mem::FakeMemory;
    use crate::syscall::call::Value;
    use crate::syscall::testing::{Fixture, refused};

    /// As a C `int` travels in a register.
    fn int(value: i32) -> u64 {
        i64::from(value) as u64
    }

    #[test]
    fn a_process_outside_is_one_of_another_user() {
        let mut fixture = Fixture::new("/");
        let memory = FakeMemory::new(b"");
        let own = Pid::this().as_raw();
        for (pid, signal, expected) in [
            (own, libc::SIGTERM, None),
            (1, 0, Some(Errno::EPERM)),
            (1, libc::SIGKILL, Some(Errno::EPERM)),
            (1, 65, Some(Errno::EINVAL)),
            (1, -1, Some(Errno::EINVAL)),
            // No such process: the kernel says so.
            (i32::MAX, libc::SIGTERM, None),
            (i32::MIN, libc::SIGTERM, None),
            (-1, 65, Some(Errno::EINVAL)),
        ] {
            let call = fixture.call("kill", &memory, [int(pid), int(signal)]);
            assert_eq!(refused(call, kill), expected, "kill({pid}, {signal})");
        }
    }

    #[test]
    fn a_thread_is_looked_for_in_its_process() {
        let mut fixture = Fixture::new("/");
        let memory = FakeMemory::new(b"");
        let call = fixture.call("tgkill", &memory, [1, 1, 9]);
        assert_eq!(refused(call, to_thread), Some(Errno::EPERM));
        let call = fixture.call("tgkill", &memory, [int(Pid::this().as_raw()), 1, 9]);
        assert_eq!(refused(call, to_thread), None, "the kernel says ESRCH");
    }

    #[test]
    fn input_signals_nobody_outside() {
        let mut fixture = Fixture::new("/");
        let own = Pid::this().as_raw();
        for (given, expected) in [(own, own), (1, 0), (0, 0)] {
            let memory = FakeMemory::new(&[1i32.to_ne_bytes(), given.to_ne_bytes()].concat());
            let mut call = fixture.call("fcntl", &memory, [0, libc::F_SETOWN as u64, int(given)]);
            let Ok(Action::Rewrite(rewrite)) = fcntl(&mut call) else { panic!("not rewritten") };
            assert_eq!(rewrite.args, [(2, Value::Plain(int(expected)))], "{given}");
            let mut call = fixture.call("fcntl", &memory, [0, 15, FakeMemory::BASE]);
            let Ok(Action::Rewrite(rewrite)) = fcntl(&mut call) else { panic!("not rewritten") };
            assert_eq!(rewrite.data, [1i32.to_ne_bytes(), expected.to_ne_bytes()].concat(), "{given}");
        }
    }
}
