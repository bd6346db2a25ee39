//! The only module with `unsafe`: thin, one function a syscall, one SAFETY line a block.

pub mod descriptor;
pub mod dirents;
pub mod front;
pub mod fs;
pub mod inherited;
pub mod landlock;
pub mod mem;
pub mod probe;
pub mod process;
pub mod ptrace;
pub mod seccomp;
pub mod signal;
pub mod socket;
pub mod spawn;
pub mod stub;
pub mod tracee;
pub mod wait;
