//! What one process sees: the guest's own tree, or that with what a tool of the host needs laid over it.
#![forbid(unsafe_code)]

use std::collections::HashSet;

use super::{HostPath, Namespace};

/// A mount table, and what is known of it in advance.
#[derive(Debug, Clone)]
pub struct View {
    pub names: Namespace,
    /// [`Namespace::special_names`] of `names`.
    pub special: HashSet<Vec<u8>>,
}

/// The number of a view in a session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ViewId(pub usize);

impl ViewId {
    /// The view of the guest's own programs.
    pub const GUEST: Self = Self(0);
}

/// All views of a session; the guest's own is always there.
#[derive(Debug, Clone)]
pub struct Views(Vec<View>);

impl Views {
    /// The guest's own view alone.
    pub fn new(guest: Namespace) -> Self {
        Self(vec![View::new(guest)])
    }

    /// Adds a view.
    pub fn add(&mut self, names: Namespace) -> ViewId {
        self.0.push(View::new(names));
        ViewId(self.0.len() - 1)
    }

    /// The view called `id`.
    pub fn get(&self, id: ViewId) -> &View {
        &self.0[id.0]
    }

    /// The places of the host that overlays show, whatever the view.
    pub fn overlaid(&self) -> impl Iterator<Item = &HostPath> {
        self.0.iter().flat_map(|view| view.names.overlays()).map(|mount| &mount.host)
    }

    /// The mount table of the guest's own programs.
    pub fn guest(&self) -> &Namespace {
        &self.0[0].names
    }
}

impl View {
    fn new(names: Namespace) -> Self {
        Self { special: names.special_names(), names }
    }
}
