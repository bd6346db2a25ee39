//! At a terminal, xroot is as good as the command: ^C, ^\ and ^Z mean the guest, `fg` continues it, a hang-up ends it.
//!
//! Each session is typed twice at an interactive shell on a pty of its own, with the command run natively and by
//! xroot, and both must look the same.
#![forbid(unsafe_code)]

mod util;

use std::fs;
use std::process::Command;
use std::thread;

use util::live::{SETTLE, eventually, marked, with_program, with_shell};
use util::programs::{self, Kind};
use util::terminal::Terminal;
use util::{Rootfs, binary};

const INTERRUPT: &str = "\x03";
const STOP: &str = "\x1a";
const QUIT: &str = "\x1c";

/// A shell at a terminal, in which `$X program` runs a program of the rootfs: natively, or by xroot.
struct Shell {
    terminal: Terminal,
    transcript: String,
}

impl Shell {
    fn new(rootfs: &Rootfs, natively: bool) -> Self {
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait", "bash", "--norc", "--noprofile", "--noediting", "-i"]);
        command
            .current_dir(rootfs.outside())
            .env("HOME", rootfs.outside())
            .env("PS1", "")
            .env("PATH", "/usr/bin:/bin");
        command.env("LC_ALL", "C").env_remove("BASH_ENV").env_remove("ENV");
        let count = programs::build("count_signals", Kind::Static).expect("static programs can be built");
        if natively {
            command.env("X", "").env("COUNT", count);
        } else {
            let xroot = format!("{} -r {}", binary().display(), rootfs.path().display());
            command.env("X", xroot).env("COUNT", "/bin/count_signals");
        }
        let mut this = Self { terminal: Terminal::start(&mut command), transcript: String::new() };
        this.type_in("set -b; PS1= PS2=; echo at your ser''vice\n");
        this.terminal.until("service\n");
        this
    }

    fn type_in(&mut self, keys: &str) {
        self.terminal.type_in(keys);
    }

    /// Waits for `end`; what was printed becomes part of the transcript, but for numbers of processes.
    #[track_caller]
    fn until(&mut self, end: &str) {
        let text = self.terminal.until(end);
        // The program says it after this word, the shell after the number of the job.
        let mut named = self.transcript.ends_with("ready ");
        let words = text.split(' ').map(|word| {
            let pid = std::mem::replace(&mut named, word.ends_with("ready") || word.ends_with(']'));
            if pid { word.replace(|c: char| c.is_ascii_digit(), "") } else { word.to_owned() }
        });
        self.transcript.push_str(&words.collect::<Vec<_>>().join(" "));
    }

    /// Starts the program that counts signals, but for those that it is to leave alone.
    #[track_caller]
    fn count(&mut self, left: &str) {
        self.type_in(&format!("$X $COUNT {left}\n"));
        self.until("ready ");
        self.until("\n");
    }

    /// Has it tell what it has counted, once no more can come.
    #[track_caller]
    fn counts(&mut self) {
        thread::sleep(SETTLE);
        self.type_in("counts\n");
        self.until("end\n");
    }

    #[track_caller]
    fn status(&mut self) {
        self.type_in("echo sta''tus $?\n");
        self.until("status ");
        self.until("\n");
    }
}

/// What was printed, without blank lines and repetitions: bash announces a stopped job again when it finds the time.
fn announced_once(transcript: &str) -> Vec<&str> {
    let mut lines: Vec<_> = transcript.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    lines.dedup();
    lines
}

/// Types `session` natively and under xroot; both print the same, with `expected` in it.
#[track_caller]
fn same(expected: &[&str], session: impl Fn(&mut Shell)) {
    let rootfs = with_program(with_shell(&["sleep", "cat"]), "count_signals");
    let [native, xroot] = [true, false].map(|natively| {
        let mut shell = Shell::new(&rootfs, natively);
        session(&mut shell);
        shell.type_in("exit 0\n");
        shell.transcript
    });
    assert_eq!(announced_once(&native), announced_once(&xroot), "native and xroot differ");
    for text in expected {
        assert!(native.contains(text), "no {text:?} in {native}");
    }
}

#[test]
fn an_interrupt_is_one_signal() {
    same(&["INT=1 end", "INT=2 QUIT=1 end", "status 5"], |shell| {
        shell.count("");
        shell.type_in(INTERRUPT);
        shell.counts();
        shell.type_in(INTERRUPT);
        thread::sleep(SETTLE);
        shell.type_in(QUIT);
        shell.counts();
        shell.type_in("exit 5\n");
        shell.status();
    });
}

#[test]
fn an_interrupt_ends_what_does_not_catch_it() {
    same(&["status 130", "status 131"], |shell| {
        for (left, key) in [("INT", INTERRUPT), ("QUIT", QUIT)] {
            shell.type_in("ulimit -c 0\n");
            shell.count(left);
            shell.type_in(key);
            // The shell says nothing of how it ended: it did not die of a signal, natively or not.
            thread::sleep(SETTLE);
            shell.terminal.seen.clear();
            while shell.terminal.output.try_recv().is_ok_and(|block| !block.is_empty()) {}
            shell.status();
        }
    });
}

