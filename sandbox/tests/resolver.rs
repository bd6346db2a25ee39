//! The resolver agrees with the kernel: openat2(2) with RESOLVE_IN_ROOT, over random trees and paths.
#![forbid(unsafe_code)]

mod oracle;

use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use nix::fcntl::{AT_FDCWD, OFlag, openat};
use nix::libc;
use nix::sys::stat::{Mode, SFlag, fstat, mkdirat};
use nix::unistd::{UnlinkatFlags, unlinkat};
use oracle::rng::Rng;
use oracle::tree::{Tree, What, scratch};
use oracle::{Opened, Steps, named, open_in_root, path};
use sandbox::error::Errno;
use sandbox::vfs::{Base, GuestPath, HostLookup, HostPath, Last, Namespace, Node, Resolved, Way, resolve};

/// What two sides are compared by.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    /// On the host.
    name: Vec<u8>,
    mode: u32,
}

fn seen(opened: &Opened) -> Seen {
    Seen { name: opened.name.clone(), mode: fstat(&opened.file).expect("it is open").st_mode & libc::S_IFMT }
}

/// One tree on disk, and the table that shows it at `/`.
struct World {
    tree: Tree,
    root: std::path::PathBuf,
    fd: File,
    table: Namespace,
}

impl World {
    fn new(rng: &mut Rng, scratch: &Path) -> Self {
        let root = scratch.join("root");
        fs::create_dir(&root).expect("the last one was removed");
        let tree = Tree::random(rng, 60, true);
        tree.build(&root);
        let fd = File::open(&root).expect("just made");
        let table = Namespace::new(HostPath::new(&root));
        Self { tree, root, fd, table }
    }

    fn remove(self) {
        self.tree.remove(&self.root);
    }

    /// Fails with all that is needed to see why.
    fn disagree(
        &self,
        path: &[u8],
        how: &str,
        kernel: &dyn std::fmt::Debug,
        ours: &dyn std::fmt::Debug,
    ) -> ! {
        for (name, what) in &self.tree.entries {
            println!("{:?} {what:?}", name.escape_ascii().to_string());
        }
        panic!("{:?}, {how}\nkernel: {kernel:?}\n  ours: {ours:?}", path.escape_ascii().to_string());
    }
}

fn our_answer(result: &Result<Resolved, Errno>) -> Result<Seen, Errno> {
    let resolved = result.as_ref().map_err(|errno| *errno)?;
    let mode = match &resolved.node {
        Some(Node::Directory) => SFlag::S_IFDIR,
        Some(Node::Symlink(_)) => SFlag::S_IFLNK,
        Some(Node::Other) => SFlag::S_IFREG,
        Some(Node::Jump(_) | Node::Magic(_)) | None => panic!("no such node in a plain tree: {resolved:?}"),
    };
    Ok(Seen { name: resolved.host.as_bytes().to_vec(), mode: mode.bits() })
}

/// How many pairs of each sort there were.
#[derive(Default, Debug)]
struct Census {
    pairs: usize,
    resolving: usize,
    enoent: usize,
    enotdir: usize,
    eloop: usize,
    slash: usize,
    above_root: usize,
    chains: usize,
}

impl Census {
    fn count(&mut self, path: &[u8], result: &Result<Seen, Errno>, chain: bool) {
        self.pairs += 1;
        match result {
            Ok(_) => self.resolving += 1,
            Err(Errno::ENOENT) => self.enoent += 1,
            Err(Errno::ENOTDIR) => self.enotdir += 1,
            Err(Errno::ELOOP) => self.eloop += 1,
            Err(_) => {}
        }
        self.slash += usize::from(path.ends_with(b"/"));
        self.above_root += usize::from(path.starts_with(b"../") || path.starts_with(b"/../"));
        self.chains += usize::from(chain);
    }

    fn check(&self) {
        println!("{self:?}");
        assert!(self.pairs >= 100_000);
        assert!(self.resolving * 100 >= self.pairs * 30);
        for sort in [self.enoent, self.enotdir, self.eloop, self.slash, self.above_root, self.chains] {
            assert!(sort * 100 >= self.pairs, "{self:?}");
        }
    }
}

