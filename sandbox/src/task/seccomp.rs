//! What a thread has forbidden itself, as the guest believes: xroot's own filter is not counted.
//!
//! Source: `struct seccomp` and `struct seccomp_filter` of kernel/seccomp.c; PR_SET_NO_NEW_PRIVS(2const).
#![forbid(unsafe_code)]

use std::rc::Rc;

use seccompiler::sock_filter;

/// The seccomp state of one thread: inherited over clone and execve.
#[derive(Clone, Debug, Default)]
pub struct Seccomp {
    pub no_new_privs: bool,
    /// In strict mode: the next call that is stopped is its last.
    pub strict: bool,
    /// How many filters xroot itself was started under.
    pub outer: u32,
    /// The guest's own filters, the newest first.
    pub filters: Option<Rc<Filter>>,
}

/// One filter that the guest has installed, as the guest wrote it.
#[derive(Debug)]
pub struct Filter {
    pub program: Vec<sock_filter>,
    /// The filter that was there before.
    older: Option<Rc<Filter>>,
}

impl Seccomp {
    /// The state that this process's `status` file tells: what the guest would start with natively.
    pub fn inherited(status: &str) -> Self {
        let field = |name: &str| {
            let value = status.lines().find_map(|line| line.strip_prefix(name))?;
            value.trim().parse::<u32>().ok()
        };
        let filtered = field("Seccomp:").is_some_and(|mode| mode == libc::SECCOMP_MODE_FILTER);
        // Kernels before 5.9 do not count them.
        let outer = if filtered { field("Seccomp_filters:").unwrap_or(1) } else { 0 };
        Self { no_new_privs: field("NoNewPrivs:") == Some(1), outer, ..Self::default() }
    }

    /// Adds a filter in front of those that there are.
    pub fn push(&mut self, program: Vec<sock_filter>) {
        let older = self.filters.take();
        self.filters = Some(Rc::new(Filter { program, older }));
    }

    /// The guest's own filters, the newest first.
    pub fn own(&self) -> impl Iterator<Item = &Filter> {
        std::iter::successors(self.filters.as_deref(), |filter| filter.older.as_deref())
    }

    /// What PR_GET_SECCOMP answers.
    pub fn mode(&self) -> u32 {
        if self.strict {
            libc::SECCOMP_MODE_STRICT
        } else if self.filters.is_some() || self.outer != 0 {
            libc::SECCOMP_MODE_FILTER
        } else {
            libc::SECCOMP_MODE_DISABLED
        }
    }

    /// How many filters the guest believes to be under.
    pub fn count(&self) -> u32 {
        if self.strict { 0 } else { self.outer + self.own().count() as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xroot_runs_under_is_the_guests_too() {
        let bare = Seccomp::inherited("NoNewPrivs:\t0\nSeccomp:\t0\nSeccomp_filters:\t0\n");
        assert_eq!((bare.no_new_privs, bare.mode(), bare.count()), (false, 0, 0));
        let mut inside = Seccomp::inherited("NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t3\n");
        assert_eq!((inside.no_new_privs, inside.mode(), inside.count()), (true, 2, 3));
        inside.push(Vec::new());
        assert_eq!(inside.count(), 4);
        assert_eq!(Seccomp::inherited("Seccomp:\t2\n").count(), 1);
    }

    #[test]
    fn the_newest_filter_comes_first_and_a_copy_keeps_its_own() {
        let step = |k| sock_filter { code: 6, jt: 0, jf: 0, k };
        let mut first = Seccomp::default();
        first.push(vec![step(1)]);
        let mut child = first.clone();
        child.push(vec![step(2)]);
        let values = |seccomp: &Seccomp| seccomp.own().map(|filter| filter.program[0].k).collect::<Vec<_>>();
        assert_eq!((values(&first), values(&child)), (vec![1], vec![2, 1]));
    }
}
