//! What was seen of the containers that belong to services: the whole of it, as it is now.
//!
//! A container is in [`Sightings::containers`] as soon as its labels say whose it is, whatever state it is in; one that
//! does not say it rightly is in [`Sightings::faults`] alone.

use core::net::SocketAddr;
use std::fmt;
use std::time::SystemTime;

use canary_config::name::{ReleaseId, ServiceName};
use serde::{Deserialize, Serialize};

use crate::docker::swarm::refusal::Manner;

/// So many of an id's digits are shown.
const DIGITS_SHOWN: usize = 12;

/// All that is known of an Engine's containers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sightings {
    /// Why the Engine cannot be asked now, and what helps; the rest is then what was known last. Also until the first
    /// whole look at it, and from the loss of an Engine until the next.
    pub trouble: Option<String>,
    /// Containers that have a label of ours and of which nothing is known. What is not among the others may be there.
    pub unseen: Vec<Unseen>,
    /// The containers of services, by their ids.
    pub containers: Vec<Sighting>,
    /// The services of Swarm whose tasks are among them, or would be.
    pub swarm: Vec<SwarmService>,
    /// What is wrong with some, by their ids.
    pub faults: Vec<Fault>,
}

/// A container that could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unseen {
    /// Its name.
    pub name: Box<str>,
    /// Whose it says that it is, if that is known.
    pub service: Option<Box<str>>,
}

/// A service of Swarm whose tasks are instances of one of canaryd's, as it is to be now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwarmService {
    /// Whose its tasks are.
    pub service: ServiceName,
    /// Of which version they are to be.
    pub release: ReleaseId,
    /// Its name.
    pub name: Box<str>,
    /// Set if canaryd made it.
    pub managed: Option<Managed>,
    /// How many tasks it is to have.
    pub tasks: u64,
}

/// One container of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Whose it is.
    pub service: ServiceName,
    /// Of which version: the label `canary.release`, else the first digits of the image's digest.
    pub release: ReleaseId,
    /// The other names of that version, if no label gives it one: an image gets further digests when it is pushed.
    pub also: Vec<ReleaseId>,
    /// Which one it is.
    pub container: ContainerId,
    /// Its name, which can change.
    pub name: Box<str>,
    /// Its image as it was asked for.
    pub image: Box<str>,
    /// What its image is: the digest that registries know it by, else the Engine's own id of it.
    pub digest: Box<str>,
    /// When it was made.
    pub created: Option<SystemTime>,
    /// How often the Engine has started it again by itself.
    pub restarts: u64,
    /// When it was told to stop, by the Engine's clock, if it still runs.
    pub told_to_stop: Option<SystemTime>,
    /// Set if canaryd made it.
    pub managed: Option<Managed>,
    /// Set if Compose made it, or what it is a copy of.
    pub compose: Option<ComposeOrigin>,
    /// What is doubtful about how it was made.
    pub doubts: Vec<Doubt>,
    /// Set if it is the container of a task of Swarm's.
    pub swarm: Option<SwarmOrigin>,
    /// What it does.
    pub state: State,
}

/// What is doubtful about how a container was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It has no Docker health check.
    NoHealthCheck,
    /// A volume without a name is mounted there.
    AnonymousVolume(Box<str>),
}

/// Which container: an id that no other ever has.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContainerId(Box<str>);

/// That a canaryd made a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Managed {
    /// Which one: the label `canary.managed`. There may be several on one Engine.
    pub owner: Box<str>,
    /// For what: the label `canary.deployment`.
    pub deployment: Box<str>,
}

/// Where Compose has a container from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComposeOrigin {
    /// The project.
    pub project: Box<str>,
    /// The service of the project.
    pub service: Box<str>,
    /// The folder in which Compose was called.
    pub working_dir: Option<Box<str>>,
    /// The files, divided by commas; relative to the folder where old versions of Compose wrote them.
    pub config_files: Option<Box<str>>,
    /// The files that it was told to read variables from, divided by commas.
    pub env_files: Option<Box<str>>,
}

/// Where Swarm has a container from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwarmOrigin {
    /// The service of Swarm.
    pub service: Box<str>,
    /// How that one is made up.
    pub manner: Manner,
}

/// What a container does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It runs, and its Docker health check has not passed yet, or its network has not given it an address.
    Starting,
    /// It runs, and its Docker health check has passed or there is none.
    Running {
        /// Where it listens. It is this container's for as long as it is in this state, and then perhaps another's.
        address: SocketAddr,
        /// Since when: a container that is started again has another.
        since: Option<SystemTime>,
    },
    /// It runs and cannot serve.
    Unhealthy {
        /// Why: its health check says so, or it cannot be reached.
        why: String,
    },
    /// It has left the network on which it was reached, and is being asked about: an Engine may tell so before it tells
    /// that a container has ended.
    Adrift,
    /// It was told to stop, and may still run. That holds until it is started again.
    Leaving,
    /// It is frozen.
    Paused,
    /// It does not run: it was made and never started, it has ended, or the Engine waits before it starts it again.
    Stopped {
        /// How its process ended; 0 if there was none.
        exit_code: i64,
        /// Whether it was ended because there was no memory left.
        out_of_memory: bool,
        /// Since when; nothing if it never ran.
        since: Option<SystemTime>,
    },
}

/// What is wrong with one container.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Which one.
    pub container: ContainerId,
    /// Its name.
    pub name: Box<str>,
    /// What is wrong, and what to do.
    pub what: String,
}

// === impl ContainerId ===

impl ContainerId {
    /// An id as the Engine gives it, in full.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self(id.into())
    }

    /// The id in full.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ContainerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.get(..DIGITS_SHOWN).unwrap_or(&self.0))
    }
}

// === impl Sightings ===

impl Sightings {
    /// Containers that may be this service's, for all that is known.
    pub fn unseen_of(&self, service: &ServiceName) -> impl Iterator<Item = &Unseen> {
        let is_its = move |unseen: &&Unseen| unseen.service.as_deref().is_none_or(|name| name == service.as_str());
        self.unseen.iter().filter(is_its)
    }
}

// === impl Sighting ===

impl Sighting {
    /// Calls its version as it is called already, by the first of these that may tell; else it keeps its name.
    pub fn call_as(&mut self, is_called: &[&dyn Fn(&ReleaseId) -> bool]) {
        let mut found = is_called.iter().flat_map(|is_it| {
            let own = std::iter::once(&self.release).chain(&self.also);
            own.filter(|name| is_it(name))
        });
        if let Some(known) = found.next().filter(|known| **known != self.release).cloned() {
            self.also.retain(|name| *name != known);
            self.also.push(std::mem::replace(&mut self.release, known));
        }
    }
}

// === impl State ===

impl State {
    /// Whether it has processes, whatever they do.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        !matches!(self, Self::Stopped { .. })
    }

    /// Where requests can be sent, if they can.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Running { address, .. } => Some(*address),
            Self::Starting
            | Self::Unhealthy { .. }
            | Self::Adrift
            | Self::Leaving
            | Self::Paused
            | Self::Stopped { .. } => None,
        }
    }
}

// === impl Fault ===

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.what)
    }
}
