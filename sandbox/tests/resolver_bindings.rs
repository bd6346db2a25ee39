//! The resolver agrees with the kernel about bindings: real bind mounts in a user namespace, where one is allowed.
//!
//! Everything is there twice: as plain trees, which the mount table shows to the resolver as one, and as copies that
//! are really mounted into each other, with the mount points that this takes.
#![forbid(unsafe_code)]

mod oracle;

use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::fcntl::OFlag;
use nix::libc;
use nix::sys::stat::fstat;
use nix::sys::statvfs::{FsFlags, fstatvfs};
use oracle::rng::Rng;
use oracle::tree::{Tree, What, scratch};
use oracle::{Opened, Steps, open_in_root, path};
use sandbox::error::Errno;
use sandbox::vfs::{GuestPath, HostLookup, HostPath, Kind, Last, Lookup, Mount, Namespace, Node, resolve};

/// Where the test runs again, inside a namespace of its own.
const INSIDE: &str = "XROOT_TEST_INSIDE";

#[test]
fn bindings_lead_where_mounts_lead() {
    if let Some(scratch) = std::env::var_os(INSIDE) {
        return compare(Path::new(&scratch));
    }
    match Command::new("unshare").args(["-Urm", "true"]).output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            // No skip that a set-up could avoid: such a machine cannot have the namespace at all.
            println!("skipped: no user namespace here: {}", String::from_utf8_lossy(&output.stderr));
            return;
        }
        Err(error) => {
            assert!(std::env::var_os("XROOT_TEST_MUST_RUN").is_none(), "cannot run unshare: {error}");
            println!("skipped: cannot run unshare: {error}");
            return;
        }
    }
    let scratch = scratch("bindings");
    let output = Command::new("unshare")
        .args(["-Urm", "--"])
        .arg(std::env::current_exe().expect("it runs"))
        .args(["--exact", "bindings_lead_where_mounts_lead", "--nocapture"])
        .env(INSIDE, &scratch)
        .output()
        .expect("it ran a moment ago");
    fs::remove_dir_all(&scratch).expect("all mounts are gone");
    println!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("resolving"), "it compared nothing");
}

/// What is bound at a guest path.
struct Binding {
    guest: Vec<u8>,
    source: Option<Tree>,
    readonly: bool,
    /// A parent that no tree has.
    skeleton: Option<Vec<u8>>,
}

struct World {
    /// All trees as the guest sees them.
    visible: Tree,
    bindings: Vec<Binding>,
    table: Namespace,
    /// The root of the mounted copies.
    mounted: PathBuf,
    fd: File,
}

impl World {
    fn new(rng: &mut Rng, dir: &Path) -> Self {
        let root = Tree::random(rng, 50, false);
        let mut visible = root.clone();
        let bindings: Vec<_> =
            (1..=5).filter_map(|number| Binding::random(rng, &mut visible, number)).collect();

        let plain = dir.join("plain");
        fs::create_dir_all(plain.join("0")).expect("scratch is writable");
        root.build(&plain.join("0"));
        let mut table = Namespace::new(HostPath::new(plain.join("0")));
        for (number, binding) in (1..).zip(&bindings) {
            binding.enter(&mut table, &plain, number);
        }

        let copies = dir.join("copies");
        let mounted = copies.join("0");
        fs::create_dir_all(&mounted).expect("scratch is writable");
        root.build(&mounted);
        for (number, binding) in (1..).zip(&bindings) {
            binding.mount(&mounted, &copies, number);
        }
        for binding in bindings.iter().filter(|binding| binding.readonly) {
            mount(&["-o", "remount,bind,ro"], &[&mounted.join(path(&binding.guest))]);
        }
        let fd = File::open(&mounted).expect("just made");
        Self { visible, bindings, table, mounted, fd }
    }
}

