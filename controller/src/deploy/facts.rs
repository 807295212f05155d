//! What is to be known of a service and of an image before one is deployed as the other. Pure.

use bollard::models::{ContainerSummary, ImageInspect};
use canary_config::name::ReleaseId;
use canary_config::origin;
use canary_config::plan::Strategy;

use crate::docker::clone::{Aliases, AnonymousVolumes, Original, Place, restart};
use crate::docker::faithful::Privileged;
use crate::docker::faithful::injected::Injected;
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
    /// What the Engine says, or why it says nothing.
    pub found: Result<Found, String>,
}

/// What the Engine says.
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

// === impl Facts ===

impl Facts {
    /// Whether it is what is stable already, so that there is nothing to do.
    #[must_use]
    pub fn is_stable(&self) -> bool {
        self.release.as_ref() == Some(&self.subject.stable)
    }

    /// Whether the new containers run beside those of stable.
    #[must_use]
    pub fn place(&self) -> Place {
        if self.strategy == Strategy::Recreate { Place::InsteadOf } else { Place::Beside }
    }

    /// What becomes of volumes without a name.
    #[must_use]
    pub fn volumes(&self) -> AnonymousVolumes {
        let declared = self.subject.service.origin.discovered().map(|discovered| discovered.anonymous_volumes);
        match declared.unwrap_or_default() {
            origin::AnonymousVolumes::Fresh => AnonymousVolumes::Fresh,
            origin::AnonymousVolumes::Share => AnonymousVolumes::Share,
            origin::AnonymousVolumes::Refuse => AnonymousVolumes::Refuse,
        }
    }

    /// Whether a container may be copied that rules its host.
    #[must_use]
    pub fn privileged(&self) -> Privileged {
        let declared = self.subject.service.origin.discovered();
        if declared.is_some_and(|discovered| discovered.allow_privileged) {
            Privileged::Allow
        } else {
            Privileged::Refuse
        }
    }

    /// Whether the new containers are found by the names of stable's.
    #[must_use]
    pub fn aliases(&self) -> Aliases {
        let declared = self.subject.service.origin.discovered().map(|discovered| discovered.aliases);
        match declared.unwrap_or_default() {
            origin::Aliases::Keep => Aliases::Keep,
            origin::Aliases::OnPromote => Aliases::OnPromote,
        }
    }
}

// === impl Found ===

impl Found {
    /// The restart policy of the new containers once they are stable.
    #[must_use]
    pub fn restart(&self) -> String {
        restart::written(&restart::of(&self.original.container))
    }
}
