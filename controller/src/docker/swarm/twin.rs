//! The second service of Swarm beside a first one: the same with another image, found by canaryd alone. Pure.
//!
//! It has no published port and no alias, so that what comes past canaryd goes to the first one as before; and it is in
//! no stack, so that no `docker stack deploy` takes notice of it.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use bollard::models::{
    EndpointSpec, EndpointSpecModeEnum, NetworkAttachmentConfig, ServiceSpec, ServiceSpecMode,
    ServiceSpecModeReplicated, TaskSpec, TaskSpecContainerSpec,
};
use canary_config::name::ServiceName;
use canary_config::secret::Secret;
use serde::{Deserialize, Serialize};

use crate::docker::clone::labels::is_of_another;
use crate::docker::digest::release_of;
use crate::docker::label::{DEPLOYMENT, MANAGED, ORIGIN, ORIGIN_PROJECT, PORT, PREFIX, RELEASE, SERVICE};
use crate::docker::swarm::roll::STACK;

/// So long may the name of a service be.
const NAME_LENGTH_MAX: usize = 63;
/// So much of a release's name is in it, for people. The deployment's is unlike any other.
const RELEASE_LENGTH_MAX: usize = 24;

/// That a release's instances are the tasks of a second service, as it is kept on a shelf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Twin {
    /// Its name.
    pub name: Box<str>,
    /// That of the first.
    pub of: Box<str>,
    /// How many tasks it has while it serves.
    pub tasks: u64,
    /// Whether the first one has been told to become the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_handed_over: bool,
}

/// What a second service is to be.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// Its name.
    pub name: &'a str,
    /// Of which service of canaryd.
    pub service: &'a ServiceName,
    /// Of which release.
    pub release: &'a str,
    /// For which deployment it is made.
    pub deployment: &'a str,
    /// By which canaryd.
    pub owner: &'a str,
    /// Its image; that of the first, if nothing is said.
    pub image: Option<&'a str>,
    /// Where its tasks listen, if the first one says that by the ports that it publishes.
    pub port: Option<u16>,
    /// Variables that are set over those of the first.
    pub env: &'a [(String, Secret)],
}

// === impl Twin ===

impl Twin {
    /// One of this release beside that service, made by this deployment.
    #[must_use]
    pub fn beside(first: &str, release: &str, deployment: &str, tasks: usize) -> Self {
        // A release may be called what no service can be.
        let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
        let release: String = release.chars().take(RELEASE_LENGTH_MAX).map(letter).collect();
        let end = format!("--{release}-{deployment}");
        let room = NAME_LENGTH_MAX.saturating_sub(end.len());
        let begin: String = first.chars().take(room).collect();
        let tasks = u64::try_from(tasks).unwrap_or(u64::MAX);
        Self { name: format!("{begin}{end}").into(), of: first.into(), tasks, is_handed_over: false }
    }
}

/// A second service beside this one, which has no task yet.
#[must_use]
pub fn beside(first: &ServiceSpec, wish: &Wish<'_>) -> ServiceSpec {
    let mut spec = first.clone();
    spec.name = Some(wish.name.to_owned());
    spec.mode = Some(replicated(0));
    spec.endpoint_spec = Some(EndpointSpec { mode: Some(EndpointSpecModeEnum::DNSRR), ports: None });
    let mut labels = spec.labels.take().unwrap_or_default();
    let stack = labels.get(STACK).cloned();
    labels.retain(|key, _| !is_of_another(key));
    let template = spec.task_template.get_or_insert_with(TaskSpec::default);
    let of_tasks = template.container_spec.as_mut().and_then(|container| container.labels.as_mut());
    if let Some(of_tasks) = of_tasks {
        // What tasks say of themselves would outweigh what their service says.
        let ours: Vec<_> = of_tasks.extract_if(|key, _| key.starts_with(PREFIX)).collect();
        labels.extend(ours);
        of_tasks.retain(|key, _| !is_of_another(key));
    }
    let port = wish.port.map(|port| (PORT, port.to_string()));
    let stack = stack.map(|stack| (ORIGIN_PROJECT, stack));
    labels.extend(port.into_iter().chain(stack).map(|(key, value)| (key.to_owned(), value)));
    for (key, value) in [
        (SERVICE, wish.service.as_str()),
        (RELEASE, wish.release),
        (MANAGED, wish.owner),
        (DEPLOYMENT, wish.deployment),
        (ORIGIN, first.name.as_deref().unwrap_or_default()),
    ] {
        labels.insert(key.to_owned(), value.to_owned());
    }
    spec.labels = Some(labels);
    strip_aliases(spec.networks.as_mut());
    let template = spec.task_template.get_or_insert_with(TaskSpec::default);
    strip_aliases(template.networks.as_mut());
    template.force_update = None;
    if let Some(container) = &mut template.container_spec {
        if let Some(image) = wish.image {
            container.image = Some(image.to_owned());
        }
        let env = container.env.get_or_insert_with(Vec::new);
        for (name, value) in wish.env {
            env.retain(|entry| entry.split('=').next() != Some(name));
            env.push(format!("{name}={}", value.expose()));
        }
    }
    spec
}

/// The first service as it has to be to be of the second one's release. All that its file says of anything else stays,
/// and so does the way in which it is updated.
#[must_use]
pub fn handed_over(first: &ServiceSpec, second: &ServiceSpec) -> ServiceSpec {
    let mut spec = first.clone();
    let Some(release) = second.labels.as_ref().and_then(|labels| labels.get(RELEASE)) else { return spec };
    let new = second.task_template.as_ref().and_then(|template| template.container_spec.as_ref());
    let template = spec.task_template.get_or_insert_with(TaskSpec::default);
    let (Some(container), Some(new)) = (&mut template.container_spec, new) else { return spec };
    let is_another = container.image != new.image || container.env != new.env;
    (container.image, container.env) = (new.image.clone(), new.env.clone());
    if !is_another {
        // Who makes a release anew wants other tasks.
        template.force_update = Some(template.force_update.unwrap_or_default() + 1);
    }
    let of_tasks = container.labels.as_mut().and_then(|labels| labels.get_mut(RELEASE));
    let labels = spec.labels.get_or_insert_with(HashMap::new);
    if let Some(own) = of_tasks {
        own.clone_from(release);
    } else if labels.contains_key(RELEASE) || named_by_digest(new).as_ref() != Some(release) {
        labels.insert(RELEASE.to_owned(), release.clone());
    }
    spec
}

/// The release that an image is where nothing else says it.
fn named_by_digest(container: &TaskSpecContainerSpec) -> Option<String> {
    let (_, digest) = container.image.as_deref()?.rsplit_once('@')?;
    Some(release_of(digest).to_owned())
}

/// So many tasks, wherever there is place.
#[must_use]
pub fn replicated(tasks: u64) -> ServiceSpecMode {
    let replicas = Some(i64::try_from(tasks).unwrap_or(i64::MAX));
    ServiceSpecMode { replicated: Some(ServiceSpecModeReplicated { replicas }), ..ServiceSpecMode::default() }
}

/// Others find the first one by these, and are to find nothing else.
fn strip_aliases(networks: Option<&mut Vec<NetworkAttachmentConfig>>) {
    for network in networks.into_iter().flatten() {
        network.aliases = None;
    }
}
