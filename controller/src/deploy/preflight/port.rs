//! Whether the new containers can be reached, and whether anybody can tell that they serve.

use bollard::models::{ContainerInspectResponse, ImageInspect};

use crate::api::Finding;
use crate::deploy::facts::{Facts, Found};
use crate::docker::clone::label;
use crate::docker::clone::labels::PREFIX;
use crate::docker::sighting::State;

pub(super) fn findings(facts: &Facts, found: &Found) -> Vec<Finding> {
    [port(facts, found), health(facts, found), network(facts, found)].into_iter().flatten().collect()
}

/// Where they listen, if only the image says it.
fn port(facts: &Facts, found: &Found) -> Option<Finding> {
    const CHECK: &str = "port";
    let service = &facts.subject.service.name;
    let declared = facts.subject.service.origin.discovered().and_then(|discovered| discovered.port);
    if declared.is_some() || label(&found.original.container, &format!("{PREFIX}port")).is_some() {
        return None;
    }
    let exposed = exposed(found.image.as_ref()?);
    let remedy = format!(
        "write services.{service}.docker.port; if it is a worker that serves no HTTP, leave it to Compose: it needs no \
         canaryd"
    );
    match exposed.as_slice() {
        [port] => Some(Finding::ok(CHECK, format!("the image exposes {port}"))),
        [] => {
            Some(Finding::refused(CHECK, "the image exposes no port, and nothing else says where it listens", remedy))
        }
        several => {
            let what = format!("the image exposes {}, and nothing says which is meant", several.join(" and "));
            Some(Finding::refused(CHECK, what, remedy))
        }
    }
}

/// How it is known that they serve.
fn health(facts: &Facts, found: &Found) -> Option<Finding> {
    const CHECK: &str = "health";
    let service = &facts.subject.service.name;
    if let Some(path) = &facts.subject.service.probe.path {
        return Some(Finding::ok(CHECK, format!("canaryd asks for {path}")));
    }
    let of_original = found.original.container.config.as_ref().and_then(|config| config.healthcheck.as_ref());
    let of_image = found.image.as_ref().and_then(|image| image.config.as_ref()?.healthcheck.as_ref());
    let test = of_original.or(of_image).and_then(|check| check.test.as_ref()).and_then(|test| test.first());
    Some(match test.map(String::as_str) {
        Some(first) if first != "NONE" => Finding::ok(CHECK, "Docker's health check says when it serves"),
        _ => Finding::warning(
            CHECK,
            "it has neither a health check nor a path that is probed: it counts as ready once its port is open",
            format!("write services.{service}.probe.path, or a HEALTHCHECK in the Dockerfile"),
        ),
    })
}

/// By which networks canaryd reaches stable; a copy is put on all of them.
fn network(facts: &Facts, found: &Found) -> Option<Finding> {
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

/// The TCP ports that an image exposes, the lowest first.
fn exposed(image: &ImageInspect) -> Vec<String> {
    let exposed = image.config.as_ref().and_then(|config| config.exposed_ports.as_ref());
    let tcp = exposed.into_iter().flatten().filter_map(|port| {
        let (port, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
        port.parse::<u16>().ok().filter(|_| protocol == "tcp")
    });
    let mut ports: Vec<u16> = tcp.collect();
    ports.sort_unstable();
    ports.iter().map(ToString::to_string).collect()
}

fn networks(container: &ContainerInspectResponse) -> Vec<String> {
    let networks = container.network_settings.as_ref().and_then(|settings| settings.networks.as_ref());
    let mut names: Vec<String> = networks.into_iter().flatten().map(|(name, _)| name.clone()).collect();
    names.sort();
    names
}
