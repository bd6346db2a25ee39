//! x86-64: entries of the blob, the system call, the jump into the program.

use core::arch::{asm, global_asm};

/// Pages are this long.
pub const PAGE: usize = 4096;
/// `e_machine` of the programs that this loader maps.
pub const MACHINE: u16 = 62;
/// How many bits of a page number are random (vm.mmap_rnd_bits as it is by default).
pub const RANDOM_BITS: u32 = 28;
/// Where addresses that mmap hands out end: a page below the power of two (DEFAULT_MAP_WINDOW).
pub const WINDOW_GUARD: usize = PAGE;

pub mod nr {
    pub const CLOSE: usize = 3;
    pub const LSEEK: usize = 8;
    pub const MMAP: usize = 9;
    pub const MPROTECT: usize = 10;
    pub const MUNMAP: usize = 11;
    pub const RT_SIGACTION: usize = 13;
    pub const PREAD64: usize = 17;
    pub const CLONE: usize = 56;
    pub const EXIT: usize = 60;
    pub const WAIT4: usize = 61;
    pub const PERSONALITY: usize = 135;
    pub const PRCTL: usize = 157;
    pub const OPENAT: usize = 257;
    pub const PRLIMIT64: usize = 302;
    pub const GETRANDOM: usize = 318;
}

// The loader's entry at offset 0 (rsp: the plan, and free stack below), the trampoline at offset 64, the entry of tools
// at offset 128, the loader's own calls at offset 192 (wire.rs). The trampoline gives back the argument registers of a
// rewritten call from the slot that rcx points at, touching nothing else: the flags, rax and the stack stay as the call
// left them, and rcx ends as `syscall` would have left it.
global_asm!(
    ".section .text.entry,\"ax\",@progbits",
    ".globl stub_entry",
    "stub_entry:",
    "xor ebp, ebp",
    "mov rdi, rsp",
    "call {load}",
    "hlt",
    ".balign 64, 0xcc",
    "syscall",
    "mov rdi, [rcx]",
    "mov rsi, [rcx + 8]",
    "mov rdx, [rcx + 16]",
    "mov r10, [rcx + 24]",
    "mov r8, [rcx + 32]",
    "mov r9, [rcx + 40]",
    "mov rcx, [rcx + 48]",
    "jmp rcx",
    ".balign 64, 0xcc",
    // As ld.so jumps to a program: rsp at argc, rdx its own function to call at exit. No `ret`: with a shadow stack
    // that leads nowhere.
    "endbr64",
    "push rax", "push rcx", "push rdx", "push rsi", "push rdi", "push r8", "push r9", "push r10",
    "lea rdi, [rsp + 64]",
    "call {finish}",
    "mov r11, rax",
    "pop r10", "pop r9", "pop r8", "pop rdi", "pop rsi", "pop rdx", "pop rcx", "pop rax",
    "jmp r11",
    ".balign 64, 0xcc",
    "stub_syscall:",
    "syscall",
    "ret",
    ".balign 64, 0xcc",
    load = sym crate::load,
    finish = sym crate::env::finish,
);

/// The raw result of call `nr`, made at the one place where a guest's own filter lets it through.
pub fn syscall(nr: usize, args: [usize; 6]) -> isize {
    let ret;
    // SAFETY: the callers pass what their call's manual page asks for.
    unsafe {
        asm!(
            "call stub_syscall",
            inlateout("rax") nr as isize => ret,
            in("rdi") args[0], in("rsi") args[1], in("rdx") args[2],
            in("r10") args[3], in("r8") args[4], in("r9") args[5],
            lateout("rcx") _, lateout("r11") _,
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
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "mov rdi, r13",
            "call r12",
            "mov eax, {exit}",
            "xor edi, edi",
            "syscall",
            "2:",
            exit = const nr::EXIT,
            inlateout("rax") nr::CLONE as isize => ret,
            in("r12") work, in("r13") argument, inlateout("rdi") flags => _, inlateout("rsi") 0_usize => _,
            inlateout("rdx") 0_usize => _, inlateout("r10") 0_usize => _, inlateout("r8") 0_usize => _,
            lateout("rcx") _, lateout("r11") _, lateout("r9") _,
        );
    }
    ret
}

/// Goes on at `entry` of another copy of this blob.
pub fn restart(entry: usize, plan: usize) -> ! {
    // SAFETY: `entry` is a mapped loader entry and `plan` the plan that this copy was started with.
    unsafe {
        asm!("mov rsp, {plan}", "jmp {entry}", entry = in(reg) entry, plan = in(reg) plan, options(noreturn));
    }
}

/// Dies of a SIGSEGV that can be neither blocked nor ignored.
pub fn die() -> ! {
    // SAFETY: a privileged instruction traps.
    unsafe { asm!("hlt", options(noreturn)) }
}

/// Clears `len` bytes.
///
/// # Safety
/// They are writable.
pub unsafe fn clear(start: usize, len: usize) {
    // SAFETY: the caller's promise.
    unsafe { asm!("rep stosb", inout("rcx") len => _, inout("rdi") start => _, in("al") 0u8) }
}

/// Copies `len` bytes upwards.
///
/// # Safety
/// They are readable at `from` and writable at `to`.
pub unsafe fn copy(to: usize, from: usize, len: usize) {
    // SAFETY: the caller's promise.
    unsafe { asm!("rep movsb", inout("rcx") len => _, inout("rdi") to => _, inout("rsi") from => _) }
}
