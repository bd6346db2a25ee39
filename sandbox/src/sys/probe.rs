//! What this kernel can do. Each question is asked once: at the start, or when its answer first matters.

use std::cell::OnceCell;
use std::io::Read;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use seccompiler::sock_filter;

use super::{fs, ptrace, seccomp};
use crate::error::{Errno, Error};

/// The oldest kernel: before it, a call that the tracer has changed at the filter's stop is not what runs after it, and
/// PTRACE_SYSCALL does not lead from there to the call's end (ptrace(2), "PTRACE_EVENT_SECCOMP stops").
const OLDEST: (u32, u32) = (4, 8);

/// Checks what there is no way around.
///
/// # Errors
/// What this kernel lacks.
pub fn check() -> Result<(), Error> {
    if let Some(release) =
        nix::sys::utsname::uname().ok().and_then(|name| name.release().to_str().map(String::from))
    {
        if is_too_old(&release) {
            return Err(Error::KernelTooOld { release });
        }
    }
    if !ptrace::is_there() {
        return Err(Error::Emulated);
    }
    seccomp::can_install().map_err(|errno| Error::NoSeccomp { errno })?;
    match std::fs::read_link("/proc/self") {
        Ok(link) if link.as_os_str() == std::process::id().to_string().as_str() => Ok(()),
        // The numbers in it are not those that the calls of this process give and take.
        _ if std::path::Path::new("/proc/sys/kernel").exists() => Err(Error::ForeignProc),
        _ => Err(Error::NoProc),
    }
}

/// True for a release before [`OLDEST`].
fn is_too_old(release: &str) -> bool {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map_while(|word| word.parse::<u32>().ok());
    match (numbers.next(), numbers.next(), numbers.next()) {
        // What newer kernels say under the personality UNAME26: 2.6.40 and more.
        (Some(2), Some(6), Some(40..)) => false,
        (Some(major), Some(minor), _) => (major, minor) < OLDEST,
        _ => false,
    }
}

/// What this kernel can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probes {
    /// openat2(2): Linux 5.6, unless an outer filter denies it.
    pub openat2: bool,
    /// See [`Self::names_by_file`]: asked when it matters.
    names_by_file: OnceCell<bool>,
    /// execve(2) opens the file before it looks at the arguments: Linux 6.8.
    pub file_first: bool,
    /// An outer filter holds for this process, and for the guest too.
    pub filtered: bool,
}

impl Probes {
    /// Asks the kernel.
    pub fn new() -> Self {
        // SAFETY: the option takes no argument.
        let mode = unsafe { libc::prctl(libc::PR_GET_SECCOMP, 0, 0, 0, 0) };
        Self {
            openat2: has_openat2(),
            names_by_file: OnceCell::new(),
            file_first: fs::execve_opens_first(),
            filtered: mode == libc::SECCOMP_MODE_FILTER as i32,
        }
    }

    /// A program that execveat(2) is given by descriptor alone is called after its file, not after the descriptor: Linux
    /// 6.14, and what has been taken over from it into older series.
    pub fn names_by_file(&self) -> bool {
        *self.names_by_file.get_or_init(|| names_by_file().unwrap_or(false))
    }
}

/// Executes this program in a child, which stops before its first instruction.
fn names_by_file() -> Result<bool, Errno> {
    let file = fs::open_path(b"/proc/self/exe")?;
    let none = [std::ptr::null::<libc::c_char>()];
    let argv = [c"xroot".as_ptr(), std::ptr::null()];
    let nothing = SigSet::empty();
    // SAFETY: the child only makes calls that are safe after fork, and never returns from this block.
    let pid = Pid::from_raw(Errno::result(unsafe { libc::fork() })?);
    if pid.as_raw() == 0 {
        // SAFETY: the path and both arrays are as execveat(2) wants them and outlive the calls.
        unsafe {
            // A blocked SIGTRAP would not stop it.
            if nothing.thread_set_mask().is_err() || libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) != 0 {
                libc::_exit(1);
            }
            let fd = file.as_raw_fd();
            libc::syscall(
                libc::SYS_execveat,
                fd,
                c"".as_ptr(),
                argv.as_ptr(),
                none.as_ptr(),
                libc::AT_EMPTY_PATH,
            );
            libc::_exit(1)
        }
    }
    let wait = || loop {
        match waitpid(pid, Some(WaitPidFlag::__WALL)) {
            Err(Errno::EINTR) => {}
            other => break other,
        }
    };
    let name = match wait()? {
        WaitStatus::Stopped(_, Signal::SIGTRAP) => std::fs::read_to_string(format!("/proc/{pid}/comm")).ok(),
        WaitStatus::Stopped(..) => None,
        _ => return Err(Errno::ENOEXEC),
    };
    let (Ok(()) | Err(_)) = kill(pid, Signal::SIGKILL);
    let (Ok(_) | Err(_)) = wait();
    Ok(name.is_some_and(|name| name.trim_end() != file.as_raw_fd().to_string()))
}

impl Default for Probes {
    fn default() -> Self {
        Self::new()
    }
}

/// Which of the calls `numbers` an outer filter answers with an errno, whatever their arguments.
///
/// A child asks, for a filter may as well kill who makes them; it is no wiser then, and such a call counts as not denied.
pub fn denied(numbers: &[u32]) -> Vec<u32> {
    let mut numbers = numbers.to_vec();
    while !numbers.is_empty() {
        let Ok(answers) = ask(&numbers) else { break };
        if answers.len() < numbers.len() {
            // This one has ended the child.
            numbers.remove(answers.len());
            continue;
        }
        let (plain, filtered) = answers.split_at(numbers.len());
        // A call that the outer filter allows ends at the child's own.
        let is_denied =
            plain.iter().zip(filtered).map(|(plain, filtered)| *filtered != MISSING || *plain == MISSING);
        return numbers
            .into_iter()
            .zip(is_denied)
            .filter_map(|(number, denied)| denied.then_some(number))
            .collect();
    }
    Vec::new()
}

