//! Reads and writes the memory of a tracee.
//!
//! Source: process_vm_readv(2), proc_pid_mem(5).

use crate::error::Errno;

/// A tracee's address space, or a fake one in a handler's test.
pub trait Memory {
    /// Reads up to `buf.len()` bytes at `address`; returns how many, fewer only where a mapping ends.
    ///
    /// # Errors
    /// EFAULT if not even the first byte is mapped, ESRCH if the tracee is gone.
    fn read_some(&self, address: u64, buf: &mut [u8]) -> Result<usize, Errno>;

    /// Writes all of `data` at `address`, as the guest itself could.
    ///
    /// # Errors
    /// EFAULT if a page is not mapped writable, ESRCH if the tracee is gone.
    fn write(&self, address: u64, data: &[u8]) -> Result<(), Errno>;

    /// Writes all of `data` at `address` even where the guest itself may only read.
    ///
    /// # Errors
    /// EFAULT if a page is not mapped, ESRCH if the tracee is gone.
    fn force(&self, address: u64, data: &[u8]) -> Result<(), Errno>;

    /// Reads exactly `buf.len()` bytes.
    ///
    /// # Errors
    /// EFAULT if it runs off the mapping, ESRCH if the tracee is gone.
    fn read(&self, address: u64, buf: &mut [u8]) -> Result<(), Errno> {
        if buf.is_empty() || self.read_some(address, buf)? == buf.len() { Ok(()) } else { Err(Errno::EFAULT) }
    }

    /// Reads one native word.
    ///
    /// # Errors
    /// As [`Memory::read`].
    fn read_u64(&self, address: u64) -> Result<u64, Errno> {
        let mut word = [0; 8];
        self.read(address, &mut word)?;
        Ok(u64::from_ne_bytes(word))
    }

    /// Reads a NUL-terminated string of at most `max` bytes, NUL not included.
    ///
    /// # Errors
    /// EFAULT if it runs off the mapping, ENAMETOOLONG if there is no NUL within `max`.
    fn read_cstr(&self, address: u64, max: usize) -> Result<Vec<u8>, Errno> {
        let mut string = Vec::new();
        let mut chunk = [0; 256];
        loop {
            // Stop at page ends: the next page may not be mapped.
            let at = address.wrapping_add(string.len() as u64);
            let room = chunk.len().min((4096 - (at % 4096)) as usize).min(max + 1 - string.len());
            let count = self.read_some(at, &mut chunk[..room])?;
            if count == 0 {
                return Err(Errno::EFAULT);
            }
            if let Some(end) = chunk[..count].iter().position(|&byte| byte == 0) {
                string.extend_from_slice(&chunk[..end]);
                return Ok(string);
            }
            string.extend_from_slice(&chunk[..count]);
            if string.len() > max {
                return Err(Errno::ENAMETOOLONG);
            }
        }
    }
}
