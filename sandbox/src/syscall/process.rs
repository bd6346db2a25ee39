//! Processes and threads.
//!
//! Source: clone(2).
#![forbid(unsafe_code)]

use super::call::Call;
use crate::error::Failure;

/// What the new task shares with its parent: the CLONE_* flags of fork, vfork, clone or clone3.
pub fn clone_flags(call: &mut Call<'_>) -> Result<i32, Failure> {
    Ok(match call.row.name {
        "vfork" => libc::CLONE_VM | libc::CLONE_VFORK,
        "clone" => call.int(0),
        "clone3" => call.mem.read_u64(call.args[0])? as i32,
        _ => 0,
    })
}
