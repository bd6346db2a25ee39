//! Tools under unusual circumstances behave as the guest's own programs do there.
#![forbid(unsafe_code)]

use std::fs;
use std::path::Path;
use std::thread;

use nix::sys::signal::{Signal, killpg};

use crate::job::{HELLO_C, Job};
use crate::trace::How::{Emulated, Native};
use crate::util::live::{Live, SETTLE, eventually, marked};
use crate::util::run::Xroot;
use crate::util::terminal::Terminal;
use crate::util::{chmod, run};

/// Starts a program in each of the ways there are.
const STARTS_C: &str = include_str!("starts.c");

fn starts() -> Option<Job> {
    let job = Job::new("armhf-dev")?.file("starts.c", STARTS_C);
    let built = job.emulated().run(["gcc", "-pthread", "starts.c", "-o", "starts"]);
    let text = built.success();
    assert_eq!(text, "");
    Some(job)
}

const WAYS: &[&str] = &[
    "execve",
    "thread",
    "vfork",
    "spawn",
    "spawnp",
    "fexecve",
    "execveat",
    "execveat-dir",
    "link-fd",
    "null",
    "none",
    "empty",
];

/// What is executed, and what it shows of how it was.
const SHOWS: &[&[&str]] = &[&["/usr/bin/echo", "a", "", "b c"], &["/usr/bin/cat", "/proc/self/cmdline"]];

#[test]
fn every_way_to_start_a_program_starts_a_tool() {
    let Some(job) = starts() else { return };
    let program = job.project.join("starts");
    let trace_file = job.project.join("trace");
    for how in WAYS {
        for words in SHOWS {
            let command = || {
                [program.to_str().expect("its path is text"), how].into_iter().chain(words.iter().copied())
            };
            let trace = ["--trace-exec".as_ref(), trace_file.as_os_str()];
            let (native, emulated) = (job.native().args(trace).run(command()), job.emulated().run(command()));
            assert_eq!(
                (&native.stdout, native.code()),
                (&emulated.stdout, emulated.code()),
                "{how} {words:?}: {native}\nemulated: {emulated}"
            );
            let trace =
                crate::trace::Trace::parse(&fs::read_to_string(&trace_file).expect("it was asked for"));
            trace.shows(Emulated, "starts");
            // Emulators do not know all of them.
            if !native.stdout.starts_with("errno ") {
                trace.shows(Native, words[0].rsplit('/').next().expect("it has a name"));
            }
        }
    }
}

/// What emulators keep from the kernel, a tool may do: one that is the program above, for this host.
#[test]
fn every_way_that_a_tool_starts_a_tool_is_as_on_the_host() {
    let Some(job) = starts() else { return };
    let own = job.beside("own").join("starts");
    let mut cc = std::process::Command::new("cc");
    run(cc.args(["-pthread", "-o"]).arg(&own).arg(job.project.join("starts.c"))).success();
    let map = format!("{}={}", job.project.join("starts").display(), own.display());
    for how in WAYS {
        for words in SHOWS {
            let command = || ["./starts", how].into_iter().chain(words.iter().copied());
            let tool = job.native().args(["--native", "auto", "--native", &map]).run(command());
            let host = run(std::process::Command::new(&own).arg(how).args(*words));
            assert_eq!((&tool.stdout, tool.code()), (&host.stdout, host.code()), "{how} {words:?}: {tool}");
        }
    }
}

#[test]
fn descriptors_that_close_on_exec_are_closed() {
    let Some(job) = starts() else { return };
    let job = job.file("fds", "ls /proc/$$/fd | tr '\\n' ' '; readlink /proc/$$/fd/9\n");
    // The project was made anew.
    job.same("gcc -pthread starts.c -o starts; ./starts cloexec /bin/bash fds; ./starts cloexec /bin/dash fds; ./starts cloexec /usr/bin/ls /proc/self/fd");
}

