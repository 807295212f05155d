//! Where the outcomes come from: chance, by what the traffic is like at the moment.

use std::collections::BTreeMap;
use std::time::Duration;

use canary_config::weight::Weight;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, RngExt as _, SeedableRng as _};

use super::TICK;
use super::alias::AliasTable;
use super::arrivals::{self, Arrivals};
use super::behaviour::Behaviour;
use super::counted::Counted;
use super::failures::failures;
use super::traffic::Traffic;
use crate::analysis::Arms;

/// The dice of one run. The same seed gives the same numbers on every machine.
#[derive(Clone, Debug)]
pub struct Chance {
    /// The numbers.
    pub rng: Xoshiro256PlusPlus,
    burst_until: Duration,
}

/// The outcomes of one kind of traffic, with all that can be worked out beforehand.
#[derive(Clone, Debug)]
pub struct Source {
    traffic: Traffic,
    latencies: Arms<Vec<AliasTable>>,
    arrivals: BTreeMap<Weight, Arms<Arrivals>>,
    reach: usize,
}

/// How one arm answers at a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answering<'a> {
    pub(super) error_rate: f64,
    latency: &'a AliasTable,
}

// === impl Chance ===

impl Chance {
    /// The dice of one run.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { rng: Xoshiro256PlusPlus::seed_from_u64(seed), burst_until: Duration::ZERO }
    }
}

// === impl Source ===

impl Source {
    /// A source for these weights of the canary.
    #[must_use]
    pub fn new(traffic: Traffic, weights: impl Iterator<Item = Weight>) -> Self {
        let tables = |behaviour: &Behaviour| behaviour.latency.values().map(|latency| latency.buckets()).collect();
        let latencies: Arms<Vec<AliasTable>> =
            Arms { canary: tables(&traffic.canary), stable: tables(&traffic.stable) };
        let reach = latencies.canary.iter().chain(&latencies.stable).map(AliasTable::len).max().unwrap_or_default();
        let mean = traffic.requests_per_second * TICK.as_secs_f64();
        let arrivals = weights.map(|weight| {
            let canary = mean * weight.ratio();
            (weight, Arms { canary: Arrivals::new(canary), stable: Arrivals::new(mean - canary) })
        });
        Self { arrivals: arrivals.collect(), latencies, reach, traffic }
    }

    /// What it is made of.
    #[must_use]
    pub const fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// How many of the buckets are ever used.
    #[must_use]
    pub const fn reach(&self) -> usize {
        self.reach
    }

    /// A tick begins: a burst may begin with it.
    pub fn begin_tick(&self, at: Duration, chance: &mut Chance) {
        if let Some(bursts) = &self.traffic.bursts
            && chance.rng.random::<f64>() < TICK.as_secs_f64() / bursts.every.as_secs_f64()
        {
            chance.burst_until = at + bursts.lasts;
        }
    }

    /// Adds what happens in the tick that begins now, while the canary has this share.
    pub fn fill(&self, at: Duration, weight: Weight, chance: &mut Chance, counted: &mut Arms<Counted>) {
        let Some(arrivals) = self.arrivals.get(&weight) else { return };
        let answering = self.answering(at, weight, chance);
        let rng = &mut chance.rng;
        answering.canary.fill(arrivals.canary.draw(rng), rng, &mut counted.canary);
        answering.stable.fill(arrivals.stable.draw(rng), rng, &mut counted.stable);
    }

    /// How both arms answer at a moment.
    pub(super) fn answering(&self, at: Duration, weight: Weight, chance: &Chance) -> Arms<Answering<'_>> {
        let of = |behaviour: &Behaviour, tables| self.answering_of(behaviour, tables, at, chance);
        let stable = of(&self.traffic.stable, &self.latencies.stable);
        let has_turned = self.traffic.onset.is_over(weight, at);
        let canary = if has_turned { of(&self.traffic.canary, &self.latencies.canary) } else { stable };
        Arms { canary, stable }
    }

    fn answering_of<'a>(
        &'a self,
        behaviour: &Behaviour,
        tables: &'a [AliasTable],
        at: Duration,
        chance: &Chance,
    ) -> Answering<'a> {
        let burst = self.traffic.bursts.as_ref().filter(|_| at < chance.burst_until);
        let error_rate = burst.map_or_else(|| behaviour.errors.at(at), |burst| burst.errors);
        Answering { error_rate, latency: &tables[behaviour.latency.place(at)] }
    }

    /// How long it takes until the next request arrives.
    pub(super) fn gap(&self, chance: &mut Chance) -> Duration {
        arrivals::gap(self.traffic.requests_per_second, &mut chance.rng)
    }
}

// === impl Answering ===

impl Answering<'_> {
    /// The bucket of one success.
    pub(super) fn bucket(&self, rng: &mut impl Rng) -> usize {
        self.latency.draw(rng)
    }

    fn fill(&self, requests: u64, rng: &mut impl Rng, counted: &mut Counted) {
        let failed = failures(requests, self.error_rate, rng);
        counted.failed += failed;
        for _ in failed..requests {
            counted.succeed(self.latency.draw(rng));
        }
    }
}
