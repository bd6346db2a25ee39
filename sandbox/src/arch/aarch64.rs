//! AArch64: `svc #0` takes the number in x8 and the arguments in x0 to x5, and preserves every register but x0.
//!
//! Source: syscall(2), "Architecture calling conventions"; arch/arm64/kernel/ptrace.c.

/// What Debian calls this host's machine.
pub const DEBIAN: &str = "arm64";

/// What Debian and its kin call the directories of this host's libraries.
pub const MULTIARCH: &str = "aarch64-linux-gnu";

/// `e_machine` of programs that this host runs itself.
pub const ELF_MACHINE: u16 = goblin::elf::header::EM_AARCH64;
/// `seccomp_data.arch` of native calls (include/uapi/linux/audit.h).
pub const AUDIT_ARCH: u32 = 0xc000_00b7;
/// The register of the first argument takes the result.
pub const RESULT_IS_ARGUMENT: bool = true;
/// A stop comes after the kernel has decided whether a call is made again after a signal (`do_signal`).
pub const STOPS_BEFORE_RESTARTS: bool = false;
/// Length in bytes of the instruction that enters the kernel.
pub const SYSCALL_LEN: u64 = 4;

/// `ldp x29, x30, [sp], #16`, with which a function's end reads the stack; `ret` itself reads a register.
pub const RETURN: [u8; 4] = [0xfd, 0x7b, 0xc1, 0xa8];

/// Length in bytes of the trampoline's restoring part: this ABI leaves no register free for one.
pub const TRAMPOLINE_LEN: u64 = 0;

/// True for the number of a call of another ABI that shares [`AUDIT_ARCH`]: there is none.
pub fn is_other_abi(_nr: u64) -> bool {
    false
}

/// The general registers of a stopped tracee.
///
/// The number lives in a register set of its own (NT_ARM_SYSTEM_CALL), so it is kept beside the others.
#[derive(Clone, Copy)]
pub struct Regs {
    pub(crate) user: libc::user_regs_struct,
    pub(crate) nr: u64,
}

impl Regs {
    /// The number of the call being entered, `-1` for none.
    pub fn nr(&self) -> u64 {
        self.nr
    }

    /// Puts the number where the instruction that enters the kernel takes it from.
    pub fn load_nr(&mut self, nr: u64) {
        self.user.regs[8] = nr;
    }

    /// Changes the call that the kernel will run; `-1` makes it run none.
    pub fn set_nr(&mut self, nr: u64) {
        self.nr = nr;
    }

    /// Argument `index` of 0 to 5.
    pub fn arg(&self, index: usize) -> u64 {
        self.user.regs[index]
    }

    /// Argument `index` of 0 to 5 of a call of another ABI: there is none that a 64-bit program can make.
    pub fn foreign_arg(&self, index: usize) -> u64 {
        self.arg(index)
    }

    /// Changes argument `index` of 0 to 5.
    pub fn set_arg(&mut self, index: usize, value: u64) {
        self.user.regs[index] = value;
    }

    /// The result register: a value, or a negated errno.
    pub fn ret(&self) -> i64 {
        self.user.regs[0] as i64
    }

    /// Changes the result register.
    pub fn set_ret(&mut self, value: i64) {
        self.user.regs[0] = value as u64;
    }

    /// The program counter: behind the syscall instruction at a syscall stop.
    pub fn ip(&self) -> u64 {
        self.user.pc
    }

    /// Changes the program counter.
    pub fn set_ip(&mut self, ip: u64) {
        self.user.pc = ip;
    }

    /// The stack pointer.
    pub fn sp(&self) -> u64 {
        self.user.sp
    }

    /// Changes the stack pointer.
    pub fn set_sp(&mut self, sp: u64) {
        self.user.sp = sp;
    }

    /// As the kernel starts a program at `entry`: everything else is 0.
    pub fn starting(&self, entry: u64, stack: u64) -> Self {
        // The condition flags are of the loader's last comparison.
        let pstate = self.user.pstate & !0xf000_0000;
        let user = libc::user_regs_struct { regs: [0; 31], sp: stack, pc: entry, pstate };
        Self { user, nr: u64::MAX }
    }

    /// The same while the call `nr`, which has started the program, is about to return.
    pub fn returning(&self, nr: u64) -> Self {
        Self { nr, ..*self }
    }

    /// There is no trampoline whose register this could be.
    pub fn set_slot(&mut self, _address: u64) {}
}
