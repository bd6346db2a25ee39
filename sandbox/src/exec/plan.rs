//! Decides what the host's kernel has to run when the guest executes a file.
//!
//! Source: execve(2); behaviour of Linux 6.18, which `tests/exec` asks.
#![forbid(unsafe_code)]

use super::elf::{self, Headers};
use super::emulator::Emulators;
use super::files::{Files, Found};
use super::machine::Machine;
use super::native::{Chosen, Natives, Start};
use super::shebang;
use crate::error::{Errno, Error, Failure};
use crate::vfs::{GuestPath, HostPath, ViewId};

/// A program to load, and what the guest is to see of it.
#[derive(Debug)]
pub struct Plan {
    /// A native ELF program: the guest's, or the emulator that runs it.
    pub program: HostPath,
    /// What its PT_INTERP means in the guest.
    pub interpreter: Option<HostPath>,
    /// What stands in `argv[0]`'s place; `None` leaves argv as it is. The rest of argv follows.
    pub arguments: Option<Vec<Vec<u8>>>,
    /// Two of the arguments that change places once the program is loaded.
    pub swap: Option<(usize, usize)>,
    /// How many leading arguments /proc/PID/cmdline does not show.
    pub hidden: usize,
    /// What /proc/PID/exe shows.
    pub exe: GuestPath,
    /// The string at AT_EXECFN: the path that execve was given, also for a script.
    pub execfn: Vec<u8>,
    /// The process's name: the last component of that path, at most 15 bytes of which are used.
    pub comm: Vec<u8>,
    /// The foreign machine that the program is for.
    pub emulated: Option<&'static Machine>,
    /// A program of this host's runs in the place of the guest's own.
    pub tool: Option<ToolStart>,
    /// Words behind the caller's arguments.
    pub append: Vec<Vec<u8>>,
    /// What the program sees.
    pub view: ViewId,
}

/// What a native tool needs that the guest must not see. No string holds a NUL.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolStart {
    /// The value of LD_LIBRARY_PATH while its ld.so runs, which sees no `LD_...` of the guest's environment then.
    /// Without meaning to a static program.
    pub library_path: Vec<u8>,
    /// Its libraries, by path, in the order in which its ld.so would find them: it searches for none of these. A search
    /// tries dozens of directories that are made for special processors, and each try is a stop.
    pub libraries: Vec<Vec<u8>>,
    /// Strings `NAME=value` that its environment gets where it has no variable NAME.
    pub env: Vec<Vec<u8>>,
    /// It keeps what the tool that starts it was given: both are one.
    pub is_part: bool,
}

/// What runs programs that this host cannot run as they are.
#[derive(Debug)]
pub struct Runners {
    pub emulators: Emulators,
    pub natives: Natives,
}

/// Why nothing can be run.
#[derive(Debug)]
pub struct Refused {
    /// What execve returns.
    pub failure: Failure,
    /// What the user should know about it: an errno alone would mislead. Once a session, or for the root command
    /// instead of the failure.
    pub note: Option<Box<Error>>,
}

impl<T: Into<Failure>> From<T> for Refused {
    fn from(failure: T) -> Self {
        Self { failure: failure.into(), note: None }
    }
}

/// A script's interpreter may be a script; so many files are looked at, then ELOOP (exec_binprm() of fs/exec.c).
const MAX_DEPTH: usize = 6;

/// What to run when the guest executes `path` with `argv0` ("" if its argv is empty).
///
/// # Errors
/// What execve(2) gives for the file, or what [`Files::find`] gives; with a note where the reason is not the guest's.
pub fn plan(
    files: &mut dyn Files,
    start: &mut dyn Start,
    runners: &Runners,
    path: &[u8],
    argv0: &[u8],
) -> Result<Plan, Refused> {
    let mut current = path.to_vec();
    let mut found = files.find(path)?;
    let mut scripts: Option<Vec<Vec<u8>>> = None;
    for _ in 0..MAX_DEPTH {
        if let Some(tool) = runners.natives.choose(&found, start)? {
            return Ok(lay_over(path, tool, scripts, argv0));
        }
        let head = match &found.file {
            Some(file) => elf::read_head(file)?,
            None => return Err(execute_only(&found)),
        };
        if !shebang::is_script(&head) {
            return Program { path, current, found, head, scripts }.plan(files, &runners.emulators, argv0);
        }
        let line = shebang::parse(&head)?;
        if files.is_closed()? {
            return Err(Errno::ENOENT.into());
        }
        let next = find_named(files, line.interpreter)?;
        scripts = Some(script_arguments(&line, &current, scripts));
        current = line.interpreter.to_vec();
        found = next;
    }
    Err(Errno::ELOOP.into())
}

