//! An absolute limit that the plan sets, and whether each arm keeps it.
//!
//! The canary is convicted by a bet with `rho = 0`, which is a part of the mixture like the metrics
//! ([`judge`](super::judge)). What is here watches both arms beside that: two alarms, one for each, which sum up how an
//! arm fares against the limit and begin anew whenever it keeps it. They promise nothing and convict nobody.
//!
//! - While stable's alarm is up, what the canary wins on this bet is thrown away: what stable does too is nobody's
//!   fault. Capital may be thrown away at any time, so that the promise of `alpha` holds.
//! - Once both alarms are well up, the breach is shared, until one of them has all but gone.
//!
//! With all requests at the canary nothing more is heard of stable: its alarm stays as it was, and a breach that was
//! shared then takes nothing back.

use std::time::Duration;

use canary_config::criteria::Criteria;
use serde::{Deserialize, Serialize};

use super::counts::{Arms, Tally};
use super::guard::DOUBT;
use super::latency;
use super::metric::{BlockGain, HarmSpec, Metric};
use super::sample::{ArmSample, Sample};
use super::stake::{Stake, StakeTable};

/// So many limits a plan can set.
pub(super) const LIMITS_MAX: usize = 2;

/// Each limit's share of the mixture; the metrics share the rest.
pub(super) const SHARE: f64 = 0.1;

/// At most so many successes are slow, where the limit is one of latency: one in a hundred.
const SLOW_MAX: f64 = 0.01;

/// Both alarms must come to this before a breach is called shared.
const ALARMED: f64 = 20.0;

/// An alarm goes no higher, so that it does not take for ever to go.
const ALARM_MAX: f64 = 100.0;

/// One limit.
#[derive(Clone, Debug)]
pub(super) struct Limit {
    what: What,
    spec: HarmSpec,
    table: StakeTable,
    watch: Watch,
}

/// What the limit is of.
#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    Errors,
    /// Successes above the edge of this place. Above the last edge nothing is known to be.
    SlowerThan {
        place: usize,
        edge: Option<Duration>,
    },
}

/// What has been seen of both arms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Watch {
    alarms: Arms<Stake>,
    counts: Arms<Tally>,
    is_shared: bool,
}

// === impl Limit ===

impl Limit {
    /// The limits that a plan sets.
    ///
    /// A limit of latency is rounded up to an edge: a success in the bucket that it falls into may have been faster, and
    /// counts as if it was.
    pub(super) fn all(criteria: &Criteria, edges: &[Duration]) -> Box<[Self]> {
        let gain = BlockGain::of(criteria.profile);
        let rails = criteria.guardrails;
        let errors = rails.error_rate.map(|most| Self::new(What::Errors, most, gain));
        let slow = rails.p99.map(|limit| {
            let place = edges.iter().position(|edge| *edge >= limit).unwrap_or(edges.len());
            Self::new(What::SlowerThan { place, edge: edges.get(place).copied() }, SLOW_MAX, gain)
        });
        errors.into_iter().chain(slow).collect()
    }

    fn new(what: What, most: f64, gain: BlockGain) -> Self {
        let spec = HarmSpec::limit(most, gain);
        let alarms = Arms { canary: Stake::new(1.0), stable: Stake::new(1.0) };
        let watch = Watch { alarms, counts: Arms::default(), is_shared: false };
        Self { what, table: StakeTable::new(&spec, 1.0), spec, watch }
    }

    /// The metric that it limits.
    pub(super) const fn metric(&self) -> Metric {
        match self.what {
            What::Errors => Metric::ErrorRate,
            What::SlowerThan { .. } => Metric::LatencyP99,
        }
    }

    /// Above what a success is slow, where it limits latency.
    pub(super) const fn threshold(&self) -> Option<Duration> {
        match self.what {
            What::Errors => None,
            What::SlowerThan { edge, .. } => edge,
        }
    }

    /// The bet on it, with its share of the mixture.
    pub(super) const fn spec(&self) -> HarmSpec {
        HarmSpec { pi: SHARE, ..self.spec }
    }

