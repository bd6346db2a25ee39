//! gdb and strace of the host do under xroot what they do natively, word for word but for pids and addresses.
#![forbid(unsafe_code)]

mod util;

use std::path::Path;
use std::process::{Command, Stdio};

use util::run::Xroot;
use util::{Output, Scratch, data, diff, rootfs, run, skip};

/// How every gdb begins: no questions, nothing from the net, no notices whose order is the scheduler's.
const GDB: &str = "gdb -q -nx -batch -ex 'set debuginfod enabled off' -ex 'set confirm off' \
    -ex 'set print thread-events off'";

/// Runs the shell script natively and under xroot, in fresh directories with the built programs in them.
#[track_caller]
fn compare(tool: &str, programs: &[&str], script: &str) {
    if !Path::new("/usr/bin").join(tool).exists() {
        return skip(&format!("{tool} is not installed"));
    }
    let scratch = Scratch::new();
    let [natively, inside] = ["n", "x"].map(|name| scratch.dir(name));
    for dir in [&natively, &inside] {
        programs.iter().for_each(|name| build(name, dir));
    }
    let script = script.replace("GDB", GDB);
    let mut command = Command::new("sh");
    command.args(["-c", &script]).current_dir(&natively).env_clear().env("PATH", rootfs::PATH);
    let expected = run(command.env("HOME", "/").stdin(Stdio::null()));
    let shown = inside.to_str().expect("scratch directories have plain names");
    let seen = Xroot::new(Path::new("/"), &inside).workdir(shown).run(["sh", "-c", &script]);
    assert_same(&expected, &seen, [&natively, &inside]);
}

#[track_caller]
fn assert_same(expected: &Output, seen: &Output, dirs: [&Path; 2]) {
    let [left, right] = [(expected, dirs[0]), (seen, dirs[1])].map(|(output, dir)| {
        let dir = dir.to_str().expect("scratch directories have plain names");
        normal(&output.stdout.replace(dir, "DIR"))
    });
    assert!(expected.stdout.lines().count() > 2, "natively it says nothing: {expected}");
    assert!(
        left == right && expected.code() == seen.code(),
        "native (-) and xroot (+) differ; exit {} and {}\n{}\n--- stderr\n{}",
        expected.code(),
        seen.code(),
        diff::lines(&left, &right),
        seen.stderr.trim_end()
    );
}

/// Compiles `name` with debug information, in `dir`.
#[track_caller]
fn build(name: &str, dir: &Path) {
    let source = util::programs::sources().join(format!("{name}.c"));
    let mut command = Command::new("cc");
    command.args(["-g", "-O0", "-pthread", "-o", name]).arg(&source).current_dir(dir);
    let built = run(command.stdin(Stdio::null()));
    assert!(built.status.success(), "{built}");
}

/// What is the same in two runs: addresses and pids are not.
fn normal(text: &str) -> String {
    const IDS: &[&str] = &["process ", "Process ", "LWP ", "[pid ", "si_pid=", "pid "];
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    'text: while let Some(first) = rest.chars().next() {
        if let Some(number) = rest.strip_prefix("0x") {
            let len = number.bytes().take_while(u8::is_ascii_hexdigit).count();
            if len > 6 {
                out.push_str("ADDRESS");
                rest = &number[len..];
                continue;
            }
        }
        for id in IDS {
            let Some(number) = rest.strip_prefix(id) else { continue };
            let len = number.bytes().take_while(u8::is_ascii_digit).count();
            if len > 0 {
                out.push_str(id);
                out.push('N');
                rest = &number[len..];
                continue 'text;
            }
        }
        out.push(first);
        rest = &rest[first.len_utf8()..];
    }
    // Columns are as wide as the pids in them.
    out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ") + "\n").collect()
}

#[test]
fn pids_and_addresses_do_not_count() {
    assert_eq!(normal("process 12345 at 0x7ffff7e11267 (x=0x1f)\n"), "process N at ADDRESS (x=0x1f)\n");
    assert_eq!(normal("[pid   77] a  b\n"), "[pid 77] a b\n");
    assert_eq!(normal("si_pid=77, si_uid=77\n"), "si_pid=N, si_uid=77\n");
}

mod gdb {
    use super::compare;

