//! How a run ends, and what reaches the command while it lasts: exit status, processes left behind, signals.
//!
//! What the terminal does is in `terminal.rs`.
#![forbid(unsafe_code)]

mod util;

use std::fs::{self, File};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use util::live::{Live, SETTLE, eventually, marked, runs, with_program, with_shell};
use util::programs::{self, Kind};
use util::{Rootfs, Scratch, binary, run, skip, xroot};

/// The signals that a process may send to xroot and mean the command.
const PASSED_ON: &[Signal] = &[
    Signal::SIGTERM,
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGWINCH,
    Signal::SIGALRM,
    Signal::SIGCONT,
];

/// Starts the program that counts signals, and waits until it is ready. Its pid is the guest's.
fn counting(rootfs: &Rootfs, left: &[&str]) -> (Live, Pid) {
    let mut command = xroot(rootfs).args(["/bin/count_signals"]).args(left).into_command();
    let live = Live::start(&mut command);
    let pid = live.line_pid();
    (live, pid)
}

/// The counts as the program tells them, once no more can come.
fn counts(live: &mut Live) -> String {
    thread::sleep(SETTLE);
    live.say("counts");
    live.line()
}

#[test]
fn the_status_is_the_commands_code_or_128_and_its_signal() {
    let rootfs = with_shell(&[]);
    for script in [
        "exit 0",
        "exit 1",
        "exit 42",
        "exit 255",
        "kill -HUP $$",
        "kill -INT $$",
        "kill -ABRT $$",
        "kill -KILL $$",
        "kill -SEGV $$",
        "kill -PIPE $$",
        "kill -TERM $$",
        "kill -SYS $$",
        "kill -USR1 $$",
        "kill -40 $$",
        "exec false-is-not-here",
        "ulimit -c 0; exec /bin/sh -c 'kill -QUIT $$'",
        "(exit 3); (kill -9 $$; exit 4); exit 5",
    ] {
        let native =
            run(Command::new("sh").args(["-c", script]).env("PATH", "/usr/bin:/bin").stdin(Stdio::null()));
        let seen = xroot(&rootfs).run(["sh", "-c", script]);
        // Never by the signal itself: a caller that looks only at codes must see a failure.
        assert_eq!(seen.status.code(), Some(native.code()), "{script}: {seen}");
    }
}

#[test]
fn the_status_is_never_that_of_another_process() {
    let rootfs = with_shell(&["sleep"]);
    for options in [&[] as &[&str], &["--wait-all"]] {
        for (script, code) in [
            ("(sleep 0.2; exit 9) & exit 5", 5),
            ("(sleep 0.2; kill -9 $$) & exit 6", 6),
            ("sh -c 'kill -TERM $$' & sh -c 'exit 3' & (exit 4) & sleep 0.2; exit 7", 7),
            ("(exit 8) & kill -TERM $$", 143),
            ("sh -c '(exit 1) & (sleep 0.1; exit 2) & exit 0'; exit 11", 11),
        ] {
            let seen = xroot(&rootfs).args(options).run(["sh", "-c", script]);
            assert_eq!(seen.status.code(), Some(code), "{options:?} {script}: {seen}");
        }
    }
}

#[test]
fn what_the_command_leaves_running_is_killed() {
    let rootfs = with_shell(&["sleep", "setsid"]);
    let marker = "XROOT_TEST_LEFT=running";
    let script = "sleep 1000 & setsid sleep 1000 & (trap '' TERM HUP INT; sleep 1000; sleep 1000) &
        (kill -STOP 0; sleep 1000) & sh -c 'sleep 1000 & sleep 1000' & sleep 0.3; exit 3";
    let script = script.replace("kill -STOP 0", "sh -c 'kill -STOP $PPID'");
    let seen = xroot(&rootfs).env("XROOT_TEST_LEFT", "running").run(["sh", "-c", &script]);
    assert_eq!(seen.code(), 3, "{seen}");
    eventually("nothing is left", || marked(marker).is_empty());
}

