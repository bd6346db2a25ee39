//! Process settings that would blind or leave the tracer.
//!
//! Source: prctl(2), PR_SET_DUMPABLE(2const), PR_SET_MM(2const), seccomp(2).
#![forbid(unsafe_code)]

use super::call::{Action, Call, Rewrite};
use super::caps;
use super::table::{Feature, STUB_PRCTL, number};
use crate::arch;
use crate::error::{Errno, Failure};
use crate::sys::probe;
use crate::task::SAVED_SIZE;

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
            if call.args[1] == libc::SECCOMP_MODE_STRICT.into() {
                return Ok(set_strict(call, [libc::PR_SET_SECCOMP as u64, libc::SECCOMP_MODE_FILTER.into()]));
            }
            Ok(Action::Pass)
        }
        option if option == libc::PR_SCHED_CORE as u32 => {
            call.check_pid(call.int(2))?;
            Ok(Action::Pass)
        }
        STUB_PRCTL if call.args[1] == probe::INSIDE => Ok(Action::Answer(0)),
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

/// Strict mode: "the only system calls that the calling thread is permitted to make are read(2), write(2), _exit(2) and
/// sigreturn(2). Other system calls result in the termination" by SIGKILL.
///
/// A process with a filter, as every tracee is, cannot enter it. So it gets a filter more, by which the tracer sees the
/// first other call. `args` are the arguments that install a filter, in front of the filter.
fn set_strict(call: &mut Call<'_>, args: [u64; 2]) -> Action {
    if call.world.probes.filtered {
        // Natively it would have a filter as well, and be refused.
        return Action::Pass;
    }
    let slot = call.task().slot.as_ref().expect("a slot is taken before a handler runs").address;
    let program = strict_filter();
    let mut rewrite = Rewrite::default();
    args.into_iter().enumerate().for_each(|(index, value)| rewrite.set(index, value));
    // `struct sock_fprog`: the number of instructions, and where they are.
    let header = [program.len() as u64 / 8, slot + SAVED_SIZE + 16];
    let header: Vec<u8> = header.into_iter().flat_map(u64::to_ne_bytes).collect();
    rewrite.stage(2, &[header, program].concat());
    rewrite.exit = Some(Box::new(|call, ret| {
        call.task().process.is_strict.set(ret == 0);
        Ok(ret)
    }));
    Action::Rewrite(rewrite)
}

/// Classic BPF over `struct seccomp_data`: the four calls are allowed, others traced.
fn strict_filter() -> Vec<u8> {
    let instruction = |code: u32, jt: u8, jf: u8, k: u32| libc::sock_filter { code: code as u16, jt, jf, k };
    let load = |offset| instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, offset);
    let jump = |value, jt, jf| instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, jt, jf, value);
    let end = |action| instruction(libc::BPF_RET | libc::BPF_K, 0, 0, action);
    let allowed = ["read", "write", "exit", "rt_sigreturn"].map(|name| number(name) as u32);
    let mut program = vec![load(4), jump(arch::AUDIT_ARCH, 0, allowed.len() as u8 + 1), load(0)];
    for (index, nr) in allowed.into_iter().enumerate() {
        program.push(jump(nr, (allowed.len() - index) as u8, 0));
    }
    program.extend([end(libc::SECCOMP_RET_TRACE), end(libc::SECCOMP_RET_ALLOW)]);
    let bytes = |one: libc::sock_filter| {
        let [code, k] = [one.code.to_ne_bytes().to_vec(), one.k.to_ne_bytes().to_vec()];
        [code, vec![one.jt, one.jf], k].concat()
    };
    program.into_iter().flat_map(bytes).collect()
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
        SET_MODE_STRICT if call.args[1] as u32 == 0 && call.args[2] == 0 => {
            Ok(set_strict(call, [SET_MODE_FILTER.into(), 0]))
        }
        SET_MODE_FILTER => {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::mem::FakeMemory;
    use crate::syscall::testing::{Fixture, answer, refused};

    /// What the filter says to a call.
    fn verdict(program: &[u8], arch: u32, nr: u32) -> u32 {
        let (mut at, mut loaded) = (0, 0);
        loop {
            let one: [u8; 8] = program[at * 8..][..8].try_into().unwrap();
            let k = u32::from_ne_bytes(one[4..].try_into().unwrap());
            at += 1;
            match u32::from(u16::from_ne_bytes([one[0], one[1]])) & 7 {
                libc::BPF_LD => loaded = if k == 4 { arch } else { nr },
                libc::BPF_JMP => at += usize::from(if loaded == k { one[2] } else { one[3] }),
                _ => return k,
            }
        }
    }

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
            ([u64::from(STUB_PRCTL), probe::INSIDE], Ok(0)),
        ] {
            assert_eq!(answer(fixture.call("prctl", &memory, args), prctl), expected, "{args:?}");
        }
    }

    #[test]
    fn a_filter_has_no_listener_and_is_remembered() {
        let mut fixture = Fixture::new("/");
        let memory = FakeMemory::new(&libc::SECCOMP_RET_USER_NOTIF.to_ne_bytes());
        let base = FakeMemory::BASE;
        let listener = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
        for (args, expected) in [
            ([1, listener, base], Some(Errno::EINVAL)),
            ([2, 0, base], Some(Errno::EOPNOTSUPP)),
            ([3, 0, base], Some(Errno::EINVAL)),
        ] {
            assert_eq!(refused(fixture.call("seccomp", &memory, args), seccomp), expected, "{args:?}");
        }
        let has_filter = |fixture: &Fixture| fixture.tasks.iter().all(|task| task.process.has_filter.get());
        assert!(!has_filter(&fixture));
        assert_eq!(refused(fixture.call("seccomp", &memory, [1, 0, base]), seccomp), None);
        assert!(has_filter(&fixture));
    }

    #[test]
    fn strict_mode_leaves_four_calls() {
        let program = strict_filter();
        for name in ["read", "write", "exit", "rt_sigreturn"] {
            let nr = number(name) as u32;
            assert_eq!(verdict(&program, arch::AUDIT_ARCH, nr), libc::SECCOMP_RET_ALLOW, "{name}");
            assert_eq!(verdict(&program, arch::AUDIT_ARCH ^ 1, nr), libc::SECCOMP_RET_TRACE, "{name}");
        }
        for name in ["openat", "exit_group", "getpid", "readv"] {
            let nr = number(name) as u32;
            assert_eq!(verdict(&program, arch::AUDIT_ARCH, nr), libc::SECCOMP_RET_TRACE, "{name}");
        }
    }
}