#[test]
fn a_relative_path_leads_to_a_tool() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let script = "top=$PWD; cd /usr/lib; ../bin/sh -c 'echo $0; readlink /proc/$$/exe'; ../bin/sed -n 1p /etc/passwd; cd /; usr/bin/sort -u /etc/debian_version; ./bin/sh -c 'readlink /proc/$$/exe'\n\
                  cd /usr/bin; ./tac /etc/debian_version; bash -c 'exec -a name ./sort --help | head -n 1; exec -a name readlink /proc/self/exe'; cd $top; ln -s /usr/bin/sort here; ./here --version | head -n 1; ln -s /usr/bin dir; dir/../bin/head -n1 /etc/passwd";
    job.same(script);
    let (_, trace) = job.traced("cd /usr/lib; ../bin/sort /etc/passwd; cd /; usr/bin/tac /etc/passwd");
    trace.shows(Native, "sort");
    trace.shows(Native, "tac");
}

#[test]
fn a_deleted_directory_is_no_place_to_be() {
    let Some(job) = Job::new("armhf-dev") else { return };
    job.same(
        "mkdir d; cd d; rmdir ../d; sed -n 1p /etc/passwd; /bin/pwd || echo $?; ls -a; touch x || echo $?; echo a | sort; bash -c 'echo $PWD; pwd' | sed 's,.*/,,'; readlink /proc/self/cwd | sed 's,.*/,,'; perl -e 'exec qw(ls -la)'; cd ..; ls",
    );
}

#[test]
fn scripts_name_tools_as_their_interpreters() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = job
        .file("sh-e", "#!/bin/sh -e\necho $0 $*; false; echo no\n")
        .file("env", "#!/usr/bin/env sh\necho $0 $*\n")
        .file("env-s", "#!/usr/bin/env -S sed -n\n2p\n")
        .file("make", "#!/usr/bin/make -f\nall:\n\t@echo $(MAKEFILE_LIST) $(A)\n")
        .file("sed", "#! /usr/bin/sed -f\ns/a/b/\n")
        .file("of-script", "#!./sh-e x\n")
        .file("bash", "#!/bin/bash\necho ${BASH_SOURCE[0]} $0 $#; exec ./env \"$@\"\n");
    let script = "chmod 755 *; ./sh-e a 'b c' || echo $?; ./env a; ./make A=1; echo a | ./sed; ./of-script y || echo $?; ./bash 1 2 3; perl -e 'exec q(./env), q(of perl)'; PATH=.:$PATH; of-script || echo $?";
    job.same(script);
    let (_, trace) = job.traced("chmod 755 *; ./env a; ./make; echo a | ./sed; ./bash 1");
    for name in ["dash", "make", "sed", "bash", "env"] {
        trace.shows(Native, name);
    }
}

#[test]
fn many_and_long_arguments_arrive() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = job.file("hello.c", HELLO_C);
    job.same(
        "big=$(head -c 100000 /dev/zero | tr '\\0' x); export big; env | wc -c; sh -c 'echo ${#big}'; i=0; while [ $i -lt 10 ]; do export big$i=$big; i=$((i + 1)); done\n\
         env | wc -c; perl -e 'print length $ENV{big9}; exec q(sh), q(-c), q(echo ${#big9})'; unset big big0 big1 big2 big3 big4 big5 big6 big7 big8 big9\n\
         words=$(seq 1000 | sed 's/.*/-DWORD&=&/'); gcc $words -DWORD500=500 -c hello.c -o one.o; echo $words >args; gcc @args -c hello.c -o two.o; cmp one.o two.o; set -- $words; echo $#; /bin/echo $words | md5sum\n\
         as --version $words 2>&1 | head -n 1; perl -e 'exec q(/bin/echo), (q(y) x 20000)' | wc -c; printf '%s\\n' $words | xargs -n 700 /bin/echo | wc; LIBRARY_PATH=$(seq -s: -f /none%g 1000) gcc hello.c -o h; ./h",
    );
    // Too much is E2BIG for both.
    job.same("head -c 200000 /dev/zero | tr '\\0' x >long; perl -e '$_ = qx(cat long); exec q(/bin/echo), $_ or print $! + 0, qq(\\n)'; perl -e '%ENV = (X => qx(cat long)); exec q(/bin/echo), 1 or print $! + 0, qq(\\n)'");
}