#[test]
fn wait_all_waits_for_the_last_process() {
    let rootfs = with_shell(&["sleep", "setsid"]);
    let script =
        "(sleep 0.5; echo x > /work/done) & setsid sh -c 'sleep 0.7; echo x > /work/daemon' & exit 4";
    let seen = xroot(&rootfs).args(["--wait-all"]).run(["sh", "-c", script]);
    assert_eq!(seen.code(), 4, "{seen}");
    assert!(rootfs.host("/work/done").exists() && rootfs.host("/work/daemon").exists(), "it has not waited");

    fs::remove_file(rootfs.host("/work/done")).expect("it was just made");
    let seen = xroot(&rootfs).run(["sh", "-c", "(sleep 0.5; echo x > /work/done) & exit 4"]);
    assert_eq!(seen.code(), 4, "{seen}");
    thread::sleep(Duration::from_millis(700));
    assert!(!rootfs.host("/work/done").exists(), "what was left went on");
}

#[test]
fn killing_xroot_leaves_no_process() {
    let rootfs = with_shell(&["sleep", "setsid", "cat"]);
    for round in 0..5 {
        let name = format!("XROOT_TEST_KILLED{round}");
        let marker = format!("{name}=yes");
        let script = "setsid sleep 1000 & cat & while :; do sh -c : ; done & trap '' TERM; (sleep 1000) &
            sh -c 'kill -STOP $$' & while :; do sleep 1; done & sleep 0.2; echo ready; while :; do cat /bin/sh; done \
            >/dev/null";
        let mut live =
            Live::start(&mut xroot(&rootfs).env(&name, "yes").args(["sh", "-c", script]).into_command());
        live.line();
        assert!(marked(&marker).len() > 5, "the processes are seen while they run");
        live.signal(Signal::SIGKILL);
        live.wait();
        eventually("nothing is left", || marked(&marker).is_empty());
    }
}

#[test]
fn each_signal_sent_to_xroot_reaches_the_command_once() {
    let rootfs = with_program(with_shell(&[]), "count_signals");
    let (mut live, pid) = counting(&rootfs, &[]);
    let mut expected = Vec::new();
    for &signal in PASSED_ON {
        live.signal(signal);
        thread::sleep(SETTLE / 4);
        expected.push((signal as i32, format!(" {}=1", &signal.as_str()[3..])));
    }
    let seen = counts(&mut live);
    for (_, count) in &expected {
        assert!(seen.contains(count), "{count} not in {seen:?}");
    }
    assert_eq!(seen.matches('=').count(), expected.len(), "{seen}");
    // As natively, the command decides what they do.
    live.say("exit 9");
    assert_eq!(live.end(), 9);
    assert!(!runs(pid));
}

#[test]
fn a_signal_to_the_whole_group_reaches_the_command_once() {
    let rootfs = with_program(with_shell(&[]), "count_signals");
    let (mut live, _) = counting(&rootfs, &[]);
    for round in 1..=3 {
        for &signal in PASSED_ON {
            killpg(live.pid(), signal).expect("the group is there");
            thread::sleep(SETTLE / 4);
        }
        let seen = counts(&mut live);
        for signal in PASSED_ON {
            let count = format!(" {}={round}", &signal.as_str()[3..]);
            assert!(seen.contains(&count), "{count} not in {seen:?}");
        }
    }
    live.close();
    assert_eq!(live.end(), 0);
}

#[test]
fn a_command_that_ends_itself_by_a_signal_to_the_group_does_so() {
    let rootfs = with_program(with_shell(&[]), "ends_itself");
    for command in [&["ends_itself"][..], &["ends_itself", "its group"]] {
        let mut live = Live::start(&mut xroot(&rootfs).args(command).into_command());
        assert_eq!(live.line(), "ready");
        killpg(live.pid(), Signal::SIGINT).expect("the group is there");
        assert_eq!(live.end(), 130, "{command:?}");
    }
}

