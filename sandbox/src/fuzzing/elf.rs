//! ELF files, against goblin's reading of them; and what is planned to be run of them.
#![forbid(unsafe_code)]

use std::fs::File;
use std::io::Write;

use goblin::container::{Container, Ctx, Endian};
use goblin::elf::ProgramHeader;
use nix::sys::memfd::{MFdFlags, memfd_create};

use crate::config::EmulatorSearch;
use crate::error::{Errno, Failure};
use crate::exec::elf::{self, Headers};
use crate::exec::{Emulators, Files, Found, Machine, Natives, Runners, plan};
use crate::vfs::{GuestPath, HostPath};

/// The input is a program, and the interpreter of that program too.
pub fn elf(data: &[u8]) {
    let mut file: File = memfd_create(c"fuzz", MFdFlags::MFD_CLOEXEC).expect("memory is free").into();
    file.write_all(data).expect("memory is free");
    let head = elf::read_head(&file).expect("it can be read");
    if let Some(machine) = Machine::of(&head) {
        check_program(&file, data, Headers::of_program(&file, &head, machine), machine);
        let interpreter = Headers::check_interpreter(&file, machine);
        assert!(matches!(interpreter, Ok(()) | Err(Errno::EIO | Errno::ELIBBAD)), "{interpreter:?}");
    }
    check_plan(&file);
}

fn check_program(file: &File, data: &[u8], headers: Result<Headers, Errno>, machine: &Machine) {
    let Ok(headers) = headers else {
        assert_eq!(headers.err(), Some(Errno::ENOEXEC));
        return;
    };
    let wide = machine.wide;
    let half = |at: usize| {
        let bytes = [data[at], data[at + 1]];
        if machine.little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) }
    };
    // Of a program for the host the kernel asks the machine alone, goblin the size and byte order that it says it has.
    let mut said = data.to_vec();
    said[4] = if wide { 2 } else { 1 };
    said[5] = if machine.little { 1 } else { 2 };
    let header = goblin::elf::Elf::parse_header(&said);
    if let Ok(header) = header {
        let container = if wide { Container::Big } else { Container::Little };
        let endian = if machine.little { Endian::Little } else { Endian::Big };
        let (at, count) = (header.e_phoff as usize, usize::from(half(if wide { 56 } else { 44 })));
        let others = ProgramHeader::parse(data, at, count, Ctx::new(container, endian));
        let others = others.expect("what we could read, goblin can");
        assert_eq!(others.len(), headers.segments.len());
        for (ours, other) in headers.segments.iter().zip(&others) {
            let ours = (ours.kind, ours.offset, ours.vaddr, ours.filesz, ours.memsz);
            assert_eq!(ours, (other.p_type, other.p_offset, other.p_vaddr, other.p_filesz, other.p_memsz));
        }
        assert_eq!((headers.kind, headers.entry), (header.e_type, header.e_entry));
    }
    match headers.interpreter_name(file) {
        Ok(Some(name)) => assert!(!name.contains(&0) && name.len() < 4096),
        // EINVAL for an offset beyond what a file can have.
        Ok(None) | Err(Errno::ENOEXEC | Errno::EIO | Errno::EINVAL) => {}
        Err(errno) => panic!("no errno of execve: {errno}"),
    }
}

/// A guest in which every path leads to the file.
struct Everywhere<'a>(&'a File);

impl Files for Everywhere<'_> {
    fn find(&mut self, path: &[u8]) -> Result<Found, Failure> {
        if path.is_empty() {
            return Err(Errno::ENOENT.into());
        }
        let file = Some(self.0.try_clone().expect("descriptors are free"));
        Ok(Found {
            guest: GuestPath::lexical(path),
            host: HostPath::from_bytes(path.to_vec()),
            file,
            id: None,
        })
    }
}

fn check_plan(file: &File) {
    let emulators = Emulators::new(EmulatorSearch::default()).expect("no emulator is named");
    let runners = Runners { emulators, natives: Natives::default() };
    match plan(&mut Everywhere(file), &mut (), &runners, b"/bin/program", b"program") {
        Ok(plan) => {
            let strings = plan.arguments.iter().flatten().chain([&plan.execfn, &plan.comm]);
            assert!(!strings.into_iter().any(|string| string.contains(&0)), "{plan:?}");
        }
        // No emulator is there, which the user is told.
        Err(refused) => match refused.failure {
            Failure::Errno(errno) => {
                let of_execve = [
                    Errno::EACCES,
                    Errno::EIO,
                    Errno::EINVAL,
                    Errno::ELIBBAD,
                    Errno::ELOOP,
                    Errno::ENOENT,
                    Errno::ENOEXEC,
                ];
                assert!(of_execve.contains(&errno), "{errno}");
            }
            Failure::Broken(_) => {}
            Failure::Gone => panic!("nobody is there to be gone"),
        },
    }
}
