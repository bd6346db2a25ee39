//! How a planned program is started: the kernel executes xroot's own file, and the stub in it loads the program.
//!
//! What the engine does, in this order (no other traced call of the thread lies between 2 and 4):
//!
//! 1. At execve's entry stop it rewrites the path to [`Carrier::argument`] and argv to the plan's, leaves envp alone,
//!    and sets the address space to "loading". If execve fails, nothing has happened.
//! 2. At PTRACE_EVENT_EXEC it calls [`Carrier::start`] with the stack pointer and AT_ENTRY of the new image
//!    ([`entry_point`]; for a static carrier that is the instruction pointer), writes [`Start::bytes`] at [`Start::at`],
//!    sets the instruction pointer and the stack pointer, and lets it run.
//! 3. While loading it lets every call through as it is: the stub opens host paths.
//! 4. [`Report::of`] says what a prctl(2) of the stub means. [`Report::Done`]: skip the call, note scratch area and blob,
//!    end "loading". [`Report::Failed`]: skip the call; the process dies of SIGSEGV by itself, as it would in the kernel.
//!
//! Step 2 reaches the tracer before execve returns, and then the kernel writes 0 into the result register, which on
//! AArch64 is that of the first argument, too: the stub finds its plan by the stack pointer.
//!
//! Source: `sandbox/stub`; execve(2), ptrace(2).
#![forbid(unsafe_code)]

use std::fs;
use std::os::unix::fs::MetadataExt;

use super::elf::{Headers, PT_LOAD};
use super::plan::{Plan, ToolStart};
use crate::error::{Errno, Error};
use crate::sys::stub::{self, LoadPlan, Tool};
use crate::vfs::HostPath;

/// Offset of the trampoline's syscall instruction in the blob.
pub const TRAMPOLINE: u64 = stub::TRAMPOLINE;

/// Offset of the instruction behind it, where a rewritten call goes on, and of the end of the trampoline.
pub const TRAMPOLINE_RETURN: u64 = stub::TRAMPOLINE + crate::arch::SYSCALL_LEN;
pub const TRAMPOLINE_END: u64 = stub::TRAMPOLINE + 64;

/// xroot's own file as a program that carries the stub into a tracee.
#[derive(Debug, Clone)]
pub struct Carrier {
    /// Where the file was when this process started, and its device and inode.
    path: HostPath,
    id: (u64, u64),
    /// The link of /proc that names it whatever becomes of the path, if /proc lets the tracee follow it.
    link: HostPath,
    /// What the kernel opens beside it, where xroot is linked dynamically.
    interpreter: Option<HostPath>,
    /// Distances from AT_ENTRY, wrapping: the blob, the first byte of the image, the first page behind it.
    blob: u64,
    start: u64,
    end: u64,
    /// Offset of the blob in the file.
    blob_offset: u64,
    flags: u64,
}

/// What the tracer finds at PTRACE_EVENT_EXEC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StackInfo {
    /// The stack pointer.
    pub stack: u64,
    /// AT_ENTRY of the carrier's image.
    pub entry: u64,
}

/// What to write into the tracee, and the registers to start the stub with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// Where the bytes go, below the stack pointer, and the new stack pointer.
    pub at: u64,
    pub bytes: Vec<u8>,
    /// The instruction pointer.
    pub ip: u64,
    /// Where the kernel mapped the blob; [`Report::Done`] says where it is in the end.
    pub blob: u64,
}

/// What the stub tells the tracer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// The program starts next.
    Done {
        scratch: u64,
        scratch_len: u64,
        blob: u64,
        /// The errno with which the kernel refused to take the program's addresses (PR_SET_MM_MAP): then brk and
        /// /proc/PID/{auxv,cmdline,stat} are still the carrier's.
        mm: Option<Errno>,
    },
    /// The process dies next.
    Failed { errno: Errno, stage: &'static str },
}

