//! The machines that programs are for.
//!
//! Source: elf(5); names as qemu's user emulators have them (configs/targets/*-linux-user.mak).
#![forbid(unsafe_code)]

use goblin::elf::header as e;

/// A machine, as the header of an ELF file tells it.
#[derive(Debug, PartialEq, Eq)]
pub struct Machine {
    /// As the emulator for it is called: `qemu-NAME`.
    pub name: &'static str,
    /// What Debian, uname(1) or others call it.
    aliases: &'static [&'static str],
    /// What uname(2) tells of it, as far as that is not its name: what its emulator says.
    uname: Option<&'static str>,
    e_machine: u16,
    pub(crate) wide: bool,
    pub(crate) little: bool,
}

const fn row(
    name: &'static str,
    aliases: &'static [&'static str],
    e_machine: u16,
    class: u8,
    data: u8,
) -> Machine {
    let (wide, little) = (class == e::ELFCLASS64, data == e::ELFDATA2LSB);
    Machine { name, aliases, uname: None, e_machine, wide, little }
}

const fn told(row: Machine, uname: &'static str) -> Machine {
    Machine { uname: Some(uname), ..row }
}

use goblin::elf::header::{ELFCLASS32 as B32, ELFCLASS64 as B64, ELFDATA2LSB as LE, ELFDATA2MSB as BE};

static MACHINES: &[Machine] = &[
    row("x86_64", &["amd64", "x86-64"], e::EM_X86_64, B64, LE),
    row("aarch64", &["arm64"], e::EM_AARCH64, B64, LE),
    row("aarch64_be", &["arm64be"], e::EM_AARCH64, B64, BE),
    told(
        row("arm", &["armhf", "armel", "armv7l", "armv7", "armv6l", "armv8l"], e::EM_ARM, B32, LE),
        "armv7l",
    ),
    told(row("armeb", &["armv7b"], e::EM_ARM, B32, BE), "armv7b"),
    told(row("i386", &["i486", "i586", "i686", "x86"], e::EM_386, B32, LE), "i686"),
    row("riscv64", &[], e::EM_RISCV, B64, LE),
    row("riscv32", &[], e::EM_RISCV, B32, LE),
    row("ppc64le", &["ppc64el", "powerpc64le"], e::EM_PPC64, B64, LE),
    row("ppc64", &["powerpc64"], e::EM_PPC64, B64, BE),
    row("ppc", &["powerpc"], e::EM_PPC, B32, BE),
    row("s390x", &[], e::EM_S390, B64, BE),
    row("loongarch64", &["loong64"], 258, B64, LE),
];

impl Machine {
    /// The machine that this host is.
    pub fn host() -> &'static Self {
        MACHINES
            .iter()
            .find(|row| row.e_machine == crate::arch::ELF_MACHINE && row.little)
            .expect("the table has a row for each host")
    }

    /// The machine called `name`, by any of its names.
    pub fn named(name: &str) -> Option<&'static Self> {
        MACHINES.iter().find(|row| row.name == name || row.aliases.contains(&name))
    }

    /// The machine of the file that begins with `head`; `None` if it is not an ELF file or for none in the table.
    ///
    /// The host's kernel looks at nothing but `e_machine`, so neither does this where that is the host's.
    pub fn of(head: &[u8]) -> Option<&'static Self> {
        let head: &[u8; 20] = head.first_chunk()?;
        if !head.starts_with(e::ELFMAG) {
            return None;
        }
        let raw = [head[18], head[19]];
        if u16::from_ne_bytes(raw) == crate::arch::ELF_MACHINE {
            return Some(Self::host());
        }
        let (wide, little) = (head[e::EI_CLASS] == e::ELFCLASS64, head[e::EI_DATA] == e::ELFDATA2LSB);
        let e_machine = if little { u16::from_le_bytes(raw) } else { u16::from_be_bytes(raw) };
        MACHINES.iter().find(|row| (row.e_machine, row.wide, row.little) == (e_machine, wide, little))
    }

    /// `machine` of uname(2) where its programs run.
    pub fn uname(&self) -> &'static str {
        self.uname.unwrap_or(self.name)
    }

    /// True for this host's own programs.
    pub fn is_host(&self) -> bool {
        self == Self::host()
    }
}

/// The machine of an open ELF file; `None` for anything else.
pub fn machine_of_file(file: &std::fs::File) -> Option<&'static Machine> {
    Machine::of(&super::elf::read_head(file).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(class: u8, data: u8, machine: u16) -> Vec<u8> {
        let mut head = vec![0x7f, b'E', b'L', b'F', class, data, 1];
        head.resize(18, 0);
        head.extend(if data == LE { machine.to_le_bytes() } else { machine.to_be_bytes() });
        head
    }

    #[test]
    fn headers_name_their_machine() {
        for (class, data, machine, name) in [
            (B32, LE, e::EM_ARM, "arm"),
            (B32, BE, e::EM_ARM, "armeb"),
            (B64, LE, e::EM_PPC64, "ppc64le"),
            (B64, BE, e::EM_PPC64, "ppc64"),
            (B64, BE, e::EM_S390, "s390x"),
            (B64, LE, e::EM_RISCV, "riscv64"),
            (B32, LE, e::EM_386, "i386"),
        ] {
            assert_eq!(Machine::of(&head(class, data, machine)).map(|m| m.name), Some(name));
        }
        assert_eq!(Machine::of(&head(B32, BE, e::EM_386)), None);
        assert_eq!(Machine::of(&head(B64, LE, 0xfff0)), None);
        assert_eq!(Machine::of(b"#!/bin/sh\nexit 0 # padding"), None);
    }

    #[test]
    fn the_hosts_machine_is_known_by_its_number_alone() {
        assert_eq!(Machine::of(&head(B32, LE, crate::arch::ELF_MACHINE)), Some(Machine::host()));
        assert!(Machine::host().is_host());
    }

    #[test]
    fn machines_have_many_names() {
        for (name, found) in
            [("armhf", "arm"), ("arm64", "aarch64"), ("ppc64el", "ppc64le"), ("i686", "i386")]
        {
            assert_eq!(Machine::named(name).map(|m| m.name), Some(found));
        }
        assert_eq!(Machine::named("vax"), None);
    }
}
