//! The syscall table against the kernel's own lists, and its promise that nothing passes without a reason.
#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sandbox::syscall::TABLE;
use sandbox::syscall::table::{Base, Intent, LastRule, Row, STUB_PRCTL, Verdict, When, number, row};

/// Calls that may pass without a word: their arguments are descriptors that are open already, memory, numbers, signal
/// sets, and the caller itself. None can name a file, or a process that the caller did not make.
const HARMLESS: &str = "
    read write close fstat poll lseek mmap mprotect munmap brk rt_sigprocmask rt_sigreturn pread64 pwrite64
    readv writev pipe select sched_yield mremap msync mincore madvise shmget shmat shmctl dup dup2 pause
    nanosleep getitimer alarm setitimer getpid sendfile socket shutdown listen socketpair setsockopt
    exit uname semget semop semctl shmdt msgget msgsnd msgrcv msgctl flock fsync fdatasync
    ftruncate fchmod fchown umask gettimeofday getrlimit getrusage sysinfo times getuid syslog getgid
    setuid setgid geteuid getegid getppid getpgrp setsid setreuid setregid getgroups setgroups setresuid
    getresuid setresgid getresgid setfsuid setfsgid rt_sigpending rt_sigtimedwait rt_sigsuspend sigaltstack
    personality fstatfs sched_get_priority_max sched_get_priority_min mlock munlock mlockall munlockall
    vhangup modify_ldt arch_prctl adjtimex setrlimit sync settimeofday iopl ioperm gettid readahead
    fsetxattr fgetxattr flistxattr fremovexattr time futex io_setup io_destroy io_getevents io_cancel
    epoll_create remap_file_pages set_tid_address restart_syscall semtimedop fadvise64 timer_settime
    timer_gettime timer_getoverrun timer_delete clock_settime exit_group epoll_wait epoll_ctl mbind
    set_mempolicy get_mempolicy mq_timedsend mq_timedreceive mq_getsetattr inotify_init inotify_rm_watch
    pselect6 ppoll set_robust_list splice tee sync_file_range vmsplice epoll_pwait signalfd timerfd_create
    eventfd fallocate timerfd_settime timerfd_gettime signalfd4 eventfd2 epoll_create1 dup3 pipe2
    inotify_init1 preadv pwritev fanotify_init clock_adjtime syncfs getcpu getrandom membarrier mlock2
    copy_file_range preadv2 pwritev2 pkey_mprotect pkey_alloc pkey_free io_pgetevents rseq uretprobe uprobe
    close_range epoll_pwait2 memfd_secret futex_waitv set_mempolicy_home_node cachestat map_shadow_stack
    futex_wake futex_wait futex_requeue lsm_get_self_attr lsm_set_self_attr lsm_list_modules mseal
    rseq_slice_yield
";

#[test]
fn names_and_numbers_are_unique_and_sorted() {
    let ordered = |numbers: Vec<u32>| numbers.windows(2).all(|pair| pair[0] < pair[1]);
    assert!(
        ordered(TABLE.iter().filter_map(|row| row.x86_64).collect()),
        "not in the order of the x86-64 numbers"
    );
    let unique = |what: &str, all: Vec<String>| {
        let mut seen = BTreeSet::new();
        for item in all {
            assert!(seen.insert(item.clone()), "{what} {item} has two rows");
        }
    };
    unique("name", TABLE.iter().map(|row| row.name.to_string()).collect());
    unique("AArch64 number", TABLE.iter().filter_map(|row| row.aarch64).map(|nr| nr.to_string()).collect());
}

/// As arch/x86/entry/syscalls/syscall_64.tbl: 337 to 423 are left out, so that new calls have one number everywhere.
#[test]
fn every_number_of_linux_6_18_has_a_row() {
    let known: BTreeSet<_> = TABLE.iter().filter_map(|row| row.x86_64).collect();
    for nr in (0..=336).chain(424..=469) {
        assert!(known.contains(&nr), "x86-64 number {nr} has no row");
    }
    // As scripts/syscall.tbl for arm64: 244 to 259 are an architecture's own, 295 to 423 were never given to 64 bits.
    let known: BTreeSet<_> = TABLE.iter().filter_map(|row| row.aarch64).collect();
    for nr in (0..=243).chain(260..=294).chain(424..=469) {
        assert!(known.contains(&nr), "AArch64 number {nr} has no row");
    }
}

#[test]
fn the_table_agrees_with_the_installed_headers() {
    let x86_64 = ["/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h"];
    let generic = ["/usr/include/asm-generic/unistd.h"];
    if let Some(text) = header(&x86_64) {
        compare(&defines(&text), |row| row.x86_64);
    }
    if let Some(text) = header(&generic) {
        let mut calls = defines(&text);
        // What only 32-bit machines have, where an architecture's own calls begin, and the end of the list.
        calls.retain(|name, nr| {
            !(403..=423).contains(nr) && name != "arch_specific_syscall" && name != "syscalls"
        });
        // Some architectures swap the arguments of this number, under another name.
        calls.remove("sync_file_range2");
        compare(&calls, |row| row.aarch64);
    }
}

/// The first of `candidates` that exists. Where there is none, says that the test is skipped, if it may be.
fn header(candidates: &[&str]) -> Option<String> {
    let found = candidates.iter().find(|path| Path::new(path).exists());
    if found.is_none() {
        eprintln!("skipped: none of {candidates:?} is installed (linux-libc-dev)");
        assert!(std::env::var_os("XROOT_TEST_MUST_RUN").is_none(), "a test was skipped");
    }
    found.map(|path| std::fs::read_to_string(path).expect("an installed header can be read"))
}

