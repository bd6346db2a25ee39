//! The identity that the guest is told (`-0`, `-i`), and who may change it.
//!
//! The kernel's own ids never change. What the guest sets is kept per process and inherited over fork. The kernel
//! keeps them per thread; the C library makes each change in all threads of a process, so that nobody sees the
//! difference.
//!
//! Source: credentials(7), setuid(2), setreuid(2), setresuid(2), setfsuid(2), getgroups(2), kernel/sys.c.
#![forbid(unsafe_code)]

use std::os::fd::BorrowedFd;

use super::call::{Action, Call, Rewrite};
use super::world::World;
use crate::error::{Errno, Failure};
use crate::task::{Capabilities, Credentials, Ids};

/// `-1`: leave this id as it is; no valid id itself.
const KEEP: u32 = u32::MAX;

/// The capabilities that let a process change ids (include/uapi/linux/capability.h).
const CAP_SETGID: u32 = 6;
const CAP_SETUID: u32 = 7;

/// What the first process of a session with the pretended `ids` has.
pub fn initial(ids: crate::config::Ids) -> Credentials {
    let all = |id| Ids { real: id, effective: id, saved: id, fs: id };
    let caps = if ids.uid == 0 { Capabilities::all() } else { Capabilities::default() };
    Credentials { uid: all(ids.uid), gid: all(ids.gid), groups: vec![ids.gid], caps, keep_caps: false }
}

/// What execve(2) makes of the identity: the saved ids become the effective ones, and root has every capability again.
pub fn after_exec(credentials: &mut Credentials) {
    credentials.uid.saved = credentials.uid.effective;
    credentials.gid.saved = credentials.gid.effective;
    credentials.keep_caps = false;
    let permitted = credentials.uid.real == 0 || credentials.uid.effective == 0;
    credentials.caps = if permitted { Capabilities::all() } else { Capabilities::default() };
    if credentials.uid.effective != 0 {
        credentials.caps.effective = 0;
    }
}

/// getuid(2), geteuid(2), getgid(2), getegid(2): "These functions are always successful."
pub fn get(call: &mut Call<'_>) -> Result<Action, Failure> {
    let credentials = call.task().process.credentials.borrow();
    let id = match call.row.name {
        "getuid" => credentials.uid.real,
        "geteuid" => credentials.uid.effective,
        "getgid" => credentials.gid.real,
        _ => credentials.gid.effective,
    };
    Ok(Action::Answer(id.into()))
}

/// getresuid(2).
pub fn getresuid(call: &mut Call<'_>) -> Result<Action, Failure> {
    let ids = call.task().process.credentials.borrow().uid;
    put_three(call, ids)
}

/// getresgid(2).
pub fn getresgid(call: &mut Call<'_>) -> Result<Action, Failure> {
    let ids = call.task().process.credentials.borrow().gid;
    put_three(call, ids)
}

fn put_three(call: &Call<'_>, ids: Ids) -> Result<Action, Failure> {
    for (address, id) in call.args.iter().zip([ids.real, ids.effective, ids.saved]) {
        call.mem.write(*address, &id.to_ne_bytes())?;
    }
    Ok(Action::Answer(0))
}

/// setuid(2), setreuid(2), setresuid(2).
pub fn set_uid(call: &mut Call<'_>) -> Result<Action, Failure> {
    let args = [call.args[0] as u32, call.args[1] as u32, call.args[2] as u32];
    let mut credentials = call.task().process.credentials.borrow_mut();
    let old = credentials.uid;
    let new = changed(call.row.name, old, args, credentials.caps.has(CAP_SETUID))?;
    credentials.uid = new;
    adjust_capabilities(&mut credentials, old);
    Ok(Action::Answer(0))
}

/// setgid(2), setregid(2), setresgid(2).
pub fn set_gid(call: &mut Call<'_>) -> Result<Action, Failure> {
    let args = [call.args[0] as u32, call.args[1] as u32, call.args[2] as u32];
    let mut credentials = call.task().process.credentials.borrow_mut();
    credentials.gid = changed(call.row.name, credentials.gid, args, credentials.caps.has(CAP_SETGID))?;
    Ok(Action::Answer(0))
}

