#![forbid(unsafe_code)]

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use super::*;
use crate::config::{Binding, Caller, EmulatorSearch, Ids, Origin, Workdir};
use crate::error::Errno;
use crate::vfs::{HostPath, Kind};

/// A rootfs and what surrounds it, below /tmp; removed afterwards.
struct Host {
    top: PathBuf,
    config: Config,
}

impl Host {
    fn new(name: &str) -> Self {
        let top = PathBuf::from(format!("/tmp/xrootimage.{}.{name}", std::process::id()));
        for dir in ["r/usr/bin", "r/etc", "r/bin", "r/tmp", "home/jo/project", "temp"] {
            fs::create_dir_all(top.join(dir)).unwrap();
        }
        // The caller is known, so nothing has to be shown of him.
        fs::write(top.join("r/etc/passwd"), "jo:x:77:78::/:/bin/sh\n").unwrap();
        fs::write(top.join("r/etc/group"), "jo:x:78:\n").unwrap();
        fs::write(top.join("r/bin/sh"), "").unwrap();
        let config = Config {
            toolset: Default::default(),
            rootfs: top.join("r"),
            bindings: Vec::new(),
            workdir: Workdir::Guest(b"/".into()),
            command: vec!["true".into()],
            env: Vec::new(),
            emulators: EmulatorSearch::default(),
            native: None,
            caller: Caller { ids: Ids { uid: 77, gid: 78 }, name: "jo".into(), home: top.join("home/jo") },
            ids: None,
            kernel_release: None,
            wait_all: false,
            verbose: false,
            trace: None,
            trace_exec: None,
            report: false,
            let_through: None,
            wrong_links: None,
            temp_dirs: vec![top.join("temp")],
        };
        Self { top, config }
    }

    fn host(&self, path: &str) -> HostPath {
        HostPath::new(self.top.join(path))
    }

    /// Binds `source` (below the top unless absolute) at `guest`.
    fn bind(mut self, source: &str, guest: &str, origin: Origin) -> Self {
        let source = self.top.join(source);
        self.config.bindings.push(Binding { source, guest: guest.into(), readonly: false, origin });
        self
    }

    /// Binds `source` by default, at its own path.
    fn default(self, source: &str) -> Self {
        let guest = self.top.join(source).to_str().unwrap().to_owned();
        self.bind(source, &guest, Origin::Default)
    }

    #[track_caller]
    fn prepare(&self) -> Prepared {
        prepare(&self.config).unwrap()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.top).unwrap();
    }
}

fn guest(path: impl AsRef<Path>) -> GuestPath {
    GuestPath::lexical(path.as_ref().as_os_str().as_bytes())
}

/// The mounts but those of missing parents: guest path and host path.
fn mounts(prepared: &Prepared) -> Vec<(GuestPath, HostPath)> {
    let real = prepared.namespace.mounts().iter().filter(|mount| mount.kind != Kind::Skeleton);
    real.map(|mount| (mount.guest.clone(), mount.host.clone())).collect()
}

fn var(prepared: &Prepared, name: &str) -> Option<String> {
    let found = prepared.env.iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value.to_str().unwrap().to_owned())
}

#[test]
fn home_and_project_are_one_mount_and_the_rootfs_below_them_is_left_alone() {
    let mut host = Host::new("home").default("home/jo/project").default("home/jo");
    fs::rename(host.top.join("r"), host.top.join("home/jo/project/r")).unwrap();
    host.config.rootfs = host.top.join("home/jo/project/r");
    host.config.workdir = Workdir::Host(host.top.join("home/jo/project"));
    let prepared = host.prepare();
    let home = host.top.join("home/jo");
    assert_eq!(
        mounts(&prepared),
        [(GuestPath::root(), host.host("home/jo/project/r")), (guest(&home), host.host("home/jo"))]
    );
    assert_eq!(prepared.workdir, guest(home.join("project")));
}

