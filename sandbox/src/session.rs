//! From a configuration to an exit status: the rootfs prepared, the command started, the tree traced.
#![forbid(unsafe_code)]

mod usage;

use std::cell::RefCell;
use std::collections::HashSet;
use std::ffi::{CString, OsString};
use std::fs::File;
use std::io::{Read, Seek};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::rc::Rc;

use nix::unistd::{AccessFlags, Pid, access};

use crate::config::{Binding, Config, Origin, Output, Toolset};
use crate::engine::filter;
use crate::engine::ptrace::{Ended, Engine};
use crate::error::{Errno, Error, Failure, tell};
use crate::exec::loader::Carrier;
use crate::exec::{self, Emulators, Files, Found, Machine, Natives, Refused, Runners};
use crate::image::{self, Prepared};
pub use crate::sys::front::{Front, Side, split};
use crate::sys::probe::{self, Probes};
use crate::sys::spawn::Image;
use crate::sys::{fs, process};
use crate::syscall::log::Log;
use crate::syscall::proc::memory_file;
use crate::syscall::table::{self, Feature};
use crate::syscall::trace::Trace;
use crate::syscall::{World, ids};
use crate::task::{Fs, Mm, Process, Seccomp, Sigsys, Task};
use crate::vfs::{GuestPath, HostLookup, HostPath, Kind, Last, Resolved, ViewId, Views, resolve};

/// A rootfs, ready to run one command.
pub struct Session {
    world: World,
    prepared: Prepared,
}

impl Session {
    /// Checks and prepares everything that can be checked before a process is started.
    ///
    /// # Errors
    /// What keeps the command from being run, with a hint where the user can do something.
    pub fn new(config: Config) -> Result<Self, Error> {
        probe::check()?;
        let prepared = image::prepare(&config)?;
        let mut config = config;
        for tool in &mut config.toolset.tools {
            // What the user has set is not the tool's, and his programs are to see it.
            tool.env
                .retain(|(name, _)| !prepared.env.iter().any(|(set, _)| set.as_os_str() == name.as_str()));
        }
        let natives = Natives::new(&config.toolset);
        let views = image::views(&prepared.namespace, &config.toolset, &natives);
        let probes = Probes::new();
        let features = features(&config, &prepared, &views, &probes);
        let trapped = if probes.filtered { trapped(&features) } else { Vec::new() };
        if config.verbose && !trapped.is_empty() {
            let names = trapped.join(", ");
            tell(format!("xroot: a filter of whoever started xroot denies {names}: answered all the same"));
        }
        let carrier = Carrier::of_this_process()?;
        let world = World {
            carrier: if trapped.is_empty() { carrier } else { carrier.catching() },
            features,
            trapped,
            views,
            lookup: RefCell::new(HostLookup::new()),
            tool_env: natives.own_variables(),
            runners: Runners { emulators: Emulators::new(config.emulators.clone())?, natives },
            probes,
            pins: caps::read(None, caps::CapSet::Effective).is_ok_and(|held| held.is_empty()),
            ids: config.ids,
            kernel_release: config.kernel_release,
            machine: config.toolset.machine.as_deref().and_then(Machine::named),
            uname: config.toolset.uname,
            wait_all: config.wait_all,
            tracer: Pid::this(),
            verbose: config.verbose,
            exec_log: open_log(config.trace_exec.as_ref(), "programs' log")?,
            trace: open_log(config.trace.as_ref(), "trace")?.map(Trace::new),
            report: config.report,
            let_through: config.let_through,
            wrong_links: config.wrong_links,
            unsupported: RefCell::default(),
            noted: RefCell::new(HashSet::new()),
            sockets: RefCell::default(),
        };
        Ok(Self { world, prepared })
    }

    /// Runs the command and waits for it. Its own exit code, or 128 and the number of the signal that killed it.
    ///
    /// `front` is the process that [`split`] left standing for the command, to be signalled and stopped in its place;
    /// without one, nothing that is sent to this process reaches the command.
    ///
    /// # Errors
    /// What kept the command from being run, or the tracer from going on.
    pub fn run(self, front: Option<Front>) -> Result<u8, Error> {
        self.start(front, None)
    }