#[test]
fn every_process_of_the_group_is_interrupted() {
    same(&["inner INT\n", "status 7"], |shell| {
        shell.type_in("$X sh -c 'trap \"echo outer INT; exit 7\" INT; \
             sh -c \"trap \\\"echo inner INT; exit 3\\\" INT; echo go; while :; do sleep 0.01; done\"; sleep 1'\n");
        shell.until("go\n");
        shell.type_in(INTERRUPT);
        shell.until("outer INT\n");
        shell.status();
    });
}

#[test]
fn stopping_stops_both_and_the_foreground_continues_both() {
    same(&["Stopped", "status 148", "CONT=1 end", "CONT=2 end", "status 6"], |shell| {
        shell.count("TSTP");
        for _ in 0..2 {
            shell.type_in(STOP);
            shell.until("Stopped");
            shell.until("\n");
            shell.status();
            shell.type_in("fg >/dev/null\n");
            shell.counts();
        }
        shell.type_in("exit 6\n");
        shell.status();
    });
}

#[test]
fn a_stop_that_is_caught_stops_nobody() {
    same(&["TSTP=1 end", "status 4"], |shell| {
        shell.count("");
        shell.type_in(STOP);
        shell.counts();
        shell.type_in("exit 4\n");
        shell.status();
    });
}

#[test]
fn a_stopped_job_can_be_ended_and_a_background_job_may_not_read() {
    same(&["Stopped", "status 143", "Stopped(SIGTTIN)", "status 3"], |shell| {
        shell.count("TSTP TERM CONT");
        shell.type_in(STOP);
        shell.until("Stopped");
        shell.until("\n");
        // Its own kill would have the job go on at once, and end before or after fg has found it.
        shell.type_in("sh -c \"kill -TERM -$(jobs -p %1)\"; fg >/dev/null 2>&1\n");
        shell.status();
        shell.type_in("$X sh -c 'read line; exit $line' &\n");
        shell.until("\n");
        // bash says it in words of its own, which depend on whether its child is the one that reads.
        shell
            .type_in("until jobs -l | grep -q 'tty input'; do sleep 0.05; done; echo 'Stopp''ed(SIGTTIN)'\n");
        shell.until("(SIGTTIN)\n");
        shell.terminal.seen.clear();
        shell.type_in("fg >/dev/null\n");
        thread::sleep(SETTLE);
        shell.type_in("3\n");
        shell.status();
    });
}

#[test]
fn a_shell_of_the_guest_has_jobs_of_its_own() {
    let rootfs = with_program(with_shell(&["sleep", "cat", "bash"]), "count_signals");
    let mut shell = Shell::new(&rootfs, false);
    shell.type_in("$X -e PS1= bash --norc --noprofile --noediting -i\n");
    shell.type_in("PS1= ; set -b; echo in''side\n");
    shell.until("inside\n");
    shell.type_in("/bin/count_signals TSTP\n");
    shell.until("ready ");
    shell.type_in(INTERRUPT);
    shell.counts();
    shell.type_in(STOP);
    shell.until("Stopped");
    shell.type_in("fg\n");
    shell.counts();
    assert!(shell.transcript.contains("INT=1 end") && shell.transcript.contains("INT=1 CONT=1 end"));
    shell.type_in("exit 0\n");
    shell.status();
    // The guest's shell is still there, and stops as a job of the one outside.
    shell.type_in("sleep 1000 & suspend\n");
    shell.until("Stopped");
    shell.type_in("jobs; fg >/dev/null; \n");
    shell.type_in("echo still in''side; kill %1; exit 9\n");
    shell.until("still inside\n");
    shell.until("exit\n");
    shell.status();
    assert!(shell.transcript.ends_with("status 9\n"), "{}", shell.transcript);
}

#[test]
fn a_new_size_is_one_signal() {
    same(&["WINCH=1 end"], |shell| {
        shell.count("");
        let slave = shell.terminal.slave.try_clone().expect("descriptors are left");
        let changed = Command::new("stty").args(["rows", "40"]).stdin(slave).status();
        assert!(changed.is_ok_and(|status| status.success()), "stty works");
        shell.counts();
        shell.type_in("exit 1\n");
    });
}

#[test]
fn a_hang_up_reaches_the_command() {
    let rootfs = with_shell(&["sleep"]);
    let script = "trap 'echo hup > /work/hup; exit 3' HUP; echo ready; while :; do sleep 0.02; done";
    // As the leader of the session, as in a terminal window made for it; and as a job of a shell.
    for leader in [true, false] {
        let name = format!("XROOT_TEST_HUP{leader}");
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait"]);
        if !leader {
            command.args(["bash", "--norc", "--noprofile", "-ic", "\"$@\"; true", "bash"]);
        }
        command.arg(binary()).arg("-r").arg(rootfs.path()).args(["sh", "-c", script]);
        command.current_dir(rootfs.outside()).env("HOME", rootfs.outside()).env(&name, "yes");
        let mut terminal = Terminal::start(&mut command);
        terminal.until("ready\n");
        terminal.hang_up();
        eventually("the command hears of it", || rootfs.host("/work/hup").exists());
        eventually("nothing is left", || marked(&format!("{name}=yes")).is_empty());
        fs::remove_file(rootfs.host("/work/hup")).expect("it is there");
    }
}