    #[test]
    fn stops_at_a_breakpoint_among_threads() {
        compare(
            "gdb",
            &["debug_threads"],
            "GDB -ex 'break twice' -ex run -ex bt -ex 'thread apply all -s frame function work' -ex finish \
             -ex 'print result' -ex 'watch counter' -ex continue -ex delete -ex continue ./debug_threads 2>&1 \
             | sed 's/^#[0-9]* .* in work/in work/; s/c:1[0-9]$/c/; /^1[0-9]\t/d'",
        );
    }

    #[test]
    fn steps_by_lines_and_instructions() {
        compare(
            "gdb",
            &["debug_threads"],
            "GDB -ex start -ex next -ex 'x/2i $pc' -ex stepi -ex stepi -ex 'info registers rip' \
             -ex 'print $_siginfo.si_signo' -ex 'break twice' -ex continue -ex 'print number' \
             -ex 'set var number=4' -ex finish -ex 'tbreak exit' -ex continue -ex kill ./debug_threads 2>&1",
        );
    }

    #[test]
    fn starts_at_the_first_instruction() {
        compare(
            "gdb",
            &["debug_fork"],
            "GDB -ex starti -ex 'info sharedlibrary' -ex 'info symbol $pc' -ex 'stepi 7' -ex 'info auxv' \
             -ex 'info proc exe' -ex 'info inferiors' -ex kill ./debug_fork 2>&1",
        );
    }

    #[test]
    fn follows_a_child_or_the_parent() {
        compare(
            "gdb",
            &["debug_fork"],
            "GDB -ex 'set follow-fork-mode child' -ex 'break child_part' -ex run -ex bt -ex 'catch exec' \
             -ex continue -ex 'info program' -ex continue ./debug_fork 2>&1 | sort; \
             GDB -ex 'set follow-fork-mode parent' -ex 'break parent_part' -ex run -ex bt -ex continue \
             ./debug_fork 2>&1 | sort; \
             GDB -ex 'set detach-on-fork off' -ex 'set follow-fork-mode child' -ex 'break child_part' -ex run \
             -ex 'info inferiors' -ex 'kill inferiors 1 2' ./debug_fork 2>&1 | sort",
        );
    }

    #[test]
    fn attaches_and_detaches() {
        compare(
            "gdb",
            &["debug_wait"],
            "mkfifo ready; ./debug_wait >ready & p=$!; exec 3<ready; read word <&3; \
             GDB -ex 'info threads' -ex 'break usleep' -ex continue -ex 'info breakpoints' -ex delete \
             -ex 'print counter > 0' -ex detach -p $p 2>&1 | grep -v 'sysdeps\\|^\\[New\\|^\\[Switching'; \
             grep TracerPid /proc/$p/status; \
             kill -STOP $p; GDB -ex 'info inferiors' -ex detach -p $p 2>&1 | grep Inferior; kill -CONT $p; \
             GDB -ex 'set var go_on=0' -ex detach -p $p >/dev/null 2>&1; wait $p; echo exit $?; cat <&3",
        );
    }

    #[test]
    fn decides_about_signals_and_calls() {
        compare(
            "gdb",
            &[],
            "GDB -ex 'handle SIGUSR1 stop print pass' -ex 'run -c \"kill -USR1 \\$\\$; echo alive\"' \
             -ex 'print $_siginfo.si_signo' -ex 'signal 0' \
             -ex 'run -c \"kill -USR1 \\$\\$; echo alive\"' -ex continue /bin/sh 2>&1 | grep -v sysdeps; \
             GDB -ex 'catch syscall chdir' -ex 'run -c \"cd /nowhere; cd /; echo there\"' -ex continue \
             -ex continue -ex delete -ex continue /bin/sh 2>&1 | grep -v sysdeps",
        );
    }
}

mod strace {
    use super::compare;

    /// Calls whose arguments and results are the same in each run.
    const CALLS: &str =
        "-e trace=execve,openat,newfstatat,access,readlink,getcwd,chdir,write,read,close,exit_group";

    #[test]
    fn tells_the_calls_of_a_program() {
        let script =
            "strace CALLS -o trace ls / >list; echo exit $?; sed 's|/\\* [0-9]* vars|/* N vars|' trace";
        compare("strace", &[], &script.replace("CALLS", CALLS));
    }

