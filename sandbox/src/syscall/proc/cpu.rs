//! /proc/cpuinfo of a machine that is emulated.
//!
//! Emulators of this age answer it for some machines themselves, and show the host's for others. What stands here is the
//! processor that qemu-user pretends by default, as far as programs ask for it.
//!
//! Source: c_show() of the machine's arch/*/kernel; the defaults of qemu's target/*/cpu.c.
#![forbid(unsafe_code)]

use crate::exec::Machine;

/// What stands for each processor, behind its number.
const PROCESSORS: &[(&str, &str)] = &[
    (
        "arm",
        "model name\t: ARMv7 Processor rev 1 (v7l)\nBogoMIPS\t: 125.00\n\
         Features\t: half thumb fastmult vfp edsp neon vfpv3 tls vfpv4 idiva idivt vfpd32 lpae evtstrm\n\
         CPU implementer\t: 0x41\nCPU architecture: 7\nCPU variant\t: 0x2\nCPU part\t: 0xc0f\n\
         CPU revision\t: 1\n",
    ),
    (
        "aarch64",
        "BogoMIPS\t: 125.00\n\
         Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm\n\
         CPU implementer\t: 0x00\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0x051\n\
         CPU revision\t: 0\n",
    ),
    ("riscv64", "hart\t\t: 0\nisa\t\t: rv64imafdc\nmmu\t\t: sv48\n"),
    (
        "ppc64le",
        "cpu\t\t: POWER9 (architected), altivec supported\nclock\t\t: 1000.000000MHz\n\
         revision\t: 2.0 (pvr 004e 1200)\n",
    ),
    ("loongarch64", "CPU Family\t\t: Loongson-64bit\nModel Name\t\t: Loongson-3A5000\n"),
];

/// The text for `machine` with as many processors as the host's own text tells of; `None` where that is right.
pub fn info(machine: &Machine, own: &[u8]) -> Option<String> {
    let (_, processor) = PROCESSORS.iter().find(|(name, _)| *name == machine.name)?;
    let count = own.split(|&byte| byte == b'\n').filter(|line| line.starts_with(b"processor\t")).count();
    let mut text: String =
        (0..count.max(1)).map(|number| format!("processor\t: {number}\n{processor}\n")).collect();
    if machine.name == "arm" {
        text.push_str(
            "Hardware\t: Generic DT based system\nRevision\t: 0000\nSerial\t\t: 0000000000000000\n",
        );
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_processors_as_the_host_has() {
        let own = b"processor\t: 0\nmodel name\t: Xeon\n\nprocessor\t: 1\nmodel name\t: Xeon\n\n";
        let arm = info(Machine::named("armhf").expect("it is known"), own).expect("it is answered");
        assert_eq!(arm.matches("\nCPU part\t: 0xc0f\n").count(), 2);
        assert!(arm.starts_with("processor\t: 0\n") && arm.contains("\n\nprocessor\t: 1\n"));
        assert!(!arm.contains("Xeon"));
        assert_eq!(info(Machine::named("i386").expect("it is known"), own), None);
    }
}
