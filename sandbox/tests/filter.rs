//! The seccomp filter against the table that it is computed from, and against the kernel.
#![forbid(unsafe_code)]

use nix::errno::Errno;
use sandbox::arch::AUDIT_ARCH;
use sandbox::engine::bpf::{self, Data};
use sandbox::engine::filter;
use sandbox::syscall::TABLE;
use sandbox::syscall::seccomp::{MARK, MASK};
use sandbox::syscall::table::{Feature, Row, Verdict, When, row};
use seccompiler::sock_filter;

const FEATURES: [Feature; 5] =
    [Feature::FakeIds, Feature::ReadOnly, Feature::Release, Feature::Tools, Feature::VirtualNames];

const TRAPPED: &[&str] = &["mount", "unshare", "clone", "sethostname", "prctl", "getuid"];

/// Foreign architectures: i386, and AArch64 or x86-64.
const FOREIGN: [u32; 3] = [0x4000_0003, if AUDIT_ARCH == 0xc000_003e { 0xc000_00b7 } else { 0xc000_003e }, 0];

/// Every set of features, from none to all.
fn feature_sets() -> impl Iterator<Item = Vec<Feature>> {
    (0..1 << FEATURES.len()).map(|set: u32| {
        FEATURES
            .iter()
            .enumerate()
            .filter(|(bit, _)| set >> bit & 1 == 1)
            .map(|(_, &feature)| feature)
            .collect()
    })
}

/// The numbers of this host's calls, those between and behind them, and those of x32.
fn numbers() -> impl Iterator<Item = u32> {
    let behind = [0x3fff_ffff, 0x4000_0000, 0x4000_0002, 0x4000_0200, 0x7fff_ffff, 0x8000_0000, u32::MAX];
    (0..600).chain(behind)
}

/// What the table says of a call, in SECCOMP_RET values.
fn model(call: &Data, features: &[Feature], trap: &[&str]) -> u32 {
    let row = if call.arch == AUDIT_ARCH { row(call.nr.into()) } else { None };
    let is_own = call.instruction_pointer & MASK == MARK;
    match row {
        // What xroot makes itself, with any arguments, where it may be one of those.
        Some(row) if is_own && may_be_trapped(row, features, trap) => libc::SECCOMP_RET_TRACE,
        Some(row) if !row.traps(features, &call.args) => libc::SECCOMP_RET_ALLOW,
        Some(row) if trap.contains(&row.name) => libc::SECCOMP_RET_TRAP,
        _ => libc::SECCOMP_RET_TRACE,
    }
}

/// Whether one of `trap` stops with some arguments in a session with these features.
fn may_be_trapped(row: &Row, features: &[Feature], trap: &[&str]) -> bool {
    let may_stop = match &row.verdict {
        Verdict::Allow => false,
        Verdict::Refuse(_) => true,
        Verdict::Handle(conditions, _) => conditions.iter().any(|when| match when {
            When::Feature(feature) | When::FeatureArgIs(feature, ..) => features.contains(feature),
            _ => true,
        }),
    };
    trap.contains(&row.name) && may_stop
}

/// xorshift64: the same numbers in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn pick(&mut self, from: &[u64]) -> u64 {
        from[(self.next() % from.len() as u64) as usize]
    }
}

/// Values on both sides of every comparison that the row of `nr` makes.
fn interesting(nr: u32) -> Vec<u64> {
    let mut values = vec![0, 1, 1 << 32, u64::MAX];
    let Some(Verdict::Handle(conditions, _)) = row(nr.into()).map(|row| &row.verdict) else { return values };
    for when in *conditions {
        match *when {
            When::Always | When::Feature(_) | When::NotNull(_) => {}
            When::ArgIs(_, compared) | When::ArgIsNot(_, compared) | When::FeatureArgIs(_, _, compared) => {
                for &value in compared {
                    let value = u64::from(value);
                    values.extend([
                        value,
                        value | 0xdead_beef << 32,
                        value.wrapping_add(1),
                        value.wrapping_sub(1),
                    ]);
                }
            }
            When::ArgHas(_, mask) => {
                values.extend((0..32).map(|bit| 1 << bit));
                values.extend([mask.into(), (!mask).into(), u64::from(mask) << 32]);
            }
        }
    }
    values
}

