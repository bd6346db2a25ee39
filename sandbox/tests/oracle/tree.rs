//! Random trees of directories, files and links, and paths that mostly lead somewhere in them.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::path;
use super::rng::Rng;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// With its mode.
    Directory(u32),
    /// With its size, which no other file of the tree has.
    File(u64),
    Link(Vec<u8>),
}

/// A tree as a plan, by path without a leading slash.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    pub entries: BTreeMap<Vec<u8>, What>,
    /// The directory with links k1 to k42, each to the one before.
    chain: Option<Vec<u8>>,
}

/// Names of the last kinds are rare: see [`name`].
const NAMES: [&[u8]; 7] = [b"a", b"b", b"c", b"d", b"e f", b"\xff\xfe", b"..."];

fn name(rng: &mut Rng) -> Vec<u8> {
    match rng.below(100) {
        0 => vec![b'n'; 255],
        1..8 => rng.pick(&NAMES).to_vec(),
        _ => rng.pick(&NAMES[..4]).to_vec(),
    }
}

fn join(dir: &[u8], name: &[u8]) -> Vec<u8> {
    if dir.is_empty() { name.to_vec() } else { [dir, b"/", name].concat() }
}

impl Tree {
    /// About `size` entries. Directories that cannot be searched are among them if `closed`.
    pub fn random(rng: &mut Rng, size: usize, closed: bool) -> Self {
        let mut tree = Self::default();
        for at in 0..size {
            let dirs = tree.directories();
            let dir = rng.pick(&dirs).clone();
            let path = join(&dir, &name(rng));
            if path.iter().filter(|&&byte| byte == b'/').count() > 4 || tree.entries.contains_key(&path) {
                continue;
            }
            // Not too many links: each loop among them takes forty looks.
            let what = match rng.below(100) {
                0..45 if closed && rng.percent(8) => What::Directory(*rng.pick(&[0, 0o600, 0o444, 0o555])),
                0..45 => What::Directory(0o755),
                45..70 => What::File(at as u64 + 1),
                _ => What::Link(tree.text(rng)),
            };
            tree.entries.insert(path, what);
        }
        if rng.percent(50) {
            tree.add_chain(rng);
        }
        tree
    }

    /// What a link says.
    fn text(&self, rng: &mut Rng) -> Vec<u8> {
        let text = match rng.below(30) {
            0 => name(rng),
            1 => [b"../", &name(rng)[..]].concat(),
            _ => self.path(rng),
        };
        // What symlink(2) does not take.
        if text.is_empty() || text.len() > 4095 { name(rng) } else { text }
    }

    /// This tree with `other` bound at `at`, which hides what was there. Sizes of files stay telling them apart.
    pub fn bind(&mut self, at: &[u8], other: &Tree) {
        let below = join(at, b"");
        self.entries.retain(|path, _| path != at && !path.starts_with(&below));
        self.entries.insert(at.to_vec(), What::Directory(0o755));
        let moved = other.entries.iter().map(|(path, what)| (join(at, path), what.clone()));
        self.entries.extend(moved);
    }

    /// Makes every file larger, so that it differs from those of other trees.
    pub fn enlarge(&mut self, by: u64) {
        for what in self.entries.values_mut() {
            if let What::File(size) = what {
                *size += by;
            }
        }
    }

    fn add_chain(&mut self, rng: &mut Rng) {
        let dir = rng.pick(&self.directories()).clone();
        let end = [b"/", &rng.pick(&self.directories())[..]].concat();
        self.entries.insert(join(&dir, b"k1"), What::Link(end));
        for link in 2..=42 {
            let before = format!("k{}", link - 1).into_bytes();
            let text = if rng.percent(20) { [b"/", &join(&dir, &before)[..]].concat() } else { before };
            self.entries.insert(join(&dir, format!("k{link}").as_bytes()), What::Link(text));
        }
        self.chain = Some(dir);
    }

    /// Whether `path` names a link of the chain.
    pub fn names_chain(&self, path: &[u8]) -> bool {
        path.split(|&byte| byte == b'/').any(|name| matches!(name, [b'k', b'0'..=b'9', ..]))
    }

    /// All directories, the root among them as the empty path.
    pub fn directories(&self) -> Vec<Vec<u8>> {
        let directory =
            |(path, what): (&Vec<u8>, &What)| matches!(what, What::Directory(_)).then(|| path.clone());
        std::iter::once(Vec::new()).chain(self.entries.iter().filter_map(directory)).collect()
    }

