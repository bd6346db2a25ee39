//! Reads and writes the memory of a tracee.
//!
//! Source: process_vm_readv(2), proc_pid_mem(5).

use std::cell::RefCell;
use std::fs::File;
use std::io::{IoSlice, IoSliceMut};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::rc::Rc;

use nix::sys::uio::{RemoteIoVec, process_vm_readv, process_vm_writev};
use nix::unistd::Pid;

use super::ptrace;
use crate::error::{Errno, is_file_limit};

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

/// /proc/PID/mem of one address space, opened when something is first forced into it.
#[derive(Clone, Default)]
pub struct MemFile(Rc<RefCell<Option<Rc<File>>>>);

impl MemFile {
    /// Closes it; the next use opens it again.
    pub fn close(&self) {
        *self.0.borrow_mut() = None;
    }
}

/// The memory of a live tracee.
pub struct ProcessMemory {
    pid: Pid,
    file: MemFile,
}

impl ProcessMemory {
    /// The memory of the thread `pid`, whose address space `file` belongs to: an execve brings another one.
    pub fn new(pid: Pid, file: MemFile) -> Self {
        Self { pid, file }
    }

    fn file(&self) -> Result<Rc<File>, Errno> {
        let mut file = self.file.0.borrow_mut();
        if let Some(file) = &*file {
            return Ok(file.clone());
        }
        let path = format!("/proc/{}/mem", self.pid);
        let opened = File::options()
            .read(true)
            .write(true)
            .open(path)
            .map_err(|error| limit_or(&error, Errno::EFAULT))?;
        Ok(file.insert(Rc::new(opened)).clone())
    }
}

impl Memory for ProcessMemory {
    fn read_some(&self, address: u64, buf: &mut [u8]) -> Result<usize, Errno> {
        let remote = [RemoteIoVec { base: address as usize, len: buf.len() }];
        match process_vm_readv(self.pid, &mut [IoSliceMut::new(buf)], &remote) {
            // Mapped for writing or executing only: the kernel's own reads for the guest succeed where it may write,
            // because the processor has no such protection, but process_vm_readv(2) asks for PROT_READ.
            Err(Errno::EFAULT) => self.read_file(address, buf, |is| is.write),
            // No right to ask by this call (an outer filter), but a tracer may always read the file.
            Err(Errno::EPERM | Errno::ENOSYS) => self.read_file(address, buf, |is| is.read || is.write),
            result => result,
        }
    }

    fn write(&self, address: u64, data: &[u8]) -> Result<(), Errno> {
        let remote = [RemoteIoVec { base: address as usize, len: data.len() }];
        if data.is_empty() {
            return Ok(());
        }
        match process_vm_writev(self.pid, &[IoSlice::new(data)], &remote) {
            Ok(count) if count == data.len() => Ok(()),
            Ok(_) => Err(Errno::EFAULT),
            // As above; the file would write anywhere.
            Err(Errno::EPERM | Errno::ENOSYS) => {
                if self.mapped(address, data.len(), |is| is.write)? < data.len() {
                    return Err(Errno::EFAULT);
                }
                self.force(address, data)
            }
            Err(errno) => Err(errno),
        }
    }

    fn force(&self, address: u64, data: &[u8]) -> Result<(), Errno> {
        let written = self.file().map(|file| file.write_all_at(data, address));
        if matches!(written, Ok(Ok(()))) {
            return Ok(());
        }
        // A kernel with proc_mem.force_override=never refuses; a tracer may always poke.
        self.poke(address, data)
    }
}

impl ProcessMemory {
    /// Reads through /proc/PID/mem, which would also show what the guest cannot read itself: only what is `allowed`.
    fn read_file(
        &self,
        address: u64,
        buf: &mut [u8],
        allowed: impl Fn(Protection) -> bool,
    ) -> Result<usize, Errno> {
        let len = self.mapped(address, buf.len(), allowed)?;
        let file = self.file()?;
        file.read_at(&mut buf[..len], address).map_err(|_| Errno::EFAULT)
    }

    /// How many of `len` bytes at `address` are mapped as is `allowed`.
    ///
    /// # Errors
    /// EFAULT if not even the first byte is.
    fn mapped(&self, address: u64, len: usize, allowed: impl Fn(Protection) -> bool) -> Result<usize, Errno> {
        let maps = std::fs::read_to_string(format!("/proc/{}/maps", self.pid))
            .map_err(|error| limit_or(&error, Errno::ESRCH))?;
        let end = address.saturating_add(len as u64);
        let mut reached = address;
        for (range, protection) in maps.lines().filter_map(mapping) {
            if range.contains(&reached) && allowed(protection) {
                reached = range.end.min(end);
            }
        }
        if reached == address { Err(Errno::EFAULT) } else { Ok((reached - address) as usize) }
    }

