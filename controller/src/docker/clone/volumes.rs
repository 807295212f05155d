//! The volumes that nobody named: an Engine made them, and shows them beside those that were asked for.

use std::collections::HashSet;

use bollard::models::{ContainerInspectResponse, HostConfig, MountPoint, MountType};
use canary_config::origin::AnonymousVolumes;

use super::Original;

/// An Engine names a volume without a name by so many hexadecimal digits.
const NAME_DIGITS: usize = 64;

/// The anonymous volumes of a container, by where they are mounted.
#[must_use]
pub fn anonymous(container: &ContainerInspectResponse) -> Vec<&MountPoint> {
    let asked = asked(container.host_config.as_ref());
    let mounts = container.mounts.iter().flatten();
    mounts.filter(|mount| is_nameless(mount) && !asked.contains(destination(mount))).collect()
}

/// Mounts the original's anonymous volumes in the copy, where they are to be shared.
pub(super) fn carry(original: &Original, policy: AnonymousVolumes, host: &mut HostConfig) {
    if policy != AnonymousVolumes::Share {
        return;
    }
    for mount in anonymous(&original.container) {
        let name = mount.name.clone().unwrap_or_default();
        let asked = host.mounts.iter_mut().flatten().find(|asked| asked.target.as_deref() == Some(destination(mount)));
        match asked {
            Some(asked) => asked.source = Some(name),
            None => {
                let mode = if mount.rw == Some(false) { ":ro" } else { "" };
                host.binds.get_or_insert_default().push(format!("{name}:{}{mode}", destination(mount)));
            }
        }
    }
}

/// The declared volumes that nothing else is mounted over: Compose lists those, too.
pub(super) fn declared(host: &HostConfig, volumes: Option<Vec<String>>) -> Option<Vec<String>> {
    let asked = asked(Some(host));
    let own: Vec<String> = volumes?.into_iter().filter(|volume| !asked.contains(volume.as_str())).collect();
    (!own.is_empty()).then_some(own)
}

/// Where something is mounted that has a name.
fn asked(host: Option<&HostConfig>) -> HashSet<&str> {
    let Some(host) = host else { return HashSet::new() };
    let binds = host.binds.iter().flatten().filter_map(|bind| bind.split(':').nth(1));
    let mounts = host.mounts.iter().flatten().filter(|mount| {
        let has_source = mount.source.as_deref().is_some_and(|source| !source.is_empty());
        has_source || mount.typ != Some(MountType::VOLUME)
    });
    binds.chain(mounts.filter_map(|mount| mount.target.as_deref())).collect()
}

fn is_nameless(mount: &MountPoint) -> bool {
    let name = mount.name.as_deref().unwrap_or_default();
    mount.typ.as_deref() == Some("volume")
        && name.len() == NAME_DIGITS
        && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn destination(mount: &MountPoint) -> &str {
    mount.destination.as_deref().unwrap_or_default()
}