#[test]
fn a_pipe_that_nobody_reads_ends_both_kinds() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = job.file(
        "pipes",
        "yes | head -n 1; echo ${PIPESTATUS[*]}; yes | perl -ne 'print; exit'; echo ${PIPESTATUS[*]}; perl -e 'print qq(x\\n) while 1' | head -n 1; echo ${PIPESTATUS[*]}\n\
         yes | sed 1q | perl -pe 's/y/z/' | sort | tr z a; perl -e 'print 1..9' | cat | perl -ne 'print length' | tac; trap '' PIPE; (yes 2>/dev/null; echo $? >status) | head -n 1; cat status\n\
         head -c 300000 /dev/zero | perl -ne 'print' | wc -c; (exit 3) | perl -e 'exit 4' | bash -c 'exit 5'; echo ${PIPESTATUS[*]}\n",
    );
    job.same("bash pipes 2>&1");
    // Plain Linux says 1; the emulated yes is killed by the signal that is ignored.
    let ignored = "perl -e '$SIG{PIPE} = q(IGNORE); exec qw(bash -c), q(yes 2>/dev/null | head -n 1; echo ${PIPESTATUS[*]})'";
    assert_eq!(job.sh(ignored), "y\n1 0\n");
}

#[test]
fn a_pretended_root_is_one_to_tools_too() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let script = "id -u; id -g; id -G; whoami; touch f; chown 5:6 f; stat -c %u:%g f; perl -e 'printf qq(%d:%d\\n), (stat q(f))[4, 5]'; install -o root -g 7 -m 640 f g; stat -c '%u:%g %a' g; chgrp 9 g; ls -ln g | cut -d' ' -f1-4\n\
                  tar cf t.tar f g; tar tvf t.tar --numeric-owner | cut -c1-20; mkdir x; tar xf t.tar -C x; stat -c %u:%g x/f x/g; chown -R 1:1 x; cp -a x y; find y -uid 1 -gid 1 | sort; chmod 4755 f; stat -c %a f; bash -c 'echo $UID $EUID'; perl -e 'print qq($< $>\\n)'; test -O f; echo $?; test -w /etc/shadow && echo writes\n\
                  mknod c c 1 3; stat -c '%F %t %T' c; chown bin f; stat -c %U f; dd if=/dev/zero of=f bs=1 count=1 2>/dev/null; stat -c %u:%g f; mv f h; ln h i; stat -c '%u:%g %h' i; rm -rf x y; chown 0:0 /; mkdir -m 1777 s; stat -c %a:%u s";
    job.same_with(script, |xroot| xroot.args(["-0"]));
}

#[test]
fn pretended_ids_are_told_to_tools_too() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let seen = job.same_with(
        "id -u; id -g; touch f; stat -c %u:%g f; perl -e 'print qq($<\\n), (stat q(f))[4], qq(\\n)'; bash -c 'echo $UID'; chown 1000 f; echo $?; chown 5 f 2>/dev/null || echo $?; ls -ln f | cut -d' ' -f3,4; test -O f; echo $?; install -o 1000 f g; stat -c %u g",
        |xroot| xroot.args(["-i", "1000:1000"]),
    );
    assert!(seen.starts_with("1000\n1000\n1000:1000\n1000\n1000\n1000\n0\n"), "{seen}");
}

