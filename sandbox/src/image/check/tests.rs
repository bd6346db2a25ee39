#![forbid(unsafe_code)]

use std::os::unix::fs::PermissionsExt;

use super::*;

/// A directory tree for one test, removed afterwards.
struct Tree(PathBuf);

impl Tree {
    fn new(name: &str, dirs: &[&str]) -> Self {
        let root = PathBuf::from(format!("/tmp/xrootcheck.{}.{name}", std::process::id()));
        fs::create_dir(&root).unwrap();
        for dir in dirs {
            fs::create_dir_all(root.join(dir)).unwrap();
        }
        Self(root)
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

#[test]
fn a_rootfs_is_known_by_its_canonical_path() {
    let tree = Tree::new("good", &["real/usr/bin", "real/etc"]);
    std::os::unix::fs::symlink("real", tree.0.join("link")).unwrap();
    assert_eq!(rootfs(&tree.0.join("link")), Ok(HostPath::new(tree.0.join("real"))));
}

#[test]
fn a_rootfs_may_hold_nothing_but_one_program() {
    let tree = Tree::new("scratch", &[]);
    fs::write(tree.0.join("hello"), b"").unwrap();
    assert!(rootfs(&tree.0).is_ok());
}

#[test]
fn a_missing_rootfs_an_empty_one_and_a_file_are_told_apart() {
    let tree = Tree::new("none", &["empty"]);
    let path = tree.0.join("missing");
    assert_eq!(rootfs(&path), Err(Error::Rootfs { path, errno: Errno::ENOENT }));
    let path = tree.0.join("empty");
    assert_eq!(rootfs(&path), Err(Error::RootfsEmpty { path }));
    let path = tree.0.join("file");
    fs::write(&path, b"").unwrap();
    assert_eq!(rootfs(&path), Err(Error::RootfsNotDirectory { path }));
}

#[test]
fn a_directory_that_holds_the_rootfs_is_recognised() {
    for inside in ["rootfs", "bundle/rootfs"] {
        let top = ["bin", "etc", "usr", "var"].map(|name| format!("{inside}/{name}"));
        let tree = Tree::new(&inside.replace('/', "-"), &top.each_ref().map(String::as_str));
        let expected = Error::RootfsTooHigh { path: tree.0.clone(), inside: tree.0.join(inside) };
        assert_eq!(rootfs(&tree.0), Err(expected));
    }
}

#[test]
fn a_directory_that_cannot_be_read_is_named() {
    // Root reads everything while it has its capabilities; the suite runs without them.
    if caps::has_cap(None, caps::CapSet::Effective, caps::Capability::CAP_DAC_OVERRIDE).unwrap() {
        assert!(std::env::var_os("XROOT_TEST_MUST_RUN").is_none(), "skipped: run me as an ordinary user");
        eprintln!("skipped: root reads everything");
        return;
    }
    let tree = Tree::new("barred", &["r/usr", "r/etc"]);
    let usr = tree.0.join("r/usr");
    fs::set_permissions(&usr, fs::Permissions::from_mode(0o0)).unwrap();
    let (path, uid) = (tree.0.join("r"), getuid().as_raw());
    let found = rootfs(&path);
    fs::set_permissions(&usr, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(
        found,
        Err(Error::RootfsUnreadable { path: path.clone(), entry: "usr".into(), owner: uid, uid })
    );

    fs::set_permissions(&tree.0, fs::Permissions::from_mode(0o0)).unwrap();
    let found = rootfs(&path);
    fs::set_permissions(&tree.0, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(found, Err(Error::RootfsUnreadable { path, entry: tree.0.clone(), owner: uid, uid }));
}

#[test]
fn the_mount_flags_agree_with_proc_mounts() {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let fields: Vec<Vec<_>> = mounts.lines().map(|line| line.split(' ').collect()).collect();
    for (index, line) in fields.iter().enumerate() {
        let covered = fields[index + 1..].iter().any(|later| Path::new(line[1]).starts_with(later[1]));
        // A mount that the tester may not look at says nothing.
        if covered || !Path::new(line[1]).is_dir() {
            continue;
        }
        let noexec = line[3].split(',').any(|option| option == "noexec");
        assert_eq!(is_noexec(Path::new(line[1])), Ok(noexec), "{line:?}");
    }
}
