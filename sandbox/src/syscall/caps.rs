//! The pretended capabilities: all of them for root, none for others, kept through set-id calls as the kernel does.
//!
//! Source: capabilities(7), capget(2), kernel/capability.c, security/commoncap.c.
#![forbid(unsafe_code)]

use nix::unistd::Pid;

use super::call::{Action, Call};
use crate::error::{Errno, Failure};
use crate::task::Capabilities;

/// The headers' versions that the kernel knows, with the number of 32-bit words of each set, the preferred one last
/// (include/uapi/linux/capability.h).
const VERSIONS: [(u32, usize); 3] = [(0x1998_0330, 1), (0x2007_1026, 2), (0x2008_0522, 2)];

/// Bytes of `struct __user_cap_data_struct`, one for each word: effective, permitted, inheritable.
const DATA_SIZE: usize = 12;

const CAP_SETPCAP: u32 = 8;

/// capget(2): of any process of the guest. What the kernel says of others is right.
pub fn capget(call: &mut Call<'_>) -> Result<Action, Failure> {
    let Some((words, pid)) = header(call)? else {
        // A program asks for the version in this way, without room for data.
        return if call.args[1] == 0 { Ok(Action::Answer(0)) } else { Err(Errno::EINVAL.into()) };
    };
    if call.args[1] == 0 {
        return Ok(Action::Answer(0));
    }
    if pid < 0 {
        return Err(Errno::EINVAL.into());
    }
    let tid = if pid == 0 { call.tid } else { Pid::from_raw(pid) };
    let Some(task) = call.tasks.get(tid) else { return Ok(Action::Pass) };
    let caps = task.process.credentials.borrow().caps;
    let mut data = Vec::new();
    for word in 0..words {
        for set in [caps.effective, caps.permitted, caps.inheritable] {
            data.extend(((set >> (32 * word)) as u32).to_ne_bytes());
        }
    }
    call.mem.write(call.args[1], &data)?;
    Ok(Action::Answer(0))
}

/// capset(2): sets may shrink, the effective one grow to the permitted one.
pub fn capset(call: &mut Call<'_>) -> Result<Action, Failure> {
    let Some((words, pid)) = header(call)? else { return Err(Errno::EINVAL.into()) };
    if pid != 0 && pid != call.tid.as_raw() {
        return Err(Errno::EPERM.into());
    }
    let mut data = vec![0; words * DATA_SIZE];
    call.mem.read(call.args[1], &mut data)?;
    let set = |field: usize| {
        (0..words).fold(0u64, |set, word| {
            let at = word * DATA_SIZE + 4 * field;
            let bytes = data[at..at + 4].try_into().expect("four bytes");
            set | u64::from(u32::from_ne_bytes(bytes)) << (32 * word)
        }) & Capabilities::all().permitted
    };
    let new = Capabilities { effective: set(0), permitted: set(1), inheritable: set(2) };
    let mut credentials = call.task().process.credentials.borrow_mut();
    let old = credentials.caps;
    let inheritable = if old.has(CAP_SETPCAP) { u64::MAX } else { old.inheritable | old.permitted };
    let is_within = |set: u64, limit: u64| set & !limit == 0;
    if !is_within(new.inheritable, inheritable)
        || !is_within(new.permitted, old.permitted)
        || !is_within(new.effective, new.permitted)
    {
        return Err(Errno::EPERM.into());
    }
    credentials.caps = new;
    Ok(Action::Answer(0))
}

/// The number of words and the process id; `None` for an unknown version, in whose place the preferred one is written.
fn header(call: &Call<'_>) -> Result<Option<(usize, i32)>, Errno> {
    let word = call.mem.read_u64(call.args[0])?;
    let (version, pid) = (word as u32, (word >> 32) as i32);
    if let Some(&(_, words)) = VERSIONS.iter().find(|&&(known, _)| known == version) {
        return Ok(Some((words, pid)));
    }
    call.mem.write(call.args[0], &VERSIONS[2].0.to_ne_bytes())?;
    Ok(None)
}

