//! The guest's own Landlock rules.
//!
//! The kernel judges: the guest's rulesets are its own, and what a restricted thread opens, makes and removes it does
//! itself, under host paths that lie below the directories which its rules name. Three things differ from a native run:
//!
//! * A rule for a directory holds for what is bound below it in the guest too, though that lies elsewhere on the host.
//!   So the tracer adds a rule for each such binding: see `bound_below`.
//! * The kernel executes xroot's own file in the place of the guest's, so that file gets a rule, and whether the guest's
//!   own files may be executed is asked before: see [`Call::check_execute`].
//! * A restricted thread cannot see the tracer, which is outside of its domain, and so cannot go through the tracer's
//!   descriptors: see [`Call::is_confined`].
//!
//! Source: landlock(7), landlock_add_rule(2), landlock_restrict_self(2), security/landlock of Linux 6.18.
#![forbid(unsafe_code)]

use std::os::fd::{AsFd, OwnedFd};

use nix::unistd::Pid;

use super::call::{Action, Call, Rewrite};
use super::fakeroot::CAP_SYS_ADMIN;
use super::table::{Feature, number};
use crate::error::{Errno, Failure};
use crate::sys::{descriptor, fs, landlock};
use crate::task::Domain;
use crate::vfs::{GuestPath, HostPath, Kind, Mount, Namespace};

/// As in include/uapi/linux/landlock.h.
mod access {
    pub const EXECUTE: u64 = 1 << 0;
    pub const READ_FILE: u64 = 1 << 2;
    /// What a rule for a file may allow: EXECUTE, WRITE_FILE, READ_FILE, TRUNCATE and IOCTL_DEV.
    pub const FILE: u64 = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15;
}

const LANDLOCK_RULE_PATH_BENEATH: u32 = 1;
const LANDLOCK_RESTRICT_SELF_TSYNC: u64 = 1 << 3;

/// Bytes of `struct landlock_path_beneath_attr`: the access, then a descriptor.
const PATH_BENEATH_SIZE: usize = 12;

/// landlock_create_ruleset(2), where it is trapped: "EOPNOTSUPP: Landlock is supported by the kernel but disabled at boot
/// time."
pub fn create_ruleset(call: &mut Call<'_>) -> Result<Action, Failure> {
    Err(unavailable(call).into())
}

fn unavailable(call: &Call<'_>) -> Errno {
    call.world.count_refused(call.row, Errno::EOPNOTSUPP);
    Errno::EOPNOTSUPP
}

/// landlock_add_rule(2): ruleset, type, attributes, flags.
pub fn add_rule(call: &mut Call<'_>) -> Result<Action, Failure> {
    if call.world.has(Feature::NoLandlock) {
        return Err(unavailable(call).into());
    }
    let mut rule = [0; PATH_BENEATH_SIZE];
    if call.args[1] as u32 != LANDLOCK_RULE_PATH_BENEATH || call.mem.read(call.args[2], &mut rule).is_err() {
        return Ok(Action::Pass);
    }
    let (access, fd) = rule.split_at(8);
    let access = u64::from_ne_bytes(access.try_into().expect("the first eight of twelve bytes"));
    let fd = i32::from_ne_bytes(fd.try_into().expect("the last four of twelve bytes"));
    let link = format!("/proc/{}/fd/{fd}", call.tid);
    let Ok(Some(guest)) = call.name_of_link(link.as_bytes()) else { return Ok(Action::Pass) };
    let bound: Vec<(HostPath, u64)> = bound_below(call.names(), &guest)
        .map(|mount| {
            (mount.host.clone(), if mount.kind == Kind::File { access & access::FILE } else { access })
        })
        .filter(|(_, access)| *access != 0)
        .collect();
    if bound.is_empty() {
        return Ok(Action::Pass);
    }
    let exit = move |call: &mut Call<'_>, ret: i64| {
        if ret == 0 {
            let Some(ruleset) = call.descriptor(0) else { return Ok(ret) };
            for (host, access) in bound {
                // One that is gone, or of a kind that the kernel has no rules for, is shut.
                let Ok(place) = fs::open_path(host.as_bytes()) else { continue };
                let (Ok(()) | Err(_)) = landlock::allow(ruleset.as_fd(), access, place.as_fd());
            }
        }
        Ok(ret)
    };
    Ok(Action::Rewrite(Rewrite { exit: Some(Box::new(exit)), ..Rewrite::default() }))
}