    #[test]
    fn follows_every_child() {
        let script = "strace -ff CALLS -o trace sh -c 'echo one | cat; (cd /tmp; pwd); exit 5'; echo exit $?; \
             for file in $(ls trace.* | sort -t. -k2n); do echo \"-- file\"; \
             sed 's|/\\* [0-9]* vars|/* N vars|; /SIGCHLD/d' $file; done; \
             strace -f -o all ./debug_threads; grep -c '+++ exited' all; tail -1 all | cut -d' ' -f2-";
        compare("strace", &["debug_threads"], &script.replace("CALLS", CALLS));
    }

    #[test]
    fn follows_by_a_filter() {
        let script = "strace -f --seccomp-bpf -e trace=chdir,execve,renameat2,exit_group -o trace \
             sh -c 'cd /; cat /dev/null; (cd /tmp; exit 2); exit 6'; echo exit $?; \
             sed 's|^[0-9]* *||; s|/\\* [0-9]* vars|/* N vars|; /SIGCHLD/d' trace; \
             strace -f --seccomp-bpf -o all -e trace=openat sh -c 'cat /etc/passwd' >copy; grep passwd all | cut -d' ' -f2-; \
             cmp copy /etc/passwd && echo same";
        compare("strace", &[], script);
    }

    #[test]
    fn counts_calls() {
        compare(
            "strace",
            &[],
            "strace -c -o counts cat /etc/passwd >copy; sort -k1.52 counts | cut -c32-; \
             strace -f -c -o counts sh -c 'cat /etc/passwd | wc -l'; grep -E 'execve|pipe|exit_group' counts \
             | cut -c32- | sort",
        );
    }

    #[test]
    fn ends_as_its_command_does() {
        compare(
            "strace",
            &[],
            "strace -o t sh -c 'exit 7'; echo $?; strace -o t sh -c 'kill -9 $$'; echo $?; \
             tail -1 t; strace -o t sh -c 'kill -TERM $$'; echo $?; tail -2 t; \
             strace /nowhere/at/all 2>&1; echo $?; strace -o t -e inject=chdir:error=EXDEV sh -c 'cd /' 2>&1; \
             grep INJECTED t; strace -e trace=none -o t -e signal=all sh -c 'kill -STOP $$' & \
             while ! grep -q stopped t; do sleep 0.1; done; kill -CONT $(pgrep -P $!); wait $!; echo $?; cat t",
        );
    }

    #[test]
    fn attaches_to_a_running_process() {
        compare(
            "strace",
            &["debug_wait"],
            "mkfifo ready; ./debug_wait >ready & p=$!; exec 3<ready; read word <&3; \
             strace -f -o trace -p $p 2>said & s=$!; while ! grep -q 'clock_nanosleep.* = 0' trace; do sleep 0.1; done; \
             kill -INT $s; wait $s; echo strace $?; sort said | uniq; grep -c . trace | grep -q . && echo calls; \
             grep TracerPid /proc/$p/status; kill -TERM $p; wait $p; echo exit $?",
        );
    }

    #[test]
    fn traces_another_strace() {
        compare(
            "strace",
            &[],
            "strace -o outer -e trace=ptrace strace -o inner -e trace=chdir,exit_group sh -c 'cd /; exit 3'; \
             echo $?; cat inner; grep -c PTRACE_SYSCALL, outer | grep -q . && echo outer; tail -1 outer",
        );
    }
}

/// The rootfs's own gdb and strace, where its tree has them.
#[test]
fn the_tools_of_a_rootfs_debug_its_programs() {
    let tree = data("rootfs/amd64-dev");
    let Some(tree) =
        tree.filter(|tree| tree.join("usr/bin/gdb").exists() && tree.join("usr/bin/strace").exists())
    else {
        eprintln!("skipped: no tree with gdb and strace");
        return;
    };
    let scratch = Scratch::new();
    let guest = || Xroot::new(&tree, scratch.path()).workdir("/");
    let gdb = format!(
        "{GDB} -ex 'break chdir' -ex 'run -c \"cd /tmp; exit 3\"' -ex 'bt 1' -ex continue /bin/sh 2>&1"
    );
    let seen = guest().run(["sh", "-c", &gdb]).success();
    assert!(
        seen.contains("Breakpoint 1, ") && seen.contains("#0 ") && seen.contains("exited with code 03"),
        "{seen}"
    );
    let seen = guest().run(["strace", "-e", "trace=chdir", "sh", "-c", "cd /tmp; exit 3"]);
    assert_eq!(seen.code(), 3, "{seen}");
    assert_eq!(seen.stderr, "chdir(\"/tmp\")                           = 0\n+++ exited with 3 +++\n");
}
