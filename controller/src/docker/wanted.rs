//! The services whose containers are looked for. Pure.

use std::collections::BTreeMap;

use canary_config::name::ServiceName;
use canary_config::origin::Discovered;
use canary_config::service::Service;

/// The services that are discovered, and what holds for containers whose labels do not say it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted(pub BTreeMap<ServiceName, Discovered>);

// === impl Wanted ===

impl Wanted {
    /// Those of these services that are discovered.
    #[must_use]
    pub fn of(services: &BTreeMap<ServiceName, Service>) -> Self {
        let discovered = services.iter().filter_map(|(name, service)| Some((name, service.origin.discovered()?)));
        Self(discovered.map(|(name, discovered)| (name.clone(), discovered.clone())).collect())
    }
}