/// What is bound below `top`, and may have a rule of its own because no part of it has another name elsewhere: a rule is
/// about files, not names, and would allow more than the guest's own.
fn bound_below<'n>(names: &'n Namespace, top: &GuestPath) -> impl Iterator<Item = &'n Mount> {
    let all = || names.mounts().iter().chain(names.overlays());
    let (below, elsewhere): (Vec<_>, Vec<_>) =
        all().filter(|mount| mount.guest != *top).partition(|mount| mount.guest.below(top).is_some());
    let shares = |left: &Mount, right: &Mount| {
        left.host.below(&right.host).is_some() || right.host.below(&left.host).is_some()
    };
    below.into_iter().filter(move |mount| !elsewhere.iter().any(|other| shares(mount, other)))
}

/// landlock_restrict_self(2): ruleset, flags.
pub fn restrict_self(call: &mut Call<'_>) -> Result<Action, Failure> {
    if call.world.has(Feature::NoLandlock) {
        return Err(unavailable(call).into());
    }
    // "EPERM: ruleset_fd has no read access to the underlying ruleset, or the calling thread is not running with
    // no_new_privs, or it doesn't have the CAP_SYS_ADMIN in its user namespace."
    if !call.task().seccomp.no_new_privs && !call.pretends_capability(CAP_SYS_ADMIN) {
        return Err(Errno::EPERM.into());
    }
    if let Some(ruleset) = call.descriptor(0) {
        for file in call.world.carrier.files() {
            let Ok(file) = fs::open_path(file.as_bytes()) else { continue };
            // A ruleset that does not handle an access takes no rule for it.
            for access in [access::EXECUTE, access::READ_FILE] {
                let (Ok(()) | Err(_)) = landlock::allow(ruleset.as_fd(), access, file.as_fd());
            }
        }
    }
    let whole_process = call.args[1] & LANDLOCK_RESTRICT_SELF_TSYNC != 0;
    let has_ruleset = call.int(0) >= 0;
    let exit = move |call: &mut Call<'_>, ret: i64| {
        // Without a ruleset only what is logged changes.
        if ret == 0 && has_ruleset {
            confine(call, whole_process)?;
        }
        Ok(ret)
    };
    Ok(Action::Rewrite(Rewrite { exit: Some(Box::new(exit)), ..Rewrite::default() }))
}

/// The caller, or every thread of its process, is in a new domain.
fn confine(call: &mut Call<'_>, whole_process: bool) -> Result<(), Failure> {
    let caller = call.tasks.get_mut(call.tid).ok_or(Failure::Gone)?;
    let domain = Domain::inside(caller.domain.take());
    caller.domain = Some(domain.clone());
    let process = caller.process.pid;
    if whole_process {
        let threads: Vec<_> =
            call.tasks.iter().filter(|task| task.process.pid == process).map(|task| task.tid).collect();
        for tid in threads {
            if let Some(task) = call.tasks.get_mut(tid) {
                task.domain = Some(domain.clone());
            }
        }
    }
    Ok(())
}

/// The errno of an execve(2) that the rules let through.
const LET_THROUGH: i64 = -(Errno::EFAULT as i64);

