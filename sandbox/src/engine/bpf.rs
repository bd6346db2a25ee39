//! Interprets classic BPF as seccomp runs it.
//!
//! Source: kernel/seccomp.c (`seccomp_check_filter` lists the instructions), include/uapi/linux/bpf_common.h.
#![forbid(unsafe_code)]

use seccompiler::sock_filter;

/// What a filter sees of a call: `struct seccomp_data`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Data {
    /// The number, of the ABI that `arch` and the x32 bit say.
    pub nr: u32,
    /// One of the AUDIT_ARCH values.
    pub arch: u32,
    /// The address behind the instruction that entered the kernel.
    pub instruction_pointer: u64,
    /// The argument registers.
    pub args: [u64; 6],
}

/// Runs `program` on a call; gives back its verdict, one of the SECCOMP_RET values.
///
/// A program that the kernel would not have installed kills the process.
pub fn run(program: &[sock_filter], call: &Data) -> u32 {
    Machine { a: 0, x: 0, scratch: [0; MEMWORDS] }
        .run(program, call)
        .unwrap_or(libc::SECCOMP_RET_KILL_PROCESS)
}

/// As BPF_MEMWORDS.
const MEMWORDS: usize = 16;

/// Size of [`Data`] in bytes, which an instruction may ask for.
const DATA_SIZE: u32 = 64;

struct Machine {
    a: u32,
    x: u32,
    scratch: [u32; MEMWORDS],
}

// The instructions, by class, mode or operation, and source.
const LD_ABS: u16 = 0x20;
const LD_LEN: u16 = 0x80;
const LDX_LEN: u16 = 0x81;
const LD_IMM: u16 = 0x00;
const LDX_IMM: u16 = 0x01;
const LD_MEM: u16 = 0x60;
const LDX_MEM: u16 = 0x61;
const ST: u16 = 0x02;
const STX: u16 = 0x03;
const RET_K: u16 = 0x06;
const RET_A: u16 = 0x16;
const TAX: u16 = 0x07;
const TXA: u16 = 0x87;
const JA: u16 = 0x05;
const CLASS: u16 = 0x07;
const ALU: u16 = 0x04;
const JMP: u16 = 0x05;
const SOURCE_X: u16 = 0x08;
const OPERATION: u16 = 0xf0;

impl Machine {
    fn run(&mut self, program: &[sock_filter], call: &Data) -> Option<u32> {
        let mut pc = 0usize;
        loop {
            let instruction = program.get(pc)?;
            let k = instruction.k;
            pc += 1;
            match instruction.code {
                RET_K => return Some(k),
                RET_A => return Some(self.a),
                LD_ABS => self.a = call.word(k)?,
                LD_LEN => self.a = DATA_SIZE,
                LDX_LEN => self.x = DATA_SIZE,
                LD_IMM => self.a = k,
                LDX_IMM => self.x = k,
                LD_MEM => self.a = *self.scratch.get(k as usize)?,
                LDX_MEM => self.x = *self.scratch.get(k as usize)?,
                ST => *self.scratch.get_mut(k as usize)? = self.a,
                STX => *self.scratch.get_mut(k as usize)? = self.x,
                TAX => self.x = self.a,
                TXA => self.a = self.x,
                JA => pc = pc.checked_add(k as usize)?,
                code => {
                    let operand = if code & SOURCE_X == 0 { k } else { self.x };
                    match code & CLASS {
                        ALU => match self.compute(code & OPERATION, operand)? {
                            Some(value) => self.a = value,
                            // The kernel ends the program with 0 at a division by zero.
                            None => return Some(0),
                        },
                        JMP if self.holds(code & OPERATION, operand)? => pc += usize::from(instruction.jt),
                        JMP => pc += usize::from(instruction.jf),
                        _ => return None,
                    }
                }
            }
        }
    }

    /// The result of an arithmetic operation; an inner `None` is a division by zero.
    fn compute(&self, operation: u16, operand: u32) -> Option<Option<u32>> {
        let a = self.a;
        Some(Some(match operation {
            0x00 => a.wrapping_add(operand),
            0x10 => a.wrapping_sub(operand),
            0x20 => a.wrapping_mul(operand),
            0x30 => return Some(a.checked_div(operand)),
            0x40 => a | operand,
            0x50 => a & operand,
            // As BPF_ALU32 shifts do: by the low five bits.
            0x60 => a.wrapping_shl(operand),
            0x70 => a.wrapping_shr(operand),
            0x80 => a.wrapping_neg(),
            0xa0 => a ^ operand,
            _ => return None,
        }))
    }

