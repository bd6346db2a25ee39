//! A tracer that does no more than start the stub.
#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::io::{IoSlice, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use nix::sys::ptrace::{self, Event, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::uio::{RemoteIoVec, process_vm_writev};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use sandbox::exec::Plan;
use sandbox::exec::loader::{
    Carrier, Report, StackInfo, TRAMPOLINE, TRAMPOLINE_END, TRAMPOLINE_RETURN, entry_point,
};
use sandbox::sys;

/// What a run showed.
#[derive(Debug, PartialEq, Eq)]
pub struct Output {
    pub text: String,
    pub code: Option<i32>,
    pub signal: Option<i32>,
}

/// A run through the stub.
#[derive(Debug)]
pub struct Loaded {
    pub output: Output,
    pub report: Report,
    /// /proc/PID/maps when the stub was done.
    pub maps: String,
}

/// How a program is started, both ways.
#[derive(Debug, Default)]
pub struct Setup {
    /// Shell text before the command that is to run.
    pub before: &'static str,
    /// The process may open files below this number only.
    pub files: Option<u64>,
    /// The environment, instead of [`ENV`].
    pub env: Option<Vec<String>>,
    /// What the environment loses if the stub loads the program.
    pub drop_env: Vec<Vec<u8>>,
}

/// Bytes of scratch memory.
pub const SCRATCH: u64 = 8 * 4096;

const ENV: [(&str, &str); 2] = [("PATH", "/usr/bin:/bin"), ("SOMETHING", "else")];

/// Executes a file with exactly the arguments that follow, after it has stopped (if asked) so that it can be seized. A damaged program may
/// wait for ever, hence the alarm.
/// 302 is prlimit64, 7 RLIMIT_NOFILE; 59 is execve, because Perl's own hands what is no program to a shell.
const LAUNCHER: &str = r#"
    my ($stop, $files, $env, $file) = splice(@ARGV, 0, 4);
    if ($files) {
        my $limits = "\0" x 16;
        syscall(302, 0, 7, 0, $limits);
        my (undef, $hard) = unpack("QQ", $limits);
        syscall(302, 0, 7, pack("QQ", $files, $hard), 0);
    }
    alarm(10);
    kill($stop, $$) if $stop;
    my @env = $env eq "-" ? map { "$_=$ENV{$_}" } sort keys %ENV : split(/\n/, $env);
    my ($argv, $envp) = (pack("p*", @ARGV, undef), pack("p*", @env, undef));
    syscall(59, $file, $argv, $envp);
    printf("errno %d\n", $!);
    exit 99"#;

fn launcher(stop: &str, file: &[u8], argv: &[Vec<u8>], setup: &Setup) -> Command {
    let mut command = Command::new("/bin/sh");
    let before = if setup.before.is_empty() { "exec" } else { setup.before };
    let files = setup.files.map(|files| files.to_string()).unwrap_or_default();
    command.args(["-c", &format!("unset PWD OLDPWD _; {before} perl -e '{LAUNCHER}' -- \"$@\""), "sh", stop]);
    let env = setup.env.as_ref().map_or("-".into(), |env| env.join("\n"));
    command
        .arg(files)
        .arg(env)
        .arg(OsStr::from_bytes(file))
        .args(argv.iter().map(|arg| OsStr::from_bytes(arg)));
    command.env_clear().envs(ENV).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// Runs `file` by the kernel's own execve; the text is `errno N` if that fails.
pub fn native(file: &[u8], argv: &[Vec<u8>], setup: &Setup) -> Output {
    loop {
        let output = launcher("", file, argv, setup).output().expect("sh runs");
        let (code, signal) = (output.status.code(), output.status.signal());
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        // A child that another thread has just forked may still hold the file open for writing.
        if text != format!("errno {}\n", libc::ETXTBSY) {
            return Output { text, code, signal };
        }
    }
}

/// Runs what `plan` says by executing this test's own file and starting the stub in it.
pub fn load(plan: &Plan, argv: &[Vec<u8>], setup: &Setup) -> Loaded {
    let carrier = Carrier::of_this_process().expect("this process has an executable");
    let argv = match &plan.arguments {
        None => argv.to_vec(),
        Some(arguments) => [arguments, &argv[1.min(argv.len())..]].concat(),
    };
    let mut child = launcher("STOP", &carrier.argument(&plan.execfn), &argv, setup).spawn().expect("sh runs");
    let pid = Pid::from_raw(child.id() as i32);
    let seen = trace(pid, &carrier, plan, &setup.drop_env);
    let mut bytes = Vec::new();
    child.stdout.take().expect("it is piped").read_to_end(&mut bytes).expect("a pipe can be read");
    let status = child.wait().expect("it is a child");
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (report, maps) = seen.expect("the stub reports before anything else happens");
    Loaded { output: Output { text, code: status.code(), signal: status.signal() }, report, maps }
}

/// Sees the process from its stop to the stub's report, and lets it go.
///
/// `None` if it gets a signal before there is a report.
fn trace(pid: Pid, carrier: &Carrier, plan: &Plan, drop_env: &[Vec<u8>]) -> Option<(Report, String)> {
    assert_eq!(waitpid(pid, Some(WaitPidFlag::WUNTRACED)), Ok(WaitStatus::Stopped(pid, Signal::SIGSTOP)));
    ptrace::seize(pid, Options::PTRACE_O_TRACEEXEC | Options::PTRACE_O_TRACESYSGOOD)
        .expect("a child can be traced");
    kill(pid, Signal::SIGCONT).expect("it is there");
    loop {
        match waitpid(pid, None).expect("it is traced") {
            WaitStatus::PtraceEvent(_, _, event) if event == Event::PTRACE_EVENT_EXEC as i32 => break,
            WaitStatus::PtraceEvent(..) => ptrace::cont(pid, None),
            WaitStatus::Stopped(_, signal) => ptrace::cont(pid, signal),
            other => panic!("before exec: {other:?}"),
        }
        .expect("it is stopped");
    }
    start_stub(pid, carrier, plan, drop_env);
    loop {
        ptrace::syscall(pid, None).expect("it is stopped");
        match waitpid(pid, None).expect("it is traced") {
            WaitStatus::PtraceSyscall(_) => {}
            WaitStatus::Stopped(_, signal) => {
                ptrace::detach(pid, signal).expect("it is stopped");
                return None;
            }
            other => panic!("while loading: {other:?}"),
        }
        let regs = ptrace::getregs(pid).expect("it is stopped");
        if regs.orig_rax == libc::SYS_prctl as u64 {
            if let Some(report) = Report::of([regs.rdi, regs.rsi, regs.rdx, regs.r10, regs.r8]) {
                if let Report::Done { scratch, blob, .. } = report {
                    pass_trampoline(pid, scratch, blob);
                    start_program(pid, regs.r9);
                }
                let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).expect("it has maps");
                ptrace::detach(pid, None).expect("it is stopped");
                return Some((report, maps));
            }
        }
    }
}

