//! A process of the host's that a guest is to leave alone.
#![forbid(unsafe_code)]

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::programs::{self, Kind};
use super::user;

/// Sits in a directory, has its file `marker` open and mapped, listens on the socket `peer` in it; the test user's.
pub struct HostProcess(Child);

impl HostProcess {
    pub fn new(directory: &Path) -> Self {
        let program = programs::build("escape_proc", Kind::Static).expect("the host has a compiler");
        let mut command = Command::new(program);
        command.arg(directory).stdin(Stdio::piped()).stdout(Stdio::piped()).current_dir("/");
        if let Some((uid, gid)) = user() {
            command.uid(uid).gid(gid);
        }
        let mut child = command.spawn().expect("it was just built");
        let mut ready = [0; 6];
        child
            .stdout
            .as_mut()
            .expect("stdout is a pipe")
            .read_exact(&mut ready)
            .expect("it says that it is ready");
        Self(child)
    }

    pub fn id(&self) -> u32 {
        self.0.id()
    }

    pub fn is_alive(&mut self) -> bool {
        self.0.try_wait().expect("it is a child").is_none()
    }
}

impl Drop for HostProcess {
    fn drop(&mut self) {
        // It may have been killed by what it guards against.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