#[test]
fn the_kernels_release_is_told_to_tools_too() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = job.options(&["--native", "auto,uname,arch"]);
    let script = "uname -r; uname -m; arch; uname -srvmo; perl -MPOSIX -e 'print join(q( ), (POSIX::uname())[2, 4]), qq(\\n)'; cat /proc/sys/kernel/osrelease; bash -c 'uname -a'";
    let seen = job.same_with(script, |xroot| xroot.args(["-k", "5.4.0"]));
    assert!(seen.starts_with("5.4.0\narmv7l\narmv7l\n"), "{seen}");
    let file = job.beside("out").join("trace");
    let trace = ["--trace-exec".as_ref(), file.as_os_str()];
    job.native().args(trace).run(["uname", "-m"]).success();
    crate::trace::Trace::parse(&fs::read_to_string(&file).expect("it was asked for")).shows(Native, "uname");
}

#[test]
fn what_is_left_running_is_waited_for_if_asked() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let script = "(sleep 0.3; echo late) & (perl -e 'sleep 1; exec qw(echo later)') & echo early; exit 3";
    for (option, expected) in [("--wait-all", "early\nlate\nlater\n"), ("--kill-on-exit", "early\n")] {
        for xroot in [job.native(), job.emulated()] {
            let output = xroot.args([option]).run(["sh", "-c", script]);
            assert_eq!((&*output.stdout, output.code()), (expected, 3), "{option}: {output}");
        }
    }
}

#[test]
fn sessions_at_once_share_an_empty_cache() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = job.file("hello.c", HELLO_C);
    let cache = job.beside("cache");
    let one = |name: &str| {
        let script = format!("gcc hello.c -o {name} && ./{name}; make --version | head -n 1");
        let output = job.native().own_env("XDG_CACHE_HOME", &cache).run(["sh", "-c", &script]);
        assert_eq!(output.stderr, "", "{output}");
        output.success()
    };
    let all: Vec<_> = thread::scope(|scope| {
        let started: Vec<_> = ["a", "b", "c"].map(|name| scope.spawn(move || one(name))).into();
        started.into_iter().map(|thread| thread.join().expect("it ends well")).collect()
    });
    assert!(all.iter().all(|seen| seen == "hello from armv7l sizeof(long)=4\nGNU Make 4.3\n"), "{all:?}");
    let left = fs::read_dir(cache.join("xroot/answers")).expect("they are kept").flatten();
    assert!(
        left.map(|entry| entry.path()).all(|path| path.extension().is_none()),
        "unfinished answers are left"
    );
}

#[test]
fn a_cache_that_is_no_use_changes_nothing() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = job.file("hello.c", HELLO_C);
    let seen = |cache: &Path| {
        let script = "gcc hello.c -o h && ./h; bash -c 'echo $MACHTYPE'; make -v | head -n 1";
        let file = job.project.join("trace");
        let args = ["--trace-exec".as_ref(), file.as_os_str()];
        let output = job.native().own_env("XDG_CACHE_HOME", cache).args(args).run(["sh", "-c", script]);
        assert_eq!(output.stderr, "", "{}: {output}", cache.display());
        let trace = crate::trace::Trace::parse(&fs::read_to_string(&file).expect("it was asked for"));
        ["cc1", "as", "ld", "bash", "dash"].iter().for_each(|name| trace.shows(Native, name));
        output.success()
    };
    let good = job.beside("good");
    let expected = seen(&good);
    // Answers that were cut off, that are of something else, and that are no text.
    let answers: Vec<_> = fs::read_dir(good.join("xroot/answers"))
        .expect("they are kept")
        .flatten()
        .map(|entry| entry.path())
        .collect();
    assert!(answers.len() > 5, "{answers:?}");
    for garbage in [&b""[..], b"x\n99.0\n", b"\xff\xfe\0\n"] {
        answers.iter().for_each(|path| fs::write(path, garbage).expect("the cache is ours"));
        assert_eq!(seen(&good), expected, "{garbage:?}");
    }
    let locked = job.beside("locked");
    chmod(&locked, 0o555);
    assert_eq!(seen(&locked), expected);
    fs::write(job.project.join("file"), "").expect("the project is ours");
    assert_eq!(seen(&job.project.join("file")), expected);
    assert_eq!(seen(Path::new("/proc/none")), expected);
}

