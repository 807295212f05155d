//! What the statuses of an awaited rollout mean, one after the other. Pure: whoever asks canaryd hands them in.

use canary_config::name::{ReleaseId, ServiceName};
use canary_config::weight::Weight;

use crate::api::{Done, ServiceStatus};
use crate::ctl::exit_code::Exit;
use crate::rollout::{PhaseName, Reason, Transition};

/// One rollout of a service that is being watched.
#[derive(Debug)]
pub(super) struct Watch {
    service: ServiceName,
    release: ReleaseId,
    turn: Turn,
    last: Option<Stand>,
}

/// Whether its turn has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// It waits for the end of this rollout, and maybe of others.
    After(u64),
    /// It is this rollout.
    Now(u64),
}

/// What a status says about the watched rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// The same as before.
    Same,
    /// It waits for its turn, behind others than before.
    Waiting,
    /// It has moved, and is on its way.
    Moved,
    /// It has come to an end, with this exit code; `Held` is an end for whoever waits.
    Ended(Exit),
    /// A later rollout has taken its place before its end was seen.
    Replaced(Exit),
    /// It waited for its turn, and does not any more.
    Dropped,
    /// canaryd does not know it any more.
    Forgotten,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stand {
    phase: PhaseName,
    weight: Weight,
    waiting: Option<usize>,
}

// === impl Watch ===

impl Watch {
    /// Watches what a start or a retry has begun or queued, of each of its services.
    pub(super) fn of(done: &Done) -> Vec<Self> {
        let peers = done.peers.iter().map(|moved| (&moved.service, &moved.transition));
        let all = std::iter::once((&done.service, &done.transition)).chain(peers);
        all.filter_map(|(service, transition)| Self::begun(service, transition)).collect()
    }

    fn begun(service: &ServiceName, transition: &Transition) -> Option<Self> {
        let generation = transition.generation.get();
        let release = transition.canary.clone()?;
        let is_queued = transition.reason == Reason::Queued;
        let turn = if is_queued { Turn::After(generation) } else { Turn::Now(generation) };
        let stand = Stand { phase: transition.to, weight: transition.weight, waiting: None };
        Some(Self { service: service.clone(), release, turn, last: (!is_queued).then_some(stand) })
    }

    /// Watches the rollout of a release that has just begun, or waits for its turn.
    pub(super) fn of_release(service: &ServiceStatus, release: &ReleaseId) -> Self {
        let is_queued = service.queue.contains(release);
        let turn = if is_queued { Turn::After(service.generation) } else { Turn::Now(service.generation) };
        Self { service: service.name.clone(), release: release.clone(), turn, last: None }
    }

    /// Watches what is under way, or was the last.
    pub(super) fn present(service: &ServiceStatus) -> Self {
        let release = service.canary.as_ref().unwrap_or(&service.stable).clone();
        Self { service: service.name.clone(), release, turn: Turn::Now(service.generation), last: None }
    }

    /// Of which service.
    pub(super) const fn service(&self) -> &ServiceName {
        &self.service
    }

    /// Which release.
    pub(super) const fn release(&self) -> &ReleaseId {
        &self.release
    }

    /// Which rollout; while it waits for its turn, the one that it waits for.
    pub(super) const fn generation(&self) -> u64 {
        match self.turn {
            Turn::After(generation) | Turn::Now(generation) => generation,
        }
    }

    /// Looks at the next status.
    pub(super) fn look(&mut self, service: &ServiceStatus) -> Sight {
        match self.turn {
            Turn::After(before) => self.look_at_queue(before, service),
            Turn::Now(generation) => self.look_at_rollout(generation, service),
        }
    }

    fn look_at_queue(&mut self, before: u64, service: &ServiceStatus) -> Sight {
        if service.generation > before && service.canary.as_ref() == Some(&self.release) {
            self.turn = Turn::Now(service.generation);
            return self.look(service);
        }
        match service.queue.iter().position(|release| *release == self.release) {
            Some(waiting) if self.is_new(service, Some(waiting)) => Sight::Waiting,
            Some(_) => Sight::Same,
            None if service.stable == self.release => Sight::Replaced(Exit::Done),
            None => Sight::Dropped,
        }
    }

    fn look_at_rollout(&mut self, generation: u64, service: &ServiceStatus) -> Sight {
        let reached = if service.stable == self.release { Exit::Done } else { Exit::Aborted };
        if service.generation < generation {
            return Sight::Forgotten;
        }
        if service.generation > generation {
            return Sight::Replaced(reached);
        }
        let is_new = self.is_new(service, None);
        match service.phase {
            PhaseName::Idle if reached == Exit::Done => Sight::Ended(Exit::Done),
            // The end of this rollout has left no trace: it was never stored.
            PhaseName::Idle => Sight::Forgotten,
            PhaseName::Probation => Sight::Ended(Exit::Done),
            PhaseName::Aborted => Sight::Ended(Exit::Aborted),
            PhaseName::Held => Sight::Ended(Exit::Held),
            PhaseName::Draining | PhaseName::Preparing | PhaseName::Progressing | PhaseName::Paused if is_new => {
                Sight::Moved
            }
            PhaseName::Draining | PhaseName::Preparing | PhaseName::Progressing | PhaseName::Paused => Sight::Same,
        }
    }

