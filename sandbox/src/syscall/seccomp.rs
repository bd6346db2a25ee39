//! The guest's own seccomp filters.
//!
//! The kernel runs them, so that calls which xroot does not stop keep their speed and their exact answers. The guest's
//! filter outranks xroot's (ERRNO, TRAP and KILL come before TRACE), so what it forbids never reaches the tracer. What
//! xroot does on the guest's behalf must pass: see `marked`. And what the tracer answers itself, it judges by the
//! filters as the guest wrote them, which are kept with each thread.
//!
//! Source: seccomp(2), PR_SET_SECCOMP(2const), kernel/seccomp.c.
#![forbid(unsafe_code)]

mod marked;

use seccompiler::sock_filter;

use super::call::{Action, Call, Rewrite};
use super::fakeroot::CAP_SYS_ADMIN;
use super::table::number;
use crate::arch;
use crate::error::{Errno, Failure};
use crate::task::Seccomp;
pub use marked::{MARK, MASK};

/// As BPF_MAXINSNS of include/uapi/linux/bpf_common.h.
const MAX_LENGTH: usize = 4096;

/// Bytes of `struct sock_fprog`: the number of instructions, and where they are.
const HEADER_SIZE: usize = 16;

/// Bytes of `struct sock_filter`.
const STEP_SIZE: usize = 8;

const TSYNC: u64 = libc::SECCOMP_FILTER_FLAG_TSYNC;
const NEW_LISTENER: u64 = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
/// Those and LOG, SPEC_ALLOW, TSYNC_ESRCH: all flags of Linux 6.18 that may be given without a listener.
const FLAGS: u64 = 0x1f;

/// seccomp(2).
///
/// A filter of the guest's own may not tell a listener (SECCOMP_RET_USER_NOTIF): that outranks SECCOMP_RET_TRACE, and a
/// call continued by the listener would reach the kernel with the guest's own path. As before Linux 5.0, the flag is
/// unknown (EINVAL).
pub fn seccomp(call: &mut Call<'_>) -> Result<Action, Failure> {
    let flags = call.args[1] as u32;
    match call.args[0] as u32 {
        libc::SECCOMP_SET_MODE_STRICT if flags == 0 && call.args[2] == 0 => {
            Ok(set_strict(call, [libc::SECCOMP_SET_MODE_FILTER.into(), 0]))
        }
        libc::SECCOMP_SET_MODE_FILTER => install(call, flags.into()),
        libc::SECCOMP_GET_ACTION_AVAIL if flags == 0 => {
            let mut action = [0; 4];
            call.mem.read(call.args[2], &mut action)?;
            let refused = u32::from_ne_bytes(action) == libc::SECCOMP_RET_USER_NOTIF;
            if refused { Err(Errno::EOPNOTSUPP.into()) } else { Ok(Action::Pass) }
        }
        libc::SECCOMP_GET_NOTIF_SIZES => Err(Errno::EINVAL.into()),
        _ => Ok(Action::Pass),
    }
}

/// PR_SET_SECCOMP(2const): the same without flags.
pub fn prctl(call: &mut Call<'_>) -> Result<Action, Failure> {
    if call.args[1] == libc::SECCOMP_MODE_STRICT.into() {
        return Ok(set_strict(call, [libc::PR_SET_SECCOMP as u64, libc::SECCOMP_MODE_FILTER.into()]));
    }
    if call.args[1] == libc::SECCOMP_MODE_FILTER.into() { install(call, 0) } else { Ok(Action::Pass) }
}

/// Installs the filter that the third argument points to, such that xroot's own calls pass it.
///
/// The kernel finds most faults itself, in its own order, in the call as the guest made it.
fn install(call: &mut Call<'_>, flags: u64) -> Result<Action, Failure> {
    if flags & NEW_LISTENER != 0 {
        return Err(Errno::EINVAL.into());
    }
    let Some(program) = read(call, call.args[2]) else { return Ok(Action::Pass) };
    if flags & !FLAGS != 0 {
        return Ok(Action::Pass);
    }
    // "The caller did not have the CAP_SYS_ADMIN capability in its user namespace, or had not set no_new_privs."
    if !call.task().seccomp.no_new_privs && !call.pretends_capability(CAP_SYS_ADMIN) {
        return Err(Errno::EACCES.into());
    }
    let Ok(program) = program else { return Ok(Action::Pass) };
    // The kernel's answer where all filters of a thread are too long together.
    let marked = marked::marked(&program).ok_or(Errno::ENOMEM)?;
    let mut rewrite = stage(&marked);
    rewrite.exit = Some(Box::new(move |call, ret| {
        if ret == 0 {
            let caller = call.tasks.get_mut(call.tid).ok_or(Failure::Gone)?;
            caller.seccomp.push(program);
            if flags & TSYNC != 0 {
                synchronize(call)?;
            }
        }
        Ok(ret)
    }));
    Ok(Action::Rewrite(rewrite))
}

/// SECCOMP_FILTER_FLAG_TSYNC: every thread of the process gets the caller's filters, and no_new_privs if it has that.
fn synchronize(call: &mut Call<'_>) -> Result<(), Failure> {
    let caller = call.tasks.get(call.tid).ok_or(Failure::Gone)?;
    let (process, own) = (caller.process.pid, caller.seccomp.clone());
    let threads: Vec<_> =
        call.tasks.iter().filter(|task| task.process.pid == process).map(|task| task.tid).collect();
    for tid in threads {
        if let Some(task) = call.tasks.get_mut(tid) {
            let no_new_privs = task.seccomp.no_new_privs | own.no_new_privs;
            task.seccomp = Seccomp { no_new_privs, ..own.clone() };
        }
    }
    Ok(())
}