#[test]
fn without_a_home_the_tools_are_the_same() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = job.file("hello.c", HELLO_C);
    let without = |xroot: Xroot| {
        let mut command = xroot.into_command();
        command.env_remove("HOME").args(["sh", "-ec", "gcc hello.c -o h; ./h; bash -c 'echo $BASH_VERSION'"]);
        run(&mut command).success()
    };
    assert_eq!(without(job.native()), without(job.emulated()));
}

/// Programs of both kinds, started by each other, as ^C finds them. None ends before make has heard of the ^C and taken
/// its target away: of a child that ends with it, make may have heard already and yet wait for it (natively too, in 3 of
/// 100 runs: "wait: No child processes", 2).
const FOREVER: &str = r#"all: a b c
a:
	@touch a; trap 'while test -e a; do sleep 0.1; done' INT; sleep 1000; exit 130
b:
	@exec perl -e 'open F, q(>b); system q(sleep 1000); select undef, undef, undef, 0.1 while -e q(b)'
c:
	@exec bash -c 'touch c; trap "while test -e c; do sleep 0.1; done" INT; echo ready; perl -e "sleep 1000"; exit 130'
.PHONY: all
"#;

#[test]
fn an_interrupt_ends_a_native_make_and_all_below() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let job = job.file("Makefile", FOREVER);
    for (name, xroot) in [("native", job.native()), ("emulated", job.emulated())] {
        let mark = format!("XROOT_TEST_FOREVER_{name}");
        let mut command = xroot.env(&mark, "yes").into_command();
        let mut live = Live::start(command.args(["make", "-j3"]).env(&mark, "yes"));
        assert_eq!(live.line(), "ready", "{name}");
        thread::sleep(SETTLE);
        killpg(live.pid(), Signal::SIGINT).expect("it runs");
        assert_eq!(live.end(), 130, "{name}");
        eventually("nothing is left", || marked(&format!("{mark}=yes")).is_empty());
    }
}

#[test]
fn an_interactive_native_shell_has_jobs() {
    let Some(job) = Job::new("armhf-dev") else { return };
    let session = |xroot: Xroot| {
        let inner = xroot.env("PS1", "").into_command();
        let mut command = std::process::Command::new("setsid");
        command.args(["--ctty", "--wait"]).arg(inner.get_program()).args(inner.get_args());
        command.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.args(["bash", "--norc", "--noprofile", "--noediting", "-i"]).current_dir(&job.project);
        let mut terminal = Terminal::start(&mut command);
        let mut seen = Vec::new();
        terminal.type_in("PS1=; echo in''side\n");
        terminal.until("inside\n");
        for (keys, end) in [
            ("perl -e '$| = 1; print qq(up\\n); sleep 1000'\n", "up\n"),
            ("\x03", ""),
            ("echo sta''tus $?\n", "status 130\n"),
            ("bash -c 'echo up; exec sleep 1000'\n", "up\n"),
            ("\x1a", "Stopped"),
            ("echo sta''tus $?\n", "status 148\n"),
            ("bg >/dev/null; jobs | cut -c1-20 | tr -d ' '\n", "Running\n"),
            ("kill %1; wait %1; echo sta''tus $?\n", "status 143\n"),
            ("cat\n", ""),
            ("line\n", "line\n"),
            ("\x04echo sta''tus $?\n", "status 0\n"),
            ("make -f /dev/null; (exit 7) | (exit 8); echo sta''tus $?\n", "status 8\n"),
        ] {
            terminal.type_in(keys);
            if end.is_empty() {
                thread::sleep(SETTLE);
            } else {
                seen.push(terminal.until(end).trim().rsplit('\n').next().unwrap_or_default().to_owned());
            }
        }
        terminal.type_in("exit 5\n");
        (seen, terminal.child.wait().expect("it is a child").code())
    };
    let (native, emulated) = (session(job.native()), session(job.emulated()));
    assert_eq!(native, emulated);
    assert_eq!(native.1, Some(5));
}
