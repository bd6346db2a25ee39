//! Questions about processes of this host, and what the tracer does to tracees in a guest's place.
//!
//! Source: proc_pid_stat(5), proc_pid_status(5), kill(2), setpriority(2), ioprio_set(2).

use std::fs;
use std::mem::MaybeUninit;

use std::time::Duration;

use nix::time::ClockId;
use nix::unistd::Pid;

use super::fs::Plain;
use crate::error::Errno;

/// What /proc tells of one process or thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    pub parent: Pid,
    pub group: Pid,
    /// It runs no more: a zombie, be it alone or the first thread of a process that others keep alive.
    pub has_ended: bool,
}

/// The facts of `pid`; `None` if there is no such process or thread.
pub fn facts(pid: Pid) -> Option<Facts> {
    parse_stat(&fs::read(format!("/proc/{pid}/stat")).ok()?)
}

/// The process that has created `pid` as far as /proc tells: that of a thread, the parent of a process.
pub fn creator(pid: Pid) -> Option<Pid> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    let process = field("Tgid:").map(Pid::from_raw)?;
    if process == pid { field("PPid:").map(Pid::from_raw) } else { Some(process) }
}

/// Every process that /proc shows (threads are not listed), with its facts.
pub fn all() -> Vec<(Pid, Facts)> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok().map(Pid::from_raw));
    pids.filter_map(|pid| Some((pid, facts(pid)?))).collect()
}

/// True if the process of `pid` has a function for `signal`.
pub fn is_caught(pid: Pid, signal: i32) -> bool {
    has_signal(pid, "SigCgt:", signal)
}

/// True if the process of `pid` ignores `signal`.
pub fn is_ignored(pid: Pid, signal: i32) -> bool {
    has_signal(pid, "SigIgn:", signal)
}

fn has_signal(pid: Pid, set: &str, signal: i32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(set));
    line.and_then(|line| u64::from_str_radix(line.trim(), 16).ok())
        .is_some_and(|set| set >> (signal - 1) & 1 == 1)
}

/// The process that traces `pid`, if there is one.
pub fn tracer_of(pid: Pid) -> Option<Pid> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:"))?.trim().parse().ok()?;
    (tracer != 0).then_some(Pid::from_raw(tracer))
}

/// The process that the pidfd `fd` of `tid` is for, in fdinfo's words: -1 when it has been reaped. `None` for any other
/// descriptor.
pub fn pidfd_target(tid: Pid, fd: i32) -> Option<Pid> {
    let info = fs::read_to_string(format!("/proc/{tid}/fdinfo/{fd}")).ok()?;
    let pid = info.lines().find_map(|line| line.strip_prefix("Pid:"))?;
    pid.trim().parse().ok().map(Pid::from_raw)
}

/// The same, where a directory /proc/PID serves as a pidfd too.
pub fn signal_target(tid: Pid, fd: i32) -> Option<Pid> {
    pidfd_target(tid, fd).or_else(|| {
        let link = fs::read_link(format!("/proc/{tid}/fd/{fd}")).ok()?;
        link.file_name()?.to_str()?.parse().ok().map(Pid::from_raw)
    })
}

/// True if `tid` is a thread of the process `pid`.
pub fn is_thread_of(pid: Pid, tid: Pid) -> bool {
    fs::metadata(format!("/proc/{pid}/task/{tid}")).is_ok()
}

/// True if every process that this one starts may go through its /proc/PID/fd, for want of any privilege to become
/// another that may not.
pub fn shows_descriptors_to_all() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    parse_identity(&status).is_some_and(|own| own.permitted == 0) && is_dumpable()
}

/// True if the task `tid` may go through this process's /proc/PID/fd: the kernel asks for the same ids and no fewer
/// capabilities (`ptrace_may_access` with PTRACE_MODE_READ).
pub fn may_see_descriptors(tid: Pid) -> bool {
    let status = |pid: Pid| fs::read_to_string(format!("/proc/{pid}/status"));
    let (Ok(own), Ok(its)) = (status(Pid::this()), status(tid)) else { return false };
    let (Some(own), Some(its)) = (parse_identity(&own), parse_identity(&its)) else { return false };
    own.ids == its.ids && own.permitted & !its.permitted == 0 && is_dumpable()
}

fn is_dumpable() -> bool {
    // SAFETY: this prctl takes one number and changes nothing.
    unsafe { libc::prctl(libc::PR_GET_DUMPABLE) == 1 }
}

struct Identity<'a> {
    /// Real, effective, saved and file-system ids of user and group.
    ids: Vec<&'a str>,
    permitted: u64,
}

fn parse_identity(status: &str) -> Option<Identity<'_>> {
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name));
    let ids = [field("Uid:")?, field("Gid:")?].into_iter().flat_map(str::split_ascii_whitespace).collect();
    Some(Identity { ids, permitted: u64::from_str_radix(field("CapPrm:")?.trim(), 16).ok()? })
}

/// Sends `signal` (0 only asks) to the process `pid`.
///
/// # Errors
/// As kill(2).
pub fn send(pid: Pid, signal: i32) -> Result<(), Errno> {
    // SAFETY: kill takes two numbers.
    Errno::result(unsafe { libc::kill(pid.as_raw(), signal) }).map(drop)
}

