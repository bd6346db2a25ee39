//! The stub's blob within this executable, where the kernel maps it for every process that executes this file.
//!
//! Source: `sandbox/stub`, built by `build.rs`; getauxval(3).

pub use wire::*;

#[allow(dead_code)] // The stub's half of the same file.
#[path = "../../stub/wire.rs"]
mod wire;

const BYTES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/stub.bin"));

/// Whole pages, so that nothing else shares them; the largest page that Linux uses on either host.
#[cfg_attr(target_arch = "x86_64", repr(C, align(4096)))]
#[cfg_attr(target_arch = "aarch64", repr(C, align(65536)))]
struct Blob([u8; BYTES.len()]);

// In a section of code, for the kernel to map it executable.
#[used]
// SAFETY: the section holds code and constants, and so does the blob.
#[unsafe(link_section = ".text.xroot_stub")]
static BLOB: Blob = Blob(*include_bytes!(concat!(env!("OUT_DIR"), "/stub.bin")));

/// Address of the blob in this process.
pub fn address() -> u64 {
    std::ptr::from_ref(&BLOB) as u64
}

/// Bytes of the blob, a multiple of its alignment.
pub fn len() -> u64 {
    size_of::<Blob>() as u64
}

/// Its bytes.
pub fn bytes() -> &'static [u8] {
    &BLOB.0
}

/// Offset of an instruction that reads the stack, and behind which the program goes on at the address found there.
pub fn return_instruction() -> Option<u64> {
    let code = crate::arch::RETURN;
    let found = BLOB.0.windows(code.len()).step_by(code.len()).position(|bytes| bytes == code);
    found.map(|index| (index * code.len()) as u64)
}

/// Entry point of this process's program (AT_ENTRY).
pub fn own_entry() -> u64 {
    // SAFETY: reads the auxiliary vector, which the kernel or the dynamic linker put in place before main.
    unsafe { libc::getauxval(libc::AT_ENTRY) }
}

impl LoadPlan {
    /// The plan's bytes as the stub reads them.
    pub fn to_bytes(self) -> Vec<u8> {
        // SAFETY: the struct is `repr(C)` with words only, so it is exactly WORDS words without padding.
        let words: [u64; WORDS] = unsafe { std::mem::transmute(self) };
        words.iter().flat_map(|word| word.to_ne_bytes()).collect()
    }
}

impl Tool {
    /// Its bytes as the stub reads them.
    pub fn to_bytes(self) -> Vec<u8> {
        let Self { mark, own, entry, entry_at, auxv, mask } = self;
        [mark, own, entry, entry_at, auxv, mask].into_iter().flat_map(u64::to_ne_bytes).collect()
    }
}
