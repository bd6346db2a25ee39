//! Decides what the host's kernel has to run when the guest executes a file.
//!
//! Source: execve(2); behaviour of Linux 6.18, which `tests/exec` asks.
#![forbid(unsafe_code)]

use super::elf::{self, Headers};
use super::emulator::Emulators;
use super::files::{Files, Found};
use super::machine::Machine;
use super::shebang;
use crate::error::{Errno, Error, Failure};
use crate::vfs::{GuestPath, HostPath};

/// A program to load, and what the guest is to see of it.
#[derive(Debug)]
pub struct Plan {
    /// A native ELF program: the guest's, or the emulator that runs it.
    pub program: HostPath,
    /// What its PT_INTERP means in the guest.
    pub interpreter: Option<HostPath>,
    /// What stands in argv[0]'s place; `None` leaves argv as it is. The rest of argv follows.
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
    emulators: &Emulators,
    path: &[u8],
    argv0: &[u8],
) -> Result<Plan, Refused> {
    let mut current = path.to_vec();
    let mut found = files.find(path)?;
    let mut scripts: Option<Vec<Vec<u8>>> = None;
    for _ in 0..MAX_DEPTH {
        let head = match &found.file {
            Some(file) => elf::read_head(file)?,
            None => return Err(execute_only(&found)),
        };
        if !shebang::is_script(&head) {
            return Program { path, current, found, head, scripts }.plan(files, emulators, argv0);
        }
        let line = shebang::parse(&head)?;
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
        let comm = self.path.rsplit(|&byte| byte == b'/').next().unwrap_or_default().to_vec();
        let plan = Plan {
            program: self.found.host,
            interpreter,
            arguments: self.scripts,
            swap: None,
            hidden: 0,
            exe: self.found.guest,
            execfn: self.path.to_vec(),
            comm,
            emulated: None,
        };
        if machine.is_host() { Ok(plan) } else { emulate(plan, machine, emulators, &self.current, argv0) }
    }
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
