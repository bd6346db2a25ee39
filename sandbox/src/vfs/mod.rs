//! Where guest paths are: the mount table and the walk over it. Knows neither calls nor tracees.
#![forbid(unsafe_code)]

mod path;

mod namespace;

mod resolve;

mod lookup;

mod walk;

mod run;

mod host;

pub mod proc;

mod reached;

mod view;

#[cfg(test)]
mod vectors;

pub use host::{Found, HostLookup, Way};
pub use lookup::{Lookup, Node, Spot};
pub use namespace::{Kind, Mount, Namespace, Place};
pub use path::{GuestPath, HostPath};
pub use reached::Reached;
pub use resolve::{Base, Last, Resolved, Tail, resolve, resolve_below};
pub use view::{View, ViewId, Views};
pub use walk::NAME_MAX;
