//! The volumes that nobody named: an Engine made them, and shows them beside those that were asked for.

use std::collections::{BTreeSet, HashSet};

use bollard::models::{ContainerInspectResponse, HostConfig, MountPoint, MountType};
use canary_config::origin::AnonymousVolumes;

use super::Original;

/// An Engine names a volume without a name by so many hexadecimal digits.
const NAME_DIGITS: usize = 64;

/// The anonymous volumes of a container, by where they are mounted. One that a new container was given by its name, as
/// Compose does when it makes a container anew, has none for that.
#[must_use]
pub fn anonymous(container: &ContainerInspectResponse) -> Vec<&MountPoint> {
    let asked = asked(container.host_config.as_ref());
    let mounts = container.mounts.iter().flatten();
    mounts.filter(|mount| is_anonymous(mount) && !asked.contains(destination(mount))).collect()
}

/// Gives a copy what is to become of the original's anonymous volumes: the same ones where they are to be shared, else
/// none of them. Returns the places at which it needs new ones that no image asks for.
pub(super) fn carry(original: &Original, policy: AnonymousVolumes, host: &mut HostConfig) -> Vec<String> {
    match policy {
        AnonymousVolumes::Share => {
            share(original, host);
            Vec::new()
        }
        AnonymousVolumes::Fresh | AnonymousVolumes::Refuse => {
            let brought = original.image_config().volumes.unwrap_or_default();
            let mut places = renew(host);
            places.retain(|place| !brought.contains(place));
            places
        }
    }
}

fn share(original: &Original, host: &mut HostConfig) {
    for mount in anonymous(&original.container) {
        let name = mount.name.clone().unwrap_or_default();
        let place = destination(mount);
        let asked = host.mounts.iter_mut().flatten().find(|asked| asked.target.as_deref() == Some(place));
        if let Some(asked) = asked {
            asked.source = Some(name);
            continue;
        }
        let binds = host.binds.get_or_insert_default();
        if !binds.iter().any(|bind| place_of(bind) == Some(place)) {
            let mode = if mount.rw == Some(false) { ":ro" } else { "" };
            binds.push(format!("{name}:{place}{mode}"));
        }
    }
}

/// Takes the names away by which anonymous volumes were handed on.
fn renew(host: &mut HostConfig) -> Vec<String> {
    for mount in host.mounts.iter_mut().flatten().filter(|mount| mount.typ == Some(MountType::VOLUME)) {
        if mount.source.as_deref().is_some_and(is_nameless) {
            mount.source = None;
        }
    }
    let Some(binds) = host.binds.take() else { return Vec::new() };
    let (nameless, named): (Vec<_>, Vec<_>) = binds.into_iter().partition(|bind| is_nameless(source_of(bind)));
    host.binds = (!named.is_empty()).then_some(named);
    nameless.iter().filter_map(|bind| place_of(bind)).map(str::to_owned).collect()
}

/// The volumes to declare, those that are declared and those that are needed anew: all that nothing else is mounted
/// over. Compose lists those, too.
pub(super) fn declared(host: &HostConfig, volumes: Option<Vec<String>>, fresh: Vec<String>) -> Option<Vec<String>> {
    let mounted = places(host, |_| true);
    let all = volumes.into_iter().flatten().chain(fresh);
    let own: BTreeSet<String> = all.filter(|volume| !mounted.contains(volume.as_str())).collect();
    (!own.is_empty()).then(|| own.into_iter().collect())
}

/// Where something is mounted that has a name.
fn asked(host: Option<&HostConfig>) -> HashSet<&str> {
    host.map(|host| places(host, |source| !is_nameless(source))).unwrap_or_default()
}

/// Where something is mounted whose source counts.
fn places(host: &HostConfig, counts: impl Fn(&str) -> bool) -> HashSet<&str> {
    let binds = host.binds.iter().flatten().filter(|bind| counts(source_of(bind)));
    let mounts = host.mounts.iter().flatten().filter(|mount| {
        let has_source = mount.source.as_deref().is_some_and(|source| !source.is_empty() && counts(source));
        has_source || mount.typ != Some(MountType::VOLUME)
    });
    binds.filter_map(|bind| place_of(bind)).chain(mounts.filter_map(|mount| mount.target.as_deref())).collect()
}

fn is_anonymous(mount: &MountPoint) -> bool {
    mount.typ.as_deref() == Some("volume") && is_nameless(mount.name.as_deref().unwrap_or_default())
}

/// Whether an Engine has chosen the name of a volume.
fn is_nameless(name: &str) -> bool {
    name.len() == NAME_DIGITS && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What a bind mounts: a folder, or a volume by its name.
fn source_of(bind: &str) -> &str {
    bind.split(':').next().unwrap_or_default()
}

/// Where a bind mounts it.
fn place_of(bind: &str) -> Option<&str> {
    bind.split(':').nth(1)
}

fn destination(mount: &MountPoint) -> &str {
    mount.destination.as_deref().unwrap_or_default()
}