/// Why executing `path` is ENOENT although it is there: a script on the way names an interpreter that is not.
pub fn missing_interpreter(files: &mut dyn Files, path: &[u8]) -> Option<Error> {
    let mut found = files.find(path).ok()?;
    for _ in 0..MAX_DEPTH {
        let head = elf::read_head(found.file.as_ref()?).ok()?;
        let line = shebang::is_script(&head).then(|| shebang::parse(&head).ok()).flatten()?;
        let Ok(next) = files.find(line.interpreter) else {
            let (program, interpreter) = (lossy(found.guest.as_bytes()), lossy(line.interpreter));
            return Some(Error::InterpreterMissing { program, interpreter });
        };
        found = next;
    }
    None
}

/// What takes the place of argv[0] once a script's interpreter is to run: its name, its argument, the script.
///
/// `inner` is that of the script that has this one as interpreter, whose first word is replaced in turn.
fn script_arguments(line: &shebang::Shebang<'_>, script: &[u8], inner: Option<Vec<Vec<u8>>>) -> Vec<Vec<u8>> {
    let mut arguments = vec![line.interpreter.to_vec()];
    arguments.extend(line.argument.map(<[u8]>::to_vec));
    arguments.push(script.to_vec());
    arguments.extend(inner.into_iter().flatten().skip(1));
    arguments
}

/// The ELF file at the end of a chain of scripts.
struct Program<'a> {
    /// As execve was given it.
    path: &'a [u8],
    /// As the last script names it.
    current: Vec<u8>,
    found: Found,
    head: [u8; elf::HEAD],
    scripts: Option<Vec<Vec<u8>>>,
}

impl Program<'_> {
    fn plan(self, files: &mut dyn Files, emulators: &Emulators, argv0: &[u8]) -> Result<Plan, Refused> {
        let file = self.found.file.as_ref().expect("its head was read");
        let machine = Machine::of(&self.head).ok_or(Errno::ENOEXEC)?;
        let headers = Headers::of_program(file, &self.head, machine)?;
        let interpreter = match headers.interpreter_name(file)? {
            None => None,
            Some(name) => Some(find_interpreter(files, &self.found, &name, machine)?),
        };
        let plan = Plan {
            program: self.found.host,
            interpreter,
            arguments: self.scripts,
            swap: None,
            hidden: 0,
            exe: self.found.guest,
            execfn: self.path.to_vec(),
            comm: last_component(self.path),
            emulated: None,
            tool: None,
            append: Vec::new(),
            view: ViewId::GUEST,
        };
        if machine.is_host() { Ok(plan) } else { emulate(plan, machine, emulators, &self.current, argv0) }
    }
}

/// Has a tool of the host run in the place of what `path` leads to, at the end of a chain of `scripts`.
fn lay_over(path: &[u8], tool: Chosen, scripts: Option<Vec<Vec<u8>>>, argv0: &[u8]) -> Plan {
    // The caller's own words follow the first; what is added stands before and behind them.
    let renamed = tool.argv0.and_then(|(from, to)| Some([&to, argv0.strip_prefix(&from[..])?].concat()));
    let changes = renamed.is_some() || !(tool.prepend.is_empty() && tool.append.is_empty());
    let first = renamed.unwrap_or_else(|| argv0.to_vec());
    let mut words = scripts.or_else(|| changes.then(|| vec![first]));
    if let Some(words) = &mut words {
        words.splice(1..1, tool.prepend);
    }
    Plan {
        program: tool.program,
        interpreter: tool.interpreter,
        arguments: words,
        swap: None,
        hidden: 0,
        exe: tool.exe,
        execfn: path.to_vec(),
        comm: last_component(path),
        emulated: None,
        tool: Some(ToolStart {
            library_path: tool.library_path,
            libraries: tool.libraries,
            env: tool.env,
            is_part: tool.is_part,
        }),
        append: tool.append,
        view: tool.view,
    }
}

fn last_component(path: &[u8]) -> Vec<u8> {
    path.rsplit(|&byte| byte == b'/').next().unwrap_or_default().to_vec()
}

