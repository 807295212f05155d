//! What is to be known of a service and of an image before one is deployed as the other. Pure.

use bollard::models::{ContainerSummary, ImageInspect, ServiceSpec};
use canary_config::name::ReleaseId;
use canary_config::origin::{Aliases, AnonymousVolumes, Discovered};
use canary_config::plan::Strategy;
use canary_config::secret::Secret;

use crate::docker::clone::{self, Copy, Original, Place, Role, Wish, restart};
use crate::docker::faithful::injected::Injected;
use crate::docker::faithful::{Privileged, Terms};
use crate::docker::host::{Capacity, Resolved, Usage};
use crate::docker::reference::Reference;
use crate::docker::version::ApiVersion;
use crate::engine::Subject;

/// All that is to be known of one service.
#[derive(Debug)]
pub struct Facts {
    /// The service as it is now.
    pub subject: Subject,
    /// The image as it was asked for.
    pub asked: String,
    /// Who makes its containers.
    pub maker: Maker,
    /// The names of the variables that are set over those of stable.
    pub overrides: Vec<String>,
    /// The shape of the rollout.
    pub strategy: Strategy,
    /// Whether it may be what is stable, or have been sent back before.
    pub force: bool,
    /// How many containers it is given.
    pub instances: usize,
    /// Which release it is, if the image is known.
    pub release: Option<ReleaseId>,
    /// What the Engine says of what is copied, or why it says nothing.
    pub found: Result<Model, String>,
}

/// What is copied.
#[derive(Debug)]
pub enum Model {
    /// A container.
    Container(Box<Found>),
    /// A service of Swarm.
    Service(Box<Served>),
}

/// Who makes the containers of a deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Maker {
    /// We do, as copies of one of stable's.
    #[default]
    Copy,
    /// Compose, at the word of `canaryctl`.
    Compose {
        /// What tells its file apart from any other.
        spec: Secret,
        /// The restart policy once the release is stable.
        restart: String,
        /// Whether they run as soon as they are made.
        is_started: bool,
    },
}

/// What a manager says of a service of Swarm.
#[derive(Debug)]
pub struct Served {
    /// What it is to be.
    pub first: ServiceSpec,
    /// What Swarm does with it now, if it is not at rest: `updating`.
    pub is_changing: Option<String>,
    /// Where its tasks listen.
    pub port: Option<u16>,
    /// Which image is meant, or why that is none.
    pub reference: Result<Reference, String>,
    /// What it means now, or why it is not known.
    pub resolved: Result<Resolved, String>,
    /// The image, if it is on the machine.
    pub image: Option<ImageInspect>,
}

/// What the Engine says of a container.
#[derive(Debug)]
pub struct Found {
    /// What it speaks.
    pub api: ApiVersion,
    /// The container of stable that is copied.
    pub original: Original,
    /// What was put into it before it started.
    pub injected: Injected,
    /// All containers of the Engine.
    pub others: Vec<ContainerSummary>,
    /// Which image is meant, or why that is none.
    pub reference: Result<Reference, String>,
    /// What it means now, or why it is not known.
    pub resolved: Result<Resolved, String>,
    /// The image, if it is on the machine.
    pub image: Option<ImageInspect>,
    /// What the machine has.
    pub capacity: Result<Capacity, String>,
    /// What the container of stable uses.
    pub usage: Option<Usage>,
}

// === impl Model ===

impl Model {
    /// Which image is meant, or why that is none.
    pub fn reference(&self) -> &Result<Reference, String> {
        match self {
            Self::Container(found) => &found.reference,
            Self::Service(served) => &served.reference,
        }
    }

    /// What it means now, or why it is not known.
    pub fn resolved(&self) -> &Result<Resolved, String> {
        match self {
            Self::Container(found) => &found.resolved,
            Self::Service(served) => &served.resolved,
        }
    }

    /// How many tasks it is to have, if it is a service of Swarm.
    #[must_use]
    pub fn tasks(&self) -> Option<usize> {
        let Self::Service(served) = self else { return None };
        let tasks = served.first.mode.as_ref()?.replicated.as_ref()?.replicas.unwrap_or(1);
        usize::try_from(tasks).ok()
    }

