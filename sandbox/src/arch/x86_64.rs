//! x86-64: `syscall` takes the number in rax and the arguments in rdi, rsi, rdx, r10, r8, r9; it clobbers rcx and r11.
//!
//! Source: syscall(2), "Architecture calling conventions"; arch/x86/entry/entry_64.S.

/// What Debian calls this host's machine.
pub const DEBIAN: &str = "amd64";

/// What Debian and its kin call the directories of this host's libraries.
pub const MULTIARCH: &str = "x86_64-linux-gnu";

/// `e_machine` of programs that this host runs itself.
pub const ELF_MACHINE: u16 = goblin::elf::header::EM_X86_64;
/// `seccomp_data.arch` of native calls (include/uapi/linux/audit.h).
pub const AUDIT_ARCH: u32 = 0xc000_003e;
/// Bit that marks a call of the x32 ABI (`__X32_SYSCALL_BIT`).
pub const X32_BIT: u64 = 0x4000_0000;
/// The register of an argument takes the result.
pub const RESULT_IS_ARGUMENT: bool = false;
/// A stop comes before the kernel decides whether a call is made again after a signal (`arch_do_signal_or_restart`).
pub const STOPS_BEFORE_RESTARTS: bool = true;
/// Length in bytes of the instruction that enters the kernel; `int 0x80` has the same.
pub const SYSCALL_LEN: u64 = 2;

/// `ret`, which reads the stack.
pub const RETURN: [u8; 1] = [0xc3];

/// Length in bytes of the trampoline's part behind its syscall instruction, in which only saved values are reloaded.
pub const TRAMPOLINE_LEN: u64 = 64;

/// True for the number of a call of the x32 ABI, which shares [`AUDIT_ARCH`] with the host's own.
pub fn is_other_abi(nr: u64) -> bool {
    // The kernel looks at 32 bits; -1 is what a tracer or a program uses for no call at all.
    nr as u32 != u32::MAX && nr & X32_BIT != 0
}

/// The general registers of a stopped tracee.
#[derive(Clone, Copy)]
pub struct Regs(pub(crate) libc::user_regs_struct);

impl Regs {
    /// The number of the call being entered, of which the kernel takes the low 32 bits; `u64::MAX` for none.
    pub fn nr(&self) -> u64 {
        if self.0.orig_rax as u32 == u32::MAX { u64::MAX } else { u64::from(self.0.orig_rax as u32) }
    }

    /// Puts the number where the instruction that enters the kernel takes it from.
    pub fn load_nr(&mut self, nr: u64) {
        self.0.rax = nr;
    }

    /// Changes the call that the kernel will run; `-1` makes it run none.
    pub fn set_nr(&mut self, nr: u64) {
        self.0.orig_rax = nr;
    }

    /// Argument `index` of 0 to 5.
    pub fn arg(&self, index: usize) -> u64 {
        [self.0.rdi, self.0.rsi, self.0.rdx, self.0.r10, self.0.r8, self.0.r9][index]
    }

    /// Argument `index` of 0 to 5 of a call of the other ABI, `int 0x80`.
    pub fn foreign_arg(&self, index: usize) -> u64 {
        [self.0.rbx, self.0.rcx, self.0.rdx, self.0.rsi, self.0.rdi, self.0.rbp][index]
    }

    /// Changes argument `index` of 0 to 5.
    pub fn set_arg(&mut self, index: usize, value: u64) {
        let r = &mut self.0;
        *[&mut r.rdi, &mut r.rsi, &mut r.rdx, &mut r.r10, &mut r.r8, &mut r.r9][index] = value;
    }

    /// The result register: a value, or a negated errno.
    pub fn ret(&self) -> i64 {
        self.0.rax as i64
    }

    /// Changes the result register.
    pub fn set_ret(&mut self, value: i64) {
        self.0.rax = value as u64;
    }

    /// The program counter: behind the syscall instruction at a syscall stop.
    pub fn ip(&self) -> u64 {
        self.0.rip
    }

    /// Changes the program counter.
    pub fn set_ip(&mut self, ip: u64) {
        self.0.rip = ip;
    }

    /// The stack pointer.
    pub fn sp(&self) -> u64 {
        self.0.rsp
    }

    /// Changes the stack pointer.
    pub fn set_sp(&mut self, sp: u64) {
        self.0.rsp = sp;
    }

    /// As the kernel starts a program at `entry`: what is general is 0, the segments stay.
    pub fn starting(&self, entry: u64, stack: u64) -> Self {
        Self(libc::user_regs_struct {
            r15: 0,
            r14: 0,
            r13: 0,
            r12: 0,
            rbp: 0,
            rbx: 0,
            r11: 0,
            r10: 0,
            r9: 0,
            r8: 0,
            rax: 0,
            rcx: 0,
            rdx: 0,
            rsi: 0,
            rdi: 0,
            orig_rax: u64::MAX,
            rip: entry,
            // The interrupt flag and the bit that is always set.
            eflags: 0x202,
            rsp: stack,
            ..self.0
        })
    }

    /// The same while the call `nr`, which has started the program, is about to return.
    pub fn returning(&self, nr: u64) -> Self {
        // The entry code puts -ENOSYS where the result will be.
        Self(libc::user_regs_struct { orig_rax: nr, rax: -(libc::ENOSYS as i64) as u64, ..self.0 })
    }

    /// Points the trampoline's one free register (rcx, which `syscall` clobbers anyway) at a scratch slot.
    pub fn set_slot(&mut self, address: u64) {
        self.0.rcx = address;
    }
}
