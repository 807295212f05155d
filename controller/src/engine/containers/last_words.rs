//! The last words of canaries: who is listened to, and when. That is done beside the engine, before anything removes the
//! container; nothing waits for it.

use canary_config::name::ReleaseId;

use crate::docker::scribe::{Speaker, Written};
use crate::docker::sighting::{Sighting, Sightings, State};
use crate::engine::Engine;
use crate::engine::containers::charges::charge;
use crate::engine::managed::Managed;
use crate::engine::moved::Moved;
use crate::rollout::Phase;

// === impl Engine ===

impl Engine {
    /// Has all containers of a canary listened to that is sent back now.
    pub(in crate::engine) fn hear_sent_back(&self, moves: &[Moved]) {
        for moved in moves.iter().filter(|moved| moved.is_retreat()) {
            let Some(managed) = self.services.get(&moved.service) else { continue };
            let Some(canary) = &moved.transition.canary else { continue };
            let own = managed.containers.iter().filter(|container| container.release == *canary);
            self.hear(managed, own.map(speaker).collect());
        }
    }

    /// Has the containers listened to that have ended since, of canaries that are on trial or were sent back.
    pub(in crate::engine) fn hear_ended(&self, before: &Sightings) {
        for managed in self.services.values() {
            let Some(canary) = managed.canary_told_of() else { continue };
            let of_canary =
                |sighting: &&Sighting| sighting.service == managed.declared.name && sighting.release == *canary;
            let ended = before.containers.iter().filter(of_canary);
            let ended = ended.filter(|before| charge(before, &self.sightings).is_some());
            self.hear(managed, ended.map(speaker).collect());
        }
    }

    fn hear(&self, managed: &Managed, speakers: Vec<Speaker>) {
        if let Some(scribe) = &self.scribe {
            scribe.listen(managed.declared.name.clone(), managed.rollout.generation(), speakers);
        }
    }

    /// What a container said is known.
    pub(in crate::engine) fn note_written(&mut self, Written { service, generation, words }: Written) {
        if let Some(managed) = self.services.get_mut(&service) {
            managed.accounts.write_down(generation, words);
        }
    }
}

// === impl Managed ===

impl Managed {
    /// The release whose containers the present account tells of.
    fn canary_told_of(&self) -> Option<&ReleaseId> {
        match self.rollout.phase() {
            Phase::Aborted { canary, .. } => Some(canary),
            phase => phase.trial().map(|trial| &trial.canary),
        }
    }
}

fn speaker(container: &Sighting) -> Speaker {
    let was_told = container.state == State::Leaving;
    Speaker { container: container.container.clone(), name: container.name.clone(), was_told }
}