#[test]
fn each_missing_parent_is_an_empty_directory_of_its_own_outside_the_rootfs() {
    let host = Host::new("parents").bind("home/jo", "/a/b/c", Origin::User);
    let prepared = host.prepare();
    let skeletons: Vec<_> =
        prepared.namespace.mounts().iter().filter(|mount| mount.kind == Kind::Skeleton).collect();
    assert_eq!(
        skeletons.iter().map(|mount| &mount.guest).collect::<Vec<_>>(),
        [&guest("/a"), &guest("/a/b")]
    );
    assert_ne!(skeletons[0].host, skeletons[1].host);
    for skeleton in skeletons {
        assert!(skeleton.host.as_path().starts_with(host.top.join("temp")) && skeleton.is_readonly());
        assert_eq!(fs::read_dir(&skeleton.host).unwrap().count(), 0);
    }
    assert!(!host.top.join("r/a").exists());
    drop(prepared);
    assert_eq!(fs::read_dir(host.top.join("temp")).unwrap().count(), 0);
}

#[test]
fn no_private_directory_is_made_in_vain() {
    let mut host = Host::new("vain").bind("home", "/tmp", Origin::Default);
    host.config.temp_dirs.clear();
    assert!(host.prepare().private.is_none());
}

#[test]
fn a_directory_inside_the_rootfs_keeps_the_name_that_it_has_there() {
    let mut host = Host::new("inside").default("r/tmp").default("r");
    for (dir, name) in [("r/tmp", "/tmp"), ("r", "/")] {
        host.config.workdir = Workdir::Host(host.top.join(dir));
        let prepared = host.prepare();
        assert_eq!(mounts(&prepared), [(GuestPath::root(), host.host("r"))]);
        assert_eq!(prepared.workdir, guest(name));
    }
}

#[test]
fn the_users_binding_replaces_a_default_one() {
    let host = Host::new("later").bind("home/jo", "/w", Origin::User).bind("home", "/w", Origin::User).bind(
        "temp",
        "/w/",
        Origin::Default,
    );
    // What stands later wins; the command line puts the defaults first.
    assert_eq!(mounts(&host.prepare())[1..], [(guest("/w"), host.host("temp"))]);
}

#[test]
fn a_binding_below_another_may_be_given_first() {
    let host = Host::new("order").bind("temp", "/w/jo/x", Origin::User).bind("home", "/w", Origin::User);
    let prepared = host.prepare();
    let found: Vec<_> = prepared.namespace.mounts().iter().map(|mount| (&mount.guest, mount.kind)).collect();
    assert_eq!(found[1..], [(&guest("/w"), Kind::Directory), (&guest("/w/jo/x"), Kind::Directory)]);
}

#[test]
fn a_destination_leads_through_the_guests_symlinks() {
    let host = Host::new("links")
        .bind("home", "/var/tmp/h", Origin::User)
        .bind("temp", "/dangling", Origin::User)
        .bind("home/jo", "/dangling/deep/er", Origin::User);
    fs::create_dir(host.top.join("r/real")).unwrap();
    symlink("/real/../real", host.top.join("r/var")).unwrap();
    symlink("real/no/where", host.top.join("r/dangling")).unwrap();
    let names: Vec<_> = mounts(&host.prepare()).into_iter().map(|(guest, _)| guest).collect();
    assert_eq!(names[1..], [guest("/real/no/where"), guest("/real/no/where/deep/er"), guest("/real/tmp/h")]);
}

