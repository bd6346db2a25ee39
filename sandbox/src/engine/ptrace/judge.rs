//! What the guest's own seccomp filters say of a call that has stopped.
//!
//! The kernel has asked them already, and they forbid nothing that stops: but for SECCOMP_RET_TRACE, which asks a tracer
//! of the guest's own, and is ENOSYS without one, and for calls that the guest makes from where xroot makes its own
//! ([`crate::syscall::seccomp`]).
//!
//! Source: seccomp(2), `seccomp_run_filters` and `__seccomp_filter` of kernel/seccomp.c.
#![forbid(unsafe_code)]

use nix::unistd::Pid;

use super::{Engine, Phase};
use crate::arch::{self, Regs};
use crate::engine::bpf::{self, Data};
use crate::error::{Errno, Failure};
use crate::sys::{process, ptrace};
use crate::task::Seccomp;

impl Engine<'_> {
    /// True if the thread's own filters forbid the call, or leave it to the guest's tracer: the guest has its answer
    /// then, or will get it. `agreed` is that tracer's consent to the call, which may be another one by now.
    pub(super) fn is_forbidden(&mut self, pid: Pid, regs: &Regs, agreed: bool) -> Result<bool, Failure> {
        let said = self.judge(pid, regs)?;
        match said & libc::SECCOMP_RET_ACTION_FULL {
            libc::SECCOMP_RET_ALLOW | libc::SECCOMP_RET_LOG => return Ok(false),
            libc::SECCOMP_RET_ERRNO => self.answer(pid, *regs, -errno_of(said))?,
            libc::SECCOMP_RET_TRACE if agreed => return Ok(false),
            libc::SECCOMP_RET_TRACE if self.show_filtered(pid, said as u16)? => {}
            // No tracer, and no listener.
            libc::SECCOMP_RET_TRACE | libc::SECCOMP_RET_USER_NOTIF => {
                self.answer(pid, *regs, -(Errno::ENOSYS as i64))?;
            }
            // SIGSYS, or the end. One byte on there is no mark, and the kernel does what the filter says.
            _ => {
                let mut changed = *regs;
                changed.set_ip(regs.ip().wrapping_add(1));
                if self.judge(pid, &changed)? != said {
                    // It looks at the address itself, and would let through what nobody has resolved.
                    process::send(pid, libc::SIGKILL)?;
                    return Ok(true);
                }
                ptrace::set_regs(pid, &changed)?;
                self.phases.insert(pid, Phase::Forbidden(Box::new(*regs)));
                self.resume(pid, 0)?;
            }
        }
        Ok(true)
    }

    /// What the thread's own filters return for the call of `regs`.
    pub(super) fn judge(&self, pid: Pid, regs: &Regs) -> Result<u32, Failure> {
        let call = Data {
            nr: regs.nr() as u32,
            arch: arch::AUDIT_ARCH,
            instruction_pointer: regs.ip(),
            args: std::array::from_fn(|index| regs.arg(index)),
        };
        Ok(verdict(&self.task(pid)?.seccomp, &call))
    }

    /// A signal is about to be delivered: if the kernel has just forbidden a call, it tells the call's own place.
    pub(super) fn leave_forbidden(&mut self, pid: Pid, signal: i32) -> Result<(), Failure> {
        let Some(Phase::Forbidden(own)) = self.phases.get(&pid) else { return Ok(()) };
        let own = **own;
        self.phases.remove(&pid);
        let mut regs = ptrace::regs(pid)?;
        regs.set_ip(own.ip());
        ptrace::set_regs(pid, &regs)?;
        if signal == libc::SIGSYS {
            ptrace::set_call_address(pid, own.ip())?;
        }
        Ok(())
    }
}

/// The errno of a SECCOMP_RET_ERRNO.
pub(super) fn errno_of(verdict: u32) -> i64 {
    /// MAX_ERRNO of include/linux/err.h.
    const MAX_ERRNO: u32 = 4095;
    (verdict & libc::SECCOMP_RET_DATA).min(MAX_ERRNO).into()
}

/// What all filters together return: the action that comes first in the order of seccomp(2), of equal ones the newest's.
fn verdict(seccomp: &Seccomp, call: &Data) -> u32 {
    let action = |ret: u32| (ret & libc::SECCOMP_RET_ACTION_FULL) as i32;
    seccomp
        .own()
        .map(|filter| bpf::run(&filter.program, call))
        .fold(libc::SECCOMP_RET_ALLOW, |least, ret| if action(ret) < action(least) { ret } else { least })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_restrictive_action_wins_and_of_equal_ones_the_newest() {
        let call = Data { nr: 0, arch: 0, instruction_pointer: 0, args: [0; 6] };
        let with = |returns: &[u32]| {
            let mut seccomp = Seccomp::default();
            for &k in returns {
                seccomp.push(vec![seccompiler::sock_filter { code: 6, jt: 0, jf: 0, k }]);
            }
            verdict(&seccomp, &call)
        };
        let (errno, trap, kill) =
            (libc::SECCOMP_RET_ERRNO, libc::SECCOMP_RET_TRAP, libc::SECCOMP_RET_KILL_PROCESS);
        for (returns, expected) in [
            (&[][..], libc::SECCOMP_RET_ALLOW),
            (&[libc::SECCOMP_RET_ALLOW, errno | 1], errno | 1),
            (&[errno | 1, errno | 2], errno | 2),
            (&[errno | 2, errno | 1, libc::SECCOMP_RET_LOG], errno | 1),
            (&[trap | 7, errno, libc::SECCOMP_RET_TRACE], trap | 7),
            (&[kill, trap, libc::SECCOMP_RET_KILL_THREAD], kill),
        ] {
            assert_eq!(with(returns), expected, "{returns:x?}");
        }
    }
}