    /// All that was counted.
    pub(super) const fn counts(&self) -> Arms<Tally> {
        self.watch.counts
    }

    /// How both arms fared by it, and remembers that.
    pub(super) fn take(&mut self, sample: &Sample<'_>) -> Arms<Tally> {
        let counts = sample.map(|arm| self.tally(arm));
        let alone = |tally| Arms { canary: tally, stable: Tally::default() };
        self.watch.alarms.canary.flush(alone(counts.canary), &self.table);
        self.watch.alarms.stable.flush(alone(counts.stable), &self.table);
        self.watch.counts.add(counts);
        self.look();
        counts
    }

    /// Ends a block of two seconds.
    pub(super) fn end_block(&mut self) {
        for alarm in [&mut self.watch.alarms.canary, &mut self.watch.alarms.stable] {
            alarm.end_block(&self.table);
            alarm.keep_between(1.0, ALARM_MAX);
        }
        self.look();
    }

    /// Whether stable breaks it, as far as one can see.
    pub(super) fn is_broken_by_stable(&self) -> bool {
        self.watch.alarms.stable.value(&self.table) >= DOUBT
    }

    /// Whether both break it.
    pub(super) const fn is_shared(&self) -> bool {
        self.watch.is_shared
    }

    pub(super) const fn watch(&self) -> &Watch {
        &self.watch
    }

    pub(super) fn resume(&mut self, watch: Watch) {
        self.watch = watch;
    }

    fn look(&mut self) {
        let least = if self.watch.is_shared { DOUBT } else { ALARMED };
        let alarms = self.watch.alarms.map(|alarm| alarm.value(&self.table));
        self.watch.is_shared = alarms.canary.min(alarms.stable) >= least;
    }

    fn tally(&self, arm: &ArmSample<'_>) -> Tally {
        match self.what {
            What::Errors => arm.answers(),
            What::SlowerThan { place, .. } => latency::slower(arm, place),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn limit(p99: u64) -> Limit {
        let mut criteria = Criteria::default();
        criteria.guardrails.p99 = Some(ms(p99));
        Limit::all(&criteria, &[ms(10), ms(100)])[0].clone()
    }

    #[test]
    fn a_limit_between_two_edges_is_the_upper_one() {
        for (p99, threshold, slow) in [(10, Some(ms(10)), 6), (11, Some(ms(100)), 4), (101, None, 0)] {
            let canary = ArmSample { successes: &[1, 2, 4], ..ArmSample::default() };
            let mut limit = limit(p99);
            let counts = limit.take(&Arms { canary, ..Arms::default() });
            assert_eq!((limit.threshold(), counts.canary), (threshold, Tally { bad: slow, good: 7 - slow }), "{p99}");
        }
    }

    #[test]
    fn whatever_became_of_a_slow_request_it_counts_once() {
        let buckets: &[u64] = &[1, 2, 4];
        let canary = ArmSample {
            successes: buckets,
            became_overdue: [50; 3],
            overdue: [buckets; 3],
            abandoned: buckets,
            ..ArmSample::default()
        };
        let counts = limit(100).take(&Arms { canary, ..Arms::default() });
        assert_eq!(counts.canary, Tally { bad: 20, good: 12 }, "and who left in time proves nothing");
    }

    #[test]
    fn a_breach_is_shared_while_both_arms_break_the_limit_and_no_longer() {
        let mut limit = limit(10);
        let (slow, fast): (&[u64], &[u64]) = (&[0, 9], &[90]);
        let mut blocks = |canary, stable| {
            let arm = |successes| ArmSample { successes, ..ArmSample::default() };
            limit.take(&Arms { canary: arm(canary), stable: arm(stable) });
            limit.end_block();
            (limit.is_broken_by_stable(), limit.is_shared())
        };
        assert_eq!(blocks(slow, fast), (false, false));
        assert_eq!(blocks(slow, slow), (true, false), "one block is a burst");
        assert_eq!(blocks(slow, slow), (true, true));
        let blocks = (0..100).take_while(|_| blocks(fast, fast).1).count();
        assert!((1..40).contains(&blocks), "{blocks}");
    }
}
