//! The stub loads programs as the kernel's execve does: each is run both ways, and must say the same of itself.
//!
//! No engine here: a minimal tracer executes this test's own file as the carrier, starts the stub in it, and waits for
//! its report.
#![cfg(target_arch = "x86_64")]
#![forbid(unsafe_code)]

mod programs;
mod tracer;

use programs::{Program, cc};
use sandbox::exec::loader::Report;
use tracer::{Loaded, SCRATCH, Setup, load, native};

/// Runs `program` natively and through the stub, with the same arguments.
#[track_caller]
fn check(program: &Program, args: &[&str]) -> Loaded {
    let setup = Setup::default();
    let native = native(program, args, &setup);
    let loaded = load(program, args, &setup);
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
    check(&Program::at("/bin/true"), &[]);
    check(&Program::at("/bin/echo"), &["a", "", "b c", "\u{e9}"]);
    check(&Program::at("/bin/ls"), &["/usr/../etc/passwd"]);
    check(&Program::at("/bin/sh"), &["-c", "echo $0 $1; exit 3", "zero", "one"]);
    check(&Program::at("/usr/bin/perl"), &["-e", "print join(q( ), map { $_ * 2 } 1 .. 1000), qq($0\\n)"]);
}

#[test]
fn a_dynamic_program_sees_itself() {
    check(&cc("self.c", "self-pie", &["-pie", "-fPIE"]), &["one", "two"]);
    check(&cc("self.c", "self-nopie", &["-no-pie", "-fno-pie"]), &["one"]);
}

#[test]
fn a_static_program_sees_itself() {
    check(&cc("self.c", "self-static", &["-static", "-no-pie", "-fno-pie"]), &[]);
    check(&cc("self.c", "self-static-pie", &["-static-pie", "-fPIE"]), &["", "x"]);
}

#[test]
fn a_program_starts_with_clean_registers() {
    let flags = ["-nostdlib", "-static"];
    let loaded = check(&cc("start.S", "start", &flags), &[]);
    assert_eq!(loaded.output.code, Some(0));
}
