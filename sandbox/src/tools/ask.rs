//! What a program says when it is asked: versions, defaults, search paths. Asked once, then remembered.
//!
//! The program runs in a session of its own, emulated if it must be, with nothing of the host but /dev, /proc and /tmp. An
//! answer is remembered in the user's cache for as long as the program's file stays the same.
#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::config::{Binding, Config, FileId, Origin, Toolset, Workdir};
use crate::exec::Root;
use crate::exec::libraries::Libraries;
use crate::session::Session;

/// A root file system whose programs can be asked.
#[derive(Debug)]
pub struct Oracle {
    pub top: PathBuf,
    pub root: Root,
    /// A session of its kind, with nothing to do yet.
    quiet: Config,
    cache: PathBuf,
}

impl Oracle {
    /// Asks programs of `top`, with the means of the session that `config` describes.
    pub fn new(top: &Path, config: &Config, cache: &Path) -> Self {
        let shown = |path: &str| Binding {
            source: path.into(),
            guest: path.as_bytes().to_vec(),
            readonly: false,
            origin: Origin::Default,
        };
        let variable = |name: &str, value: &str| (name.into(), value.into());
        let quiet = Config {
            rootfs: top.to_owned(),
            bindings: ["/dev", "/proc", "/tmp"].map(shown).to_vec(),
            workdir: Workdir::Guest(b"/".to_vec()),
            env: vec![variable("PATH", "/usr/bin:/bin:/usr/sbin:/sbin"), variable("LC_ALL", "C")],
            ids: None,
            kernel_release: None,
            wait_all: false,
            verbose: false,
            trace: None,
            let_through: None,
            wrong_links: None,
            native: None,
            trace_exec: None,
            report: false,
            toolset: Toolset::default(),
            ..config.clone()
        };
        Self { top: top.to_owned(), root: Root::new(top), quiet, cache: cache.join("answers") }
    }

    /// The same for a root of this host's machine that need not be complete: its programs find their libraries as tools
    /// do, without a cache of ld.so's.
    pub fn with_libraries(mut self) -> Self {
        let libraries = Libraries::of(&self.top, &[]);
        let inside = libraries.directories().iter().filter_map(|dir| self.root.path_of(dir));
        let dirs: Vec<_> = inside.map(|dir| dir.as_bytes().to_vec()).collect();
        self.quiet.env.push(("LD_LIBRARY_PATH".into(), OsString::from_vec(dirs.join(&b':'))));
        self
    }

    /// What the program at `path` in here prints when it is run with `words`; `None` if it fails or is not there.
    pub fn ask(&self, path: &str, words: &[&str]) -> Option<String> {
        let host = self.root.host(path.as_bytes()).ok()?;
        let id = FileId::of(&fs::metadata(&host).ok()?);
        let question = format!("{id:?} {path} {}", words.join(" "));
        if let Some(answer) = self.remembered(&question) {
            return Some(answer);
        }
        let answer = self.run(path, words)?;
        self.remember(&question, &answer);
        Some(answer)
    }

    /// The first line of the answer.
    pub fn line(&self, path: &str, words: &[&str]) -> Option<String> {
        Some(self.ask(path, words)?.lines().next()?.trim().to_owned())
    }

    /// The file that `path` names in here, links followed: its path in here, and on the host.
    pub fn file(&self, path: &str) -> Option<(String, PathBuf)> {
        let found = self.root.find(path.as_bytes()).ok()?;
        let host = found.host.as_path().to_path_buf();
        host.is_file().then(|| (String::from_utf8_lossy(found.guest.as_bytes()).into_owned(), host))
    }

    /// The names in the directory `path`, sorted.
    pub fn names(&self, path: &str) -> Vec<String> {
        let entries = self.root.host(path.as_bytes()).ok().and_then(|dir| fs::read_dir(dir).ok());
        let names = entries.into_iter().flatten().flatten().map(|entry| entry.file_name());
        let mut names: Vec<_> =
            names.filter_map(|name| String::from_utf8(name.as_bytes().to_vec()).ok()).collect();
        names.sort();
        names
    }

    fn run(&self, path: &str, words: &[&str]) -> Option<String> {
        let command = [path].iter().chain(words).map(Into::into).collect();
        let session = Session::new(Config { command, ..self.quiet.clone() }).ok()?;
        let (status, output) = session.output().ok()?;
        (status == 0).then(|| String::from_utf8_lossy(&output).into_owned())
    }

    fn remembered_at(&self, question: &str) -> PathBuf {
        let mut hasher = DefaultHasher::new();
        question.hash(&mut hasher);
        self.cache.join(format!("{:016x}", hasher.finish()))
    }

    fn remembered(&self, question: &str) -> Option<String> {
        let text = fs::read_to_string(self.remembered_at(question)).ok()?;
        Some(text.strip_prefix(question)?.strip_prefix('\n')?.to_owned())
    }

    /// A cache that cannot be written makes the next start slower, and no more.
    fn remember(&self, question: &str, answer: &str) {
        let file = self.remembered_at(question);
        let new = file.with_extension(std::process::id().to_string());
        let write = || {
            fs::create_dir_all(&self.cache)?;
            fs::File::create(&new)?.write_all(format!("{question}\n{answer}").as_bytes())?;
            fs::rename(&new, &file)
        };
        if write().is_err() {
            let (Ok(()) | Err(_)) = fs::remove_file(&new);
        }
    }
}
