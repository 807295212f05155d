//! A container that is to be as another one is, but for its image. Pure.
//!
//! What an inspection shows of a container is what was asked for, what its image brought, and what the Engine gave it.
//! Only the first is carried over: the new image brings its own, and an address or an id belongs to one container. It
//! never judges whether the copy is good enough; [`faithful`](super::faithful) does.

mod config;
mod host_config;
pub mod labels;
pub mod likeness;
mod networks;
pub mod restart;
pub mod volumes;

use std::fmt;
use std::time::SystemTime;

use bollard::models::{
    ContainerCreateBody, ContainerInspectResponse, EndpointSettings, ImageConfig, ImageInspect, NetworkingConfig,
};
use canary_config::name::ServiceName;
use canary_config::origin::{Aliases, AnonymousVolumes};
use canary_config::secret::Secret;

use self::networks::Networks;
use super::faithful::Warning;
use super::version::ApiVersion;

/// The digits of an id that Docker shows, and that a container is called inside until told otherwise.
pub const SHORT_ID_DIGITS: usize = 12;

/// What is copied: a container, and the image that it was created from.
#[derive(Clone)]
pub struct Original {
    /// As it was inspected.
    pub container: ContainerInspectResponse,
    /// As it was inspected; what equals it was not asked for.
    pub image: ImageInspect,
}

/// What is to differ, and what the operator decided where two copies cannot have the same.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// The image to create from: `name@sha256:...`, or the id of one that no registry has.
    pub image: &'a str,
    /// The image as the operator named it, for people.
    pub tag: &'a str,
    /// The container's name.
    pub name: &'a str,
    /// Whose release it runs.
    pub service: &'a ServiceName,
    /// Which release it runs.
    pub release: &'a str,
    /// Which deployment creates it.
    pub deployment: &'a str,
    /// Which canaryd does.
    pub owner: &'a str,
    /// The files that were put into the original, and are put into the copy, too.
    pub carried: &'a [String],
    /// Variables that are set, over those of the original.
    pub env: &'a [(String, Secret)],
    /// What it is for.
    pub role: Role<'a>,
    /// Whether it is found by the original's names.
    pub aliases: Aliases,
    /// What becomes of volumes without a name.
    pub volumes: AnonymousVolumes,
    /// Whether the original runs at the same time.
    pub place: Place,
}

/// What a copy is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role<'a> {
    /// It serves as the original does.
    Instance,
    /// It runs a command to its end and serves nobody.
    Task(Task<'a>),
}

/// A command that a copy is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task<'a> {
    /// What it runs.
    pub command: &'a [String],
    /// The check that it is run for.
    pub check: &'a str,
    /// When its time is over.
    pub until: SystemTime,
}

/// Whether a copy has to get along with the original.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// Both run: ports and addresses of the host stay with the original. The default.
    #[default]
    Beside,
    /// The original is stopped first, and leaves them.
    InsteadOf,
}

/// What an Engine is asked for. Its variables may be secrets, so that it shows its name alone.
#[derive(Clone, PartialEq)]
pub struct Copy {
    /// The container's name.
    pub name: String,
    /// What creates it.
    pub body: ContainerCreateBody,
    /// The networks that it is connected to before it starts: those that could not be given at once.
    pub connect: Vec<(String, EndpointSettings)>,
    /// The files that it is given before it starts, from the container of this id.
    pub carried: (String, Vec<String>),
    /// What the operator should know of it.
    pub warnings: Vec<Warning>,
}

// === impl Original ===

impl Original {
    /// What the image brought.
    pub(super) fn image_config(&self) -> ImageConfig {
        self.image.config.clone().unwrap_or_default()
    }

    /// A label of the container.
    pub(super) fn label(&self, key: &str) -> Option<&str> {
        label(&self.container, key)
    }
}

impl fmt::Debug for Original {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Original").field("name", &name(&self.container)).finish_non_exhaustive()
    }
}

// === impl Copy ===

impl fmt::Debug for Copy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Copy").field("name", &self.name).field("warnings", &self.warnings).finish_non_exhaustive()
    }
}

/// What creates a container that is as the original, from another image.
#[must_use]
pub fn clone(original: &Original, image: &ImageInspect, wish: &Wish<'_>, api: ApiVersion) -> Copy {
    let mut warnings = Vec::new();
    let networks = Networks::of(original, wish);
    networks::warn_of_hardware(&original.container, api, &mut warnings);
    let mut body = config::copied(original, wish, &mut warnings);
    body.labels = Some(labels::copied(original, image, wish, &mut warnings));
    let mut host = host_config::copied(original, wish, networks.mode.clone());
    let fresh = volumes::carry(original, wish.volumes, &mut host);
    body.volumes = volumes::declared(&host, body.volumes, fresh);
    body.host_config = Some(host);
    let (at_once, connect) = networks.split(api);
    if !at_once.is_empty() {
        body.networking_config = Some(NetworkingConfig { endpoints_config: Some(at_once.into_iter().collect()) });
    }
    let carried = (original.container.id.clone().unwrap_or_default(), wish.carried.to_vec());
    Copy { name: wish.name.into(), body, connect, carried, warnings }
}

/// The name of a container, without the slash that an Engine puts before it.
#[must_use]
pub fn name(container: &ContainerInspectResponse) -> &str {
    container.name.as_deref().unwrap_or_default().trim_start_matches('/')
}

/// The part of a container's id that is shown.
#[must_use]
pub fn short_id(container: &ContainerInspectResponse) -> &str {
    let id = container.id.as_deref().unwrap_or_default();
    id.get(..SHORT_ID_DIGITS).unwrap_or(id)
}

/// A label of a container.
pub(crate) fn label<'a>(container: &'a ContainerInspectResponse, key: &str) -> Option<&'a str> {
    container.config.as_ref()?.labels.as_ref()?.get(key).map(String::as_str)
}
