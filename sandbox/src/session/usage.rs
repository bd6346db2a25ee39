//! `--report`: how often each program ran, by whom, and how long.
#![forbid(unsafe_code)]

use std::fmt::Write;
use std::time::Duration;

use crate::engine::ptrace::{Runs, Usage, Used};

/// So many programs are named each by itself.
const LINES: usize = 40;

/// The table, and which program would save most if it were native.
pub fn text(usage: &Usage) -> String {
    table(&usage.programs(), crate::sys::process::own_cpu_time(), usage.stops())
}

fn table(programs: &[(Runs, String, Used)], own: Duration, stops: u64) -> String {
    let mut text = String::from("xroot: CPU seconds   starts  program");
    let mut line = |time: Duration, starts: &str, name: &str| {
        let (Ok(()) | Err(_)) = write!(text, "\nxroot: {:11.2} {starts:>8}  {name}", time.as_secs_f64());
    };
    for (runs, name, used) in programs.iter().take(LINES) {
        line(used.time, &used.starts.to_string(), &format!("{:8} {name}", runs.word()));
    }
    if programs.len() > LINES {
        let rest = sum(&mut programs[LINES..].iter());
        line(rest.time, &rest.starts.to_string(), &format!("and {} others", programs.len() - LINES));
    }
    for runs in [Runs::Native, Runs::Emulated, Runs::Own] {
        let all = sum(&mut programs.iter().filter(|(how, _, _)| *how == runs));
        if all.starts > 0 {
            line(all.time, &all.starts.to_string(), &format!("{} in all", runs.word()));
        }
    }
    line(own, "", &format!("xroot itself, at {stops} stops of the guest's threads"));
    let emulated =
        programs.iter().find(|(runs, _, used)| *runs == Runs::Emulated && used.time > Duration::ZERO);
    if let Some((_, name, used)) = emulated {
        let (Ok(()) | Err(_)) = write!(
            text,
            "\nxroot: a native {name} would save most: {:.2} s are emulated (xroot tools -r ROOTFS: what is and can be)",
            used.time.as_secs_f64()
        );
    }
    text
}

fn sum(programs: &mut dyn Iterator<Item = &(Runs, String, Used)>) -> Used {
    programs.fold(Used::default(), |sum, (_, _, used)| Used {
        starts: sum.starts + used.starts,
        time: sum.time + used.time,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_save_most_is_named() {
        let used = |starts, millis| Used { starts, time: Duration::from_millis(millis) };
        let programs = [
            (Runs::Native, "/usr/lib/cc1".into(), used(3, 5000)),
            (Runs::Emulated, "/usr/bin/gcc".into(), used(3, 1500)),
            (Runs::Emulated, "/usr/bin/perl".into(), used(1, 20)),
        ];
        let text = table(&programs, Duration::from_millis(250), 71);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "xroot: CPU seconds   starts  program",
                "xroot:        5.00        3  native   /usr/lib/cc1",
                "xroot:        1.50        3  emulated /usr/bin/gcc",
                "xroot:        0.02        1  emulated /usr/bin/perl",
                "xroot:        5.00        3  native in all",
                "xroot:        1.52        4  emulated in all",
                "xroot:        0.25           xroot itself, at 71 stops of the guest's threads",
                "xroot: a native /usr/bin/gcc would save most: 1.50 s are emulated \
                 (xroot tools -r ROOTFS: what is and can be)",
            ]
        );
    }
}