/// Sets the nice value of the thread `tid`.
///
/// # Errors
/// As setpriority(2).
pub fn set_nice(tid: Pid, nice: i32) -> Result<(), Errno> {
    // SAFETY: setpriority takes three numbers.
    let result = unsafe { libc::syscall(libc::SYS_setpriority, libc::PRIO_PROCESS, tid.as_raw(), nice) };
    Errno::result(result).map(drop)
}

/// Sets the I/O priority of the thread `tid`.
///
/// # Errors
/// As ioprio_set(2).
pub fn set_ioprio(tid: Pid, priority: i32) -> Result<(), Errno> {
    /// As in include/uapi/linux/ioprio.h.
    const IOPRIO_WHO_PROCESS: i32 = 1;
    // SAFETY: ioprio_set takes three numbers.
    let result = unsafe { libc::syscall(libc::SYS_ioprio_set, IOPRIO_WHO_PROCESS, tid.as_raw(), priority) };
    Errno::result(result).map(drop)
}

/// What uname(2) says.
///
/// # Errors
/// None that Linux gives.
pub fn uname() -> Result<libc::utsname, Errno> {
    let mut name = MaybeUninit::<libc::utsname>::zeroed();
    // SAFETY: the kernel fills `name`, which outlives the call.
    Errno::result(unsafe { libc::uname(name.as_mut_ptr()) })?;
    // SAFETY: all-zero bytes are a valid value of this plain struct, and the kernel has filled it.
    Ok(unsafe { name.assume_init() })
}

// Arrays of bytes only: no padding.
impl Plain for libc::utsname {}

/// The command's name is in parentheses and may hold any byte, so the fields are counted from the last one.
fn parse_stat(stat: &[u8]) -> Option<Facts> {
    let end = stat.iter().rposition(|&byte| byte == b')')?;
    let mut fields = std::str::from_utf8(stat.get(end + 1..)?).ok()?.split_ascii_whitespace();
    let has_ended = matches!(fields.next()?, "Z" | "X");
    let mut pid = || fields.next()?.parse().ok().map(Pid::from_raw);
    Some(Facts { parent: pid()?, group: pid()?, has_ended })
}

/// The processor time that the thread `pid` has used so far, for itself and in the kernel; `None` if it is gone.
pub fn times(pid: Pid) -> Option<(Duration, Duration)> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let end = stat.iter().rposition(|&byte| byte == b')')?;
    // Behind the name come state, ppid and nine more fields, then utime and stime in ticks (USER_HZ).
    let mut fields = std::str::from_utf8(stat.get(end + 1..)?).ok()?.split_ascii_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse().ok().map(|ticks: u64| Duration::from_millis(10 * ticks));
    Some((ticks()?, ticks()?))
}

/// The CPU time of this process so far.
pub fn own_cpu_time() -> Duration {
    cpu_time(Pid::this()).unwrap_or_default()
}

/// The CPU time of a process so far, its ended threads included; `None` if it is gone.
pub fn cpu_time(pid: Pid) -> Option<Duration> {
    let now = ClockId::pid_cpu_clock_id(pid).and_then(ClockId::now).ok()?;
    Some(Duration::new(now.tv_sec() as u64, now.tv_nsec() as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commands_name_does_not_confuse_the_fields() {
        let facts = parse_stat(b"12 (a) S 3 (\xff) R 7 9 9 0 -1").unwrap();
        let expected = Facts { parent: Pid::from_raw(7), group: Pid::from_raw(9), has_ended: false };
        assert_eq!(facts, expected);
        assert!(parse_stat(b"12 (a) Z 7 9").is_some_and(|facts| facts.has_ended));
        assert_eq!(parse_stat(b"12 (a"), None);
        assert_eq!(parse_stat(b"12 (a) R x"), None);
        assert_eq!(parse_stat(b"12 (a)"), None);
    }

    #[test]
    fn this_process_is_found_with_its_parent() {
        let own = facts(Pid::this()).unwrap();
        let expected = Facts { parent: Pid::parent(), group: nix::unistd::getpgrp(), has_ended: false };
        assert_eq!(own, expected);
        assert!(all().contains(&(Pid::this(), own)));
        assert_eq!(facts(Pid::from_raw(i32::MAX)), None);
    }

    #[test]
    fn a_process_sees_its_own_descriptors_and_init_does_not() {
        assert!(may_see_descriptors(Pid::this()));
        let status = "Name:\tx\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nCapPrm:\t00000000000000ff\n";
        let identity = parse_identity(status).unwrap();
        assert_eq!((identity.ids.join(" ").as_str(), identity.permitted), ("1 2 3 4 5 6 7 8", 0xff));
    }

    #[test]
    fn a_pidfd_and_a_directory_of_proc_name_their_process() {
        // SAFETY: pidfd_open takes two numbers.
        let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, Pid::this().as_raw(), 0) } as i32;
        assert!(fd >= 0);
        assert_eq!(pidfd_target(Pid::this(), fd), Some(Pid::this()));
        // SAFETY: nothing else knows this descriptor.
        unsafe { libc::close(fd) };
        let dir = fs::File::open(format!("/proc/{}", Pid::parent())).unwrap();
        let raw = std::os::fd::AsRawFd::as_raw_fd(&dir);
        assert_eq!(signal_target(Pid::this(), raw), Some(Pid::parent()));
        assert_eq!(pidfd_target(Pid::this(), raw), None);
        assert_eq!(signal_target(Pid::this(), 12345), None);
    }
}
