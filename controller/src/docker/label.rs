//! What the labels of a container say: whose it is, and how it is reached. Pure.
//!
//! Labels only attach a container to a service that `canaryd.toml` declares; hosts and policy they never say. One that
//! is equal to the image's own is not believed, since whoever builds an image would attach all that run it.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU16;

use canary_config::name::{ReleaseId, ServiceName};
use canary_config::nearest::nearest;
use canary_config::origin::Discovered;
use canary_config::quoted::Quoted;

use crate::docker::digest::release_of;
use crate::docker::sighting::{ComposeOrigin, Managed};
use crate::docker::wanted::Wanted;

/// Whose instance a container is.
pub const SERVICE: &str = "canary.service";
/// On which port it listens.
pub const PORT: &str = "canary.port";
/// Of which release it is.
pub const RELEASE: &str = "canary.release";
/// On which of its networks it is reached.
pub const NETWORK: &str = "canary.network";
/// That canaryd made it, and which one did.
pub const MANAGED: &str = "canary.managed";
/// For which deployment canaryd made it.
pub const DEPLOYMENT: &str = "canary.deployment";
/// The container, made by hand or by Compose, that this one is a copy of, or a copy of a copy.
pub const ORIGIN: &str = "canary.origin";
/// Its image, as the operator named it.
pub const IMAGE: &str = "canary.image";
/// What its restart policy becomes once it is promoted.
pub const RESTART: &str = "canary.restart";
/// That it does one thing and ends, as a migration does; it is no instance.
pub const TASK: &str = "canary.task";
/// Which check such a one is made for.
pub const CHECK: &str = "canary.check";
/// When its time is over, if it has not ended before.
pub const UNTIL: &str = "canary.until";

/// What an operator may write.
const KEYS: [&str; 4] = [SERVICE, PORT, RELEASE, NETWORK];
/// What canaryd writes on containers that it makes besides.
const OUR_KEYS: [&str; 13] = [
    MANAGED,
    DEPLOYMENT,
    TASK,
    CHECK,
    UNTIL,
    ORIGIN,
    IMAGE,
    RESTART,
    ORIGIN_PROJECT,
    ORIGIN_SERVICE,
    ORIGIN_WORKING_DIR,
    ORIGIN_CONFIG_FILES,
    ORIGIN_ENV_FILES,
];
/// All keys of ours begin so.
pub const PREFIX: &str = "canary.";

/// The project that Compose made it for.
pub const COMPOSE_PROJECT: &str = "com.docker.compose.project";
/// The service of Compose's file that it is of.
pub const COMPOSE_SERVICE: &str = "com.docker.compose.service";
/// Which one of that service's containers it is.
pub const COMPOSE_NUMBER: &str = "com.docker.compose.container-number";
/// The folder in which Compose was called.
pub const COMPOSE_WORKING_DIR: &str = "com.docker.compose.project.working_dir";
/// The files that Compose read.
pub const COMPOSE_CONFIG_FILES: &str = "com.docker.compose.project.config_files";
/// The files that Compose was told to read its variables from.
pub const COMPOSE_ENV_FILES: &str = "com.docker.compose.project.environment_file";
/// The Compose project of the container that this one is a copy of.
pub const ORIGIN_PROJECT: &str = "canary.compose.project";
/// Its service in its Compose file.
pub const ORIGIN_SERVICE: &str = "canary.compose.service";
/// The folder in which Compose was called for it.
pub const ORIGIN_WORKING_DIR: &str = "canary.compose.working_dir";
/// Its Compose files.
pub const ORIGIN_CONFIG_FILES: &str = "canary.compose.config_files";
/// The files that Compose was told to read its variables from.
pub const ORIGIN_ENV_FILES: &str = "canary.compose.environment_file";
/// Whether Compose made it for one command.
pub const COMPOSE_ONE_OFF: &str = "com.docker.compose.oneoff";
/// Whoever writes one of these gives a container labels of its own: other labels of Compose are on images that it builds.
const MARKS: [&str; 2] = [MANAGED, COMPOSE_NUMBER];
/// That it is the container of a task of Swarm's, which writes it; the task is the instance.
pub const SWARM_TASK: &str = "com.docker.swarm.task.id";
/// By labels that begin so, other proxies find what to serve.
pub const PROXIES: [&str; 2] = ["traefik.", "caddy"];