    /// A path that begins at the root of the tree.
    pub fn path(&self, rng: &mut Rng) -> Vec<u8> {
        let mut path = self.plain_path(rng);
        if rng.percent(12) {
            path = join(&path, &name(rng));
        }
        if rng.percent(6) {
            path = join(&path, &self.plain_path(rng));
        }
        let slashes: Vec<usize> = (0..path.len()).filter(|&at| path[at] == b'/').collect();
        if !slashes.is_empty() && rng.percent(15) {
            let at = *rng.pick(&slashes);
            let insert = *rng.pick::<&[u8]>(&[&b"/."[..], b"/..", b"/../..", b"/", b"/a/.."]);
            path.splice(at..at, insert.iter().copied());
        }
        if rng.percent(22) {
            let end = *rng.pick::<&[u8]>(&[&b"/"[..], b"/", b"//", b"/.", b"/./", b"/..", b"/../"]);
            path.extend_from_slice(end);
        }
        let start: &[u8] = match rng.below(100) {
            0..40 => b"/",
            40..45 => b"../",
            45..48 => b"/../../",
            48..50 => b"./",
            50 => b"//.//",
            _ => b"",
        };
        [start, &path].concat()
    }

    /// A path that begins at the directory `dir`, as often as not an entry below it.
    pub fn path_below(&self, dir: &[u8], rng: &mut Rng) -> Vec<u8> {
        let prefix = join(dir, b"");
        let below: Vec<_> = self.entries.keys().filter_map(|path| path.strip_prefix(&prefix[..])).collect();
        if below.is_empty() || rng.percent(40) {
            return self.path(rng);
        }
        let end = *rng.pick::<&[u8]>(&[b"", b"", b"", b"/", b"/.", b"/.."]);
        [*rng.pick(&below), end].concat()
    }

    fn plain_path(&self, rng: &mut Rng) -> Vec<u8> {
        let paths: Vec<_> = self.entries.keys().collect();
        if paths.is_empty() {
            return name(rng);
        }
        match (rng.below(100), &self.chain) {
            (0..6, Some(chain)) => join(chain, format!("k{}", 37 + rng.below(6)).as_bytes()),
            (6, Some(chain)) => {
                let (first, second) = (rng.below(22), rng.below(3));
                let link = |link: usize| join(chain, format!("k{link}").as_bytes());
                // The end of the chain is a directory of any depth: "../" often enough leads back to the root.
                [link(1 + first), b"/../../../../../".to_vec(), link(38 + second - first)].concat()
            }
            (7, _) if rng.percent(30) => vec![b'x'; 254 + rng.below(4)],
            (8, _) if rng.percent(30) => {
                let path = rng.pick(&paths).to_vec();
                [b"./".repeat((4094 - path.len()) / 2), path, b"/".repeat(rng.below(4))].concat()
            }
            (9, _) => Vec::new(),
            _ => rng.pick(&paths).to_vec(),
        }
    }

    /// Makes the tree below the empty directory `root`.
    pub fn build(&self, root: &Path) {
        for (name, what) in &self.entries {
            let place = root.join(path(name));
            match what {
                What::Directory(_) => fs::create_dir(&place),
                What::File(size) => File::create(&place).and_then(|file| file.set_len(*size)),
                What::Link(text) => symlink(path(text), &place),
            }
            .unwrap_or_else(|error| panic!("cannot make {}: {error}", place.display()));
        }
        self.each_closed(root, |place, mode| {
            fs::set_permissions(place, Permissions::from_mode(mode)).expect("the directory is ours");
        });
    }

    /// Removes what is below `root`, and `root`.
    pub fn remove(&self, root: &Path) {
        let mut closed = Vec::new();
        self.each_closed(root, |place, _| closed.push(place.to_owned()));
        for place in closed.iter().rev() {
            fs::set_permissions(place, Permissions::from_mode(0o755)).expect("the directory is ours");
        }
        fs::remove_dir_all(root).expect("the tree is ours");
    }

    /// From the deepest up, so that each can still be reached.
    fn each_closed(&self, root: &Path, mut each: impl FnMut(&Path, u32)) {
        for (name, what) in self.entries.iter().rev() {
            if let What::Directory(mode @ (0..0o755)) = what {
                each(&root.join(path(name)), *mode);
            }
        }
    }
}

/// An empty directory of this process, removed by the caller.
pub fn scratch(name: &str) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("xroot-{name}-{}", std::process::id()));
    fs::create_dir_all(&dir).expect("the temp directory is writable");
    dir.canonicalize().expect("it was just made")
}