#[test]
fn every_walk_ends_where_the_kernels_ends() {
    let mut rng = Rng::new("walks");
    let scratch = scratch("walks");
    let mut census = Census::default();
    let mut steps = Steps { host: HostLookup::new(), links: 0 };
    let mut by_names = HostLookup::with(Way::Names);
    let mut at_once = HostLookup::new();
    for _ in 0..150 {
        let world = World::new(&mut rng, &scratch);
        for pair in 0..680 {
            let path = world.tree.path(&mut rng);
            let last = *rng.pick(&[Last::Follow, Last::NoFollow]);
            let flags =
                if last == Last::NoFollow { OFlag::O_PATH | OFlag::O_NOFOLLOW } else { OFlag::O_PATH };
            let kernel = open_in_root(&world.fd, &path, flags).map(|opened| seen(&opened));
            let root = GuestPath::root();
            steps.links = 0;
            for (lookup, how) in [
                (&mut steps as &mut dyn sandbox::vfs::Lookup, "walk alone"),
                (&mut at_once, "shortcuts"),
                (&mut by_names, "shortcuts name by name"),
            ] {
                // By names is for old kernels, and slow.
                if how.ends_with("name") && pair % 8 != 0 {
                    continue;
                }
                let result = resolve(&world.table, lookup, &root, &path, last);
                let ours = our_answer(&result);
                if ours != kernel {
                    world.disagree(&path, &format!("{last:?}, {how}"), &kernel, &ours);
                }
                if let Ok(resolved) = result {
                    let back = world.table.guest_of(&resolved.host);
                    assert_eq!(back.as_ref(), Some(&resolved.guest), "{path:?}");
                }
            }
            // A loop has 41 links as well.
            let chain = (39..=41).contains(&steps.links) && world.tree.names_chain(&path);
            census.count(&path, &kernel, chain);
        }
        world.remove();
    }
    fs::remove_dir(scratch).expect("it is empty again");
    census.check();
}

/// Relative paths, from a directory named and from one held open.
#[test]
fn a_walk_from_a_directory_ends_where_the_kernels_ends() {
    let mut rng = Rng::new("bases");
    let scratch = scratch("bases");
    let mut lookup = HostLookup::new();
    let (mut relative, mut unchanged) = (0, 0);
    for _ in 0..40 {
        let world = World::new(&mut rng, &scratch);
        for _ in 0..340 {
            let dir = rng.pick(&world.tree.directories()).clone();
            let Ok(handle) = open_in_root(&world.fd, &[&dir, &b"/."[..]].concat(), OFlag::O_PATH) else {
                continue;
            };
            let path = world.tree.path_below(&dir, &mut rng);
            let from_root =
                if path.starts_with(b"/") { path.clone() } else { [&dir, &b"/"[..], &path].concat() };
            if path.is_empty() || from_root.len() > 4095 {
                continue;
            }
            let kernel = open_in_root(&world.fd, &from_root, OFlag::O_PATH).map(|opened| seen(&opened));
            let base = GuestPath::lexical(&dir);
            let handle = Arc::new(OwnedFd::from(handle.file));
            lookup.hold(Some(Arc::clone(&handle)));
            for base in [Base::Named(&base), Base::Held(&base)] {
                let result = resolve(&world.table, &mut lookup, base, &path, Last::Follow);
                let ours = our_answer(&result);
                if ours != kernel {
                    world.disagree(&path, &format!("{base:?}"), &kernel, &ours);
                }
                let Ok(resolved) = result else { continue };
                // What is passed on, below the handle or untouched, leads the kernel itself to the same place.
                let below = resolved.base_argument(Last::Follow);
                let untouched = resolved.unchanged.then(|| path.clone());
                relative += usize::from(below.is_some());
                unchanged += usize::from(untouched.is_some());
                for argument in [below, untouched].into_iter().flatten() {
                    let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW;
                    let opened = openat(&*handle, &argument[..], flags, Mode::empty());
                    let direct = opened.map(|fd| seen(&named(fd.into())));
                    if direct != kernel {
                        world.disagree(&argument, "passed on", &kernel, &direct);
                    }
                }
            }
        }
        world.remove();
    }
    fs::remove_dir(scratch).expect("it is empty again");
    println!("{relative} below the handle, {unchanged} untouched");
    assert!(unchanged > 1000 && relative > unchanged + 100);
}

/// open with O_CREAT, then the file removed again if it is new.
fn create(open: impl FnOnce() -> Result<Opened, Errno>) -> Result<Seen, Errno> {
    let opened = open()?;
    if fstat(&opened.file)?.st_size == 0 {
        fs::remove_file(path(&opened.name)).expect("it was just made");
    }
    Ok(seen(&opened))
}

#[test]
fn open_creates_where_the_kernel_creates() {
    let mut rng = Rng::new("creation");
    let scratch = scratch("creation");
    let mut steps = Steps { host: HostLookup::new(), links: 0 };
    let mut at_once = HostLookup::new();
    let mut created = 0;
    for _ in 0..40 {
        let world = World::new(&mut rng, &scratch);
        for _ in 0..300 {
            let path = world.tree.path(&mut rng);
            let flags = OFlag::O_CREAT | OFlag::O_RDWR;
            let (last, flags) = *rng.pick(&[
                (Last::Create, flags),
                (Last::CreateNew, flags | OFlag::O_EXCL),
                (Last::CreateNew, flags | OFlag::O_NOFOLLOW),
            ]);
            let kernel = create(|| open_in_root(&world.fd, &path, flags));
            for (lookup, how) in
                [(&mut steps as &mut dyn sandbox::vfs::Lookup, "walk alone"), (&mut at_once, "shortcuts")]
            {
                let ours =
                    resolve(&world.table, lookup, &GuestPath::root(), &path, last).and_then(|resolved| {
                        created += usize::from(resolved.node.is_none());
                        let argument = resolved.host_argument(last);
                        let mode = Mode::from_bits_truncate(0o600);
                        create(|| {
                            Ok(named(
                                openat(AT_FDCWD, &argument[..], flags | OFlag::O_NOFOLLOW, mode)?.into(),
                            ))
                        })
                    });
                if ours != kernel {
                    world.disagree(&path, &format!("{last:?} {flags:?}, {how}"), &kernel, &ours);
                }
            }
        }
        world.remove();
    }
    fs::remove_dir(scratch).expect("it is empty again");
    // Trees differ from seed to seed; below this the walk has gone blind.
    assert!(created > 300, "{created}");
}

