//! Filters linked of several programs, against those programs one by one; and what the interpreter makes of any program.
#![forbid(unsafe_code)]

use seccompiler::SeccompCmpArgLen::{Dword, Qword};
use seccompiler::{SeccompCmpOp, SeccompCondition, SeccompRule, sock_filter};

use super::bytes::Bytes;
use crate::arch;
use crate::engine::bpf::{self, Data};
use crate::engine::filter::{Rules, Stops, link, parts};

/// A verdict that no part gives, so that a part which runs off its end can be told.
const FELL_THROUGH: u32 = 0x7ffe_1234;

/// As in include/uapi/linux/bpf_common.h.
const RET: u16 = 0x06;

/// The input is rules and calls, and then a program as the kernel takes it.
pub fn filter(data: &[u8]) {
    let mut bytes = Bytes(data);
    let trapped = Stops { sometimes: rules(&mut bytes, true), always: rules(&mut bytes, false) };
    let traced = Stops { sometimes: rules(&mut bytes, true), always: rules(&mut bytes, false) };
    let parts = parts(trapped, traced, rules(&mut bytes, false));
    let linked = link(parts.clone());
    check_valid(&linked);
    for _ in 0..4 {
        let call = call(&mut bytes);
        let apart = parts.iter().map(|part| {
            let ended: Vec<_> = part.iter().cloned().chain([statement(FELL_THROUGH)]).collect();
            // Each part finds the number loaded, as the prologue leaves it.
            bpf::run(&[vec![load_number()], ended].concat(), &call)
        });
        let first = apart.into_iter().find(|&verdict| verdict != FELL_THROUGH);
        let expected = match call {
            Data { arch, .. } if arch != arch::AUDIT_ARCH => libc::SECCOMP_RET_TRAP,
            Data { nr: 0x4000_0000.., .. } => libc::SECCOMP_RET_TRACE,
            _ => first.unwrap_or(libc::SECCOMP_RET_TRACE),
        };
        assert_eq!(bpf::run(&linked, &call), expected, "{call:?}");
    }

    let call = call(&mut bytes);
    let mut program = Vec::new();
    while !bytes.is_empty() && program.len() < 64 {
        let (code, jt, jf, k) = (bytes.byte(), bytes.byte() % 8, bytes.byte() % 8, bytes.word() as u32);
        program.push(sock_filter { code: code.into(), jt, jf, k });
    }
    // Whatever it is, it ends.
    bpf::run(&program, &call);
    // A verdict at the end is reached, or another one is: no instruction leads behind it but by its own jump.
    program.push(statement(libc::SECCOMP_RET_ALLOW));
    bpf::run(&program, &call);
}

/// Of few numbers, so that parts meet.
fn number(bytes: &mut Bytes<'_>) -> u32 {
    u32::from(bytes.byte() % 16)
}

fn rules(bytes: &mut Bytes<'_>, conditional: bool) -> Rules {
    let mut rules = Rules::new();
    for _ in 0..bytes.byte() % 8 {
        let of_number = rules.entry(number(bytes).into()).or_default();
        if conditional {
            let conditions: Vec<_> = (0..=bytes.byte() % 3).map(|_| condition(bytes)).collect();
            of_number.push(SeccompRule::new(conditions).expect("there is a condition"));
        }
    }
    rules
}

fn condition(bytes: &mut Bytes<'_>) -> SeccompCondition {
    let value = value(bytes);
    let operator = match bytes.byte() % 7 {
        0 => SeccompCmpOp::Eq,
        1 => SeccompCmpOp::Ne,
        2 => SeccompCmpOp::Ge,
        3 => SeccompCmpOp::Gt,
        4 => SeccompCmpOp::Le,
        5 => SeccompCmpOp::Lt,
        _ => SeccompCmpOp::MaskedEq(value),
    };
    let length = if bytes.byte() % 2 == 0 { Dword } else { Qword };
    SeccompCondition::new(bytes.byte() % 6, length, operator, value).expect("there are six arguments")
}

/// Small, or with something in the high half.
fn value(bytes: &mut Bytes<'_>) -> u64 {
    let low = u64::from(bytes.byte() % 4);
    if bytes.byte() % 4 == 0 { low | 1 << 32 } else { low }
}

fn call(bytes: &mut Bytes<'_>) -> Data {
    let arch = if bytes.byte() % 8 == 7 { 0x4000_0003 } else { arch::AUDIT_ARCH };
    let nr = if bytes.byte() % 8 == 7 { 0x4000_0000 | number(bytes) } else { number(bytes) };
    Data { nr, arch, instruction_pointer: bytes.word(), args: std::array::from_fn(|_| value(bytes)) }
}

fn statement(verdict: u32) -> sock_filter {
    sock_filter { code: RET, jt: 0, jf: 0, k: verdict }
}

fn load_number() -> sock_filter {
    sock_filter { code: 0x20, jt: 0, jf: 0, k: 0 }
}

/// What the kernel asks of every program: no jump behind the end, and a verdict there.
fn check_valid(program: &[sock_filter]) {
    assert!(program.len() <= libc::BPF_MAXINSNS as usize);
    for (at, instruction) in program.iter().enumerate() {
        let furthest = match instruction.code & 0x07 {
            // BPF_JMP: by BPF_JA, or by either of two.
            0x05 if instruction.code & 0xf0 == 0 => instruction.k as usize,
            0x05 => usize::from(instruction.jt.max(instruction.jf)),
            _ => 0,
        };
        assert!(at + 1 + furthest < program.len() || instruction.code == RET, "{at}: {instruction:?}");
    }
    assert_eq!(program.last().map(|last| last.code), Some(RET));
}
