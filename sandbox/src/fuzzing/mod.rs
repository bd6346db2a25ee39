//! What fuzzers feed: one function a target, which panics where what it is given breaks a promise.
//!
//! `sandbox/fuzz` runs them under libFuzzer. The tests here run the same functions on its corpus and on mutations of it, so
//! that they hold in every build. Not part of a product's build.
#![forbid(unsafe_code)]

mod bytes;
mod elf;
mod filter;
mod resolver;
mod shebang;

pub use elf::elf;
pub use filter::filter;
pub use resolver::resolver;
pub use shebang::shebang;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// SplitMix64 (Steele, Lea and Flood 2014; public domain).
    struct Random(u64);

    impl Random {
        fn next(&mut self) -> u64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        }

        fn below(&mut self, end: usize) -> usize {
            (self.next() % end as u64) as usize
        }
    }

    /// Changes some bytes, or cuts, lengthens or doubles a part.
    fn mutate(data: &mut Vec<u8>, random: &mut Random) {
        for _ in 0..=random.below(4) {
            let at = random.below(data.len() + 1);
            match random.below(5) {
                0 => data.truncate(at),
                1 => data.insert(at, random.next() as u8),
                2 => data.extend_from_within(at..),
                _ if at == data.len() => data.push(random.next() as u8),
                3 => data[at] = random.next() as u8,
                _ => data[at] ^= 1 << random.below(8),
            }
            data.truncate(4096);
        }
    }

    /// Runs `target` on its corpus and on mutations of it, always the same.
    fn check(name: &str, target: fn(&[u8])) {
        const MUTATIONS: usize = 400;
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
        let entries = fs::read_dir(&corpus).unwrap_or_else(|why| panic!("{}: {why}", corpus.display()));
        let mut files: Vec<_> = entries.map(|entry| entry.expect("it can be listed").path()).collect();
        files.sort();
        assert!(files.len() >= 5, "{} has too few seeds", corpus.display());
        let mut random = Random(1);
        for file in files {
            let seed = fs::read(&file).expect("a seed can be read");
            target(&seed);
            for mutation in 0..MUTATIONS {
                let mut data = seed.clone();
                mutate(&mut data, &mut random);
                let outcome = std::panic::catch_unwind(|| target(&data));
                assert!(outcome.is_ok(), "mutation {mutation} of {}: {data:?}", file.display());
            }
        }
    }

    #[test]
    fn damaged_elf_files_are_read_or_refused() {
        check("elf", elf);
    }

    #[test]
    fn any_first_line_is_read_as_execve_says() {
        check("shebang", shebang);
    }

    #[test]
    fn any_path_over_any_tree_leads_where_a_walk_by_names_leads() {
        check("resolver", resolver);
    }

    #[test]
    fn a_linked_filter_decides_as_its_parts_do() {
        check("filter", filter);
    }
}
