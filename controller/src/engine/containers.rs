//! What is seen of containers, and whose backends they are. What becomes of a canary that loses one is in `charges`, what
//! takes the place of a stable release that has gone in `adoption`.

mod adoption;
mod charges;
mod deployments;
mod discovery;
mod doings;
mod gates;
mod kept;
mod last_words;
mod limits;
mod roster;
mod shelves;
mod twins;
mod usage;

use canary_config::name::ServiceName;

use crate::clock;
use crate::docker::sighting::{Sighting, Sightings};
use crate::engine::Engine;
use crate::engine::managed::Managed;

pub use self::deployments::{Begun, DeployWord, Part, Stock, Subject};

pub(super) use self::deployments::Deployment;
pub(super) use self::discovery::Discovery;
pub(super) use self::doings::Doings;
pub(super) use self::gates::Gates;
pub(super) use self::roster::Roster;
pub(super) use self::twins::Twins;
pub(super) use self::usage::Usages;

// === impl Engine ===

impl Engine {
    /// Takes what is known of all containers now.
    ///
    /// Backends that have gone leave the table first; what follows from it for rollouts comes after.
    pub(super) fn note_sightings(&mut self, mut seen: Sightings) {
        for sighting in &mut seen.containers {
            if let Some(managed) = self.services.get(&sighting.service) {
                managed.call(sighting);
            }
        }
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
        let unseen = sightings.unseen_of(service).map(|unseen| unseen.name.clone()).collect();
        let is_changed = roster != self.roster || self.containers != own;
        (self.roster, self.containers, self.unseen) = (roster, own, unseen);
        is_changed
    }

    /// Calls a container's release as it is called already: its image may have become known by further digests.
    fn call(&self, sighting: &mut Sighting) {
        let rollout = &self.rollout;
        sighting.call_as(&[
            &|name| name == rollout.stable(),
            &|name| Some(name) == rollout.canary(),
            &|name| rollout.queue().iter().any(|start| start.trial.canary == *name),
            &|name| self.shelf.get(name).is_some() || rollout.sent_back(name).is_some(),
        ]);
    }
}