#[test]
fn resolv_conf_is_shown_in_the_place_of_a_dangling_symlink() {
    let host = Host::new("resolv").bind("conf", "/etc/resolv.conf", Origin::Default);
    fs::write(host.top.join("conf"), "nameserver 192.0.2.1\n").unwrap();
    symlink("../run/systemd/resolve/stub-resolv.conf", host.top.join("r/etc/resolv.conf")).unwrap();
    let prepared = host.prepare();
    assert_eq!(mounts(&prepared)[1..], [(guest("/etc/resolv.conf"), host.host("conf"))]);
    assert!(prepared.namespace.mounts().iter().all(|mount| mount.kind != Kind::Skeleton));
    // Without /etc nothing reads it, and a read-only /etc would keep an installer from making one.
    fs::remove_dir_all(host.top.join("r/etc")).unwrap();
    assert_eq!(mounts(&host.prepare()).len(), 1);
}

#[test]
fn a_missing_source_matters_only_if_the_user_named_it() {
    let host = Host::new("missing").default("nothing").bind("home", "/bin/sh/x", Origin::Default);
    assert_eq!(mounts(&host.prepare()).len(), 1);
    let host = host.bind("nothing", "/g", Origin::User);
    let source_path = host.top.join("nothing");
    let expected = Error::BindSource { source_path, guest: "/g".into(), errno: Errno::ENOENT };
    assert_eq!(prepare(&host.config).unwrap_err(), expected);
    let host = Host::new("file").bind("home", "/bin/sh/x", Origin::User);
    let source_path = host.top.join("home");
    let expected = Error::BindGuest { source_path, guest: "/bin/sh/x".into(), errno: Errno::ENOTDIR };
    assert_eq!(prepare(&host.config).unwrap_err(), expected);
}

#[test]
fn proc_is_known_wherever_it_is_shown() {
    let host =
        Host::new("proc").bind("/proc", "/proc", Origin::Default).bind("/proc/sys", "/s", Origin::User);
    let prepared = host.prepare();
    let kinds: Vec<_> = prepared.namespace.mounts().iter().map(|mount| (&mount.guest, mount.kind)).collect();
    assert_eq!(kinds[1..], [(&guest("/proc"), Kind::Proc), (&guest("/s"), Kind::Directory)]);
    // Also where the host's own root is the guest's.
    let mut host =
        Host::new("slash").bind("/proc", "/proc", Origin::Default).bind("/dev", "/dev", Origin::Default);
    host.config.rootfs = "/".into();
    let names: Vec<_> = mounts(&host.prepare()).into_iter().map(|(guest, _)| guest).collect();
    assert!(names.contains(&guest("/proc")) && !names.contains(&guest("/dev")), "{names:?}");
}

#[test]
fn a_caller_whom_the_guest_does_not_know_is_introduced() {
    let mut host = Host::new("stranger");
    fs::write(host.top.join("r/etc/passwd"), "root:x:0:0::/root:/bin/sh").unwrap();
    fs::write(host.top.join("r/etc/group"), "root:x:0:\nothers:x:78:\n").unwrap();
    let prepared = host.prepare();
    let shown = &prepared.namespace.locate(&guest("/etc/passwd")).host;
    let home = host.top.join("home/jo");
    let expected = format!("root:x:0:0::/root:/bin/sh\njo:x:77:78::{}:/bin/sh\n", home.display());
    assert_eq!(fs::read_to_string(shown).unwrap(), expected);
    assert_eq!(prepared.namespace.locate(&guest("/etc/group")).host, host.host("r/etc/group"));
    assert!(fs::metadata(shown).unwrap().mode() & 0o444 == 0o444);
    drop(prepared);
    // A rootfs that was only unpacked has no passwd yet.
    fs::rename(host.top.join("r/etc/passwd"), host.top.join("passwd")).unwrap();
    let prepared = host.prepare();
    let shown = &prepared.namespace.locate(&guest("/etc/passwd")).host;
    assert_eq!(fs::read_to_string(shown).unwrap(), format!("jo:x:77:78::{}:/bin/sh\n", home.display()));
    drop(prepared);
    fs::rename(host.top.join("passwd"), host.top.join("r/etc/passwd")).unwrap();
    // Not where an installer rewrites it, nor where it is known.
    host.config.ids = Some(Ids { uid: 0, gid: 0 });
    assert_eq!(mounts(&host.prepare()).len(), 1);
    host.config.ids = None;
    host.config.caller.ids.uid = 0;
    assert_eq!(mounts(&host.prepare()).len(), 1);
}

