//! What is seen of containers: whose backends they are, what becomes of a canary that loses one, and what takes the
//! place of a stable release that has gone.

mod deployments;
mod discovery;
mod gates;
mod kept;
mod last_words;
mod limits;
mod roster;
mod shelves;
mod twins;
mod usage;

use canary_config::name::{ReleaseId, ServiceName};
use canary_config::origin::OnReplace;

use crate::clock;
use crate::docker::sighting::{Sighting, Sightings, State};
use crate::engine::Engine;
use crate::engine::managed::Managed;
use crate::engine::seen::Seen;
use crate::rollout::{Charge, Event};

pub use self::deployments::{Begun, DeployWord, Part, Stock, Subject};

pub(super) use self::deployments::Deployment;
pub(super) use self::discovery::Discovery;
pub(super) use self::gates::Gates;
pub(super) use self::roster::Roster;
pub(super) use self::shelves::Doings;
pub(super) use self::twins::Twins;
pub(super) use self::usage::Usages;

// === impl Engine ===

impl Engine {
    /// Takes what is known of all containers now.
    ///
    /// Backends that have gone leave the table first; what follows from it for rollouts comes after.
    pub(super) fn note_sightings(&mut self, seen: Sightings) {
        let before = std::mem::replace(&mut self.sightings, seen);
        if before.trouble != self.sightings.trouble {
            match &self.sightings.trouble {
                Some(trouble) => tracing::warn!(trouble, "containers are not seen; requests go where they went"),
                None => {
                    tracing::info!("containers are seen");
                    self.services.values_mut().for_each(|managed| managed.begin_to_see(clock::now()));
                }
            }
        }
        for fault in self.sightings.faults.iter().filter(|fault| !before.faults.contains(fault)) {
            tracing::warn!(container = %fault.container, "{fault}");
        }
        let mut changed = Vec::new();
        for (name, managed) in self.services.iter_mut() {
            if managed.enrol(&self.sightings) {
                changed.push(name.clone());
            }
        }
        if !changed.is_empty() {
            self.publish(&changed);
        }
        for (service, charge) in self.charges(&before) {
            self.show(self.charged(&service, charge));
        }
        self.hear_ended(&before);
        for service in &changed {
            self.show(self.probed(service));
        }
        self.replace_the_gone();
        self.tend_gates();
        self.tend_shelves();
    }

    /// Why the containers of a service are not seen now. Who does not see a canary's containers must not send it more.
    pub(super) fn blindness_of(&self, service: &ServiceName) -> Option<&str> {
        let managed = self.services.get(service)?;
        managed.declared.origin.discovered()?;
        self.sightings.trouble.as_deref()
    }

    /// What the canaries of services are charged with, by what has become of their containers since.
    fn charges(&self, before: &Sightings) -> Vec<(ServiceName, Charge)> {
        let charge = |managed: &Managed| {
            let canary = managed.rollout.canary()?;
            let name = &managed.declared.name;
            let of_canary = |sighting: &&Sighting| sighting.service == *name && sighting.release == *canary;
            let now =
                |before: &Sighting| self.sightings.containers.iter().find(|now| now.container == before.container);
            let mut own = before.containers.iter().filter(of_canary);
            Some((name.clone(), own.find_map(|before| charge(before, now(before)))?))
        };
        self.services.values().filter_map(charge).collect()
    }

    /// That the canary of a service is charged, as its group is shown it.
    pub(super) fn charged(&self, service: &ServiceName, charge: Charge) -> Option<Seen> {
        let group = self.group_of(service);
        let events = group.iter().map(|one| if one == service { Event::Charged(charge) } else { Event::Ticked });
        Some(Seen { events: events.collect(), group: group.clone() })
    }

    /// Where stable has no container left, what alone is ready takes its place, unless that is a human's affair. Before
    /// everything has been looked at, nobody can say who is gone.
    pub(super) fn replace_the_gone(&mut self) {
        if self.sightings.trouble.is_some() || self.sightings.is_partial {
            return;
        }
        let alone = self.services.iter().filter_map(|(name, managed)| Some((name.clone(), managed.successor()?)));
        for (service, release) in alone.collect::<Vec<_>>() {
            self.show(Some(Seen { group: vec![service], events: vec![Event::Replaced(release)] }));
        }
    }
}

// === impl Managed ===

impl Managed {
    /// Takes the containers of this service as its backends, if it is discovered. Whether that changed anything.
    pub(super) fn enrol(&mut self, sightings: &Sightings) -> bool {
        if self.declared.origin.discovered().is_none() {
            return false;
        }
        let service = &self.declared.name;
        let own: Vec<_> =
            sightings.containers.iter().filter(|sighting| sighting.service == *service).cloned().collect();
        let of_swarm = sightings.swarm.iter().filter(|one| one.service == *service).cloned();
        self.twins.muster(of_swarm.collect());
        let roster = Roster::of_containers(own.iter().filter(|one| !self.twins.is_withdrawn(one)));
        let is_changed = roster != self.roster || self.containers != own;
        (self.roster, self.containers) = (roster, own);
        is_changed
    }

    /// Whether stable has a container, in whatever state: after its host has been started anew, all are stopped for a
    /// while. Whoever replaces one removes it.
    fn has_stable_container(&self) -> bool {
        self.containers.iter().any(|container| container.release == *self.rollout.stable())
    }

    /// The releases that are watched as one of them may have to take stable's place.
    pub(super) fn candidates(&self) -> Vec<ReleaseId> {
        let is_open = self.declared.origin.discovered().is_some()
            && self.rollout.phase().trial().is_none()
            && !self.has_stable_container();
        if is_open { self.roster.releases().cloned().collect() } else { Vec::new() }
    }

    /// The release that takes stable's place: the only one that is ready, if stable has gone.
    pub(super) fn successor(&self) -> Option<ReleaseId> {
        let is_first = self.rollout.stable().is_none();
        let adopts = self.declared.origin.discovered()?.on_replace == OnReplace::Adopt;
        // What canaryd has made and sent back leaves in a moment.
        let leaves = |release: &ReleaseId| {
            let is_made = self.shelf.get(release).is_some_and(|shelved| shelved.deployment.is_some());
            is_made && self.rollout.sent_back(release).is_some()
        };
        let candidates = self.candidates().into_iter().filter(|release| !leaves(release));
        let mut ready = candidates.filter(|release| self.pools.count(release).0 > 0);
        let only = ready.next().filter(|_| ready.next().is_none())?;
        // Of several that were there before canaryd, one may only be slower than the other.
        let is_there = |state: &State| !matches!(state, State::Leaving | State::Stopped { .. });
        let mut others = self.containers.iter().filter(|container| container.release != only);
        let is_alone = !is_first || !others.any(|container| is_there(&container.state));
        (is_alone && (is_first || adopts)).then_some(only)
    }
}

/// What a canary's container is charged with. One that is gone has died unseen.
fn charge(before: &Sighting, now: Option<&Sighting>) -> Option<Charge> {
    let was_running = !matches!(before.state, State::Stopped { .. });
    let Some(now) = now else { return was_running.then_some(Charge::Died) };
    match now.state {
        State::Stopped { out_of_memory: true, .. } if was_running => Some(Charge::OutOfMemory),
        State::Stopped { .. } if was_running => Some(Charge::Died),
        _ if now.restarts > before.restarts => Some(Charge::Restarted),
        _ => None,
    }
}
