//! A rootfs before it runs: checked, and laid out as the guest will see it. Never traces.
#![forbid(unsafe_code)]

pub mod check;
pub mod private;
