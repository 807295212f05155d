//! What a container has of its host: ports, namespaces, rights and devices.

use bollard::models::{ContainerInspectResponse, ContainerSummary, EndpointSettings, HostConfig};

use super::{Privileged, RECREATE, Report};
use crate::docker::clone::{Place, name};

/// Devices that any number of containers can use at once.
const SHAREABLE: [&str; 9] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/fuse",
    "/dev/kvm",
    "/dev/net/",
    "/dev/dri",
];

/// Where Docker listens; the one is a link to the other.
const SOCKETS: [&str; 2] = ["/run/docker.sock", "/var/run/docker.sock"];

pub(super) fn network(container: &ContainerInspectResponse, place: Place, report: &mut Report) {
    let host = host(container);
    let mode = host.network_mode.as_deref().unwrap_or_default();
    if mode == "none" {
        report.refuse("it has no network (`network_mode: none`), so that nothing reaches it", "give it one");
    }
    if place == Place::InsteadOf {
        return;
    }
    if mode == "host" {
        report.refuse(
            "it is on the host's network (`network_mode: host`), where two cannot listen on one port",
            format!("put it on a network of its own, or {RECREATE}"),
        );
    }
    let ports = published(&host);
    if !ports.is_empty() || host.publish_all_ports == Some(true) {
        let ports = if ports.is_empty() { "all ports".to_owned() } else { ports.join(", ") };
        report.warn(
            format!(
                "it publishes {ports} on the host, which a copy beside it cannot; who comes by that port stays with \
                     the old release, and is left alone when it stops"
            ),
            "remove `ports:` from the file, and let canaryd listen there",
        );
    }
    for network in static_addresses(container) {
        report.warn(
            format!("it has an address of its own choice on `{network}`, and a copy gets another"),
            "call it by name, and remove the address (`ipv4_address`) from the file",
        );
    }
}

pub(super) fn namespaces(container: &ContainerInspectResponse, others: &[ContainerSummary], report: &mut Report) {
    let host = host(container);
    let modes = [("network_mode", &host.network_mode), ("ipc", &host.ipc_mode), ("pid", &host.pid_mode)];
    for (key, mode) in modes {
        if mode.as_deref().is_some_and(|mode| mode.starts_with("container:")) {
            report.refuse(
                format!("it lives in another container's namespace (`{key}: container:...` or `service:...`)"),
                "give it one of its own",
            );
        }
    }
    let id = container.id.as_deref().unwrap_or_default();
    for other in others {
        let mode = other.host_config.as_ref().and_then(|host| host.network_mode.as_deref()).unwrap_or_default();
        let Some(whose) = mode.strip_prefix("container:") else { continue };
        // The Engine resolves a name to an id, but only when the container is created by one that is new enough.
        if !whose.is_empty() && (id.starts_with(whose) || whose == name(container)) {
            let name = other.names.iter().flatten().next().map_or("?", |name| name.trim_start_matches('/'));
            report.refuse(
                format!("`{name}` lives in its network and would stay with the old release"),
                "put both on a network, or deploy them as one with `--from-compose`",
            );
        }
    }
}

pub(super) fn rights(container: &ContainerInspectResponse, privileged: Privileged, report: &mut Report) {
    if privileged == Privileged::Allow {
        return;
    }
    let host = host(container);
    if host.privileged == Some(true) {
        report.refuse(
            "it is privileged: whoever can deploy it rules the host",
            "take `privileged` from it, or set `allow_privileged = true` for this service",
        );
    }
    let mut sources = container.mounts.iter().flatten().filter_map(|mount| mount.source.as_deref());
    if let Some(source) = sources.find(|source| holds_socket(source)) {
        report.refuse(
            format!("it holds Docker's socket ({source}): whoever can deploy it rules the host"),
            "take the socket from it, or set `allow_privileged = true` for this service",
        );
    }
}

/// Whether a file or folder of the host is Docker's socket, or has it in it.
fn holds_socket(source: &str) -> bool {
    let source = source.trim_end_matches('/');
    let is_above = |socket: &&str| socket.strip_prefix(source).is_some_and(|rest| rest.starts_with('/'));
    source.ends_with("/docker.sock") || SOCKETS.iter().any(is_above)
}

pub(super) fn devices(container: &ContainerInspectResponse, report: &mut Report) {
    let host = host(container);
    let paths = host.devices.iter().flatten().filter_map(|device| device.path_on_host.as_deref());
    let alone: Vec<&str> =
        paths.filter(|path| !SHAREABLE.iter().any(|shareable| path.starts_with(shareable))).collect();
    if !alone.is_empty() {
        report.warn(format!("two containers would use the device {} at once", alone.join(", ")), RECREATE);
    }
    if host.device_requests.is_some_and(|requests| !requests.is_empty()) {
        report.warn("two containers would share its GPU, and the memory of it", RECREATE);
    }
}

fn host(container: &ContainerInspectResponse) -> HostConfig {
    container.host_config.clone().unwrap_or_default()
}

/// The ports of the host that are its own: `18080->8080/tcp`.
fn published(host: &HostConfig) -> Vec<String> {
    let bindings = host.port_bindings.iter().flatten();
    let mut ports: Vec<String> = bindings
        .flat_map(|(inside, outside)| {
            outside.iter().flatten().map(move |binding| match binding.host_port.as_deref() {
                None | Some("" | "0") => inside.clone(),
                Some(port) => format!("{port}->{inside}"),
            })
        })
        .collect();
    ports.sort();
    ports
}

/// The networks on which it has an address that was asked for.
fn static_addresses(container: &ContainerInspectResponse) -> Vec<&String> {
    let is_static = |endpoint: &EndpointSettings| {
        let ipam = endpoint.ipam_config.as_ref();
        ipam.is_some_and(|ipam| [&ipam.ipv4_address, &ipam.ipv6_address].into_iter().flatten().any(|ip| !ip.is_empty()))
    };
    let networks = container.network_settings.as_ref().and_then(|settings| settings.networks.as_ref());
    let mut names: Vec<&String> =
        networks.into_iter().flatten().filter(|(_, endpoint)| is_static(endpoint)).map(|(name, _)| name).collect();
    names.sort();
    names
}
