//! Whether the new containers can be reached.

use bollard::models::ContainerInspectResponse;

use crate::api::Finding;
use crate::deploy::facts::{Facts, Found};
use crate::docker::sighting::State;

/// By which networks canaryd reaches stable; a copy is put on all of them.
pub(super) fn findings(facts: &Facts, found: &Found) -> Option<Finding> {
    const CHECK: &str = "network";
    let stable = &facts.subject.stable;
    let id = found.original.container.id.as_deref().unwrap_or_default();
    let model = facts.subject.containers.iter().find(|container| container.container.as_str() == id)?;
    let networks = networks(&found.original.container).join(", ");
    Some(match &model.state {
        State::Running { address, .. } => {
            Finding::ok(CHECK, format!("{stable} is reached at {address}; the new one is put on {networks}"))
        }
        _ => Finding::warning(
            CHECK,
            format!("{} of {stable}, which is copied, is not reached now", model.name),
            "see `canaryctl status` for why",
        ),
    })
}

fn networks(container: &ContainerInspectResponse) -> Vec<String> {
    let networks = container.network_settings.as_ref().and_then(|settings| settings.networks.as_ref());
    let mut names: Vec<String> = networks.into_iter().flatten().map(|(name, _)| name.clone()).collect();
    names.sort();
    names
}
