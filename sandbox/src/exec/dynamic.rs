//! What the dynamic section of a program or library of this host says of other libraries.
//!
//! Read piece by piece: compilers are too large to be read whole for a few names.
//!
//! Source: elf(5), "Dynamic tags".
#![forbid(unsafe_code)]

use std::fs::File;

use goblin::elf::dynamic::{DT_NEEDED, DT_NULL, DT_RPATH, DT_RUNPATH, DT_STRSZ, DT_STRTAB};
use goblin::elf::program_header::{PT_DYNAMIC, PT_LOAD};

use super::elf::{Headers, read_exact};

/// No table of names or tags is larger.
const MAX_TABLE: u64 = 16 << 20;

/// The libraries that a file asks for, and where it says that they are.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Dynamic {
    pub needed: Vec<Vec<u8>>,
    /// The directories of DT_RUNPATH or DT_RPATH, `$ORIGIN` not expanded.
    pub runpath: Vec<Vec<u8>>,
}

impl Dynamic {
    /// Reads the section; empty for a file without. `None` for one that makes no sense.
    pub fn read(file: &File, headers: &Headers) -> Option<Self> {
        let Some(segment) = headers.segments.iter().find(|segment| segment.kind == PT_DYNAMIC) else {
            return Some(Self::default());
        };
        let table = piece(file, segment.offset, segment.filesz)?;
        let word = |bytes: &[u8]| u64::from_ne_bytes(bytes.try_into().expect("chunks have eight bytes"));
        let tags: Vec<(u64, u64)> = table
            .chunks_exact(16)
            .map(|entry| (word(&entry[..8]), word(&entry[8..])))
            .take_while(|&(tag, _)| tag != DT_NULL)
            .collect();
        let value = |wanted| tags.iter().find(|&&(tag, _)| tag == wanted).map(|&(_, value)| value);
        let names = match (value(DT_STRTAB), value(DT_STRSZ)) {
            (Some(address), Some(size)) => piece(file, file_offset(headers, address)?, size)?,
            _ => return Some(Self::default()),
        };
        let name = |at: u64| {
            let rest = names.get(usize::try_from(at).ok()?..)?;
            Some(rest.split(|&byte| byte == 0).next().unwrap_or_default().to_vec())
        };
        let needed = tags.iter().filter(|&&(tag, _)| tag == DT_NEEDED);
        let needed = needed.map(|&(_, at)| name(at)).collect::<Option<_>>()?;
        let runpath = match value(DT_RUNPATH).or(value(DT_RPATH)) {
            Some(at) => name(at)?.split(|&byte| byte == b':').map(<[u8]>::to_vec).collect(),
            None => Vec::new(),
        };
        Some(Self { needed, runpath })
    }
}

/// Where in the file the bytes are that are loaded at `address`.
fn file_offset(headers: &Headers, address: u64) -> Option<u64> {
    let loads = headers.segments.iter().filter(|segment| segment.kind == PT_LOAD);
    let holds = |load: &&super::elf::Segment| {
        address.checked_sub(load.vaddr).is_some_and(|distance| distance < load.filesz)
    };
    let load = { loads }.find(holds)?;
    load.offset.checked_add(address - load.vaddr)
}

fn piece(file: &File, offset: u64, len: u64) -> Option<Vec<u8>> {
    if len > MAX_TABLE {
        return None;
    }
    let mut bytes = vec![0; len as usize];
    read_exact(file, &mut bytes, offset).ok()?;
    Some(bytes)
}