impl Carrier {
    /// This process's own executable. The process has to outlive all uses of it.
    ///
    /// # Errors
    /// [`Error::Os`] if /proc is not there, or the file is not the one that runs.
    pub fn of_this_process() -> Result<Self, Error> {
        let file = fs::File::open("/proc/self/exe").map_err(os("cannot open /proc/self/exe"))?;
        let headers =
            Headers::native(&file).map_err(Error::os("cannot read the headers of /proc/self/exe"))?;
        let bias = stub::own_entry().wrapping_sub(headers.entry);
        let blob = stub::address().wrapping_sub(bias);
        let loads: Vec<_> = headers.segments.iter().filter(|segment| segment.kind == PT_LOAD).collect();
        let holder = loads
            .iter()
            .find(|load| (load.vaddr..load.vaddr + load.filesz).contains(&blob))
            .ok_or_else(|| Error::os("the stub is not in /proc/self/exe")(Errno::ENOEXEC))?;
        let start = loads.iter().map(|load| page_down(load.vaddr)).min().unwrap_or(0);
        let end = loads.iter().map(|load| page_up(load.vaddr + load.memsz)).max().unwrap_or(0);
        // Only a static, position-independent carrier lies where the kernel puts libraries.
        let moves = headers.interpreter().is_some() || headers.kind != goblin::elf::header::ET_DYN;
        Ok(Self {
            path: HostPath::new(fs::read_link("/proc/self/exe").map_err(os("cannot read /proc/self/exe"))?),
            id: id(&file.metadata().map_err(os("cannot stat /proc/self/exe"))?),
            link: HostPath::new(format!("/proc/{}/exe", std::process::id())),
            interpreter: headers
                .interpreter_name(&file)
                .map_err(Error::os("cannot read the interpreter's name in /proc/self/exe"))?
                .map(HostPath::from_bytes),
            blob: blob.wrapping_sub(headers.entry),
            start: start.wrapping_sub(headers.entry),
            end: end.wrapping_sub(headers.entry),
            blob_offset: holder.offset + (blob - holder.vaddr),
            flags: random_flags() | if moves { stub::MOVE } else { 0 },
        })
    }

    /// Every program starts with a handler of SIGSYS ([`stub::CAUGHT`]).
    #[must_use]
    pub fn catching(self) -> Self {
        Self { flags: self.flags | stub::CATCH, ..self }
    }

    /// What the kernel opens to execute it.
    pub fn files(&self) -> impl Iterator<Item = &HostPath> {
        [Some(&self.link), self.interpreter.as_ref()].into_iter().flatten()
    }

    /// The host path that execve gets: names this file, and is long enough for `execfn` to replace it on the stack.
    ///
    /// At most 4,095 bytes if `execfn` is.
    pub fn argument(&self, execfn: &[u8]) -> Vec<u8> {
        // A session may outlive the file: xroot is installed anew while a guest's shell is open.
        let there = fs::metadata(&self.path).is_ok_and(|metadata| id(&metadata) == self.id);
        let path = if there { self.path.as_bytes() } else { self.link.as_bytes() };
        let mut argument = vec![b'/'; execfn.len().saturating_sub(path.len())];
        argument.extend_from_slice(path);
        argument
    }

