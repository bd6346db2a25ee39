//! The stub: freestanding code that runs inside tracees. So far it is the program loader, the trampoline
//! behind it, and the entry of native tools.
//!
//! The tracer has execve run the *carrier* (xroot's own file) with the guest's arguments, then starts this code instead
//! of the carrier's, with a [`LoadPlan`] below the stack pointer. It does what the kernel's execve would have done with
//! the guest's program: unmaps the carrier, maps program and interpreter, and rewrites in place what the kernel said
//! about the carrier: the auxiliary vector, the name, the fields of the address space.
//!
//! Source: execve(2), elf(5), getauxval(3), PR_SET_MM(2const); behaviour of Linux 6.18 as `tests/exec` sees it.
//!
//! No global data, no relocations, no stack protector, no panics: build.rs checks what it can of that.
#![no_std]
#![allow(internal_features)]

#[cfg(target_arch = "aarch64")]
#[path = "aarch64.rs"]
mod arch;
#[cfg(target_arch = "x86_64")]
#[path = "x86_64.rs"]
mod arch;
mod elf;
mod env;
mod kernel;
mod stack;
#[allow(dead_code)]
mod wire;

use kernel::Errno;
use wire::LoadPlan;

/// A failed step: where, and why.
struct Failed(u64, Errno);

/// What the kernel's `mm_struct` remembers of a loaded program, for PR_SET_MM_MAP.
#[derive(Clone, Copy)]
struct Loaded {
    start_code: usize,
    end_code: usize,
    start_data: usize,
    end_data: usize,
    /// End of the last segment in memory, where the heap of a program that has its own place begins.
    end: usize,
    bias: usize,
    entry: usize,
    phdr: usize,
    phnum: usize,
    stack_exec: bool,
    /// Position independent and without interpreter: the kernel puts it among the libraries, its heap elsewhere.
    direct: bool,
}

/// The loader's entry: never returns.
///
/// # Safety
/// `plan` is a complete plan in writable memory of a process that has just executed the carrier.
pub unsafe extern "C" fn load(plan: *mut LoadPlan) -> ! {
    // SAFETY: the tracer wrote it, and nothing else runs in this process.
    let plan = unsafe { &mut *plan };
    if let Err(Failed(stage, errno)) = run(plan) {
        kernel::tell(wire::FAILED, [errno.0 as usize, stage as usize, 0, 0]);
    }
    arch::die()
}