impl Binding {
    /// A binding that fits into what is visible, or none.
    fn random(rng: &mut Rng, visible: &mut Tree, number: u64) -> Option<Self> {
        let directories = visible.directories();
        let dir = rng.pick(&directories).clone();
        let slash: &[u8] = if dir.is_empty() { b"" } else { b"/" };
        let (absent, parent) = (format!("new{number}").into_bytes(), format!("up{number}").into_bytes());
        let is_file = rng.percent(30);
        let (guest, skeleton) = match rng.below(4) {
            0 => ([&dir[..], slash, &absent].concat(), None),
            1 => {
                let parent = [&dir[..], slash, &parent].concat();
                ([&parent[..], b"/", &absent].concat(), Some(parent))
            }
            _ if is_file => {
                let file =
                    |(path, what): (&Vec<u8>, &What)| matches!(what, What::File(_)).then(|| path.clone());
                let files: Vec<_> = visible.entries.iter().filter_map(file).collect();
                (if files.is_empty() { return None } else { rng.pick(&files).clone() }, None)
            }
            _ => (dir, None),
        };
        // Not over the root, a mount point or its parents: those are marked by a mode of their own.
        let below = [&guest[..], b"/"].concat();
        let marked = |(path, what): (&Vec<u8>, &What)| {
            (*path == guest || path.starts_with(&below))
                && matches!(what, What::Directory(0o700) | What::File(900_000..))
        };
        if guest.is_empty() || visible.entries.iter().any(marked) {
            return None;
        }
        if let Some(parent) = &skeleton {
            visible.entries.insert(parent.clone(), What::Directory(0o700));
        }
        let source = (!is_file).then(|| {
            let mut source = Tree::random(rng, 25, false);
            source.enlarge(number * 1000);
            source
        });
        match &source {
            Some(source) => {
                visible.bind(&guest, source);
                visible.entries.insert(guest.clone(), What::Directory(0o700));
            }
            None => {
                visible.entries.insert(guest.clone(), What::File(900_000 + number));
            }
        }
        Some(Self { guest, source, readonly: rng.percent(40), skeleton })
    }

    /// Makes the source in `dir`.
    fn build(&self, dir: &Path, number: u64) -> PathBuf {
        let place = dir.join(number.to_string());
        match &self.source {
            Some(source) => {
                fs::create_dir(&place).expect("scratch is writable");
                source.build(&place);
            }
            None => {
                let file = File::create(&place).expect("scratch is writable");
                file.set_len(900_000 + number).expect("scratch is writable");
            }
        }
        place
    }

    /// Shows the source, made in `dir`, by the table.
    fn enter(&self, table: &mut Namespace, dir: &Path, number: u64) {
        let host = HostPath::new(self.build(dir, number));
        let kind = if self.source.is_some() { Kind::Directory } else { Kind::File };
        table.bind(Mount { guest: GuestPath::lexical(&self.guest), host, kind, readonly: self.readonly });
        if let Some(parent) = &self.skeleton {
            let empty = dir.join(format!("empty{number}"));
            fs::create_dir(&empty).expect("scratch is writable");
            let (guest, host) = (GuestPath::lexical(parent), HostPath::new(empty));
            table.bind(Mount { guest, host, kind: Kind::Skeleton, readonly: false });
        }
    }

    /// Shows the source, made in `dir`, by the kernel.
    fn mount(&self, root: &Path, dir: &Path, number: u64) {
        let source = self.build(dir, number);
        let point = root.join(path(&self.guest));
        if self.source.is_some() {
            fs::create_dir_all(&point).expect("not read-only yet");
        } else if !point.exists() {
            fs::create_dir_all(point.parent().expect("it is below the root")).expect("not read-only yet");
            File::create(&point).expect("not read-only yet");
        }
        mount(&["--bind"], &[&source, &point]);
    }
}