/// What is to be known of a container for its labels to be understood.
#[derive(Clone, Copy, Debug)]
pub struct Labelled<'a> {
    /// Its labels, with those of its image among them.
    pub labels: &'a HashMap<String, String>,
    /// Those of its image; nothing, if that is gone.
    pub image_labels: Option<&'a HashMap<String, String>>,
    /// The TCP ports that it exposes.
    pub exposed: &'a [NonZeroU16],
    /// What its image is.
    pub digest: &'a str,
}

/// How a container belongs to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// To which.
    pub service: ServiceName,
    /// Of which release it is.
    pub release: ReleaseId,
    /// Where it listens.
    pub port: NonZeroU16,
    /// The network on which it is to be reached, if somebody says so, and who says it.
    pub network: Option<Box<str>>,
    /// Set if canaryd made it.
    pub managed: Option<Managed>,
    /// Set if Compose made it, or what it is a copy of.
    pub compose: Option<ComposeOrigin>,
}

/// The labels of a container that are its own.
struct Own<'a>(BTreeMap<&'a str, &'a str>);

// === impl Labelled ===

impl Labelled<'_> {
    /// How the container belongs to one of these services; nothing, if it does not mean to.
    ///
    /// # Errors
    /// All that is wrong with its labels, each with what to do.
    pub fn attachment(&self, wanted: &Wanted) -> Result<Option<Attachment>, Vec<String>> {
        let own = Own(self
            .labels
            .iter()
            .filter(|(key, value)| self.image_labels.and_then(|labels| labels.get(*key)) != Some(*value))
            .map(entry)
            .collect());
        let is_none = own.get(TASK).is_some() || own.is(COMPOSE_ONE_OFF, "True") || own.get(SWARM_TASK).is_some();
        if is_none || !self.labels.contains_key(SERVICE) {
            return Ok(None);
        }
        let Some(service) = own.get(SERVICE) else { return Err(vec![of_the_image()]) };
        if self.image_labels.is_none() && MARKS.iter().all(|mark| own.get(mark).is_none()) {
            return Err(vec![of_a_gone_image()]);
        }
        let mut wrong = own.unknown_keys();
        let (service, fallback) = match wanted_service(service, wanted) {
            Ok(found) => found,
            Err(why) => {
                wrong.push(why);
                return Err(wrong);
            }
        };
        let noted = &mut wrong;
        let port = self.port(&own, service, fallback).map_err(|why| noted.push(why)).ok();
        let release = own.release(self.digest).map_err(|why| noted.push(why)).ok();
        let network = own.network().map_err(|why| noted.push(why)).ok();
        let (Some(port), Some(release), Some(network), true) = (port, release, network, noted.is_empty()) else {
            return Err(wrong);
        };
        Ok(Some(Attachment {
            service: service.clone(),
            release,
            port,
            network: network.map(Into::into).or_else(|| fallback.network.clone()),
            managed: own.managed(),
            compose: own.compose(),
        }))
    }

    /// The label's, else the service's, else the only one there is.
    fn port(&self, own: &Own<'_>, service: &ServiceName, fallback: &Discovered) -> Result<NonZeroU16, String> {
        if let Some(text) = own.get(PORT) {
            let wrong = || format!("the label {PORT} is {}; write a port, such as {PORT}=8080", Quoted(text));
            return text.parse().map_err(|_| wrong());
        }
        if let Some(port) = fallback.port {
            return Ok(port);
        }
        let remedy = format!("add the label {PORT} or services.{service}.docker.port");
        match *self.exposed {
            [port] => Ok(port),
            [] => Err(format!(
                "it says no port and exposes none; {remedy}, or, if it is a worker that serves no HTTP, remove the label \
                 {SERVICE}: it needs no canaryd"
            )),
            [..] => {
                let ports: Vec<String> = self.exposed.iter().map(ToString::to_string).collect();
                Err(format!("it says no port and exposes several ({}); {remedy}", ports.join(", ")))
            }
        }
    }
}

