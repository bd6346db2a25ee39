//! Tools: programs of this host that run in the place of a foreign guest's own.
//!
//! Only execve sees them. A tool is chosen by the guest's file that the path leads to, links followed, so that `cc`, `gcc`
//! and `/usr/bin/gcc-12` are one. What cannot start here is found out before it is tried, told once, and the guest's own
//! program runs instead: a build never breaks because of a tool.
#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::files::Found;
use super::libraries::{Libraries, Needs, Why};
use crate::config::{Append, FileId, Tool, ToolView, Toolset};
use crate::error::{Errno, Error};
use crate::vfs::{GuestPath, HostPath, ViewId};

/// What a choice may depend on beside the file: the arguments of the execve, and the environment.
pub trait Start {
    /// All of argv.
    ///
    /// # Errors
    /// EFAULT, E2BIG.
    fn arguments(&mut self) -> Result<Vec<Vec<u8>>, Errno>;

    /// The text of the file at `path`, from the caller's working directory; `None` if it cannot be read.
    fn text(&mut self, path: &[u8]) -> Option<Vec<u8>>;

    /// The value of a variable of envp.
    ///
    /// # Errors
    /// EFAULT, E2BIG.
    fn variable(&mut self, name: &[u8]) -> Result<Option<Vec<u8>>, Errno>;

    /// The caller's view, if the file is shown by an overlay of it: then it is a part of the tool that runs it.
    fn overlay(&self, file: &GuestPath) -> Option<ViewId>;
}

/// An execve without arguments and environment.
impl Start for () {
    fn arguments(&mut self) -> Result<Vec<Vec<u8>>, Errno> {
        Ok(Vec::new())
    }

    fn text(&mut self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn variable(&mut self, _: &[u8]) -> Result<Option<Vec<u8>>, Errno> {
        Ok(None)
    }

    fn overlay(&self, _: &GuestPath) -> Option<ViewId> {
        None
    }
}

/// How a tool is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    pub program: HostPath,
    pub interpreter: Option<HostPath>,
    pub view: ViewId,
    /// What /proc/PID/exe shows.
    pub exe: GuestPath,
    /// Guest paths of the library directories, joined by colons.
    pub library_path: Vec<u8>,
    /// Guest paths of its libraries, in the order of its dynamic linker.
    pub libraries: Vec<Vec<u8>>,
    /// "NAME=value" for variables that are not set.
    pub env: Vec<Vec<u8>>,
    /// A program that a tool has beside it.
    pub is_part: bool,
    /// As [`Tool::argv0`].
    pub argv0: Option<(Vec<u8>, Vec<u8>)>,
    /// Words in front of the caller's arguments, behind `argv[0]`, and words behind them.
    pub prepend: Vec<Vec<u8>>,
    pub append: Vec<Vec<u8>>,
}

/// The tools of a session.
#[derive(Debug, Default)]
pub struct Natives {
    tools: HashMap<GuestPath, Tool>,
    /// By position in [`Toolset::views`]; the session's views are these, behind the guest's own.
    libraries: Vec<Rc<Libraries>>,
    /// What is known of each program: found out when it is first run.
    needs: RefCell<HashMap<(usize, HostPath), Result<Needs, Why>>>,
    /// What the user has not been told yet.
    warnings: RefCell<Vec<Error>>,
}

impl Natives {
    /// Those of a configuration.
    pub fn new(toolset: &Toolset) -> Self {
        let mut libraries: Vec<Rc<Libraries>> = Vec::new();
        for (at, view) in toolset.views.iter().enumerate() {
            let like = |other: &ToolView| (&other.root, &other.libraries) == (&view.root, &view.libraries);
            let known = toolset.views[..at].iter().position(like).map(|other| Rc::clone(&libraries[other]));
            libraries.push(known.unwrap_or_else(|| Rc::new(Libraries::of(&view.root, &view.libraries))));
        }
        let tools = toolset.tools.iter().map(|tool| (GuestPath::lexical(&tool.guest), tool.clone()));
        Self { tools: tools.collect(), libraries, ..Self::default() }
    }