/// Does it all. The tracer then puts the program in this code's place, so that this returns only if it has failed.
fn run(plan: &mut LoadPlan) -> Result<(), Failed> {
    if plan.flags & wire::MOVE != 0 {
        move_blob(plan).map_err(|errno| Failed(wire::STAGE_MOVE, errno))?;
    }
    let mut stack = stack::Stack::at(plan.stack as usize);
    let page = stack.get(stack::AT_PAGESZ);
    let random = kernel::personality() & kernel::ADDR_NO_RANDOMIZE == 0;
    let random_maps = random && plan.flags & wire::RANDOM_MAPS != 0;
    let random_brk = random && plan.flags & wire::RANDOM_BRK != 0;
    let base = kernel::program_base(plan.stack as usize);

    unmap_carrier(plan, stack.get(stack::AT_BASE), page);
    let place =
        if plan.interpreter == 0 { elf::Place::Direct } else { elf::Place::Program(base, random_maps) };
    let program = elf::map(plan.program as usize, place, page).map_err(|e| Failed(wire::STAGE_PROGRAM, e))?;
    let interpreter = match plan.interpreter {
        0 => None,
        path => Some(
            elf::map(path as usize, elf::Place::Interpreter, page)
                .map_err(|e| Failed(wire::STAGE_INTERPRETER, e))?,
        ),
    };

    let tool = match plan.drop_env | plan.tool {
        0 => None,
        _ => env::arrange(&mut stack, plan).map_err(|errno| Failed(wire::STAGE_ENVIRONMENT, errno))?,
    };
    stack.set(stack::AT_PHDR, program.phdr);
    stack.set(stack::AT_PHENT, elf::PHENT);
    stack.set(stack::AT_PHNUM, program.phnum);
    stack.set(stack::AT_BASE, interpreter.as_ref().map_or(0, |interpreter| interpreter.bias));
    stack.set(stack::AT_ENTRY, program.entry);
    stack.set(stack::AT_FLAGS, 0);
    stack.rename(plan);
    if program.stack_exec {
        stack.make_executable(page).map_err(|errno| Failed(wire::STAGE_STACK, errno))?;
    }
    kernel::tell(kernel::PR_SET_NAME, [plan.comm as usize, 0, 0, 0]);

    let scratch = match plan.scratch_len as usize {
        0 => 0,
        len => kernel::mmap(0, len, kernel::PROT_READ, kernel::MAP_PRIVATE | kernel::MAP_ANONYMOUS, -1, 0)
            .map_err(|errno| Failed(wire::STAGE_SCRATCH, errno))?,
    };

    if plan.flags & wire::CATCH != 0 {
        kernel::catch();
    }
    let heap = if program.direct { base } else { program.end };
    let brk = heap.next_multiple_of(page) + if random_brk { kernel::random_pages(30, page) } else { 0 };
    let mut told = stack.tell_kernel(plan, &program, brk);
    if told.is_err() {
        // Before Linux 5.19 or so the heap had to lie behind the data.
        told = stack.tell_kernel(plan, &program, program.end.next_multiple_of(page));
    }
    let told = told.err().map_or(0, |errno| errno.0 as usize);
    if let Some(tool) = tool {
        env::divert(&stack, tool, (plan.blob + wire::TOOL_ENTRY) as usize);
    }
    let start = [interpreter.map_or(program.entry, |interpreter| interpreter.entry), stack.pointer()];
    kernel::done([scratch, plan.scratch_len as usize, plan.blob as usize, told], &start);
    Ok(())
}

/// Maps another copy of the blob where the kernel puts libraries, and goes on in there.
///
/// The page that runs cannot be unmapped, and it may lie where the program wants to be, or in the way of its heap.
fn move_blob(plan: &mut LoadPlan) -> Result<(), Errno> {
    let own = *b"/proc/self/exe\0";
    let prot = kernel::PROT_READ | kernel::PROT_EXEC;
    let (len, offset) = (plan.blob_len as usize, plan.blob_offset as usize);
    let copy = kernel::with_file(own.as_ptr() as usize, |fd| {
        kernel::mmap(0, len, prot, kernel::MAP_PRIVATE, fd, offset)
    });
    plan.blob = copy? as u64;
    plan.flags &= !wire::MOVE;
    arch::restart((plan.blob + wire::ENTRY) as usize, core::ptr::from_mut(plan) as usize)
}

/// Unmaps the carrier but for the blob, and the dynamic linker that the kernel mapped for it at `linker` (0 for none).
fn unmap_carrier(plan: &LoadPlan, linker: usize, page: usize) {
    let (start, end) = (plan.carrier_start as usize, plan.carrier_end as usize);
    let blob = plan.blob as usize;
    if (start..end).contains(&blob) {
        kernel::munmap(start, blob - start);
        let behind = blob + plan.blob_len as usize;
        kernel::munmap(behind, end - behind);
    } else {
        kernel::munmap(start, end - start);
    }
    if linker != 0 {
        let len = elf::mapped_span(linker).next_multiple_of(page);
        kernel::munmap(linker, len);
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    arch::die()
}

/// The compiler may call these by name.
mod builtins {
    /// # Safety
    /// As memcpy(3).
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, len: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { crate::arch::copy(to as usize, from as usize, len) };
        to
    }

    /// # Safety
    /// As memset(3). Clearing is all that this blob ever asks for.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memset(to: *mut u8, value: i32, len: usize) -> *mut u8 {
        if value != 0 {
            crate::arch::die();
        }
        // SAFETY: the caller's promise.
        unsafe { crate::arch::clear(to as usize, len) };
        to
    }
}
