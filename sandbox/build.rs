//! Builds the stub: a flat, position-independent blob without relocations and without data of its own.
//!
//! `rustc` makes a static library of `stub/main.rs`, a linker makes an ELF file of that, and the one section that may be
//! in it becomes `$OUT_DIR/stub.bin`. No C compiler driver takes part, so cross builds need no cross toolchain.
#![forbid(unsafe_code)]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use goblin::elf::Elf;
use goblin::elf::section_header::SHF_ALLOC;

fn main() {
    println!("cargo::rerun-if-changed=stub");
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(var("OUT_DIR"));
    let archive = compile(&out);
    let linked = link(&archive, &out);
    let file = fs::read(&linked).expect("the linker wrote its output");
    let blob = flatten(&file).unwrap_or_else(|why| panic!("sandbox/stub cannot be a flat blob: {why}"));
    fs::write(out.join("stub.bin"), blob).expect("OUT_DIR is writable");
}

fn var(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"))
}

/// Compiles the stub for the target, always optimised: it is part of the guest's every exec.
fn compile(out: &Path) -> PathBuf {
    let archive = out.join("libstub.a");
    let mut rustc = Command::new(var("RUSTC"));
    rustc.args(["--edition=2024", "--crate-name=stub", "--crate-type=staticlib", "--target", &var("TARGET")]);
    rustc.args([
        "-Copt-level=s",
        "-Cpanic=abort",
        "-Crelocation-model=pic",
        "-Ccodegen-units=1",
        "-Clto=fat",
    ]);
    // Checks that could panic have no business here, and a debug build must not differ from a release build.
    rustc.args(["-Cdebug-assertions=off", "-Coverflow-checks=off", "-Cforce-unwind-tables=no"]);
    run(rustc.arg("-o").arg(&archive).arg("stub/main.rs"));
    archive
}

/// Links the stub as a position-independent executable, so that every absolute address shows as a relocation.
fn link(archive: &Path, out: &Path) -> PathBuf {
    let linked = out.join("stub.elf");
    let mut linker = linker();
    linker.args(["-pie", "--no-dynamic-linker", "--gc-sections", "--build-id=none", "-z", "noexecstack"]);
    linker.args(["-T", "stub/stub.ld", "-u", "stub_entry", "-o"]).arg(&linked).arg(archive);
    run(&mut linker);
    linked
}

/// The linker that comes with rustup's toolchains, which links for any target; else the host's own.
fn linker() -> Command {
    let printed = Command::new(var("RUSTC")).args(["--print", "sysroot"]).output().expect("rustc runs");
    let sysroot = String::from_utf8(printed.stdout).expect("the sysroot is text");
    let lld = Path::new(sysroot.trim()).join("lib/rustlib").join(var("HOST")).join("bin/rust-lld");
    if lld.exists() {
        let mut lld = Command::new(lld);
        lld.args(["-flavor", "gnu"]);
        return lld;
    }
    let (host, target) = (var("HOST"), var("TARGET"));
    let machine = target.split('-').next().expect("a target begins with its machine");
    if host.starts_with(machine) {
        Command::new("ld")
    } else {
        Command::new(format!("{machine}-linux-gnu-ld"))
    }
}

fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {status}");
}

/// The bytes of `.blob`.
///
/// # Errors
/// What the file has that a blob cannot have.
fn flatten(file: &[u8]) -> Result<&[u8], String> {
    let elf = Elf::parse(file).map_err(|error| error.to_string())?;
    if elf.dynrelas.iter().count() + elf.dynrels.iter().count() + elf.pltrelocs.iter().count() != 0 {
        return Err("it has relocations".into());
    }
    let name = |section: &goblin::elf::SectionHeader| elf.shdr_strtab.get_at(section.sh_name).unwrap_or("");
    // What a linker adds for the dynamic linker, which never sees this file.
    let linkers = [".dynamic", ".dynsym", ".dynstr", ".hash", ".gnu.hash", ".rela.dyn", ".relro_padding"];
    for section in &elf.section_headers {
        let name = name(section);
        let alloc = section.sh_flags & u64::from(SHF_ALLOC) != 0;
        if alloc && section.sh_size != 0 && name != ".blob" && !linkers.contains(&name) {
            return Err(format!("it has a section {name} of {} bytes", section.sh_size));
        }
    }
    let blob =
        elf.section_headers.iter().find(|section| name(section) == ".blob").ok_or("it has no .blob")?;
    if blob.sh_addr % 0x1_0000 != 0 {
        return Err(format!("it was linked at {:#x}, not at a page's start", blob.sh_addr));
    }
    if elf.entry != blob.sh_addr {
        return Err("its entry is not its first byte".into());
    }
    let range = blob.file_range().ok_or(".blob is empty")?;
    Ok(&file[range])
}