/// setfsuid(2): "On both success and failure, this call returns the previous filesystem user ID of the caller."
pub fn setfsuid(call: &mut Call<'_>) -> Result<Action, Failure> {
    let mut credentials = call.task().process.credentials.borrow_mut();
    let capable = credentials.caps.has(CAP_SETUID);
    Ok(set_fs(&mut credentials.uid, call.args[0] as u32, capable))
}

/// setfsgid(2), as [`setfsuid`].
pub fn setfsgid(call: &mut Call<'_>) -> Result<Action, Failure> {
    let mut credentials = call.task().process.credentials.borrow_mut();
    let capable = credentials.caps.has(CAP_SETGID);
    Ok(set_fs(&mut credentials.gid, call.args[0] as u32, capable))
}

fn set_fs(ids: &mut Ids, id: u32, capable: bool) -> Action {
    let old = ids.fs;
    if id != KEEP && (capable || [ids.real, ids.effective, ids.saved, ids.fs].contains(&id)) {
        ids.fs = id;
    }
    Action::Answer(old.into())
}

/// getgroups(2).
pub fn getgroups(call: &mut Call<'_>) -> Result<Action, Failure> {
    let room = call.int(0);
    let groups = call.task().process.credentials.borrow().groups.clone();
    if room < 0 || (room > 0 && groups.len() > room as usize) {
        return Err(Errno::EINVAL.into());
    }
    if room > 0 {
        let bytes: Vec<u8> = groups.iter().flat_map(|id| id.to_ne_bytes()).collect();
        call.mem.write(call.args[1], &bytes)?;
    }
    Ok(Action::Answer(groups.len() as i64))
}

/// setgroups(2). The kernel sorts the list.
pub fn setgroups(call: &mut Call<'_>) -> Result<Action, Failure> {
    const NGROUPS_MAX: u32 = 65536;
    let count = call.args[0] as u32;
    if !call.task().process.credentials.borrow().caps.has(CAP_SETGID) {
        return Err(Errno::EPERM.into());
    }
    if count > NGROUPS_MAX {
        return Err(Errno::EINVAL.into());
    }
    let mut bytes = vec![0; count as usize * 4];
    call.mem.read(call.args[1], &mut bytes)?;
    let ids = bytes.chunks_exact(4).map(|id| u32::from_ne_bytes(id.try_into().expect("chunks of four")));
    let mut groups: Vec<u32> = ids.collect();
    if groups.contains(&KEEP) {
        return Err(Errno::EINVAL.into());
    }
    groups.sort_unstable();
    call.task().process.credentials.borrow_mut().groups = groups;
    Ok(Action::Answer(0))
}

/// The ids after the call `name` with these arguments, or why it is refused; kernel/sys.c has the same order.
fn changed(name: &str, old: Ids, args: [u32; 3], capable: bool) -> Result<Ids, Errno> {
    let [first, second, third] = args;
    let allow = |id: u32, known: &[u32]| {
        if id == KEEP || capable || known.contains(&id) { Ok(()) } else { Err(Errno::EPERM) }
    };
    let or = |id: u32, kept: u32| if id == KEEP { kept } else { id };
    let mut new = old;
    match name {
        "setuid" | "setgid" => {
            if first == KEEP {
                return Err(Errno::EINVAL);
            }
            allow(first, &[old.real, old.saved])?;
            new.effective = first;
            if capable {
                (new.real, new.saved) = (first, first);
            }
        }
        "setreuid" | "setregid" => {
            allow(first, &[old.real, old.effective])?;
            allow(second, &[old.real, old.effective, old.saved])?;
            new.real = or(first, old.real);
            new.effective = or(second, old.effective);
            if first != KEEP || (second != KEEP && second != old.real) {
                new.saved = new.effective;
            }
        }
        _ => {
            for id in args {
                allow(id, &[old.real, old.effective, old.saved])?;
            }
            new.real = or(first, old.real);
            new.effective = or(second, old.effective);
            new.saved = or(third, old.saved);
        }
    }
    new.fs = new.effective;
    Ok(new)
}