    /// Runs the command without input, and gives what it writes to its standard output, and its exit status.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub fn output(self) -> Result<(u8, Vec<u8>), Error> {
        let broken = |errno| Error::os("cannot keep a program's output")(errno);
        let file = memory_file(b"output", b"").map_err(broken)?;
        let status = self.start(None, Some(file.as_fd()))?;
        let mut output = Vec::new();
        let mut file = File::from(file);
        file.rewind().and_then(|()| file.read_to_end(&mut output)).map_err(|_| broken(Errno::EIO))?;
        Ok((status, output))
    }

    fn start(self, front: Option<Front>, output: Option<BorrowedFd<'_>>) -> Result<u8, Error> {
        let Prepared { workdir, command, env, .. } = &self.prepared;
        let (program, argv) = self.command(command, env)?;
        let program = c_string(program)?;
        let argv: Vec<_> = argv.into_iter().map(c_string).collect::<Result<_, _>>()?;
        let envp: Vec<_> = env
            .iter()
            .map(|(key, value)| c_string([key.as_bytes(), b"=", value.as_bytes()].concat()))
            .collect::<Result<_, _>>()?;
        let filter = filter::program(&self.world.features, &self.world.trapped);
        let image = Image { program: &program, argv: &argv, envp: &envp, filter: &filter, output };
        let host = self.world.views.guest().locate(workdir).host;
        let directory = fs::open_path(host.as_bytes()).map_err(|errno| Error::Workdir {
            guest: String::from_utf8_lossy(workdir.as_bytes()).into_owned(),
            errno,
        })?;
        let mut engine = Engine::start(&self.world, &image, &directory, front, |pid| self.first_task(pid))?;
        let ended = engine.run();
        self.report();
        if let Some(usage) = engine.usage() {
            tell(usage::text(usage));
        }
        Ok(match ended? {
            Ended::Code(code) => code as u8,
            Ended::Signal(signal) => 128 + signal as u8,
        })
    }

    /// The guest path of the command and its argv: found along PATH, and known to be runnable.
    fn command(
        &self,
        command: &[OsString],
        env: &[(OsString, OsString)],
    ) -> Result<(Vec<u8>, Vec<Vec<u8>>), Error> {
        let argv: Vec<Vec<u8>> = command.iter().map(|word| word.as_bytes().to_vec()).collect();
        let name = &argv[0];
        let path = env.iter().find(|(key, _)| key == "PATH").map(|(_, value)| value.as_bytes());
        let candidates: Vec<Vec<u8>> = if name.contains(&b'/') {
            vec![name.clone()]
        } else {
            let dirs = path.unwrap_or(b"/usr/local/bin:/usr/bin:/bin").split(|&byte| byte == b':');
            dirs.map(|dir| [if dir.is_empty() { b"." } else { dir }, b"/", name].concat()).collect()
        };
        let shown = String::from_utf8_lossy(name).into_owned();
        let mut denied = None;
        for candidate in candidates {
            let mut files = GuestFiles(self);
            match exec::plan(&mut files, &mut (), &self.world.runners, &candidate, name) {
                Ok(_) => return Ok((candidate, argv)),
                Err(Refused { note: Some(note), .. }) => return Err(*note),
                // As execvp(3): a file without a magic number is a script of the shell.
                Err(Refused { failure: Failure::Errno(Errno::ENOEXEC), .. }) => {
                    let mut script = vec![b"sh".to_vec(), candidate];
                    script.extend(argv.into_iter().skip(1));
                    return Ok((b"/bin/sh".to_vec(), script));
                }
                Err(Refused { failure: Failure::Errno(Errno::ENOENT | Errno::ENOTDIR), .. }) => {
                    if let Some(error) = exec::missing_interpreter(&mut files, &candidate) {
                        return Err(error);
                    }
                }
                // A directory of PATH that may not be searched hides no command.
                Err(Refused { failure: Failure::Errno(Errno::EACCES), .. })
                    if !name.contains(&b'/') && files.resolve(&candidate).is_err() => {}
                Err(Refused { failure: Failure::Errno(errno), .. }) => denied = Some(errno),
                Err(Refused { failure: Failure::Broken(error), .. }) => return Err(error),
                Err(Refused { failure: Failure::Gone, .. }) => {}
            }
        }
        Err(match denied {
            Some(errno) => Error::CommandNotExecutable { command: shown, errno },
            None => Error::CommandNotFound { command: shown },
        })
    }

    fn first_task(&self, pid: Pid) -> Task {
        let credentials = self.world.ids.map(ids::initial).unwrap_or_default();
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        Task {
            tid: pid,
            process: Rc::new(Process {
                pid,
                credentials: RefCell::new(credentials),
                reached: RefCell::default(),
                view: ViewId::GUEST.into(),
                sent: Default::default(),
            }),
            fs: Rc::new(Fs {
                cwd: RefCell::new(Some(self.prepared.workdir.clone())),
                root: RefCell::new(GuestPath::root()),
                handle: RefCell::new(None),
            }),
            mm: Rc::new(Mm::before_exec()),
            slot: None,
            area: None,
            seccomp: Seccomp::inherited(&status),
            sigsys: Rc::new(Sigsys::inherited(process::is_ignored(Pid::this(), libc::SIGSYS))),
            forced: None,
            seen: Default::default(),
            fatal: None,
            domain: None,
            prepared: Vec::new(),
            held: None,
            traced_by: None,
            stopped: Default::default(),
        }
    }

    /// Says at the end which calls were not supported, if the user wants to know.
    fn report(&self) {
        if self.world.verbose {
            for line in self.world.unsupported.borrow().lines() {
                tell(format!("xroot: {line}"));
            }
        }
    }
}

