//! Process settings that would blind or leave the tracer.
//!
//! Source: prctl(2), PR_SET_DUMPABLE(2const), PR_SET_MM(2const), seccomp(2).
#![forbid(unsafe_code)]

use super::call::{Action, Call};
use super::caps;
use super::table::{Feature, STUB_PRCTL};
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
        option if option == libc::PR_SET_SECCOMP as u32 => {
            call.task().process.has_filter.set(true);
            Ok(Action::Pass)
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

/// seccomp(2).
///
/// A filter of the guest's own may not tell a listener (SECCOMP_RET_USER_NOTIF): that outranks SECCOMP_RET_TRACE, and a
/// call continued by the listener would reach the kernel with the guest's own path. As before Linux 5.0, the flag is
/// unknown (EINVAL).
pub fn seccomp(call: &mut Call<'_>) -> Result<Action, Failure> {
    const SET_MODE_STRICT: u32 = libc::SECCOMP_SET_MODE_STRICT;
    const SET_MODE_FILTER: u32 = libc::SECCOMP_SET_MODE_FILTER;
    const GET_ACTION_AVAIL: u32 = libc::SECCOMP_GET_ACTION_AVAIL;
    const GET_NOTIF_SIZES: u32 = libc::SECCOMP_GET_NOTIF_SIZES;
    const NEW_LISTENER: u64 = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
    match call.args[0] as u32 {
        SET_MODE_FILTER if call.args[1] & NEW_LISTENER != 0 => Err(Errno::EINVAL.into()),
        SET_MODE_STRICT | SET_MODE_FILTER => {
            // Set although the call may fail: it only makes a rewrite keep the call's number.
            call.task().process.has_filter.set(true);
            Ok(Action::Pass)
        }
        GET_ACTION_AVAIL => {
            let mut action = [0; 4];
            call.mem.read(call.args[2], &mut action)?;
            let refused = u32::from_ne_bytes(action) == libc::SECCOMP_RET_USER_NOTIF;
            if refused { Err(Errno::EOPNOTSUPP.into()) } else { Ok(Action::Pass) }
        }
        GET_NOTIF_SIZES => Err(Errno::EINVAL.into()),
        _ => Ok(Action::Pass),
    }
}
