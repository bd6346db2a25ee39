// What the tracer hands to the loader. Compiled into both sides: `main.rs` of the stub and `sys::stub` of the library,
// so neither can change without the other. Every field is one native word, in memory order.

/// Instructions for the loader, written by the tracer somewhere below the new program's stack pointer.
///
/// Addresses are the tracee's; paths are host paths that end in NUL.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadPlan {
    /// The program: a native ELF file that passed `exec::elf`.
    pub program: u64,
    /// The file that its PT_INTERP means, 0 if it has none.
    pub interpreter: u64,
    /// What the process is called: 15 bytes at most, then NUL.
    pub comm: u64,
    /// What replaces the string that AT_EXECFN points at, and its length without NUL.
    pub execfn: u64,
    pub execfn_len: u64,
    /// Where argc lies: the stack pointer that execve left.
    pub stack: u64,
    /// Bytes of scratch memory to map, readable to the guest; a multiple of the page size, 0 for none.
    pub scratch_len: u64,
    /// The bits below.
    pub flags: u64,
    /// Where the kernel mapped the carrier: first byte, and first byte behind its last segment, page aligned.
    pub carrier_start: u64,
    pub carrier_end: u64,
    /// Where the blob lies in there, its size, and its offset in the carrier's file.
    pub blob: u64,
    pub blob_len: u64,
    pub blob_offset: u64,
    /// Two entries of argv that change places, equal for none.
    pub swap_from: u64,
    pub swap_to: u64,
    /// How many leading strings of argv /proc/PID/cmdline does not show.
    pub hidden: u64,
    /// Strings that the environment loses: each ends in NUL, an empty one ends them all. 0 for none.
    pub drop_env: u64,
    /// What a native tool takes along on its stack, and how long it is, a multiple of 16: a [`Tool`] and the entry
    /// `LD_LIBRARY_PATH=...` and `LD_PRELOAD=...` behind it if there is an interpreter, then strings as above. 0 for other programs.
    pub tool: u64,
    pub tool_len: u64,
    /// Offset of those strings in there: what the environment gets where it has no variable of the name.
    pub tool_env: u64,
}

/// What a dynamic tool's entry goes by. It begins with a string that is an entry of the environment, the last one while
/// ld.so runs: so it is found from the stack pointer.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tool {
    /// [`MARK`], and the record's own address: a guest's variable may be the same string.
    pub mark: u64,
    pub own: u64,
    /// The program's own entry, and the word of the auxiliary vector where it belongs.
    pub entry: u64,
    pub entry_at: u64,
    /// Where the auxiliary vector begins.
    pub auxv: u64,
    /// The byte that stands for the L of each variable `LD_...`.
    pub mask: u64,
}

/// The first bytes of a [`Tool`]: a variable that any shell sets, should somebody see it.
pub const MARK: u64 = u64::from_ne_bytes(*b"_=xroot\0");

/// How many words a [`LoadPlan`] has.
pub const WORDS: usize = size_of::<LoadPlan>() / 8;

/// `flags`: the addresses of mappings, and that of the heap, are random on this host (kernel.randomize_va_space).
pub const RANDOM_MAPS: u64 = 1;
pub const RANDOM_BRK: u64 = 2;
/// `flags`: the carrier lies where programs and their heaps belong, so the loader first moves the blob among the
/// libraries.
pub const MOVE: u64 = 4;
/// `flags`: the process gets the handler [`CAUGHT`] of SIGSYS.
pub const CATCH: u64 = 8;

/// A handler of SIGSYS that is never run: the kernel takes it away if it forces the signal upon a thread that blocks it.
pub const CAUGHT: u64 = 2;

/// Offset of the loader's entry in the blob.
pub const ENTRY: u64 = 0;
/// Offset of the trampoline's syscall instruction in the blob.
pub const TRAMPOLINE: u64 = 64;
/// Offset of the code that AT_ENTRY names while the ld.so of a tool runs.
pub const TOOL_ENTRY: u64 = 128;

/// First argument of the prctl(2) that ends the loading, never to be run: (scratch address, scratch length,
/// blob address, 0 or the errno with which PR_SET_MM_MAP failed, address of two words: where the program starts and
/// with which stack pointer).
pub const DONE: u64 = 0x786f_6f74;
/// First argument of the prctl(2) that tells of a failure: (errno, one of the stages below). The process then dies of
/// SIGSEGV, as in the kernel's own execve behind its point of no return.
pub const FAILED: u64 = 0x786f_6f65;

/// Stages of loading.
pub const STAGE_MOVE: u64 = 1;
pub const STAGE_PROGRAM: u64 = 2;
pub const STAGE_INTERPRETER: u64 = 3;
pub const STAGE_STACK: u64 = 4;
pub const STAGE_SCRATCH: u64 = 5;
pub const STAGE_ENVIRONMENT: u64 = 6;
