//! What a canary is charged with by what becomes of its containers.

use canary_config::name::ServiceName;

use crate::docker::sighting::{Sighting, Sightings, State};
use crate::engine::Engine;
use crate::engine::managed::Managed;
use crate::engine::seen::Seen;
use crate::rollout::{Charge, Event};

// === impl Engine ===

impl Engine {
    /// What the canaries of services are charged with, by what has become of their containers since.
    pub(super) fn charges(&self, before: &Sightings) -> Vec<(ServiceName, Charge)> {
        let charge = |managed: &Managed| {
            let canary = managed.rollout.canary()?;
            let name = &managed.declared.name;
            let of_canary = |sighting: &&Sighting| sighting.service == *name && sighting.release == *canary;
            let mut own = before.containers.iter().filter(of_canary);
            Some((name.clone(), own.find_map(|before| charge(before, &self.sightings))?))
        };
        self.services.values().filter_map(charge).collect()
    }

    /// That the canary of a service is charged, as its group is shown it.
    pub(in crate::engine) fn charged(&self, service: &ServiceName, charge: Charge) -> Option<Seen> {
        let group = self.group_of(service);
        let events = group.iter().map(|one| if one == service { Event::Charged(charge) } else { Event::Ticked });
        Some(Seen { events: events.collect(), group: group.clone() })
    }
}

/// What a canary's container is charged with. One that is gone has died unseen; one with which something is wrong is
/// still there, though nobody knows whose it is: labels are read anew by another configuration.
pub(super) fn charge(before: &Sighting, now: &Sightings) -> Option<Charge> {
    let was_running = !matches!(before.state, State::Stopped { .. });
    let Some(now) = now.containers.iter().find(|now| now.container == before.container) else {
        let is_there = now.faults.iter().any(|fault| fault.container == before.container);
        return (was_running && !is_there).then_some(Charge::Died);
    };
    match now.state {
        State::Stopped { out_of_memory: true, .. } if was_running => Some(Charge::OutOfMemory),
        State::Stopped { .. } if was_running => Some(Charge::Died),
        _ if now.restarts > before.restarts => Some(Charge::Restarted),
        _ => None,
    }
}