/// Names and numbers of `#define __NR_name number`.
fn defines(text: &str) -> BTreeMap<String, u32> {
    let mut calls = BTreeMap::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let (Some("#define"), Some(symbol), Some(Ok(nr))) =
            (words.next(), words.next(), words.next().map(str::parse))
        else {
            continue;
        };
        let Some(name) = symbol.strip_prefix("__NR_").or_else(|| symbol.strip_prefix("__NR3264_")) else {
            continue;
        };
        let name = if name == "fstatat" { "newfstatat" } else { name };
        calls.insert(name.to_string(), nr);
    }
    assert!(calls.len() > 300, "the header was not understood: {} calls", calls.len());
    calls
}

#[track_caller]
fn compare(calls: &BTreeMap<String, u32>, number: fn(&Row) -> Option<u32>) {
    for (name, nr) in calls {
        let row = TABLE.iter().find(|row| number(row) == Some(*nr));
        assert_eq!(row.map(|row| row.name), Some(name.as_str()), "number {nr}");
    }
}

#[test]
fn what_can_pass_and_names_a_file_or_a_process_says_why_it_is_safe() {
    let harmless: BTreeSet<_> = HARMLESS.split_whitespace().collect();
    let silent: BTreeSet<_> =
        TABLE.iter().filter(|row| can_pass(row) && row.why.is_empty()).map(|row| row.name).collect();
    assert_eq!(silent, harmless);
}

fn can_pass(row: &Row) -> bool {
    match row.verdict {
        Verdict::Allow => true,
        Verdict::Refuse(_) => false,
        Verdict::Handle(conditions, _) => !conditions.contains(&When::Always),
    }
}

#[test]
fn refusals_say_why() {
    for row in TABLE {
        assert!(!matches!(row.verdict, Verdict::Refuse(_)) || !row.why.is_empty(), "{}", row.name);
    }
}

#[test]
fn calls_that_name_files_are_always_trapped() {
    for row in TABLE.iter().filter(|row| !row.paths.is_empty()) {
        assert!(row.traps(&[], &[0; 6]), "{}", row.name);
    }
}

#[test]
fn path_arguments_are_plausible() {
    for row in TABLE {
        for path in row.paths {
            let base = match path.base {
                Base::Cwd => 0,
                // The descriptor comes right before the path in every call of Linux.
                Base::Fd(fd) => {
                    assert_eq!(fd + 1, path.arg, "{}", row.name);
                    fd
                }
            };
            assert!(base < 6 && path.arg < 6, "{}", row.name);
            let names_only = matches!(path.intent, Intent::Create | Intent::Remove);
            assert!(!names_only || path.last == LastRule::NoFollow, "{}: names are never followed", row.name);
            let plain = row.name.strip_suffix("at");
            let at_call = plain.is_some_and(|plain| TABLE.iter().any(|row| row.name == plain));
            assert!(!at_call || path.base != Base::Cwd, "{} takes a directory descriptor", row.name);
        }
    }
}

#[test]
fn lookups_find_a_row_by_number_and_a_number_by_name() {
    for expected in TABLE {
        if let Some(nr) = expected.host_number() {
            assert_eq!(number(expected.name), u64::from(nr));
            assert_eq!(row(nr.into()).map(|row| row.name), Some(expected.name));
        }
    }
    for nr in [400, 511, 512, 0x4000_0000, u64::MAX] {
        assert!(row(nr).is_none(), "{nr}");
    }
    const OPENAT2: u64 = number("openat2");
    assert_eq!(OPENAT2, 437);
}

#[test]
fn conditions_compare_as_much_of_an_argument_as_the_kernel_reads() {
    #[track_caller]
    fn check(when: When, arg: u64, expected: bool) {
        assert_eq!(when.holds(&[], &[0, arg, 0, 0, 0, 0]), expected, "{when:?} of {arg:#x}");
    }
    check(When::ArgIs(1, &[STUB_PRCTL]), 0xffff_ffff_0000_0000 | u64::from(STUB_PRCTL), true);
    check(When::ArgIs(1, &[1, 2]), 3, false);
    check(When::ArgIsNot(1, &[0]), 1 << 32, false);
    check(When::ArgIsNot(1, &[0]), 1, true);
    check(When::ArgHas(1, 6), 2, true);
    check(When::ArgHas(1, 6), 1, false);
    check(When::NotNull(1), 1 << 32, true);
    check(When::NotNull(1), 0, false);
}

#[test]
fn an_empty_path_or_a_null_pointer_is_the_base_only_where_the_call_says_so() {
    const FLAG: u64 = libc::AT_EMPTY_PATH as u64;
    #[track_caller]
    fn check(call: &str, args: [u64; 6], empty: bool, null: bool) {
        let row = TABLE.iter().find(|row| row.name == call).expect("the table has the call");
        assert_eq!(row.paths[0].empty_is_base(&args), empty, "{call}: empty path");
        assert_eq!(row.paths[0].is_null_base(&args), null, "{call}: null pointer");
    }
    check("stat", [0; 6], false, false);
    check("readlinkat", [0; 6], true, false);
    check("statx", [3, 0, FLAG, 0, 0, 0], true, true);
    check("statx", [3, 1, FLAG, 0, 0, 0], true, false);
    check("statx", [3, 0, 0, FLAG, 0, 0], false, false);
    check("fchownat", [3, 0, 0, 0, FLAG, 0], true, false);
    check("utimensat", [0; 6], false, true);
    check("utimensat", [libc::AT_FDCWD as u64, 0, 0, 0, 0, 0], false, false);
    check("fanotify_mark", [0; 6], false, true);
}