#[test]
fn the_filter_decides_every_call_as_the_table_does() {
    let mut random = Random(0x7861_6e64_6f78);
    let mut seen = [0; 3];
    for features in feature_sets() {
        for trap in [&[], TRAPPED] {
            let program = filter::program(&features, trap);
            for nr in numbers() {
                let values = interesting(nr);
                for _ in 0..3 * values.len() {
                    let args = [(); 6].map(|()| random.pick(&values));
                    let instruction_pointer = random.pick(&[0, MARK, MARK + 1, MARK + 0x7f00_0000_3080]);
                    let call = Data { nr, arch: AUDIT_ARCH, instruction_pointer, args };
                    let expected = model(&call, &features, trap);
                    assert_eq!(bpf::run(&program, &call), expected, "{call:x?} {features:?} {trap:?}");
                    let kinds = [libc::SECCOMP_RET_ALLOW, libc::SECCOMP_RET_TRACE, libc::SECCOMP_RET_TRAP];
                    seen[kinds.iter().position(|&kind| kind == expected).expect("the model knows three")] +=
                        1;
                }
            }
        }
    }
    assert!(seen.iter().all(|&count| count > 1000), "{seen:?}");
}

#[test]
fn calls_of_another_abi_always_stop_for_the_tracer() {
    let program = filter::program(&FEATURES, TRAPPED);
    for arch in FOREIGN {
        for nr in numbers() {
            let call = Data { nr, arch, instruction_pointer: 0, args: [0; 6] };
            assert_eq!(bpf::run(&program, &call), libc::SECCOMP_RET_TRAP, "{call:x?}");
        }
    }
}

/// As `seccomp_is_const_allow` in kernel/seccomp.c, which decides whether a number costs nothing.
fn kernel_caches(program: &[sock_filter], nr: u32) -> bool {
    let (mut pc, mut a) = (0, 0);
    loop {
        let step = &program[pc];
        let compared = match step.code {
            0x15 => a == step.k,
            0x25 => a > step.k,
            0x35 => a >= step.k,
            0x45 => a & step.k != 0,
            _ => false,
        };
        pc += 1;
        match step.code {
            0x20 if step.k == 0 => a = nr,
            0x20 if step.k == 4 => a = AUDIT_ARCH,
            0x06 => return step.k == libc::SECCOMP_RET_ALLOW,
            0x05 => pc += step.k as usize,
            0x15 | 0x25 | 0x35 | 0x45 => pc += usize::from(if compared { step.jt } else { step.jf }),
            0x54 => a &= step.k,
            _ => return false,
        }
    }
}

#[test]
fn an_allowed_call_is_allowed_before_any_argument_is_read() {
    for features in feature_sets() {
        let program = filter::program(&features, TRAPPED);
        let always_allowed = |verdict: &Verdict| match verdict {
            Verdict::Allow => true,
            Verdict::Refuse(_) => false,
            Verdict::Handle(conditions, _) => conditions.iter().all(|when| match when {
                When::Feature(feature) | When::FeatureArgIs(feature, ..) => !features.contains(feature),
                _ => false,
            }),
        };
        for row in TABLE {
            if let Some(nr) = row.host_number() {
                assert_eq!(
                    kernel_caches(&program, nr),
                    always_allowed(&row.verdict),
                    "{} {features:?}",
                    row.name
                );
            }
        }
    }
}

#[test]
fn the_filter_is_shorter_than_the_kernel_accepts() {
    for features in feature_sets() {
        for trap in [&[], TRAPPED] {
            let length = filter::program(&features, trap).len();
            assert!(length < libc::BPF_MAXINSNS as usize, "{length} instructions with {features:?}");
        }
    }
}

#[test]
#[should_panic = "not frobnicate"]
fn only_calls_of_the_table_can_be_trapped() {
    filter::program(&[], &["frobnicate"]);
}

/// A filter belongs to a thread. Without a tracer, the kernel answers calls that stop for one with ENOSYS.
#[test]
fn the_kernel_installs_the_filter_and_decides_as_the_interpreter() {
    let uid = nix::unistd::getuid().as_raw();
    for features in feature_sets() {
        let program = filter::program(&features, &[]);
        let outcome = std::thread::spawn(move || {
            sandbox::sys::seccomp::install(&program)?;
            Ok::<_, Errno>((
                nix::sys::stat::stat("/").map(drop),
                nix::unistd::getcwd().map(drop),
                nix::unistd::pipe().map(drop),
                nix::unistd::getuid().as_raw(),
            ))
        });
        let (stat, cwd, pipe, seen_uid) =
            outcome.join().expect("the thread survives its filter").expect("the kernel accepts the filter");
        assert_eq!((stat, cwd, pipe), (Err(Errno::ENOSYS), Err(Errno::ENOSYS), Ok(())));
        // The library's getuid knows no errors and gives back the kernel's -ENOSYS as it is.
        let stopped = seen_uid as i32 == -libc::ENOSYS;
        assert_eq!(stopped, features.contains(&Feature::FakeIds), "uid {seen_uid}");
        assert!(stopped || seen_uid == uid);
    }
}