/// capabilities(7), "Effect of user ID changes on capabilities".
fn adjust_capabilities(credentials: &mut Credentials, old: Ids) {
    let is_root = |ids: Ids| [ids.real, ids.effective, ids.saved].contains(&0);
    let new = credentials.uid;
    let caps = &mut credentials.caps;
    if is_root(old) && !is_root(new) && !credentials.keep_caps {
        (caps.permitted, caps.effective) = (0, 0);
    }
    match (old.effective, new.effective) {
        (0, 0) => {}
        (0, _) => caps.effective = 0,
        (_, 0) => caps.effective = caps.permitted,
        (_, _) => {}
    }
}

/// getsockopt(2) with SO_PEERCRED: a peer of the caller's own real ids is shown with the pretended ones.
pub fn peer_credentials(call: &mut Call<'_>) -> Result<Action, Failure> {
    if call.int(1) != libc::SOL_SOCKET {
        return Ok(Action::Pass);
    }
    let exit = |call: &mut Call<'_>, ret: i64| {
        let mut credentials = [0; 12];
        if ret == 0 && call.mem.read(call.args[3], &mut credentials).is_ok() {
            let id = |at: usize| u32::from_ne_bytes(credentials[at..at + 4].try_into().expect("four bytes"));
            let (uid, gid) = shown(call.world, id(4), id(8));
            call.mem.write(call.args[3] + 4, &[uid.to_ne_bytes(), gid.to_ne_bytes()].concat())?;
        }
        Ok(ret)
    };
    Ok(Action::Rewrite(Rewrite { exit: Some(Box::new(exit)), ..Rewrite::default() }))
}

/// Shows the caller's own files as belonging to the pretended identity.
pub fn show_stat(world: &World, stat: &mut libc::stat) {
    (stat.st_uid, stat.st_gid) = shown(world, stat.st_uid, stat.st_gid);
}

/// As [`show_stat`], for statx(2).
pub fn show_statx(world: &World, stat: &mut libc::statx) {
    (stat.stx_uid, stat.stx_gid) = shown(world, stat.stx_uid, stat.stx_gid);
}

/// The ids that all of the guest's processes really have.
pub fn own() -> (u32, u32) {
    (nix::unistd::getuid().as_raw(), nix::unistd::getgid().as_raw())
}

/// True if a process may say that it is the user `uid`: unix(7), SCM_CREDENTIALS.
pub fn may_claim_uid(credentials: &Credentials, uid: u32) -> bool {
    let ids = credentials.uid;
    credentials.caps.has(CAP_SETUID) || [ids.real, ids.effective, ids.saved].contains(&uid)
}

/// The same for a group.
pub fn may_claim_gid(credentials: &Credentials, gid: u32) -> bool {
    let ids = credentials.gid;
    credentials.caps.has(CAP_SETGID) || [ids.real, ids.effective, ids.saved].contains(&gid)
}

/// The ids that the guest is told in place of these: the pretended ones for the caller's own.
pub fn shown(world: &World, uid: u32, gid: u32) -> (u32, u32) {
    let Some(ids) = world.ids else { return (uid, gid) };
    let own = own();
    (if uid == own.0 { ids.uid } else { uid }, if gid == own.1 { ids.gid } else { gid })
}

