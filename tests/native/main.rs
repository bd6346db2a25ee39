//! The host's compilers, make and shells do the guest's work, and nothing tells that from the all-emulated run but
//! the time it takes.
//!
//! The tools come from trees of their own (`--tools`), so that nothing here depends on the host's distribution. Most
//! expectations are not written down: what a script prints must be what it prints with `--no-native`.
#![forbid(unsafe_code)]

#[path = "../util/mod.rs"]
mod util;

mod answers;
mod arm64;
mod builds;
mod collide;
mod compile;
mod driver;
mod environment;
mod exec_only;
mod failure;
mod host;
mod install;
mod interface;
mod job;
mod link;
mod profile;
mod reinstall;
mod robust;
mod skew;
mod trace;