    /// The result of a comparison.
    fn holds(&self, operation: u16, operand: u32) -> Option<bool> {
        Some(match operation {
            0x10 => self.a == operand,
            0x20 => self.a > operand,
            0x30 => self.a >= operand,
            0x40 => self.a & operand != 0,
            _ => return None,
        })
    }
}

impl Data {
    /// The 32-bit word at `offset` of `struct seccomp_data`; the hosts that xroot knows are little-endian.
    fn word(&self, offset: u32) -> Option<u32> {
        if offset % 4 != 0 {
            return None;
        }
        let half = |value: u64| (value >> (offset % 8 * 8)) as u32;
        match offset {
            0 => Some(self.nr),
            4 => Some(self.arch),
            8 | 12 => Some(half(self.instruction_pointer)),
            _ => self.args.get((offset as usize - 16) / 8).map(|&arg| half(arg)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: Data =
        Data { nr: 257, arch: 7, instruction_pointer: 0x1_0000_0002, args: [0x3_0000_0004, 0, 0, 0, 0, 9] };

    fn step(code: u16, k: u32) -> sock_filter {
        sock_filter { code, jt: 0, jf: 0, k }
    }

    #[track_caller]
    fn check(program: &[sock_filter], expected: u32) {
        assert_eq!(run(program, &CALL), expected, "{program:?}");
    }

    #[test]
    fn every_word_of_the_call_can_be_loaded() {
        for (offset, word) in [(0, 257), (4, 7), (8, 2), (12, 1), (16, 4), (20, 3), (56, 9), (60, 0)] {
            check(&[step(LD_ABS, offset), step(RET_A, 0)], word);
        }
    }

    #[test]
    fn arithmetic_wraps_in_32_bits() {
        for (code, a, k, result) in [
            (0x04, u32::MAX, 2, 1),
            (0x14, 1, 2, u32::MAX),
            (0x24, 0x8000_0001, 2, 2),
            (0x34, 7, 2, 3),
            (0x44, 5, 2, 7),
            (0x54, 7, 2, 2),
            (0x64, 1, 4, 16),
            (0x74, 16, 4, 1),
            (0x84, 1, 0, u32::MAX),
            (0xa4, 7, 2, 5),
        ] {
            check(&[step(LD_IMM, a), step(code, k), step(RET_A, 0)], result);
            check(&[step(LD_IMM, a), step(LDX_IMM, k), step(code | SOURCE_X, 0), step(RET_A, 0)], result);
        }
    }

    #[test]
    fn a_division_by_zero_returns_0() {
        check(&[step(LD_IMM, 5), step(0x3c, 0), step(RET_K, 1)], 0);
    }

    #[test]
    fn jumps_go_where_the_comparison_says() {
        for (code, operand, taken) in [
            (0x15, 5, true),
            (0x15, 6, false),
            (0x25, 5, false),
            (0x35, 5, true),
            (0x45, 4, true),
            (0x45, 2, false),
        ] {
            let jump = sock_filter { code, jt: 1, jf: 0, k: operand };
            check(&[step(LD_IMM, 5), jump, step(RET_K, 0), step(RET_K, 1)], u32::from(taken));
        }
        check(&[step(JA, 1), step(RET_K, 0), step(RET_K, 1)], 1);
    }

    #[test]
    fn scratch_words_and_transfers_keep_their_values() {
        let program =
            [step(LD_IMM, 5), step(ST, 15), step(LDX_MEM, 15), step(LD_IMM, 0), step(TXA, 0), step(RET_A, 0)];
        check(&program, 5);
        check(
            &[step(LDX_LEN, 0), step(STX, 0), step(LD_MEM, 0), step(TAX, 0), step(TXA, 0), step(RET_A, 0)],
            64,
        );
        check(&[step(LD_LEN, 0), step(RET_A, 0)], 64);
    }

    #[test]
    fn what_the_kernel_would_not_install_kills() {
        for program in [
            vec![],
            vec![step(LD_ABS, 64), step(RET_A, 0)],
            vec![step(LD_ABS, 2), step(RET_A, 0)],
            vec![step(ST, 16), step(RET_A, 0)],
            vec![step(JA, u32::MAX), step(RET_K, 0)],
            vec![step(0x94, 2), step(RET_A, 0)],
            vec![step(0x28, 0), step(RET_A, 0)],
            vec![step(LD_IMM, 0)],
        ] {
            check(&program, libc::SECCOMP_RET_KILL_PROCESS);
        }
    }
}
