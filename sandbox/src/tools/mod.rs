//! Native tools: programs of the host that run in the place of a foreign guest's, at their own speed.
//!
//! [`profile`] is what is known about each tool, [`spec`] what the user asks for of them.
#![forbid(unsafe_code)]

pub mod profile;

pub mod spec;
