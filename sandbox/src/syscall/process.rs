//! Processes and threads: what a new one shares, and that none reaches a process outside the guest.
//!
//! To the guest, every process outside is one of another user: it exists, and may not be touched (EPERM). That holds
//! for the tracer above all, which runs under the guest's own user id and would otherwise be at its mercy.
//!
//! Source: clone(2), unshare(2), credentials(7), pidfd_open(2), ptrace(2), setpriority(2).
#![forbid(unsafe_code)]

use std::rc::Rc;

use nix::unistd::Pid;

use super::call::{Action, Call};
use crate::error::{Errno, Failure};
use crate::sys::process;
use crate::sys::wait::Birth;

/// The flags that make namespaces: a user namespace would give the guest capabilities, a pid namespace would make its
/// pids differ from the tracer's.
const NAMESPACES: u64 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET) as u32 as u64
    | CLONE_NEWTIME;
/// As in include/uapi/linux/sched.h; in clone(2) itself this bit belongs to the signal.
const CLONE_NEWTIME: u64 = 0x80;

/// Offset of `exit_signal` in the clone_args of clone3(2).
const EXIT_SIGNAL: u64 = 32;

/// What the new task shares with its parent: the CLONE_* flags of fork, vfork, clone or clone3.
pub fn clone_flags(call: &mut Call<'_>) -> Result<i32, Failure> {
    Ok(match call.row.name {
        "vfork" => libc::CLONE_VM | libc::CLONE_VFORK,
        "clone" => call.int(0),
        "clone3" => call.mem.read_u64(call.args[0])? as i32,
        _ => 0,
    })
}

/// By which event the kernel tells a tracer of the new task (kernel_clone() of kernel/fork.c).
pub fn birth(call: &mut Call<'_>) -> Result<Birth, Failure> {
    let flags = clone_flags(call)?;
    let signal = match call.row.name {
        "clone" => flags & 0xff,
        "clone3" => call.mem.read_u64(call.args[0] + EXIT_SIGNAL)? as i32,
        _ => libc::SIGCHLD,
    };
    Ok(match signal {
        _ if flags & libc::CLONE_VFORK != 0 => Birth::Vfork,
        libc::SIGCHLD => Birth::Fork,
        _ => Birth::Clone,
    })
}

/// clone(2): "EPERM: CLONE_NEW* was specified by an unprivileged process."
///
/// CLONE_UNTRACED is refused too: the child would run without its tracer, and each of its calls would fail.
pub fn clone(call: &mut Call<'_>) -> Result<Action, Failure> {
    check_flags(call, call.args[0] & !CLONE_NEWTIME)
}

/// clone3(2). The kernel reads the flags again: a thread that changes them meanwhile gets a namespace in which the
/// table refuses what could make use of it.
pub fn clone3(call: &mut Call<'_>) -> Result<Action, Failure> {
    /// CLONE_ARGS_SIZE_VER0, which the kernel asks for before it reads anything.
    const LEAST_SIZE: u64 = 64;
    if call.args[1] < LEAST_SIZE {
        return Ok(Action::Pass);
    }
    // As in include/uapi/linux/sched.h.
    const CLONE_CLEAR_SIGHAND: u64 = 1 << 32;
    const NOT_HERE: u64 = libc::CSIGNAL as u64 & !CLONE_NEWTIME | libc::CLONE_DETACHED as u64;
    let mut words = [0; LEAST_SIZE as usize];
    call.mem.read(call.args[0], &mut words)?;
    let word = |index: usize| u64::from_ne_bytes(words[index * 8..][..8].try_into().expect("eight bytes"));
    let (flags, exit_signal, stack, stack_size) = (word(0), word(4), word(5), word(6));
    let both = |some: u64| flags & some == some;
    let own_parent = flags & (libc::CLONE_THREAD | libc::CLONE_PARENT) as u64 != 0;
    // clone3_args_valid: found before anything else.
    if flags & NOT_HERE != 0
        || both(libc::CLONE_SIGHAND as u64 | CLONE_CLEAR_SIGHAND)
        || (own_parent && exit_signal != 0)
        || exit_signal & !(libc::CSIGNAL as u64) != 0
        || (stack == 0) != (stack_size == 0)
    {
        return Err(Errno::EINVAL.into());
    }
    check_flags(call, flags)
}

fn check_flags(call: &Call<'_>, flags: u64) -> Result<Action, Failure> {
    // copy_process finds these faults before it asks for a privilege.
    let has = |all: i32| flags & all as u64 == all as u64;
    let is_invalid = has(libc::CLONE_NEWNS | libc::CLONE_FS)
        || has(libc::CLONE_NEWUSER | libc::CLONE_FS)
        || (has(libc::CLONE_THREAD) && (!has(libc::CLONE_SIGHAND) || has(libc::CLONE_NEWPID)))
        || (has(libc::CLONE_SIGHAND) && !has(libc::CLONE_VM));
    if is_invalid {
        return Err(Errno::EINVAL.into());
    }
    if flags & (NAMESPACES | libc::CLONE_UNTRACED as u64) != 0 {
        call.world.count_refused(call.row, Errno::EPERM);
        return Err(Errno::EPERM.into());
    }
    Ok(Action::Pass)
}

