//! Where guest paths are: the mount table and the walk over it. Knows neither calls nor tracees.
#![forbid(unsafe_code)]

mod path;

pub use path::{GuestPath, HostPath};
