//! Repeatable choices.
#![forbid(unsafe_code)]

/// SplitMix64 (Steele, Lea and Flood 2014; public domain).
pub struct Rng(u64);

impl Rng {
    /// Seeded by `XROOT_TEST_SEED`, else by the clock. Says which.
    pub fn new(test: &str) -> Self {
        let now = || std::time::UNIX_EPOCH.elapsed().expect("it is after 1970").as_nanos() as u64;
        let seed = match std::env::var("XROOT_TEST_SEED") {
            Ok(seed) => seed.parse().expect("XROOT_TEST_SEED is a number"),
            Err(_) => now(),
        };
        println!("{test}: XROOT_TEST_SEED={seed}");
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}