    /// Whether it stands elsewhere than at the last look.
    fn is_new(&mut self, service: &ServiceStatus, waiting: Option<usize>) -> bool {
        // Who is before a release that waits moves on for itself.
        let phase = if waiting.is_some() { PhaseName::Idle } else { service.phase };
        let weight = if waiting.is_some() { Weight::ZERO } else { service.weight };
        let stand = Stand { phase, weight, waiting };
        self.last.replace(stand) != Some(stand)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn watch(reason: &str) -> Watch {
        let transition = json!({
            "generation": 7, "canary": "v2", "from": "idle", "to": "preparing", "step": null, "weight_bp": 0,
            "reason": reason,
        });
        let done = json!({ "service": "web", "transition": transition, "durable": true });
        Watch::of(&serde_json::from_value(done).unwrap()).remove(0)
    }

    fn document(generation: u64, phase: &str, weight_bp: u16, stable: &str) -> Value {
        json!({
            "name": "web", "rule": "Host(`a`)", "phase": phase, "generation": generation, "stable": stable,
            "weight_bp": weight_bp, "tracks": [],
        })
    }

    fn status(generation: u64, phase: &str, weight_bp: u16, stable: &str) -> ServiceStatus {
        serde_json::from_value(document(generation, phase, weight_bp, stable)).unwrap()
    }

    fn of_queue(generation: u64, canary: &str, queue: &[&str]) -> ServiceStatus {
        let mut document = document(generation, "progressing", 1_000, "v1");
        document["canary"] = json!(canary);
        document["queue"] = json!(queue);
        serde_json::from_value(document).unwrap()
    }

    #[test]
    fn every_move_is_seen_once() {
        let mut watch = watch("command");
        let way = [("preparing", 0), ("progressing", 1_000), ("progressing", 1_000), ("progressing", 2_500)];
        let sights = way.map(|(phase, weight)| watch.look(&status(7, phase, weight, "v1")));
        assert_eq!(sights, [Sight::Same, Sight::Moved, Sight::Same, Sight::Moved]);
    }

    #[test]
    fn every_end_has_its_exit_code() {
        let ends = [("probation", "v1"), ("idle", "v2"), ("aborted", "v1"), ("held", "v1")];
        let sights = ends.map(|(phase, stable)| watch("command").look(&status(7, phase, 0, stable)));
        assert_eq!(sights, [Exit::Done, Exit::Done, Exit::Aborted, Exit::Held].map(Sight::Ended));
    }

    #[test]
    fn another_rollout_is_not_mistaken_for_this_one() {
        assert_eq!(watch("command").look(&status(6, "idle", 0, "v1")), Sight::Forgotten);
        assert_eq!(watch("command").look(&status(7, "idle", 0, "v1")), Sight::Forgotten);
        assert_eq!(watch("command").look(&status(8, "preparing", 0, "v1")), Sight::Replaced(Exit::Aborted));
        assert_eq!(watch("command").look(&status(8, "preparing", 0, "v2")), Sight::Replaced(Exit::Done));
    }

    #[test]
    fn a_queued_release_is_followed_from_its_turn_on() {
        let mut watch = watch("queued");
        let looks = [
            of_queue(7, "v0", &["v9", "v2"]),
            of_queue(7, "v0", &["v9", "v2"]),
            of_queue(8, "v9", &["v2"]),
            of_queue(9, "v2", &[]),
            of_queue(9, "v2", &[]),
        ];
        let sights = looks.map(|service| watch.look(&service));
        assert_eq!(sights, [Sight::Waiting, Sight::Same, Sight::Waiting, Sight::Moved, Sight::Same]);
    }

    #[test]
    fn a_queued_release_that_is_gone_has_been_dropped_unless_it_is_stable() {
        assert_eq!(watch("queued").look(&of_queue(7, "v0", &[])), Sight::Dropped);
        assert_eq!(watch("queued").look(&of_queue(7, "v2", &["v2"])), Sight::Waiting);
        assert_eq!(watch("queued").look(&status(9, "idle", 0, "v2")), Sight::Replaced(Exit::Done));
    }

    #[test]
    fn whoever_comes_late_sees_where_it_stands() {
        let service = status(7, "progressing", 1_000, "v1");
        let mut watch = Watch::present(&service);
        assert_eq!([watch.look(&service), watch.look(&service)], [Sight::Moved, Sight::Same]);
        let service = status(0, "idle", 0, "v1");
        assert_eq!(Watch::present(&service).look(&service), Sight::Ended(Exit::Done));
    }
}
