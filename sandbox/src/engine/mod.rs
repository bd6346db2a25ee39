//! How calls are trapped and resumed. Knows no path.
#![forbid(unsafe_code)]

pub mod bpf;

pub mod filter;

pub mod ptrace;