    /// Where a view shows its library directories: guest path and host path of each.
    pub fn library_mounts(&self, view: usize) -> impl Iterator<Item = (GuestPath, HostPath)> + '_ {
        let shown = |(at, host): (usize, &HostPath)| (library_directory(at), host.clone());
        self.libraries[view].directories().iter().enumerate().map(shown)
    }

    /// What every program's environment is rid of: what was given to a tool is not its children's.
    pub fn own_variables(&self) -> Vec<Vec<u8>> {
        let mut all: Vec<_> = self.tools.values().flat_map(variables).collect();
        all.sort();
        all.dedup();
        all
    }

    /// The tool that runs where the guest executes the file `found`; `None` if that itself runs.
    ///
    /// # Errors
    /// Those of `start`.
    pub fn choose(&self, found: &Found, start: &mut dyn Start) -> Result<Option<Chosen>, Errno> {
        let Some(tool) = self.tools.get(&found.guest) else {
            return Ok(start.overlay(&found.guest).and_then(|view| self.part(found, view)));
        };
        if tool.compared.is_some_and(|compared| found.id != Some(compared)) {
            return Ok(None);
        }
        if falls_back(tool, start)? {
            return Ok(None);
        }
        let program = HostPath::new(&tool.host);
        let Some(needs) = self.ready(tool.view, &program, Some(tool)) else { return Ok(None) };
        let exe = tool.exe.as_deref().map_or_else(|| found.guest.clone(), GuestPath::lexical);
        Ok(Some(Chosen {
            program,
            view: view_id(tool.view),
            exe,
            library_path: self.library_path(&needs),
            libraries: libraries(&needs),
            interpreter: needs.interpreter,
            env: variables(tool).collect(),
            is_part: false,
            argv0: tool.argv0.clone().map(|(from, to)| (from.into_bytes(), to.into_bytes())),
            prepend: bytes(&tool.prepend),
            append: appended(tool, start)?,
        }))
    }

    /// A program that a tool has beside it.
    fn part(&self, found: &Found, view: ViewId) -> Option<Chosen> {
        let position = view.0.checked_sub(1)?;
        let needs = self.ready(position, &found.host, None)?;
        Some(Chosen {
            program: found.host.clone(),
            view,
            exe: found.guest.clone(),
            library_path: self.library_path(&needs),
            libraries: libraries(&needs),
            interpreter: needs.interpreter,
            env: Vec::new(),
            is_part: true,
            argv0: None,
            prepend: Vec::new(),
            append: Vec::new(),
        })
    }

    /// What the program needs, if all of it is there. Where `tool` is not, the user is told why.
    fn ready(&self, view: usize, program: &HostPath, tool: Option<&Tool>) -> Option<Needs> {
        let key = (view, program.clone());
        if let Some(known) = self.needs.borrow().get(&key) {
            return known.clone().ok();
        }
        let needs = self.libraries[view].needs(program);
        if let (Err(why), Some(tool)) = (&needs, tool) {
            self.warnings.borrow_mut().push(Error::NativeBroken {
                name: tool.name.clone(),
                path: tool.host.clone(),
                why: why.to_string(),
            });
        }
        self.needs.borrow_mut().insert(key, needs.clone());
        needs.ok()
    }

    fn library_path(&self, needs: &Needs) -> Vec<u8> {
        let names: Vec<_> = needs.directories.iter().map(|&at| library_directory(at)).collect();
        names.iter().map(GuestPath::as_bytes).collect::<Vec<_>>().join(&b':')
    }

    /// What the user has to be told since the last time.
    pub fn take_warnings(&self) -> Vec<Error> {
        self.warnings.take()
    }
}

/// The session's number of the view at this position of [`Toolset::views`].
pub fn view_id(position: usize) -> ViewId {
    ViewId(position + 1)
}

/// Where a view shows the library directory `at`. One component, so that no parent of it has to be made up.
fn library_directory(at: usize) -> GuestPath {
    GuestPath::lexical(format!("/.xroot-lib-{at}").as_bytes())
}

