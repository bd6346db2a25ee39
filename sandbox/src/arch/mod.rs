//! What differs between the syscall ABIs of hosts: register names, machine numbers.
//!
//! Nothing outside this module knows a register's name.
#![forbid(unsafe_code)]

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(target_arch = "aarch64")]
pub use aarch64::*;
#[cfg(target_arch = "x86_64")]
pub use x86_64::*;
