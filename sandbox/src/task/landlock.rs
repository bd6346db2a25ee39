//! What a thread has forbidden itself with Landlock: the kernel holds the rules, xroot who is inside of whom.
//!
//! Source: security/landlock/domain.h (`struct landlock_hierarchy`), security/landlock/task.c.
#![forbid(unsafe_code)]

use std::rc::Rc;

/// A Landlock domain, made by one landlock_restrict_self(2): inherited over clone and execve, never left.
#[derive(Debug, Default)]
pub struct Domain {
    /// The domain that it was made in.
    parent: Option<Rc<Domain>>,
}

impl Domain {
    /// A new domain inside of `parent`.
    pub fn inside(parent: Option<Rc<Self>>) -> Rc<Self> {
        Rc::new(Self { parent })
    }

    /// True if who is in `outer` may trace who is in `inner`: both are the same, or `inner` was made inside of `outer`.
    ///
    /// As domain_scope_le() of security/landlock/task.c.
    pub fn holds(outer: Option<&Rc<Self>>, inner: Option<&Rc<Self>>) -> bool {
        let Some(outer) = outer else { return true };
        std::iter::successors(inner, |domain| domain.parent.as_ref()).any(|domain| Rc::ptr_eq(domain, outer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_holds_itself_and_what_was_made_inside() {
        let outer = Domain::inside(None);
        let inner = Domain::inside(Some(Rc::clone(&outer)));
        let other = Domain::inside(None);
        for (left, right, holds) in [
            (None, None, true),
            (None, Some(&inner), true),
            (Some(&outer), None, false),
            (Some(&outer), Some(&outer), true),
            (Some(&outer), Some(&inner), true),
            (Some(&inner), Some(&outer), false),
            (Some(&outer), Some(&other), false),
        ] {
            assert_eq!(Domain::holds(left, right), holds, "{left:?} {right:?}");
        }
    }
}
