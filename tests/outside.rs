//! A guest reaches no process outside itself, the tracer least of all.
#![forbid(unsafe_code)]

mod util;

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use util::{Rootfs, run, xroot};

/// Builds tests/util/outside.c into the rootfs.
fn rootfs() -> Rootfs {
    let rootfs = Rootfs::new("root").dir("/proc");
    let mut compiler = Command::new("cc");
    compiler.args(["-static", "-w", "-o"]).arg(rootfs.host("/bin/outside"));
    compiler.arg(util::source().join("tests/util/outside.c"));
    std::fs::create_dir_all(rootfs.host("/bin")).expect("the rootfs is ours");
    run(&mut compiler).success();
    rootfs
}

/// What the program prints. A process outside is one of another user: it exists, and may not be touched.
const EXPECTED: &str = r#"
kill(tracer, 0) = -1 EPERM
kill(tracer, SIGKILL) = -1 EPERM
kill(tracer, 65) = -1 EINVAL
syscall(SYS_tkill, tracer, SIGKILL) = -1 EPERM
syscall(SYS_tgkill, tracer, tracer, SIGKILL) = -1 EPERM
syscall(SYS_rt_sigqueueinfo, tracer, SIGKILL, &info) = -1 EPERM
syscall(SYS_rt_tgsigqueueinfo, tracer, tracer, SIGKILL, &info) = -1 EPERM
syscall(SYS_pidfd_open, tracer, 0) = -1 ESRCH
syscall(SYS_pidfd_send_signal, dir, SIGKILL, NULL, 0) = -1 EPERM
syscall(SYS_pidfd_send_signal, 9, SIGKILL, NULL, 0) = -1 EPERM
syscall(SYS_pidfd_send_signal, 9, SIGKILL, NULL, 4 ) = -1 ESRCH
syscall(SYS_pidfd_getfd, 9, 0, 0) = -1 EPERM
syscall(SYS_process_mrelease, 9, 0) = -1 EPERM
syscall(SYS_setns, 9, CLONE_NEWUTS) = -1 EPERM
ptrace(PTRACE_TRACEME, 0, 0, 0) = -1 EPERM
ptrace(PTRACE_ATTACH, tracer, 0, 0) = -1 EPERM
ptrace(PTRACE_SEIZE, tracer, 0, 0) = -1 EPERM
ptrace(PTRACE_POKEDATA, tracer, 0, 0) = -1 ESRCH
process_vm_readv(tracer, &here, 1, &there, 1, 0) = -1 EPERM
process_vm_writev(tracer, &here, 1, &there, 1, 0) = -1 EPERM
prlimit(tracer, RLIMIT_CPU, &limit, NULL) = -1 EPERM
setpriority(PRIO_PROCESS, tracer, 19) = -1 EPERM
syscall(SYS_ioprio_set, 1, tracer, 3 << 13) = -1 EPERM
sched_setscheduler(tracer, SCHED_IDLE, &param) = -1 EPERM
sched_setparam(tracer, &param) = -1 EPERM
syscall(SYS_sched_setattr, tracer, &attr, 0) = -1 EPERM
syscall(SYS_migrate_pages, tracer, 64, &nodes, &nodes) = -1 EPERM
syscall(SYS_move_pages, tracer, 0, 0, 0, 0, 0) = -1 EPERM
sched_setaffinity(tracer, sizeof(cpus), &cpus) = -1 EPERM
syscall(SYS_kcmp, getpid(), tracer, 0, 0, 0) = -1 EPERM
syscall(SYS_get_robust_list, tracer, &there, &here) = -1 EPERM
syscall(SYS_unshare, CLONE_NEWUSER) = -1 EPERM
syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0) = -1 EPERM
syscall(SYS_clone, 0x800000 | SIGCHLD, 0, 0, 0, 0) = -1 EPERM
syscall(SYS_clone3, &clone3, sizeof(clone3)) = -1 EPERM
syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter) = -1 EINVAL
fcntl(pair[0], F_SETSIG, SIGKILL) = 0
fcntl(pair[0], F_SETFL, O_ASYNC) = 0
fcntl(pair[0], F_SETOWN, tracer) = 0
write(pair[1], "x", 1) = 1
fcntl(pair[0], F_SETOWN_EX, &owner) = 0
write(pair[1], "x", 1) = 1
ioctl(pair[0], FIOSETOWN, &id) = 0
write(pair[1], "x", 1) = 1
fcntl(pair[0], F_SETSIG, SIGIO) = 0
fcntl(pair[0], F_SETOWN, -getpgrp()) = 0
write(pair[1], "x", 1) = 1
fcntl(pair[0], F_GETOWN) == getpid() = 1
kill(0, SIGUSR1) = 0
here 1, there 1
kill(-getpgrp(), SIGUSR1) = 0
here 2, there 1
kill(-1, SIGUSR1) = 0
here 2, there 1
kill(0, 65) = -1 EINVAL
kill(-1, 65) = -1 EINVAL
setpriority(PRIO_PGRP, 0, 1) = 0
setpriority(PRIO_USER, 0, 2) = 0
getpriority(PRIO_PROCESS, child) = 2
getpriority(PRIO_PROCESS, tracer) = 0
kill(child, SIGKILL) = 0
kill(child, 0) = 0
kill(child, 0) = -1 ESRCH
exit 7
alive
"#;

#[test]
fn the_tracer_and_the_job_of_the_shell_survive_whatever_the_guest_does() {
    let rootfs = rootfs();
    // The shell and its other child are in the group of xroot.
    let script = r#"sleep 60 & "$PROGRAM" launch "$@"; echo "exit $?"; kill -0 $! && echo alive; kill $!"#;
    let guest = xroot(&rootfs).bind(Path::new("/proc"), "/proc").workdir("/");
    let guest = guest.args(["/bin/outside"]).into_command();
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]).arg(guest.get_program()).args(guest.get_args());
    shell.process_group(0).stdin(Stdio::null()).current_dir(rootfs.outside());
    shell.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", rootfs.outside());
    shell.env("PROGRAM", rootfs.host("/bin/outside"));
    let output = run(&mut shell);
    assert_eq!(output.stdout, EXPECTED.trim_start(), "{}", output.stderr);
}