/// unshare(2): without namespaces, as where `kernel.unprivileged_userns_clone` is 0.
pub fn unshare(call: &mut Call<'_>) -> Result<Action, Failure> {
    const OTHERS: u64 = (libc::CLONE_THREAD
        | libc::CLONE_FS
        | libc::CLONE_SIGHAND
        | libc::CLONE_VM
        | libc::CLONE_FILES
        | libc::CLONE_SYSVSEM) as u64;
    let flags = call.args[0];
    if flags & !(OTHERS | NAMESPACES) != 0 {
        return Ok(Action::Pass);
    }
    // "CLONE_THREAD, CLONE_SIGHAND, or CLONE_VM was specified, and the caller is multithreaded."
    const ALONE: u64 =
        (libc::CLONE_THREAD | libc::CLONE_SIGHAND | libc::CLONE_VM | libc::CLONE_NEWUSER) as u64;
    let process = &call.task().process;
    let has_threads = || call.tasks.iter().filter(|task| Rc::ptr_eq(&task.process, process)).count() > 1;
    if flags & ALONE != 0 && has_threads() {
        return Err(Errno::EINVAL.into());
    }
    if flags & NAMESPACES != 0 {
        call.world.count_refused(call.row, Errno::EPERM);
        return Err(Errno::EPERM.into());
    }
    if flags & libc::CLONE_FS as u64 != 0 {
        // The call could only fail for want of memory now, and an own copy of equal contents does no harm then.
        let task = call.tasks.get_mut(call.tid).ok_or(Failure::Gone)?;
        task.fs = Rc::new(task.fs.copied());
    }
    Ok(Action::Pass)
}

/// Calls whose first argument is the process or thread that they act on; 0 and less is the caller or an error.
pub fn by_pid(call: &mut Call<'_>) -> Result<Action, Failure> {
    call.check_pid(call.int(0))?;
    Ok(Action::Pass)
}

/// kcmp(2): two processes.
pub fn kcmp(call: &mut Call<'_>) -> Result<Action, Failure> {
    call.check_pid(call.int(0))?;
    call.check_pid(call.int(1))?;
    Ok(Action::Pass)
}

/// pidfd_open(2): a process outside is not found, so that no other call gets a descriptor of it.
pub fn pidfd_open(call: &mut Call<'_>) -> Result<Action, Failure> {
    match call.check_pid(call.int(0)) {
        Err(_) => Err(Errno::ESRCH.into()),
        Ok(()) => Ok(Action::Pass),
    }
}

/// Calls whose first argument is a pidfd: pidfd_getfd, process_mrelease.
///
/// A descriptor of a process outside may have been received, or inherited from before xroot.
pub fn by_pidfd(call: &mut Call<'_>) -> Result<Action, Failure> {
    if let Some(pid) = process::pidfd_target(call.tid, call.int(0)) {
        call.check_pid(pid.as_raw())?;
    }
    Ok(Action::Pass)
}

/// ptrace(2): the books on who traces whom are the engine's.
pub fn ptrace(_call: &mut Call<'_>) -> Result<Action, Failure> {
    Ok(Action::Trace)
}

/// setpriority(2). For a group or a user the tracer changes the guest's tasks one by one, and none outside.
pub fn setpriority(call: &mut Call<'_>) -> Result<Action, Failure> {
    set_priorities(call, [0, 1, 2], process::set_nice)
}

/// ioprio_set(2), as [`setpriority`].
pub fn ioprio_set(call: &mut Call<'_>) -> Result<Action, Failure> {
    set_priorities(call, [1, 2, 3], process::set_ioprio)
}

/// `kinds` are the values of the first argument that mean a process, a group and a user
/// (include/uapi/linux/resource.h and ioprio.h).
fn set_priorities(
    call: &mut Call<'_>,
    kinds: [u32; 3],
    set: fn(Pid, i32) -> Result<(), Errno>,
) -> Result<Action, Failure> {
    let (which, who) = (call.args[0] as u32, call.int(1));
    if which == kinds[0] {
        call.check_pid(who)?;
        return Ok(Action::Pass);
    }
    let group = Pid::from_raw(who);
    let meant: Box<dyn Fn(Pid) -> bool> = if which == kinds[1] {
        let group = if who == 0 { process::facts(call.tid).ok_or(Failure::Gone)?.group } else { group };
        Box::new(move |tid| process::facts(tid).is_some_and(|facts| facts.group == group))
    } else if which == kinds[2] {
        let own = [0, nix::unistd::getuid().as_raw(), call.task().process.credentials.borrow().uid.real];
        Box::new(move |_| own.contains(&(who as u32)))
    } else {
        return Ok(Action::Pass);
    };
    let mut result = Err(Errno::ESRCH);
    for tid in call.tasks.iter().map(|task| task.tid).filter(|&tid| meant(tid)) {
        match set(tid, call.int(2)) {
            Ok(()) if result == Err(Errno::ESRCH) => result = Ok(()),
            Ok(()) => {}
            Err(errno) => result = Err(errno),
        }
    }
    result?;
    Ok(Action::Answer(0))
}

