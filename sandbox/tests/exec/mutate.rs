//! Damages 64-bit little-endian ELF files, reproducibly.
#![forbid(unsafe_code)]

/// Numbers that are the same for the same seed (xorshift64*, Vigna 2014).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
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

/// PT_DYNAMIC, PT_PHDR, PT_TLS, PT_GNU_EH_FRAME, PT_GNU_RELRO: read by programs themselves, never by execve. What a
/// program does whose own tables lie depends on what happens to be in its memory.
const NOT_THE_KERNELS: [u64; 5] = [2, 6, 7, 0x6474_e550, 0x6474_e552];

/// Changes one to three fields of the headers that execve reads, and sometimes the length.
pub fn mutate(file: &mut Vec<u8>, random: &mut Random) {
    let number = |at: usize, size: usize| {
        let mut bytes = [0; 8];
        bytes[..size].copy_from_slice(&file[at..at + size]);
        u64::from_le_bytes(bytes)
    };
    let table = number(32, 8) as usize;
    let headers: Vec<usize> = (0..number(56, 2) as usize)
        .map(|index| table + index * 56)
        .filter(|&at| !NOT_THE_KERNELS.contains(&number(at, 4)))
        .collect();
    for _ in 0..=random.below(3) {
        let (at, size) = if random.below(3) == 0 {
            HEADER[random.below(HEADER.len())]
        } else {
            let (field, size) = PHDR[random.below(PHDR.len())];
            (headers[random.below(headers.len())] + field, size)
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
