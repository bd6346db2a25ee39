//! What execve checks of an ELF file before the old program is lost, in the same order and with the same errno.
//!
//! What goes wrong later kills the process (SIGSEGV); that part is the stub's.
//!
//! Source: elf(5); behaviour of Linux 6.18, which `tests/exec` asks about mutated files.
#![forbid(unsafe_code)]

use std::fs::File;
use std::os::unix::fs::FileExt;

use goblin::elf::header::{ET_DYN, ET_EXEC};
pub use goblin::elf::program_header::{PT_INTERP, PT_LOAD};

use super::machine::Machine;
use crate::error::Errno;

/// The kernel looks at so much of a file to find out what it is (BINPRM_BUF_SIZE of include/uapi/linux/binfmts.h).
pub const HEAD: usize = 256;

/// Most bytes of program headers that the kernel reads.
const MAX_PHDRS: usize = 65536;

/// PATH_MAX.
const MAX_NAME: u64 = 4096;

/// What matters of an ELF file's headers.
#[derive(Debug)]
pub struct Headers {
    /// ET_EXEC or ET_DYN in a program that can run.
    pub kind: u16,
    pub entry: u64,
    pub segments: Vec<Segment>,
}

/// A program header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    pub kind: u32,
    pub offset: u64,
    pub vaddr: u64,
    pub filesz: u64,
    pub memsz: u64,
}

impl Headers {
    /// Reads the headers of a program for `machine` that begins with `head`.
    ///
    /// # Errors
    /// ENOEXEC for whatever the kernel does not like.
    pub fn of_program(file: &File, head: &[u8; HEAD], machine: &Machine) -> Result<Self, Errno> {
        let kind = Fields { bytes: head, machine }.half(16);
        if ![ET_EXEC, ET_DYN].contains(&kind) {
            return Err(Errno::ENOEXEC);
        }
        Self::parse(file, head, machine).ok_or(Errno::ENOEXEC)
    }

    /// Checks the file that a program's PT_INTERP names.
    ///
    /// # Errors
    /// EIO if it is shorter than a header, ELIBBAD if it cannot be an interpreter of programs for `machine`.
    pub fn check_interpreter(file: &File, machine: &Machine) -> Result<(), Errno> {
        let mut head = [0; HEAD];
        let len = if machine.wide { 64 } else { 52 };
        read_exact(file, &mut head[..len], 0)?;
        if Machine::of(&head).is_none_or(|found| found != machine) {
            return Err(Errno::ELIBBAD);
        }
        Self::parse(file, &head, machine).map(|_| ()).ok_or(Errno::ELIBBAD)
    }

    /// Reads the headers of a program of this host.
    ///
    /// # Errors
    /// ENOEXEC if it is none, or that of the failed read.
    pub fn native(file: &File) -> Result<Self, Errno> {
        let head = read_head(file)?;
        let machine = Machine::of(&head).filter(|machine| machine.is_host()).ok_or(Errno::ENOEXEC)?;
        Self::of_program(file, &head, machine)
    }

    fn parse(file: &File, head: &[u8; HEAD], machine: &Machine) -> Option<Self> {
        let fields = Fields { bytes: head, machine };
        let (entry, phoff, phentsize, phnum) = if machine.wide {
            (fields.word(24), fields.word(32), fields.half(54), fields.half(56))
        } else {
            (fields.word(24), fields.word(28), fields.half(42), fields.half(44))
        };
        let size = if machine.wide { 56 } else { 32 };
        let len = size * usize::from(phnum);
        if usize::from(phentsize) != size || len == 0 || len > MAX_PHDRS {
            return None;
        }
        let mut table = vec![0; len];
        read_exact(file, &mut table, phoff).ok()?;
        let segments =
            table.chunks_exact(size).map(|bytes| Segment::parse(Fields { bytes, machine })).collect();
        Some(Self { kind: fields.half(16), entry, segments })
    }

    /// The first PT_INTERP.
    pub fn interpreter(&self) -> Option<&Segment> {
        self.segments.iter().find(|segment| segment.kind == PT_INTERP)
    }

    /// The path in it, without NUL; `None` for a program without.
    ///
    /// # Errors
    /// ENOEXEC if it cannot be a path, EIO if the file ends before it.
    pub fn interpreter_name(&self, file: &File) -> Result<Option<Vec<u8>>, Errno> {
        let Some(segment) = self.interpreter() else { return Ok(None) };
        if !(2..=MAX_NAME).contains(&segment.filesz) {
            return Err(Errno::ENOEXEC);
        }
        let mut name = vec![0; segment.filesz as usize];
        read_exact(file, &mut name, segment.offset)?;
        if name.last() != Some(&0) {
            return Err(Errno::ENOEXEC);
        }
        // The kernel goes on with the string: up to the first NUL.
        name.truncate(name.iter().position(|&byte| byte == 0).unwrap_or(0));
        Ok(Some(name))
    }
}

impl Segment {
    fn parse(fields: Fields<'_>) -> Self {
        let word = |index: usize| fields.word(index);
        let kind = fields.long(0);
        if fields.machine.wide {
            Self { kind, offset: word(8), vaddr: word(16), filesz: word(32), memsz: word(40) }
        } else {
            Self { kind, offset: word(4), vaddr: word(8), filesz: word(16), memsz: word(20) }
        }
    }
}

/// The first bytes of a file, zeros behind its end.
///
/// # Errors
/// That of the failed read.
pub fn read_head(file: &File) -> Result<[u8; HEAD], Errno> {
    let mut head = [0; HEAD];
    match read_exact(file, &mut head, 0) {
        Ok(()) | Err(Errno::EIO) => Ok(head),
        Err(errno) => Err(errno),
    }
}

/// pread(2) of all of `buf`; EIO where the file ends before.
pub fn read_exact(file: &File, buf: &mut [u8], offset: u64) -> Result<(), Errno> {
    let mut done = 0;
    while done < buf.len() {
        match file.read_at(&mut buf[done..], offset.wrapping_add(done as u64)) {
            Ok(0) => return Err(Errno::EIO),
            Ok(count) => done += count,
            Err(error) => return Err(Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))),
        }
    }
    Ok(())
}

/// Numbers of a machine's size and byte order.
#[derive(Clone, Copy)]
struct Fields<'a> {
    bytes: &'a [u8],
    machine: &'a Machine,
}

impl Fields<'_> {
    fn half(&self, at: usize) -> u16 {
        self.number(at, 2) as u16
    }

    fn long(&self, at: usize) -> u32 {
        self.number(at, 4) as u32
    }

    fn word(&self, at: usize) -> u64 {
        self.number(at, if self.machine.wide { 8 } else { 4 })
    }

    fn number(&self, at: usize, len: usize) -> u64 {
        let bytes = &self.bytes[at..at + len];
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        if self.machine.little { bytes.iter().rev().fold(0, add) } else { bytes.iter().fold(0, add) }
    }
}
