//! ELF files for tests: as much as execve looks at before it loads anything.
#![forbid(unsafe_code)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use goblin::elf::header as e;

/// What makes one sample differ from another.
#[derive(Clone, Copy)]
pub struct Sample {
    pub class: u8,
    pub data: u8,
    pub machine: u16,
    /// The contents of PT_INTERP, NUL included.
    pub interpreter: Option<&'static [u8]>,
}

/// A static program of this host.
pub const HOST: Sample = Sample {
    class: e::ELFCLASS64,
    data: e::ELFDATA2LSB,
    machine: crate::arch::ELF_MACHINE,
    interpreter: None,
};

/// A static program for 32-bit ARM.
pub const ARM: Sample =
    Sample { class: e::ELFCLASS32, data: e::ELFDATA2LSB, machine: e::EM_ARM, interpreter: None };

/// A static program for s390x, whose numbers begin with the high byte.
pub const S390X: Sample =
    Sample { class: e::ELFCLASS64, data: e::ELFDATA2MSB, machine: e::EM_S390, interpreter: None };

impl Sample {
    pub fn with_interpreter(self, name: &'static [u8]) -> Self {
        Self { interpreter: Some(name), ..self }
    }

    /// The file: header, two program headers, the interpreter's name.
    pub fn bytes(&self) -> Vec<u8> {
        let wide = self.class == e::ELFCLASS64;
        let (ehsize, phsize) = if wide { (64, 56) } else { (52, 32) };
        let mut file = Writer { bytes: vec![0x7f, b'E', b'L', b'F', self.class, self.data, 1], sample: self };
        file.bytes.resize(16, 0);
        file.number(e::ET_EXEC.into(), 2).number(self.machine.into(), 2).number(1, 4);
        // Entry point, program headers, section headers.
        file.word(0).word(ehsize).word(0);
        file.number(0, 4).number(ehsize, 2).number(phsize, 2).number(2, 2).number(0, 6);
        let name = self.interpreter.unwrap_or_default();
        file.program_header(1, 0, 64);
        file.program_header(
            if self.interpreter.is_some() { 3 } else { 0 },
            ehsize + 2 * phsize,
            name.len() as u64,
        );
        file.bytes.extend_from_slice(name);
        file.bytes
    }
}

struct Writer<'a> {
    bytes: Vec<u8>,
    sample: &'a Sample,
}

impl Writer<'_> {
    fn number(&mut self, value: u64, size: usize) -> &mut Self {
        let bytes = value.to_le_bytes();
        match self.sample.data {
            e::ELFDATA2LSB => self.bytes.extend(&bytes[..size]),
            _ => self.bytes.extend(bytes[..size].iter().rev()),
        }
        self
    }

    fn word(&mut self, value: u64) -> &mut Self {
        self.number(value, if self.sample.class == e::ELFCLASS64 { 8 } else { 4 })
    }

    fn program_header(&mut self, kind: u64, offset: u64, size: u64) {
        if self.sample.class == e::ELFCLASS64 {
            self.number(kind, 4).number(5, 4);
            self.word(offset).word(0).word(0).word(size).word(size).word(1);
        } else {
            self.number(kind, 4).word(offset).word(0).word(0).word(size).word(size);
            self.number(5, 4).word(1);
        }
    }
}

/// A directory of a test's own, removed in the end.
pub struct Dir(PathBuf);

impl Dir {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("xroot-exec-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("the temporary directory is writable");
        Self(path.canonicalize().expect("it is there"))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file, making its directory.
    pub fn file(&self, name: &str, content: &[u8], mode: u32) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("it is below the directory")).expect("it is writable");
        fs::write(&path, content).expect("it is writable");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("it is ours");
        path
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let (Ok(()) | Err(_)) = fs::remove_dir_all(&self.0);
    }
}
