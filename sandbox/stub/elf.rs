//! Maps an ELF file as execve does.
//!
//! The tracer has checked the file (`exec::elf`), but it may have changed since: here nothing is trusted either, and
//! what is wrong kills the process, as errors behind the kernel's point of no return do.
//!
//! Source: elf(5).

use core::mem::{MaybeUninit, size_of};

use crate::Loaded;
use crate::arch;
use crate::kernel::{self, *};

/// Size of a program header.
pub const PHENT: usize = size_of::<Phdr>();

const PT_LOAD: u32 = 1;
const PT_GNU_STACK: u32 = 0x6474_e551;
const PF_X: u32 = 1;
const PF_W: u32 = 2;
const PF_R: u32 = 4;
const ET_EXEC: u16 = 2;
const ET_DYN: u16 = 3;

/// Where a position-independent file goes.
#[derive(Clone, Copy)]
pub enum Place {
    /// At the base of programs, moved by a random distance if asked.
    Program(usize, bool),
    /// Where the kernel puts libraries: a program without interpreter.
    Direct,
    /// The same for an interpreter, whose p_align the kernel ignores.
    Interpreter,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Header {
    ident: [u8; 16],
    kind: u16,
    machine: u16,
    version: u32,
    entry: usize,
    phoff: usize,
    shoff: usize,
    flags: u32,
    ehsize: u16,
    phentsize: u16,
    phnum: u16,
    shentsize: u16,
    shnum: u16,
    shstrndx: u16,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Phdr {
    kind: u32,
    flags: u32,
    offset: usize,
    vaddr: usize,
    paddr: usize,
    filesz: usize,
    memsz: usize,
    align: usize,
}

/// So much of a file is read at once: its header, and most files' program headers.
const HEAD: usize = 1024;

type Head = MaybeUninit<[u8; HEAD]>;

/// The program headers of a file: the kernel allows up to 65,536 bytes of them.
struct Phdrs {
    at: usize,
    count: usize,
    /// Bytes mapped for them, 0 if they lie elsewhere.
    mapped: usize,
}

impl Phdrs {
    /// Reads them from `fd`, unless they are among the first `read` bytes of it, which are at `head`.
    fn read(fd: isize, header: &Header, head: &Head, read: usize, page: usize) -> Result<Self, Errno> {
        let (count, len) = (header.phnum as usize, header.phnum as usize * PHENT);
        if header.phentsize as usize != PHENT || len == 0 || len > 65536 {
            return Err(ENOEXEC);
        }
        if header.phoff <= read && len <= read - header.phoff {
            return Ok(Self { at: head.as_ptr() as usize + header.phoff, count, mapped: 0 });
        }
        let mapped = len.next_multiple_of(page);
        let at = mmap(0, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)?;
        let phdrs = Self { at, count, mapped };
        match read_at(fd, at, len, header.phoff) {
            Ok(read) if read == len => Ok(phdrs),
            result => {
                phdrs.forget();
                Err(result.err().unwrap_or(EIO))
            }
        }
    }

    fn forget(self) {
        munmap(self.at, self.mapped);
    }

    fn iter(&self) -> impl Iterator<Item = Phdr> + '_ {
        // SAFETY: `count` of them were read to `at`, which may be any address.
        (0..self.count).map(|index| unsafe { ((self.at + index * PHENT) as *const Phdr).read_unaligned() })
    }

    fn segments(&self) -> impl Iterator<Item = Phdr> + '_ {
        self.iter().filter(|phdr| phdr.kind == PT_LOAD)
    }
}

/// How many bytes the PT_LOADs of the file whose header is mapped at `base` span.
pub fn mapped_span(base: usize) -> usize {
    // SAFETY: the kernel mapped a dynamic linker there (AT_BASE), whose headers lie in its first segment.
    let header = unsafe { *(base as *const Header) };
    Phdrs { at: base + header.phoff, count: header.phnum as usize, mapped: 0 }
        .segments()
        .map(|phdr| phdr.vaddr + phdr.memsz)
        .max()
        .unwrap_or(0)
}

/// Maps the file at `path` (an address).
pub fn map(path: usize, place: Place, page: usize) -> Result<Loaded, Errno> {
    kernel::with_file(path, |fd| map_open(fd, place, page))
}

fn map_open(fd: isize, place: Place, page: usize) -> Result<Loaded, Errno> {
    let mut head = Head::uninit();
    let read = read_at(fd, head.as_mut_ptr() as usize, HEAD, 0)?;
    if read < size_of::<Header>() {
        return Err(EIO);
    }
    // SAFETY: so much was read, and every bit pattern is a header.
    let header = unsafe { (head.as_ptr() as *const Header).read_unaligned() };
    let dynamic = match header.kind {
        ET_EXEC => false,
        ET_DYN => true,
        _ => return Err(ENOEXEC),
    };
    if header.ident[..4] != *b"\x7fELF" || header.machine != arch::MACHINE {
        return Err(ENOEXEC);
    }
    let phdrs = Phdrs::read(fd, &header, &head, read, page)?;
    let loaded = map_segments(fd, &header, &phdrs, dynamic, place, page);
    phdrs.forget();
    loaded
}

