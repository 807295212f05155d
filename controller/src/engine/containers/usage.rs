//! What the containers of stable and of a canary use, while both are compared: measured beside the engine, shown, and
//! held against the limits.
//!
//! A round of looks takes a moment, and is gone through whole before the next one begins: what it found is compared then.
//! With what a container used go the requests that ended at it, by the same counters that the metrics show.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use canary_config::name::ReleaseId;

use crate::analysis::Arms;
use crate::api::UsageStatus;
use crate::docker::excess::{Comparison, Used};
use crate::docker::host::Usage;
use crate::docker::scribe::Measured;
use crate::docker::sighting::{ContainerId, State};
use crate::engine::Engine;
use crate::engine::managed::Managed;

/// From one look to the next, at the most.
const MEASURE_INTERVAL: Duration = Duration::from_secs(5);
/// So many looks there are in the time for which a limit has to be exceeded, at the least.
const LOOKS_MIN: u32 = 6;
/// A round that is not whole after so long is let go: a container that cannot be measured holds up no other.
const MEASURE_PATIENCE: Duration = Duration::from_secs(10);
/// What is older than this says nothing of now.
const MEASURE_AGE_MAX: Duration = Duration::from_secs(20);

/// What a service's containers used when they were looked at last.
#[derive(Debug, Default)]
pub(in crate::engine) struct Usages {
    asked: Option<Instant>,
    of: BTreeMap<ContainerId, Known>,
    /// Both releases side by side, and which containers these are.
    pub(super) comparison: Option<(Comparison, Arms<Vec<ContainerId>>)>,
}

/// What one container used.
#[derive(Clone, Copy, Debug)]
struct Known {
    look: Look,
    /// Between the last two looks.
    used: Option<Used>,
}

/// What was seen of a container at one moment.
#[derive(Clone, Copy, Debug)]
struct Look {
    at: Instant,
    usage: Usage,
    /// The requests that had ended at it.
    requests: u64,
}

// === impl Engine ===

impl Engine {
    /// Has the containers measured that are compared, now and then.
    pub(in crate::engine) fn measure(&mut self, now: Instant) {
        let Some(scribe) = self.scribe.clone().filter(|_| self.sightings.trouble.is_none()) else { return };
        let mut compared = Vec::new();
        for (name, managed) in &mut self.services {
            if managed.rollout.phase().trial().is_none() {
                managed.usages = Usages::default();
            } else if managed.is_measuring_due(now) {
                managed.compare_usage(now);
                compared.push(name.clone());
                managed.usages.asked = Some(now);
                scribe.measure(name.clone(), managed.measured());
            }
        }
        for service in compared {
            self.charge_excess(&service);
        }
    }

    /// What a container uses is known.
    pub(in crate::engine) fn note_measured(&mut self, Measured { service, container, at, usage }: Measured) {
        if let Some(managed) = self.services.get_mut(&service) {
            let requests = managed.pools.answered_at(&container);
            managed.usages.note(container, Look { at, usage, requests });
        }
    }
}

// === impl Managed ===

impl Managed {
    /// The containers that run, of stable and of the canary.
    fn measured(&self) -> Vec<ContainerId> {
        let releases = [Some(self.rollout.stable()), self.rollout.canary()].into_iter().flatten();
        releases.flat_map(|release| self.running(release)).cloned().collect()
    }

    /// The containers of a release that run.
    pub(super) fn running(&self, release: &ReleaseId) -> impl Iterator<Item = &ContainerId> {
        let runs = |state: &State| matches!(state, State::Running { .. } | State::Unhealthy { .. });
        let own = self.containers.iter().filter(move |one| one.release == *release && runs(&one.state));
        own.map(|one| &one.container)
    }

    fn is_measuring_due(&self, now: Instant) -> bool {
        let Some(asked) = self.usages.asked else { return true };
        let sustained = self.usage_limits().map_or(Duration::MAX, |limits| limits.sustained);
        let age = now.saturating_duration_since(asked);
        let is_whole = || self.measured().iter().all(|container| self.usages.is_measured(container, asked));
        age >= MEASURE_INTERVAL.min(sustained / LOOKS_MIN) && (age >= MEASURE_PATIENCE || is_whole())
    }
}

// === impl Usages ===

impl Usages {
    fn note(&mut self, container: ContainerId, look: Look) {
        let before = self.of.get(&container);
        let used = before.and_then(|before| before.look.until(&look));
        self.of.insert(container, Known { look, used });
    }

    fn is_measured(&self, container: &ContainerId, since: Instant) -> bool {
        self.of.get(container).is_some_and(|known| known.look.at >= since)
    }

    /// What a container used between the last two looks, if both are of these rounds.
    pub(super) fn used(&self, container: &ContainerId) -> Option<Used> {
        let asked = self.asked?;
        self.of.get(container).filter(|known| known.look.at >= asked)?.used
    }

    /// What a container uses, if that was looked at a moment ago.
    pub(in crate::engine) fn status(&self, container: &ContainerId, now: Instant) -> Option<UsageStatus> {
        let Known { look, used } = self.of.get(container)?;
        let is_fresh = now.saturating_duration_since(look.at) <= MEASURE_AGE_MAX;
        let Usage { memory_bytes, memory_bytes_max, cpu_nanos } = look.usage;
        is_fresh.then_some(UsageStatus {
            memory_bytes,
            memory_bytes_max,
            processor_milli: used.as_ref().and_then(processor_milli),
            processor_total_us: cpu_nanos / 1_000,
        })
    }
}

// === impl Look ===

impl Look {
    /// What the container used from this look until a later one; nothing if it was started anew between them.
    fn until(&self, later: &Self) -> Option<Used> {
        let processor = later.usage.cpu_nanos.checked_sub(self.usage.cpu_nanos)?;
        let time = later.at.checked_duration_since(self.at).filter(|time| !time.is_zero())?;
        Some(Used {
            containers: 1,
            memory_bytes: later.usage.memory_bytes,
            processor: Duration::from_nanos(processor),
            time,
            requests: later.requests.checked_sub(self.requests)?,
        })
    }
}

/// It in thousandths of a processor.
fn processor_milli(used: &Used) -> Option<u64> {
    u64::try_from(used.processor.as_nanos() * 1_000 / used.time.as_nanos()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    fn usage(cpu_nanos: u64) -> Usage {
        Usage { memory_bytes: 7, memory_bytes_max: None, cpu_nanos }
    }

    #[test]
    fn what_was_used_between_two_looks_is_a_part_of_a_processor() {
        let (begin, container) = (clock::now(), ContainerId::new("a"));
        let at = |seconds| begin + Duration::from_secs(seconds);
        let mut usages = Usages::default();
        let mut looks = |seconds, cpu_nanos| {
            usages.note(container.clone(), Look { at: at(seconds), usage: usage(cpu_nanos), requests: 0 });
            usages.status(&container, at(seconds)).expect("it is fresh").processor_milli
        };
        assert_eq!([looks(0, 1_000_000_000), looks(5, 2_250_000_000)], [None, Some(250)]);
        assert_eq!(looks(10, 0), None, "it was started anew");
        assert_eq!(usages.status(&container, at(31)), None, "it is stale");
    }
}
