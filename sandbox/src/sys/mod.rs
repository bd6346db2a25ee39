//! The only module with `unsafe`: thin, one function a syscall, one SAFETY line a block.

pub mod mem;
pub mod seccomp;
pub mod stub;
