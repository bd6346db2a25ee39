//! Native tools: programs of the host that run in the place of a foreign guest's, at their own speed.
//!
//! [`profile`] is what is known about each tool, [`spec`] what the user asks for of them, [`select`] holds both against what
//! guest and host have. The result is plain data ([`crate::config::Toolset`]), which a session obeys.
#![forbid(unsafe_code)]

mod ask;

pub mod profile;

pub mod spec;

mod triplet;

mod release;

mod compiler;

mod defaults;

mod toolchain;

pub mod choice;

mod select;

mod views;

mod install;

pub use install::install;
pub use select::{Selection, Survey, select, survey};