/// Has an emulator run what `plan` would run.
fn emulate(
    plan: Plan,
    machine: &'static Machine,
    emulators: &Emulators,
    path: &[u8],
    argv0: &[u8],
) -> Result<Plan, Refused> {
    let emulator = emulators
        .find(machine, plan.exe.as_bytes())
        .map_err(|why| Refused { failure: Errno::ENOEXEC.into(), note: Some(Box::new(why)) })?;
    let mut arguments = plan.arguments.unwrap_or_else(|| vec![argv0.to_vec()]);
    let line = emulator.command_line(&arguments[0], path);
    let hidden = line.words.len() - 1;
    arguments.splice(..1, line.words);
    Ok(Plan {
        program: emulator.path,
        interpreter: None,
        arguments: Some(arguments),
        swap: line.swap,
        hidden,
        emulated: Some(machine),
        ..plan
    })
}

/// The file that a program's PT_INTERP names.
fn find_interpreter(
    files: &mut dyn Files,
    program: &Found,
    name: &[u8],
    machine: &Machine,
) -> Result<HostPath, Refused> {
    let found = find_named(files, name).map_err(|failure| {
        let missing = matches!(failure, Failure::Errno(Errno::ENOENT));
        let note = missing.then(|| {
            Box::new(Error::InterpreterMissing {
                program: lossy(program.guest.as_bytes()),
                interpreter: lossy(name),
            })
        });
        Refused { failure, note }
    })?;
    let Some(file) = &found.file else { return Err(execute_only(&found)) };
    Headers::check_interpreter(file, machine)?;
    Ok(found.host)
}

/// The file that another file names.
///
/// To the kernel an empty path from within means the working directory, which cannot be executed.
fn find_named(files: &mut dyn Files, name: &[u8]) -> Result<Found, Failure> {
    if name.is_empty() { Err(Errno::EACCES.into()) } else { files.find(name) }
}

