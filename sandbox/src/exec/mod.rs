//! From a guest path and its arguments to what the host's kernel can run.
//!
//! [`plan()`] decides, without touching a tracee; [`loader`] says how the engine starts what was planned.
#![forbid(unsafe_code)]

mod dynamic;
pub(crate) mod elf;
mod emulator;
mod files;
#[cfg(test)]
mod for_tests;
pub mod libraries;
pub mod loader;
mod machine;
pub mod native;
mod plan;
mod root;
pub(crate) mod shebang;

pub use emulator::Emulators;
pub use files::{Files, Found};
pub use machine::{Machine, machine_of_file};
pub use native::{Natives, Start};
pub use plan::{Plan, Refused, Runners, ToolStart, missing_interpreter, plan};
pub use root::Root;