impl Call<'_> {
    /// True if `pid` is a process or thread of the guest, a zombie included.
    pub fn is_inside(&self, pid: Pid) -> bool {
        // A new task is perhaps not in the table yet, and one that has ended is not in it any more: the parent that
        // has not waited for it is.
        self.tasks.contains(pid)
            || process::tracer_of(pid) == Some(self.world.tracer)
            || process::facts(pid).is_some_and(|facts| self.has_children(facts.parent))
    }

    /// True for the guest's processes, and for xroot where it is the init process that orphans are given to.
    fn has_children(&self, parent: Pid) -> bool {
        self.tasks.contains(parent) || (parent == self.world.tracer && parent.as_raw() == 1)
    }

    /// Refuses what acts on a process outside; what does not exist is left to the kernel.
    ///
    /// # Errors
    /// EPERM.
    pub fn check_pid(&self, pid: i32) -> Result<(), Errno> {
        let pid = Pid::from_raw(pid);
        if pid.as_raw() > 0 && !self.is_inside(pid) && process::facts(pid).is_some() {
            return Err(Errno::EPERM);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::mem::FakeMemory;
    use crate::syscall::testing::{Fixture, refused};

    #[test]
    fn namespaces_are_refused_after_what_no_kernel_takes() {
        let mut fixture = Fixture::new("/");
        let memory = FakeMemory::new(b"");
        for (flags, expected) in [
            (libc::SIGCHLD, None),
            (libc::CLONE_VM | libc::CLONE_VFORK, None),
            // CLONE_NEWTIME has the value of a signal's bit here.
            (0x80, None),
            (libc::CLONE_NEWUSER, Some(Errno::EPERM)),
            (libc::CLONE_NEWPID | libc::CLONE_NEWNS, Some(Errno::EPERM)),
            (libc::CLONE_UNTRACED, Some(Errno::EPERM)),
            (libc::CLONE_NEWNS | libc::CLONE_FS, Some(Errno::EINVAL)),
            (libc::CLONE_SIGHAND | libc::CLONE_NEWNET, Some(Errno::EINVAL)),
        ] {
            let call = fixture.call("clone", &memory, [flags as u32 as u64]);
            assert_eq!(refused(call, clone), expected, "{flags:#x}");
        }
    }

    #[test]
    fn unshare_gives_the_task_a_working_directory_of_its_own() {
        let mut fixture = Fixture::new("/");
        let memory = FakeMemory::new(b"");
        let before = Rc::clone(&fixture.tasks.get(Pid::this()).unwrap().fs);
        let call = fixture.call("unshare", &memory, [libc::CLONE_FILES as u64]);
        assert_eq!(refused(call, unshare), None);
        assert!(Rc::ptr_eq(&before, &fixture.tasks.get(Pid::this()).unwrap().fs));
        let call = fixture.call("unshare", &memory, [(libc::CLONE_FS | libc::CLONE_NEWNS) as u64]);
        assert_eq!(refused(call, unshare), Some(Errno::EPERM));
        assert!(Rc::ptr_eq(&before, &fixture.tasks.get(Pid::this()).unwrap().fs));
        let call = fixture.call("unshare", &memory, [libc::CLONE_FS as u64]);
        assert_eq!(refused(call, unshare), None);
        assert!(!Rc::ptr_eq(&before, &fixture.tasks.get(Pid::this()).unwrap().fs));
    }

    #[test]
    fn each_way_of_making_a_task_tells_what_it_shares() {
        let mut fixture = Fixture::new("/");
        let memory = FakeMemory::new(&(libc::CLONE_VM as u64).to_ne_bytes());
        for (name, argument, flags) in [
            ("fork", 7, 0),
            ("vfork", 7, libc::CLONE_VM | libc::CLONE_VFORK),
            ("clone", libc::CLONE_FS as u64, libc::CLONE_FS),
            ("clone3", FakeMemory::BASE, libc::CLONE_VM),
        ] {
            let mut call = fixture.call(name, &memory, [argument]);
            assert_eq!(clone_flags(&mut call).unwrap(), flags, "{name}");
        }
    }
}