/// What access(2) says under the pretended identity; `None` where the kernel's own answer is right.
///
/// It always is as long as there is no memory of modes: what the kernel denies here it would deny at open(2) too.
pub fn access(_world: &World, _file: BorrowedFd<'_>, _mode: i32) -> Option<Result<(), Errno>> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::mem::FakeMemory;
    use crate::syscall::testing::{Fixture, answer};

    const fn ids(real: u32, effective: u32, saved: u32) -> Ids {
        Ids { real, effective, saved, fs: effective }
    }

    #[track_caller]
    fn check(name: &str, old: Ids, args: [u32; 3], capable: bool, expected: Result<Ids, Errno>) {
        assert_eq!(changed(name, old, args, capable), expected, "{name} {args:?} of {old:?}");
    }

    #[test]
    fn root_may_become_anybody_and_setuid_leaves_no_way_back() {
        check("setuid", ids(0, 0, 0), [100, 0, 0], true, Ok(ids(100, 100, 100)));
        check("setreuid", ids(0, 0, 0), [KEEP, 100, 0], true, Ok(ids(0, 100, 100)));
        check("setresuid", ids(0, 0, 0), [KEEP, 100, KEEP], true, Ok(ids(0, 100, 0)));
        check("setuid", ids(0, 0, 0), [KEEP, 0, 0], true, Err(Errno::EINVAL));
    }

    #[test]
    fn without_the_capability_only_the_own_ids_can_be_had() {
        check("setuid", ids(1, 2, 3), [1, 0, 0], false, Ok(ids(1, 1, 3)));
        check("setuid", ids(1, 2, 3), [3, 0, 0], false, Ok(ids(1, 3, 3)));
        check("setuid", ids(1, 2, 3), [2, 0, 0], false, Err(Errno::EPERM));
        check("setreuid", ids(1, 2, 3), [3, KEEP, 0], false, Err(Errno::EPERM));
        check("setreuid", ids(1, 2, 3), [2, 1, 0], false, Ok(ids(2, 1, 1)));
        check("setreuid", ids(1, 2, 3), [KEEP, 1, 0], false, Ok(ids(1, 1, 3)));
        check("setreuid", ids(1, 2, 3), [KEEP, 3, 0], false, Ok(ids(1, 3, 3)));
        check("setresuid", ids(1, 2, 3), [3, 1, 2], false, Ok(ids(3, 1, 2)));
        check("setresuid", ids(1, 2, 3), [3, 0, 2], false, Err(Errno::EPERM));
    }

    #[test]
    fn root_regains_its_capabilities_while_a_saved_id_is_root() {
        let mut root = initial(crate::config::Ids { uid: 0, gid: 0 });
        let mut become_ids = |new: Ids| {
            let old = std::mem::replace(&mut root.uid, new);
            adjust_capabilities(&mut root, old);
            (root.caps.has(CAP_SETUID), root.caps.permitted != 0)
        };
        assert_eq!(become_ids(ids(0, 100, 0)), (false, true));
        assert_eq!(become_ids(ids(0, 0, 0)), (true, true));
        assert_eq!(become_ids(ids(100, 100, 100)), (false, false));
        assert_eq!(become_ids(ids(0, 0, 0)), (false, false));
    }

    #[test]
    fn groups_come_back_sorted_and_only_where_there_is_room() {
        let mut fixture = Fixture::with_ids(0, 0);
        let list: Vec<u8> = [5u32, 3, 4].iter().flat_map(|id| id.to_ne_bytes()).collect();
        let memory = FakeMemory::new(&list);
        let base = FakeMemory::BASE;
        assert_eq!(answer(fixture.call("setgroups", &memory, [3, base]), setgroups), Ok(0));
        assert_eq!(answer(fixture.call("getgroups", &memory, [0, 0]), getgroups), Ok(3));
        assert_eq!(answer(fixture.call("getgroups", &memory, [2, base]), getgroups), Err(Errno::EINVAL));
        assert_eq!(answer(fixture.call("getgroups", &memory, [3, 8]), getgroups), Err(Errno::EFAULT));
        assert_eq!(answer(fixture.call("getgroups", &memory, [9, base]), getgroups), Ok(3));
        let sorted: Vec<u8> = [3u32, 4, 5].iter().flat_map(|id| id.to_ne_bytes()).collect();
        assert_eq!(*memory.0.borrow(), sorted);
        assert_eq!(answer(fixture.call("setuid", &memory, [100]), set_uid), Ok(0));
        assert_eq!(answer(fixture.call("setgroups", &memory, [0, 0]), setgroups), Err(Errno::EPERM));
        assert_eq!(answer(fixture.call("geteuid", &memory, []), get), Ok(100));
        assert_eq!(answer(fixture.call("getegid", &memory, []), get), Ok(0));
    }

    #[test]
    fn setfsuid_tells_the_old_id_even_where_it_fails() {
        let mut fixture = Fixture::with_ids(1, 1);
        let memory = FakeMemory::new(b"");
        assert_eq!(answer(fixture.call("setfsuid", &memory, [0]), setfsuid), Ok(1));
        assert_eq!(answer(fixture.call("setfsuid", &memory, [u64::MAX]), setfsuid), Ok(1));
        let mut fixture = Fixture::with_ids(0, 0);
        assert_eq!(answer(fixture.call("setfsuid", &memory, [7]), setfsuid), Ok(0));
        assert_eq!(answer(fixture.call("setfsuid", &memory, [0]), setfsuid), Ok(7));
    }
}
