//! From a guest path and its arguments to what the host's kernel can run.
//!
//! [`plan()`] decides, without touching a tracee; [`loader`] says how the engine starts what was planned.
#![forbid(unsafe_code)]

mod elf;
mod emulator;
mod files;
#[cfg(test)]
mod for_tests;
pub mod loader;
mod machine;
mod plan;
mod shebang;

pub use emulator::Emulators;
pub use files::{Files, Found};
pub use machine::Machine;
pub use plan::{Plan, Refused, ToolStart, missing_interpreter, plan};