#[test]
fn a_signal_to_xroot_ends_a_command_that_does_not_catch_it() {
    let rootfs = with_program(with_shell(&[]), "count_signals");
    for &signal in PASSED_ON {
        let name = &signal.as_str()[3..];
        if !["CONT", "WINCH"].contains(&name) {
            let (mut live, pid) = counting(&rootfs, &[name]);
            live.signal(signal);
            assert_eq!(live.end(), 128 + signal as i32, "{name}");
            assert!(!runs(pid), "{name}");
        }
    }
}

#[test]
fn stopping_the_command_stops_xroot_and_sigcont_continues_both() {
    let rootfs = with_program(with_shell(&[]), "count_signals");
    let (mut live, pid) = counting(&rootfs, &["TSTP"]);
    for signal in [Signal::SIGSTOP, Signal::SIGSTOP] {
        kill(pid, signal).expect("it runs");
        eventually("both stop", || stopped(pid) && stopped(live.pid()));
        live.signal(Signal::SIGCONT);
        eventually("both go on", || !stopped(pid) && !stopped(live.pid()));
        live.say("counts");
        live.line();
    }
    // Whoever continues the command continues xroot.
    for _ in 0..20 {
        kill(pid, Signal::SIGSTOP).expect("it runs");
        kill(pid, Signal::SIGCONT).expect("it runs");
    }
    kill(pid, Signal::SIGSTOP).expect("it runs");
    eventually("both stop", || stopped(pid) && stopped(live.pid()));
    kill(pid, Signal::SIGCONT).expect("it runs");
    eventually("both go on", || !stopped(pid) && !stopped(live.pid()));
    live.say("exit 3");
    assert_eq!(live.end(), 3);
}

fn stopped(pid: Pid) -> bool {
    util::live::state(pid).is_some_and(|state| "tT".contains(state))
}

#[test]
fn the_rest_of_the_tree_goes_on_while_the_command_is_stopped() {
    let rootfs = with_shell(&["sleep", "cat"]);
    // The shell is stopped and continued by its own child, which needs the tracer for that.
    let script =
        "(sleep 0.2; cat /bin/sh >/dev/null; sh -c 'kill -CONT $0' $$) & kill -STOP $$; echo continued";
    assert_eq!(xroot(&rootfs).run(["sh", "-c", script]).success(), "continued\n");
}

#[test]
fn a_caller_that_times_out_detaches_or_ignores_hangups_is_served() {
    let rootfs = with_shell(&["sleep"]);
    let under = |wrapper: &[&str], script: &str| {
        let mut command = Command::new(wrapper[0]);
        command.args(&wrapper[1..]).arg(binary()).arg("-r").arg(rootfs.path());
        command.args(["sh", "-c", script]).env("HOME", rootfs.outside()).current_dir(rootfs.outside());
        run(command.stdin(Stdio::null()))
    };
    for (wrapper, script, code) in [
        (&["timeout", "0.5"] as &[&str], "sleep 1000", 124),
        (&["timeout", "-s", "KILL", "0.5"], "sleep 1000", 137),
        (
            &["timeout", "-s", "INT", "--preserve-status", "0.5"],
            "trap 'exit 5' INT; while :; do sleep 0.01; done",
            5,
        ),
        (&["timeout", "--foreground", "0.5"], "sleep 1000", 124),
        (&["timeout", "100"], "exit 6", 6),
        (&["setsid", "--wait"], "exit 7", 7),
        (&["nohup"], "kill -HUP $$; exit 8", 8),
        (&["env", "--ignore-signal=INT,TERM"], "kill -TERM $$; kill -INT $$; exit 9", 9),
    ] {
        let seen = under(wrapper, script);
        assert_eq!(seen.code(), code, "{wrapper:?}: {seen}");
    }
}