fn libraries(needs: &Needs) -> Vec<Vec<u8>> {
    let shown = |(dir, name): &(usize, Vec<u8>)| library_directory(*dir).join(name).as_bytes().to_vec();
    needs.libraries.iter().map(shown).collect()
}

fn variables(tool: &Tool) -> impl Iterator<Item = Vec<u8>> + '_ {
    tool.env.iter().map(|(name, value)| format!("{name}={value}").into_bytes())
}

/// Whether a word of the arguments wants the guest's own program.
fn falls_back(tool: &Tool, start: &mut dyn Start) -> Result<bool, Errno> {
    for name in &tool.unless_set {
        if start.variable(name.as_bytes())?.is_some_and(|value| !value.is_empty()) {
            return Ok(true);
        }
    }
    if tool.fallback.is_empty() {
        return Ok(false);
    }
    any_matches(&tool.fallback, start)
}

fn appended(tool: &Tool, start: &mut dyn Start) -> Result<Vec<Vec<u8>>, Errno> {
    let mut added = Vec::new();
    for append in &tool.append {
        match append {
            Append::Words(words) => added.extend(bytes(words)),
            Append::Unless(patterns, words) => {
                if !any_matches(patterns, start)? {
                    added.extend(bytes(words));
                }
            }
            Append::Each { variable, flag } => {
                let value = start.variable(variable.as_bytes())?.unwrap_or_default();
                let dirs = value.split(|&byte| byte == b':').filter(|dir| !dir.is_empty());
                added.extend(dirs.map(|dir| [flag.as_bytes(), dir].concat()));
            }
        }
    }
    Ok(added)
}