#[test]
fn without_a_command_the_guests_shell_runs() {
    let mut host = Host::new("shell");
    host.config.command.clear();
    fs::write(host.top.join("r/etc/passwd"), "").unwrap();
    assert_eq!(host.prepare().command, ["/bin/sh"]);
    fs::write(host.top.join("r/bin/bash"), "").unwrap();
    assert_eq!(host.prepare().command, ["/bin/bash"]);
    fs::write(host.top.join("r/bin/fish"), "").unwrap();
    fs::write(host.top.join("r/etc/passwd"), "jo:x:77:77::/:/bin/fish\nroot:x:0:0::/:/bin/gone\n").unwrap();
    assert_eq!(host.prepare().command, ["/bin/fish"]);
    host.config.ids = Some(Ids { uid: 0, gid: 0 });
    assert_eq!(host.prepare().command, ["/bin/bash"]);
}

#[test]
fn the_start_must_exist_if_it_was_asked_for() {
    let mut host = Host::new("start");
    for (dir, errno) in [("/no", Errno::ENOENT), ("/bin/sh", Errno::ENOTDIR)] {
        host.config.workdir = Workdir::Guest(dir.into());
        assert_eq!(prepare(&host.config).unwrap_err(), Error::Workdir { guest: dir.into(), errno });
    }
    symlink("usr/bin", host.top.join("r/link")).unwrap();
    host.config.workdir = Workdir::Guest(b"/link".into());
    assert_eq!(host.prepare().workdir, guest("/usr/bin"));
    // A caller's directory that the guest does not see is not an error: chroot(1) starts at the root too.
    host.config.workdir = Workdir::Host(host.top.join("home"));
    assert_eq!(host.prepare().workdir, GuestPath::root());
    host = host.bind("home", "/h", Origin::User);
    host.config.workdir = Workdir::Host(host.top.join("home/jo"));
    assert_eq!(host.prepare().workdir, guest("/h/jo"));
}

#[test]
fn variables_that_are_paths_make_sense_in_the_guest() {
    let mut host = Host::new("environ").bind("home", "/h", Origin::User).default("home/jo");
    fs::create_dir(host.top.join("home/jo/bin")).unwrap();
    let home = host.top.join("home/jo").to_str().unwrap().to_owned();
    let set = |pairs: &[(&str, &str)]| pairs.iter().map(|&(key, value)| (key.into(), value.into())).collect();
    let usual = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    host.config.env =
        set(&[("PWD", "/x"), ("OLDPWD", "/x"), ("TMPDIR", "/x"), ("SHELL", "/x"), ("KEPT", "/x")]);
    let prepared = host.prepare();
    assert_eq!(
        ["PWD", "OLDPWD", "TMPDIR", "SHELL", "KEPT", "PATH"].map(|name| var(&prepared, name)),
        [Some("/".into()), None, None, Some("/bin/sh".into()), Some("/x".into()), Some(usual.into())]
    );
    for (path, settled) in [
        ("/no:/bin", "/no:/bin".to_owned()),
        ("/run/current-system/sw/bin", usual.to_owned()),
        (&format!("{home}/bin:/no"), format!("{home}/bin:/no:{usual}")),
        ("/h/jo:/no", "/h/jo:/no".to_owned()),
        ("", usual.to_owned()),
    ] {
        host.config.env = set(&[("PATH", path), ("TMPDIR", "/tmp")]);
        let prepared = host.prepare();
        assert_eq!(var(&prepared, "PATH"), Some(settled), "{path}");
        assert_eq!(var(&prepared, "TMPDIR"), Some("/tmp".into()));
    }
}