#[test]
fn blocked_and_ignored_signals_are_inherited() {
    let rootfs = with_shell(&["grep"]);
    let masks = ["grep", "-E", "^Sig(Blk|Ign|Cgt)", "/proc/self/status"];
    let wrapper = ["--block-signal=USR1,TERM,CHLD,CONT", "--ignore-signal=USR2,PIPE,INT,CHLD"];
    let mut command = Command::new("env");
    command.args(wrapper).args(masks).stdin(Stdio::null());
    let native = run(&mut command).success();
    let mut command = Command::new("env");
    command.args(wrapper).arg(binary()).arg("-r").arg(rootfs.path()).args(masks);
    command.env("HOME", rootfs.outside()).current_dir(rootfs.outside()).stdin(Stdio::null());
    assert_eq!(run(&mut command).success(), native);
}

#[test]
fn closed_and_empty_standard_streams_are_as_they_were_given() {
    let rootfs = with_shell(&["cat", "readlink", "ls", "head", "yes"]);
    let quoted = format!("{} -r {}", binary().display(), rootfs.path().display());
    for redirection in ["<&-", "</dev/null", ">&-", "2>&-", "<&- >&- 2>&-", "5</dev/null", "<&- 7</dev/null"]
    {
        let inner = "for n in 0 1 2 3 4 5 6 7 8 9; do [ -e /proc/self/fd/$n ] && fds=$fds$n; done;
            echo $fds > ../out.$0; read line; echo $? >> ../out.$0";
        let scratch = Scratch::new();
        let dir = scratch.dir("work");
        let mut lines = Vec::new();
        for (prefix, name) in [("", "native"), (&quoted[..], "xroot")] {
            let mut command = Command::new("sh");
            command.args(["-c", &format!("{prefix} sh -c \"$0\" {name} {redirection}"), inner]);
            command.env("HOME", scratch.path()).current_dir(&dir).stdin(Stdio::null());
            run(&mut command);
            lines.push(fs::read_to_string(scratch.path().join(format!("out.{name}"))).unwrap_or_default());
        }
        assert_eq!(lines[0], lines[1], "{redirection}");
        assert!(!lines[0].is_empty(), "{redirection}");
    }
    // A reader that goes away kills the writer, not xroot.
    let script = format!("{quoted} yes | head -n 1; {quoted} sh -c 'yes; echo $? >&2' | head -n 1");
    let mut command = Command::new("sh");
    command.args(["-c", &script]).env("HOME", rootfs.outside()).current_dir(rootfs.outside());
    let seen = run(command.stdin(Stdio::null()));
    assert_eq!(seen.stdout, "y\ny\n", "{seen}");
    assert!(seen.stderr.contains("141") && !seen.stderr.contains("xroot"), "{seen}");
    let null = File::open("/dev/null").expect("it is there");
    assert_eq!(xroot(&rootfs).stdin(null).run(["cat"]).success(), "");
}

/// An execve by a thread that is not the leader is reported under the leader's number, and neither the old number nor the
/// old leader is ever reported gone.
#[test]
fn the_books_balance_after_threads_have_executed_programs() {
    // A report makes every task stop before it ends, too.
    let (verbose, report) = (&["--verbose"][..], &["--verbose", "--report"][..]);
    for (name, options) in [
        ("exec_thread", verbose),
        ("exec_sharers", verbose),
        ("killed_forks", verbose),
        ("exec_no_descriptor", verbose),
        ("stop_exec", verbose),
        ("exec_beside", report),
        ("exec_killed", report),
        ("fork_killed", report),
        ("stop_killed", report),
    ] {
        let Some(rootfs) = Rootfs::new("root").program(name, Kind::Static) else {
            return skip("no compiler");
        };
        let output =
            xroot(&rootfs).args(options).workdir("/work").args(["--wait-all"]).run([format!("/bin/{name}")]);
        assert_eq!(output.code(), 0, "{name}: {output}");
        assert!(!output.stderr.contains("ended unseen"), "{name}: {output}");
        assert!(!output.stdout.contains("1 wrong"), "{name}: {output}");
    }
}

