//! What a copy may and must on its host: all that the original does, but for what the host has once.

use bollard::models::HostConfig;

use super::{Original, Place, Role, Wish, restart};

/// Limits, mounts, devices and privileges of the original, with the network to create on.
pub(super) fn copied(original: &Original, wish: &Wish<'_>, network_mode: Option<String>) -> HostConfig {
    let host = original.container.host_config.clone().unwrap_or_default();
    let has_ports = wish.place == Place::InsteadOf && wish.role == Role::Instance;
    HostConfig {
        network_mode,
        port_bindings: host.port_bindings.filter(|_| has_ports),
        publish_all_ports: host.publish_all_ports.filter(|_| has_ports),
        // What is being judged dies once, and is seen to.
        restart_policy: Some(restart::never()),
        // One that is gone when it ends leaves no logs, and no exit code.
        auto_remove: Some(false),
        links: host.links.map(|links| links.iter().map(|link| link_as_asked(link)).collect()),
        container_id_file: None,
        console_size: None,
        isolation: None,
        ..host
    }
}

/// `/db:/web/database` is how an Engine shows `db:database`.
fn link_as_asked(link: &str) -> String {
    let (target, alias) = link.split_once(':').unwrap_or((link, link));
    let alias = alias.rsplit('/').next().unwrap_or(alias);
    format!("{}:{alias}", target.trim_start_matches('/'))
}
