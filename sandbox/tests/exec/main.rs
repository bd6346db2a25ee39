//! Planning and loading programs against the kernel's own execve.
//!
//! No engine here: a minimal tracer executes this test's own file as the carrier, starts the stub in it, and waits for
//! its report.
#![cfg(target_arch = "x86_64")]
#![forbid(unsafe_code)]

mod fuzz;
mod load;
mod mutate;
mod programs;
mod scripts;
mod tool;
mod tracer;
