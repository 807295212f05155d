//! What the containers of stable and of a canary use, while both are compared: measured beside the engine, and shown.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::api::UsageStatus;
use crate::docker::host::Usage;
use crate::docker::scribe::Measured;
use crate::docker::sighting::{ContainerId, State};
use crate::engine::Engine;
use crate::engine::managed::Managed;

/// From one look to the next.
const MEASURE_INTERVAL: Duration = Duration::from_secs(5);
/// What is older than this says nothing of now.
const MEASURE_AGE_MAX: Duration = Duration::from_secs(20);

/// What a service's containers used when they were looked at last.
#[derive(Debug, Default)]
pub(in crate::engine) struct Usages {
    asked: Option<Instant>,
    of: BTreeMap<ContainerId, Known>,
}

/// What one container used.
#[derive(Clone, Copy, Debug)]
struct Known {
    at: Instant,
    usage: Usage,
    /// Between the last two looks, in thousandths of a processor.
    processor_milli: Option<u64>,
}

// === impl Engine ===

impl Engine {
    /// Has the containers measured that are compared, now and then.
    pub(in crate::engine) fn measure(&mut self, now: Instant) {
        let Some(scribe) = self.scribe.clone().filter(|_| self.sightings.trouble.is_none()) else { return };
        for managed in self.services.values_mut() {
            if managed.rollout.phase().trial().is_none() {
                managed.usages = Usages::default();
            } else if managed.usages.is_due(now) {
                managed.usages.asked = Some(now);
                scribe.measure(managed.declared.name.clone(), managed.compared());
            }
        }
    }

    /// What a container uses is known.
    pub(in crate::engine) fn note_measured(&mut self, Measured { service, container, at, usage }: Measured) {
        if let Some(managed) = self.services.get_mut(&service) {
            managed.usages.note(container, at, usage);
        }
    }
}

// === impl Managed ===

impl Managed {
    /// The containers that run, of stable and of the canary.
    fn compared(&self) -> Vec<ContainerId> {
        let has_part = |release| release == self.rollout.stable() || Some(release) == self.rollout.canary();
        let runs = |state: &State| matches!(state, State::Running { .. } | State::Unhealthy { .. });
        let own = self.containers.iter().filter(|container| has_part(&container.release) && runs(&container.state));
        own.map(|container| container.container.clone()).collect()
    }
}

// === impl Usages ===

impl Usages {
    fn is_due(&self, now: Instant) -> bool {
        self.asked.is_none_or(|asked| now.saturating_duration_since(asked) >= MEASURE_INTERVAL)
    }

    fn note(&mut self, container: ContainerId, at: Instant, usage: Usage) {
        let before = self.of.get(&container);
        let processor_milli = before.and_then(|before| before.until(at, usage));
        self.of.insert(container, Known { at, usage, processor_milli });
    }

    /// What a container uses, if that was looked at a moment ago.
    pub(in crate::engine) fn status(&self, container: &ContainerId, now: Instant) -> Option<UsageStatus> {
        let known = self.of.get(container)?;
        let is_fresh = now.saturating_duration_since(known.at) <= MEASURE_AGE_MAX;
        let Usage { memory_bytes, memory_bytes_max, cpu_nanos } = known.usage;
        is_fresh.then_some(UsageStatus {
            memory_bytes,
            memory_bytes_max,
            processor_milli: known.processor_milli,
            processor_total_us: cpu_nanos / 1_000,
        })
    }
}

// === impl Known ===

impl Known {
    /// What of a processor it used until then, in thousandths; nothing if it was started anew.
    fn until(&self, at: Instant, usage: Usage) -> Option<u64> {
        let used = usage.cpu_nanos.checked_sub(self.usage.cpu_nanos)?;
        let time = at.checked_duration_since(self.at).filter(|time| !time.is_zero())?;
        let milli = u128::from(used) * 1_000 / time.as_nanos();
        u64::try_from(milli).ok()
    }
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
            usages.note(container.clone(), at(seconds), usage(cpu_nanos));
            usages.status(&container, at(seconds)).expect("it is fresh").processor_milli
        };
        assert_eq!([looks(0, 1_000_000_000), looks(5, 2_250_000_000)], [None, Some(250)]);
        assert_eq!(looks(10, 0), None, "it was started anew");
        assert_eq!(usages.status(&container, at(31)), None, "it is stale");
    }
}
