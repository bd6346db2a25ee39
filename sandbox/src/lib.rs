//! Runs a process tree inside a root filesystem that is not the host's.
//!
//! Modules are listed in reading order; each may import only those below it (`tests/tidy.rs`).

pub mod session;

pub mod image;

pub mod engine;

pub mod syscall;

pub mod exec;

pub mod task;

pub mod config;

pub mod vfs;

pub mod sys;

pub mod arch;

pub mod error;

pub use config::Config;
pub use error::Error;
pub use session::Session;