fn execute_only(found: &Found) -> Refused {
    let note = Box::new(Error::ExecuteOnly { program: lossy(found.guest.as_bytes()) });
    Refused { failure: Errno::EACCES.into(), note: Some(note) }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::fs::File;
    use std::io::Write;

    use nix::sys::memfd::{MFdFlags, memfd_create};

    use super::*;
    use crate::config::{self, EmulatorSearch};
    use crate::exec::for_tests::{ARM, HOST, S390X};

    /// A guest whose files lie below host `/srv`; `None` is a file that may be executed but not read.
    struct Fake(HashMap<&'static str, Option<Vec<u8>>>);

    impl Files for Fake {
        fn find(&mut self, path: &[u8]) -> Result<Found, Failure> {
            let name = std::str::from_utf8(path).expect("paths here are text");
            let content = self.0.get(name).ok_or(Errno::ENOENT)?;
            let file = content.as_ref().map(|content| {
                let fd = memfd_create(c"guest", MFdFlags::empty()).expect("memory is there");
                let mut file = File::from(fd);
                file.write_all(content).expect("memory is there");
                file
            });
            let host = HostPath::from_bytes([b"/srv", path].concat());
            Ok(Found { guest: GuestPath::lexical(path), host, file, id: None })
        }
    }

    fn guest(files: &[(&'static str, &[u8])]) -> Fake {
        Fake(files.iter().map(|(path, content)| (*path, Some(content.to_vec()))).collect())
    }

    fn runners(search: EmulatorSearch) -> Runners {
        Runners { emulators: Emulators::new(search).expect("it is usable"), natives: Natives::default() }
    }

    fn nothing() -> Runners {
        runners(EmulatorSearch::default())
    }

    fn words(words: &[&str]) -> Option<Vec<Vec<u8>>> {
        Some(words.iter().map(|word| word.as_bytes().to_vec()).collect())
    }

    #[track_caller]
    fn refused(mut files: Fake, path: &str) -> (Errno, Option<Error>) {
        let refused =
            plan(&mut files, &mut (), &nothing(), path.as_bytes(), b"x").expect_err("it cannot run");
        match refused.failure {
            Failure::Errno(errno) => (errno, refused.note.map(|note| *note)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_static_program_is_loaded_as_it_is() {
        let mut files = guest(&[("/bin/prog", &HOST.bytes())]);
        let plan = plan(&mut files, &mut (), &nothing(), b"/bin/prog", b"x").expect("it can run");
        assert_eq!(plan.program, HostPath::new("/srv/bin/prog"));
        assert_eq!((plan.interpreter, plan.arguments, plan.emulated), (None, None, None));
        assert_eq!((&plan.execfn[..], &plan.comm[..]), (&b"/bin/prog"[..], &b"prog"[..]));
        assert_eq!(plan.exe, GuestPath::lexical(b"/bin/prog"));
    }

    #[test]
    fn an_interpreter_is_the_guests() {
        let program = HOST.with_interpreter(b"/lib/ld.so\0").bytes();
        let mut files = guest(&[("prog", &program), ("/lib/ld.so", &HOST.bytes())]);
        let plan = plan(&mut files, &mut (), &nothing(), b"prog", b"x").expect("it can run");
        assert_eq!(plan.interpreter, Some(HostPath::new("/srv/lib/ld.so")));
    }

    #[test]
    fn a_missing_interpreter_is_named() {
        let program = ARM.with_interpreter(b"/lib/ld-linux-armhf.so.3\0").bytes();
        let (errno, note) = refused(guest(&[("/prog", &program)]), "/prog");
        assert_eq!(errno, Errno::ENOENT);
        let interpreter = "/lib/ld-linux-armhf.so.3".into();
        assert_eq!(note, Some(Error::InterpreterMissing { program: "/prog".into(), interpreter }));
    }

    #[test]
    fn an_interpreter_is_for_the_programs_machine() {
        let program = HOST.with_interpreter(b"/ld.so\0").bytes();
        let with =
            |interpreter: &[u8]| refused(guest(&[("/prog", &program), ("/ld.so", interpreter)]), "/prog");
        assert_eq!(with(&ARM.bytes()), (Errno::ELIBBAD, None));
        assert_eq!(with(b"#!/bin/sh\n"), (Errno::EIO, None));
        assert_eq!(with(&[b'x'; 64]), (Errno::ELIBBAD, None));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_explained() {
        let mut files = guest(&[("/script", b"#!/secret\n")]);
        files.0.insert("/secret", None);
        let note = Some(Error::ExecuteOnly { program: "/secret".into() });
        assert_eq!(refused(files, "/script"), (Errno::EACCES, note));
    }

    #[test]
    fn a_foreign_program_without_emulator_is_no_program() {
        for (sample, machine) in [(ARM, "arm"), (S390X, "s390x")] {
            let (errno, note) = refused(guest(&[("/prog", &sample.bytes())]), "/prog");
            assert_eq!(errno, Errno::ENOEXEC);
            let error = Error::NoEmulator { machine: machine.into(), program: "/prog".into() };
            assert_eq!(note, Some(error));
        }
    }

    #[test]
    fn what_is_no_program_at_all_needs_no_explanation() {
        let vax = crate::exec::for_tests::Sample { machine: 75, ..ARM };
        for content in [&b""[..], b"hello", b"#!", b"\x7fELF", &vax.bytes()] {
            let (errno, note) = refused(guest(&[("/prog", content)]), "/prog");
            assert_eq!(
                (errno, note),
                if content == b"#!" { (Errno::EACCES, None) } else { (Errno::ENOEXEC, None) }
            );
        }
    }

    #[test]
    fn an_emulator_is_called_with_the_guests_words() {
        let dir = crate::exec::for_tests::Dir::new("plan");
        let path = dir.file("qemu-arm-static", &HOST.bytes(), 0o755);
        let explicit = vec![config::Emulator { arch: None, path: path.clone() }];
        let runners = runners(EmulatorSearch { explicit, ..Default::default() });
        let emulator = path.to_str().expect("the path is text");

        let mut files = guest(&[("./prog", &ARM.bytes()), ("/script", b"#!./prog -e\n")]);
        let plan = plan(&mut files, &mut (), &runners, b"./prog", b"zero").expect("it can run");
        assert_eq!(plan.program, HostPath::new(&path));
        assert_eq!(plan.arguments, words(&[emulator, "-L", "/", "-0", "./prog", "zero"]));
        assert_eq!((plan.swap, plan.hidden), (Some((4, 5)), 5));
        assert_eq!(plan.emulated, Machine::named("arm"));
        assert_eq!((&plan.comm[..], plan.exe), (&b"prog"[..], GuestPath::lexical(b"/prog")));

        let plan = super::plan(&mut files, &mut (), &runners, b"/script", b"zero").expect("it can run");
        assert_eq!(plan.arguments, words(&[emulator, "-L", "/", "-0", "./prog", "./prog", "-e", "/script"]));
        assert_eq!(plan.comm, b"script");
    }
}
