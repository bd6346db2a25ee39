//! Process settings that would blind or leave the tracer, or that tell of it.
//!
//! Source: prctl(2), PR_SET_DUMPABLE(2const), PR_SET_MM(2const), PR_SET_NO_NEW_PRIVS(2const).
#![forbid(unsafe_code)]

use super::call::{Action, Call};
use super::table::{Feature, STUB_PRCTL};
use super::{caps, seccomp};
use crate::error::{Errno, Failure};

/// prctl(2), for the options that the table traps.
pub fn prctl(call: &mut Call<'_>) -> Result<Action, Failure> {
    if call.world.has(Feature::FakeIds) {
        if let Some(answer) = caps::prctl(call) {
            return answer;
        }
    }
    match call.args[0] as u32 {
        option if option == libc::PR_SET_DUMPABLE as u32 => set_dumpable(call),
        option if option == libc::PR_GET_DUMPABLE as u32 => {
            Ok(Action::Answer(call.task().mm.dumpable.get() as i64))
        }
        option if option == libc::PR_SET_SECCOMP as u32 => seccomp::prctl(call),
        option if option == libc::PR_GET_SECCOMP as u32 => {
            Ok(Action::Answer(call.task().seccomp.mode().into()))
        }
        option if option == libc::PR_SET_NO_NEW_PRIVS as u32 => set_no_new_privs(call),
        option if option == libc::PR_GET_NO_NEW_PRIVS as u32 => {
            let is_alone = call.args[1..5] == [0; 4];
            if is_alone {
                Ok(Action::Answer(call.task().seccomp.no_new_privs.into()))
            } else {
                Err(Errno::EINVAL.into())
            }
        }
        option if option == libc::PR_SCHED_CORE as u32 => {
            call.check_pid(call.int(2))?;
            Ok(Action::Pass)
        }
        // The stub's own call is answered before any handler is asked. This one was made by the guest.
        STUB_PRCTL => Err(Errno::EINVAL.into()),
        // PR_SET_MM: the kernel refuses what needs CAP_SYS_RESOURCE, and PR_SET_MM_MAP moves only the caller's own
        // marks, with an executable (which would change what /proc/PID/exe shows) only under a capability.
        _ => Ok(Action::Pass),
    }
}

/// PR_SET_NO_NEW_PRIVS(2const): only remembered, for every tracee has it.
fn set_no_new_privs(call: &mut Call<'_>) -> Result<Action, Failure> {
    if call.args[1..5] != [1, 0, 0, 0] {
        return Err(Errno::EINVAL.into());
    }
    call.tasks.get_mut(call.tid).ok_or(Failure::Gone)?.seccomp.no_new_privs = true;
    Ok(Action::Answer(0))
}

/// PR_SET_DUMPABLE(2const): "arg2 is neither SUID_DUMP_DISABLE nor SUID_DUMP_USER" is EINVAL.
///
/// Only remembered: a tracer without privilege loses sight of a process that is not dumpable.
fn set_dumpable(call: &mut Call<'_>) -> Result<Action, Failure> {
    let value = call.args[1];
    if value > 1 {
        return Err(Errno::EINVAL.into());
    }
    call.task().mm.dumpable.set(value);
    Ok(Action::Answer(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::mem::FakeMemory;
    use crate::syscall::testing::{Fixture, answer};

    #[test]
    fn the_dumpable_flag_is_only_remembered() {
        let mut fixture = Fixture::new("/");
        let memory = FakeMemory::new(b"");
        let (set, get) = (libc::PR_SET_DUMPABLE as u64, libc::PR_GET_DUMPABLE as u64);
        for (args, expected) in [
            ([get, 0], Ok(1)),
            ([set, 0], Ok(0)),
            ([get, 0], Ok(0)),
            ([set, 2], Err(Errno::EINVAL)),
            ([set, 1 << 32], Err(Errno::EINVAL)),
            ([get, 0], Ok(0)),
            ([u64::from(STUB_PRCTL), 0], Err(Errno::EINVAL)),
        ] {
            assert_eq!(answer(fixture.call("prctl", &memory, args), prctl), expected, "{args:?}");
        }
    }
}
