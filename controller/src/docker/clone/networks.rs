//! The networks of a copy: the same, under the same names, at addresses of its own.

use core::net::Ipv4Addr;
use std::collections::{BTreeMap, HashMap};

use bollard::models::{ContainerInspectResponse, EndpointSettings};
use canary_config::origin::Aliases;

use super::{Original, Place, Role, Wish, name, short_id};
use crate::docker::faithful::Warning;
use crate::docker::version::ApiVersion;

/// The network that a container is on when none was asked for.
const DEFAULT: &str = "bridge";

/// The bit of an address of hardware by which it says that no maker gave it.
const LOCALLY_ADMINISTERED: u8 = 2;
/// So begins an address of hardware that an Engine made of an address of a network.
const MADE: [u8; 2] = [0x02, 0x42];

/// What a copy is connected to.
pub(super) struct Networks {
    /// The network that it is created on, or the way in which it has none.
    pub(super) mode: Option<String>,
    endpoints: BTreeMap<String, EndpointSettings>,
}

// === impl Networks ===

impl Networks {
    /// Those of the original.
    pub(super) fn of(original: &Original, wish: &Wish<'_>) -> Self {
        let container = &original.container;
        let mode = mode(container);
        if is_borrowed(mode) || mode == "none" {
            return Self { mode: Some(mode.into()), endpoints: BTreeMap::new() };
        }
        let networks = networks(container);
        let endpoints: BTreeMap<_, _> = networks
            .iter()
            .map(|(network, endpoint)| (network.clone(), copied(container, network, endpoint, wish)))
            .collect();
        Self { mode: Some(first(mode, &networks).unwrap_or_else(|| mode.into())), endpoints }
    }

    /// The endpoints to create with, and those to connect to before the start.
    pub(super) fn split(
        mut self,
        api: ApiVersion,
    ) -> (BTreeMap<String, EndpointSettings>, Vec<(String, EndpointSettings)>) {
        if api >= ApiVersion::MANY_ENDPOINTS {
            return (self.endpoints, Vec::new());
        }
        let mode = self.mode.unwrap_or_default();
        let key = if mode == "default" { DEFAULT } else { &mode };
        let first = self.endpoints.remove_entry(key);
        (first.into_iter().collect(), self.endpoints.into_iter().collect())
    }
}

/// Says of addresses of hardware that were chosen that a copy has others: no two machines of a network may have one.
pub(super) fn warn_of_hardware(container: &ContainerInspectResponse, api: ApiVersion, warnings: &mut Vec<Warning>) {
    let networks = networks(container);
    let chosen = networks.iter().filter(|(_, endpoint)| is_hardware_chosen(endpoint, api));
    let mut names: Vec<&str> = chosen.map(|(network, _)| network.as_str()).collect();
    if names.is_empty() {
        return;
    }
    names.sort_unstable();
    warnings.push(Warning::new(
        format!("it has a MAC address of its own choice on {}, and a copy gets another", names.join(", ")),
        "remove `mac_address` from the file; what is licensed to that address has to stay with Compose",
    ));
}

/// Whether an operator has chosen the address of hardware, as far as it shows. An Engine makes one that says that it is
/// no maker's, and before version 28 of the address of the endpoint.
fn is_hardware_chosen(endpoint: &EndpointSettings, api: ApiVersion) -> bool {
    let parts = endpoint.mac_address.as_deref().unwrap_or_default().split(':');
    let bytes: Option<Vec<u8>> = parts.map(|part| u8::from_str_radix(part, 16).ok()).collect();
    let Some([first, second, rest @ ..]) = bytes.as_deref() else { return false };
    let is_a_makers = first & LOCALLY_ADMINISTERED == 0;
    let address: Option<Ipv4Addr> = endpoint.ip_address.as_deref().and_then(|address| address.parse().ok());
    let is_derived = [*first, *second] == MADE && address.is_none_or(|address| rest == address.octets());
    is_a_makers || (api < ApiVersion::RANDOM_HARDWARE && !is_derived)
}

/// The network mode, as it was inspected.
pub(super) fn mode(container: &ContainerInspectResponse) -> &str {
    container.host_config.as_ref().and_then(|host| host.network_mode.as_deref()).unwrap_or("default")
}

/// Whether the network is the host's or another container's.
pub(super) fn is_borrowed(mode: &str) -> bool {
    mode == "host" || mode.starts_with("container:")
}

/// The networks that it is on, by name.
fn networks(container: &ContainerInspectResponse) -> HashMap<String, EndpointSettings> {
    container.network_settings.as_ref().and_then(|settings| settings.networks.clone()).unwrap_or_default()
}

/// The network to create on, by its name: the one that was asked for, which may have been named by its id, or was left
/// since; else the first.
fn first(mode: &str, networks: &HashMap<String, EndpointSettings>) -> Option<String> {
    if networks.contains_key(mode) || (mode == "default" && networks.contains_key(DEFAULT)) {
        return Some(mode.into());
    }
    let has_id = |endpoint: &EndpointSettings| endpoint.network_id.as_deref().is_some_and(|id| id.starts_with(mode));
    let by_id = networks.iter().find(|(_, endpoint)| has_id(endpoint)).map(|(network, _)| network);
    by_id.or_else(|| networks.keys().min()).cloned()
}

/// What was asked for of an endpoint. Its address, ids and names of its own are another's.
fn copied(
    container: &ContainerInspectResponse,
    network: &str,
    endpoint: &EndpointSettings,
    wish: &Wish<'_>,
) -> EndpointSettings {
    EndpointSettings {
        aliases: aliases(container, network, endpoint, wish),
        links: endpoint.links.clone().filter(|links| !links.is_empty()),
        driver_opts: endpoint.driver_opts.clone().filter(|options| !options.is_empty()),
        gw_priority: endpoint.gw_priority.filter(|priority| *priority != 0),
        ipam_config: endpoint.ipam_config.clone().filter(|_| wish.place == Place::InsteadOf),
        ..EndpointSettings::default()
    }
}

fn aliases(
    container: &ContainerInspectResponse,
    network: &str,
    endpoint: &EndpointSettings,
    wish: &Wish<'_>,
) -> Option<Vec<String>> {
    // The default network knows no names, and what runs a task must not be found.
    if network == DEFAULT || wish.aliases == Aliases::OnPromote || matches!(wish.role, Role::Task(_)) {
        return None;
    }
    let is_own = |alias: &&String| alias.as_str() == short_id(container) || alias.as_str() == name(container);
    let aliases: Vec<String> = endpoint.aliases.iter().flatten().filter(|alias| !is_own(alias)).cloned().collect();
    (!aliases.is_empty()).then_some(aliases)
}
