//! The command line: parse, plan, print.
#![forbid(unsafe_code)]

fn main() {}