/// Whether one of the arguments matches one of the patterns, or a word of a file that one names (`@FILE`, as compilers
/// take them; quotes in it are not understood).
fn any_matches(patterns: &[String], start: &mut dyn Start) -> Result<bool, Errno> {
    let wanted = |word: &[u8]| patterns.iter().any(|pattern| matches(pattern.as_bytes(), word));
    for word in start.arguments()?.iter().skip(1) {
        let file = word.strip_prefix(b"@").and_then(|path| start.text(path));
        let in_file = |text: Vec<u8>| text.split(u8::is_ascii_whitespace).any(wanted);
        if wanted(word) || file.is_some_and(in_file) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn bytes(words: &[String]) -> Vec<Vec<u8>> {
    words.iter().map(|word| word.clone().into_bytes()).collect()
}

/// Whether `word` is what `pattern` says, in which `*` stands for any text.
fn matches(pattern: &[u8], word: &[u8]) -> bool {
    match pattern.split_first() {
        None => word.is_empty(),
        Some((b'*', rest)) => (0..=word.len()).any(|skip| matches(rest, &word[skip..])),
        Some((byte, rest)) => {
            word.split_first().is_some_and(|(first, word)| first == byte && matches(rest, word))
        }
    }
}

impl FileId {
    /// Of an open file or a path's metadata.
    pub fn of(metadata: &std::fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// An execve with these words, by a caller with one variable.
    struct Words(&'static [&'static str]);

    impl Start for Words {
        fn arguments(&mut self) -> Result<Vec<Vec<u8>>, Errno> {
            Ok(self.0.iter().map(|word| word.as_bytes().to_vec()).collect())
        }

        fn text(&mut self, path: &[u8]) -> Option<Vec<u8>> {
            (path == b"file").then(|| b"-O2\n-march=native x".to_vec())
        }

        fn variable(&mut self, name: &[u8]) -> Result<Option<Vec<u8>>, Errno> {
            Ok((name == b"DIRS").then(|| b"/a::/b".to_vec()))
        }

        fn overlay(&self, _: &GuestPath) -> Option<ViewId> {
            None
        }
    }

    fn tool(host: PathBuf) -> Tool {
        Tool {
            name: "sh".into(),
            guest: b"/usr/bin/dash".to_vec(),
            host,
            compared: None,
            view: 0,
            exe: None,
            env: vec![("A".into(), "b c".into())],
            fallback: vec!["-march=native".into(), "-specs=*".into()],
            unless_set: vec!["NONE".into()],
            argv0: None,
            prepend: vec!["-p".into()],
            append: vec![
                Append::Words(vec!["-x".into()]),
                Append::Unless(vec!["-z".into(), "-c".into()], vec!["-never".into()]),
                Append::Unless(vec!["-d".into()], vec!["-y".into()]),
                Append::Each { variable: "DIRS".into(), flag: "-L".into() },
                Append::Each { variable: "NONE".into(), flag: "-M".into() },
            ],
        }
    }

    fn natives(tool: Tool) -> Natives {
        let view = ToolView { root: "/".into(), ..ToolView::default() };
        Natives::new(&Toolset { tools: vec![tool], views: vec![view], ..Toolset::default() })
    }

    fn shell() -> PathBuf {
        std::fs::canonicalize("/bin/sh").expect("the host has a shell")
    }

    fn found(id: Option<FileId>) -> Found {
        let guest = GuestPath::lexical(b"/usr/bin/dash");
        Found { guest, host: HostPath::new("/srv/usr/bin/dash"), file: None, id }
    }

    fn words(words: &[&str]) -> Vec<Vec<u8>> {
        words.iter().map(|word| word.as_bytes().to_vec()).collect()
    }

    fn choose(natives: &Natives, words: &'static [&'static str]) -> Option<Chosen> {
        natives.choose(&found(None), &mut Words(words)).expect("the words can be read")
    }

    #[test]
    fn a_tool_is_started_with_what_it_needs() {
        let natives = natives(tool(shell()));
        let chosen = choose(&natives, &["sh", "-c"]).expect("the host's shell can be started");
        assert_eq!((chosen.view, chosen.exe.as_bytes()), (ViewId(1), &b"/usr/bin/dash"[..]));
        assert_eq!(
            (&chosen.prepend, &chosen.append),
            (&words(&["-p"]), &words(&["-x", "-y", "-L/a", "-L/b"]))
        );
        assert_eq!(chosen.env, [b"A=b c"]);
        assert_eq!(natives.own_variables(), [b"A=b c"]);
        assert!(chosen.library_path.starts_with(b"/.xroot-lib-"), "{chosen:?}");
        assert!(chosen.libraries.iter().all(|path| path.starts_with(b"/.xroot-lib-")), "{chosen:?}");
        assert!(natives.take_warnings().is_empty());
    }

    #[test]
    fn some_arguments_want_the_guests_own_program() {
        let natives = natives(tool(shell()));
        for (words, falls_back) in [
            (&["sh", "-march=native"][..], true),
            (&["sh", "-march=native2"], false),
            (&["-march=native"], false),
            (&["sh", "-specs="], true),
            (&["sh", "@file"], true),
            (&["sh", "@none", "file"], false),
            (&["sh", "x", "-specs=a/b"], true),
        ] {
            assert_eq!(choose(&natives, words).is_none(), falls_back, "{words:?}");
        }
    }

    #[test]
    fn a_variable_may_want_the_guests_own_program() {
        let natives = natives(Tool { unless_set: vec!["DIRS".into()], ..tool(shell()) });
        assert_eq!(choose(&natives, &["sh"]), None);
    }

    #[test]
    fn another_file_than_the_one_compared_runs_itself() {
        let id = FileId::of(&std::fs::metadata("/").expect("it is there"));
        let natives = natives(Tool { compared: Some(id), ..tool(shell()) });
        let chosen = |id| natives.choose(&found(id), &mut Words(&["sh"])).expect("the words can be read");
        assert!(chosen(Some(id)).is_some());
        assert!(chosen(Some(FileId { size: id.size + 1, ..id })).is_none() && chosen(None).is_none());
    }

    #[test]
    fn what_cannot_start_is_told_of_once() {
        let natives = natives(tool("/etc/passwd".into()));
        assert_eq!(choose(&natives, &["sh"]), None);
        assert_eq!(natives.take_warnings().len(), 1);
        assert_eq!(choose(&natives, &["sh"]), None);
        assert_eq!(natives.take_warnings(), []);
    }
}
