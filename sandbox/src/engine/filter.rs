//! Computes the seccomp filter of a session from the syscall table.
//!
//! The kernel caches per number that a call is always allowed, if the filter says so having read nothing but arch and
//! nr (`seccomp_is_const_allow` in kernel/seccomp.c). So these are compared first, and arguments only behind the
//! comparison with their own number: an untouched call costs the same whatever the filter's length.
//!
//! `seccompiler` compiles rules with one action, for one architecture, and kills all others. So each action has a
//! program of its own, without that prologue, and the last instruction of each, the verdict on a number that it does
//! not have, is cut off: the number falls through to the next program.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;

use seccompiler::SeccompCmpArgLen::{Dword, Qword};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, sock_filter,
};

use crate::arch;
use crate::syscall::TABLE;
use crate::syscall::seccomp::{MARK, MASK};
use crate::syscall::table::{Feature, Row, Verdict, When};

/// The filter of a session with these features.
///
/// Allowed calls run unseen; all others stop for the tracer, be they unknown or of another ABI (i386, x32). The calls
/// in `trap` stop as SIGSYS, which no outer filter hides, unless xroot makes them itself; the rest as
/// PTRACE_EVENT_SECCOMP.
///
/// # Panics
/// If `trap` has a name that the table lacks.
pub fn program(features: &[Feature], trap: &[&str]) -> BpfProgram {
    for name in trap {
        assert!(
            TABLE.iter().any(|row| row.name == *name),
            "only calls of the table can be trapped, not {name}"
        );
    }
    let mut allowed = Rules::new();
    let [mut trapped, mut traced] = [Stops::default(), Stops::default()];
    for row in TABLE {
        let Some(number) = row.host_number() else { continue };
        let stops = if trap.contains(&row.name) { &mut trapped } else { &mut traced };
        match stop(row, features) {
            Stop::Never => allowed.insert(number.into(), Vec::new()),
            Stop::Always => stops.always.insert(number.into(), Vec::new()),
            Stop::If(rules) => stops.sometimes.insert(number.into(), rules),
        };
    }

    let own = own_calls(trapped.always.keys().chain(trapped.sometimes.keys()).copied());
    link(own.into_iter().chain(parts(trapped, traced, allowed)).collect())
}

/// Stops those of the calls `numbers` for the tracer that are made where xroot makes its own, with any arguments, and knows
/// no others.
fn own_calls(numbers: impl Iterator<Item = i64>) -> Option<BpfProgram> {
    let numbers: Vec<_> = numbers.map(|number| number as u32).collect();
    let count = u8::try_from(numbers.len()).expect("a filter traps fewer calls than a jump is long");
    let check = [
        statement(LOAD, IP_LOW),
        statement(AND, MASK as u32),
        sock_filter { code: JUMP_IF_EQUAL, jt: 0, jf: 1, k: MARK as u32 },
        statement(RET, libc::SECCOMP_RET_TRACE),
        statement(LOAD, NR),
    ];
    let compare = (0..count).zip(numbers).map(|(index, k)| sock_filter {
        code: JUMP_IF_EQUAL,
        // Over what is left of these, and the jump behind them.
        jt: count - index,
        jf: 0,
        k,
    });
    let over = statement(JUMP, check.len() as u32);
    (count != 0).then(|| compare.chain([over]).chain(check).collect())
}

/// One program for each action, those of calls that stop with some arguments only first.
pub(crate) fn parts(trapped: Stops, traced: Stops, allowed: Rules) -> Vec<BpfProgram> {
    let stops = [(trapped, SeccompAction::Trap), (traced, SeccompAction::Trace(0))];
    let stopped = stops.into_iter().flat_map(|(stops, action)| {
        let sometimes = compile(stops.sometimes, action.clone(), SeccompAction::Allow);
        [sometimes, compile(stops.always, action, SeccompAction::Allow)]
    });
    stopped.chain([compile(allowed, SeccompAction::Allow, SeccompAction::Trace(0))]).collect()
}

/// A filter that decides as the first of `parts` that knows the number; what none knows stops for the tracer.
pub(crate) fn link(parts: Vec<BpfProgram>) -> BpfProgram {
    let mut program = prologue();
    program.extend(parts.into_iter().flatten());
    program.push(statement(RET, libc::SECCOMP_RET_TRACE));
    program
}

/// Rules by number, in the form that `seccompiler` takes; none means any arguments.
pub(crate) type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// The calls that stop with one action.
#[derive(Default)]
pub(crate) struct Stops {
    /// With any arguments.
    pub always: Rules,
    /// With arguments that one of the rules describes; allowed with others.
    pub sometimes: Rules,
}

/// When a call stops in one session.
enum Stop {
    Never,
    Always,
    If(Vec<SeccompRule>),
}