    /// The image, if it is on the machine.
    #[must_use]
    pub fn image(&self) -> Option<&ImageInspect> {
        match self {
            Self::Container(found) => found.image.as_ref(),
            Self::Service(served) => served.image.as_ref(),
        }
    }
}

// === impl Served ===

impl Served {
    /// The image as a service of Swarm names it: with its tag for people, and with its digest for nodes.
    ///
    /// # Errors
    /// When it is not known.
    pub fn pinned(&self) -> Result<String, String> {
        let reference = self.reference.as_ref().map_err(Clone::clone)?;
        let resolved = self.resolved.as_ref().map_err(Clone::clone)?;
        Ok(match (resolved.image.split_once('@'), reference.digest()) {
            (Some((name, digest)), None) => format!("{name}:{}@{digest}", reference.version()),
            (Some(_), Some(_)) => resolved.image.clone(),
            // No node could look for an id.
            (None, _) => reference.to_string(),
        })
    }
}

// === impl Maker ===

impl Maker {
    /// Whether the containers are there before they are to run, so that a hook before that can be run in their like.
    #[must_use]
    pub const fn has_to_wait(&self) -> bool {
        matches!(self, Self::Compose { is_started: false, .. })
    }
}

// === impl Facts ===

impl Facts {
    /// Whether it is what is stable already, so that there is nothing to do.
    #[must_use]
    pub fn is_stable(&self) -> bool {
        self.release.as_ref() == Some(&self.subject.stable)
    }

    /// The restart policy of the new containers once they are stable.
    #[must_use]
    pub fn restart(&self, found: &Found) -> String {
        match &self.maker {
            Maker::Copy => restart::written(&restart::of(&found.original.container)),
            Maker::Compose { restart, .. } => restart.clone(),
        }
    }

    /// What is to differ in a new container, as far as it is known before anything is made.
    #[must_use]
    pub fn wish<'a>(&'a self, release: &'a str, deployment: &'a str) -> Wish<'a> {
        Wish {
            image: &self.asked,
            tag: &self.asked,
            name: "",
            service: &self.subject.service.name,
            release,
            deployment,
            owner: self.subject.owner.as_str(),
            carried: &[],
            env: &[],
            role: Role::Instance,
            aliases: self.aliases(),
            volumes: self.volumes(),
            place: self.place(),
        }
    }

    /// A copy as it would be made, as far as it is known before the image is here.
    #[must_use]
    pub fn copy(&self, found: &Found) -> Copy {
        let unknown = ImageInspect::default();
        let image = found.image.as_ref().unwrap_or(&unknown);
        clone::clone(&found.original, image, &self.wish("", ""), found.api)
    }

    /// Whether the new containers run beside those of stable.
    #[must_use]
    pub fn place(&self) -> Place {
        if self.strategy == Strategy::Recreate { Place::InsteadOf } else { Place::Beside }
    }

    /// What becomes of volumes without a name.
    #[must_use]
    pub fn volumes(&self) -> AnonymousVolumes {
        self.declared().map(|declared| declared.anonymous_volumes).unwrap_or_default()
    }

    /// Whether a container may be copied that rules its host.
    #[must_use]
    pub fn privileged(&self) -> Privileged {
        if self.declared().is_some_and(|declared| declared.allow_privileged) {
            Privileged::Allow
        } else {
            Privileged::Refuse
        }
    }

    /// What the operator allows.
    #[must_use]
    pub fn terms(&self) -> Terms {
        Terms { place: self.place(), volumes: self.volumes(), privileged: self.privileged() }
    }

    /// Whether the new containers are found by the names of stable's.
    #[must_use]
    pub fn aliases(&self) -> Aliases {
        self.declared().map(|declared| declared.aliases).unwrap_or_default()
    }

    /// What the file says of the service's containers.
    fn declared(&self) -> Option<&Discovered> {
        self.subject.service.origin.discovered()
    }
}
