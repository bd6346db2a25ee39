//! What each kind of tool sees: the guest's tree, and laid over it what the tool needs of its own.
#![forbid(unsafe_code)]

use super::place::place;
use crate::config::{Shows, ToolMount, Toolset};
use crate::exec::Natives;
use crate::vfs::{GuestPath, HostLookup, HostPath, Kind, Last, Mount, Namespace, Views};

/// The guest's own view, and one for each of `toolset`, in that order. A place that leads nowhere is left out.
pub fn views(guest: &Namespace, toolset: &Toolset, natives: &Natives) -> Views {
    let guest = &guarded(guest, toolset);
    let mut views = Views::new(guest.clone());
    let mut lookup = HostLookup::new();
    for (position, view) in toolset.views.iter().enumerate() {
        let mut names = guest.clone();
        for (at, host) in natives.library_mounts(position) {
            names.lay(overlay(at, host));
        }
        for mount in &view.mounts {
            if let Some(mount) = found(mount, guest, &mut lookup) {
                names.lay(mount);
            }
        }
        views.add(names);
    }
    views
}

/// The guest's own view, in which nobody changes the trees that tools come from. They may lie below the bound home.
fn guarded(guest: &Namespace, toolset: &Toolset) -> Namespace {
    let mut names = guest.clone();
    let roots = toolset.views.iter().map(|view| HostPath::new(&view.root));
    for root in roots.filter(|root| root.as_bytes() != b"/") {
        if let Some(at) = guest.guest_of(&root) {
            names.lay(overlay(at, root));
        }
    }
    names
}

fn found(mount: &ToolMount, guest: &Namespace, lookup: &mut HostLookup) -> Option<Mount> {
    let at = place(guest, lookup, &mount.at, Last::Follow).ok()?;
    let host = match &mount.shows {
        Shows::Host(host) => HostPath::new(std::fs::canonicalize(host).ok()?),
        Shows::Guest(path) => guest.locate(&place(guest, lookup, path, Last::Follow).ok()?).host,
        Shows::Nothing => HostPath::new("/dev/null"),
    };
    host.as_path().exists().then(|| overlay(at, host))
}

fn overlay(guest: GuestPath, host: HostPath) -> Mount {
    let kind = if host.as_path().is_dir() { Kind::Directory } else { Kind::File };
    Mount { guest, host, kind, readonly: true }
}