fn start_stub(pid: Pid, carrier: &Carrier, plan: &Plan, drop_env: &[Vec<u8>]) {
    let auxv = std::fs::read(format!("/proc/{pid}/auxv")).expect("it has an auxiliary vector");
    let mut regs = ptrace::getregs(pid).expect("it is stopped");
    let info = StackInfo { stack: regs.rsp, entry: entry_point(&auxv).expect("it has an entry point") };
    let start = carrier.start(plan, info, SCRATCH, drop_env);
    let remote = RemoteIoVec { base: start.at as usize, len: start.bytes.len() };
    let written = process_vm_writev(pid, &[IoSlice::new(&start.bytes)], &[remote]);
    assert_eq!(written, Ok(start.bytes.len()));
    (regs.rip, regs.rsp) = (start.ip, start.at);
    ptrace::setregs(pid, regs).expect("it is stopped");
}

/// Puts the program, whose first instruction and stack pointer are told at `start`, in the place of the stub, which stops
/// at the entry of a call.
fn start_program(pid: Pid, start: u64) {
    let word =
        |at: u64| ptrace::read(pid, at as ptrace::AddressType).expect("the stub has written it") as u64;
    let regs = sys::ptrace::regs(pid).expect("it is stopped").starting(word(start), word(start + 8));
    sys::tracee::clear_vectors(pid).expect("it is stopped");
    sys::ptrace::set_regs(pid, &regs).expect("it is stopped");
}

/// From the entry stop of a call, has it end in the trampoline, which gives back the six argument registers and nothing
/// else, then puts it back where it was.
fn pass_trampoline(pid: Pid, slot: u64, blob: u64) {
    let before = ptrace::getregs(pid).expect("it is stopped");
    let arguments = [11, 12, 13, 14, 15, 16, before.rip];
    for (address, word) in (slot..).step_by(8).zip(arguments) {
        ptrace::write(pid, address as ptrace::AddressType, word as i64)
            .expect("the tracer may write anything");
    }
    let mut regs = before;
    (regs.rip, regs.rcx) = (blob + TRAMPOLINE_RETURN, slot);
    ptrace::setregs(pid, regs).expect("it is stopped");
    let step = |request: fn(Pid, Option<Signal>) -> nix::Result<()>| {
        request(pid, None).expect("it is stopped");
        waitpid(pid, None).expect("it is traced");
        ptrace::getregs(pid).expect("it is stopped")
    };
    let mut after = step(ptrace::syscall);
    assert_eq!((after.rip, after.rcx), (blob + TRAMPOLINE_RETURN, slot));
    // The prctl(2) is none that the kernel knows.
    assert_eq!(after.rax as i64, -i64::from(libc::EINVAL));
    while after.rip != before.rip {
        assert!((blob + TRAMPOLINE..blob + TRAMPOLINE_END).contains(&after.rip), "{:#x}", after.rip);
        after = step(ptrace::step);
    }
    let given = [after.rdi, after.rsi, after.rdx, after.r10, after.r8, after.r9, after.rcx];
    assert_eq!(given, arguments);
    let kept = |regs: libc::user_regs_struct| {
        [regs.rbx, regs.rbp, regs.rsp, regs.r12, regs.r13, regs.r14, regs.r15, regs.eflags, regs.fs_base]
    };
    assert_eq!((kept(after), after.rax as i64), (kept(before), -i64::from(libc::EINVAL)));
    ptrace::setregs(pid, libc::user_regs_struct { orig_rax: u64::MAX, ..before }).expect("it is stopped");
}