fn map_segments(
    fd: isize,
    header: &Header,
    phdrs: &Phdrs,
    dynamic: bool,
    place: Place,
    page: usize,
) -> Result<Loaded, Errno> {
    let bias = reserve(phdrs, dynamic, place, page)?;
    let mut loaded = Loaded {
        start_code: usize::MAX,
        end_code: 0,
        start_data: 0,
        end_data: 0,
        end: 0,
        bias,
        entry: header.entry.wrapping_add(bias),
        phdr: bias,
        phnum: header.phnum as usize,
        stack_exec: false,
        direct: dynamic && matches!(place, Place::Direct),
    };
    for phdr in phdrs.iter() {
        match phdr.kind {
            PT_LOAD => {
                map_segment(fd, &phdr, bias, page)?;
                note(&mut loaded, &phdr, header.phoff);
            }
            PT_GNU_STACK => loaded.stack_exec = phdr.flags & PF_X != 0,
            _ => {}
        }
    }
    Ok(loaded)
}

/// Finds room for all segments; the distance from their addresses in the file to those in memory.
///
/// What is mapped here is only there to find it and is unmapped again, so that holes between segments stay holes.
fn reserve(phdrs: &Phdrs, dynamic: bool, place: Place, page: usize) -> Result<usize, Errno> {
    let down = |address: usize| address & !(page - 1);
    let (mut low, mut high, mut align) = (usize::MAX, 0, page);
    for phdr in phdrs.segments() {
        low = low.min(down(phdr.vaddr));
        high = high.max(phdr.vaddr.checked_add(phdr.memsz).ok_or(EINVAL)?);
        if phdr.align.is_power_of_two() {
            align = align.max(phdr.align);
        }
    }
    if high <= low {
        return Err(EINVAL);
    }
    let len = (high - low).next_multiple_of(page);
    let map =
        |at: usize, len: usize, flags: usize| mmap(at, len, 0, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    let at = if !dynamic {
        // What an interpreter replaces is the program, and its own affair: nothing may be unmapped for it.
        if matches!(place, Place::Interpreter) {
            return Ok(0);
        }
        map(low, len, MAP_FIXED_NOREPLACE)?
    } else {
        match place {
            Place::Program(base, random) => {
                let random =
                    if random { random_pages(arch::RANDOM_BITS + page.trailing_zeros(), page) } else { 0 };
                map((base + random) & !(align - 1), len, MAP_FIXED_NOREPLACE)?
            }
            Place::Direct if align > page => {
                // Room for any shift, then the aligned part of it.
                let room = map(0, len.checked_add(align).ok_or(EINVAL)?, 0)?;
                munmap(room, len + align);
                map(room.next_multiple_of(align), len, MAP_FIXED_NOREPLACE)?
            }
            Place::Direct | Place::Interpreter => map(0, len, 0)?,
        }
    };
    munmap(at, len);
    Ok(at.wrapping_sub(low))
}

/// Maps one segment; what its file does not fill is zero.
fn map_segment(fd: isize, phdr: &Phdr, bias: usize, page: usize) -> Result<(), Errno> {
    if phdr.filesz > phdr.memsz {
        return Err(EINVAL);
    }
    let prot = prot(phdr.flags);
    let (inset, start) = (phdr.vaddr & (page - 1), phdr.vaddr.wrapping_add(bias));
    let first = start - inset;
    let file_end = start.checked_add(phdr.filesz).ok_or(EINVAL)?;
    let end = start.checked_add(phdr.memsz).ok_or(EINVAL)?;
    let mut zero_from = first;
    if phdr.filesz != 0 {
        let offset = phdr.offset.wrapping_sub(inset);
        let len = (file_end - first).next_multiple_of(page);
        mmap(first, len, prot, MAP_PRIVATE | MAP_FIXED, fd, offset)?;
        zero_from = first + len;
        // The rest of a page that the guest may not write stays as the file has it.
        if end > file_end && prot & PROT_WRITE != 0 && file_end < zero_from {
            if offset + (file_end - first) >= file_len(fd)?.next_multiple_of(page) {
                return Err(EFAULT);
            }
            // SAFETY: just mapped writable, and the file has that page.
            unsafe { arch::clear(file_end, zero_from - file_end) };
        }
    }
    if end > zero_from {
        let prot = PROT_READ | PROT_WRITE | (prot & PROT_EXEC);
        let len = (end - zero_from).next_multiple_of(page);
        mmap(zero_from, len, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)?;
    }
    Ok(())
}

fn prot(flags: u32) -> usize {
    let bit = |flag, prot| if flags & flag != 0 { prot } else { 0 };
    bit(PF_R, PROT_READ) | bit(PF_W, PROT_WRITE) | bit(PF_X, PROT_EXEC)
}

/// Extends what is told about the program by a mapped segment.
fn note(loaded: &mut Loaded, phdr: &Phdr, phoff: usize) {
    let start = phdr.vaddr.wrapping_add(loaded.bias);
    let (file_end, end) = (start.wrapping_add(phdr.filesz), start.wrapping_add(phdr.memsz));
    if phdr.flags & PF_X != 0 {
        loaded.start_code = loaded.start_code.min(start);
        loaded.end_code = loaded.end_code.max(file_end);
    }
    loaded.start_data = loaded.start_data.max(start);
    loaded.end_data = loaded.end_data.max(file_end);
    loaded.end = loaded.end.max(end);
    if phdr.offset <= phoff && phoff - phdr.offset < phdr.filesz {
        loaded.phdr = start.wrapping_add(phoff - phdr.offset);
    }
}
