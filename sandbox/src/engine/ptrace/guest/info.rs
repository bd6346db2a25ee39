//! What a signal says of itself (`siginfo_t`), where xroot has to say it in the kernel's place.
//!
//! Source: sigaction(2); include/uapi/asm-generic/siginfo.h, 64-bit.
#![forbid(unsafe_code)]

use crate::sys::tracee::SIGINFO_SIZE;

/// The bytes of one `siginfo_t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SigInfo(pub [u8; SIGINFO_SIZE]);

/// Where the fields lie.
const SIGNO: usize = 0;
const CODE: usize = 8;
const PID: usize = 16;
const UID: usize = 20;
const STATUS: usize = 24;
const ADDRESS: usize = 16;

impl SigInfo {
    /// A signal with this `si_code`, and nothing else.
    pub fn new(signal: i32, code: i32) -> Self {
        let mut info = Self([0; SIGINFO_SIZE]);
        info.put(SIGNO, signal);
        info.put(CODE, code);
        info
    }

    /// One that names a process: a sender, a child, or a tracee that tells of itself.
    pub fn of(signal: i32, code: i32, pid: i32, uid: u32) -> Self {
        let mut info = Self::new(signal, code);
        info.put(PID, pid);
        info.put(UID, uid as i32);
        info
    }

    /// SIGCHLD, as waitid(2) fills it too.
    pub fn of_child(code: i32, pid: i32, uid: u32, status: i32) -> Self {
        let mut info = Self::of(libc::SIGCHLD, code, pid, uid);
        info.put(STATUS, status);
        info
    }

    /// A fault or trap at `address`.
    pub fn at(signal: i32, code: i32, address: u64) -> Self {
        let mut info = Self::new(signal, code);
        info.0[ADDRESS..ADDRESS + 8].copy_from_slice(&address.to_ne_bytes());
        info
    }

    pub fn signal(&self) -> i32 {
        self.get(SIGNO)
    }

    pub fn code(&self) -> i32 {
        self.get(CODE)
    }

    pub fn pid(&self) -> i32 {
        self.get(PID)
    }

    fn put(&mut self, at: usize, value: i32) {
        self.0[at..at + 4].copy_from_slice(&value.to_ne_bytes());
    }

    fn get(&self, at: usize) -> i32 {
        i32::from_ne_bytes(self.0[at..at + 4].try_into().expect("a field has four bytes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_reads_as_it_was_written() {
        let info = SigInfo::of_child(libc::CLD_TRAPPED, 77, 88, 5);
        assert_eq!((info.signal(), info.code(), info.pid()), (libc::SIGCHLD, libc::CLD_TRAPPED, 77));
        assert_eq!((info.get(UID), info.get(STATUS)), (88, 5));
        assert_eq!(SigInfo::at(libc::SIGTRAP, 1, 0x1_0000_0002).get(ADDRESS), 2);
    }
}