fn open_log(output: Option<&Output>, what: &str) -> Result<Option<Log>, Error> {
    output.map(|output| Log::open(output, what)).transpose()
}

/// What calls are trapped for in this session.
fn features(config: &Config, prepared: &Prepared, views: &Views, probes: &Probes) -> Vec<Feature> {
    let namespace = &prepared.namespace;
    let virtual_names = namespace
        .mounts()
        .iter()
        .any(|mount| mount.kind != Kind::Directory || mount.guest != GuestPath::root());
    [
        (Feature::FakeIds, config.ids.is_some()),
        (
            Feature::ReadOnly,
            config.bindings.iter().any(is_readonly_by_wish) || own_tools(&config.toolset, views),
        ),
        (Feature::Release, config.kernel_release.is_some()),
        (Feature::Tools, !config.toolset.tools.is_empty()),
        (Feature::NoLandlock, !probes.file_first),
        (Feature::VirtualNames, virtual_names),
    ]
    .into_iter()
    .filter_map(|(feature, on)| on.then_some(feature))
    .collect()
}

/// The calls that xroot can answer although an outer filter denies them.
fn trapped(features: &[Feature]) -> Vec<&'static str> {
    if !features.contains(&Feature::FakeIds) {
        return Vec::new();
    }
    let (numbers, names): (Vec<_>, Vec<_>) =
        table::pretended().filter_map(|row| Some((row.host_number()?, row.name))).unzip();
    let denied = probe::denied(&numbers);
    numbers
        .into_iter()
        .zip(names)
        .filter(|(number, _)| denied.contains(number))
        .map(|(_, name)| name)
        .collect()
}

/// Whether tools, or what they see, lie in a tree of the user's own, whose files he could change.
fn own_tools(toolset: &Toolset, views: &Views) -> bool {
    let is_own = |place: &Path| access(place, AccessFlags::W_OK).is_ok();
    let of_host = |place: &&HostPath| views.guest().guest_of(place).is_none();
    toolset.views.iter().any(|view| is_own(&view.root))
        || views.overlaid().filter(of_host).any(|place| is_own(place.as_path()))
}

/// /sys is read-only by default, which need not cost a stop at each fchmod: an ordinary user can change nothing there.
fn is_readonly_by_wish(binding: &Binding) -> bool {
    binding.readonly && binding.origin == Origin::User
}

/// The guest's files as the root command will see them.
struct GuestFiles<'a>(&'a Session);

impl GuestFiles<'_> {
    fn resolve(&self, path: &[u8]) -> Result<Resolved, Errno> {
        let world = &self.0.world;
        let mut lookup = world.lookup.borrow_mut();
        lookup.hold(None);
        resolve(world.views.guest(), &mut *lookup, &self.0.prepared.workdir, path, Last::Follow)
    }
}

impl Files for GuestFiles<'_> {
    fn find(&mut self, path: &[u8]) -> Result<Found, Failure> {
        let resolved = self.resolve(path)?;
        Ok(Found::open(resolved.guest, resolved.host)?)
    }
}

fn c_string(bytes: Vec<u8>) -> Result<CString, Error> {
    CString::new(bytes).map_err(|error| {
        let shown = String::from_utf8_lossy(&error.into_vec()).into_owned();
        Error::os(format!("{shown:?} contains a NUL"))(Errno::EINVAL)
    })
}
