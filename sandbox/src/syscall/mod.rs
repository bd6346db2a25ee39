//! What each syscall means. [`table`] has one row for every number, the other files one family each.
//!
//! A handler never learns who trapped the call.
#![forbid(unsafe_code)]

pub mod call;
pub mod matrix;
pub mod paths;
pub mod table;

pub use call::{Action, Call, Rewrite, World};
pub use table::{Row, TABLE};
