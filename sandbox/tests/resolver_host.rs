//! Looking at a host that changes meanwhile, or that names alone do not reach.
#![forbid(unsafe_code)]

mod oracle;

use std::fs::{self, File, Permissions};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use nix::sys::stat::fstat;
use oracle::tree::scratch;
use sandbox::error::Errno;
use sandbox::vfs::{Base, GuestPath, HostLookup, HostPath, Last, Namespace, Node, Resolved, Way, resolve};

const WAYS: [Way; 2] = [Way::OpenAt2, Way::Names];

fn follow(root: &Path, lookup: &mut HostLookup, path: &str) -> Result<Resolved, Errno> {
    let table = Namespace::new(HostPath::new(root));
    resolve(&table, lookup, &GuestPath::root(), path.as_bytes(), Last::Follow)
}

/// Ends the other thread also when an assertion fails.
struct StopAtEnd<'a>(&'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_link_swapped_in_never_leads_out() {
    let scratch = scratch("swap");
    let root = scratch.join("root");
    fs::create_dir_all(root.join("a/b")).expect("scratch is writable");
    fs::create_dir_all(scratch.join("outside")).expect("scratch is writable");
    fs::write(root.join("a/b/marker"), "inside").expect("scratch is writable");
    fs::write(scratch.join("outside/marker"), "outside").expect("scratch is writable");
    // Both absolute and relative, and neither leads anywhere in guest terms.
    symlink(scratch.join("outside"), root.join("a/absolute")).expect("scratch is writable");
    symlink("../../outside", root.join("a/relative")).expect("scratch is writable");
    let inside = fs::metadata(root.join("a/b/marker")).expect("just made").ino();

    let done = AtomicBool::new(false);
    let (found, missed) = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                for link in ["a/absolute", "a/relative"] {
                    for _ in 0..2 {
                        let (link, dir) = (root.join(link), root.join("a/b"));
                        renameat2(AT_FDCWD, &link, AT_FDCWD, &dir, RenameFlags::RENAME_EXCHANGE)
                            .expect("the file system can exchange");
                    }
                }
            }
        });
        let _stop = StopAtEnd(&done);
        let (mut found, mut missed) = (0, 0);
        for way in WAYS {
            let mut lookup = HostLookup::with(way);
            for _ in 0..20_000 {
                let opened = follow(&root, &mut lookup, "/a/b/marker").and_then(|place| lookup.open(&place));
                match opened {
                    Ok(file) => {
                        assert_eq!(file.stat.st_ino, inside, "{way:?} led out");
                        found += 1;
                    }
                    // In guest terms both links dangle. ELOOP: swapped during each of many attempts.
                    Err(Errno::ENOENT | Errno::ELOOP) => missed += 1,
                    Err(errno) => panic!("{way:?}: {errno}"),
                }
            }
        }
        (found, missed)
    });
    fs::remove_dir_all(scratch).expect("it is ours");
    assert!(found > 0 && missed > 0, "the swap met no walk: {found} {missed}");
}

