//! Damaged programs: the errno or the signal is the kernel's.
#![forbid(unsafe_code)]

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sandbox::error::Failure;

use crate::programs::{NAME, Scratch, plan_for};
use crate::tracer::{Output, Setup, load, native};

/// Numbers that are the same for the same seed (xorshift64*, Vigna 2014).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() >> 33) as usize % end
    }
}

/// Where the fields of a 64-bit file header and of a program header lie, with their sizes.
const HEADER: [(usize, usize); 14] = [
    (0, 4),
    (4, 1),
    (5, 1),
    (6, 1),
    (7, 1),
    (16, 2),
    (18, 2),
    (20, 4),
    (24, 8),
    (32, 8),
    (40, 8),
    (54, 2),
    (56, 2),
    (48, 4),
];
const PHDR: [(usize, usize); 8] = [(0, 4), (4, 4), (8, 8), (16, 8), (24, 8), (32, 8), (40, 8), (48, 8)];

/// Values that matter somewhere: small and large ones, near pages, near others of the file.
fn value(random: &mut Random, old: u64) -> u64 {
    const SPECIAL: [u64; 16] = [
        0,
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        0x1000,
        0xfff,
        0x40_0000,
        0x7fff_ffff_f000,
        u64::MAX,
        1 << 63,
        0x1_0000,
        0x6474_e551,
    ];
    match random.below(4) {
        0 => SPECIAL[random.below(SPECIAL.len())],
        1 => old ^ 1 << random.below(64),
        2 => old.wrapping_add(random.below(0x4000) as u64).wrapping_sub(0x2000),
        _ => random.next() >> random.below(64),
    }
}

/// Changes one to three fields of the headers, and sometimes the length.
fn mutate(file: &mut Vec<u8>, random: &mut Random) {
    let phdrs = u64::from_le_bytes(file[32..40].try_into().expect("eight bytes")) as usize;
    let count = usize::from(u16::from_le_bytes([file[56], file[57]]));
    for _ in 0..=random.below(3) {
        let (at, size) = if random.below(3) == 0 {
            HEADER[random.below(HEADER.len())]
        } else {
            let (field, size) = PHDR[random.below(PHDR.len())];
            (phdrs + random.below(count) * 56 + field, size)
        };
        let mut old = [0; 8];
        old[..size].copy_from_slice(&file[at..at + size]);
        let new = value(random, u64::from_le_bytes(old)).to_le_bytes();
        file[at..at + size].copy_from_slice(&new[..size]);
    }
    if random.below(8) == 0 {
        let len = if random.below(2) == 0 { random.below(0x400) } else { random.below(file.len()) };
        file.truncate(len);
    }
}

/// Compares the kernel's answers and ours for a program while `damaged`, itself or its interpreter, takes many forms.
fn check(dir: &Scratch, program: &Path, damaged: &Path, original: &[u8]) {
    let (program, argv) = (program.as_os_str().as_bytes(), [NAME.to_vec()]);
    // A damaged program may run anywhere, for as long as it likes.
    let setup = Setup { before: "ulimit -c 0; ulimit -t 2; exec setarch -R", ..Setup::default() };
    let (mut refused, mut ran, mut killed) = (0, 0, 0);
    for seed in 0..150 {
        let mut file = original.to_vec();
        mutate(&mut file, &mut Random::new(seed));
        fs::write(damaged, &file).expect("the scratch directory is writable");
        fs::set_permissions(damaged, fs::Permissions::from_mode(0o755)).expect("it is ours");
        let native = native(program, &argv, &setup);
        let ours = match plan_for(program) {
            Ok(plan) => load(&plan, &argv, &setup).output,
            Err(why) => match why.failure {
                Failure::Errno(errno) => {
                    Output { text: format!("errno {}\n", errno as i32), code: Some(99), signal: None }
                }
                other => panic!("{other:?}"),
            },
        };
        assert_eq!(ours, native, "{:?} seed {seed}", dir.0);
        match native {
            Output { code: Some(99), .. } => refused += 1,
            Output { signal: Some(_), .. } => killed += 1,
            Output { .. } => ran += 1,
        }
    }
    assert!(refused > 20 && ran > 20 && killed > 20, "{refused} refused, {ran} ran, {killed} killed");
}

fn check_program(name: &str, flags: &[&str]) {
    let dir = Scratch::new(name);
    let original = fs::read(dir.cc("cc", "show.c", "show", flags)).expect("it was compiled");
    let damaged = dir.0.join("damaged");
    check(&dir, &damaged, &damaged, &original);
}

#[test]
fn damaged_dynamic_programs_fail_as_they_do_natively() {
    check_program("fuzz-dynamic", &["-pie", "-fPIE"]);
}

#[test]
fn damaged_static_programs_fail_as_they_do_natively() {
    check_program("fuzz-static", &["-static", "-no-pie", "-fno-pie"]);
}

#[test]
fn damaged_static_position_independent_programs_fail_as_they_do_natively() {
    check_program("fuzz-static-pie", &["-static-pie", "-fPIE"]);
}

#[test]
fn damaged_interpreters_fail_as_they_do_natively() {
    let dir = Scratch::new("fuzz-interpreter");
    let damaged = dir.0.join("ld.so");
    let original = fs::read("/lib64/ld-linux-x86-64.so.2").expect("glibc is there");
    let program = dir.cc("cc", "show.c", "show", &[&format!("-Wl,--dynamic-linker={}", damaged.display())]);
    check(&dir, &program, &damaged, &original);
}
