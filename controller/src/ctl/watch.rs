//! What the statuses of an awaited rollout mean, one after the other. Pure: whoever asks canaryd hands them in.

use canary_config::name::ReleaseId;
use canary_config::weight::Weight;

use crate::api::{Done, ServiceStatus};
use crate::ctl::exit_code::Exit;
use crate::rollout::PhaseName;

/// One rollout that is being watched.
#[derive(Debug)]
pub(super) struct Watch {
    generation: u64,
    release: ReleaseId,
    last: Stand,
}

/// What a status says about the watched rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// The same as before.
    Same,
    /// It has moved, and is on its way.
    Moved,
    /// It has come to an end, with this exit code; `Held` is an end for whoever waits.
    Ended(Exit),
    /// A later rollout has taken its place before its end was seen.
    Replaced(Exit),
    /// canaryd does not know it any more.
    Forgotten,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stand {
    phase: PhaseName,
    weight: Weight,
}

// === impl Watch ===

impl Watch {
    /// Watches what this start has begun.
    pub(super) fn new(start: &Done, release: &ReleaseId) -> Self {
        let transition = &start.transition;
        let last = Stand { phase: transition.to, weight: transition.weight };
        Self { generation: transition.generation.get(), release: release.clone(), last }
    }

    /// Looks at the next status.
    pub(super) fn look(&mut self, service: &ServiceStatus) -> Sight {
        let reached = if service.stable == self.release { Exit::Done } else { Exit::Aborted };
        if service.generation < self.generation {
            return Sight::Forgotten;
        }
        if service.generation > self.generation {
            return Sight::Replaced(reached);
        }
        let stand = Stand { phase: service.phase, weight: service.weight };
        let is_same = std::mem::replace(&mut self.last, stand) == stand;
        match service.phase {
            PhaseName::Idle if reached == Exit::Done => Sight::Ended(Exit::Done),
            // The end of this rollout has left no trace: it was never stored.
            PhaseName::Idle => Sight::Forgotten,
            PhaseName::Probation => Sight::Ended(Exit::Done),
            PhaseName::Aborted => Sight::Ended(Exit::Aborted),
            PhaseName::Held => Sight::Ended(Exit::Held),
            _ if is_same => Sight::Same,
            PhaseName::Draining | PhaseName::Preparing | PhaseName::Progressing | PhaseName::Paused => Sight::Moved,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn watch() -> Watch {
        let transition = json!({
            "generation": 7, "canary": "v2", "from": "idle", "to": "preparing", "step": null, "weight_bp": 0,
            "reason": "command",
        });
        let done = json!({ "service": "web", "transition": transition, "durable": true });
        Watch::new(&serde_json::from_value(done).unwrap(), &"v2".parse().unwrap())
    }

    fn status(generation: u64, phase: &str, weight_bp: u16, stable: &str) -> ServiceStatus {
        let status = json!({
            "name": "web", "rule": "Host(`a`)", "phase": phase, "generation": generation, "stable": stable,
            "weight_bp": weight_bp, "tracks": [],
        });
        serde_json::from_value(status).unwrap()
    }

    #[test]
    fn every_move_is_seen_once() {
        let mut watch = watch();
        let way = [("preparing", 0), ("progressing", 1_000), ("progressing", 1_000), ("progressing", 2_500)];
        let sights = way.map(|(phase, weight)| watch.look(&status(7, phase, weight, "v1")));
        assert_eq!(sights, [Sight::Same, Sight::Moved, Sight::Same, Sight::Moved]);
    }

    #[test]
    fn every_end_has_its_exit_code() {
        let ends = [("probation", "v1"), ("idle", "v2"), ("aborted", "v1"), ("held", "v1")];
        let sights = ends.map(|(phase, stable)| watch().look(&status(7, phase, 0, stable)));
        assert_eq!(sights, [Exit::Done, Exit::Done, Exit::Aborted, Exit::Held].map(Sight::Ended));
    }

    #[test]
    fn another_rollout_is_not_mistaken_for_this_one() {
        assert_eq!(watch().look(&status(6, "idle", 0, "v1")), Sight::Forgotten);
        assert_eq!(watch().look(&status(7, "idle", 0, "v1")), Sight::Forgotten);
        assert_eq!(watch().look(&status(8, "preparing", 0, "v1")), Sight::Replaced(Exit::Aborted));
        assert_eq!(watch().look(&status(8, "preparing", 0, "v2")), Sight::Replaced(Exit::Done));
    }
}
