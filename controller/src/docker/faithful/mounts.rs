//! What two containers would write to at once.

use bollard::models::{ContainerInspectResponse, MountPoint};
use canary_config::origin::AnonymousVolumes;

use super::{RECREATE, Report, Terms};
use crate::docker::clone::{Place, volumes};

pub(super) fn examine(container: &ContainerInspectResponse, terms: Terms, report: &mut Report) {
    let anonymous = volumes::anonymous(container);
    let shared: Vec<&str> = container.mounts.iter().flatten().filter(is_shared).map(place).collect();
    let nameless: Vec<&str> = anonymous.iter().copied().map(place).collect();
    let shared: Vec<&str> = shared.into_iter().filter(|place| !nameless.contains(place)).collect();
    if !shared.is_empty() && terms.place == Place::Beside {
        report.warn(
            format!("both releases would write to {} at once; a database of files would break", shared.join(", ")),
            RECREATE,
        );
    }
    if nameless.is_empty() {
        return;
    }
    let nameless = nameless.join(", ");
    match terms.volumes {
        AnonymousVolumes::Fresh => report.warn(
            format!("the volume at {nameless} has no name, and a copy begins with an empty one"),
            "name the volume in the file, or set `anonymous_volumes = \"share\"`",
        ),
        AnonymousVolumes::Share => report.warn(
            format!("both releases write to the volume without a name at {nameless}"),
            "name the volume in the file",
        ),
        AnonymousVolumes::Refuse => report.refuse(
            format!("the volume at {nameless} has no name, and `anonymous_volumes = \"refuse\"` forbids copies"),
            "name the volume in the file",
        ),
    }
}

/// Whether it is something writable that a copy has, too.
fn is_shared(mount: &&MountPoint) -> bool {
    let is_kept = matches!(mount.typ.as_deref(), Some("volume" | "bind"));
    // A socket is spoken with, not written to.
    let is_socket = mount.source.as_deref().is_some_and(|source| source.ends_with(".sock"));
    is_kept && mount.rw == Some(true) && !is_socket
}

fn place(mount: &MountPoint) -> &str {
    mount.destination.as_deref().unwrap_or_default()
}