#[test]
fn a_host_path_may_be_longer_than_a_guests() {
    let scratch = scratch("long");
    for way in WAYS {
        let mut lookup = HostLookup::with(way);
        let mut guest = String::new();
        let mut dir: Arc<OwnedFd> = Arc::new(File::open(&scratch).expect("just made").into());
        let mut table = Namespace::new(HostPath::new(&scratch));
        // With the name of the scratch directory in front this is more than the kernel takes at once.
        while guest.len() < 4080 {
            let name = "d".repeat(255.min(4090 - guest.len()));
            nix::sys::stat::mkdirat(&*dir, name.as_str(), nix::sys::stat::Mode::S_IRWXU)
                .expect("room enough");
            let flags = nix::fcntl::OFlag::O_PATH;
            let next = nix::fcntl::openat(&*dir, name.as_str(), flags, nix::sys::stat::Mode::empty());
            dir = Arc::new(next.expect("just made"));
            guest = format!("{guest}/{name}");
        }
        assert!(guest.len() <= 4095 && guest.len() + scratch.as_os_str().len() > 4095);
        let ino = fstat(&dir).expect("it is open").st_ino;
        let resolved = follow(&scratch, &mut lookup, &guest).expect("the guest may");
        assert_eq!(resolved.node, Some(Node::Directory));
        assert_eq!(lookup.open(&resolved).expect("it is there").stat.st_ino, ino);
        // Without the file that the walk has kept.
        assert_eq!(lookup.open(&resolved).expect("it is there").stat.st_ino, ino);
        // A name that is too long stays so, wherever the path is cut.
        let too_long = format!("/{}", "n".repeat(256));
        table.bind(sandbox::vfs::Mount {
            guest: GuestPath::lexical(b"/deep"),
            host: HostPath::new(scratch.join(&guest[1..])),
            kind: sandbox::vfs::Kind::Directory,
            readonly: false,
        });
        let path = format!("/deep{too_long}");
        let result = resolve(&table, &mut lookup, &GuestPath::root(), path.as_bytes(), Last::Follow);
        assert_eq!(result, Err(Errno::ENAMETOOLONG), "{way:?}");
        fs::remove_dir_all(scratch.join("d".repeat(255))).expect("it is ours");
    }
    fs::remove_dir(scratch).expect("it is empty again");
}

#[test]
fn a_held_directory_is_found_wherever_it_went() {
    let scratch = scratch("held");
    let table = Namespace::new(HostPath::new(&scratch));
    for way in WAYS {
        let place = scratch.join("parent/dir");
        fs::create_dir_all(&place).expect("scratch is writable");
        fs::write(place.join("file"), "").expect("scratch is writable");
        let guest = GuestPath::lexical(b"/parent/dir");
        let mut lookup = HostLookup::with(way);
        lookup.hold(Some(Arc::new(File::open(&place).expect("just made").into())));
        let mut look = |path: &[u8], last| resolve(&table, &mut lookup, Base::Held(&guest), path, last);

        // Its parent cannot be searched: by its name root alone would find it.
        fs::set_permissions(scratch.join("parent"), Permissions::from_mode(0o000)).expect("it is ours");
        assert_eq!(look(b"file", Last::Follow).map(|found| found.node), Ok(Some(Node::Other)), "{way:?}");
        fs::set_permissions(scratch.join("parent"), Permissions::from_mode(0o700)).expect("it is ours");

        fs::rename(scratch.join("parent"), scratch.join("renamed")).expect("it is ours");
        assert_eq!(look(b"./file", Last::Follow).map(|found| found.node), Ok(Some(Node::Other)), "{way:?}");
        assert_eq!(look(b"new", Last::Create).map(|found| found.node), Ok(None), "{way:?}");

        fs::remove_dir_all(scratch.join("renamed")).expect("it is ours");
        assert_eq!(look(b"file", Last::Follow), Err(Errno::ENOENT), "{way:?}");
        assert_eq!(look(b".", Last::Follow).map(|found| found.node), Ok(Some(Node::Directory)), "{way:?}");
    }
    fs::remove_dir(scratch).expect("it is empty again");
}

#[test]
fn what_the_walk_saw_is_not_kept_for_another_walk() {
    let scratch = scratch("kept");
    fs::create_dir(scratch.join("dir")).expect("scratch is writable");
    let mut lookup = HostLookup::new();
    let first = follow(&scratch, &mut lookup, "/dir").expect("just made");
    fs::rename(scratch.join("dir"), scratch.join("old")).expect("it is ours");
    fs::create_dir(scratch.join("dir")).expect("scratch is writable");
    let second = follow(&scratch, &mut lookup, "/").expect("always there");
    assert_eq!(
        lookup.open(&second).expect("there").stat.st_ino,
        fs::metadata(&scratch).expect("there").ino()
    );
    let now = fs::metadata(scratch.join("dir")).expect("just made").ino();
    assert_eq!(lookup.open(&first).expect("there").stat.st_ino, now);
    fs::remove_dir_all(scratch).expect("it is ours");
}