    /// Writes word by word; the last word keeps the bytes behind `data`.
    fn poke(&self, address: u64, data: &[u8]) -> Result<(), Errno> {
        for (index, chunk) in data.chunks(8).enumerate() {
            let at = address + 8 * index as u64;
            let mut word = if chunk.len() == 8 { [0; 8] } else { ptrace::peek(self.pid, at)?.to_ne_bytes() };
            word[..chunk.len()].copy_from_slice(chunk);
            ptrace::poke(self.pid, at, u64::from_ne_bytes(word)).map_err(|errno| match errno {
                Errno::EIO => Errno::EFAULT,
                other => other,
            })?;
        }
        Ok(())
    }
}

/// What to say of a file that could not be opened: that no more can be, which more room would mend, or `otherwise`.
fn limit_or(error: &std::io::Error, otherwise: Errno) -> Errno {
    error.raw_os_error().map(Errno::from_raw).filter(|&errno| is_file_limit(errno)).unwrap_or(otherwise)
}

/// What the guest may do with a mapping.
#[derive(Clone, Copy)]
struct Protection {
    read: bool,
    write: bool,
}

/// A line of /proc/PID/maps: `55d0c000-55d0e000 r--p ...`.
fn mapping(line: &str) -> Option<(Range<u64>, Protection)> {
    let (range, rest) = line.split_once(' ')?;
    let (start, end) = range.split_once('-')?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    let protection = Protection { read: rest.starts_with('r'), write: rest[1..].starts_with('w') };
    Some((number(start)?..number(end)?, protection))
}

/// Plain bytes in place of a tracee's memory, starting at [`FakeMemory::BASE`]; for handlers' tests.
#[cfg(test)]
pub struct FakeMemory(pub std::cell::RefCell<Vec<u8>>);

#[cfg(test)]
impl FakeMemory {
    /// Address of the first byte; what lies below is not mapped.
    pub const BASE: u64 = 0x10000;

    /// Memory that holds `bytes`.
    pub fn new(bytes: &[u8]) -> Self {
        Self(std::cell::RefCell::new(bytes.to_vec()))
    }
}

#[cfg(test)]
impl Memory for FakeMemory {
    fn read_some(&self, address: u64, buf: &mut [u8]) -> Result<usize, Errno> {
        let bytes = self.0.borrow();
        let start = address.checked_sub(Self::BASE).ok_or(Errno::EFAULT)? as usize;
        let rest = bytes.get(start..).filter(|rest| !rest.is_empty()).ok_or(Errno::EFAULT)?;
        let count = rest.len().min(buf.len());
        buf[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn write(&self, address: u64, data: &[u8]) -> Result<(), Errno> {
        let mut bytes = self.0.borrow_mut();
        let start = address.checked_sub(Self::BASE).ok_or(Errno::EFAULT)? as usize;
        bytes.get_mut(start..start + data.len()).ok_or(Errno::EFAULT)?.copy_from_slice(data);
        Ok(())
    }

    fn force(&self, address: u64, data: &[u8]) -> Result<(), Errno> {
        self.write(address, data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_may_end_with_the_mapping_but_not_run_off_it() {
        let memory = FakeMemory::new(b"abc\0def");
        assert_eq!(memory.read_cstr(FakeMemory::BASE, 10), Ok(b"abc".to_vec()));
        assert_eq!(memory.read_cstr(FakeMemory::BASE, 3), Ok(b"abc".to_vec()));
        assert_eq!(memory.read_cstr(FakeMemory::BASE, 2), Err(Errno::ENAMETOOLONG));
        assert_eq!(memory.read_cstr(FakeMemory::BASE + 4, 10), Err(Errno::EFAULT));
        assert_eq!(memory.read_cstr(0, 10), Err(Errno::EFAULT));
    }

    #[test]
    fn the_own_memory_is_readable_through_the_kernel() {
        let text = *b"through the kernel\0";
        let memory = ProcessMemory::new(Pid::this(), MemFile::default());
        assert_eq!(memory.read_cstr(text.as_ptr() as u64, 64), Ok(b"through the kernel".to_vec()));
    }
}