fn mount(options: &[&str], paths: &[&Path]) {
    let output = Command::new("mount").args(options).args(paths).output().expect("mount is installed");
    assert!(output.status.success(), "mount {paths:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// What two sides are compared by.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    guest: Vec<u8>,
    file_type: u32,
    /// Of a regular file: tells all apart.
    size: i64,
    readonly: bool,
}

fn kernels(world: &World, opened: &Opened) -> Seen {
    let stat = fstat(&opened.file).expect("it is open");
    let readonly = fstatvfs(&opened.file).expect("it is open").flags().contains(FsFlags::ST_RDONLY);
    let guest =
        opened.name.strip_prefix(world.mounted.as_os_str().as_bytes()).expect("it stayed in the root");
    let file_type = stat.st_mode & libc::S_IFMT;
    // A missing parent is a mount here, shown read-only; the kernel's copy is an ordinary directory.
    let kind = world.table.locate(&GuestPath::lexical(guest)).mount.kind;
    Seen {
        guest: if guest.is_empty() { b"/".to_vec() } else { guest.to_vec() },
        file_type,
        size: if file_type == libc::S_IFREG { stat.st_size } else { 0 },
        readonly: readonly || kind == Kind::Skeleton,
    }
}

fn ours(world: &World, lookup: &mut dyn Lookup, path: &[u8], last: Last) -> Result<Seen, Errno> {
    let resolved = resolve(&world.table, lookup, &GuestPath::root(), path, last)?;
    let file_type = match &resolved.node {
        Some(Node::Directory) => libc::S_IFDIR,
        Some(Node::Symlink(_)) => libc::S_IFLNK,
        Some(Node::Other) => libc::S_IFREG,
        Some(Node::Jump(_) | Node::Magic(_)) | None => panic!("no such node in a plain tree: {resolved:?}"),
    };
    let found = fs::symlink_metadata(&resolved.host).expect("it was found");
    assert!(world.table.shows(&resolved.guest, &resolved.host));
    assert_eq!(world.table.guest_of(&resolved.host).as_ref(), Some(&resolved.guest));
    let marked = world.bindings.iter().any(|binding| GuestPath::lexical(&binding.guest) == resolved.guest);
    assert!(resolved.holds_mount || !marked, "{resolved:?}");
    Ok(Seen {
        guest: resolved.guest.as_bytes().to_vec(),
        file_type,
        size: if found.is_file() { found.len().try_into().expect("they are small") } else { 0 },
        readonly: resolved.readonly,
    })
}

fn compare(scratch: &Path) {
    let mut rng = Rng::new("bindings");
    let mut steps = Steps { host: HostLookup::new(), links: 0 };
    let mut at_once = HostLookup::new();
    let (mut pairs, mut resolving, mut bound, mut readonly) = (0, 0, 0, 0);
    for round in 0..40 {
        let world = World::new(&mut rng, &scratch.join(round.to_string()));
        for _ in 0..2500 {
            let path = world.visible.path(&mut rng);
            let last = *rng.pick(&[Last::Follow, Last::NoFollow]);
            let flags =
                if last == Last::NoFollow { OFlag::O_PATH | OFlag::O_NOFOLLOW } else { OFlag::O_PATH };
            let kernel = open_in_root(&world.fd, &path, flags).map(|opened| kernels(&world, &opened));
            for (lookup, how) in [(&mut steps as &mut dyn Lookup, "walk alone"), (&mut at_once, "shortcuts")]
            {
                let ours = ours(&world, lookup, &path, last);
                if ours != kernel {
                    for mount in world.table.mounts() {
                        println!("{mount:?}");
                    }
                    let path = path.escape_ascii();
                    panic!("\"{path}\", {last:?}, {how}\nkernel: {kernel:?}\n  ours: {ours:?}");
                }
            }
            pairs += 1;
            if let Ok(seen) = kernel {
                resolving += 1;
                bound += usize::from(
                    world.table.locate(&GuestPath::lexical(&seen.guest)).mount.guest.name().is_some(),
                );
                readonly += usize::from(seen.readonly);
            }
        }
    }
    println!("{pairs} pairs, {resolving} resolving, {bound} of them bound, {readonly} read-only");
    assert!(resolving * 10 > pairs * 3 && bound * 5 > resolving && readonly * 20 > resolving);
}
