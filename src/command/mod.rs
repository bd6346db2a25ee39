//! Commands beside running a program: what they print.
#![forbid(unsafe_code)]

pub mod tools;