/// The kernel wakes such a tracer if it looks at the leader before that is gone, else it sleeps on (de_thread() of fs/exec.c
/// means to wake it, but by its old number): it is always woken here.
#[test]
fn a_tracer_is_told_that_an_execve_has_taken_its_tracee_away() {
    let rootfs = with_program(Rootfs::new("root"), "ptrace_leader_lost");
    let output = xroot(&rootfs).workdir("/work").run(["/bin/ptrace_leader_lost"]);
    assert_eq!(output.success(), "seized: 1, wait: ECHILD\ntracer: exit 0\nexecuted: exit 5\n");
}

#[test]
fn xroot_inside_xroot_ends_as_its_command() {
    let rootfs = with_shell(&[]);
    rootfs.copy(&binary(), "/bin/xroot");
    for library in programs::libraries(&binary()) {
        let guest = library.to_str().expect("libraries have plain names");
        if !rootfs.host(guest).exists() {
            rootfs.copy(&library, guest);
        }
    }
    for (script, code) in [("exit 3", 3), ("kill -9 $$", 137), ("(kill -TERM $$); exit 4", 143)] {
        let seen = xroot(&rootfs).run(["xroot", "-r", "/", "sh", "-c", script]);
        assert_eq!((seen.code(), &seen.stderr[..]), (code, ""), "{script}: {seen}");
    }
}

#[test]
fn small_limits_hold_for_the_guest_and_do_not_hinder_xroot() {
    let rootfs = with_shell(&["ls", "sleep"]);
    let many = "cd /work; i=0; while [ $i -lt 40 ]; do \
        (cd /bin; sleep 0.3; ls sh >/dev/null || echo bad) & i=$((i+1)); done; wait; echo done";
    for limit in ["30:30", "30:1000", "1000:1000"] {
        let (soft, hard) = limit.split_once(':').expect("there is a colon");
        let script = format!("ulimit -Sn; ulimit -Hn; {many}");
        let mut command = Command::new("prlimit");
        command.arg(format!("--nofile={limit}")).arg(binary()).arg("-r").arg(rootfs.path());
        command.args(["sh", "-c", &script]).env("HOME", rootfs.outside()).current_dir(rootfs.outside());
        let seen = run(command.stdin(Stdio::null()));
        assert_eq!(seen.stdout, format!("{soft}\n{hard}\ndone\n"), "{seen}");
    }
    // No process left for the tracer.
    let mut command = Command::new("prlimit");
    command.arg("--nproc=1").arg(binary()).arg("-r").arg(rootfs.path()).args(["sh", "-c", ":"]);
    let seen = run(command.stdin(Stdio::null()).env("HOME", rootfs.outside()).current_dir(rootfs.outside()));
    assert_eq!(seen.code(), 125, "{seen}");
    assert!(seen.stderr.starts_with("xroot: cannot start a process"), "{seen}");
}

#[test]
fn root_without_capabilities_may_use_it() {
    let rootfs = with_shell(&["grep"]);
    let wrapper = ["-U", "-r", "setpriv", "--bounding-set=-all", "--inh-caps=-all"];
    if run(Command::new("unshare").args(wrapper).arg("true")).code() != 0 {
        // No skip that a set-up could avoid: such a machine cannot have the namespace at all.
        println!("skipped: no user namespace here");
        return;
    }
    let script = "grep -E '^(Uid|CapEff|CapBnd)' /proc/self/status; echo x > /work/file && echo made";
    let mut command = Command::new("unshare");
    command.args(wrapper).arg(binary()).arg("-r").arg(rootfs.path()).args(["sh", "-c", script]);
    let seen = run(command.env("HOME", rootfs.outside()).current_dir(rootfs.outside()).stdin(Stdio::null()));
    let status = "Uid:\t0\t0\t0\t0\nCapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nmade\n";
    assert_eq!(seen.success(), status);
}
