//! The stub loads programs as the kernel's execve does: each is run both ways, and must say the same of itself.
#![forbid(unsafe_code)]

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use sandbox::exec::loader::Report;

use crate::programs::{NAME, Scratch, on_path, plan_for};
use crate::tracer::{self, Loaded, Output, SCRATCH, Setup};

fn argv(args: &[&str]) -> Vec<Vec<u8>> {
    [NAME].into_iter().chain(args.iter().map(|arg| arg.as_bytes())).map(<[u8]>::to_vec).collect()
}

fn native(program: &Path, args: &[&str], setup: &Setup) -> Output {
    tracer::native(program.as_os_str().as_bytes(), &argv(args), setup)
}

#[track_caller]
fn load(program: &Path, args: &[&str], setup: &Setup) -> Loaded {
    let plan = plan_for(program.as_os_str().as_bytes()).expect("the program can run");
    tracer::load(&plan, &argv(args), setup)
}

/// Runs `program` natively and through the stub, with the same arguments.
#[track_caller]
fn check(program: impl AsRef<Path>, args: &[&str]) -> Loaded {
    check_in(program, args, &Setup::default())
}

/// The same in a process set up in a certain way.
#[track_caller]
fn check_in(program: impl AsRef<Path>, args: &[&str], setup: &Setup) -> Loaded {
    let program = program.as_ref();
    let native = native(program, args, setup);
    let loaded = load(program, args, setup);
    assert_eq!(loaded.output, native, "{program:?} {args:?}");
    check_report(&loaded);
    loaded
}

/// The stub did all it was asked to, and left nothing of the carrier but its own pages.
#[track_caller]
fn check_report(loaded: &Loaded) {
    let Report::Done { scratch, scratch_len, blob, mm } = loaded.report else {
        panic!("{:?}", loaded.report)
    };
    assert_eq!(mm, None);
    assert_eq!(scratch_len, SCRATCH);
    let mapping = |at: u64| {
        let starts = format!("{at:012x}-");
        loaded
            .maps
            .lines()
            .find(|line| line.starts_with(&starts))
            .unwrap_or_else(|| panic!("{}", loaded.maps))
    };
    assert!(mapping(scratch).contains(" r--p 00000000 00:00 0"), "{}", loaded.maps);
    assert!(mapping(blob).contains(" r-xp "), "{}", loaded.maps);
    let own = std::env::current_exe().expect("this process has an executable");
    let of_carrier = |line: &&str| line.ends_with(own.to_str().expect("its path is text"));
    assert_eq!(loaded.maps.lines().filter(of_carrier).collect::<Vec<_>>(), [mapping(blob)]);
    let linkers =
        loaded.maps.lines().filter(|line| line.contains("/ld-linux") && line.contains(" 00000000 "));
    assert!(linkers.count() <= 1, "{}", loaded.maps);
}

#[test]
fn the_hosts_own_programs_run() {
    check("/bin/true", &[]);
    check("/bin/echo", &["a", "", "b c", "\u{e9}"]);
    check("/bin/ls", &["/usr/../etc/passwd"]);
    check("/bin/sh", &["-c", "echo $0 $1; exit 3", "zero", "one"]);
    check("/usr/bin/perl", &["-e", "print join(q( ), map { $_ * 2 } 1 .. 1000), qq($0\\n)"]);
}

#[test]
fn a_dynamic_program_sees_itself() {
    let dir = Scratch::new("dynamic");
    check(dir.cc("cc", "self.c", "pie", &["-pie", "-fPIE"]), &["one", "two"]);
    let fixed = dir.cc("cc", "self.c", "nopie", &["-no-pie", "-fno-pie"]);
    let loaded = check(&fixed, &["one"]);
    assert!(loaded.output.text.contains("\nbss 0 constructed 1 tls 42\n"), "{}", loaded.output.text);
    assert!(loaded.output.text.contains("\nauxv as the kernel says\n"), "{}", loaded.output.text);
}

#[test]
fn a_static_program_sees_itself() {
    let dir = Scratch::new("static");
    check(dir.cc("cc", "self.c", "static", &["-static", "-no-pie", "-fno-pie"]), &[]);
    check(dir.cc("cc", "self.c", "static-pie", &["-static-pie", "-fPIE"]), &["", "x"]);
}

#[test]
fn a_program_of_another_libc_sees_itself() {
    if on_path("musl-gcc").is_none() {
        return;
    }
    let dir = Scratch::new("musl");
    check(dir.cc("musl-gcc", "self.c", "dynamic", &["-pie", "-fPIE"]), &["a"]);
    check(dir.cc("musl-gcc", "self.c", "static", &["-static", "-no-pie", "-fno-pie"]), &["a"]);
}

#[test]
fn a_rust_program_runs() {
    let own = std::env::current_exe().expect("this process has an executable");
    let native = native(&own, &["--list"], &Setup::default());
    let loaded = load(&own, &["--list"], &Setup::default());
    assert_eq!(loaded.output, native);
    assert!(native.text.contains("a_rust_program_runs: test"), "{native:?}");
}