fn stop(row: &Row, features: &[Feature]) -> Stop {
    let conditions = match row.verdict {
        Verdict::Allow => return Stop::Never,
        Verdict::Refuse(_) => return Stop::Always,
        Verdict::Handle(conditions, _) => conditions,
    };
    let mut rules = Vec::new();
    for when in conditions {
        match *when {
            When::Always => return Stop::Always,
            When::Feature(feature) if features.contains(&feature) => return Stop::Always,
            When::Feature(_) => {}
            When::FeatureArgIs(feature, ..) if !features.contains(&feature) => {}
            When::ArgIs(arg, values) | When::FeatureArgIs(_, arg, values) => {
                rules.extend(values.iter().map(|&value| rule([equal(arg, value)])));
            }
            When::ArgIsNot(arg, values) => {
                rules.push(rule(values.iter().map(|&value| differs(arg, Dword, value))));
            }
            When::ArgHas(arg, mask) => {
                let bits = (0..u32::BITS).map(|bit| mask & 1 << bit).filter(|&bit| bit != 0);
                rules.extend(bits.map(|bit| rule([has(arg, bit)])));
            }
            // In all 64 bits: the low half of a valid address may be zero.
            When::NotNull(arg) => rules.push(rule([differs(arg, Qword, 0)])),
        }
    }
    if rules.is_empty() { Stop::Never } else { Stop::If(rules) }
}

/// A rule that holds where all `conditions` do.
fn rule(conditions: impl IntoIterator<Item = SeccompCondition>) -> SeccompRule {
    SeccompRule::new(conditions.into_iter().collect()).expect("every condition of the table names a value")
}

fn equal(arg: u8, value: u32) -> SeccompCondition {
    condition(arg, Dword, SeccompCmpOp::Eq, value)
}

fn differs(arg: u8, length: SeccompCmpArgLen, value: u32) -> SeccompCondition {
    condition(arg, length, SeccompCmpOp::Ne, value)
}

fn has(arg: u8, bit: u32) -> SeccompCondition {
    condition(arg, Dword, SeccompCmpOp::MaskedEq(bit.into()), bit)
}

fn condition(arg: u8, length: SeccompCmpArgLen, operator: SeccompCmpOp, value: u32) -> SeccompCondition {
    SeccompCondition::new(arg, length, operator, value.into()).expect("the table's arguments are 0 to 5")
}

/// The instructions that end with `matched` where a rule holds, with `otherwise` where a number has rules of which
/// none holds, and run off the end where the number has none.
fn compile(rules: Rules, matched: SeccompAction, otherwise: SeccompAction) -> BpfProgram {
    // The architecture matters to the prologue only, which is cut off: load arch, compare, kill.
    const PROLOGUE: usize = 3;
    let filter = SeccompFilter::new(rules, otherwise, matched, TargetArch::x86_64);
    let mut program: BpfProgram =
        filter.and_then(BpfProgram::try_from).expect("the table makes filters that are short enough");
    program.pop();
    program.split_off(PROLOGUE)
}

const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
const JUMP_IF_EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
const JUMP_IF_AT_LEAST: u16 = (libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K) as u16;
const JUMP: u16 = (libc::BPF_JMP | libc::BPF_JA) as u16;
const AND: u16 = (libc::BPF_ALU | libc::BPF_AND | libc::BPF_K) as u16;
const RET: u16 = (libc::BPF_RET | libc::BPF_K) as u16;

/// Where `struct seccomp_data` has the number, the architecture and the low half of the address.
const NR: u32 = 0;
const ARCH: u32 = 4;
const IP_LOW: u32 = 8;

/// Numbers from here on are x32's on x86-64, and nobody's on AArch64.
const FIRST_FOREIGN: u32 = 0x4000_0000;

/// Stops calls of other ABIs, and leaves the number loaded.
///
/// Those of another architecture (`int 0x80`) as SIGSYS, which names the architecture: at the other stop the tracer would
/// have to ask for it each time, and a request costs more than all else that it does there.
fn prologue() -> BpfProgram {
    let trace = statement(RET, libc::SECCOMP_RET_TRACE);
    vec![
        statement(LOAD, ARCH),
        sock_filter { code: JUMP_IF_EQUAL, jt: 1, jf: 0, k: arch::AUDIT_ARCH },
        statement(RET, libc::SECCOMP_RET_TRAP),
        statement(LOAD, NR),
        sock_filter { code: JUMP_IF_AT_LEAST, jt: 0, jf: 1, k: FIRST_FOREIGN },
        trace,
    ]
}

fn statement(code: u16, k: u32) -> sock_filter {
    sock_filter { code, jt: 0, jf: 0, k }
}