impl Call<'_> {
    /// True if the caller is in a Landlock domain, from which the tracer's descriptors are out of reach.
    pub fn is_confined(&self) -> bool {
        self.task().domain.is_some()
    }

    /// False if Landlock forbids the caller to trace the task `id`, or to see what only a tracer may.
    pub fn may_trace(&self, id: Pid) -> bool {
        self.tasks.may_trace(self.tid, id)
    }

    /// What the caller must do before it may execute `files`, in the order in which execve(2) opens them; `None` where it
    /// has, or need not.
    ///
    /// Only the kernel knows the rules. It opens the file before it looks at the arguments (Linux 6.8), so an execve with
    /// impossible ones tells whether it may be opened to be executed: EFAULT if so.
    ///
    /// # Errors
    /// What the first file fails with that may not be executed.
    pub fn check_execute(&self, files: &[HostPath]) -> Result<Option<Action>, Errno> {
        let results = &self.task().prepared;
        if !self.is_confined() {
            return Ok(None);
        }
        if results.is_empty() && !files.is_empty() {
            return Ok(Some(Action::Prepare(files.iter().map(try_to_execute).collect())));
        }
        match results.iter().find(|&&result| result != LET_THROUGH) {
            Some(&refused) => Err(Errno::from_raw(-refused as i32)),
            None => Ok(None),
        }
    }

    /// The caller's descriptor in argument `index`, as the tracer's.
    fn descriptor(&self, index: usize) -> Option<OwnedFd> {
        descriptor::of_task(self.task().process.pid, self.tid, self.int(index))
    }
}

/// An execve(2) that fails.
fn try_to_execute(file: &HostPath) -> Rewrite {
    /// No address of a program's.
    const NOWHERE: u64 = 1 << 63;
    let mut call = Rewrite::of(const { number("execve") }, [0, NOWHERE]);
    call.stage_path(0, file.as_bytes());
    call
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::mem::FakeMemory;
    use crate::syscall::testing::{Fixture, refused};

    /// The guest paths of what gets a rule along with `top`, where the rootfs is /home/u/root.
    fn with_rules(top: &str, bindings: &[(&str, &str)]) -> Vec<String> {
        let mut names = Namespace::new(HostPath::new("/home/u/root"));
        for (guest, host) in bindings {
            let (guest, host) = (GuestPath::lexical(guest.as_bytes()), HostPath::new(*host));
            names.bind(Mount { guest, host, kind: Kind::Directory, readonly: false });
        }
        let top = GuestPath::lexical(top.as_bytes());
        let found = bound_below(&names, &top);
        found.map(|mount| String::from_utf8_lossy(mount.guest.as_bytes()).into_owned()).collect()
    }

    #[test]
    fn what_is_bound_below_a_directory_has_its_rules() {
        let bindings = [("/a/point", "/far"), ("/a/point/deep", "/deep"), ("/b", "/b"), ("/dev", "/dev")];
        for (top, expected) in [
            ("/", &["/a/point", "/a/point/deep", "/b", "/dev"][..]),
            ("/a", &["/a/point", "/a/point/deep"]),
            ("/a/point", &["/a/point/deep"]),
            ("/a/point/deep", &[]),
            ("/a/po", &[]),
            ("/etc", &[]),
        ] {
            assert_eq!(with_rules(top, &bindings), expected, "{top}");
        }
    }

    #[test]
    fn a_rule_is_not_for_what_has_another_name_elsewhere() {
        // The rootfs itself lies below the bound home.
        let home = [("/home/u", "/home/u"), ("/srv/x", "/srv/x"), ("/y", "/srv/x/y")];
        assert_eq!(with_rules("/", &home), ["/home/u", "/srv/x", "/y"]);
        for top in ["/home", "/srv"] {
            assert_eq!(with_rules(top, &home), [""; 0], "{top}");
        }
    }

    #[test]
    fn where_an_execve_cannot_be_tried_there_is_no_landlock() {
        let mut fixture = Fixture::new("/");
        let memory = FakeMemory::new(b"");
        assert_eq!(
            refused(fixture.call("landlock_restrict_self", &memory, [0, 0]), restrict_self),
            Some(Errno::EPERM)
        );
        fixture.world.features.push(Feature::NoLandlock);
        let calls: [(&str, crate::syscall::call::Handler); 3] = [
            ("landlock_create_ruleset", create_ruleset),
            ("landlock_add_rule", add_rule),
            ("landlock_restrict_self", restrict_self),
        ];
        for (name, handler) in calls {
            let call = fixture.call(name, &memory, [0, 0, 0, 0]);
            assert!(call.row.traps(&call.world.features, &call.args), "{name}");
            assert_eq!(refused(call, handler), Some(Errno::EOPNOTSUPP), "{name}");
        }
    }
}