    /// Starts the stub in a new image of this file, to load what `plan` says, with `scratch_len` bytes of scratch memory.
    ///
    /// The environment loses every string that is in `drop_env`: a tool's [`ToolStart::env`] is not its children's. No
    /// string holds a NUL.
    pub fn start(&self, plan: &Plan, info: StackInfo, scratch_len: u64, drop_env: &[Vec<u8>]) -> Start {
        let tool = plan.tool.as_ref().map(|tool| tool_block(tool, plan.interpreter.is_some()));
        let (tool_len, tool_env) = tool.as_ref().map_or((0, 0), |(block, env)| (block.len() as u64, *env));
        let parts = [
            c_string(plan.program.as_bytes()),
            plan.interpreter.as_ref().map(|path| c_string(path.as_bytes())).unwrap_or_default(),
            c_string(&plan.comm[..plan.comm.len().min(15)]),
            c_string(&plan.execfn),
            if drop_env.is_empty() { Vec::new() } else { string_list(drop_env) },
            tool.map(|(block, _)| block).unwrap_or_default(),
        ];
        let fixed = size_of::<LoadPlan>() as u64;
        let len = fixed + parts.iter().map(|part| part.len() as u64).sum::<u64>();
        // Not within the red zone, nor where a tool's vectors move to, and aligned as a stack.
        let at =
            (info.stack - 128 - plan.tool.as_ref().map_or(0, |tool| moved_by(tool, tool_len)) - len) & !15;
        let mut addresses = [0; 6];
        let mut next = at + fixed;
        for (address, part) in addresses.iter_mut().zip(&parts) {
            *address = if part.is_empty() { 0 } else { next };
            next += part.len() as u64;
        }
        let blob = info.entry.wrapping_add(self.blob);
        let (swap_from, swap_to) = plan.swap.unwrap_or((0, 0));
        let wire = LoadPlan {
            program: addresses[0],
            interpreter: addresses[1],
            comm: addresses[2],
            execfn: addresses[3],
            execfn_len: plan.execfn.len() as u64,
            stack: info.stack,
            scratch_len,
            flags: self.flags,
            carrier_start: info.entry.wrapping_add(self.start),
            carrier_end: info.entry.wrapping_add(self.end),
            blob,
            blob_len: stub::len(),
            blob_offset: self.blob_offset,
            swap_from: swap_from as u64,
            swap_to: swap_to as u64,
            hidden: plan.hidden as u64,
            drop_env: addresses[4],
            tool: addresses[5],
            tool_len,
            tool_env,
        };
        let mut bytes = wire.to_bytes();
        parts.iter().for_each(|part| bytes.extend_from_slice(part));
        Start { at, bytes, ip: blob + stub::ENTRY, blob }
    }
}

impl Report {
    /// What a prctl(2) with these arguments means while the program is being loaded; `None` for the stub's other calls.
    pub fn of(args: [u64; 5]) -> Option<Self> {
        let errno = |raw: u64| Errno::from_raw(raw as i32);
        match args {
            [stub::DONE, scratch, scratch_len, blob, mm] => {
                Some(Self::Done { scratch, scratch_len, blob, mm: (mm != 0).then(|| errno(mm)) })
            }
            [stub::FAILED, raw, stage, ..] => {
                Some(Self::Failed { errno: errno(raw), stage: stage_name(stage) })
            }
            _ => None,
        }
    }
}

/// The value of AT_ENTRY in the bytes of an auxiliary vector (/proc/PID/auxv).
pub fn entry_point(auxv: &[u8]) -> Option<u64> {
    let word = |bytes: &[u8]| u64::from_ne_bytes(bytes.try_into().expect("chunks have eight bytes"));
    auxv.chunks_exact(16).find(|entry| word(&entry[..8]) == libc::AT_ENTRY).map(|entry| word(&entry[8..]))
}

fn id(metadata: &fs::Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// What this host randomises: 0 nothing, 1 mappings, 2 the heap too (sysctl kernel.randomize_va_space).
fn random_flags() -> u64 {
    match fs::read("/proc/sys/kernel/randomize_va_space").as_deref() {
        Ok([b'0', ..]) => 0,
        Ok([b'1', ..]) => stub::RANDOM_MAPS,
        _ => stub::RANDOM_MAPS | stub::RANDOM_BRK,
    }
}

fn stage_name(stage: u64) -> &'static str {
    match stage {
        stub::STAGE_MOVE => "moving the stub",
        stub::STAGE_PROGRAM => "mapping the program",
        stub::STAGE_INTERPRETER => "mapping the interpreter",
        stub::STAGE_STACK => "making the stack executable",
        stub::STAGE_SCRATCH => "mapping the scratch area",
        stub::STAGE_ENVIRONMENT => "arranging the environment",
        _ => "an unknown stage",
    }
}

