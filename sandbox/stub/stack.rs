//! What execve left on the stack: argc, argv, envp, the auxiliary vector, and the strings.
//!
//! Source: getauxval(3), PR_SET_MM(2const).

use core::mem::size_of;

use crate::kernel::{self, Errno};
use crate::wire::LoadPlan;
use crate::{Loaded, arch};

pub const AT_PHDR: usize = 3;
pub const AT_PHENT: usize = 4;
pub const AT_PHNUM: usize = 5;
pub const AT_PAGESZ: usize = 6;
pub const AT_BASE: usize = 7;
pub const AT_FLAGS: usize = 8;
pub const AT_ENTRY: usize = 9;
const AT_EXECFN: usize = 31;

/// The words of a fresh stack. Every address is one that the kernel made.
pub struct Stack {
    pub argv: usize,
    argc: usize,
    pub envp: usize,
    pub auxv: usize,
    pub auxv_end: usize,
    /// What [`Stack::env_strings`] gives, once the environment is no longer as execve left it.
    pub env: Option<(usize, usize)>,
}

pub const WORD: usize = size_of::<usize>();

pub fn word(at: usize) -> usize {
    // SAFETY: only called for addresses within the vectors of a fresh stack.
    unsafe { *(at as *const usize) }
}

pub fn set_word(at: usize, value: usize) {
    // SAFETY: as above; the stack is writable.
    unsafe { *(at as *mut usize) = value }
}

/// The address behind the next zero word.
fn behind_null(mut at: usize) -> usize {
    while word(at) != 0 {
        at += WORD;
    }
    at + WORD
}

impl Stack {
    /// Reads the vectors above the stack pointer of a new program.
    pub fn at(stack: usize) -> Self {
        let (argc, argv) = (word(stack), stack + WORD);
        let envp = argv + (argc + 1) * WORD;
        let auxv = behind_null(envp);
        let mut auxv_end = auxv;
        while word(auxv_end) != 0 {
            auxv_end += 2 * WORD;
        }
        Self { argv, argc, envp, auxv, auxv_end: auxv_end + 2 * WORD, env: None }
    }

    /// What the stack pointer is when the program starts: where argc lies.
    pub fn pointer(&self) -> usize {
        self.argv - WORD
    }

    /// Where an entry of the auxiliary vector lies.
    pub fn entry(&self, kind: usize) -> Option<usize> {
        (self.auxv..self.auxv_end).step_by(2 * WORD).find(|&at| word(at) == kind)
    }

    /// The value of an entry of the auxiliary vector, 0 if there is none.
    pub fn get(&self, kind: usize) -> usize {
        self.entry(kind).map_or(0, |at| word(at + WORD))
    }

    /// Changes an entry, if there is one.
    pub fn set(&self, kind: usize, value: usize) {
        if let Some(at) = self.entry(kind) {
            set_word(at + WORD, value);
        }
    }

    fn arg(&self, index: usize) -> usize {
        self.argv + index * WORD
    }

    /// Where the last string of all begins: the name that was executed.
    fn execfn(&self) -> usize {
        self.get(AT_EXECFN)
    }

    /// Where it ends, NUL included; the kernel leaves one more zero word above.
    fn strings_end(&self) -> usize {
        let mut at = self.execfn();
        // SAFETY: the kernel ends the string with a NUL below the top of the stack.
        while unsafe { *(at as *const u8) } != 0 {
            at += 1;
        }
        at + 1
    }

    /// Where the strings of the environment begin and end, which lie in the order of their pointers and without gaps.
    pub fn env_strings(&self) -> (usize, usize) {
        self.env.unwrap_or_else(|| {
            let end = self.execfn();
            (if word(self.envp) == 0 { end } else { word(self.envp) }, end)
        })
    }

    /// Writes the guest's names over the carrier's, and swaps what the plan swaps.
    pub fn rename(&self, plan: &LoadPlan) {
        let (from, to) = (plan.swap_from as usize, plan.swap_to as usize);
        if from != to && from.max(to) < self.argc {
            let (a, b) = (word(self.arg(from)), word(self.arg(to)));
            set_word(self.arg(from), b);
            set_word(self.arg(to), a);
        }
        let (start, room, len) =
            (self.execfn(), self.strings_end() - self.execfn(), plan.execfn_len as usize);
        if len < room {
            // SAFETY: the new string and its NUL fit where the old string was.
            unsafe {
                arch::copy(start, plan.execfn as usize, len);
                arch::clear(start + len, room - len);
            }
        }
    }

    /// Lets the program run code on its stack, down to where it grows.
    pub fn make_executable(&self, page: usize) -> Result<(), Errno> {
        let start = self.argv & !(page - 1);
        let len = (self.strings_end() + WORD).next_multiple_of(page) - start;
        kernel::mprotect(
            start,
            len,
            kernel::PROT_READ | kernel::PROT_WRITE | kernel::PROT_EXEC | kernel::PROT_GROWSDOWN,
        )
    }

    /// Has the kernel show the new program in /proc, and begin its heap at `brk`.
    pub fn tell_kernel(&self, plan: &LoadPlan, program: &Loaded, brk: usize) -> Result<(), Errno> {
        let (env_start, env_end) = self.env_strings();
        let hidden = plan.hidden as usize;
        let arg_start = if hidden < self.argc { self.shown(plan) } else { env_start };
        let map = Map {
            start_code: program.start_code.min(program.end_code),
            end_code: program.end_code,
            start_data: program.start_data,
            end_data: program.end_data,
            start_brk: brk,
            brk,
            start_stack: self.pointer(),
            arg_start,
            arg_end: env_start,
            env_start,
            env_end,
            auxv: self.auxv,
            auxv_size: (self.auxv_end - self.auxv) as u32,
            exe_fd: u32::MAX,
        };
        let map = core::ptr::from_ref(&map) as usize;
        kernel::prctl(kernel::PR_SET_MM, [kernel::PR_SET_MM_MAP, map, size_of::<Map>(), 0]).map(|_| ())
    }

    /// Where the first string that is not hidden lies, in the order in which the strings were copied.
    fn shown(&self, plan: &LoadPlan) -> usize {
        // After a swap the pointer at this index is that of another string.
        let index = match plan.hidden {
            hidden if hidden == plan.swap_from => plan.swap_to,
            hidden if hidden == plan.swap_to => plan.swap_from,
            hidden => hidden,
        };
        word(self.arg(index as usize))
    }
}

/// `struct prctl_mm_map` of include/uapi/linux/prctl.h.
#[repr(C)]
struct Map {
    start_code: usize,
    end_code: usize,
    start_data: usize,
    end_data: usize,
    start_brk: usize,
    brk: usize,
    start_stack: usize,
    arg_start: usize,
    arg_end: usize,
    env_start: usize,
    env_end: usize,
    auxv: usize,
    auxv_size: u32,
    exe_fd: u32,
}
