//! What each service of Swarm on a shelf should be, by where its service's rollout stands, and what has to be done for
//! it. Pure.
//!
//! What [`docker::desire`](crate::docker::desire) is for containers: it goes by what is true now. A task that is stopped
//! is made again by Swarm, so that what is started and stopped is the service, by its number of tasks.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use canary_config::name::ReleaseId;

use crate::docker::desire::Stand;
use crate::docker::shelf::{Shelf, Shelved};
use crate::docker::sighting::SwarmService;
use crate::docker::swarm::twin::Twin;

/// What has to be done with a service of Swarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Give it so many tasks.
    Scale(u64),
    /// Take all tasks from it as soon as they have answered what they were asked.
    Rest,
    /// Remove it, likewise.
    Remove,
    /// Have the first service become what the second one is.
    HandOver {
        /// The second one.
        to: Box<str>,
        /// What is made of the first as it is now, without a task, for a rollback.
        kept: Option<Kept>,
    },
}

/// The release that a first service has been, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The name of the service that keeps it.
    pub name: Box<str>,
    /// Which release.
    pub release: ReleaseId,
    /// For which deployment that service is made.
    pub deployment: Box<str>,
}

/// The services of Swarm that are of one of canaryd's.
#[derive(Clone, Debug)]
pub struct Muster<'a> {
    /// All of them.
    pub services: &'a [SwarmService],
    /// Those whose tasks are all ready.
    pub whole: BTreeSet<&'a str>,
}

// === impl Act ===

impl Act {
    /// Whether its tasks leave by it.
    #[must_use]
    pub fn is_leave(&self) -> bool {
        matches!(self, Self::Rest | Self::Remove)
    }
}

// === impl Muster ===

impl Muster<'_> {
    /// What has to be done now.
    #[must_use]
    pub fn acts(&self, stand: &Stand<'_>, shelf: &Shelf) -> Vec<(Box<str>, Act)> {
        let kept: BTreeSet<_> = self.kept(stand, shelf);
        let mut acts = Vec::new();
        for service in self.services.iter().filter(|service| stand.owner.has_made_service(service)) {
            let Some(shelved) = shelf.get(&service.release) else { continue };
            let act = match twin_of(shelved, service) {
                // What an earlier deployment of the same release has left.
                None => Some((service.name.clone(), Act::Remove)),
                Some(_) if stand.spared.contains(&service.release) => None,
                Some(twin) if service.release == *stand.stable => self.of_stable(service, twin, stand, shelf),
                Some(twin) if Some(&service.release) == stand.canary => {
                    let is_to_start = stand.may_start && service.tasks == 0;
                    is_to_start.then(|| (service.name.clone(), Act::Scale(twin.tasks)))
                }
                Some(_) if !kept.contains(&service.release) => Some((service.name.clone(), Act::Remove)),
                Some(_) => (service.tasks > 0).then(|| (service.name.clone(), Act::Rest)),
            };
            acts.extend(act);
        }
        acts
    }

    /// The second service goes when the first one is the same; until then it serves.
    fn of_stable(
        &self,
        service: &SwarmService,
        twin: &Twin,
        stand: &Stand<'_>,
        shelf: &Shelf,
    ) -> Option<(Box<str>, Act)> {
        let first = self.services.iter().find(|first| first.name == twin.of);
        if let Some(first) = first.filter(|first| first.release == *stand.stable) {
            let is_over = service.tasks == 0 || self.whole.contains(&*first.name);
            return is_over.then(|| (service.name.clone(), Act::Remove));
        }
        if service.tasks == 0 {
            return Some((service.name.clone(), Act::Scale(twin.tasks)));
        }
        // What somebody else has made of the first one meanwhile is theirs, and stays; on the shelf is what it was before.
        let before = shelf.get(&first.filter(|_| !twin.is_handed_over && stand.canary.is_none())?.release)?;
        let keep = |before: &Shelved| {
            let (twin, deployment) = (before.twin.as_ref()?, before.deployment.clone()?);
            Some(Kept { name: twin.name.clone(), release: before.release.clone(), deployment })
        };
        let kept = keep(before).filter(|_| stand.kept > 0);
        Some((twin.of.clone(), Act::HandOver { to: twin.name.clone(), kept }))
    }

    /// The releases without a part that are kept for a rollback.
    fn kept<'a>(&self, stand: &Stand<'_>, shelf: &'a Shelf) -> BTreeSet<&'a ReleaseId> {
        let has_part = |release: &ReleaseId| release == stand.stable || Some(release) == stand.canary;
        let is_there = |shelved: &Shelved| self.services.iter().any(|service| twin_of(shelved, service).is_some());
        let kept = shelf.newest_first().filter(|shelved| {
            let release = &shelved.release;
            shelved.was_stable && !has_part(release) && !stand.sent_back.contains(release) && is_there(shelved)
        });
        kept.take(stand.kept).map(|shelved| &shelved.release).collect()
    }
}

/// What a shelf says of a service, if it is the one that was made for what is there.
#[must_use]
pub fn twin_of<'a>(shelved: &'a Shelved, service: &SwarmService) -> Option<&'a Twin> {
    let made_for = service.managed.as_ref().map(|managed| &managed.deployment);
    let twin = shelved.twin.as_ref().filter(|twin| twin.name == service.name)?;
    (made_for.is_some() && made_for == shelved.deployment.as_ref()).then_some(twin)
}