/// What a tool takes along on its stack, and the offset of the variables in it.
fn tool_block(tool: &ToolStart, is_dynamic: bool) -> (Vec<u8>, u64) {
    let mut block = Vec::new();
    if is_dynamic {
        block = Tool { mark: stub::MARK, ..Tool::default() }.to_bytes();
        block.extend_from_slice(b"LD_LIBRARY_PATH=");
        block.extend(c_string(&tool.library_path));
        block.extend_from_slice(b"LD_PRELOAD=");
        block.extend(c_string(&tool.libraries.join(&b':')));
    }
    let env = block.len() as u64;
    block.extend(string_list(&tool.env));
    block.resize(block.len().next_multiple_of(16), 0);
    (block, env)
}

/// How far at most the vectors on a tool's stack move down: for a block of `len` bytes, a pointer to each variable, four
/// to its first strings, and padding.
fn moved_by(tool: &ToolStart, len: u64) -> u64 {
    len + (tool.env.len() as u64 + 4) * 8 + 16
}

/// The strings with a NUL behind each, and an empty one behind them all. One that would be none, or two, is left out: the
/// guest's own bash may have said it.
fn string_list(strings: &[Vec<u8>]) -> Vec<u8> {
    let strings = strings.iter().filter(|string| !string.is_empty() && !string.contains(&0));
    strings.flat_map(|string| c_string(string)).chain([0]).collect()
}

fn c_string(bytes: &[u8]) -> Vec<u8> {
    [bytes, b"\0"].concat()
}

const PAGE: u64 = 4096;

fn page_down(address: u64) -> u64 {
    address & !(PAGE - 1)
}

fn page_up(address: u64) -> u64 {
    address.next_multiple_of(PAGE)
}

