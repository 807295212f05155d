//! The networks of a copy: the same, under the same names, at addresses of its own.

use std::collections::{BTreeMap, HashMap};

use bollard::models::{ContainerInspectResponse, EndpointSettings};
use canary_config::origin::Aliases;

use super::{Original, Place, Role, Wish, name, short_id};
use crate::docker::version::ApiVersion;

/// The network that a container is on when none was asked for.
const DEFAULT: &str = "bridge";

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