/// prctl(2) of capabilities, bounding set and securebits: what root may do succeeds, and only KEEPCAPS is remembered.
///
/// `None` for other options.
pub fn prctl(call: &mut Call<'_>) -> Option<Result<Action, Failure>> {
    const SETPCAP_ONLY: Errno = Errno::EPERM;
    let mut credentials = call.task().process.credentials.borrow_mut();
    let last = u64::from(Capabilities::all().permitted.ilog2());
    let value = call.args[1];
    let result = match call.int(0) {
        libc::PR_CAPBSET_READ | libc::PR_CAPBSET_DROP if value > last => Err(Errno::EINVAL),
        libc::PR_CAPBSET_READ => Ok(1),
        libc::PR_CAPBSET_DROP | libc::PR_SET_SECUREBITS if !credentials.caps.has(CAP_SETPCAP) => {
            Err(SETPCAP_ONLY)
        }
        libc::PR_CAPBSET_DROP | libc::PR_SET_SECUREBITS => Ok(0),
        libc::PR_SET_KEEPCAPS if value > 1 => Err(Errno::EINVAL),
        libc::PR_SET_KEEPCAPS => {
            credentials.keep_caps = value == 1;
            Ok(0)
        }
        libc::PR_GET_KEEPCAPS => Ok(credentials.keep_caps.into()),
        _ => return None,
    };
    Some(result.map(Action::Answer).map_err(Failure::from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::mem::FakeMemory;
    use crate::syscall::testing::{Fixture, answer};

    const BASE: u64 = FakeMemory::BASE;

    fn memory(version: u32, sets: [u32; 6]) -> FakeMemory {
        let words = [version, 0].into_iter().chain(sets);
        FakeMemory::new(&words.flat_map(u32::to_ne_bytes).collect::<Vec<u8>>())
    }

    #[test]
    fn root_has_all_that_this_kernel_knows_and_others_none() {
        for (uid, expected) in [(0, [u32::MAX, u32::MAX, 0, 0x1ff, 0x1ff, 0]), (5, [0; 6])] {
            let mut fixture = Fixture::with_ids(uid, 0);
            let memory = memory(0x2008_0522, [7; 6]);
            assert_eq!(answer(fixture.call("capget", &memory, [BASE, BASE + 8]), capget), Ok(0));
            let bytes: Vec<u8> = expected.into_iter().flat_map(u32::to_ne_bytes).collect();
            assert_eq!(memory.0.borrow()[8..], bytes, "{uid}");
        }
    }

    #[test]
    fn an_unknown_version_is_answered_with_the_preferred_one() {
        let mut fixture = Fixture::with_ids(0, 0);
        let memory = memory(0, [0; 6]);
        assert_eq!(answer(fixture.call("capget", &memory, [BASE, 0]), capget), Ok(0));
        assert_eq!(memory.0.borrow()[..4], 0x2008_0522u32.to_ne_bytes());
        memory.0.borrow_mut()[0] = 1;
        assert_eq!(answer(fixture.call("capget", &memory, [BASE, BASE + 8]), capget), Err(Errno::EINVAL));
    }

    #[test]
    fn what_has_been_dropped_does_not_come_back() {
        let mut fixture = Fixture::with_ids(0, 0);
        let small = memory(0x2008_0522, [0, 1, 0, 0, 0, 0]);
        assert_eq!(answer(fixture.call("capset", &small, [BASE, BASE + 8]), capset), Ok(0));
        let raised = memory(0x2008_0522, [1, 1, 0, 0, 0, 0]);
        assert_eq!(answer(fixture.call("capset", &raised, [BASE, BASE + 8]), capset), Ok(0));
        let more = memory(0x2008_0522, [1, 3, 0, 0, 0, 0]);
        assert_eq!(answer(fixture.call("capset", &more, [BASE, BASE + 8]), capset), Err(Errno::EPERM));
        let not_permitted = memory(0x2008_0522, [3, 1, 0, 0, 0, 0]);
        assert_eq!(
            answer(fixture.call("capset", &not_permitted, [BASE, BASE + 8]), capset),
            Err(Errno::EPERM)
        );
    }
}
