//! Lets what xroot does on the guest's behalf pass a filter of the guest's own.
//!
//! A rewritten or injected call, and each call of the loader, enters the kernel at an instruction of the stub whose
//! offset in its page is known: the [`MARK`]. In front of the guest's filter such a call is made TRACE. That stops it
//! for the tracer if it comes from there by itself, so that no guest gets past its filter by a jump into the stub; and
//! where the tracer has already seen it, the kernel runs the filters again on what became of the call and takes TRACE
//! for consent (`__seccomp_filter` with `recheck_after_trace`).
//!
//! The mark is looked for behind a comparison with the numbers that xroot may make: of all others the kernel may go on
//! caching that they are always allowed (`seccomp_is_const_allow`).
#![forbid(unsafe_code)]

use std::collections::BTreeSet;

use seccompiler::sock_filter;

use super::MAX_LENGTH;
use crate::exec::loader::TRAMPOLINE_RETURN;
use crate::syscall::table::{TABLE, Verdict, number};

/// The page offsets behind the syscall instructions of the stub's trampoline and of its loader: both have these bits,
/// and differ in none that [`MASK`] has.
pub const MARK: u64 = TRAMPOLINE_RETURN;
pub const MASK: u64 = 0xf7f;

/// What the loader calls: `sandbox/stub/kernel.rs`.
const LOADERS: [&str; 12] = [
    "close",
    "getrandom",
    "lseek",
    "mmap",
    "mprotect",
    "munmap",
    "openat",
    "personality",
    "prctl",
    "pread64",
    "prlimit64",
    "rt_sigaction",
];

// Offsets in `struct seccomp_data`; both hosts are little-endian.
const NR: u32 = 0;
const IP_LOW: u32 = 8;

const LOAD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
const LOAD_NUMBER: u32 = libc::BPF_LD | libc::BPF_IMM;
const AND: u32 = libc::BPF_ALU | libc::BPF_AND | libc::BPF_K;
const IF_EQUAL: u32 = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
const IF_AT_LEAST: u32 = libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K;
const JUMP: u32 = libc::BPF_JMP | libc::BPF_JA;
const RETURN: u32 = libc::BPF_RET | libc::BPF_K;

/// `program` with the mark in front; `None` if it is longer than the kernel takes then.
pub fn marked(program: &[sock_filter]) -> Option<Vec<sock_filter>> {
    let clears = program.first().is_some_and(|first| u32::from(first.code) != LOAD);
    let tail = |front: Vec<sock_filter>| {
        // A filter begins with 0 in the accumulator.
        let clear = clears.then(|| step(LOAD_NUMBER, 0, 0, 0));
        let whole: Vec<_> = front.into_iter().chain(clear).chain(program.iter().cloned()).collect();
        (whole.len() <= MAX_LENGTH).then_some(whole)
    };
    tail([by_number(), check()].concat()).or_else(|| tail(check()))
}

/// Goes on behind [`check`] for numbers that xroot never makes.
fn by_number() -> Vec<sock_filter> {
    let ranges = ranges();
    let mut program = vec![step(LOAD, 0, 0, NR)];
    for (index, &(first, last)) in ranges.iter().enumerate() {
        // Instructions left: two for each further range, and the jump over the check.
        let behind = (2 * (ranges.len() - index - 1)) as u8;
        program.push(step(IF_AT_LEAST, 1, 0, last + 1));
        // In the range, to the check; before it, to the jump.
        program.push(step(IF_AT_LEAST, behind + 1, behind, first));
    }
    program.push(step(JUMP, 0, 0, check().len() as u32));
    program
}

/// TRACE for a marked call, else on.
fn check() -> Vec<sock_filter> {
    vec![
        step(LOAD, 0, 0, IP_LOW),
        step(AND, 0, 0, MASK as u32),
        step(IF_EQUAL, 0, 1, MARK as u32),
        step(RETURN, 0, 0, libc::SECCOMP_RET_TRACE),
    ]
}

/// The numbers that xroot may make, as ranges from and to.
fn ranges() -> Vec<(u32, u32)> {
    let handled = TABLE.iter().filter(|row| matches!(row.verdict, Verdict::Handle(..)));
    let numbers: BTreeSet<u32> = handled
        .filter_map(|row| row.host_number())
        .chain(LOADERS.iter().map(|name| number(name) as u32))
        .collect();
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    ranges
}

fn step(code: u32, jt: u8, jf: u8, k: u32) -> sock_filter {
    sock_filter { code: code as u16, jt, jf, k }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the filter of one RET goes for a call of this number from this address: its own `k`, or TRACE.
    fn verdict(program: &[sock_filter], nr: u32, ip: u64) -> u32 {
        let (mut at, mut loaded) = (0, 0);
        loop {
            let one = &program[at];
            at += 1;
            match u32::from(one.code) {
                LOAD => loaded = if one.k == NR { nr } else { ip as u32 },
                LOAD_NUMBER => loaded = one.k,
                AND => loaded &= one.k,
                IF_EQUAL => at += usize::from(if loaded == one.k { one.jt } else { one.jf }),
                IF_AT_LEAST => at += usize::from(if loaded >= one.k { one.jt } else { one.jf }),
                JUMP => at += one.k as usize,
                RETURN => return one.k,
                code => panic!("no such instruction in front of a filter: {code:#x}"),
            }
        }
    }

    #[test]
    fn what_the_stub_calls_is_traced_and_nothing_else() {
        let program = marked(&[step(RETURN, 0, 0, 7)]).expect("it is short");
        let stub = [MARK, MARK + 128, MARK + 0x7f00_0000_3000];
        for row in TABLE {
            let Some(nr) = row.host_number() else { continue };
            let may = matches!(row.verdict, Verdict::Handle(..)) || LOADERS.contains(&row.name);
            for ip in stub {
                let expected = if may { libc::SECCOMP_RET_TRACE } else { 7 };
                assert_eq!(verdict(&program, nr, ip), expected, "{} at {ip:#x}", row.name);
            }
            for ip in [0, MARK - 1, MARK + 1, MARK + 64, MARK + 256] {
                assert_eq!(verdict(&program, nr, ip), 7, "{} at {ip:#x}", row.name);
            }
        }
        for nr in [1000, 0x3fff_ffff, u32::MAX] {
            assert_eq!(verdict(&program, nr, MARK), 7, "{nr}");
        }
    }

    #[test]
    fn a_filter_that_leaves_little_room_is_marked_for_all_numbers() {
        let long = |len| vec![step(LOAD, 0, 0, 0); len];
        assert!(marked(&long(100)).expect("it is short").len() > 110);
        assert_eq!(marked(&long(MAX_LENGTH - 4)).expect("there is room").len(), MAX_LENGTH);
        assert!(marked(&long(MAX_LENGTH - 3)).is_none());
    }
}
