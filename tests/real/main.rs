//! Real programs of a Debian tree behave under xroot as they do natively, for an ordinary user.
//!
//! No expectation is written down where there is a native run to compare with: the same command, in the same tree, in a
//! chroot with real bind mounts in a user namespace (`native.sh`). Both runs are made at once, each in its own home.
//! `XROOT_TEST_FULL` runs what takes minutes, in a larger tree.
#![forbid(unsafe_code)]

#[path = "../util/mod.rs"]
mod util;

mod checks;
mod emulated;
mod git;
mod languages;
mod python;
mod servers;
mod tree;