/// The filter at `address`: `None` if the kernel does not read so far as to look at a privilege, an error if there are no
/// such instructions.
fn read(call: &Call<'_>, address: u64) -> Option<Result<Vec<sock_filter>, Errno>> {
    let mut header = [0; HEADER_SIZE];
    call.mem.read(address, &mut header).ok()?;
    let len = usize::from(u16::from_ne_bytes([header[0], header[1]]));
    if !(1..=MAX_LENGTH).contains(&len) {
        return None;
    }
    let at = u64::from_ne_bytes(header[8..].try_into().expect("eight bytes"));
    let mut bytes = vec![0; len * STEP_SIZE];
    Some(call.mem.read(at, &mut bytes).map(|()| bytes.chunks_exact(STEP_SIZE).map(step).collect()))
}

fn step(bytes: &[u8]) -> sock_filter {
    sock_filter {
        code: u16::from_ne_bytes([bytes[0], bytes[1]]),
        jt: bytes[2],
        jf: bytes[3],
        k: u32::from_ne_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]),
    }
}

/// Makes the third argument a `struct sock_fprog` of `program`.
fn stage(program: &[sock_filter]) -> Rewrite {
    let mut bytes = (program.len() as u64).to_ne_bytes().to_vec();
    bytes.extend([0; 8]);
    for one in program {
        bytes.extend(one.code.to_ne_bytes());
        bytes.extend([one.jt, one.jf]);
        bytes.extend(one.k.to_ne_bytes());
    }
    let mut rewrite = Rewrite { may_be_large: true, ..Rewrite::default() };
    rewrite.stage(2, &bytes);
    rewrite.addresses.push((8, HEADER_SIZE));
    rewrite
}

/// Strict mode: "the only system calls that the calling thread is permitted to make are read(2), write(2), _exit(2) and
/// sigreturn(2). Other system calls result in the termination" by SIGKILL.
///
/// A process with a filter, as every tracee is, cannot enter it. So it gets a filter more, by which the tracer sees the
/// first other call. `args` are the arguments that install a filter, in front of the filter.
fn set_strict(call: &mut Call<'_>, args: [u64; 2]) -> Action {
    if call.world.probes.filtered || call.task().seccomp.mode() != libc::SECCOMP_MODE_DISABLED {
        // EINVAL, as the kernel answers by itself: also where there is an outer filter.
        return Action::Pass;
    }
    let mut rewrite = stage(&strict_filter());
    args.into_iter().enumerate().for_each(|(index, value)| rewrite.set(index, value));
    rewrite.exit = Some(Box::new(|call, ret| {
        call.tasks.get_mut(call.tid).ok_or(Failure::Gone)?.seccomp.strict = ret == 0;
        Ok(ret)
    }));
    Action::Rewrite(rewrite)
}

/// Classic BPF over `struct seccomp_data`: the four calls are allowed, others traced.
fn strict_filter() -> Vec<sock_filter> {
    let instruction = |code: u32, jt: u8, jf: u8, k: u32| sock_filter { code: code as u16, jt, jf, k };
    let load = |offset| instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, offset);
    let jump = |value, jt, jf| instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, jt, jf, value);
    let end = |action| instruction(libc::BPF_RET | libc::BPF_K, 0, 0, action);
    let allowed = ["read", "write", "exit", "rt_sigreturn"].map(|name| number(name) as u32);
    let mut program = vec![load(4), jump(arch::AUDIT_ARCH, 0, allowed.len() as u8 + 1), load(0)];
    for (index, nr) in allowed.into_iter().enumerate() {
        program.push(jump(nr, (allowed.len() - index) as u8, 0));
    }
    program.extend([end(libc::SECCOMP_RET_TRACE), end(libc::SECCOMP_RET_ALLOW)]);
    program
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::mem::FakeMemory;
    use crate::syscall::testing::{Fixture, refused};

    /// What the filter says to a call.
    fn verdict(program: &[sock_filter], arch: u32, nr: u32) -> u32 {
        let (mut at, mut loaded) = (0, 0);
        loop {
            let one = &program[at];
            at += 1;
            match u32::from(one.code) & 7 {
                libc::BPF_LD => loaded = if one.k == 4 { arch } else { nr },
                libc::BPF_JMP => at += usize::from(if loaded == one.k { one.jt } else { one.jf }),
                _ => return one.k,
            }
        }
    }

    #[test]
    fn a_filter_has_no_listener() {
        let mut fixture = Fixture::new("/");
        let memory = FakeMemory::new(&libc::SECCOMP_RET_USER_NOTIF.to_ne_bytes());
        let base = FakeMemory::BASE;
        for (args, expected) in [
            ([1, NEW_LISTENER, base], Some(Errno::EINVAL)),
            ([2, 0, base], Some(Errno::EOPNOTSUPP)),
            ([3, 0, base], Some(Errno::EINVAL)),
        ] {
            assert_eq!(refused(fixture.call("seccomp", &memory, args), seccomp), expected, "{args:?}");
        }
    }

    #[test]
    fn a_filter_needs_no_new_privs_or_a_pretended_root() {
        let filter = [1_u64, FakeMemory::BASE + 16, 6].map(u64::to_ne_bytes).concat();
        let memory = FakeMemory::new(&filter);
        let args = [1, 0, FakeMemory::BASE];
        let mut fixture = Fixture::new("/");
        assert_eq!(refused(fixture.call("seccomp", &memory, args), seccomp), Some(Errno::EACCES));
        let own = nix::unistd::Pid::this();
        fixture.tasks.get_mut(own).unwrap().seccomp.no_new_privs = true;
        assert_eq!(refused(fixture.call("seccomp", &memory, args), seccomp), None);
        let mut root = Fixture::with_ids(0, 0);
        assert_eq!(refused(root.call("seccomp", &memory, args), seccomp), None);
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
