//! Whether what is declared has all that a rollout needs.

use std::collections::BTreeMap;
use std::fmt;

use canary_config::name::{ReleaseId, ServiceName};
use canary_config::service::Service;

use crate::rollout::Rollout;

/// What a rollout needs and is not declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lack {
    /// A release of the service.
    Release {
        /// Which.
        release: ReleaseId,
        /// What it is to the rollout.
        role: Role,
    },
    /// A service that moves with it.
    Peer(ServiceName),
}

/// What a release is to a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Clients are served by it.
    Stable,
    /// It is tried.
    OnTrial,
    /// It waits for its turn.
    Waiting,
}

/// The first thing that a rollout needs and `declared`, or the services beside it, lack.
pub(super) fn lack(rollout: &Rollout, declared: &Service, services: &BTreeMap<ServiceName, Service>) -> Option<Lack> {
    let waiting = rollout.queue().iter().map(|start| (&start.trial.canary, Role::Waiting));
    let on_trial = rollout.canary().map(|canary| (canary, Role::OnTrial));
    let mut needed = std::iter::once((rollout.stable(), Role::Stable)).chain(on_trial).chain(waiting);
    // Containers come and go, and a release without one is no mistake of the file.
    let declared = declared.origin.declared();
    let missing = declared.and_then(|declared| needed.find(|(release, _)| !declared.releases.contains_key(*release)));
    let missing = missing.map(|(release, role)| Lack::Release { release: release.clone(), role });
    let mut peers = rollout.phase().trial().into_iter().flat_map(|trial| &trial.peers);
    missing.or_else(|| peers.find(|peer| !services.contains_key(*peer)).cloned().map(Lack::Peer))
}

// === impl Role ===

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Stable => "stable",
            Self::OnTrial => "on trial",
            Self::Waiting => "waiting for its turn",
        })
    }
}