/// What [`ask`] says of a call that fails with ENOSYS.
const MISSING: u8 = 1;

/// One byte for each of `numbers`, the call made as it is, and one for each, made under a filter that lets a tracer decide:
/// without a tracer that is ENOSYS, and the errno of an outer filter comes first. No bytes behind a call that kills.
fn ask(numbers: &[u32]) -> Result<Vec<u8>, Errno> {
    let (reader, writer) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)?;
    let filter = traced(numbers);
    // SAFETY: the child only makes calls that are safe after fork, and never returns from this block.
    let pid = Errno::result(unsafe { libc::fork() })?;
    if pid == 0 {
        // SAFETY: this option takes a number; a filter that kills leaves no core file of a process that is not dumpable.
        unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) };
        tell_answers(numbers, &writer);
        if seccomp::install(&filter).is_ok() {
            tell_answers(numbers, &writer);
        }
        // SAFETY: _exit is safe in a forked child and runs no destructors.
        unsafe { libc::_exit(0) }
    }
    drop(writer);
    let mut answers = Vec::new();
    let read = std::fs::File::from(reader).read_to_end(&mut answers);
    let (Ok(_) | Err(_)) = nix::sys::wait::waitpid(nix::unistd::Pid::from_raw(pid), None);
    read.map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))?;
    Ok(answers)
}

fn tell_answers(numbers: &[u32], to: &OwnedFd) {
    for &number in numbers {
        // SAFETY: no number of the caller's means anything with -1 for every argument: no such address, id or descriptor.
        let result = unsafe {
            libc::syscall(number.into(), -1_isize, -1_isize, -1_isize, -1_isize, -1_isize, -1_isize)
        };
        let answer = if Errno::result(result) == Err(Errno::ENOSYS) { MISSING } else { 0 };
        // SAFETY: the kernel reads one byte.
        unsafe { libc::write(to.as_raw_fd(), (&raw const answer).cast(), 1) };
    }
}

/// A filter that lets a tracer decide on these calls and allows all others.
fn traced(numbers: &[u32]) -> Vec<sock_filter> {
    let step = |code: u32, jt, jf, k| sock_filter { code: code as u16, jt, jf, k };
    let end = |action| step(libc::BPF_RET | libc::BPF_K, 0, 0, action);
    let compare = |&number| {
        [step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, number), end(libc::SECCOMP_RET_TRACE)]
    };
    let load = step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0);
    [load].into_iter().chain(numbers.iter().flat_map(compare)).chain([end(libc::SECCOMP_RET_ALLOW)]).collect()
}

fn has_openat2() -> bool {
    let how = [(libc::O_PATH | libc::O_CLOEXEC) as u64, 0, 0];
    // SAFETY: path and `how` are as openat2(2) wants them and outlive the call.
    let fd = unsafe {
        libc::syscall(libc::SYS_openat2, libc::AT_FDCWD, c"/".as_ptr(), how.as_ptr(), size_of_val(&how))
    };
    if fd < 0 {
        return false;
    }
    // SAFETY: the kernel has just made this descriptor, and nothing else knows it.
    drop(unsafe { OwnedFd::from_raw_fd(fd as i32) });
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_is_too_old_by_its_first_two_numbers() {
        for release in ["4.7.10", "4.4.0-210-generic", "3.10.0-1160.el7.x86_64", "2.6.32"] {
            assert!(is_too_old(release), "{release}");
        }
        for release in ["4.8", "4.8.0-rc1", "5.4.0-gke", "6.18.44-x", "10.0", "2.6.66", "unknown", ""] {
            assert!(!is_too_old(release), "{release}");
        }
    }

    #[test]
    fn a_denied_call_is_told_from_one_that_fails_and_one_that_kills() {
        let [chroot, uid, name, kill, trap, group] = [
            libc::SYS_chroot,
            libc::SYS_setuid,
            libc::SYS_sethostname,
            libc::SYS_setgid,
            libc::SYS_setfsuid,
            libc::SYS_setgroups,
        ]
        .map(|number| number as u32);
        let numbers = [kill, chroot, trap, uid, name, group];
        assert_eq!(denied(&numbers), []);
        // A filter belongs to a thread, and to what that starts.
        let outer = move || {
            let actions = [
                (chroot, libc::SECCOMP_RET_ERRNO | libc::EPERM as u32),
                (uid, libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32),
                (kill, libc::SECCOMP_RET_KILL_PROCESS),
                (trap, libc::SECCOMP_RET_TRAP),
            ];
            let mut filter = traced(&actions.map(|(number, _)| number));
            // The actions stand behind the comparisons with the numbers.
            (2..)
                .step_by(2)
                .zip(actions)
                .for_each(|(index, (_, action)): (usize, _)| filter[index].k = action);
            seccomp::install(&filter)?;
            Ok::<_, Errno>(denied(&numbers))
        };
        let found = std::thread::spawn(outer).join().expect("the thread survives its filter");
        assert_eq!(found, Ok(vec![chroot, uid]));
    }

    #[test]
    fn this_kernel_has_what_is_needed() {
        assert_eq!(check(), Ok(()));
    }
}
