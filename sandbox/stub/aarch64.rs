//! AArch64: entries of the blob, the system call, the jump into the program.

use core::arch::{asm, global_asm};

/// The largest page that Linux uses here; what is aligned to it is aligned to the smaller ones too.
pub const PAGE: usize = 65536;
/// `e_machine` of the programs that this loader maps.
pub const MACHINE: u16 = 183;
/// How many bits of a page number are random (vm.mmap_rnd_bits as it is by default, for the smallest page).
pub const RANDOM_BITS: u32 = 18;
/// Where addresses that mmap hands out end: at the power of two (DEFAULT_MAP_WINDOW_64).
pub const WINDOW_GUARD: usize = 0;

pub mod nr {
    pub const OPENAT: usize = 56;
    pub const CLOSE: usize = 57;
    pub const LSEEK: usize = 62;
    pub const PREAD64: usize = 67;
    pub const PERSONALITY: usize = 92;
    pub const EXIT: usize = 93;
    pub const RT_SIGACTION: usize = 134;
    pub const PRCTL: usize = 167;
    pub const MUNMAP: usize = 215;
    pub const CLONE: usize = 220;
    pub const MMAP: usize = 222;
    pub const MPROTECT: usize = 226;
    pub const WAIT4: usize = 260;
    pub const PRLIMIT64: usize = 261;
    pub const GETRANDOM: usize = 278;
}

// The loader's entry at offset 0 (sp: the plan, and free stack below). There is no trampoline here: `svc` leaves no
// register free to point at a slot, so a rewritten call keeps its exit stop. The entry of tools is at offset 128: ld.so
// jumps there with sp at argc, and in x0 its own function to call at exit. The loader's own calls are made at offset 192.
global_asm!(
    ".section .text.entry,\"ax\",@progbits",
    ".globl stub_entry",
    "stub_entry:",
    "mov x29, xzr",
    "mov x30, xzr",
    "mov x0, sp",
    "bl {load}",
    "udf #0",
    ".balign 64",
    "svc #0",
    "udf #0",
    ".balign 64",
    "stp x0, x1, [sp, #-80]!",
    "stp x2, x3, [sp, #16]",
    "stp x4, x5, [sp, #32]",
    "stp x6, x7, [sp, #48]",
    "stp x29, x30, [sp, #64]",
    "add x0, sp, #80",
    "bl {finish}",
    "mov x16, x0",
    "ldp x2, x3, [sp, #16]",
    "ldp x4, x5, [sp, #32]",
    "ldp x6, x7, [sp, #48]",
    "ldp x29, x30, [sp, #64]",
    "ldp x0, x1, [sp], #80",
    "br x16",
    "udf #0",
    ".balign 64",
    "stub_syscall:",
    "svc #0",
    "ret",
    ".balign 64",
    load = sym crate::load,
    finish = sym crate::env::finish,
);

/// The raw result of call `nr`, made at the one place where a guest's own filter lets it through.
pub fn syscall(nr: usize, args: [usize; 6]) -> isize {
    let ret;
    // SAFETY: the callers pass what their call's manual page asks for.
    unsafe {
        asm!(
            "bl stub_syscall",
            in("x8") nr,
            inlateout("x0") args[0] as isize => ret,
            in("x1") args[1], in("x2") args[2], in("x3") args[3], in("x4") args[4], in("x5") args[5],
            lateout("x30") _,
        );
    }
    ret
}

/// Has a child made with `flags` of clone(2) call `work` with `argument`, on this very stack: it must share the memory and
/// be waited for, as after vfork(2). Its id, or a negated errno.
pub fn in_child(flags: usize, work: usize, argument: usize) -> isize {
    let ret;
    // SAFETY: `work` is a function of this blob that takes a pointer, and what the child pushes lies below this frame.
    unsafe {
        asm!(
            "svc #0",
            "cbnz x0, 2f",
            "mov x0, x21",
            "blr x20",
            "mov x8, #{exit}",
            "mov x0, xzr",
            "svc #0",
            "2:",
            exit = const nr::EXIT,
            in("x20") work, in("x21") argument, in("x8") nr::CLONE,
            inlateout("x0") flags as isize => ret,
            in("x1") 0_usize, in("x2") 0_usize, in("x3") 0_usize, in("x4") 0_usize,
        );
    }
    ret
}

/// Goes on at `entry` of another copy of this blob.
pub fn restart(entry: usize, plan: usize) -> ! {
    // SAFETY: `entry` is a mapped loader entry and `plan` the plan that this copy was started with.
    unsafe {
        asm!("mov sp, {plan}", "br {entry}", entry = in(reg) entry, plan = in(reg) plan, options(noreturn));
    }
}

/// Dies of a SIGSEGV that can be neither blocked nor ignored.
pub fn die() -> ! {
    // SAFETY: no user mapping reaches this address, so the load faults.
    unsafe { asm!("ldr x0, [{0}]", "udf #0", in(reg) 0x00ff_0000_0000_0000_usize, options(noreturn)) }
}

/// Clears `len` bytes.
///
/// # Safety
/// They are writable.
pub unsafe fn clear(start: usize, len: usize) {
    for at in start..start + len {
        // SAFETY: the caller's promise. Volatile, or this would become a call of memset.
        unsafe { (at as *mut u8).write_volatile(0) };
    }
}

/// Copies `len` bytes upwards.
///
/// # Safety
/// They are readable at `from` and writable at `to`.
pub unsafe fn copy(to: usize, from: usize, len: usize) {
    for at in 0..len {
        // SAFETY: the caller's promise. Volatile, or this would become a call of memcpy.
        unsafe { ((to + at) as *mut u8).write_volatile(((from + at) as *const u8).read_volatile()) };
    }
}
