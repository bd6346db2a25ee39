//! What each syscall means. [`table`] has one row for every number, the other files one family each.
//!
//! A handler never learns who trapped the call.
#![forbid(unsafe_code)]

pub mod table;

pub mod call;

pub mod world;

pub mod paths;

mod deleted;

mod scoped;

pub mod entries;

mod far;

mod held;

mod text;

pub mod log;

pub mod trace;

pub mod unsupported;

pub mod matrix;

pub mod open;

pub mod stat;

pub mod cwd;

pub mod exec;

pub mod process;

pub mod kill;

pub mod prctl;

pub mod seccomp;

pub mod sigsys;

pub mod landlock;

pub mod socket;

pub mod ids;

pub mod caps;

pub mod fakeroot;

pub mod readonly;

pub mod mounts;

pub mod uname;

pub mod i386;

pub mod proc;

pub mod getdents;

pub use call::{Action, Call, Rewrite};
pub use table::{Row, TABLE};
pub use world::World;

#[cfg(test)]
pub mod testing;
