//! What `--trace` shows of the engine. Without it each of these is one comparison.
#![forbid(unsafe_code)]

use nix::unistd::Pid;

use super::{Ended, Engine, Runs};
use crate::arch::Regs;
use crate::exec::Plan;
use crate::sys::ptrace;
use crate::sys::signal::Sender;
use crate::syscall::Row;
use crate::syscall::table::row;
use crate::syscall::{trace, unsupported};

impl Engine<'_> {
    /// A call is about to be decided.
    pub(super) fn trace_call(&self, pid: Pid, row: &Row, regs: &Regs) {
        let Some(trace) = &self.world.trace else { return };
        let Ok(mem) = self.memory(pid) else { return };
        let args = std::array::from_fn(|index| regs.arg(index));
        trace.begin(pid, trace::call(row, &args, &mem));
    }

    /// A call without a row is refused.
    pub(super) fn trace_unknown(&self, pid: Pid, audit_arch: u32, nr: u64) {
        let Some(trace) = &self.world.trace else { return };
        trace.begin(pid, format!("{}(...)", unsupported::name(audit_arch, nr)));
        trace.decided(pid, "refuse (not supported)");
    }

    /// What becomes of the call that is being decided; its result is to come.
    pub(super) fn trace_decision(&self, pid: Pid, how: impl FnOnce() -> String) {
        if let Some(trace) = &self.world.trace {
            trace.decided(pid, how());
        }
    }

    /// The kernel runs the call as it is.
    pub(super) fn trace_passed(&self, pid: Pid) {
        if let Some(trace) = &self.world.trace {
            trace.passed(pid);
        }
    }

    /// The call has this result, if one is under way.
    pub(super) fn trace_result(&self, pid: Pid, value: i64) {
        if let Some(trace) = &self.world.trace {
            trace.returned(pid, value);
        }
    }

    /// The kernel is made to run what `plan` says.
    pub(super) fn trace_exec(&self, pid: Pid, plan: &Plan) {
        let Some(trace) = &self.world.trace else { return };
        let own = self.world.views.guest().locate(&plan.exe).host;
        trace.place(&plan.exe, &own);
        let runs = Runs::of(plan);
        let program = plan.program.as_bytes().escape_ascii();
        trace.decided(
            pid,
            match runs {
                Runs::Own => "exec own".into(),
                Runs::Native | Runs::Emulated => format!("exec {} by host:{program}", runs.word()),
            },
        );
    }

    /// The thread `before` has become `pid`.
    pub(super) fn trace_renamed(&self, before: Pid, pid: Pid) {
        if let (Some(trace), true) = (&self.world.trace, before != pid) {
            trace.renamed(before, pid);
        }
    }

    /// A signal is delivered, or is one that the process has had already.
    pub(super) fn trace_signal(&self, pid: Pid, signal: i32, delivered: bool) {
        let Some(trace) = &self.world.trace else { return };
        let sender = ptrace::signal_info(pid).ok().and_then(|info| Sender::of(&info));
        let from = sender.map_or(String::new(), |sender| format!(" from {}", sender.pid));
        let again = if delivered { "" } else { ", which it has had already" };
        trace.signalled(pid, format!("{}{from}{again}", trace::signal(signal)));
    }

    /// A signal has stopped the whole process.
    pub(super) fn trace_stop(&self, pid: Pid, signal: i32) {
        if let Some(trace) = &self.world.trace {
            trace.signalled(pid, format!("stopped by {}", trace::signal(signal)));
        }
    }

    /// Something that is no call has happened.
    pub(super) fn trace_event(&self, pid: Pid, what: impl FnOnce() -> String) {
        if let Some(trace) = &self.world.trace {
            trace.event(pid, what());
        }
    }

    /// A task is gone.
    pub(super) fn trace_gone(&self, pid: Pid, how: Ended) {
        let Some(trace) = &self.world.trace else { return };
        match how {
            Ended::Code(code) => trace.gone(pid, format!("exited with {code}")),
            Ended::Signal(number) => trace.gone(pid, format!("killed by {}", trace::signal(number))),
        }
    }
}

/// How a call is shown that is made in preparation of the guest's own.
pub(super) fn prepared(changed: &Regs) -> String {
    format!("first {}", row(changed.nr()).map_or("another call", |row| row.name))
}

/// How a changed call is shown.
pub(super) fn rewritten(own: &Row, changed: &Regs) -> String {
    match row(changed.nr()) {
        Some(other) if other.name != own.name => format!("rewrite to {}", other.name),
        _ => "rewrite".into(),
    }
}