/// A call on an entry of a directory.
#[derive(Debug, Clone, Copy)]
enum Change {
    Mkdir,
    Rmdir,
    Unlink,
}

impl Change {
    /// Does it and undoes it: `entry` is the name of the same place, without a slash behind it.
    fn try_out(self, world: &World, dir: &File, name: &[u8], entry: &Path) -> Result<(), Errno> {
        match self {
            Self::Mkdir => {
                mkdirat(dir, name, Mode::from_bits_truncate(0o700))?;
                fs::remove_dir(entry).expect("it was just made");
            }
            Self::Rmdir => {
                unlinkat(dir, name, UnlinkatFlags::RemoveDir)?;
                restore(world, entry);
            }
            Self::Unlink => {
                unlinkat(dir, name, UnlinkatFlags::NoRemoveDir)?;
                restore(world, entry);
            }
        }
        Ok(())
    }
}

fn restore(world: &World, entry: &Path) {
    use std::os::unix::ffi::OsStrExt;
    let name = entry.strip_prefix(&world.root).expect("all is below the root").as_os_str().as_bytes();
    let what = world.tree.entries.get(name).expect("what was removed was in the plan").clone();
    let mut one = Tree::default();
    one.entries.insert(name.to_vec(), what);
    one.build(&world.root);
}

/// The kernel walks to the parent in the root; then the entry is its own business.
fn change_in_root(world: &World, path: &[u8], change: Change) -> Result<(), Errno> {
    let end = path.iter().rposition(|&byte| byte != b'/').map_or(0, |at| at + 1);
    let start = path[..end].iter().rposition(|&byte| byte == b'/').map_or(0, |at| at + 1);
    let parent: &[u8] = if start == 0 { b"." } else { &path[..start] };
    let name = if end == 0 { b"/" } else { &path[start..] };
    let parent = open_in_root(&world.fd, parent, OFlag::O_PATH | OFlag::O_DIRECTORY)?;
    let entry = oracle::path(&parent.name).join(oracle::path(&path[start..end]));
    change.try_out(world, &parent.file, name, &entry)
}

#[test]
fn entries_change_as_the_kernel_changes_them() {
    let mut rng = Rng::new("entries");
    let scratch = scratch("entries");
    let mut steps = Steps { host: HostLookup::new(), links: 0 };
    let mut at_once = HostLookup::new();
    let host_root = File::open("/").expect("always there");
    let mut changed = 0;
    for _ in 0..40 {
        let world = World::new(&mut rng, &scratch);
        for _ in 0..300 {
            let path = world.tree.path(&mut rng);
            // Too long for the parts that the oracle cuts it into.
            if path.len() > 4095 || path.is_empty() {
                continue;
            }
            let change = *rng.pick(&[Change::Mkdir, Change::Rmdir, Change::Unlink]);
            let kernel = change_in_root(&world, &path, change);
            changed += usize::from(kernel.is_ok());
            for (lookup, how) in
                [(&mut steps as &mut dyn sandbox::vfs::Lookup, "walk alone"), (&mut at_once, "shortcuts")]
            {
                let resolved = resolve(&world.table, lookup, &GuestPath::root(), &path, Last::Entry);
                let ours = resolved.and_then(|resolved| {
                    let argument = resolved.host_argument(Last::Entry);
                    change.try_out(&world, &host_root, &argument, resolved.host.as_path())
                });
                if ours != kernel {
                    world.disagree(&path, &format!("{change:?}, {how}"), &kernel, &ours);
                }
            }
        }
        world.remove();
    }
    fs::remove_dir(scratch).expect("it is empty again");
    assert!(changed > 1000, "{changed}");
}

#[test]
fn what_was_planned_is_what_is_on_disk() {
    let mut rng = Rng::new("trees");
    let scratch = scratch("trees");
    let world = World::new(&mut rng, &scratch);
    for (name, what) in &world.tree.entries {
        let Ok(found) = fs::symlink_metadata(world.root.join(path(name))) else { continue };
        let same = match what {
            What::Directory(_) => found.is_dir(),
            What::File(size) => found.len() == *size,
            What::Link(_) => found.is_symlink(),
        };
        assert!(same, "{name:?} {what:?}");
    }
    world.remove();
    fs::remove_dir(scratch).expect("it is empty again");
}