fn os(what: &str) -> impl FnOnce(std::io::Error) -> Error {
    let what = what.to_owned();
    move |error| Error::os(what)(Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vfs::GuestPath;

    fn carrier() -> Carrier {
        Carrier::of_this_process().expect("this process has an executable")
    }

    #[test]
    fn a_carriers_name_leaves_room_for_the_guests() {
        let carrier = carrier();
        let long = vec![b'x'; 4095];
        for execfn in [&b"sh"[..], &long] {
            let argument = carrier.argument(execfn);
            assert!(argument.len() >= execfn.len() && argument.len() <= 4095);
            let path = HostPath::from_bytes(argument);
            let (there, own) = (fs::metadata(&path).expect("it is there"), fs::metadata("/proc/self/exe"));
            assert_eq!(there.ino(), own.expect("it is there").ino());
        }
    }

    #[test]
    fn a_carrier_that_was_replaced_is_still_found() {
        let replaced = Carrier { path: HostPath::new("/proc/self/status"), ..carrier() };
        let link = format!("/proc/{}/exe", std::process::id());
        assert_eq!(replaced.argument(b"sh"), link.as_bytes());
    }

    #[test]
    fn the_stub_lies_in_the_image_that_execve_maps() {
        let carrier = carrier();
        let blob = stub::own_entry().wrapping_add(carrier.blob);
        assert_eq!(blob, stub::address());
        assert_eq!(blob % PAGE, 0);
        assert_eq!(stub::len() % PAGE, 0);
        let (start, end) =
            (stub::own_entry().wrapping_add(carrier.start), stub::own_entry().wrapping_add(carrier.end));
        assert!(start <= blob && blob + stub::len() <= end);
        let mut file = vec![0; stub::bytes().len()];
        let own = fs::File::open("/proc/self/exe").expect("it is there");
        std::os::unix::fs::FileExt::read_exact_at(&own, &mut file, carrier.blob_offset)
            .expect("it can be read");
        assert!(file == stub::bytes());
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn a_call_can_be_repeated_from_the_trampoline() {
        assert_eq!(&stub::bytes()[TRAMPOLINE as usize..TRAMPOLINE_RETURN as usize], b"\x0f\x05");
        assert_eq!(&stub::bytes()[TRAMPOLINE_RETURN as usize..][..3], b"\x48\x8b\x39");
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn a_tools_entry_may_be_jumped_to() {
        assert_eq!(&stub::bytes()[stub::TOOL_ENTRY as usize..][..4], b"\xf3\x0f\x1e\xfa");
    }

    #[test]
    fn a_tools_block_ends_its_list_and_keeps_the_stack_aligned() {
        let env = vec![b"A=1".to_vec(), b"X=\0Y=".to_vec(), Vec::new(), b"B=2".to_vec()];
        let libraries = vec![b"/lib/a".to_vec(), b"/lib/b".to_vec()];
        let tool = ToolStart { library_path: b"/lib".to_vec(), libraries, env, ..ToolStart::default() };
        let (block, offset) = tool_block(&tool, true);
        assert_eq!(block.len() % 16, 0);
        assert!(block.starts_with(b"_=xroot\0"));
        assert_eq!(
            &block[size_of::<Tool>()..offset as usize],
            b"LD_LIBRARY_PATH=/lib\0LD_PRELOAD=/lib/a:/lib/b\0"
        );
        assert!(block[offset as usize..].starts_with(b"A=1\0B=2\0\0"));
        let (block, offset) = tool_block(&tool, false);
        assert!(offset == 0 && block.starts_with(b"A=1\0B=2\0\0"));
    }

    #[test]
    fn a_start_lies_below_the_stack_and_holds_the_paths() {
        let plan = Plan {
            program: HostPath::new("/srv/bin/true"),
            interpreter: None,
            arguments: None,
            swap: None,
            hidden: 0,
            exe: GuestPath::lexical(b"/bin/true"),
            execfn: b"/bin/true".to_vec(),
            comm: b"a-name-longer-than-15".to_vec(),
            emulated: None,
            tool: None,
            append: Vec::new(),
            view: crate::vfs::ViewId::GUEST,
        };
        let (stack, entry) = (0x7ffc_0000_1238, 0x5555_0000_0000);
        let start = carrier().start(&plan, StackInfo { stack, entry }, 0, &[]);
        assert_eq!(start.at % 16, 0);
        assert!(start.at + start.bytes.len() as u64 + 128 <= stack);
        assert_eq!(start.ip, entry.wrapping_add(carrier().blob));
        let strings = b"/srv/bin/true\0a-name-longer-t\0/bin/true\0";
        let (words, rest) = start.bytes.split_at(stub::WORDS * 8);
        assert_eq!(rest[..14], strings[..14]);
        assert!(rest.ends_with(&strings[14..]), "{}", String::from_utf8_lossy(rest));
        assert_eq!(words[..8], (start.at + stub::WORDS as u64 * 8).to_ne_bytes());
        assert_eq!(words[8..16], [0; 8]);
    }

    #[test]
    fn only_the_stubs_own_calls_are_reports() {
        let done = Report::Done { scratch: 1, scratch_len: 2, blob: 3, mm: None };
        assert_eq!(Report::of([stub::DONE, 1, 2, 3, 0]), Some(done));
        let failed = Report::Failed { errno: Errno::ENOENT, stage: "mapping the program" };
        assert_eq!(Report::of([stub::FAILED, 2, stub::STAGE_PROGRAM, 0, 0]), Some(failed));
        assert_eq!(Report::of([libc::PR_SET_NAME as u64, 0, 0, 0, 0]), None);
    }

    #[test]
    fn the_entry_point_is_in_the_auxiliary_vector() {
        let words = [libc::AT_PAGESZ, 4096, libc::AT_ENTRY, 0x1234, libc::AT_NULL, 0];
        let bytes: Vec<u8> = words.iter().flat_map(|word: &u64| word.to_ne_bytes()).collect();
        assert_eq!(entry_point(&bytes), Some(0x1234));
        assert_eq!(entry_point(&bytes[..16]), None);
    }
}