/// What is wrong with a container that says nothing itself.
fn of_the_image() -> String {
    format!("it has `{SERVICE}` from its image alone, which is not believed; write it where the container is made")
}

/// What is wrong with a container that may say nothing itself.
fn of_a_gone_image() -> String {
    format!(
        "its image is gone, so that nobody can tell whether `{SERVICE}` is its own label or the image's; pull or build the \
         image again, or make the container anew"
    )
}

/// The service of this name, if its containers are looked for.
fn wanted_service<'a>(name: &str, wanted: &'a Wanted) -> Result<(&'a ServiceName, &'a Discovered), String> {
    let known = || wanted.0.keys().map(ServiceName::as_str);
    wanted.0.iter().find(|(known, _)| known.as_str() == name).ok_or_else(|| {
        let meant = nearest(name, known()).map(|known| format!("did you mean `{known}`? "));
        let meant = meant.unwrap_or_default();
        format!(
            "the label {SERVICE} is {}, and canaryd.toml declares no such service without releases; {meant}declare it, \
             or change the label",
            Quoted(name)
        )
    })
}

fn entry<'a>((key, value): (&'a String, &'a String)) -> (&'a str, &'a str) {
    (key, value)
}

// === impl Own ===

impl<'a> Own<'a> {
    fn get(&self, key: &str) -> Option<&'a str> {
        self.0.get(key).copied()
    }

    fn is(&self, key: &str, value: &str) -> bool {
        self.get(key).is_some_and(|given| given.eq_ignore_ascii_case(value))
    }

    /// What is wrong with keys that look like ours and are none.
    fn unknown_keys(&self) -> Vec<String> {
        let ours = self.0.keys().filter(|key| key.starts_with(PREFIX));
        let unknown = ours.filter(|key| !KEYS.contains(key) && !OUR_KEYS.contains(key));
        let said = unknown.map(|key| {
            let meant = nearest(key, KEYS).map(|known| format!("did you mean {known}? "));
            let (shown, meant) = (Quoted(key), meant.unwrap_or_default());
            format!("there is no label {shown}; {meant}the labels are {}", KEYS.join(", "))
        });
        said.collect()
    }

    fn release(&self, digest: &str) -> Result<ReleaseId, String> {
        let (text, remedy) = match self.get(RELEASE) {
            Some(text) => (text, format!("change the label {RELEASE}")),
            None => (release_of(digest), format!("add the label {RELEASE}")),
        };
        text.parse().map_err(|error| format!("its release: {error}; {remedy}"))
    }

    fn network(&self) -> Result<Option<&'a str>, String> {
        match self.get(NETWORK) {
            Some("") => {
                Err(format!("the label {NETWORK} is empty; write one of the container's networks, or remove it"))
            }
            network => Ok(network),
        }
    }

    fn managed(&self) -> Option<Managed> {
        let deployment = self.get(DEPLOYMENT).unwrap_or_default().into();
        self.get(MANAGED).map(|owner| Managed { owner: owner.into(), deployment })
    }

    fn compose(&self) -> Option<ComposeOrigin> {
        // Compose's own labels say of a shadow where the shadow is from.
        let of = |ours: &str, theirs: &str| self.get(ours).or_else(|| self.get(theirs)).map(Into::into);
        Some(ComposeOrigin {
            project: of(ORIGIN_PROJECT, COMPOSE_PROJECT)?,
            service: of(ORIGIN_SERVICE, COMPOSE_SERVICE)?,
            working_dir: of(ORIGIN_WORKING_DIR, COMPOSE_WORKING_DIR),
            config_files: of(ORIGIN_CONFIG_FILES, COMPOSE_CONFIG_FILES),
            env_files: of(ORIGIN_ENV_FILES, COMPOSE_ENV_FILES),
        })
    }
}

#[cfg(test)]
mod tests;