#[test]
fn a_program_starts_with_clean_registers() {
    let dir = Scratch::new("start");
    let loaded = check(dir.cc("cc", "start.S", "start", &["-nostdlib", "-static"]), &[]);
    assert_eq!(loaded.output.code, Some(0));
}

#[test]
fn addresses_are_random_unless_the_process_wants_them_fixed() {
    let dir = Scratch::new("random");
    for (name, flags) in [
        ("pie", &["-pie", "-fPIE"][..]),
        ("static-pie", &["-static-pie", "-fPIE"]),
        ("nopie", &["-no-pie", "-fno-pie"]),
    ] {
        let program = dir.cc("cc", "where.c", name, flags);
        let run = |before| load(&program, &[], &Setup { before, ..Setup::default() }).output.text;
        let (one, two) = (run(""), run(""));
        for (one, two) in one.lines().zip(two.lines()) {
            assert_eq!(one == two, name == "nopie" && one.starts_with("main"), "{name}: {one} {two}");
        }
        let fixed = Setup { before: "exec setarch -R", ..Setup::default() };
        assert_eq!(load(&program, &[], &fixed).output, load(&program, &[], &fixed).output);
        // Among the libraries lie the stub's pages, which natively are not there; on the stack the carrier's name.
        let kept =
            |line: &&str| line.starts_with("heap") || (line.starts_with("main") && name != "static-pie");
        let loaded = load(&program, &[], &fixed).output.text;
        let native = native(&program, &[], &fixed).text;
        assert!(loaded.lines().filter(kept).eq(native.lines().filter(kept)), "{name}: {loaded} {native}");
    }
}

#[test]
fn a_large_alignment_is_kept() {
    let dir = Scratch::new("aligned");
    for (name, flags) in [
        ("pie", &["-pie", "-fPIE"][..]),
        ("static-pie", &["-static-pie", "-fPIE"]),
        ("nopie", &["-no-pie", "-fno-pie"]),
    ] {
        let flags = [flags, &["-Wl,-z,max-page-size=0x200000", "-DALIGN=0x200000"]].concat();
        check(dir.cc("cc", "aligned.c", name, &flags), &[]);
    }
}

#[test]
fn code_on_the_stack_runs_only_where_the_program_asks_for_it() {
    let dir = Scratch::new("stack");
    let wanted = check(dir.cc("cc", "stack.c", "wanted", &["-z", "execstack"]), &[]);
    assert_eq!(wanted.output.code, Some(42));
    let forbidden = check(dir.cc("cc", "stack.c", "forbidden", &["-z", "noexecstack"]), &[]);
    assert_eq!(forbidden.output.signal, Some(libc::SIGSEGV));
}

#[test]
fn a_process_without_free_descriptors_can_load_a_program() {
    let dir = Scratch::new("full");
    let program = dir.cc("cc", "self.c", "self", &["-static"]);
    check_in(&program, &[], &Setup { files: Some(3), ..Setup::default() });
}

#[test]
fn an_emulators_own_arguments_are_not_shown() {
    let dir = Scratch::new("hidden");
    let program = dir.cc("cc", "self.c", "self", &[]);
    let mut plan = plan_for(program.as_os_str().as_bytes()).expect("the program can run");
    (plan.swap, plan.hidden) = (Some((2, 3)), 3);
    let loaded = tracer::load(&plan, &argv(&["-0", "path", "zero", "one"]), &Setup::default());
    let text = &loaded.output.text;
    assert!(text.starts_with("arg name\narg -0\narg zero\narg path\narg one\n"), "{text}");
    assert!(text.contains("\n/proc/self/cmdline:zero|one|\n"), "{text}");
}

#[test]
fn an_emulator_runs_as_it_does_natively() {
    let (Some(qemu), Some(cc)) = (on_path("qemu-aarch64-static"), on_path("aarch64-linux-gnu-gcc")) else {
        return;
    };
    let dir = Scratch::new("emulator");
    let foreign = dir.cc(cc.to_str().expect("text"), "foreign.c", "foreign", &["-static"]);
    let foreign = foreign.to_str().expect("the path is text");
    let loaded = check(qemu, &["-0", "zero", foreign, "one"]);
    assert_eq!(loaded.output.text, "zero one 32 children\n");
}

#[test]
fn a_file_that_cannot_be_loaded_kills_the_process() {
    let dir = Scratch::new("broken");
    let program = dir.cc("cc", "self.c", "self", &[]);
    let mut plan = plan_for(program.as_os_str().as_bytes()).expect("the program can run");
    plan.interpreter = Some(sandbox::vfs::HostPath::new(dir.0.join("missing")));
    let loaded = tracer::load(&plan, &argv(&[]), &Setup::default());
    let stage = "mapping the interpreter";
    assert_eq!(loaded.report, Report::Failed { errno: sandbox::error::Errno::ENOENT, stage });
    assert_eq!(loaded.output.signal, Some(libc::SIGSEGV));
    // Even where the signal is ignored.
    let setup = Setup { before: "trap '' SEGV; exec", ..Setup::default() };
    assert_eq!(tracer::load(&plan, &argv(&[]), &setup).output.signal, Some(libc::SIGSEGV));
}
