//! The releases of a service whose containers canaryd may start, stop and remove: those that it made, and those that it
//! made them from. Pure; the store keeps it as a paper.
//!
//! A release is put on the shelf before its first container is made, so that none is ever forgotten: what is on it and
//! has no part in a rollout is cleared away, however canaryd ended.

use std::collections::BTreeSet;

use canary_config::name::ReleaseId;
use serde::{Deserialize, Serialize};

use crate::docker::sighting::{ContainerId, Sighting};
use crate::docker::swarm::twin::Twin;

/// The releases of one service, the one that came last at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shelf(Vec<Shelved>);

/// One release on a shelf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shelved {
    /// Which.
    pub release: ReleaseId,
    /// Its image as it was asked for.
    pub image: String,
    /// The deployment that its containers are labelled with, if canaryd makes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<Box<str>>,
    /// Set if its instances are the tasks of a service of Swarm beside another, or will be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twin: Option<Twin>,
    /// Containers that were there before it came onto the shelf.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub taken_over: BTreeSet<ContainerId>,
    /// The restart policy of its containers while it is stable, as Docker's command line writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<String>,
    /// Those of its containers that have that policy.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub settled: BTreeSet<ContainerId>,
    /// Whether it has been stable, so that a rollback may lead to it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub was_stable: bool,
    /// Those of its containers that canaryd has stopped, or that had ended when the release had no part any more.
    /// Whoever starts one again does it on their own account.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub stopped: BTreeSet<ContainerId>,
    /// Those that canaryd has begun to stop and does not know to have ended: it may have been killed meanwhile.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub retiring: BTreeSet<ContainerId>,
}

// === impl Shelf ===

impl Shelf {
    /// A release, if it is on the shelf.
    #[must_use]
    pub fn get(&self, release: &ReleaseId) -> Option<&Shelved> {
        self.0.iter().find(|shelved| shelved.release == *release)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, release: &ReleaseId) -> Option<&mut Shelved> {
        self.0.iter_mut().find(|shelved| shelved.release == *release)
    }

    /// Every release, the one that came last first.
    pub fn newest_first(&self) -> impl Iterator<Item = &Shelved> {
        self.0.iter().rev()
    }

    /// Puts a release there, as the one that came last.
    pub fn put(&mut self, shelved: Shelved) {
        self.take(&shelved.release);
        self.0.push(shelved);
    }

    /// Takes a release away.
    pub fn take(&mut self, release: &ReleaseId) {
        self.0.retain(|shelved| shelved.release != *release);
    }

    /// Whether nothing is on it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a container is one of a release that is on it.
    #[must_use]
    pub fn owns(&self, container: &Sighting) -> bool {
        self.0.iter().any(|shelved| shelved.owns(container))
    }
}

// === impl Shelved ===

impl Shelved {
    /// A release of this image, whose containers are made by this deployment.
    #[must_use]
    pub fn of_deployment(release: ReleaseId, image: String, deployment: Box<str>, restart: Option<String>) -> Self {
        Self { deployment: Some(deployment), restart, ..Self::of_containers(release, image, BTreeSet::new()) }
    }

    /// A release whose containers are there already.
    #[must_use]
    pub fn of_containers(release: ReleaseId, image: String, taken_over: BTreeSet<ContainerId>) -> Self {
        let (settled, stopped, retiring) = Default::default();
        Self {
            release,
            image,
            deployment: None,
            twin: None,
            taken_over,
            restart: None,
            settled,
            was_stable: false,
            stopped,
            retiring,
        }
    }

    /// The same, whose containers have this restart policy already.
    #[must_use]
    pub fn with_restart(self, restart: String) -> Self {
        Self { restart: Some(restart), settled: self.taken_over.clone(), ..self }
    }

    /// A release of this image, whose instances are the tasks of this service of Swarm, made by this deployment.
    #[must_use]
    pub fn of_twin(release: ReleaseId, image: String, deployment: Box<str>, twin: Twin) -> Self {
        let deployment = Some(deployment);
        Self { deployment, twin: Some(twin), ..Self::of_containers(release, image, BTreeSet::new()) }
    }

    /// Takes more containers of the release over, with the restart policy that they have.
    pub fn take_over<'a>(&mut self, containers: impl IntoIterator<Item = &'a Sighting>) {
        for container in containers {
            if !self.owns(container) {
                self.taken_over.insert(container.container.clone());
                self.settled.insert(container.container.clone());
            }
        }
    }

    /// Notes that canaryd begins to stop a container. Nobody else starts it again from then on.
    pub fn begin_to_retire(&mut self, container: &ContainerId) {
        self.settled.remove(container);
        self.stopped.remove(container);
        self.retiring.insert(container.clone());
    }

    /// Notes that a container does not run any more, and may be started when its release comes back.
    pub fn note_stopped(&mut self, container: &ContainerId) {
        self.retiring.remove(container);
        self.stopped.insert(container.clone());
    }

    /// Notes that a container runs by canaryd's word, or by somebody else's that counts.
    pub fn note_started(&mut self, container: &ContainerId) {
        self.retiring.remove(container);
        self.stopped.remove(container);
    }

    /// Whether canaryd starts a container that does not run when the release has a part again.
    #[must_use]
    pub fn rests(&self, container: &ContainerId) -> bool {
        self.stopped.contains(container) || self.retiring.contains(container)
    }

    /// Whether a container is one of its own.
    #[must_use]
    pub fn owns(&self, container: &Sighting) -> bool {
        let made_for = container.managed.as_ref().map(|managed| &managed.deployment);
        let is_made = made_for.is_some() && made_for == self.deployment.as_ref();
        container.release == self.release && (is_made || self.taken_over.contains(&container.container))
    }
}
